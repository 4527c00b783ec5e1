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
