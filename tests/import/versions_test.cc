// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <functional>
#include <map>

#include "tests/import/import_test.h"

// Older forms of operators become the newest one. Catches version rules that change the meaning.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using testing::HasSubstr;

std::string TextOf(const OnnxBuilder& model) {
  std::unique_ptr<ir::Module> module = Imported(model);
  return module == nullptr ? "" : ir::Print(*module, {.locations = false});
}

OnnxBuilder Unary(const std::string& op, int opset) {
  OnnxBuilder model(opset);
  model.Input("x", {2, 3, 4}).Node(op, {"x"}, {"y"}, "n").Output("y");
  return model;
}

TEST(Versions, AxesBecomeAnOperand) {
  const std::vector<int64_t> axis = {1};
  const std::string sum = TextOf(Unary("ReduceSum", 12).Attribute("axes", axis).Attribute("keepdims", 0));
  EXPECT_THAT(sum, HasSubstr("const @y_axes: i64[1] = [1]"));
  EXPECT_THAT(
      sum, HasSubstr("%y: f32[2,4] = reduce_sum x: %x, axes: @y_axes {keepdims=0, noop_with_empty_axes=0}"));
  EXPECT_THAT(TextOf(Unary("ReduceMax", 17).Attribute("axes", axis)),
              HasSubstr("%y: f32[2,1,4] = reduce_max"));
  EXPECT_THAT(TextOf(Unary("ReduceMean", 17)), HasSubstr("%y: f32[1,1,1] = reduce_mean x: %x {"));
  EXPECT_THAT(TextOf(Unary("Unsqueeze", 11).Attribute("axes", std::vector<int64_t>{0, -1})),
              HasSubstr("%y: f32[1,2,3,4,1] = unsqueeze %x, @y_axes"));
  OnnxBuilder squeeze(9);
  squeeze.Input("x", {1, 3, 1})
      .Node("Squeeze", {"x"}, {"y"})
      .Attribute("axes", std::vector<int64_t>{0})
      .Output("y");
  EXPECT_THAT(TextOf(squeeze), HasSubstr("%y: f32[3,1] = squeeze x: %x, axes: @y_axes"));
  EXPECT_THAT(TextOf(Unary("ReduceSum", 13).Attribute("noop_with_empty_axes", 1)),
              HasSubstr("%y: f32[2,3,4]"));
}

TEST(Versions, SoftmaxWorkedOnAMatrix) {
  const std::string old = TextOf(Unary("Softmax", 12));
  EXPECT_THAT(old, HasSubstr("f32[2,12] = flatten %x {axis=1}"));
  EXPECT_THAT(old, HasSubstr("f32[2,12] = softmax"));
  EXPECT_THAT(old, HasSubstr("%y: f32[2,3,4] = reshape"));
  EXPECT_THAT(TextOf(Unary("Softmax", 12).Attribute("axis", 2)),
              HasSubstr("%y: f32[2,3,4] = softmax %x {axis=2}"));
  EXPECT_THAT(TextOf(Unary("LogSoftmax", 13)), HasSubstr("%y: f32[2,3,4] = log_softmax %x {axis=-1}"));
}

TEST(Versions, AttributesBecomeOperands) {
  const std::string clip = TextOf(Unary("Clip", 6 + 1).Attribute("min", -1.0));
  EXPECT_THAT(clip, HasSubstr("const @y_min: f32[] = -1"));
  EXPECT_THAT(clip, HasSubstr("%y: f32[2,3,4] = clip x: %x, min: @y_min"));
  const std::string slice = TextOf(Unary("Slice", 9)
                                       .Attribute("starts", std::vector<int64_t>{1, 0})
                                       .Attribute("ends", std::vector<int64_t>{1000, -1})
                                       .Attribute("axes", std::vector<int64_t>{1, 2}));
  EXPECT_THAT(slice,
              HasSubstr("%y: f32[2,2,3] = slice x: %x, starts: @y_starts, ends: @y_ends, axes: @y_axes"));
  const std::string pad = TextOf(
      Unary("Pad", 10).Attribute("pads", std::vector<int64_t>{0, 0, 1, 0, 0, 2}).Attribute("value", 0.5));
  EXPECT_THAT(pad, HasSubstr("const @y_value: f32[] = 0.5"));
  EXPECT_THAT(pad,
              HasSubstr("%y: f32[2,3,7] = pad x: %x, pads: @y_pads, value: @y_value {mode=\"constant\"}"));
}

