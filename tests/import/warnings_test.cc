// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <filesystem>

#include "tests/import/import_test.h"

// What is computed as the file says and is probably an exporter's mistake is said, once, by node; a model as
// it should be is not suspected.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using testing::HasSubstr;

// The warnings of a model, one a line.
std::string Warned(const OnnxBuilder& model, const ImportOptions& options = {}) {
  ImportNotes notes;
  EXPECT_NE(Imported(model, options, &notes), nullptr);
  std::string text;
  for (const Diagnostic& warning : notes.warnings) text += Render(warning) + "\n";
  return text;
}

OnnxBuilder Rnn(const OnnxBuilder::Dims& x, const std::vector<std::string>& more = {},
                const std::vector<std::string>& outputs = {"y"}) {
  OnnxBuilder model(17);
  model.Input("x", x).FloatsOf("W", {1, 3, 2}).FloatsOf("R", {1, 3, 3});
  std::vector<std::string> inputs = {"x", "W", "R"};
  inputs.insert(inputs.end(), more.begin(), more.end());
  model.Node("RNN", inputs, outputs, "rnn");
  for (const std::string& output : outputs) {
    if (!output.empty()) model.Output(output);
  }
  return model;
}

OnnxBuilder& Zeros(OnnxBuilder& model, const std::string& name, const std::vector<int64_t>& dims) {
  int64_t count = 1;
  for (const int64_t dim : dims) count *= dim;
  return model.Floats(name, dims, std::vector<float>(static_cast<size_t>(count), 0.0f));
}

// A state that was traced for one sequence compiles, for that one.
TEST(Warnings, BatchOfAConstantState) {
  OnnxBuilder model = Rnn({"T", "B", 2}, {"", "", "h0"});
  model.FloatsOf("h0", {1, 1, 3});
  EXPECT_THAT(Warned(model), HasSubstr("rnn: warning: initial_h: is a constant for a batch of 1, and X has "
                                       "f32[T,B,2]; the batch was fixed"));
}

// Two: the batch is what the state says, not one.
TEST(Warnings, BatchOfAConstantStateIsBound) {
  OnnxBuilder model = Rnn({"T", "B", 2}, {"", "", "h0"});
  const std::unique_ptr<ir::Module> module = Imported(model.FloatsOf("h0", {1, 2, 3}));
  ASSERT_NE(module, nullptr);
  EXPECT_EQ(module->FindFunction("main")->Body().Arguments()[0]->type.ToText(), "f32[T,2,2]");
}

// Lengths that a call could only fail with.
TEST(Warnings, ConstantLengthsOutside) {
  for (const int32_t length : {6, -1}) {
    OnnxBuilder model = Rnn({5, 2, 2}, {"", "lens"});
    const std::vector<int32_t> lengths = {5, length};
    model.Initialiser(
        test::RawTensor("lens", onnx::TensorProto::INT32, {2}, std::as_bytes(std::span(lengths))));
    EXPECT_THAT(Refusal(model), HasSubstr(fmt::format("rnn: sequence_lens: {} lies outside 0..5", length)));
  }
}

// The same, computed: zeros expanded to numbers.
TEST(Warnings, BatchOfExpandedZeros) {
  OnnxBuilder model(17);
  Zeros(model.Input("x", {"T", "B", 2}).FloatsOf("W", {1, 3, 2}).FloatsOf("R", {1, 3, 3}), "zero", {1});
  model.Ints("sizes", {1, 1, 3})
      .Node("Expand", {"zero", "sizes"}, {"h0"}, "expand")
      .Node("RNN", {"x", "W", "R", "", "", "h0"}, {"y"}, "rnn")
      .Output("y");
  EXPECT_THAT(Warned(model), HasSubstr("rnn: warning: initial_h: is a constant for a batch of 1"));
}

TEST(Warnings, ConstantLengths) {
  OnnxBuilder model = Rnn({"T", 2, 2}, {"", "lens"});
  const std::vector<int32_t> lengths = {5, 5};
  model.Initialiser(
      test::RawTensor("lens", onnx::TensorProto::INT32, {2}, std::as_bytes(std::span(lengths))));
  EXPECT_THAT(Warned(model), HasSubstr("rnn: warning: sequence_lens: is a constant, and X has T steps"));
}

