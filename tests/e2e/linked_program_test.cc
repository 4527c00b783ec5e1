// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From an ONNX file to a program: `rnnc compile` writes NAME.o and NAME.h, a C compiler and the linker do the
// rest, and the program's numbers are those of the data sets.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "compiler/support/file.h"
#include "tests/support/native/c_program.h"
#include "tests/support/native/compare.h"
#include "tests/support/native/model_files.h"
#include "tests/support/native/stream.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

struct LinkedModel {
  std::string name;  // of tests/data or, with a folder, of the shared models
  std::string file;
  std::vector<std::string> options = {};
  std::vector<int> data_sets = {0, 1, 2};
};

// The models that exporters wrote. Their data sets 0, 1, 2 have the batch sizes 1, 3, 2 where B is open.
std::vector<LinkedModel> Models() {
  std::vector<LinkedModel> models;
  for (const std::string& name : DataModels()) models.push_back({name, OwnModel(name)});
  models.push_back({"language_id", OwnModel("examples/language_id")});
  for (const char* name : {"models/silero_v6_openvino_16k", "exports/gru2.legacy", "exports/char_rnn.legacy",
                           "exports/amp_lstm.legacy"}) {
    models.push_back({name, SharedModel(name)});
  }
  for (const char* name : {"exports/lstm1.legacy", "exports/rnn_tanh.legacy", "exports/rnn_relu.legacy"}) {
    models.push_back({name, SharedModel(name), {"--dim", "B=1"}, {0}});
    models.push_back({name, SharedModel(name), {"--dim", "B=3"}, {1}});
    models.push_back({name, SharedModel(name), {"--dim", "B=2"}, {2}});
  }
  models.push_back({"exports/lstm1_half.legacy", SharedModel("exports/lstm1_half.legacy"), {}, {0}});
  models.push_back({"models/silero_v5.1",
                    SharedModel("models/silero_v5.1"),
                    {"--const", "sr=16000", "--shape", "input=1x576", "--shape", "state=2x1x128"}});
  models.push_back({"models/silero_v6_op18_ifless",
                    SharedModel("models/silero_v6_op18_ifless"),
                    {"--const", "sr=16000", "--dim", "sequence=576"}});
  return models;
}

// NAME.o and NAME.h in the folder, and the object loaded to read its descriptor.
Result<std::unique_ptr<RowProgram>> Compile(const TestRow& row, const LinkedModel& model,
                                            const std::string& folder,
                                            const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"compile", model.file, "-o", folder, "--json"};
  const std::vector<std::string> target = OptionsOf(row);
  arguments.insert(arguments.end(), target.begin(), target.end());
  arguments.insert(arguments.end(), model.options.begin(), model.options.end());
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ProcessResult result = Rnnc(arguments);
  if (result.exit_code != 0) return Error({}, "rnnc compile: {}", result.errors);
  const auto report = nlohmann::json::parse(result.output, nullptr, false);
  if (report.is_discarded()) return Error({}, "the report is no JSON: {}", result.output);
  const std::string name = report["name"];
  RNNC_ASSIGN(const std::string object, ReadFile(folder + "/" + name + ".o"));
  return RowProgram::Load(row, object, name);
}

struct Expected {
  ProgramCall call;
  driver::DataSet set;
};

// One call for a data set, whose inputs are matched by name.
Result<Expected> CallFor(const rnnc_model& model, const LinkedModel& file, int set) {
  Expected expected;
  const auto folder =
      std::filesystem::path(file.file).parent_path() / ("test_data_set_" + std::to_string(set));
  RNNC_ASSIGN(expected.set, driver::ReadDataSet(folder.string()));
  expected.call.model = &model;
  for (int32_t i = 0; i < model.n_inputs; ++i) {
    const rnnc_tensor& input = model.inputs[i];
    const ir::Tensor* tensor = FindTensor(expected.set.inputs, input.name, static_cast<size_t>(i));
    if (tensor == nullptr) return Error({folder.string(), {}}, "no input {}", input.name);
    if (input.time_axis >= 0) {
      expected.call.frames = tensor->type.StaticDims()[static_cast<size_t>(input.time_axis)];
    }
    if (!(TypeOf(input, expected.call.frames) == tensor->type))
      return Error({folder.string(), {}}, "input {} is {}", input.name, tensor->type.ToText());
    expected.call.inputs.push_back(*tensor);
  }
  return expected;
}

