// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/import/import_test.h"

// If: the branch that a known condition chooses takes the node's place. Expected numbers by hand.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kBool = onnx::TensorProto::BOOL;

// y = x + 1 when sr is 16000, else what nobody computes.
OnnxBuilder BySampleRate() {
  OnnxBuilder then(17), otherwise(17), model(17);
  then.Node("Constant", {}, {"one"}).Attribute("value", test::FloatTensor("", {1}, {1}));
  then.Node("Add", {"x", "one"}, {"r"}).Output("r");
  otherwise.Node("Frobnicate", {"x"}, {"r"}, "odd").Output("r");
  model.Input("x", {2}).Input("sr", {}, OnnxBuilder::kInt64).Int("sixteen", 16000);
  model.Node("Equal", {"sr", "sixteen"}, {"is"}, "eq");
  model.Node("If", {"is"}, {"y"}, "if").Attribute("then_branch", then).Attribute("else_branch", otherwise);
  return model.Output("y");
}

// Catches: support judged before the branch is chosen, the wrong branch, branch constants that are lost.
TEST(Branches, OnlyTheChosenOneIsJudged) {
  std::unique_ptr<ir::Module> module = Imported(BySampleRate(), With({{"sr", 16000.0}}));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{1, 2}}), ElementsAre(2, 3));
  EXPECT_EQ(Refusal(BySampleRate(), With({{"sr", 8000.0}})),
            "m.onnx: odd: operator Frobnicate: is not computed; export the model without it");
  EXPECT_EQ(Refusal(BySampleRate()),
            "m.onnx: if: cond: 'is' depends on the input 'sr'; give its value with --const sr=VALUE");
}

// Catches: notes of both branches, or of none.
TEST(Branches, NotesAreOfTheChosenOne) {
  ImportNotes notes;
  ASSERT_NE(Imported(BySampleRate(), With({{"sr", 16000.0}}), &notes), nullptr);
  EXPECT_EQ(notes.operators,
            (std::map<std::string, int>{{"Add", 1}, {"Constant", 1}, {"Equal", 1}, {"If", 1}}));
}

OnnxBuilder Choose(OnnxBuilder condition, const std::string& name) {
  OnnxBuilder then(17), otherwise(17);
  then.Node("Neg", {"x"}, {"r"}).Output("r");
  otherwise.Node("Identity", {"x"}, {"r"}).Output("r");
  condition.Node("If", {name}, {"y"}, "if");
  return condition.Attribute("then_branch", then).Attribute("else_branch", otherwise).Output("y");
}

// Conditions from shapes, from floats, by logic. Catches an analysis of integers alone.
TEST(Branches, KnownConditions) {
  const auto is_negated = [](const OnnxBuilder& model, const ImportOptions& options = {}) {
    std::unique_ptr<ir::Module> module = Imported(model, options);
    return module != nullptr && Body(*module).find(" neg ") != std::string::npos;
  };
  OnnxBuilder rank(17);
  rank.Input("x", {2, 3}).Node("Shape", {"x"}, {"s"}).Node("Size", {"s"}, {"n"}).Int("two", 2);
  rank.Node("Equal", {"n", "two"}, {"c"});
  EXPECT_TRUE(is_negated(Choose(rank, "c")));
  rank.Node("Not", {"c"}, {"d"});
  EXPECT_FALSE(is_negated(Choose(rank, "d")));
  OnnxBuilder floats(17);
  floats.Input("x", {2}).Floats("k", {3}, {0.5f, 1.5f, -2}).Floats("limit", {}, {1.25f});
  floats.Node("ReduceMax", {"k"}, {"m"}).Attribute("keepdims", 0).Node("Greater", {"m", "limit"}, {"c"});
  EXPECT_TRUE(is_negated(Choose(floats, "c")));
  OnnxBuilder length(17);
  length.Input("x", {"N", 4}).Int("i", 0).Int("three", 3);
  length.Node("Shape", {"x"}, {"s"}).Node("Gather", {"s", "i"}, {"n"}).Node("Less", {"n", "three"}, {"c"});
  EXPECT_TRUE(is_negated(Choose(length, "c"), Bound({{"N", 2}})));
  EXPECT_FALSE(is_negated(Choose(length, "c"), Bound({{"N", 3}})));
  // -1 < N whatever N is.
  OnnxBuilder always(17);
  always.Input("x", {"N", 4}).Int("i", 0).Int("minus", -1);
  always.Node("Shape", {"x"}, {"s"}).Node("Gather", {"s", "i"}, {"n"}).Node("Less", {"minus", "n"}, {"c"});
  EXPECT_TRUE(is_negated(Choose(always, "c"), Open({"N"})));
}

TEST(Branches, UnknownConditionsAreRefused) {
  OnnxBuilder length(17);
  length.Input("x", {"N", 4}).Int("i", 0).Int("three", 3);
  length.Node("Shape", {"x"}, {"s"}).Node("Gather", {"s", "i"}, {"n"}).Node("Less", {"n", "three"}, {"c"});
  EXPECT_EQ(Refusal(Choose(length, "c"), Open({"N"})),
            "m.onnx: if: cond: 'c' depends on the size N; bind it with --dim N=N");
  OnnxBuilder data(17);
  data.Input("x", {2}).Input("z", {2}).Floats("zero", {}, {0});
  data.Node("ReduceSum", {"z"}, {"m"}).Attribute("keepdims", 0).Node("Greater", {"m", "zero"}, {"c"});
  EXPECT_EQ(Refusal(Choose(data, "c")),
            "m.onnx: if: cond: 'c' depends on the input 'z'; give its value with --const z=VALUE");
  OnnxBuilder several(17);
  several.Input("x", {2}).Input("c", {2}, kBool);
  EXPECT_EQ(Refusal(Choose(several, "c")), "m.onnx: if: cond: 'c' is bool[2], must be one bool");
  OnnxBuilder number(17);
  number.Input("x", {2}).Int("c", 1);
  EXPECT_EQ(Refusal(Choose(number, "c")), "m.onnx: if: cond: 'c' is i64[], must be one bool");
}

