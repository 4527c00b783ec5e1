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
};

class SharedModels : public testing::TestWithParam<Expectation> {};

TEST_P(SharedModels, HasTheTypesOfItsData) {
  const std::string path = SharedFolder() + "/" + GetParam().model + "/model.onnx";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << GetParam().model << "; set RNNC_SHARED";
  ImportOptions options;
  options.dims = GetParam().dims;
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

}  // namespace
}  // namespace rnnc::import
