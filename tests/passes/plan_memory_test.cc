// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/plan_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "passes/check_plan.h"
#include "tests/passes/pass_helpers.h"
#include "tests/support/ir_helpers.h"

namespace rnnc::passes {
namespace {

// Catches a state copied that is updated element by element, and one overwritten that is read again.
TEST(PlanMemoryTest, InPlaceWhereLegal) {
  ExpectPass(PlanMemory, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @R: f32[2,2] = [1, 2, 3, 4]
      state @c: f32[2] = zeros
      state @h: f32[2] = zeros
      func @main(%x: f32[2]) -> (%y: f32[2]) {
        %c1: f32[2] = map (n<2) { yield add(@c[n], %x[n]) } loc("/c")
        %h1: f32[2] = contract (n<2) {
          acc = sum(k<2) mul(@h[k], @R[n, k])
          yield tanh(add(acc, %c1[n]))
        } loc("/h")
        %a: f32[2] = map (n<2) { yield exp(%h1[n]) } loc("/a")
        %b: f32[2] = map (n<2) { yield exp(%a[n]) } loc("/b")
        %y: f32[2] = map (n<2) { yield neg(%b[-n+1]) } loc("/y")
        update @c, %c1 loc("/c")
        update @h, %h1 loc("/h")
        return %y
      }
    }
)",
             R"(
    module @m {stage=planned, source="m.onnx", opset=17, state_bytes=128, arena_bytes=128} {
      const @R: f32[2,2] = [1.0, 2.0, 3.0, 4.0]
      state @c: f32[2] at state[0:8] = zeros
      state @h: f32[2] at state[64:8] = zeros
      func @main(%x: f32[2] at input0[0:8]) -> (%y: f32[2]) {
        %c1: f32[2] at state[0:8] = map (n<2) { yield add(@c[n], %x[n]) } loc("/c")
        %h1: f32[2] at arena[0:8] = contract (n<2) {
          acc = sum(k<2) mul(@h[k], @R[n, k])
          yield tanh(add(acc, %c1[n]))
        } loc("/h")
        %a: f32[2] at arena[64:8] = map (n<2) { yield exp(%h1[n]) } loc("/a")
        %b: f32[2] at arena[64:8] = map (n<2) { yield exp(%a[n]) } loc("/b")
        %y: f32[2] at output0[0:8] = map (n<2) { yield neg(%b[-n+1]) } loc("/y")
        update @c, %c1 loc("/c")
        update @h, %h1 loc("/h")
        return %y
      }
    }
)");
}

// Catches slices and carried values copied after every step.
TEST(PlanMemoryTest, LoopsCarryInPlace) {
  ExpectPass(PlanMemory, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @R: f32[2,2] = [1, 2, 3, 4]
      const @zero: f32[2] = [0, 0]
      func @main(%x: f32[3,2]) -> (%y: f32[3,2], %cT: f32[2]) {
        %y: f32[3,2], %hT: f32[2], %cT: f32[2] = scan t<3 carry(%h: f32[2] = @zero, %c: f32[2] = @zero) {
          %h1: f32[2], %c1: f32[2] = contract (n<2) {
            acc = sum(k<2) mul(%h[k], @R[n, k])
            t0 = add(acc, %c[n])
            yield tanh(t0), mul(t0, %x[t, n])
          } loc("/n")
          yield each(%h1) carry(%h1, %c1) loc("/n")
        } loc("/n")
        return %y, %cT
      }
    }
)",
             R"(
    module @m {stage=planned, source="m.onnx", opset=17, arena_bytes=64} {
      const @R: f32[2,2] = [1.0, 2.0, 3.0, 4.0]
      const @zero: f32[2] = [0.0, 0.0]
      func @main(%x: f32[3,2] at input0[0:24]) -> (%y: f32[3,2], %cT: f32[2]) {
        %y: f32[3,2] at output0[0:24], %hT: f32[2] at arena[0:8], %cT: f32[2] at output1[0:8] = scan t<3 carry(%h: f32[2] at arena[0:8] = @zero, %c: f32[2] at output1[0:8] = @zero) {
          %h1: f32[2] at output0[8*t:8], %c1: f32[2] at output1[0:8] = contract (n<2) {
            acc = sum(k<2) mul(%h[k], @R[n, k])
            t0 = add(acc, %c[n])
            yield tanh(t0), mul(t0, %x[t, n])
          } loc("/n")
          yield each(%h1) carry(%h1, %c1) loc("/n")
        } loc("/n")
        return %y, %cT
      }
    }
)");
}

// Catches a check of plans that lets wrong ones pass.
TEST(PlanMemoryTest, WrongPlansAreFound) {
  const std::string head = R"(
module @m {stage=planned, source="m.onnx", opset=17, state_bytes=64, arena_bytes=128} {
  state @s: f32[2] at state[0:8] = zeros
  func @main(%x: f32[2] at input0[0:8]) -> (%y: f32[2]) {
)";
  auto check = [&](const std::string& body) {
    const Result<> result = CheckPlan(*ir::ParseOrDie(head + body + "    return %y\n  }\n}\n"));
    return result.ok() ? std::string() : Render(result.diagnostics());
  };
  const std::string use =
      "    %y: f32[2] at output0[0:8] = map (n<2) { yield add(%a[n], %b[n]) } loc(\"/y\")\n";
  EXPECT_EQ(check(R"(    %a: f32[2] at arena[0:8] = map (n<2) { yield exp(%x[n]) } loc("/a")
    %b: f32[2] at arena[64:8] = map (n<2) { yield exp(%a[-n+1]) } loc("/b")
)" + use),
            "");
  EXPECT_THAT(check(R"(    %a: f32[2] at arena[0:8] = map (n<2) { yield exp(%x[n]) } loc("/a")
    %b: f32[2] at arena[0:8] = map (n<2) { yield exp(%x[n]) } loc("/b")
)" + use),
              ::testing::HasSubstr("/y: plan of @main: %a of map: is overwritten before it is read"));
  EXPECT_THAT(check(R"(    %a: f32[2] at arena[0:8] = map (n<2) { yield exp(%x[n]) } loc("/a")
    %b: f32[2] at arena[0:8] = map (n<2) { yield exp(%a[-n+1]) } loc("/b")
)" + use),
              ::testing::HasSubstr("/b: plan of @main: %b of map: overwrites an operand that is still read"));
  EXPECT_THAT(check(R"(    %a: f32[2] at state[0:8] = map (n<2) { yield exp(%x[n]) } loc("/a")
    %b: f32[2] at arena[64:8] = map (n<2) { yield exp(@s[n]) } loc("/b")
)" + use),
              ::testing::HasSubstr("%s of map: is overwritten before it is read"));
}

}  // namespace
}  // namespace rnnc::passes