// An If in a branch; what the inner one captures comes from every level. Names that both branches use, and
// that the graph uses again later, are not the same value.
TEST(Branches, NestedWithCapture) {
  OnnxBuilder inner_then(17), inner_else(17), then(17), otherwise(17), model(17);
  inner_then.Floats("w", {1}, {10}).Node("Mul", {"t", "w"}, {"v"}).Node("Add", {"v", "x"}, {"r"}).Output("r");
  inner_else.Node("Identity", {"x"}, {"r"}).Output("r");
  then.Floats("w", {1}, {2}).Node("Mul", {"x", "w"}, {"t"}).Node("If", {"b"}, {"q"}, "inner");
  then.Attribute("then_branch", inner_then).Attribute("else_branch", inner_else);
  then.Node("Add", {"q", "w"}, {"y"}).Node("Neg", {"y"}, {"z"}).Output("y").Output("z");
  otherwise.Node("Identity", {"x"}, {"t"}).Output("t").Output("x");
  model.Input("x", {1}).Input("a", {}, kBool).Input("b", {}, kBool);
  model.Node("If", {"a"}, {"y", "z"}, "outer").Attribute("then_branch", then);
  model.Attribute("else_branch", otherwise);
  model.Node("Concat", {"y", "z"}, {"t"}).Attribute("axis", 0).Output("t");
  const auto run = [&](double a, double b) {
    std::unique_ptr<ir::Module> module = Imported(model, With({{"a", a}, {"b", b}}));
    return module == nullptr ? std::vector<double>() : Computed(*module, {{3}});
  };
  EXPECT_THAT(run(1, 1), ElementsAre(65, -65));  // t=6, q=60+3, y=63+2
  EXPECT_THAT(run(1, 0), ElementsAre(5, -5));
  EXPECT_THAT(run(0, 1), ElementsAre(3, 3));
}

// Catches: a recurrent node in a branch whose axes nobody looks at: batch stays open, time is bound.
TEST(Branches, RecurrentNodesInside) {
  OnnxBuilder then(17), otherwise(17), model(17);
  then.FloatsOf("W", {1, 3, 4})
      .FloatsOf("R", {1, 3, 3})
      .Node("RNN", {"x", "W", "R"}, {"r"}, "rnn")
      .Output("r");
  otherwise.Node("Identity", {"x"}, {"r"}).Output("r");
  model.Input("x", {"S", "batch", 4}).Input("c", {}, kBool);
  model.Node("If", {"c"}, {"y"}, "if").Attribute("then_branch", then).Attribute("else_branch", otherwise);
  model.Output("y");
  ImportNotes notes;
  std::unique_ptr<ir::Module> module = Imported(model, With({{"c", 1.0}}), &notes);
  ASSERT_NE(module, nullptr);
  EXPECT_EQ(module->FindFunction("main")->ResultTypes()[0].ToText(), "f32[S,1,1,3]");
  ASSERT_EQ(notes.recurrent.size(), 1u);
  EXPECT_EQ(notes.recurrent[0].name, "rnn");
}

TEST(Branches, InvalidOnesAreRefused) {
  OnnxBuilder none(17), inputs(17), fine(17), cyclic(17), later(17);
  fine.Node("Neg", {"x"}, {"r"}).Output("r");
  const auto refusal = [&](OnnxBuilder& then) {
    OnnxBuilder model(17);
    model.Input("x", {1}).Input("c", {}, kBool);
    model.Node("If", {"c"}, {"y"}, "if").Attribute("then_branch", then).Attribute("else_branch", fine);
    model.Node("Neg", {"y"}, {"after"}, "last").Output("after");
    return Refusal(model, With({{"c", 1.0}}));
  };
  EXPECT_THAT(refusal(none), HasSubstr("m.onnx: the graph has no outputs"));
  inputs.Input("i", {1}).Node("Neg", {"x"}, {"r"}).Output("r");
  EXPECT_EQ(refusal(inputs), "m.onnx: if: then_branch: has inputs and must have none");
  cyclic.Node("Neg", {"y"}, {"r"}, "n").Output("r");
  EXPECT_EQ(refusal(cyclic), "m.onnx: n: input 'y': is computed by the later node 'if'; sort the nodes");
  later.Node("Neg", {"after"}, {"r"}, "n").Output("r");
  EXPECT_EQ(refusal(later), "m.onnx: n: input 'after': is computed by the later node 'last'; sort the nodes");
  OnnxBuilder model(17);
  model.Input("x", {1}).Input("c", {}, kBool).Node("If", {"c"}, {"y"}, "if").Attribute("then_branch", fine);
  EXPECT_EQ(Refusal(model.Output("y")), "m.onnx: if: else_branch: is required and not there");
  // Values of a branch are not seen outside of it.
  OnnxBuilder peek(17);
  peek.Input("x", {1}).Input("c", {}, kBool).Node("If", {"c"}, {"y"}, "if");
  peek.Attribute("then_branch", fine)
      .Attribute("else_branch", fine)
      .Node("Neg", {"r"}, {"z"}, "n")
      .Output("z");
  EXPECT_EQ(Refusal(peek, With({{"c", 1.0}})),
            "m.onnx: n: input 'r': nothing of that name is there; export the model again");
}

}  // namespace
}  // namespace rnnc::import
