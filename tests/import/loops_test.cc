// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/import/import_test.h"

// Scan and Loop become `scan`. Expected numbers by hand, from the text of ONNX's operators.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int kBool = onnx::TensorProto::BOOL;

// s' = 2 s + x, and what is given out is s.
OnnxBuilder Accumulate() {
  OnnxBuilder body(17);
  body.Input("s", {1}).Input("xt", {1}).Floats("two", {1}, {2});
  body.Node("Mul", {"s", "two"}, {"d"}).Node("Add", {"d", "xt"}, {"next"});
  return body.Output("next").Output("s");
}

OnnxBuilder ScanOf(OnnxBuilder body, const OnnxBuilder::Dims& x = {3, 1}) {
  OnnxBuilder model(17);
  model.Input("x", x).Floats("s0", {1}, {1}).Node("Scan", {"s0", "x"}, {"last", "all"}, "scan");
  return model.Attribute("num_scan_inputs", 1).Attribute("body", body);
}

// Catches: outputs of the step after, carried values that are not carried, the body's constants lost.
TEST(Scans, CarryAndStack) {
  OnnxBuilder model = ScanOf(Accumulate());
  std::unique_ptr<ir::Module> module = Imported(model.Output("all").Output("last"));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{10, 20, 30}}), ElementsAre(1, 12, 44));
  module = Imported(ScanOf(Accumulate()).Output("last"));
  EXPECT_THAT(Computed(*module, {{10, 20, 30}}), ElementsAre(118));
}

// All backwards is a scan that runs backwards; one direction alone is a flip. Catches directions ignored or
// mixed up.
TEST(Scans, Directions) {
  const auto all = [](int64_t in, int64_t out) {
    OnnxBuilder model = ScanOf(Accumulate());
    model.Attribute("scan_input_directions", std::vector<int64_t>{in});
    model.Attribute("scan_output_directions", std::vector<int64_t>{out});
    std::unique_ptr<ir::Module> module = Imported(model.Output("all"));
    return module == nullptr ? std::vector<double>() : Computed(*module, {{10, 20, 30}});
  };
  EXPECT_THAT(all(1, 0), ElementsAre(1, 32, 84));
  EXPECT_THAT(all(1, 1), ElementsAre(84, 32, 1));
  EXPECT_THAT(all(0, 1), ElementsAre(44, 12, 1));
}

// Two sequences, each with its direction: s' = 2 s + a, and what is given out is s b.
TEST(Scans, DirectionsOfEachSequence) {
  OnnxBuilder body(17);
  body.Input("s", {1})
      .Input("at", {1})
      .Input("bt", {1})
      .Floats("two", {1}, {2})
      .Node("Mul", {"s", "two"}, {"d"});
  body.Node("Add", {"d", "at"}, {"next"}).Node("Mul", {"s", "bt"}, {"p"}).Output("next").Output("p");
  const auto products = [&](int64_t a, int64_t b) {
    OnnxBuilder model(17);
    model.Input("a", {3, 1}).Input("b", {3, 1}).Floats("s0", {1}, {1});
    model.Node("Scan", {"s0", "a", "b"}, {"", "all"}, "scan").Attribute("num_scan_inputs", 2);
    model.Attribute("body", body)
        .Attribute("scan_input_directions", std::vector<int64_t>{a, b})
        .Output("all");
    std::unique_ptr<ir::Module> module = Imported(model);
    return module == nullptr ? std::vector<double>() : Computed(*module, {{10, 20, 30}, {1, 2, 3}});
  };
  EXPECT_THAT(products(0, 0), ElementsAre(1, 24, 132));
  EXPECT_THAT(products(0, 1), ElementsAre(3, 24, 44));
  EXPECT_THAT(products(1, 0), ElementsAre(1, 64, 252));
}

