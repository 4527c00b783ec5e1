// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/hoist_inputs.h"

#include <gtest/gtest.h>

#include "tests/passes/pass_helpers.h"

namespace rnnc::passes {
namespace {

// Catches work of every step that could be done for all of them at once, and what is the same in every step.
TEST(HoistInputsTest, ProductAndSplit) {
  ExpectPass(HoistInputs, R"(
    module @m {stage=recurrence, source="m.onnx", opset=17} {
      const @W: f32[4,3] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
      const @k: f32[1,2] = [1, 2]
      const @sizes: i64[2] = [2, 2]
      const @h0: f32[1,2] = [0, 0]
      func @main(%x: f32[T,1,3]) -> (%y: f32[T,1,2]) {
        %y: f32[T,1,2], %hT: f32[1,2] = scan t<T each(%xt: f32[1,3] = %x) carry(%h: f32[1,2] = @h0) {
          %p: f32[1,4] = linear x: %xt, W: @W loc("/p")
          %a: f32[1,2], %b: f32[1,2] = split x: %p, split: @sizes {axis=1} loc("/p")
          %e: f32[1,2] = exp @k loc("/e")
          %c: f32[1,2] = mul %b, %e loc("/c")
          %d: f32[1,2] = mul %a, %h loc("/d")
          %n: f32[1,2] = add %d, %c loc("/n")
          yield each(%n) carry(%n) loc("/n")
        } loc("/n")
        return %y
      }
    }
)",
             R"(
    module @m {stage=recurrence, source="m.onnx", opset=17} {
      const @W: f32[4,3] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]
      const @k: f32[1,2] = [1.0, 2.0]
      const @sizes: i64[2] = [2, 2]
      const @h0: f32[1,2] = [0.0, 0.0]
      func @main(%x: f32[T,1,3]) -> (%y: f32[T,1,2]) {
        %p: f32[T,1,4] = linear x: %x, W: @W loc("/p")
        %a: f32[T,1,2], %b: f32[T,1,2] = split x: %p, split: @sizes {axis=2} loc("/p")
        %e: f32[1,2] = exp @k loc("/e")
        %c: f32[T,1,2] = mul %b, %e loc("/c")
        %y: f32[T,1,2], %hT: f32[1,2] = scan t<T each(%a_1: f32[1,2] = %a, %c_1: f32[1,2] = %c) carry(%h: f32[1,2] = @h0) {
          %d: f32[1,2] = mul %a_1, %h loc("/d")
          %n: f32[1,2] = add %d, %c_1 loc("/n")
          yield each(%n) carry(%n) loc("/n")
        } loc("/n")
        return %y
      }
    }
)");
}

// What needs the carried value stays.
TEST(HoistInputsTest, Unchanged) {
  ExpectUnchanged(HoistInputs, R"(
    module @m {stage=recurrence, source="m.onnx", opset=17} {
      const @h0: f32[1,2] = [0.0, 0.0]
      func @main(%x: f32[T,1,2]) -> (%y: f32[T,1,2]) {
        %y: f32[T,1,2], %hT: f32[1,2] = scan t<T each(%xt: f32[1,2] = %x) carry(%h: f32[1,2] = @h0) {
          %n: f32[1,2] = add %xt, %h loc("/n")
          yield each(%n) carry(%n) loc("/n")
        } loc("/n")
        return %y
      }
    }
)");
}

}  // namespace
}  // namespace rnnc::passes