// Lengths that are computed from X's own length are not fixed.
TEST(Warnings, NotOfLengthsThatFollowX) {
  OnnxBuilder model(17);
  model.Input("x", {"T", 1, 2}).FloatsOf("W", {1, 3, 2}).FloatsOf("R", {1, 3, 3});
  model.Node("Shape", {"x"}, {"length"}, "shape").Attribute("end", 1);
  model.Node("Cast", {"length"}, {"lens"}, "cast").Attribute("to", int64_t{onnx::TensorProto::INT32});
  model.Node("RNN", {"x", "W", "R", "", "lens"}, {"y"}, "rnn").Output("y");
  EXPECT_EQ(Warned(model), "");
}

constexpr const char* kLost = "rnn: warning: initial_h: is zero in every call of one step";

TEST(Warnings, StepWithoutMemory) {
  EXPECT_THAT(Warned(Rnn({1, 1, 2})), HasSubstr(kLost));
  // A layer behind the last state does not bring it to the caller.
  OnnxBuilder read(17);
  read.Input("x", {1, 1, 2}).FloatsOf("W", {1, 3, 2}).FloatsOf("R", {1, 3, 3}).FloatsOf("D", {3, 2});
  read.Node("RNN", {"x", "W", "R"}, {"", "h"}, "rnn").Node("MatMul", {"h", "D"}, {"d"}, "dense").Output("d");
  EXPECT_THAT(Warned(read), HasSubstr(kLost));
  OnnxBuilder zeros = Rnn({1, 1, 2}, {"", "", "h0"});
  EXPECT_THAT(Warned(Zeros(zeros, "h0", {1, 1, 3})), HasSubstr(kLost));
}

// A warning that always comes is none.
TEST(Warnings, NotOfModelsAsTheyShouldBe) {
  OnnxBuilder state = Rnn({1, 1, 2}, {"", "", "h0"});
  state.Input("h0", {1, 1, 3});
  OnnxBuilder learned = Rnn({1, 1, 2}, {"", "", "h0"});
  learned.FloatsOf("h0", {1, 1, 3});
  OnnxBuilder given = Rnn({"T", "B", 2}, {"", "", "h0"});
  given.Input("h0", {1, "B", 3});
  OnnxBuilder reverse = Rnn({1, 1, 2});
  reverse.Attribute("direction", "reverse");
  OnnxBuilder expanded(17);
  Zeros(expanded.Input("x", {"T", "B", 2}).FloatsOf("W", {1, 3, 2}).FloatsOf("R", {1, 3, 3}), "zero", {1});
  expanded.Ints("one", {1}).Ints("three", {3});
  expanded.Node("Shape", {"x"}, {"batch"}, "shape").Attribute("start", 1).Attribute("end", 2);
  expanded.Node("Concat", {"one", "batch", "three"}, {"sizes"}, "sizes").Attribute("axis", 0);
  expanded.Node("Expand", {"zero", "sizes"}, {"h0"}, "expand");
  expanded.Node("RNN", {"x", "W", "R", "", "", "h0"}, {"y"}, "rnn").Output("y");
  EXPECT_EQ(Warned(state), "");
  EXPECT_EQ(Warned(learned), "");
  EXPECT_EQ(Warned(given), "");
  EXPECT_EQ(Warned(reverse), "");
  EXPECT_EQ(Warned(expanded), "");
  EXPECT_EQ(Warned(Rnn({5, 1, 2})), "");
  EXPECT_EQ(Warned(Rnn({"T", "B", 2})), "");
  EXPECT_EQ(Warned(Rnn({1, 1, 2}, {}, {"y", "h"})), "");       // the caller gets the state
  EXPECT_EQ(Warned(Rnn({"T", 1, 2}), Bound({{"T", 1}})), "");  // and here asked for one step
}

TEST(Warnings, NotOfTheModelsOfTheseTests) {
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(RNNC_SOURCE_DIR "/tests/data")) {
    const std::string path = (entry.path() / "model.onnx").string();
    if (!std::filesystem::exists(path)) continue;
    ImportNotes notes;
    ASSERT_TRUE(ImportOnnx(path, {}, &notes).ok()) << path;
    EXPECT_EQ(Render(notes.warnings), "") << path;
    ++models;
  }
  EXPECT_GE(models, 8);
}

}  // namespace
}  // namespace rnnc::import