// Catches: axes that are ignored, or counted in the wrong tensor.
TEST(Scans, Axes) {
  OnnxBuilder model = ScanOf(Accumulate(), {1, 3});
  model.Attribute("scan_input_axes", std::vector<int64_t>{-1});
  model.Attribute("scan_output_axes", std::vector<int64_t>{1});
  std::unique_ptr<ir::Module> module = Imported(model.Output("all"));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Body(*module), HasSubstr("(%all: f32[1,3])"));
  EXPECT_THAT(Computed(*module, {{10, 20, 30}}), ElementsAre(1, 12, 44));
}

TEST(Scans, Refusals) {
  OnnxBuilder grows(17);
  grows.Input("s", {1}).Input("xt", {1}).Node("Concat", {"s", "xt"}, {"next"}).Attribute("axis", 0);
  EXPECT_EQ(Refusal(ScanOf(grows.Output("next").Output("xt")).Output("last")),
            "m.onnx: scan: carried value 's': is f32[1] at first and f32[2] after a step; only values of one "
            "type are "
            "computed");
  OnnxBuilder old(8);
  OnnxBuilder body = Accumulate();
  old.Input("x", {1, 3, 1}).Input("s0", {1, 1}).Node("Scan", {"", "s0", "x"}, {"last", "all"}, "scan");
  old.Attribute("num_scan_inputs", 1).Attribute("body", body);
  EXPECT_EQ(Refusal(old.Output("all")),
            "m.onnx: scan: operator Scan: is not computed at opset 8, only from 9 on; convert the model");
  OnnxBuilder unknown(17);
  unknown.Input("s", {1}).Input("xt", {1}).Node("Frobnicate", {"s"}, {"next"}, "odd");
  EXPECT_EQ(Refusal(ScanOf(unknown.Output("next").Output("xt")).Output("last")),
            "m.onnx: odd: operator Frobnicate: is not computed; export the model without it");
  OnnxBuilder two(17), sum(17);
  sum.Input("s", {1}).Input("a", {1}).Input("b", {1}).Node("Add", {"a", "b"}, {"r"}).Output("s").Output("r");
  two.Input("x", {3, 1}).Input("z", {4, 1}).Floats("s0", {1}, {1});
  two.Node("Scan", {"s0", "x", "z"}, {"last", "all"}, "scan")
      .Attribute("num_scan_inputs", 2)
      .Attribute("body", sum);
  EXPECT_EQ(Refusal(two.Output("all")), "m.onnx: scan: input 'z': has 4 steps, the first scan input 3");
}

// A scan over rows in a scan over matrices; the inner body reads values of every level.
TEST(Scans, NestedWithCapture) {
  OnnxBuilder inner(17), outer(17), model(17);
  inner.Input("s", {1}).Input("r", {1}).Node("Mul", {"r", "k"}, {"v"}).Node("Add", {"s", "v"}, {"w"});
  inner.Node("Add", {"w", "o"}, {"n"}).Output("n").Output("n");
  outer.Input("o", {1}).Input("m", {2, 1}).Floats("zero", {1}, {0});
  outer.Node("Scan", {"zero", "m"}, {"sum", "sums"}).Attribute("num_scan_inputs", 1).Attribute("body", inner);
  outer.Node("Add", {"o", "sum"}, {"next"}).Output("next").Output("sums");
  model.Input("x", {2, 2, 1}).Input("k", {1}).Floats("s0", {1}, {1});
  model.Node("Scan", {"s0", "x"}, {"last", "all"}).Attribute("num_scan_inputs", 1).Attribute("body", outer);
  std::unique_ptr<ir::Module> module = Imported(model.Output("all"));
  ASSERT_NE(module, nullptr);
  // o = 1: 1*10+1 = 11, 11+2*10+1 = 32; o = 33: 30+33 = 63, 63+40+33 = 136.
  EXPECT_THAT(Computed(*module, {{1, 2, 3, 4}, {10}}), ElementsAre(11, 32, 63, 136));
}

