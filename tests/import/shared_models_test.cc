// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "compiler/import/import.h"
#include "compiler/ir/printer.h"
#include "tests/support/ir_helpers.h"

// Models that real exporters wrote. Catches rules that fit the tests' own small models only.
namespace rnnc::import {
namespace {

struct Expectation {
  const char* model;
  std::map<std::string, int64_t> dims;
  std::vector<std::string> arguments;
  std::vector<std::string> results;
  std::map<std::string, std::variant<double, ir::TensorPtr>> constants = {};
  std::map<std::string, std::vector<int64_t>> shapes = {};
};

std::string SharedFolder() {
  const char* given = std::getenv("RNNC_SHARED");
  return given != nullptr ? given : std::string(RNNC_SOURCE_DIR) + "/../shared";
}

// The shapes are those of the models' own data sets.
const Expectation kModels[] = {
    {"exports/lstm1.legacy", {}, {"x: f32[1,T,12]"}, {"y: f32[1,5]"}},
    {"exports/lstm1.legacy", {{"B", 3}}, {"x: f32[3,T,12]"}, {"y: f32[3,5]"}},
    {"exports/lstm1.legacy", {{"B", 3}, {"T", 7}}, {"x: f32[3,7,12]"}, {"y: f32[3,5]"}},
    {"exports/rnn_tanh.legacy", {}, {"x: f32[1,T,1]"}, {"y: f32[1,3]"}},
    {"exports/rnn_relu.legacy", {{"B", 2}}, {"x: f32[2,T,1]"}, {"y: f32[2,3]"}},
    {"exports/gru2.legacy", {}, {"x: f32[T,1,9]", "h0: f32[2,1,24]"}, {"y: f32[T,1,4]", "hn: f32[2,1,24]"}},
    {"exports/char_rnn.legacy",
     {},
     {"char: i64[1]", "hidden: f32[1,1,24]"},
     {"logits: f32[1,40]", "hidden_out: f32[1,1,24]"}},
    {"exports/amp_lstm.legacy",
     {},
     {"x: f32[1,64,1]", "h: f32[1,1,16]", "c: f32[1,1,16]"},
     {"y: f32[1,64,1]", "hn: f32[1,1,16]", "cn: f32[1,1,16]"}},
    {"models/silero_v6_openvino_16k",
     {},
     {"input: f32[1,576]", "state: f32[2,1,128]"},
     {"output: f32[1,1]", "stateN: f32[2,1,128]"}},
    // 25 nested If, each with a condition from the sample rate or from shapes.
    {"models/silero_v5.1",
     {},
     {"input: f32[1,576]", "state: f32[2,1,128]"},
     {"output: f32[1,1]", "stateN: f32[2,1,128]"},
     {{"sr", 16000.0}},
     {{"input", {1, 576}}, {"state", {2, 1, 128}}}},
    {"models/silero_v5.1",
     {},
     {"input: f32[1,288]", "state: f32[2,1,128]"},
     {"output: f32[1,1]", "stateN: f32[2,1,128]"},
     {{"sr", 8000.0}},
     {{"input", {1, 288}}, {"state", {2, 1, 128}}}},
    {"models/silero_v6_op18_ifless",
     {{"sequence", 576}},
     {"input: f32[1,576]", "state: f32[2,1,128]"},
     {"output: f32[1,1]", "stateN: f32[2,1,128]"},
     {{"sr", 16000.0}}},
    // Weights as Slice, Concat and Unsqueeze chains above the size that the exporter folds; weights as f16.
    {"exports/lstm2x96.dynamo", {}, {"x: f32[1,T,64]"}, {"y: f32[1,4]"}},
    {"exports/lstm1_half.legacy", {}, {"x: f32[1,T,12]"}, {"y: f32[1,5]"}},
    // Declares the example's lengths on outputs; the lengths baked into it are given.
    {"exports/gru2.dynamo",
     {{"T", 6}},
     {"x: f32[6,1,9]", "h0: f32[2,1,24]"},
     {"y: f32[6,1,4]", "hn: f32[2,1,24]"}},
    {"exports/pos_tutorial.legacy", {{"T", 5}}, {"sentence: i64[5]"}, {"tag_scores: f32[5,3]"}},
};

class SharedModels : public testing::TestWithParam<Expectation> {};

TEST_P(SharedModels, HasTheTypesOfItsData) {
  const std::string path = SharedFolder() + "/" + GetParam().model + "/model.onnx";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << GetParam().model << "; set RNNC_SHARED";
  ImportOptions options;
  options.dims = GetParam().dims;
  options.constants = GetParam().constants;
  options.shapes = GetParam().shapes;
  ImportNotes notes;
  Result<std::unique_ptr<ir::Module>> module = ImportOnnx(path, options, &notes);
  ASSERT_TRUE(module.ok()) << Render(module.diagnostics());
  ir::ExpectValid(**module);
  const ir::Printed printed = ir::Serialize(**module);
  EXPECT_EQ(ir::Print(*ir::ParseOrDie(printed.text, printed.blob)), printed.text);
  ir::Function& function = *(*module)->FindFunction("main");
  std::vector<std::string> arguments, results;
  for (const auto& argument : function.Body().Arguments()) {
    arguments.push_back(argument->name + ": " + argument->type.ToText());
  }
  for (size_t i = 0; i < function.result_names.size(); ++i) {
    results.push_back(function.result_names[i] + ": " + function.ResultTypes()[i].ToText());
  }
  EXPECT_EQ(arguments, GetParam().arguments);
  EXPECT_EQ(results, GetParam().results);
}

INSTANTIATE_TEST_SUITE_P(, SharedModels, testing::ValuesIn(kModels));

// Catches sequences that are regrouped in silence, and an invalid node that is computed somehow. One line
// each.
TEST(SharedModelRefusals, AreOneLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"exports/proj_lstm.dynamo",
       "node_lstm__2: initial_c: is f32[1,1,20], and R f32[1,48,12] says a hidden size of 12; an LSTM with a "
       "projection (proj_size) has no ONNX operator, export its cell as single operators"},
      {"exports/gru2.dynamo",
       "node_Reshape_101: shape: f32[T,1,1,24] cannot become [6,1,24] for every 24*T; the length was fixed "
       "when "
       "the model was exported: --dim T=6 compiles, for that length only"},
      {"exports/pos_tutorial.legacy",
       "/Reshape: shape: f32[T,6] cannot become [5,1,-1] for every 6*T; the length was fixed when the model "
       "was "
       "exported: --dim T=5 compiles, for that length only"},
      {"models/silero_v5.1",
       "If_0: cond: 'Equal_0_C' depends on the input 'sr'; give its value with --const sr=VALUE"},
  };
  for (const auto& [model, expected] : cases) {
    const std::string path = SharedFolder() + "/" + model + "/model.onnx";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << model << "; set RNNC_SHARED";
    EXPECT_EQ(Render(ImportOnnx(path).diagnostics()), path + ": " + expected);
  }
}

}  // namespace
}  // namespace rnnc::import
