// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/unroll_scans.h"

#include <gtest/gtest.h>

#include "tests/passes/pass_helpers.h"

namespace rnnc::passes {
namespace {

// Catches outputs of a backward scan out of time order.
TEST(UnrollScansTest, TwoStepsInTimeOrder) {
  ExpectPass(UnrollScans, R"(
    module @m {stage=recurrence, source="m.onnx", opset=17} {
      const @h0: f32[1,2] = [0, 0]
      func @main(%x: f32[2,1,2]) -> (%y: f32[2,1,2], %hT: f32[1,2]) {
        %y: f32[2,1,2], %hT: f32[1,2] = scan reverse t<2 each(%xt: f32[1,2] = %x) carry(%h: f32[1,2] = @h0) {
          %n: f32[1,2] = add %xt, %h loc("/n")
          yield each(%n) carry(%n) loc("/n")
        } loc("/n")
        return %y, %hT
      }
    }
)",
             R"(
    module @m {stage=recurrence, source="m.onnx", opset=17} {
      const @h0: f32[1,2] = [0.0, 0.0]
      const @step: i64[] = 1
      const @step_1: i64[] = 0
      const @axes: i64[1] = [0]
      func @main(%x: f32[2,1,2]) -> (%y: f32[2,1,2], %hT: f32[1,2]) {
        %xt: f32[1,2] = gather %x, @step {axis=0} loc("/n")
        %n: f32[1,2] = add %xt, @h0 loc("/n")
        %xt_1: f32[1,2] = gather %x, @step_1 {axis=0} loc("/n")
        %n_1: f32[1,2] = add %xt_1, %n loc("/n")
        %0: f32[1,1,2] = unsqueeze %n_1, @axes loc("/n")
        %1: f32[1,1,2] = unsqueeze %n, @axes loc("/n")
        %y: f32[2,1,2] = concat %0, %1 {axis=0} loc("/n")
        return %y, %n_1
      }
    }
)");
}

// A scan of many steps stays a loop.
TEST(UnrollScansTest, Unchanged) {
  ExpectUnchanged(UnrollScans, R"(
    module @m {stage=recurrence, source="m.onnx", opset=17} {
      const @h0: f32[1,2] = [0.0, 0.0]
      func @main(%x: f32[500,1,2]) -> (%y: f32[500,1,2], %hT: f32[1,2]) {
        %y: f32[500,1,2], %hT: f32[1,2] = scan t<500 each(%xt: f32[1,2] = %x) carry(%h: f32[1,2] = @h0) {
          %n: f32[1,2] = add %xt, %h loc("/n")
          yield each(%n) carry(%n) loc("/n")
        } loc("/n")
        return %y, %hT
      }
    }
)");
}

}  // namespace
}  // namespace rnnc::passes
