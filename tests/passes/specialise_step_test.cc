// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/specialise_step.h"

#include <gtest/gtest.h>

#include "tests/passes/pass_helpers.h"

namespace rnnc::passes {
namespace {

// Catches a stream without its step of one frame.
TEST(SpecialiseStepTest, StateIsBound) {
  ExpectPass(SpecialiseStep, R"(
    module @m {stage=graph, source="m.onnx", opset=17} {
      state @s: f32[1,2] = zeros
      func @main(%x: f32[T,2]) -> (%y: f32[T,2]) {
        %y: f32[T,2] = add %x, @s loc("/a")
        update @s, @s loc("/a")
        return %y
      }
    }
)",
             R"(
    module @m {stage=graph, source="m.onnx", opset=17} {
      state @s: f32[1,2] = zeros
      func @run(%x: f32[T,2]) -> (%y: f32[T,2]) {
        %y: f32[T,2] = add %x, @s loc("/a")
        update @s, @s loc("/a")
        return %y
      }
      func @step(%x: f32[1,2]) -> (%y: f32[1,2]) {
        %y: f32[1,2] = add %x, @s loc("/a")
        update @s, @s loc("/a")
        return %y
      }
    }
)");
}

// Catches a step whose every frame is the first one: positions along time are not known to one frame.
TEST(SpecialiseStepTest, FramesAreCounted) {
  ExpectPass(SpecialiseStep, R"(
    module @m {stage=graph, source="m.onnx", opset=17} {
      const @k: i64[] = 0
      func @main(%x: f32[T,2]) -> (%y: f32[T,2]) {
        %y: f32[T,2] = trilu x: %x, k: @k {upper=0} loc("/t")
        return %y
      }
    }
)",
             R"(
    module @m {stage=graph, source="m.onnx", opset=17} {
      const @k: i64[] = 0
      func @run(%x: f32[T,2]) -> (%y: f32[T,2]) {
        %y: f32[T,2] = trilu x: %x, k: @k {upper=0} loc("/t")
        return %y
      }
    }
)");
}

// A static model has one function.
TEST(SpecialiseStepTest, Unchanged) {
  ExpectUnchanged(SpecialiseStep, R"(
    module @m {stage=graph, source="m.onnx", opset=17} {
      func @main(%x: f32[1,2]) -> (%y: f32[1,2]) {
        %y: f32[1,2] = exp %x loc("/e")
        return %y
      }
    }
)");
}

}  // namespace
}  // namespace rnnc::passes
