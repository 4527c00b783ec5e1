// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "compiler/import/import.h"
#include "compiler/ir/printer.h"
#include "tests/support/ir_helpers.h"

// ONNX's own node tests: every model that is imported must have the shapes of its expected outputs.
// Catches shape and version rules that differ from the standard's, and modules that are no valid text.
namespace rnnc::import {
namespace {

namespace fs = std::filesystem;

const fs::path kNodes = "/usr/share/libonnx-testdata/data/node";

// Integer inputs are bound: sizes and axes must be known.
ImportOptions OptionsFor(const fs::path& folder, const ImportNotes& notes) {
  ImportOptions options;
  for (size_t i = 0; i < notes.inputs.size(); ++i) {
    Result<NamedTensor> data =
        ReadTensorPb((folder / "test_data_set_0" / ("input_" + std::to_string(i) + ".pb")).string());
    if (!data) continue;
    const ir::Type& type = data->tensor->type;
    if (!ir::IsFloat(type.element) && type.Rank() <= 1)
      options.constants[notes.inputs[i].name] = data->tensor;
    if (type.element == ir::ElementType::kBool) options.constants[notes.inputs[i].name] = data->tensor;
  }
  return options;
}

TEST(NodeModels, HaveTheShapesOfTheirExpectedOutputs) {
  if (!fs::exists(kNodes)) GTEST_SKIP() << "libonnx-testdata is not installed";
  int imported = 0;
  std::map<std::string, int> reasons;
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(kNodes)) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  for (const fs::path& folder : folders) {
    const std::string path = (folder / "model.onnx").string();
    SCOPED_TRACE(path);
    ImportNotes notes;
    if (Result<std::unique_ptr<ir::Module>> any = ImportOnnx(path, {}, &notes);
        !any && notes.inputs.empty()) {
      ++reasons[any.diagnostics().front().message];
      continue;
    }
    Result<std::unique_ptr<ir::Module>> module = ImportOnnx(path, OptionsFor(folder, notes));
    if (!module) {
      ++reasons[module.diagnostics().front().message];
      continue;
    }
    ++imported;
    ir::ExpectValid(**module);
    const ir::Printed printed = ir::Serialize(**module);
    EXPECT_EQ(ir::Print(*ir::ParseOrDie(printed.text, printed.blob)), printed.text);
    const std::vector<ir::Type> types = (*module)->FindFunction("main")->ResultTypes();
    for (size_t i = 0; i < types.size(); ++i) {
      Result<NamedTensor> expected =
          ReadTensorPb((folder / "test_data_set_0" / ("output_" + std::to_string(i) + ".pb")).string());
      if (!expected) continue;
      EXPECT_EQ(types[i].ToText(), expected->tensor->type.ToText()) << "output " << i;
    }
  }
  RecordProperty("imported", imported);
  EXPECT_GE(imported, 400);
  for (const auto& [reason, count] : reasons) EXPECT_NE(reason.find(": "), std::string::npos) << reason;
}

}  // namespace
}  // namespace rnnc::import
