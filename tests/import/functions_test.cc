// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/import/import_test.h"

// Functions of the model. Each test says which inliner it catches. Expected numbers are worked out by hand.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kOwn = "own.functions";

// y = x * factor + shift, with intermediate `t`; alpha is a LeakyRelu's.
OnnxBuilder Affine() {
  OnnxBuilder body(17);
  body.Input("x", {}).Input("factor", {}).Input("shift", {});
  body.Node("Mul", {"x", "factor"}, {"t"}, "mul").Node("Add", {"t", "shift"}, {"y"}, "add").Output("y");
  return body;
}

// Catches: one name for the `t` of both calls; names that collide with those of the model.
TEST(Functions, CalledTwiceHaveNamesOfTheirOwn) {
  OnnxBuilder model(17);
  OnnxBuilder body = Affine();
  model.Function(kOwn, "Affine", body);
  model.Input("x", {2}).Floats("a", {1}, {3}).Floats("b", {1}, {-1}).Floats("first/t", {1}, {5});
  model.Node("Affine", {"x", "a", "b"}, {"u"}, "first").Domain(kOwn);
  model.Node("Affine", {"u", "first/t", "u"}, {"v"}, "first").Domain(kOwn).Output("v");
  std::unique_ptr<ir::Module> module = Imported(model);
  ASSERT_NE(module, nullptr);
  // u = 3x-1, v = 5u+u
  EXPECT_THAT(Computed(*module, {{1, 2}}), ElementsAre(12, 30));
  EXPECT_THAT(ir::Print(*module), HasSubstr("loc(\"first/mul\")"));
}

// Catches: attribute references that are read as absent, defaults (a field newer than the library) that are
// dropped, and references to an attribute that the call leaves out.
TEST(Functions, AttributeReferences) {
  OnnxBuilder body(17);
  body.Input("x", {})
      .Node("LeakyRelu", {"x"}, {"y"}, "leaky")
      .AttributeReference("alpha", "slope")
      .Output("y");
  OnnxBuilder model(17);
  onnx::FunctionProto& with_default = model.Function(kOwn, "Default", body);
  onnx::AttributeProto slope;
  slope.set_name("slope");
  slope.set_type(onnx::AttributeProto::FLOAT);
  slope.set_f(0.25f);
  test::AddField(with_default, 11, slope.SerializeAsString());
  model.Function(kOwn, "Plain", body).add_attribute("slope");
  model.Input("x", {1})
      .Node("Default", {"x"}, {"a"}, "a")
      .Domain(kOwn)
      .Node("Default", {"x"}, {"b"}, "b")
      .Attribute("slope", 0.5)
      .Domain(kOwn)
      .Node("Plain", {"x"}, {"c"}, "c")
      .Domain(kOwn)
      .Node("Concat", {"a", "b", "c"}, {"y"}, "join")
      .Attribute("axis", 0)
      .Output("y");
  std::unique_ptr<ir::Module> module = Imported(model);
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{-4}}), ElementsAre(-1, -2, testing::DoubleNear(-0.04, 1e-7)));
}

// Catches: optional inputs and outputs taken by position among those that are there.
TEST(Functions, AbsentInputsAndOutputs) {
  OnnxBuilder body(17);
  body.Input("x", {}).Input("low", {}).Input("high", {});
  body.Node("Neg", {"x"}, {"negative"}).Node("Clip", {"x", "low", "high"}, {"y"}, "clip");
  body.Output("negative").Output("y");
  OnnxBuilder model(17);
  model.Function(kOwn, "F", body);
  model.Input("x", {3}).Floats("h", {}, {2});
  model.Node("F", {"x", "", "h"}, {"", "y"}, "f").Domain(kOwn).Node("F", {"y"}, {"n"}, "g").Domain(kOwn);
  model.Output("n");
  std::unique_ptr<ir::Module> module = Imported(model);
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{-9, 1, 7}}), ElementsAre(9, -1, -2));
}

// Catches: outputs of a function that are its inputs, or are there twice.
TEST(Functions, OutputsThatAreInputs) {
  OnnxBuilder body(17);
  body.Input("x", {}).Node("Neg", {"x"}, {"n"}).Output("x").Output("n").Output("n");
  OnnxBuilder model(17);
  model.Function(kOwn, "F", body);
  model.Input("x", {1}).Node("F", {"x"}, {"a", "b", "c"}, "f").Domain(kOwn);
  model.Node("Concat", {"a", "b", "c"}, {"y"}).Attribute("axis", 0).Output("y");
  std::unique_ptr<ir::Module> module = Imported(model);
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{3}}), ElementsAre(3, -3, -3));
}

