// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <fmt/format.h>

#include <filesystem>

#include "compiler/driver/commands.h"
#include "compiler/driver/data_set.h"
#include "compiler/driver/native.h"
#include "compiler/driver/npy.h"
#include "compiler/driver/phases.h"
#include "compiler/driver/progress.h"
#include "compiler/ir/graph_evaluator.h"
#include "compiler/support/file.h"
#include "compiler/support/strings.h"

namespace rnnc::driver {
namespace {

// "name=file" or "file" (then the name in the file, else the next input in order).
Result<std::vector<ir::Tensor>> ReadInputs(const std::vector<std::string>& arguments,
                                           const std::vector<std::string>& names) {
  std::vector<std::optional<ir::Tensor>> slots(names.size());
  for (const std::string& argument : arguments) {
    std::error_code ignored;
    const size_t equals = argument.find('=');
    const bool named = equals != std::string::npos && !std::filesystem::exists(argument, ignored);
    RNNC_ASSIGN(NamedTensor tensor, ReadTensorFile(named ? argument.substr(equals + 1) : argument));
    const std::string wanted = named ? argument.substr(0, equals) : tensor.name;
    size_t slot = names.size();
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] == wanted || (wanted.empty() && slot == names.size() && !slots[i])) slot = i;
    }
    if (slot == names.size() && wanted.empty())
      return Error({argument, {}}, "the model has {} inputs, and all have their data", names.size());
    if (slot == names.size())
      return Error({argument, {}}, "there is no input {}{}", wanted, DidYouMean(wanted, names));
    if (slots[slot]) return Error({argument, {}}, "input {}: has its data already", names[slot]);
    slots[slot] = std::move(tensor.tensor);
  }
  std::vector<ir::Tensor> tensors;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!slots[i]) return Error({}, "input {}: no data given; pass {}=FILE.npy", names[i], names[i]);
    tensors.push_back(std::move(*slots[i]));
  }
  return tensors;
}

std::string FileStem(const std::string& name) {
  std::string stem;
  for (const char c : name)
    stem += std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.' ? c : '_';
  return stem.empty() || stem[0] == '.' ? "_" + stem : stem;
}

Result<> WriteOutputs(const RunOptions& options, const std::vector<std::string>& names,
                      const std::vector<ir::Tensor>& tensors) {
  if (!options.output_folder.empty()) {
    std::vector<FileContent> files;
    for (size_t i = 0; i < tensors.size(); ++i) {
      files.push_back(
          {(std::filesystem::path(options.output_folder) / (FileStem(names[i]) + ".npy")).string(),
           WriteNpy(tensors[i])});
    }
    return WriteFiles(files);
  }
  constexpr int64_t kMost = 64;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const ir::Tensor& tensor = tensors[i];
    fmt::print("{}: {}\n", names[i], tensor.type.ToText());
    const int64_t count = tensor.ElementCount();
    for (int64_t k = 0; k < std::min(count, kMost); ++k) {
      const char* separator = k % 8 == 7 || k + 1 == count ? "\n" : " ";
      if (ir::IsFloat(tensor.type.element)) {
        fmt::print("{:>14.7g}{}", tensor.NumberAt(k), separator);
      } else {
        fmt::print("{:>10}{}", tensor.IntegerAt(k), separator);
      }
    }
    if (count > kMost) fmt::print("... {} more; --output-folder writes them all\n", count - kMost);
  }
  return Ok();
}

}  // namespace

Result<> RunCommand(const RunOptions& options) {
  Progress progress(options.quiet);
  ModelOptions model_options = options.model;
  model_options.progress = progress.Listener();
  std::vector<std::string> input_names;
  std::vector<std::string> output_names;
  std::vector<ir::Tensor> outputs;
  if (options.interpret) {
    RNNC_ASSIGN(const ImportedModel imported, ImportModel(model_options));
    const ir::Function& main = *imported.module->FindFunction("main");
    for (const auto& argument : main.Body().Arguments()) input_names.push_back(argument->name);
    RNNC_ASSIGN(const std::vector<ir::Tensor> inputs, ReadInputs(options.inputs, input_names));
    std::vector<ir::Array> arrays;
    for (const ir::Tensor& input : inputs) arrays.push_back(ir::ArrayOf(input));
    ir::EvaluateOptions evaluate;
    evaluate.progress = EvaluatorProgress(model_options, "");
    RNNC_ASSIGN(const std::vector<ir::Array> results, ir::EvaluateGraph(main, arrays, evaluate));
    for (const ir::Array& result : results) outputs.push_back(ir::TensorOf(result));
    output_names = main.result_names;
  } else {
    RNNC_TRY(CheckRunsHere(options.model));
    RNNC_ASSIGN(const CompiledModel compiled, CompileModel(model_options));
    RNNC_ASSIGN(const auto native, NativeModel::Load(compiled.object.object, compiled.planned->name));
    const rnnc_model& model = native->Model();
    for (int32_t i = 0; i < model.n_inputs; ++i) input_names.emplace_back(model.inputs[i].name);
    for (int32_t i = 0; i < model.n_outputs; ++i) output_names.emplace_back(model.outputs[i].name);
    RNNC_ASSIGN(const std::vector<ir::Tensor> inputs, ReadInputs(options.inputs, input_names));
    RNNC_ASSIGN(outputs, native->Call(inputs));
  }
  progress.Clear();
  return WriteOutputs(options, output_names, outputs);
}

}  // namespace rnnc::driver
