// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/native/recurrent_program.h"

#include <fmt/format.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "compiler/ir/array.h"
#include "compiler/ir/graph_evaluator.h"
#include "compiler/support/file.h"
#include "tests/support/native/model_files.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

Sizes SizesOfCall(const rnnc_model& model, const RecurrentCase& c) {
  Sizes sizes(RNNC_MAX_SIZES, 1);
  for (int32_t i = 0; i < model.n_sizes; ++i) {
    const bool batch = std::string(model.sizes[i].symbol) == "B";
    sizes[static_cast<size_t>(i)] = static_cast<size_t>(batch ? c.batch : c.steps);
  }
  return sizes;
}

}  // namespace

driver::ModelOptions OptionsOf(const CaseModel& model, const std::string& file, const TestRow& row) {
  driver::ModelOptions options;
  options.model = file;
  options.target = row.request;
  if (model.c.open_batch) options.open_dims["B"] = {};
  if (model.streamed) {
    options.states = {"h0=Y_h"};
    if (model.c.op == "LSTM") options.states.emplace_back("c0=Y_c");
  }
  return options;
}

RecurrentProgram::RecurrentProgram(const TestRow& row, std::vector<CaseModel> models)
    : models_(std::move(models)) {
  const TempFolder folder;
  std::vector<ProgramObject> objects;
  for (const CaseModel& model : models_) {
    driver::ModelOptions options =
        OptionsOf(model, ModelOf(model.c, model.tensors).Save((folder.path() / "case.onnx").string()), row);
    options.name = "case" + std::to_string(objects.size());
    auto compiled = driver::CompileModel(options);
    if (!compiled.ok()) FailCase("compile", model, Render(compiled.diagnostics()));
    graphs_.push_back(std::move(compiled->graph));
    objects.push_back({compiled->object.object, options.name, {}});
  }
  auto program = RowProgram::Load(row, objects);
  if (!program.ok()) FailCase("link", models_[0], Render(program.diagnostics()));
  program_ = *std::move(program);
}

Stream RecurrentProgram::Instance(size_t index) const {
  Stream stream(*program_, index);
  stream.Reset();
  return stream;
}

std::vector<ir::Tensor> RecurrentProgram::Inputs(size_t index) const {
  std::vector<ir::Tensor> inputs;
  for (int32_t i = 0; i < Model(index).n_inputs; ++i) {
    inputs.push_back(models_[index].tensors.at(Model(index).inputs[i].name));
  }
  return inputs;
}

CaseTensors RecurrentProgram::Call(size_t index, const RecurrentCase& c, const CaseTensors& tensors) const {
  const rnnc_model& model = Model(index);
  std::vector<ir::Tensor> inputs;
  for (int32_t i = 0; i < model.n_inputs; ++i) inputs.push_back(tensors.at(model.inputs[i].name));
  Stream stream = Instance(index);
  const Stream::Answer answer =
      model.run != nullptr ? stream.Run(SizesOfCall(model, c), inputs) : stream.Step(inputs);
  if (answer.status != RNNC_OK) {
    FailCase("status", {c, tensors}, fmt::format("status {}", static_cast<int>(answer.status)));
  }
  CaseTensors outputs;
  for (int32_t i = 0; i < model.n_outputs; ++i) {
    outputs[model.outputs[i].name] = answer.outputs[static_cast<size_t>(i)];
  }
  return outputs;
}

OracleAnswer AskOracle(const ir::Module& graph, const CaseModel& model) {
  std::vector<ir::Array> arrays;
  for (const driver::NamedTensor& input : InputsOf(model.c, model.tensors)) {
    arrays.push_back(ir::ArrayOf(input.tensor));
  }
  const ir::Function& main = *graph.FindFunction("main");
  const auto exact = ir::EvaluateGraph(main, arrays);
  const auto rounded = ir::EvaluateGraph(main, arrays, {.round = true});
  if (!exact.ok()) FailCase("oracle", model, Render(exact.diagnostics()));
  const ir::ElementType element = model.c.element;
  const bool half = element == ir::ElementType::kF16 || element == ir::ElementType::kBF16;
  const double least = element == ir::ElementType::kF64    ? 1e-11
                       : element == ir::ElementType::kF16  ? std::ldexp(1, -11)
                       : element == ir::ElementType::kBF16 ? std::ldexp(1, -8)
                                                           : 1e-5;
  OracleAnswer answer;
  for (size_t i = 0; i < exact->size(); ++i) {
    const ir::Array &want = (*exact)[i], &cost = (*rounded)[i];
    Bound bound{least, least};
    for (int64_t k = 0; k < want.Count(); ++k) {
      const double difference = std::fabs(want.NumberAt(k) - cost.NumberAt(k));
      bound.atol = std::fmax(bound.atol, (half ? 2 : 10) * difference);
      answer.explodes = answer.explodes || !(std::fabs(want.NumberAt(k)) < 1e4) || std::isnan(difference);
    }
    answer.outputs[main.result_names[i]] = ir::TensorOf(want);
    answer.bounds[main.result_names[i]] = bound;
  }
  return answer;
}

void SaveCase(const std::string& folder, const CaseModel& model) {
  std::filesystem::create_directories(folder);
  (void)ModelOf(model.c, model.tensors).Save((std::filesystem::path(folder) / "model.onnx").string());
  SaveDataSet((std::filesystem::path(folder) / "test_data_set_0").string(), InputsOf(model.c, model.tensors),
              {});
}

void FailCase(const std::string& name, const CaseModel& model, const std::string& what) {
  std::ostringstream text;
  text << name << ": " << what << "\n" << model.c << "\n";
  const char* keep = std::getenv("RNNC_KEEP_FAILURES");
  if (keep == nullptr || *keep == 0) {
    text << "RNNC_KEEP_FAILURES=FOLDER keeps the model and its data";
  } else {
    const std::string folder = (std::filesystem::path(keep) / name).string();
    SaveCase(folder, model);
    text << "rnnc verify " << folder << "/model.onnx" << (model.c.open_batch ? " --dim B=?" : "");
  }
  RC_FAIL(text.str());
}

void CheckProperty(const std::function<void()>& property, int most_runs) {
  rc::detail::TestParams params = rc::detail::configuration().testParams;
  if (most_runs != 0) params.maxSuccess = std::min(params.maxSuccess, most_runs);
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  rc::detail::TestMetadata metadata;
  metadata.id = std::string(info->test_suite_name()) + "/" + info->name();
  metadata.description = info->name();
  const auto result = rc::detail::checkTestable(property, metadata, params);
  if (result.is<rc::detail::SuccessResult>()) return;
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  FAIL() << text.str();
}

}  // namespace rnnc::test