// Catches: functions known by name alone (another domain, another overload), nested calls whose attributes
// refer to the outer call's, names of nested calls.
TEST(Functions, NestedByDomainAndOverload) {
  OnnxBuilder scale(17), negate(17), outer(17);
  scale.Input("x", {}).Node("Elu", {"x"}, {"y"}).AttributeReference("alpha", "k").Output("y");
  negate.Input("x", {}).Node("Neg", {"x"}, {"y"}).Output("y");
  outer.Input("x", {});
  outer.Node("F", {"x"}, {"a"}, "elu").Domain("one").AttributeReference("k", "factor");
  outer.Node("F", {"x"}, {"b"}, "negate").Domain("two");
  outer.Node("F", {"x"}, {"c"}, "over").Domain("one").Overload("negated");
  outer.Node("Concat", {"a", "b", "c"}, {"y"}).Attribute("axis", 0).Output("y");
  OnnxBuilder model(17, 10);
  model.Function("one", "F", scale).add_attribute("k");
  test::AddField(model.Function("one", "F", negate), 13, "negated");
  model.Function("two", "F", negate);
  model.Function("one", "Outer", outer).add_attribute("factor");
  model.Input("x", {1}).Node("Outer", {"x"}, {"y"}, "o").Domain("one").Attribute("factor", 2.0).Output("y");
  std::unique_ptr<ir::Module> module = Imported(model);
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{-50}}), ElementsAre(-2, 50, 50));
  EXPECT_THAT(ir::Print(*module), HasSubstr("loc(\"o/negate/Neg_y\")"));
}

// Catches: bodies read at the model's opset. ReduceSum has its axes in an attribute until 12, in an operand
// from 13 on.
TEST(Functions, HaveTheirOwnOpset) {
  OnnxBuilder old(11);
  old.Input("x", {}).Node("ReduceSum", {"x"}, {"y"}, "sum").Attribute("axes", std::vector<int64_t>{1});
  old.Attribute("keepdims", 0).Output("y");
  OnnxBuilder model(17);
  model.Function(kOwn, "Old", old);
  model.Input("x", {2, 2}).Ints("axes", {0});
  model.Node("Old", {"x"}, {"a"}, "f").Domain(kOwn);
  model.Node("ReduceSum", {"x", "axes"}, {"b"}).Attribute("keepdims", 0);
  model.Node("Concat", {"a", "b"}, {"y"}).Attribute("axis", 0).Output("y");
  std::unique_ptr<ir::Module> module = Imported(model);
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{1, 2, 3, 4}}), ElementsAre(3, 7, 4, 6));
}

// Catches: names in a function's subgraph that are not renamed, captured ones that are not followed, calls in
// a subgraph that stay, and inner names that hide an argument.
TEST(Functions, HoldSubgraphs) {
  OnnxBuilder negate(17);
  negate.Input("a", {}).Node("Neg", {"a"}, {"t"}).Output("t");
  OnnxBuilder then(17), otherwise(17), body(17);
  then.Node("Add", {"x", "t"}, {"u"}).Node("Negate", {"u"}, {"r"}, "inner").Domain(kOwn).Output("r");
  otherwise.Node("Identity", {"x"}, {"t2"}).Floats("w", {1}, {100});
  otherwise.Node("Add", {"t2", "w"}, {"r"}).Output("r");
  body.Input("x", {}).Input("choice", {}).Node("Mul", {"x", "x"}, {"t"});
  body.Node("If", {"choice"}, {"y"}, "if").Attribute("then_branch", then).Attribute("else_branch", otherwise);
  body.Output("y");
  OnnxBuilder model(17);
  model.Function(kOwn, "Negate", negate);
  model.Function(kOwn, "F", body);
  model.Input("t", {1}).Input("w", {}, onnx::TensorProto::BOOL);
  model.Node("F", {"t", "w"}, {"y"}, "f").Domain(kOwn).Output("y");
  std::unique_ptr<ir::Module> module = Imported(model, With({{"w", 1.0}}));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{3}}), ElementsAre(-12));
  module = Imported(model, With({{"w", 0.0}}));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{3}}), ElementsAre(103));
}

OnnxBuilder Calling(const char* function, OnnxBuilder& body, const std::vector<std::string>& inputs = {"x"}) {
  OnnxBuilder model(17);
  model.Function(kOwn, function, body);
  model.Input("x", {2}).Node(function, inputs, {"y"}, "call").Domain(kOwn).Output("y");
  return model;
}