TEST(Versions, SplitSizes) {
  OnnxBuilder given(12);
  given.Input("x", {6})
      .Node("Split", {"x"}, {"a", "b"})
      .Attribute("split", std::vector<int64_t>{2, 4})
      .Output("b");
  EXPECT_THAT(TextOf(given), HasSubstr("%a: f32[2], %b: f32[4] = split x: %x, split: @a_split {axis=0}"));
  OnnxBuilder equal(13);
  equal.Input("x", {6}).Node("Split", {"x"}, {"a", "b", "c"}).Output("b");
  EXPECT_THAT(TextOf(equal),
              HasSubstr("%a: f32[2], %b: f32[2], %c: f32[2] = split x: %x {axis=0, num_outputs=3}"));
  OnnxBuilder uneven(13);
  uneven.Input("x", {7}).Node("Split", {"x"}, {"a", "b"}, "n").Output("b");
  EXPECT_THAT(Refusal(uneven), HasSubstr("m.onnx: n: split: is absent, and 2 parts of f32[7] are not equal"));
  OnnxBuilder last(18);
  last.Input("x", {7}).Node("Split", {"x"}, {"a", "b"}, "n").Attribute("num_outputs", 2).Output("b");
  EXPECT_THAT(TextOf(last), HasSubstr("%a: f32[4], %b: f32[3] = split"));
}

TEST(Versions, DropoutIsIdentity) {
  EXPECT_THAT(TextOf(Unary("Dropout", 7).Attribute("ratio", 0.7)), HasSubstr("%y: f32[2,3,4] = identity %x"));
  OnnxBuilder mask(13);
  mask.Input("x", {2}).Node("Dropout", {"x"}, {"y", "m"}, "n").Output("y").Output("m");
  EXPECT_THAT(TextOf(mask), HasSubstr("%m: bool[2] = constant_of_shape"));
  OnnxBuilder old(7);
  old.Input("x", {2}).Node("Dropout", {"x"}, {"y", "m"}, "n").Output("y").Output("m");
  EXPECT_THAT(Refusal(old), HasSubstr("m.onnx: n: mask: is not defined for inference"));
}

TEST(Versions, DefaultsAreWrittenOut) {
  EXPECT_THAT(TextOf(Unary("Transpose", 7)), HasSubstr("%y: f32[4,3,2] = transpose %x {perm=[2, 1, 0]}"));
  EXPECT_THAT(TextOf(Unary("LeakyRelu", 7)), HasSubstr("leaky_relu %x {alpha=0.01}"));
  EXPECT_THAT(TextOf(Unary("Shape", 14)), HasSubstr("%y: i64[3] = shape %x {start=0}"));
  EXPECT_THAT(TextOf(Unary("Shape", 15).Attribute("start", -2)),
              HasSubstr("%y: i64[2] = shape %x {start=-2}"));
  EXPECT_THAT(TextOf(Unary("Cast", 13).Attribute("to", 7)),
              HasSubstr("%y: i64[2,3,4] = cast %x {to=\"i64\"}"));
}

TEST(Versions, AutoPad) {
  const auto conv = [](const char* mode, int stride, int size) {
    OnnxBuilder model(11);
    model.Input("x", {1, 1, size})
        .FloatsOf("w", {1, 1, 4})
        .Node("Conv", {"x", "w"}, {"y"}, "n")
        .Attribute("auto_pad", mode)
        .Attribute("strides", std::vector<int64_t>{stride})
        .Output("y");
    return TextOf(model);
  };
  EXPECT_THAT(conv("SAME_UPPER", 1, 8), HasSubstr("%y: f32[1,1,8]"));
  EXPECT_THAT(conv("SAME_UPPER", 1, 8), HasSubstr("pads=[1, 2]"));
  EXPECT_THAT(conv("SAME_LOWER", 1, 8), HasSubstr("pads=[2, 1]"));
  EXPECT_THAT(conv("SAME_UPPER", 3, 8), HasSubstr("%y: f32[1,1,3]"));
  EXPECT_THAT(conv("SAME_UPPER", 3, 8), HasSubstr("pads=[1, 1]"));
  EXPECT_THAT(conv("VALID", 2, 8), HasSubstr("%y: f32[1,1,3]"));
}