// ---- Loop ----

// s' = 2 s + x[i]; gives s out. `next` is the condition after a step.
OnnxBuilder LoopBody(const std::string& condition = "c", const std::string& index = "i") {
  OnnxBuilder body(17);
  body.Input("i", {}, OnnxBuilder::kInt64).Input("c", {}, kBool).Input("s", {1}).Floats("two", {1}, {2});
  body.Node("Mul", {"s", "two"}, {"d"})
      .Node("Gather", {"x", index}, {"xt"})
      .Node("Add", {"d", "xt"}, {"next"});
  return body.Output(condition).Output("next").Output("s");
}

OnnxBuilder LoopOf(OnnxBuilder body, const OnnxBuilder::Dims& x, const std::string& most,
                   const std::string& condition) {
  OnnxBuilder model(17);
  model.Input("x", x).Floats("s0", {1}, {1}).Int("zero", 0).Int("three", 3).Int("five", 5);
  model.Node("Shape", {"x"}, {"shape"}).Node("Gather", {"shape", "zero"}, {"length"});
  model.Node("Less", {"zero", "length"}, {"some"})
      .Node("Loop", {most, condition, "s0"}, {"last", "all"}, "loop");
  return model.Attribute("body", body);
}

// The trip count is a number, or the length of x, which may be 0 or stay open: then x[i] is a slice, not a
// lookup.
TEST(Loops, TripCountIsKnown) {
  std::unique_ptr<ir::Module> module = Imported(LoopOf(LoopBody(), {5, 1}, "three", "").Output("all"));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{10, 20, 30, 40, 50}}), ElementsAre(1, 12, 44));
  EXPECT_THAT(Body(*module), Not(HasSubstr("%i")));
  module = Imported(LoopOf(LoopBody(), {3, 1}, "length", "").Output("last"));
  EXPECT_THAT(Computed(*module, {{10, 20, 30}}), ElementsAre(118));
  module = Imported(LoopOf(LoopBody(), {"T", 1}, "length", "").Output("last"), Open({"T"}));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Body(*module), HasSubstr("scan t<T each(%xt: f32[1] = %x) carry(%s: f32[1] = @s0)"));
  OnnxBuilder backwards = LoopOf(LoopBody(), {3, 1}, "minus", "");
  module = Imported(backwards.Int("minus", -2).Output("last"));  // none
  EXPECT_THAT(Computed(*module, {{10, 20, 30}}), ElementsAre(1));
  module = Imported(LoopOf(LoopBody(), {0, 1}, "length", "").Output("last"));
  EXPECT_THAT(Computed(*module, {{}}), ElementsAre(1));
}

// The step's number itself, and a carried value that a step gives on.
TEST(Loops, NumberAndUnchangedValues) {
  OnnxBuilder body(17), model(17);
  body.Input("i", {}, OnnxBuilder::kInt64).Input("c", {}, kBool).Input("w", {1}).Input("s", {1});
  body.Node("Cast", {"i"}, {"f"})
      .Attribute("to", 1)
      .Node("Mul", {"w", "f"}, {"p"})
      .Node("Add", {"s", "p"}, {"n"});
  body.Node("Identity", {"w"}, {"same"}).Output("c").Output("same").Output("n");
  model.Input("w0", {1})
      .Floats("s0", {1}, {1})
      .Int("M", 4)
      .Node("Loop", {"M", "", "w0", "s0"}, {"w1", "s1"}, "loop");
  model.Attribute("body", body).Node("Concat", {"w1", "s1"}, {"y"}).Attribute("axis", 0);
  std::unique_ptr<ir::Module> module = Imported(model.Output("y"));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{5}}), ElementsAre(5, 31));  // 1 + 5 (0 + 1 + 2 + 3)
  EXPECT_THAT(Body(*module), HasSubstr("carry(%s: f32[1] = @s0)"));
}

