// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/recurrent_no_steps.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "compiler/ir/graph_evaluator.h"
#include "compiler/ir/kernel_evaluator.h"
#include "passes/recurrent_to_scan.h"
#include "tests/support/ir_helpers.h"

namespace rnnc {
namespace {

using ir::ElementType;

// Catches state that a call without frames changes, and outputs of no steps that are not 0 because the state
// begins them: a decoder after an encoder, the same value in an output and in an update, lengths, what is
// computed from h.
TEST(RecurrentToScan, NoStepsLeaveStateAloneAndGiveZerosElsewhere) {
  const std::string text = R"(
module @m {stage=graph} {
  const @W: f32[1,2,1] = [1.0, 2.0]
  const @R: f32[1,2,2] = [1.0, 2.0, 3.0, 4.0]
  const @flat: i64[2] = [1, 2]
  const @whole: i64[3] = [1, 1, 2]
  const @halves: i64[2] = [1, 1]
  state @s: f32[1,1,2] = [3.0, 4.0]
  state @l: f32[1,1,2] = [5.0, 6.0]
  state @k: f32[1,1,2] = [7.0, 8.0]
  state @d: f32[1,1,2] = [9.0, 1.0]
  state @e: f32[1,1,2] = [2.0, 3.0]
  state @p: f32[2,1,2] = [1.0, 2.0, 3.0, 4.0]
  func @main(%x: f32[T,1,1], %z: f32[U,1,1], %n: i32[1]) -> (%h: f32[1,1,2], %r: f32[1,2], %g: f32[1,1,2], %m: f32[1,1,2]) {
    _, %h: f32[1,1,2] = rnn X: %x, W: @W, R: @R, initial_h: @s {activations=["Tanh"], direction="forward", hidden_size=2, layout=0} loc("/a")
    _, %g: f32[1,1,2] = rnn X: %z, W: @W, R: @R, initial_h: %h {activations=["Tanh"], direction="forward", hidden_size=2, layout=0} loc("/b")
    _, %m: f32[1,1,2] = rnn X: %x, W: @W, R: @R, sequence_lens: %n, initial_h: @l {activations=["Tanh"], direction="forward", hidden_size=2, layout=0} loc("/c")
    %r: f32[1,2] = reshape %h, @flat {allowzero=0}
    %b: f32[1,1,2] = reshape %r, @whole {allowzero=0}
    %t: f32[1,1,2] = tanh %h
    update @s, %b
    update @l, %m
    update @k, %t
    update @d, %g
    %i: f32[1,1,2] = tanh @e
    update @e, %i
    %p0: f32[1,1,2], %p1: f32[1,1,2] = split x: @p, split: @halves {axis=0}
    _, %q0: f32[1,1,2] = rnn X: %x, W: @W, R: @R, initial_h: %p1 {activations=["Tanh"], direction="forward", hidden_size=2, layout=0} loc("/d")
    _, %q1: f32[1,1,2] = rnn X: %x, W: @W, R: @R, initial_h: %p0 {activations=["Tanh"], direction="forward", hidden_size=2, layout=0} loc("/e")
    %q: f32[2,1,2] = concat %q0, %q1 {axis=0}
    update @p, %q
    return %h, %r, %g, %m
  }
}
)";
  const auto graph = ir::ParseOrDie(text);
  const auto lowered = ir::ParseOrDie(text);
  ASSERT_TRUE(passes::RecurrentToScan(*lowered, {}).ok());
  ir::ExpectValid(*lowered);
  for (const auto& [frames, others] : {std::pair<int64_t, int64_t>{0, 0}, {0, 2}, {2, 0}, {2, 2}}) {
    ir::Array x = ir::MakeArray(ElementType::kF32, {frames, 1, 1}),
              z = ir::MakeArray(ElementType::kF32, {others, 1, 1});
    for (int64_t i = 0; i < frames; ++i) x.SetNumber(i, 0.25 - static_cast<double>(i));
    for (int64_t i = 0; i < others; ++i) z.SetNumber(i, 0.5 + static_cast<double>(i));
    const ir::Array none = ir::MakeArray(ElementType::kI32, {1});
    std::map<std::string, ir::Array> states[2];
    const auto exact = ir::EvaluateGraph(*graph->FindFunction("main"), {x, z, none}, {.states = &states[0]});
    ir::KernelEvaluation evaluation;
    evaluation.states = &states[1];
    const auto got = ir::EvaluateKernels(*lowered->FindFunction("main"), {x, z, none}, evaluation);
    ASSERT_TRUE(exact.ok()) << Render(exact.diagnostics());
    ASSERT_TRUE(got.ok()) << Render(got.diagnostics());
    for (size_t i = 0; i < exact->size(); ++i) EXPECT_EQ((*got)[i].numbers, (*exact)[i].numbers) << i;
    const std::vector<double> zeros = {0, 0};
    if (frames == 0) {
      EXPECT_EQ((*got)[0].numbers, zeros);
      EXPECT_EQ((*got)[1].numbers, zeros);
      // Those without an update hold what they held.
      const auto is_left = [&](const char* name, const std::vector<double>& numbers) {
        const auto found = states[1].find(name);
        EXPECT_TRUE(found == states[1].end() || found->second.numbers == numbers) << name;
      };
      is_left("s", {3, 4});
      is_left("l", {5, 6});
      is_left("k", {7, 8});
      is_left("d", {9, 1});
      is_left("e", {2, 3});        // computed from the state alone
      is_left("p", {1, 2, 3, 4});  // halves that change places
    } else {
      EXPECT_EQ(states[1].at("s").numbers, states[0].at("s").numbers);
      EXPECT_EQ(states[1].at("s").numbers, (*got)[0].numbers);
      EXPECT_EQ(states[1].at("l").numbers, zeros);  // a sequence without steps, in a call with some
      EXPECT_EQ(states[1].at("k").numbers, states[0].at("k").numbers);
      EXPECT_EQ(states[1].at("d").numbers, (*got)[2].numbers);
      EXPECT_EQ(states[1].at("e").numbers, states[0].at("e").numbers);
      EXPECT_EQ(states[1].at("p").numbers, states[0].at("p").numbers);
    }
    if (others == 0) {
      EXPECT_EQ((*got)[2].numbers, zeros);
    }
    EXPECT_EQ((*got)[3].numbers, zeros);
  }
}

}  // namespace
}  // namespace rnnc
