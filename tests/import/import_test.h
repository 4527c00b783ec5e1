// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "compiler/import/import.h"
#include "compiler/ir/printer.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/temp_folder.h"

// What the tests of the importer share.
namespace rnnc::import {

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

}  // namespace rnnc::import