// Conditions as exporters write them, with a limit and without. Catches a step too many or too few.
TEST(Loops, ConditionsThatCount) {
  const auto with = [](const std::string& op, const std::string& left, const std::string& right) {
    OnnxBuilder body = LoopBody("go");
    body.Int("one", 1).Node("Add", {"i", "one"}, {"j"}).Node(op, {left, right}, {"go"});
    return body;
  };
  const auto last = [](const OnnxBuilder& body, const std::string& most) {
    std::unique_ptr<ir::Module> module = Imported(LoopOf(body, {5, 1}, most, "some").Output("last"));
    return module == nullptr ? std::vector<double>() : Computed(*module, {{10, 20, 30, 40, 50}});
  };
  const std::vector<double> three = {118}, four = {276}, five = {602};
  EXPECT_EQ(last(with("Less", "j", "three"), ""), three);  // 1 < 3, 2 < 3, then 3
  EXPECT_EQ(last(with("Less", "i", "three"), ""), four);   // the step's own number: one more
  EXPECT_EQ(last(with("LessOrEqual", "j", "three"), ""), four);
  EXPECT_EQ(last(with("Greater", "three", "j"), "five"), three);
  EXPECT_EQ(last(with("Less", "j", "length"), ""), five);
  EXPECT_EQ(last(with("Less", "j", "five"), "three"), three);                 // the limit is less
  EXPECT_EQ(last(with("Less", "five", "i"), ""), (std::vector<double>{12}));  // false at once: one step
}

// tf2onnx: a conjunction of two comparisons in floats, a counter of its own, and the length as a carried
// value.
OnnxBuilder FromTensorFlow(const OnnxBuilder::Dims& x) {
  OnnxBuilder body(15), model(15);
  body.Input("i", {}, OnnxBuilder::kInt64).Input("c", {}, kBool).Input("time", {}, onnx::TensorProto::INT32);
  body.Input("s", {1}).Input("length", {}, onnx::TensorProto::INT32).Floats("two", {1}, {2});
  body.Node("Constant", {}, {"one"})
      .Attribute("value_int", 1)
      .Node("Cast", {"one"}, {"one32"})
      .Attribute("to", 6);
  body.Node("Add", {"time", "one32"}, {"later"}).Node("Gather", {"x", "time"}, {"xt"});
  body.Node("Mul", {"s", "two"}, {"d"}).Node("Add", {"d", "xt"}, {"next"});
  body.Node("Cast", {"i"}, {"fi"}).Attribute("to", 1).Node("Cast", {"later"}, {"fl"}).Attribute("to", 1);
  body.Node("Cast", {"length"}, {"fn"}).Attribute("to", 1);
  body.Node("Less", {"fi", "fn"}, {"a"}).Node("Less", {"fl", "fn"}, {"b"}).Node("And", {"a", "b"}, {"go"});
  body.Output("go").Output("later").Output("next").Output("length").Output("next");
  model.Input("x", x).Floats("s0", {1}, {1}).Floats("zero", {}, {0}).Int("first", 0);
  model.Node("Shape", {"x"}, {"shape"}).Node("Gather", {"shape", "first"}, {"n"});
  model.Node("Cast", {"n"}, {"n32"}).Attribute("to", 6).Node("Cast", {"first"}, {"time0"}).Attribute("to", 6);
  model.Node("Cast", {"n32"}, {"nf"}).Attribute("to", 1).Node("Cast", {"n32"}, {"M"}).Attribute("to", 7);
  model.Node("Less", {"zero", "nf"}, {"some"});
  model.Node("Loop", {"M", "some", "time0", "s0", "n32"}, {"time1", "last", "n1", "all"}, "while");
  return model.Attribute("body", body).Output("all");
}

