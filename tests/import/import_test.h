// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "compiler/import/import.h"
#include "compiler/ir/graph_evaluator.h"
#include "compiler/ir/printer.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/temp_folder.h"

// What the tests of the importer share.
namespace rnnc::import {

// Options of one kind.
inline ImportOptions With(std::map<std::string, std::variant<double, ir::TensorPtr>> constants) {
  ImportOptions options;
  options.constants = std::move(constants);
  return options;
}
inline ImportOptions Bound(std::map<std::string, int64_t> dims) {
  ImportOptions options;
  options.dims = std::move(dims);
  return options;
}
inline ImportOptions Open(const std::vector<std::string>& dims) {
  ImportOptions options;
  for (const std::string& name : dims) options.open_dims[name] = {};
  return options;
}

// The module of a model; a failed test and null when it is refused.
inline std::unique_ptr<ir::Module> Imported(const test::OnnxBuilder& model, const ImportOptions& options = {},
                                            ImportNotes* notes = nullptr) {
  const test::TempFolder folder;
  Result<std::unique_ptr<ir::Module>> module = ImportOnnx(model.Save(folder / "m.onnx"), options, notes);
  if (!module) {
    ADD_FAILURE() << Render(module.diagnostics());
    return nullptr;
  }
  return *std::move(module);
}

// All that is said of a model that must be refused, without the path of the file.
inline std::string Refusal(const test::OnnxBuilder& model, const ImportOptions& options = {}) {
  const test::TempFolder folder;
  const std::string path = model.Save(folder / "m.onnx");
  Result<std::unique_ptr<ir::Module>> module = ImportOnnx(path, options);
  if (module) {
    ADD_FAILURE() << "was imported:\n" << ir::Print(**module);
    return "";
  }
  std::string text = Render(module.diagnostics());
  for (size_t at = text.find(path); at != std::string::npos; at = text.find(path))
    text.replace(at, path.size(), "m.onnx");
  return text;
}

// The body of `main`, without constants and locations: what the operators are.
inline std::string Body(const ir::Module& module) {
  std::string text = ir::PrintFunction(*module.FindFunction("main"), {.locations = false});
  return text;
}

// The first result of `main` on the given numbers, one list an argument (of static types), by the oracle.
inline std::vector<double> Computed(const ir::Module& module,
                                    const std::vector<std::vector<double>>& inputs) {
  const ir::Function& main = *module.FindFunction("main");
  std::vector<ir::Array> arrays;
  for (size_t i = 0; i < main.Body().Arguments().size(); ++i) {
    const ir::Type& type = main.Body().Arguments()[i]->type;
    ir::Array array = ir::MakeArray(type.element, type.StaticDims());
    for (int64_t k = 0; k < array.Count(); ++k) array.SetNumber(k, inputs.at(i).at(static_cast<size_t>(k)));
    arrays.push_back(std::move(array));
  }
  Result<std::vector<ir::Array>> results = ir::EvaluateGraph(main, arrays);
  if (!results) {
    ADD_FAILURE() << Render(results.diagnostics());
    return {};
  }
  std::vector<double> numbers;
  for (int64_t k = 0; k < results->front().Count(); ++k) numbers.push_back(results->front().NumberAt(k));
  return numbers;
}

}  // namespace rnnc::import
