// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/bind_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/ir_helpers.h"

// Pairs of inputs and outputs become state. Catches an update that reads the wrong row, an output that stays
// although it is bound, and pairs that are bound to what does not fit.
namespace rnnc::passes {
namespace {

using testing::HasSubstr;

constexpr std::string_view kWhole = R"(
module @m {stage=graph, source="m.onnx", opset=17} {
  func @main(%x: f32[1,2], %h: f32[1,2]) -> (%y: f32[1,2], %hn: f32[1,2]) {
    %hn: f32[1,2] = add %x, %h loc("a")
    %y: f32[1,2] = tanh %hn loc("t")
    return %y, %hn
  }
}
)";

constexpr std::string_view kRows = R"(
module @m {stage=graph, source="m.onnx", opset=17} {
  func @main(%h: f32[1,1,2], %c: f32[2]) -> (%y: f32[2,1,2]) {
    %s: f32[1,1,2] = add %h, %c loc("a")
    %y: f32[2,1,2] = concat %s, %h {axis=0} loc("j")
    return %y
  }
}
)";

Result<> Bind(ir::Module& module, const std::vector<std::string>& texts) {
  std::vector<StatePair> pairs;
  for (const std::string& text : texts) {
    RNNC_ASSIGN(StatePair pair, ParseStatePair(text));
    pairs.push_back(pair);
  }
  return BindStates(module, pairs);
}

TEST(BindState, Whole) {
  auto module = ir::ParseOrDie(kWhole);
  ASSERT_TRUE(Bind(*module, {"h=hn"}).ok());
  ir::ExpectPrints(*module, R"(
module @m {stage=graph, source="m.onnx", opset=17} {
  state @h: f32[1,2] = zeros
  func @main(%x: f32[1,2]) -> (%y: f32[1,2]) {
    %hn: f32[1,2] = add %x, @h loc("a")
    %y: f32[1,2] = tanh %hn loc("t")
    update @h, %hn loc("a")
    return %y
  }
}
)");
  ir::ExpectValid(*module);
}

TEST(BindState, Nothing) {
  auto module = ir::ParseOrDie(kWhole);
  ASSERT_TRUE(Bind(*module, {}).ok());
  ir::ExpectPrints(*module, kWhole);
}

// Row 1 feeds h and row 0 feeds c: shapes may differ by axes of size 1. All rows are bound: y goes.
TEST(BindState, Rows) {
  auto module = ir::ParseOrDie(kRows);
  ASSERT_TRUE(Bind(*module, {"h=y[1]", "c=y[0]"}).ok());
  ir::ExpectPrints(*module, R"(
module @m {stage=graph, source="m.onnx", opset=17} {
  const @h_row: i64[] = 1
  const @h_shape: i64[3] = [1, 1, 2]
  const @c_row: i64[] = 0
  const @c_shape: i64[1] = [2]
  state @h: f32[1,1,2] = zeros
  state @c: f32[2] = zeros
  func @main() -> () {
    %s: f32[1,1,2] = add @h, @c loc("a")
    %y: f32[2,1,2] = concat %s, @h {axis=0} loc("j")
    %0: f32[1,2] = gather %y, @h_row {axis=0} loc("j")
    %1: f32[1,1,2] = reshape %0, @h_shape {allowzero=1} loc("j")
    update @h, %1 loc("j")
    %2: f32[1,2] = gather %y, @c_row {axis=0} loc("j")
    %3: f32[2] = reshape %2, @c_shape {allowzero=1} loc("j")
    update @c, %3 loc("j")
    return
  }
}
)");
  auto half = ir::ParseOrDie(kRows);
  ASSERT_TRUE(Bind(*half, {"h=y[0]"}).ok());
  EXPECT_EQ(half->FindFunction("main")->result_names, std::vector<std::string>{"y"});
}

struct Case {
  std::vector<std::string> pairs;
  const char* expected;
};

TEST(BindState, Refusals) {
  const Case cases[] = {
      {{"h"}, "--state h: must be INPUT=OUTPUT or INPUT=OUTPUT[ROW]"},
      {{"=hn"}, "must be INPUT=OUTPUT"},
      {{"h=hn[x]"}, "must be INPUT=OUTPUT"},
      {{"g=hn"}, "m.onnx: --state g=hn: no input of that name"},
      {{"h=hm"}, "m.onnx: --state h=hm: no output of that name; did you mean 'hn'?"},
      {{"h=hn", "h=y"}, "--state h=y: the input is bound already"},
      {{"h=hn", "x=hn"}, "--state x=hn: the output is bound already"},
      {{"h=hn", "x=hn[0]"}, "--state x=hn[0]: the output is bound already"},
      {{"h=hn[1]"}, "--state h=hn[1]: the output has rows 0 to 0"},
  };
  for (const Case& c : cases) {
    auto module = ir::ParseOrDie(kWhole);
    EXPECT_THAT(Render(Bind(*module, c.pairs).diagnostics()), HasSubstr(c.expected));
  }
  auto rows = ir::ParseOrDie(kRows);
  EXPECT_THAT(Render(Bind(*rows, {"h=y"}).diagnostics()),
              HasSubstr("--state h=y: the output is f32[2,1,2], the input f32[1,1,2]"));
}

}  // namespace
}  // namespace rnnc::passes