TEST(Loops, AsTensorFlowExportsThem) {
  std::unique_ptr<ir::Module> module = Imported(FromTensorFlow({3, 1}));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{10, 20, 30}}), ElementsAre(12, 44, 118));
  module = Imported(FromTensorFlow({"T", 1}), Open({"T"}));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Body(*module), HasSubstr("scan t<T each(%xt: f32[1] = %x)"));
  module = Imported(FromTensorFlow({0, 1}));
  EXPECT_THAT(Computed(*module, {{}}), IsEmpty());
}

void LastNodeFirst(OnnxBuilder& body) {
  for (int i = body.Graph().node_size() - 1; i > 0; --i) body.Graph().mutable_node()->SwapElements(i, i - 1);
}

// x[n-1-i] reads backwards, x[i+1] from the second on; what may lie outside stays a lookup.
TEST(Loops, IndicesThatMove) {
  OnnxBuilder back = LoopBody("c", "k");
  back.Int("two_", 2).Node("Sub", {"two_", "i"}, {"k"});
  LastNodeFirst(back);
  std::unique_ptr<ir::Module> module = Imported(LoopOf(back, {3, 1}, "three", "").Output("last"));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{10, 20, 30}}), ElementsAre(8 + 4 * 30 + 2 * 20 + 10));
  EXPECT_THAT(Body(*module), Not(HasSubstr("gather %x,")));
  OnnxBuilder beyond = LoopBody("c", "k");
  beyond.Int("two_", 2).Node("Add", {"two_", "i"}, {"k"});
  LastNodeFirst(beyond);
  module = Imported(LoopOf(beyond, {5, 1}, "three", "").Output("last"));
  EXPECT_THAT(Computed(*module, {{10, 20, 30, 40, 50}}), ElementsAre(8 + 4 * 30 + 2 * 40 + 50));
  EXPECT_THAT(Body(*module), HasSubstr("slice"));
  module = Imported(LoopOf(beyond, {4, 1}, "three", "").Output("last"));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Body(*module), HasSubstr("gather %x, %k"));
}

TEST(Loops, Refusals) {
  OnnxBuilder data = LoopBody("go");
  data.Floats("limit", {}, {100}).Node("Squeeze", {"next"}, {"n"}).Node("Less", {"n", "limit"}, {"go"});
  EXPECT_EQ(Refusal(LoopOf(data, {5, 1}, "five", "").Output("last")),
            "m.onnx: loop: cond: 'go' depends on what the loop computes; only trip counts that follow from "
            "sizes, and "
            "counters against such, are computed");
  OnnxBuilder given(17);
  OnnxBuilder body = LoopBody();
  given.Input("x", {5, 1}).Input("M", {}, OnnxBuilder::kInt64).Floats("s0", {1}, {1});
  given.Node("Loop", {"M", "", "s0"}, {"last", "all"}, "loop").Attribute("body", body);
  EXPECT_EQ(Refusal(given.Output("last")),
            "m.onnx: loop: M: 'M' depends on the input 'M'; give its value with --const M=VALUE");
  EXPECT_EQ(Refusal(LoopOf(LoopBody(), {5, 1}, "", "").Output("last")),
            "m.onnx: loop: neither M nor the condition ends the loop; give it a trip count");
  OnnxBuilder many(17);
  many.Input("x", {5, 1}).Int("M", int64_t{1} << 50).Floats("s0", {1}, {1});
  OnnxBuilder step(17);
  step.Input("i", {}, OnnxBuilder::kInt64).Input("c", {}, kBool).Input("s", {1});
  step.Node("Add", {"s", "s"}, {"next"}).Output("c").Output("next").Output("next");
  many.Node("Loop", {"M", "", "s0"}, {"last", "all"}, "loop").Attribute("body", step);
  EXPECT_THAT(Refusal(many.Output("all")),
              HasSubstr("m.onnx: loop: output 'next': f32[1125899906842624,1] is too "
                        "large to be computed"));
  // Three steps, or T when that is less.
  OnnxBuilder both = LoopBody("go");
  both.Int("one", 1).Node("Add", {"i", "one"}, {"j"}).Node("Less", {"j", "length"}, {"go"});
  EXPECT_EQ(Refusal(LoopOf(both, {"T", 1}, "three", "some").Output("last"), Open({"T"})),
            "m.onnx: loop: how many steps the loop makes depends on the sizes: 3, T; bind them with --dim");
  // While 0 < T is false before the first step, a Loop without M makes none; with `true` it makes one.
  OnnxBuilder once = LoopBody("go");
  once.Int("one", 1).Node("Add", {"i", "one"}, {"j"}).Node("Less", {"j", "length"}, {"go"});
  std::unique_ptr<ir::Module> module =
      Imported(LoopOf(once, {"T", 1}, "", "some").Output("last"), Open({"T"}));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Body(*module), HasSubstr("scan t<T "));
  module = Imported(LoopOf(once, {"T", 1}, "", "").Output("last"), Open({"T"}));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(module->sizes, testing::SizeIs(1));  // with at least one frame only
  EXPECT_EQ(module->sizes[0].low, 1);
}