TEST(Constants, EveryForm) {
  OnnxBuilder model(13);
  model.Input("x", {2});
  model.Node("Constant", {}, {"a"}).Attribute("value_float", 1.5).Output("a");
  model.Node("Constant", {}, {"b"}).Attribute("value_floats", std::vector<float>{1, 2}).Output("b");
  model.Node("Constant", {}, {"c"}).Attribute("value_int", int64_t{1} << 60).Output("c");
  model.Node("Constant", {}, {"d"}).Attribute("value_ints", std::vector<int64_t>{3}).Output("d");
  model.Node("Constant", {}, {"e"}).Attribute("value", test::FloatTensor("", {1, 1}, {4})).Output("e");
  const std::string text = TextOf(model);
  for (const char* line :
       {"const @a: f32[] = 1.5", "const @b: f32[2] = [1.0, 2.0]", "const @c: i64[] = 1152921504606846976",
        "const @d: i64[1] = [3]", "const @e: f32[1,1] = "}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  OnnxBuilder strings(13);
  strings.Node("Constant", {}, {"a"}, "n").Attribute("value_string", "s").Output("a");
  EXPECT_THAT(Refusal(strings), HasSubstr("m.onnx: n: value_string: Constant has no such attribute"));
}

// The same numbers, whatever field they are stored in.
TEST(Constants, EveryField) {
  using P = onnx::TensorProto;
  const auto read = [](int type, const std::function<void(P&)>& fill) {
    OnnxBuilder model(17);
    P& tensor = *model.Graph().add_initializer();
    tensor.set_name("w");
    tensor.set_data_type(type);
    tensor.add_dims(2);
    fill(tensor);
    model.Output("w");
    std::unique_ptr<ir::Module> module = Imported(model);
    const ir::Tensor& value = *module->Consts().at(0)->tensor;
    return std::pair<double, double>(value.NumberAt(0), value.NumberAt(1));
  };
  const auto raw = [](const std::string& bytes) { return [bytes](P& t) { t.set_raw_data(bytes); }; };
  const auto ints = [](int a, int b) {
    return [=](P& t) {
      t.add_int32_data(a);
      t.add_int32_data(b);
    };
  };
  using Pair = std::pair<double, double>;
  EXPECT_EQ(read(P::FLOAT16, ints(0x3c00, 0xc000)), Pair(1, -2));
  EXPECT_EQ(read(P::FLOAT16, raw(std::string("\x00\x3c\x00\xc0", 4))), Pair(1, -2));
  EXPECT_EQ(read(P::BFLOAT16, ints(0x3f80, 0xc000)), Pair(1, -2));
  EXPECT_EQ(read(P::INT8, ints(-128, 127)), Pair(-128, 127));
  EXPECT_EQ(read(P::UINT8, raw("\xff\x01")), Pair(255, 1));
  EXPECT_EQ(read(P::INT16, ints(-5, 6)), Pair(-5, 6));
  EXPECT_EQ(read(P::INT32, raw(std::string("\x01\x00\x00\x00\xff\xff\xff\xff", 8))), Pair(1, -1));
  EXPECT_EQ(read(P::BOOL, raw(std::string("\x00\x07", 2))), Pair(0, 1));
  EXPECT_EQ(read(P::BOOL, ints(1, 0)), Pair(1, 0));
  EXPECT_EQ(read(P::DOUBLE,
                 [](P& t) {
                   t.add_double_data(0.1);
                   t.add_double_data(2);
                 }),
            Pair(0.1, 2));
}

TEST(Recurrent, AttributesAreComplete) {
  OnnxBuilder model(7);
  model.Input("x", {5, 1, 2}).FloatsOf("W", {1, 12, 2}).FloatsOf("R", {1, 12, 3});
  model.Node("LSTM", {"x", "W", "R"}, {"", "h"}, "rnn").Output("h");
  model.Attribute("activations", std::vector<std::string>{"sigmoid", "TANH", "Tanh"});
  ImportNotes notes;
  std::unique_ptr<ir::Module> module = Imported(model, {}, &notes);
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(
      ir::Print(*module, {.locations = false}),
      HasSubstr(
          "_, %h: f32[1,1,3], _ = lstm X: %x, W: @W, R: @R {activations=[\"Sigmoid\", \"Tanh\", \"Tanh\"], "
          "direction=\"forward\", hidden_size=3, input_forget=0, layout=0}"));
  ASSERT_EQ(notes.recurrent.size(), 1u);
  EXPECT_TRUE(notes.recurrent[0].Supported());
  std::map<std::string, std::string> said;
  for (const RecurrentAttribute& a : notes.recurrent[0].attributes) {
    said[a.name] = a.value + ", " + std::string(ToText(a.source));
  }
  EXPECT_EQ(said["hidden_size"], "3, inferred");
  EXPECT_EQ(said["direction"], "forward, ONNX default");
  EXPECT_EQ(said["activations"], "[Sigmoid, Tanh, Tanh], attribute");
  EXPECT_EQ(said["initial_c"], "absent, ONNX default");
}

TEST(Recurrent, WarnsOfPyTorchsGru) {
  OnnxBuilder model(17);
  model.Input("x", {5, 1, 2}).FloatsOf("W", {1, 9, 2}).FloatsOf("R", {1, 9, 3});
  model.Node("GRU", {"x", "W", "R"}, {"y"}, "rnn").Output("y");
  model.Model().set_producer_name("pytorch");
  ImportNotes notes;
  ASSERT_NE(Imported(model, {}, &notes), nullptr);
  ASSERT_EQ(notes.warnings.size(), 1u);
  EXPECT_THAT(Render(notes.warnings[0]), HasSubstr("rnn: warning: linear_before_reset: is 0"));
}

}  // namespace
}  // namespace rnnc::import
