// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that are broken by accident or on purpose, given to the compiler's binary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "compiler/support/file.h"
#include "tests/support/native/model_files.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

using ::testing::HasSubstr;

constexpr const char* kOlder = "an older object";

std::vector<std::string> FilesIn(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The line that the compiler refuses `path` with. Fails the test unless that is all it does: one line on
// stderr, exit status 1, the object of an earlier run as it was, no other file.
std::string RefusalOf(const std::string& path, const std::vector<std::string>& options = {}) {
  const TempFolder output;
  WriteFile(output / "net.o", kOlder).value();
  std::vector<std::string> command = {"compile", path, "-o", output / "net.o"};
  command.insert(command.end(), options.begin(), options.end());
  const ProcessResult result = Rnnc(command, output.path().string());
  EXPECT_EQ(result.exit_code, 1) << result.errors;
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
  EXPECT_THAT(result.errors, HasSubstr("rnnc: "));
  EXPECT_THAT(result.errors, HasSubstr(std::filesystem::path(path).filename().string()));
  EXPECT_THAT(FilesIn(output.path()), ::testing::ElementsAre("net.o"));
  const auto older = ReadFile(output / "net.o");
  EXPECT_TRUE(older.ok() && *older == kOlder) << "the object of an earlier run is gone";
  return result.errors;
}

std::string RefusalOfBytes(const std::string& bytes, const std::vector<std::string>& options = {}) {
  const TempFolder folder;
  WriteFile(folder / "broken.onnx", bytes).value();
  return RefusalOf(folder / "broken.onnx", options);
}

std::string RefusalOfModel(const OnnxBuilder& model, const std::vector<std::string>& options = {}) {
  return RefusalOfBytes(model.Bytes(), options);
}

OnnxBuilder Product() {
  OnnxBuilder model(17);
  model.Input("x", {2, 3}).FloatsOf("w", {3, 4}).Node("MatMul", {"x", "w"}, {"y"}, "mm").Output("y");
  return model;
}

// Catches a parser that takes the first half of a network for all of it.
TEST(HostileFiles, Truncated) {
  const auto whole = ReadFile(OwnModel("lstm_small"));
  ASSERT_TRUE(whole.ok());
  std::vector<size_t> lengths = {1, 2, 3, 5, 8};
  for (size_t length = 37; length < whole->size(); length += 37) lengths.push_back(length);
  for (size_t length = whole->size() - 12; length < whole->size(); ++length) lengths.push_back(length);
  for (const size_t length : lengths) {
    RefusalOfBytes(whole->substr(0, length));
    ASSERT_FALSE(::testing::Test::HasFailure())
        << "cut after " << length << " of " << whole->size() << " bytes";
  }
}

// Catches a crash on what is no model, and a line that does not say so.
TEST(HostileFiles, NoModelAtAll) {
  EXPECT_THAT(RefusalOfBytes(""), HasSubstr("empty"));
  EXPECT_THAT(RefusalOfBytes("This is a text, and no model at all.\n"), HasSubstr("not an ONNX model"));
  EXPECT_THAT(RefusalOfBytes(std::string(4096, '\0')), HasSubstr("not an ONNX model"));
  EXPECT_THAT(RefusalOf("/no/such/net.onnx"), HasSubstr("no such file"));
  EXPECT_THAT(RefusalOf(std::filesystem::temp_directory_path().string() + "/."), HasSubstr("cannot read"));
  const auto object = ReadFile(RNNC_BINARY_DIR "/rnnc");
  ASSERT_TRUE(object.ok());
  EXPECT_THAT(RefusalOfBytes(object->substr(0, 100000)), HasSubstr("not an ONNX model"));
}

// Catches a walk over the graph that does not end, and a value taken from nowhere.
TEST(HostileFiles, BrokenGraphs) {
  EXPECT_THAT(RefusalOfModel(OnnxBuilder(17)
                                 .Input("x", {2})
                                 .Node("Add", {"x", "b"}, {"a"}, "one")
                                 .Node("Relu", {"a"}, {"b"}, "two")
                                 .Output("b")),
              HasSubstr("cycle"));
  EXPECT_THAT(RefusalOfModel(OnnxBuilder(17).Node("Relu", {"x"}, {"y"}, "one").Output("y")),
              HasSubstr("one: input 'x'"));
  EXPECT_THAT(RefusalOfModel(OnnxBuilder(17).Input("x", {2}).Output("z")), HasSubstr("output 'z'"));
  EXPECT_THAT(
      RefusalOfModel(OnnxBuilder(17).Input("x", {2}).Node("Frobnicate", {"x"}, {"y"}, "one").Output("y")),
      HasSubstr("Frobnicate"));
}

// Catches weights read as zeros, and a file that leaves its folder.
TEST(HostileFiles, ExternalData) {
  const auto refusal = [](const std::string& location) {
    OnnxBuilder model = Product();
    onnx::TensorProto& weights = *model.Graph().mutable_initializer(0);
    weights.clear_raw_data();
    weights.clear_float_data();
    weights.set_data_location(onnx::TensorProto::EXTERNAL);
    auto& entry = *weights.add_external_data();
    entry.set_key("location");
    entry.set_value(location);
    return RefusalOfModel(model);
  };
  EXPECT_THAT(refusal("weights.bin"), HasSubstr("weights.bin"));
  EXPECT_THAT(refusal("../weights.bin"), HasSubstr("folder"));
  EXPECT_THAT(refusal("/etc/passwd"), HasSubstr("folder"));
  EXPECT_THAT(refusal(""), HasSubstr("no file is named"));
}

// Catches an index taken before the rank is checked.
TEST(HostileFiles, WrongRanks) {
  EXPECT_THAT(RefusalOfModel(OnnxBuilder(17)
                                 .Input("x", {2, 3})
                                 .FloatsOf("w", {4, 4})
                                 .Node("MatMul", {"x", "w"}, {"y"}, "mm")
                                 .Output("y")),
              HasSubstr("mm"));
  const auto lstm = [](const OnnxBuilder::Dims& x, const std::vector<int64_t>& w,
                       const std::vector<int64_t>& r) {
    OnnxBuilder model(17);
    model.Input("x", x).FloatsOf("W", w).FloatsOf("R", r).Node("LSTM", {"x", "W", "R"}, {"y"}, "rnn");
    return model.Attribute("hidden_size", 2).Output("y");
  };
  EXPECT_THAT(RefusalOfModel(lstm({1, 4}, {1, 8, 4}, {1, 8, 2})), HasSubstr("rnn"));
  EXPECT_THAT(RefusalOfModel(lstm({5, 1, 4}, {8, 4}, {1, 8, 2})), HasSubstr("rnn"));
  EXPECT_THAT(RefusalOfModel(lstm({5, 1, 4}, {1, 8, 4}, {1, 8, 3})), HasSubstr("rnn"));
  EXPECT_THAT(RefusalOfModel(lstm({5, 1, 3}, {1, 8, 4}, {1, 8, 2})), HasSubstr("rnn"));
  EXPECT_THAT(RefusalOfModel(lstm({}, {1, 8, 4}, {1, 8, 2})), HasSubstr("rnn"));
}

// Catches a product of sizes that overflows, memory asked for before a size is judged, and code or an
// instance that no machine holds.
TEST(HostileFiles, HugeSizes) {
  constexpr int64_t kHuge = int64_t{1} << 40;
  const auto relu = [](const OnnxBuilder::Dims& dims) {
    return OnnxBuilder(17).Input("x", dims).Node("Relu", {"x"}, {"y"}, "one").Output("y");
  };
  RefusalOfModel(relu({kHuge}));
  RefusalOfModel(relu({kHuge, kHuge, kHuge}));
  RefusalOfModel(relu({int64_t{1} << 62, 4}));
  RefusalOfModel(relu({"N"}), {"--dim", "N=9223372036854775807"});
  RefusalOfModel(relu({2}), {"--shape", "x=4294967296x4294967296"});
  RefusalOfModel(OnnxBuilder(17)
                     .Ints("shape", {kHuge, 1024})
                     .Node("ConstantOfShape", {"shape"}, {"z"}, "zeros")
                     .Input("x", {1})
                     .Node("Add", {"x", "z"}, {"y"}, "one")
                     .Output("y"));
  RefusalOfModel(OnnxBuilder(17)
                     .Input("x", {1})
                     .Ints("shape", {kHuge})
                     .Node("Expand", {"x", "shape"}, {"y"}, "wide")
                     .Output("y"));
  OnnxBuilder weights = Product();
  weights.Graph().mutable_initializer(0)->set_dims(0, kHuge);
  RefusalOfModel(weights);
  weights.Graph().mutable_initializer(0)->set_dims(0, -3);
  RefusalOfModel(weights);
  OnnxBuilder lstm(17);
  lstm.Input("x", {kHuge, 1, 4}).FloatsOf("W", {1, 8, 4}).FloatsOf("R", {1, 8, 2});
  lstm.Node("LSTM", {"x", "W", "R"}, {"y"}, "rnn").Attribute("hidden_size", 2).Output("y");
  RefusalOfModel(lstm);
}

}  // namespace
}  // namespace rnnc::test