// An If whose condition changes from step to step has no branch to choose.
TEST(Loops, AnIfOnTheStepIsRefused) {
  OnnxBuilder then(17), otherwise(17), body = LoopBody();
  then.Node("Neg", {"s"}, {"r"}).Output("r");
  otherwise.Node("Identity", {"s"}, {"r"}).Output("r");
  body.Int("one", 1).Node("Less", {"i", "one"}, {"is"}).Node("If", {"is"}, {"chosen"}, "if");
  body.Attribute("then_branch", then).Attribute("else_branch", otherwise).Output("chosen");
  OnnxBuilder model = LoopOf(body, {3, 1}, "three", "");
  model.LastNode().add_output("chosens");
  EXPECT_EQ(Refusal(model.Output("chosens")),
            "m.onnx: if: cond: 'is' changes from step to step with 'i'; export the model without it");
}

// ---- sequences ----

// scripted PyTorch: ys.append(s * 2 + x[i]), then stack or cat.
OnnxBuilder Collect(int64_t new_axis, int64_t axis, const OnnxBuilder::Dims& x = {3, 2}) {
  OnnxBuilder body(17), model(17);
  body.Input("i", {}, OnnxBuilder::kInt64).Input("c", {}, kBool).Input("s", {2}).Input("ys", {});
  body.Floats("two", {1}, {2}).Node("Mul", {"s", "two"}, {"d"}).Node("Gather", {"x", "i"}, {"xt"});
  body.Node("Add", {"d", "xt"}, {"next"}).Node("SequenceInsert", {"ys", "next"}, {"more"});
  body.Output("c").Output("next").Output("more");
  model.Input("x", x).Floats("s0", {2}, {1, 2}).Int("zero", 0).Node("Shape", {"x"}, {"shape"});
  model.Node("Gather", {"shape", "zero"}, {"length"}).Node("SequenceEmpty", {}, {"none"});
  model.Node("Loop", {"length", "", "s0", "none"}, {"last", "seq"}, "loop").Attribute("body", body);
  model.Node("ConcatFromSequence", {"seq"}, {"y"}, "join")
      .Attribute("axis", axis)
      .Attribute("new_axis", new_axis);
  return model.Output("y");
}

TEST(Sequences, CollectedByALoop) {
  const auto run = [](const OnnxBuilder& model) {
    std::unique_ptr<ir::Module> module = Imported(model);
    return module == nullptr ? std::vector<double>() : Computed(*module, {{10, 20, 30, 40, 50, 60}});
  };
  EXPECT_THAT(run(Collect(1, 0)), ElementsAre(12, 24, 54, 88, 158, 236));
  EXPECT_THAT(run(Collect(1, -1)), ElementsAre(12, 54, 158, 24, 88, 236));
  EXPECT_THAT(run(Collect(0, 0)), ElementsAre(12, 24, 54, 88, 158, 236));
  std::unique_ptr<ir::Module> module = Imported(Collect(0, 0, {"T", 2}), Open({"T"}));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Body(*module), HasSubstr("(%y: f32[2*T])"));
}

