// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <functional>

#include "tests/import/import_test.h"

// Sizes as exporters compute them, with batch and time open. Each row is a chain that ends in a value `n`,
// the size or sizes that `Expand` or `Reshape` takes; what must come out was written down from the ONNX
// operator pages.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using testing::HasSubstr;

// x[T,B,4] with its shape in `s` and both sizes as scalars `t`, `b` and vectors `t1`, `b1`.
OnnxBuilder Sizes() {
  OnnxBuilder model(17);
  model.Input("x", {"T", "B", 4}).Int("zero", 0).Int("one", 1).Int("two", 2).Int("four", 4).Int("minus", -1);
  model.Ints("zero1", {0}).Ints("one1", {1}).Ints("two1", {2}).Ints("four1", {4}).Ints("minus1", {-1});
  model.Ints("eight1", {8}).Floats("half", {}, {0.5f}).Floats("three", {}, {3});
  model.Node("Shape", {"x"}, {"s"}).Node("Gather", {"s", "zero"}, {"t"}).Node("Gather", {"s", "one"}, {"b"});
  return model.Node("Unsqueeze", {"t", "zero1"}, {"t1"}).Node("Unsqueeze", {"b", "zero1"}, {"b1"});
}

OnnxBuilder& Join(OnnxBuilder& model, const std::vector<std::string>& parts, const std::string& to) {
  return model.Node("Concat", parts, {to}).Attribute("axis", 0);
}

struct Chain {
  const char* name;
  std::function<void(OnnxBuilder&)> write;  // to `n`
  const char* op;                           // "Expand" a scalar, "Reshape" x
  const char* expected;                     // the result's type, or part of the refusal
};

void PrintTo(const Chain& chain, std::ostream* out) { *out << chain.name; }

const Chain kChains[] = {
    {"zero state of the legacy exporter", [](OnnxBuilder& m) { Join(m, {"one1", "b1", "eight1"}, "n"); },
     "Expand", "f32[1,B,8]"},
    {"zero state of dynamo",
     [](OnnxBuilder& m) {
       m.Node("Shape", {"x"}, {"d"}).Attribute("start", 1).Attribute("end", 2);
       Join(m, {"one1", "d", "eight1"}, "n");
     },
     "Expand", "f32[1,B,8]"},
    {"Where around sizes of -1",
     [](OnnxBuilder& m) {
       Join(m, {"one1", "b1", "minus1"}, "w").Ints("rank", {3});
       m.Node("ConstantOfShape", {"rank"}, {"o"}).Attribute("value", test::IntTensor("", {1}, {1}));
       m.Node("Mul", {"o", "minus"}, {"neg"}).Node("Equal", {"w", "neg"}, {"c"});
       m.Node("Where", {"c", "o", "w"}, {"n"});
     },
     "Expand", "f32[1,B,1]"},
    {"product of sizes",
     [](OnnxBuilder& m) {
       m.Node("Mul", {"t1", "b1"}, {"tb"});
       Join(m, {"tb", "minus1"}, "n");
     },
     "Reshape", "f32[B*T,4]"},
    {"ReduceProd over a slice",
     [](OnnxBuilder& m) {
       m.Node("Slice", {"s", "zero1", "two1", "zero1"}, {"tb"}).Node("ReduceProd", {"tb"}, {"p"});
       Join(m, {"p", "four1"}, "n");
     },
     "Reshape", "f32[B*T,4]"},
    {"elements divided",
     [](OnnxBuilder& m) {
       m.Node("Size", {"x"}, {"e"}).Node("Div", {"e", "four1"}, {"q"});
       Join(m, {"q", "four1"}, "n");
     },
     "Reshape", "f32[B*T,4]"},
    {"division that leaves a constant rest",
     [](OnnxBuilder& m) {
       m.Node("Size", {"x"}, {"e"})
           .Node("Add", {"e", "one1"}, {"more"})
           .Node("Div", {"more", "four1"}, {"q"});
       Join(m, {"q", "four1"}, "n");
     },
     "Reshape", "f32[B*T,4]"},
    {"remainder that is known",
     [](OnnxBuilder& m) {
       m.Node("Size", {"x"}, {"e"})
           .Node("Add", {"e", "two1"}, {"more"})
           .Node("Mod", {"more", "four1"}, {"r"});
       Join(m, {"r", "b1"}, "n");
     },
     "Expand", "f32[2,B]"},
    {"split and swapped",
     [](OnnxBuilder& m) {
       m.Node("Split", {"s"}, {"p", "q", "r"}).Attribute("axis", 0);
       Join(m, {"q", "p", "r"}, "n");
     },
     "Expand", "f32[B,T,4]"},
    {"arithmetic there and back, through i32",
     [](OnnxBuilder& m) {
       m.Node("Add", {"t", "two"}, {"a"}).Node("Sub", {"a", "two"}, {"c"}).Node("Max", {"c", "zero"}, {"d"});
       m.Node("Cast", {"d"}, {"e"}).Attribute("to", 6).Node("Cast", {"e"}, {"f"}).Attribute("to", 7);
       m.Node("Reshape", {"f", "one1"}, {"g"});
       Join(m, {"g", "minus1"}, "n");
     },
     "Reshape", "f32[T,4*B]"},
    {"halved in floats, of known sizes",
     [](OnnxBuilder& m) {
       m.Node("Gather", {"s", "two"}, {"h"}).Node("Cast", {"h"}, {"f"}).Attribute("to", 1);
       m.Node("Mul", {"f", "half"}, {"g"}).Node("Floor", {"g"}, {"k"});
       m.Node("Cast", {"k"}, {"c"}).Attribute("to", 7).Node("Unsqueeze", {"c", "zero1"}, {"c1"});
       Join(m, {"b1", "c1"}, "n");
     },
     "Expand", "f32[B,2]"},
    {"copied sizes and one open", [](OnnxBuilder& m) { m.Ints("n", {0, 0, 2, -1}); }, "Reshape",
     "f32[T,B,2,2]"},
    {"open behind a copied one", [](OnnxBuilder& m) { m.Ints("n", {0, -1}); }, "Reshape", "f32[T,4*B]"},
    // What is not known is refused with what it depends on.
    {"half of an open size",
     [](OnnxBuilder& m) {
       m.Node("Div", {"t1", "two1"}, {"q"});
       Join(m, {"q", "minus1"}, "n");
     },
     "Reshape", "r: shape: %n depends on the size T; bind it with --dim T=N"},
    {"floats of an open size",
     [](OnnxBuilder& m) {
       m.Node("Cast", {"b1"}, {"f"}).Attribute("to", 1).Node("Mul", {"f", "three"}, {"g"});
       m.Node("Cast", {"g"}, {"n"}).Attribute("to", 7);
     },
     "Expand", "r: shape: %n depends on the size B; bind it with --dim B=N"},
    {"the smaller of an open size and a number",
     [](OnnxBuilder& m) { m.Ints("far", {1000}).Node("Min", {"t1", "far"}, {"n"}); }, "Expand",
     "r: shape: %n depends on the size T"},
    {"data", [](OnnxBuilder& m) { m.Input("k", {1}, OnnxBuilder::kInt64).Node("Add", {"k", "b1"}, {"n"}); },
     "Expand", "r: shape: %n depends on the input 'k'; give its value with --const k=VALUE"},
    {"two open sizes that are no quotient", [](OnnxBuilder& m) { m.Ints("n", {-1, 3}); }, "Reshape",
     "r: shape: f32[T,B,4] cannot become [-1,3] for every 4*B*T"},
};

