// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/fuse_gates.h"

#include <gtest/gtest.h>

#include "tests/passes/pass_helpers.h"

namespace rnnc::passes {
namespace {

// Catches gates that are products of their own; one without a bias joins those with one.
TEST(FuseGatesTest, OneProductOfThree) {
  ExpectPass(FuseGates, R"(
    module @m {stage=recurrence, source="m.onnx", opset=17} {
      const @Wi: f32[2,2] = [1, 2, 3, 4]
      const @Wo: f32[1,2] = [5, 6]
      const @bi: f32[2] = [7, 8]
      const @V: f32[2,2] = [1, 0, 0, 1]
      func @main(%x: f32[1,2]) -> (%i: f32[1,2], %o: f32[1,1], %v: f32[1,2]) {
        %i: f32[1,2] = linear x: %x, W: @Wi, b: @bi loc("/i")
        %o: f32[1,1] = linear x: %x, W: @Wo loc("/o")
        %v: f32[1,2] = matmul %x, @V loc("/v")
        return %i, %o, %v
      }
    }
)",
             R"(
    module @m {stage=recurrence, source="m.onnx", opset=17} {
      const @V: f32[2,2] = [1.0, 0.0, 0.0, 1.0]
      const @Wi_1: f32[3,2] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
      const @bi_1: f32[3] = [7.0, 8.0, 0.0]
      const @sizes: i64[2] = [2, 1]
      func @main(%x: f32[1,2]) -> (%i: f32[1,2], %o: f32[1,1], %v: f32[1,2]) {
        %0: f32[1,3] = linear x: %x, W: @Wi_1, b: @bi_1 loc("/i", "/o")
        %i: f32[1,2], %o: f32[1,1] = split x: %0, split: @sizes {axis=1} loc("/i", "/o")
        %v: f32[1,2] = matmul %x, @V loc("/v")
        return %i, %o, %v
      }
    }
)");
}

// Products of different values stay apart.
TEST(FuseGatesTest, Unchanged) {
  ExpectUnchanged(FuseGates, R"(
    module @m {stage=recurrence, source="m.onnx", opset=17} {
      const @Wi: f32[2,2] = [1.0, 2.0, 3.0, 4.0]
      func @main(%x: f32[1,2], %y: f32[1,2]) -> (%i: f32[1,2], %o: f32[1,2]) {
        %i: f32[1,2] = linear x: %x, W: @Wi loc("/i")
        %o: f32[1,2] = linear x: %y, W: @Wi loc("/o")
        return %i, %o
      }
    }
)");
}

}  // namespace
}  // namespace rnnc::passes
