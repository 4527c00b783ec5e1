// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators on small operands, with values worked out by hand from the ONNX operator pages. Each is asked
// three things: its type, what the oracle makes of it, and what its lowering does.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compiler/ir/graph_evaluator.h"
#include "compiler/ir/kernel_evaluator.h"
#include "compiler/ir/parser.h"
#include "compiler/ir/shape_rules.h"
#include "passes/lower_to_kernels.h"

namespace rnnc::ir {
namespace {

struct Case {
  const char* name;       // the wrong code that it would catch
  const char* constants;  // "@x: f32[2] = [1.0, 2.0]; ..."
  const char* operation;
  const char* type;
  std::vector<double> expected;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

const double kRoot = std::sqrt(2.0 / 3.0);  // deviation of 1, 2, 3

const Case kCases[] = {
    {"the last of equal ones",
     "@x: f32[2,3] = [1.0, 3.0, 3.0, 2.0, 2.0, 0.0]",
     "arg_max @x {axis=1, keepdims=0, select_last_index=0}",
     "i64[2]",
     {1, 0}},
    {"the first of equal ones",
     "@x: f32[2,3] = [1.0, 3.0, 3.0, 2.0, 2.0, 0.0]",
     "arg_max @x {axis=-1, keepdims=1, select_last_index=1}",
     "i64[2,1]",
     {2, 1}},
    {"the largest for the least",
     "@x: i32[2,2] = [5, 7, -1, 9]",
     "arg_min @x {axis=0, keepdims=0, select_last_index=0}",
     "i64[2]",
     {1, 0}},
    {"bytes with a sign",
     "@x: u8[3] = [1, 200, 3]",
     "arg_max @x {axis=0, keepdims=1, select_last_index=0}",
     "i64[1]",
     {1}},
    {"every largest marked",
     "@x: f32[2,3] = [1.0, 4.0, 4.0, 0.0, -1.0, -2.0]",
     "hardmax @x {axis=1}",
     "f32[2,3]",
     {0, 1, 0, 1, 0, 0}},
    {"sums along the other axis",
     "@x: f32[2,3] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]; @a: i32[] = -1",
     "cum_sum @x, @a {exclusive=0, reverse=0}",
     "f32[2,3]",
     {1, 3, 6, 4, 9, 15}},
    {"exclusive sums with their own element",
     "@x: i64[4] = [1, 2, 3, 4]; @a: i64[] = 0",
     "cum_sum @x, @a {exclusive=1, reverse=0}",
     "i64[4]",
     {0, 1, 3, 6}},
    {"reversed sums from the front",
     "@x: i64[4] = [1, 2, 3, 4]; @a: i64[] = 0",
     "cum_sum @x, @a {exclusive=1, reverse=1}",
     "i64[4]",
     {9, 7, 4, 0}},
    {"the mean of integers rounded up",
     "@x: i32[2,2] = [-3, -4, 3, 4]; @a: i64[1] = [1]",
     "reduce_mean x: @x, axes: @a {keepdims=0, noop_with_empty_axes=0}",
     "i32[2]",
     {-3, 3}},
    {"the largest of flags is any of them",
     "@x: bool[2,2] = [false, true, false, false]; @a: i64[1] = [1]",
     "reduce_max x: @x, axes: @a {keepdims=0, noop_with_empty_axes=0}",
     "bool[2]",
     {1, 0}},
    {"channels taken from the last axis",
     "@x: f32[1,2,2] = [1.0, 3.0, 10.0, 14.0]; @s: f32[2] = [2.0, 3.0]; @b: f32[2] = [0.5, -1.0]; "
     "@m: f32[2] = [1.0, 12.0]; @v: f32[2] = [3.0, 0.0]",
     "batch_normalization @x, @s, @b, @m, @v {epsilon=1.0}",
     "f32[1,2,2]",
     {0.5, 2.5, -7, 5}},
    {"variance over n-1, or epsilon outside the root",
     "@x: f32[2,3] = [1.0, 2.0, 3.0, 6.0, 6.0, 6.0]; @s: f32[3] = [1.0, 1.0, 2.0]; @b: f32[3] = [0.0, 5.0, "
     "0.0]",
     "layer_normalization x: @x, scale: @s, b: @b {axis=1, epsilon=0.0, stash=\"f32\"}",
     "f32[2,3]",
     {-1 / kRoot, 5, 2 / kRoot, NAN, NAN, NAN}},
    {"statistics over the last axis alone",
     "@x: f32[2,2] = [1.0, 1.0, 3.0, 3.0]; @s: f32[2] = [1.0, 10.0]",
     "layer_normalization x: @x, scale: @s {axis=0, epsilon=3.0, stash=\"f32\"}",
     "f32[2,2]",
     {-0.5, -5, 0.5, 5}},
    {"statistics of f64 in f64 where f32 is asked for, or no way back",
     "@x: f64[1,2] = [16777217.0, 16777219.0]; @s: f64[2] = [2.0, 0.1]",
     "layer_normalization x: @x, scale: @s {axis=1, epsilon=3.0, stash=\"f32\"}",
     "f64[1,2]",
     {-2 * 2 / std::sqrt(7.0), 0.2 / std::sqrt(7.0)}},  // as f32: 16777216 and 16777220
    {"windows that begin in the pads behind",
     "@x: f32[1,1,4] = [1.0, -2.0, 3.0, -4.0]",
     "max_pool @x {kernel_shape=[2], strides=[2], pads=[0, 1], dilations=[1], ceil_mode=1}",
     "f32[1,1,2]",
     {1, 3}},
    {"pads that win over negative numbers",
     "@x: f32[1,1,3] = [-1.0, -2.0, -3.0]",
     "max_pool @x {kernel_shape=[2], strides=[1], pads=[1, 1], dilations=[1], ceil_mode=0}",
     "f32[1,1,4]",
     {-1, -1, -2, -3}},
    {"taps side by side",
     "@x: i8[1,1,4] = [1, 9, 2, 3]",
     "max_pool @x {kernel_shape=[2], strides=[1], pads=[0, 0], dilations=[2], ceil_mode=0}",
     "i8[1,1,2]",
     {2, 9}},
    {"pads counted",
     "@x: f32[1,1,3] = [2.0, 4.0, 6.0]",
     "average_pool @x {kernel_shape=[3], strides=[2], pads=[1, 1], dilations=[1], ceil_mode=0, "
     "count_include_pad=0}",
     "f32[1,1,2]",
     {3, 5}},
    {"pads not counted, or what is beyond them",
     "@x: f32[1,1,4] = [2.0, 4.0, 6.0, 8.0]",
     "average_pool @x {kernel_shape=[3], strides=[3], pads=[1, 0], dilations=[1], ceil_mode=1, "
     "count_include_pad=1}",
     "f32[1,1,2]",
     {2, 7}},
    {"a kernel turned round",
     "@x: f32[1,1,2] = [1.0, 10.0]; @w: f32[1,1,3] = [1.0, 2.0, 3.0]",
     "conv_transpose x: @x, w: @w {strides=[2], pads=[0, 0], dilations=[1], group=1, output_padding=[0]}",
     "f32[1,1,5]",
     {1, 2, 13, 20, 30}},
    {"pads on the wrong side",
     "@x: f32[1,1,2] = [1.0, 10.0]; @w: f32[1,1,3] = [1.0, 2.0, 3.0]",
     "conv_transpose x: @x, w: @w {strides=[2], pads=[1, 0], dilations=[1], group=1, output_padding=[1]}",
     "f32[1,1,5]",
     {2, 13, 20, 30, 0}},
    {"groups that read each other",
     "@x: f32[1,2,1] = [1.0, 10.0]; @w: f32[2,2,1] = [1.0, 2.0, 3.0, 4.0]; @b: f32[4] = [0.0, 0.0, 0.0, "
     "100.0]",
     "conv_transpose x: @x, w: @w, b: @b {strides=[1], pads=[0, 0], dilations=[1], group=2, "
     "output_padding=[0]}",
     "f32[1,4,1]",
     {1, 2, 30, 140}},
    {"dilation and stride exchanged",
     "@x: f32[1,1,2] = [1.0, 10.0]; @w: f32[1,1,2] = [1.0, 2.0]",
     "conv_transpose x: @x, w: @w {strides=[2], pads=[0, 0], dilations=[3], group=1, output_padding=[0]}",
     "f32[1,1,6]",
     {1, 0, 10, 2, 0, 20}},
    {"the trace for the diagonal",
     "@x: f32[2,2] = [1.0, 2.0, 3.0, 4.0]",
     "einsum @x {equation=\"ii->i\"}",
     "f32[2]",
     {1, 4}},
    {"operands transposed",
     "@x: f32[2,2] = [1.0, 2.0, 3.0, 4.0]; @w: f32[1,2] = [10.0, 1.0]",
     "einsum @x, @w {equation=\"tk,nk->nt\"}",
     "f32[1,2]",
     {12, 34}},
    {"repeats of elements for repeats of the whole",
     "@x: i64[2,2] = [1, 2, 3, 4]; @r: i64[2] = [1, 2]",
     "tile @x, @r",
     "i64[2,4]",
     {1, 2, 1, 2, 3, 4, 3, 4}},
    {"the wrong half",
     "@x: i64[2,3] = [1, 2, 3, 4, 5, 6]; @k: i64[] = 1",
     "trilu x: @x, k: @k {upper=1}",
     "i64[2,3]",
     {0, 2, 3, 0, 0, 6}},
    {"the diagonal left out",
     "@x: i64[2,3] = [1, 2, 3, 4, 5, 6]; @k: i64[] = -1",
     "trilu x: @x, k: @k {upper=0}",
     "i64[2,3]",
     {0, 0, 0, 4, 0, 0}},
    {"k below the diagonal",
     "@x: f32[2,3] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]",
     "eye_like @x {dtype=\"i32\", k=1}",
     "i32[2,3]",
     {0, 1, 0, 0, 0, 1}},
    {"the limit itself",
     "@s: i64[] = 10; @l: i64[] = 4; @d: i64[] = -3",
     "range @s, @l, @d",
     "i64[2]",
     {10, 7}},
    {"a length rounded down",
     "@s: f32[] = 1.0; @l: f32[] = 2.25; @d: f32[] = 0.5",
     "range @s, @l, @d",
     "f32[3]",
     {1, 1.5, 2}},
    {"whole slices gathered",
     "@x: i64[2,2] = [1, 2, 3, 4]; @i: i64[2,2] = [0, 0, -1, 0]",
     "gather_elements @x, @i {axis=1}",
     "i64[2,2]",
     {1, 1, 4, 3}},
    {"updates transposed, negative indices dropped",
     "@x: i64[3,2] = [1, 2, 3, 4, 5, 6]; @i: i64[2,1] = [-1, 0]; @u: i64[2,2] = [50, 60, 10, 20]",
     "scatter_nd @x, @i, @u {reduction=\"none\"}",
     "i64[3,2]",
     {10, 20, 3, 4, 50, 60}},
    {"only the last of two updates added",
     "@x: i64[3] = [1, 2, 3]; @i: i64[2,1] = [1, 1]; @u: i64[2] = [10, 100]",
     "scatter_nd @x, @i, @u {reduction=\"add\"}",
     "i64[3]",
     {1, 112, 3}},
    {"truth for bits", "@x: i32[2] = [6, -1]; @w: i32[2] = [3, 12]", "bitwise_and @x, @w", "i32[2]", {2, 12}},
    {"bits inverted with a sign", "@x: u8[2] = [0, 250]", "bitwise_not @x", "u8[2]", {255, 5}},
    {"a shift that keeps the carry",
     "@x: u8[3] = [129, 3, 7]; @w: u8[3] = [1, 2, 9]",
     "bit_shift @x, @w {direction=\"LEFT\"}",
     "u8[3]",
     {2, 12, 0}},
    {"a shift with the sign",
     "@x: u8[2] = [129, 7]; @w: u8[2] = [1, 9]",
     "bit_shift @x, @w {direction=\"RIGHT\"}",
     "u8[2]",
     {64, 0}},
};

std::unique_ptr<Module> ModuleOf(const Case& c) {
  std::string text = "module @m {stage=graph, source=\"m.onnx\", opset=17} {\n";
  std::string constants = c.constants;
  for (size_t at = 0; at < constants.size();) {
    const size_t end = std::min(constants.find("; ", at), constants.size());
    text += "  const " + constants.substr(at, end - at) + "\n";
    at = end + 2;
  }
  text += std::string("  func @main() -> (%y: ") + c.type + ") {\n    %y: " + c.type + " = " + c.operation;
  text += "\n    return %y\n  }\n}\n";
  Result<std::unique_ptr<Module>> module = Parse(text, "text");
  EXPECT_TRUE(module.ok()) << Render(module.diagnostics()) << text;
  return module.ok() ? *std::move(module) : nullptr;
}

void ExpectValues(const Result<std::vector<Array>>& results, const Case& c, const char* who) {
  ASSERT_TRUE(results.ok()) << who << ": " << Render(results.diagnostics());
  const Array& array = results->front();
  EXPECT_EQ(array.ShapeText(), c.type) << who;
  ASSERT_EQ(array.Count(), static_cast<int64_t>(c.expected.size())) << who;
  for (int64_t i = 0; i < array.Count(); ++i) {
    const double wanted = c.expected[static_cast<size_t>(i)];
    // A deviation of 0 without epsilon: 0 times infinity.
    if (std::isnan(wanted)) {
      EXPECT_TRUE(std::isnan(array.NumberAt(i))) << who << ": element " << i;
    } else {
      EXPECT_NEAR(array.NumberAt(i), wanted, 1e-6) << who << ": element " << i;
    }
  }
}

class Operators : public testing::TestWithParam<Case> {};

TEST_P(Operators, HaveTheValuesOfTheirPages) {
  const Case& c = GetParam();
  const std::unique_ptr<Module> module = ModuleOf(c);
  ASSERT_NE(module, nullptr);
  const Function& main = *module->FindFunction("main");
  KnownInts ints;
  Result<std::vector<Type>> types = InferTypes(*main.Body().Operations().front(), ints);
  ASSERT_TRUE(types.ok()) << Render(types.diagnostics());
  EXPECT_EQ(types->front().ToText(), c.type);
  ExpectValues(EvaluateGraph(main, {}), c, "the oracle");
  const Result<> lowered = passes::LowerToKernels(*module, {});
  ASSERT_TRUE(lowered.ok()) << Render(lowered.diagnostics());
  ExpectValues(EvaluateKernels(*module->FindFunction("main"), {}), c, "the lowering");
}

INSTANTIATE_TEST_SUITE_P(, Operators, testing::ValuesIn(kCases));

}  // namespace
}  // namespace rnnc::ir