class ShapeChains : public testing::TestWithParam<Chain> {};

TEST_P(ShapeChains, AreFollowed) {
  OnnxBuilder model = Sizes();
  GetParam().write(model);
  const bool is_reshape = std::string(GetParam().op) == "Reshape";
  model.Node(GetParam().op, {is_reshape ? "x" : "half", "n"}, {"y"}, "r").Output("y");
  const ImportOptions options = Open({"T", "B"});
  if (std::string(GetParam().expected).rfind("r: ", 0) == 0) {
    EXPECT_THAT(Refusal(model, options), HasSubstr(std::string("m.onnx: ") + GetParam().expected));
    return;
  }
  std::unique_ptr<ir::Module> module = Imported(model, options);
  ASSERT_NE(module, nullptr);
  EXPECT_EQ(module->FindFunction("main")->ResultTypes()[0].ToText(), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(, ShapeChains, testing::ValuesIn(kChains));

// Catches `fmod` read as the other remainder: of -7 and 2 it is -1, else 1.
TEST(ShapeArithmetic, Remainders) {
  for (const int fmod : {0, 1}) {
    OnnxBuilder model(17);
    model.Input("x", {1}).Ints("a", {-7}).Ints("b", {2}).Ints("three", {3});
    model.Node("Mod", {"a", "b"}, {"m"}).Attribute("fmod", fmod).Node("Add", {"m", "three"}, {"n"});
    model.Node("Expand", {"x", "n"}, {"y"}).Output("y");
    std::unique_ptr<ir::Module> module = Imported(model);
    ASSERT_NE(module, nullptr);
    EXPECT_EQ(module->FindFunction("main")->ResultTypes()[0].ToText(), fmod == 1 ? "f32[2]" : "f32[4]");
  }
}

}  // namespace
}  // namespace rnnc::import