void ExpectGoldens(const std::string& file, const Expected& expected,
                   const std::vector<ir::Tensor>& outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string name = expected.call.model->outputs[i].name;
    const ir::Tensor* golden = FindTensor(expected.set.outputs, name, i);
    ASSERT_NE(golden, nullptr) << name;
    EXPECT_TRUE(Close(outputs[i], *golden, BoundOf(file, name))) << expected.set.path << ": " << name;
  }
}

class LinkedProgram : public ::testing::TestWithParam<std::tuple<LinkedModel, TestRow>> {};

// Catches a header that a compiler warns of, an object that wants a library, arguments in another order than
// the header says, writes outside outputs and instance, memory taken for zero before `reset`, wrong numbers.
TEST_P(LinkedProgram, GivesTheNumbersOfTheDataSets) {
  const auto& [model, row] = GetParam();
  if (const std::string why = WhyMissing(model.file) + WhyNot(row); !why.empty()) GTEST_SKIP() << why;
  const TempFolder folder;
  auto native = Compile(row, model, folder.path().string());
  ASSERT_TRUE(native.ok()) << Render(native.diagnostics());
  std::vector<Expected> expected;
  std::vector<ProgramCall> calls;
  for (const int set : model.data_sets) {
    auto one = CallFor((*native)->Model(), model, set);
    ASSERT_TRUE(one.ok()) << Render(one.diagnostics());
    calls.push_back(one->call);
    expected.push_back(*std::move(one));
  }
  std::optional<std::vector<std::vector<ir::Tensor>>> first;
  for (const Language language : LanguagesOf(row)) {
    const auto outputs = RunProgram(row, folder.path().string(), language, calls);
    ASSERT_TRUE(outputs.ok()) << Render(outputs.diagnostics());
    if (!first) first = *outputs;
    for (size_t k = 0; k < calls.size(); ++k) {
      ExpectGoldens(model.file, expected[k], (*outputs)[k]);
      for (size_t i = 0; i < (*outputs)[k].size(); ++i) {
        EXPECT_TRUE(SameBits((*outputs)[k][i], (*first)[k][i]));
      }
    }
  }
}

std::string NameOf(const ::testing::TestParamInfo<std::tuple<LinkedModel, TestRow>>& info) {
  const auto& [model, row] = info.param;
  std::string name = TestName(model.name);
  for (const std::string& option : model.options) {
    if (option[0] != '-') name += "_" + TestName(option);
  }
  return name + "_" + row.name;
}

// Other rows differ in nothing that a linker or a caller sees.
INSTANTIATE_TEST_SUITE_P(, LinkedProgram,
                         ::testing::Combine(::testing::ValuesIn(Models()),
                                            ::testing::Values(FindTestRow("native"), FindTestRow("aarch64"))),
                         NameOf);

class LinkedPrograms : public ::testing::TestWithParam<TestRow> {};

// Catches symbols that collide: kernels, constants, helpers or include guards of two models, and of one model
// compiled twice.
TEST_P(LinkedPrograms, SeveralModelsInOneProgram) {
  const TestRow& row = GetParam();
  if (const std::string why = WhyNot(row); !why.empty()) GTEST_SKIP() << why;
  const TempFolder folder;
  const LinkedModel stacked{"stacked_lstm", OwnModel("stacked_lstm")},
      small{"lstm_small", OwnModel("lstm_small")};
  std::vector<std::unique_ptr<RowProgram>> models;
  std::vector<Expected> expected;
  std::vector<ProgramCall> calls;
  auto add = [&](const LinkedModel& model, const std::string& name, const TestRow& target, int set) {
    auto native = Compile(target, model, folder.path().string(), {"--name", name});
    ASSERT_TRUE(native.ok()) << Render(native.diagnostics());
    auto call = CallFor((*native)->Model(), model, set);
    ASSERT_TRUE(call.ok()) << Render(call.diagnostics());
    models.push_back(*std::move(native));
    calls.push_back(call->call);
    expected.push_back(*std::move(call));
  };
  add(stacked, "stacked", row, 1);
  add(small, "small", row, 2);
  add(small, "small_again", IsForeign(row) ? row : FindTestRow("x86_64"), 1);
  ASSERT_FALSE(HasFatalFailure());
  for (const Language language : LanguagesOf(row)) {
    const auto outputs = RunProgram(row, folder.path().string(), language, calls);
    ASSERT_TRUE(outputs.ok()) << Render(outputs.diagnostics());
    for (size_t k = 0; k < calls.size(); ++k) ExpectGoldens(small.file, expected[k], (*outputs)[k]);
  }
}

INSTANTIATE_TEST_SUITE_P(, LinkedPrograms, ::testing::Values(FindTestRow("native"), FindTestRow("aarch64")),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace rnnc::test
