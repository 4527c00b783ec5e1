// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/import/import_test.h"

// Slice of one row a step in the body of a Loop. Expected numbers by hand, from the text of ONNX's operators.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

// s' = 2 s + x[from:to] of a Loop's body. Ends: i, i1 = i + 1, i2 = i + 2; back = 2 - i and back1 = 3 - i;
// less = i - 3 and less1 = i - 2; three.
OnnxBuilder SliceBody(const std::string& from, const std::string& to,
                      const std::vector<int64_t>& axis = {0}) {
  OnnxBuilder body(17);
  body.Input("i", {}, OnnxBuilder::kInt64).Input("c", {}, onnx::TensorProto::BOOL).Input("s", {1, 1});
  body.Floats("factor", {1}, {2}).Ints("axis", axis).Ints("front", {0});
  body.Int("one", 1).Int("two", 2).Int("three", 3);
  body.Node("Add", {"i", "one"}, {"i1"}).Node("Add", {"i", "two"}, {"i2"});
  body.Node("Sub", {"two", "i"}, {"back"}).Node("Sub", {"three", "i"}, {"back1"});
  body.Node("Sub", {"i", "three"}, {"less"}).Node("Sub", {"i", "two"}, {"less1"});
  body.Node("Unsqueeze", {from, "front"}, {"from"}).Node("Unsqueeze", {to, "front"}, {"to"});
  body.Node("Slice", {"x", "from", "to", "axis"}, {"xt"}, "cut");
  body.Node("Mul", {"s", "factor"}, {"d"}).Node("Add", {"d", "xt"}, {"next"});
  return body.Output("c").Output("next").Output("next");
}

OnnxBuilder SliceLoop(OnnxBuilder body, const OnnxBuilder::Dims& x, const std::string& most) {
  OnnxBuilder model(17);
  model.Input("x", x).Floats("s0", {1, 1}, {1}).Int("zero", 0).Int("three", 3);
  model.Node("Shape", {"x"}, {"shape"}).Node("Gather", {"shape", "zero"}, {"length"});
  return model.Node("Loop", {most, "", "s0"}, {"last", "all"}, "loop").Attribute("body", body).Output("last");
}

// A row that is cut out with Slice is the row of Gather with its axis kept. Catches rows of other steps, the
// axis lost or mistaken.
TEST(LoopRows, AreCutOutWithSlice) {
  const auto last = [](const OnnxBuilder& body, const OnnxBuilder::Dims& x,
                       const std::vector<double>& numbers) {
    std::unique_ptr<ir::Module> module = Imported(SliceLoop(body, x, "three"));
    return module == nullptr ? std::vector<double>() : Computed(*module, {numbers});
  };
  const std::vector<double> x = {10, 20, 30, 40};
  EXPECT_THAT(last(SliceBody("i", "i1"), {4, 1}, x), ElementsAre(8 + 4 * 10 + 2 * 20 + 30));
  EXPECT_THAT(last(SliceBody("i1", "i2"), {4, 1}, x), ElementsAre(8 + 4 * 20 + 2 * 30 + 40));
  EXPECT_THAT(last(SliceBody("back", "back1"), {4, 1}, x), ElementsAre(8 + 4 * 30 + 2 * 20 + 10));
  EXPECT_THAT(last(SliceBody("i", "i1", {-1}), {1, 4}, x), ElementsAre(8 + 4 * 10 + 2 * 20 + 30));
  std::unique_ptr<ir::Module> module =
      Imported(SliceLoop(SliceBody("i", "i1"), {"T", 1}, "length"), Open({"T"}));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Body(*module), HasSubstr("scan t<T each(%xt: f32[1] = %x)"));
}

// What ONNX cuts off at the end, or counts from it, has no row in some step: taken for one, it would be
// another.
TEST(LoopRows, SlicesThatAreNoRows) {
  EXPECT_EQ(
      Refusal(SliceLoop(SliceBody("i1", "i2"), {3, 1}, "three")),
      "m.onnx: cut: starts: 'from' changes from step to step; only one row a step, that lies within 'x' "
      "(f32[3,1]) in all 3 steps and goes up or down by one, is computed");
  EXPECT_THAT(Refusal(SliceLoop(SliceBody("less", "less1"), {4, 1}, "three")),
              HasSubstr("m.onnx: cut: starts: 'from' changes from step to step; only one row"));
  EXPECT_EQ(Refusal(SliceLoop(SliceBody("i", "three"), {4, 1}, "three")),
            "m.onnx: cut: starts: %from changes from step to step with 'i'; export the model without it");
}

}  // namespace
}  // namespace rnnc::import
