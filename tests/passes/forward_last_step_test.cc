// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forward_last_step.h"

#include <gtest/gtest.h>

#include "tests/passes/pass_helpers.h"

namespace rnnc::passes {
namespace {

// Catches a sequence kept for its last step.
TEST(ForwardLastStepTest, LastStepIsCarried) {
  ExpectPass(ForwardLastStep, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @h0: f32[2] = [0, 0]
      func @main(%x: f32[T,2]) -> (%z: f32[2]) {
        check_steps {symbol="T", min=1} loc("/last")
        %y: f32[T,2], %hT: f32[2] = scan t<T carry(%h: f32[2] = @h0) {
          %n: f32[2] = map (n<2) { yield add(%h[n], %x[t, n]) } loc("/n")
          yield each(%n) carry(%n) loc("/n")
        } loc("/n")
        %z: f32[2] = map (n<2) { yield tanh(%y[T-1, n]) } loc("/last")
        return %z
      }
    }
)",
             R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @h0: f32[2] = [0.0, 0.0]
      func @main(%x: f32[T,2]) -> (%z: f32[2]) {
        check_steps {min=1, symbol="T"} loc("/last")
        %y: f32[T,2], %hT: f32[2] = scan t<T carry(%h: f32[2] = @h0) {
          %n: f32[2] = map (n<2) { yield add(%h[n], %x[t, n]) } loc("/n")
          yield each(%n) carry(%n) loc("/n")
        } loc("/n")
        %z: f32[2] = map (n<2) { yield tanh(%hT[n]) } loc("/last")
        return %z
      }
    }
)");
}

// Without a check that there is a step, zero steps would give the initial value.
TEST(ForwardLastStepTest, Unchanged) {
  ExpectUnchanged(ForwardLastStep, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @h0: f32[2] = [0.0, 0.0]
      func @main(%x: f32[T,2]) -> (%z: f32[2]) {
        %y: f32[T,2], %hT: f32[2] = scan t<T carry(%h: f32[2] = @h0) {
          %n: f32[2] = map (n<2) { yield add(%h[n], %x[t, n]) } loc("/n")
          yield each(%n) carry(%n) loc("/n")
        } loc("/n")
        %z: f32[2] = map (n<2) { yield tanh(%y[T-1, n]) } loc("/last")
        return %z
      }
    }
)");
}

}  // namespace
}  // namespace rnnc::passes