TEST(Functions, AreRefusedByTheCall) {
  OnnxBuilder itself(17), plain(17), typo(17), none(17), ancient(5);
  itself.Input("x", {}).Node("F", {"x"}, {"y"}, "again").Domain(kOwn).Output("y");
  EXPECT_EQ(Refusal(Calling("F", itself)),
            "m.onnx: call/again: function F: calls itself; export the model without it");
  plain.Input("x", {}).Node("Neg", {"x"}, {"y"}, "n").Output("y");
  OnnxBuilder twice = Calling("F", plain);
  twice.Function(kOwn, "F", plain);
  EXPECT_EQ(Refusal(twice), "m.onnx: call: function F: is there twice; names must be unique");
  EXPECT_EQ(Refusal(Calling("F", plain, {"x", "x"})),
            "m.onnx: call: has 2 inputs and 1 outputs, the function F has 1 and 1; export the model again");
  EXPECT_EQ(Refusal(Calling("F", plain).Attribute("k", 1)),
            "m.onnx: call: k: the function F has no such attribute; export the model again");
  EXPECT_EQ(Refusal(Calling("F", plain, {""})), "m.onnx: call/n: input 0: is absent and must be there");
  typo.Input("x", {}).Node("Add", {"x", "z"}, {"y"}, "n").Output("y");
  EXPECT_EQ(Refusal(Calling("F", typo)),
            "m.onnx: call/n: input 'call/z': nothing of that name is there; export the model again");
  none.Input("x", {}).Node("Neg", {"x"}, {"y"}, "n").Output("y");
  none.Model().clear_opset_import();
  EXPECT_EQ(Refusal(Calling("F", none)),
            "m.onnx: call/n: function F: imports no version of the ONNX operators; export the model again");
  ancient.Input("x", {}).Node("Neg", {"x"}, {"y"}, "n").Output("y");
  EXPECT_EQ(Refusal(Calling("F", ancient)),
            "m.onnx: call: function F: opset_import: 5 is outside 7 to 28; export with another opset");
  // A value of the caller is not seen in a function.
  OnnxBuilder model(17), spy(17);
  spy.Input("a", {}).Node("Add", {"a", "secret"}, {"y"}, "n").Output("y");
  model.Function(kOwn, "Spy", spy);
  model.Input("secret", {2}).Node("Spy", {"secret"}, {"y"}, "call").Domain(kOwn).Output("y");
  EXPECT_THAT(Refusal(model), HasSubstr("call/n: input 'call/secret': nothing of that name is there"));
}

// 2^30 nodes, and a chain of a thousand calls within each other: said, not attempted.
TEST(Functions, DoNotExpandForEver) {
  for (const int calls : {2, 1}) {
    OnnxBuilder model(17);
    const int last = calls == 2 ? 30 : 1000;
    for (int i = 0; i <= last; ++i) {
      OnnxBuilder body(17);
      const std::string next = "F" + std::to_string(i + 1);
      body.Input("x", {});
      if (i == last) {
        body.Node("Neg", {"x"}, {"y"}).Output("y");
      } else {
        body.Node(next, {"x"}, {"a"}, "a").Domain(kOwn);
        if (calls == 2) body.Node(next, {"a"}, {"y"}, "b").Domain(kOwn);
        body.Output(calls == 2 ? "y" : "a");
      }
      model.Function(kOwn, "F" + std::to_string(i), body);
    }
    model.Input("x", {2}).Node("F0", {"x"}, {"y"}, "call").Domain(kOwn).Output("y");
    EXPECT_THAT(Refusal(model),
                HasSubstr(calls == 2 ? "functions: their calls expand to more than 131072 nodes"
                                     : "calls and subgraphs are nested deeper than 100"));
  }
}

// Catches names that each node of a call repeats: a long one times many nodes is more than any file.
TEST(Functions, LongNamesTimesManyNodes) {
  OnnxBuilder body(17);
  body.Input("a", {});
  for (int i = 0; i < 3000; ++i) {
    body.Node("Neg", {i == 0 ? "a" : "v" + std::to_string(i - 1)}, {"v" + std::to_string(i)});
  }
  body.Output("v2999");
  OnnxBuilder model(17);
  model.Function(kOwn, "F", body);
  model.Input("x", {2}).Node("F", {"x"}, {"y"}, std::string(1 << 20, 'n')).Domain(kOwn).Output("y");
  EXPECT_THAT(Refusal(model), HasSubstr("functions: their calls expand to more than"));
}

// Catches a search for a free name that begins anew each time: its time would be the square of the calls'.
TEST(Functions, ManyCallsOfOneName) {
  OnnxBuilder body(17);
  body.Input("a", {}).Node("Neg", {"a"}, {"t"}).Node("Neg", {"t"}, {"b"}).Output("b");
  OnnxBuilder model(17);
  model.Function(kOwn, "F", body);
  model.Input("v0", {2});
  for (int i = 0; i < 20000; ++i) {
    model.Node("F", {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)}, "call").Domain(kOwn);
  }
  EXPECT_NE(Imported(model.Output("v20000")), nullptr);
}

}  // namespace
}  // namespace rnnc::import