// Outside of loops: a list, by position. Catches positions counted wrongly.
TEST(Sequences, OfKnownElements) {
  OnnxBuilder model(17);
  model.Input("a", {1}).Input("b", {1}).Int("zero", 0).Int("last", -1);
  model.Node("SequenceConstruct", {"a"}, {"s"}).Node("SequenceInsert", {"s", "b", "zero"}, {"t"});
  model.Node("SequenceInsert", {"t", "a"}, {"u"}).Node("SequenceAt", {"u", "last"}, {"e"});
  model.Node("Neg", {"e"}, {"f"}).Node("SequenceInsert", {"u", "f"}, {"v"});
  model.Node("ConcatFromSequence", {"v"}, {"y"}).Attribute("axis", 0);
  std::unique_ptr<ir::Module> module = Imported(model.Output("y"));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{1}, {2}}), ElementsAre(2, 1, 1, -1));
}

// for row in x.split(1): the Loop reads element i of a sequence.
TEST(Sequences, ReadByALoop) {
  OnnxBuilder body(17), model(17);
  body.Input("i", {}, OnnxBuilder::kInt64).Input("c", {}, kBool).Input("s", {1, 1});
  body.Node("SequenceAt", {"rows", "i"}, {"xt"}).Node("Sub", {"xt", "s"}, {"next"});
  body.Output("c").Output("next").Output("next");
  model.Input("x", {"T", 1})
      .Floats("s0", {1, 1}, {1})
      .Node("SplitToSequence", {"x"}, {"rows"})
      .Attribute("axis", 0);
  model.Node("SequenceLength", {"rows"}, {"n"}).Node("Loop", {"n", "", "s0"}, {"last", "all"}, "loop");
  model.Attribute("body", body).Output("all");
  std::unique_ptr<ir::Module> module = Imported(model, Bound({{"T", 3}}));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{10, 20, 30}}), ElementsAre(9, 11, 19));
  module = Imported(model, Open({"T"}));
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Body(*module), HasSubstr("scan t<T each("));
}

TEST(Sequences, Refusals) {
  OnnxBuilder output(17);
  output.Input("a", {1}).Node("SequenceConstruct", {"a"}, {"s"});
  EXPECT_EQ(Refusal(output.Output("s")),
            "m.onnx: output 's': is a sequence; return its elements as tensors, or joined");
  OnnxBuilder tensor(17);
  tensor.Input("a", {1}).Node("SequenceConstruct", {"a"}, {"s"}).Node("Neg", {"s"}, {"y"}, "neg");
  EXPECT_EQ(Refusal(tensor.Output("y")), "m.onnx: neg: input 's': is a sequence, must be a tensor");
  OnnxBuilder join(17);
  join.Input("a", {1}).Node("ConcatFromSequence", {"a"}, {"y"}, "join").Attribute("axis", 0);
  EXPECT_EQ(Refusal(join.Output("y")), "m.onnx: join: input 'a': is a tensor, must be a sequence");
  OnnxBuilder twice = Collect(1, 0);
  onnx::GraphProto& body = *twice.Graph().mutable_node(3)->mutable_attribute(0)->mutable_g();
  body.add_node()->CopyFrom(body.node(3));
  body.mutable_node(4)->set_input(0, "more");
  body.mutable_node(4)->set_output(0, "most");
  body.mutable_output(2)->set_name("most");
  EXPECT_EQ(
      Refusal(twice),
      "m.onnx: loop: carried sequence 'most': a step must append one element to it (SequenceInsert without a "
      "position) and do nothing else with it; give out what a step computes as a scan output");
}

}  // namespace
}  // namespace rnnc::import
