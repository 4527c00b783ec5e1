// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/ir/verifier.h"
#include "tests/support/ir_helpers.h"

// What the shape rules refuse and only a text of the IR can say: importers write such attributes themselves.
// (What models are refused for: tests/import/*_refusals_test.cc.) Catches rules that trust the importer, and
// lowerings that would go on with what they cannot mean.
namespace rnnc::ir {
namespace {

struct Row {
  const char* operation;  // its result is the f32 %y; v, m and x are f32[2], f32[1,2] and f32[1,2,5]
  const char* expected;
};

constexpr Row kRows[] = {
    {"eye_like %m {dtype=\"f99\", k=0}", "dtype: no element type 'f99'"},
    {"cast %v {to=\"f99\"}", "to: no element type 'f99'"},
    {"gelu %v {approximate=\"erf\"}", "approximate: 'erf' is neither none nor tanh"},
    {"concat {axis=0}", "needs at least one operand"},
    {"sum", "needs at least one operand"},
    {"split x: %v {axis=0}", "split: neither the operand nor num_outputs is there"},
    {"split x: %v {axis=0, num_outputs=0}", "num_outputs: 0 is out of range"},
    {"scatter_nd %v, @i, @one {reduction=\"last\"}",
     "reduction: 'last' is not computed; none, add, mul, max and min are"},
    {"einsum %v {equation=\"i\"}", "equation: 'i' for 1 operands"},
    {"einsum %m {equation=\"i->i\"}", "equation: 'i' for f32[1,2]"},
    {"layer_normalization x: %v {axis=0, epsilon=0.5, stash=\"f16\"}", "stash: 'f16' is neither f32 nor f64"},
    {"conv x: %m, w: %x {strides=[1], pads=[0, 0], dilations=[1], group=1}",
     "x: must have at least 3 dimensions, is f32[1,2]"},
    {"conv x: %x, w: %m {strides=[1], pads=[0, 0], dilations=[1], group=1}",
     "w: must have 3 dimensions, is f32[1,2]"},
    {"conv x: %x, w: %w {strides=[1, 1], pads=[0, 0], dilations=[1], group=1}",
     "strides: 2 numbers, must be 1"},
    {"conv x: %x, w: %w {strides=[1], pads=[0, -1], dilations=[1], group=1}", "pads: -1 is out of range"},
    {"conv_transpose x: %m, w: %x {strides=[1], pads=[0, 0], dilations=[1], group=1, output_padding=[0]}",
     "x: must have at least 3 dimensions, is f32[1,2]"},
    {"conv_transpose x: %x, w: %w {strides=[1], pads=[0, 0], dilations=[], group=1, output_padding=[0]}",
     "dilations: 0 numbers, must be 1"},
    {"conv_transpose x: %x, w: %w {strides=[1], pads=[0, 0], dilations=[1], group=1, output_padding=[-1]}",
     "output_padding: -1 is out of range"},
    {"max_pool %m {kernel_shape=[1], strides=[1], pads=[0, 0], dilations=[1], ceil_mode=0}",
     "x: must have at least 3 dimensions, is f32[1,2]"},
    {"max_pool %x {kernel_shape=[0], strides=[1], pads=[0, 0], dilations=[1], ceil_mode=0}",
     "kernel_shape: 0 is out of range"},
    {"rnn X: %x, W: %w, R: %w {hidden_size=2, direction=\"sideways\", layout=0, activations=[\"Tanh\"]}",
     "direction: 'sideways' is none of forward, reverse, bidirectional"},
    {"rnn X: %x, W: %w, R: %w {hidden_size=0, direction=\"forward\", layout=0, activations=[\"Tanh\"]}",
     "hidden_size: 0 is out of range"},
};

std::string ModuleOf(const char* operation, const char* stage) {
  return std::string("module @m {stage=") + stage + R"(} {
  const @i: i64[1,1] = [0]
  const @one: f32[1] = [1.0]
  func @main(%s: f32[], %v: f32[2], %m: f32[1,2], %x: f32[1,2,5], %w: f32[2,2,1]) -> (%y: f32[]) {
    %y: f32[] = )" +
         operation + R"(
    return %y
  }
})";
}

// The first thing that is wrong; empty when nothing is.
std::string Said(const char* operation, const char* stage) {
  const std::vector<Violation> violations = FindViolations(*ParseOrDie(ModuleOf(operation, stage)));
  return violations.empty() ? "" : violations[0].message;
}

TEST(ShapeRefusals, OfTexts) {
  for (const Row& row : kRows) {
    EXPECT_THAT(Said(row.operation, "graph"), testing::EndsWith(std::string(": ") + row.expected))
        << row.operation;
  }
}

TEST(ShapeRefusals, OfLinear) {
  EXPECT_EQ(Said("linear x: %s, W: %m", "recurrence"), "linear: x: must have dimensions");
  EXPECT_EQ(Said("linear x: %v, W: %m, b: %m", "recurrence"), "linear: b: f32[1,2] does not broadcast");
}

}  // namespace
}  // namespace rnnc::ir
