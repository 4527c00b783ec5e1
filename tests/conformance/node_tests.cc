// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/conformance/node_tests.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>

#include "compiler/import/import.h"

namespace rnnc::conformance {
namespace {

namespace fs = std::filesystem;
constexpr const char* kFolder = "/usr/share/libonnx-testdata/data/node";

// Which inputs are made constants, each more than the one before: none, the integers behind the first input
// (sizes, axes), all integers and flags, all scalars (the bounds of a Range).
enum class Bind { kNone, kLater, kAll, kScalars };

bool IsBound(const ir::Type& type, size_t place, Bind bind) {
  const bool integer = type.element == ir::ElementType::kI64 || type.element == ir::ElementType::kI32;
  switch (bind) {
    case Bind::kNone:
      return false;
    case Bind::kLater:
      return integer && place > 0;
    case Bind::kAll:
      return integer || type.element == ir::ElementType::kBool;
    case Bind::kScalars:
      return !ir::IsFloat(type.element) || type.Rank() == 0;
  }
  return false;
}

import::ImportOptions OptionsFor(const driver::DataSet& set, Bind bind) {
  import::ImportOptions options;
  for (size_t i = 0; i < set.inputs.size(); ++i) {
    const driver::NamedTensor& input = set.inputs[i];
    if (IsBound(input.tensor.type, i, bind)) {
      options.constants[input.name] = std::make_shared<ir::Tensor>(input.tensor);
    }
  }
  return options;
}

// By name, else by the place that the name has in the model.
const ir::Tensor* Find(const std::vector<driver::NamedTensor>& tensors,
                       const std::vector<import::TensorNote>& notes, const std::string& name) {
  for (const driver::NamedTensor& tensor : tensors) {
    if (tensor.name == name) return &tensor.tensor;
  }
  for (size_t i = 0; i < notes.size() && i < tensors.size(); ++i) {
    if (notes[i].name == name) return &tensors[i].tensor;
  }
  return nullptr;
}

std::string Difference(const ir::Array& got, const ir::Array& expected, double atol) {
  if (got.element != expected.element || got.dims != expected.dims) {
    return fmt::format("{} instead of {}", got.ShapeText(), expected.ShapeText());
  }
  for (int64_t i = 0; i < got.Count(); ++i) {
    const double a = got.NumberAt(i);
    const double b = expected.NumberAt(i);
    const bool same =
        a == b || (std::isnan(a) && std::isnan(b)) || std::fabs(a - b) <= atol + 1e-3 * std::fabs(b);
    if (!same) return fmt::format("element {} is {} instead of {}", i, a, b);
  }
  return "";
}

void WriteList(const Tally& tally, const std::string& path) {
  std::ofstream file(path);
  const auto section = [&](const char* title, const std::vector<std::string>& lines) {
    file << title << ": " << lines.size() << "\n";
    for (const std::string& line : lines) file << "  " << line << "\n";
  };
  section("failed", tally.failed);
  section("passed", tally.passed);
  section("refused", tally.refused);
}

// "input 'x': uint64 is not computed" of any input.
std::string WithoutNames(const std::string& message) {
  static const std::regex name("^(input|tensor|output) '[^']*'|%[A-Za-z0-9_]+");
  return std::regex_replace(message, name, "$1");
}

}  // namespace

std::vector<std::string> NodeTestNames() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(kFolder, error)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<NodeTest> LoadNodeTest(const std::string& name) {
  const fs::path folder = fs::path(kFolder) / name;
  const std::string model = (folder / "model.onnx").string();
  NodeTest test;
  Result<driver::DataSet> set = driver::ReadDataSet((folder / "test_data_set_0").string());
  if (!set.ok()) {  // the model's own reason says more
    RNNC_TRY(import::ImportOnnx(model));
    return std::move(set).diagnostics();
  }
  import::ImportNotes notes;
  Result<std::unique_ptr<ir::Module>> module =
      import::ImportOnnx(model, OptionsFor(*set, Bind::kNone), &notes);
  for (const Bind bind : {Bind::kLater, Bind::kAll, Bind::kScalars}) {
    if (module.ok()) break;
    Result<std::unique_ptr<ir::Module>> again = import::ImportOnnx(model, OptionsFor(*set, bind), &notes);
    module = std::move(again);  // the reason of the last attempt is not that something is unknown
  }
  if (!module.ok()) return std::move(module).diagnostics();
  test.module = std::move(module).value();
  const ir::Function& main = *test.module->FindFunction("main");
  for (const auto& argument : main.Body().Arguments()) {
    const ir::Tensor* tensor = Find(set->inputs, notes.inputs, argument->name);
    if (tensor == nullptr) return Error({name, {}}, "nothing for input '{}'", argument->name);
    test.inputs.push_back(ir::ArrayOf(*tensor));
  }
  for (const std::string& result : main.result_names) {
    const ir::Tensor* tensor = Find(set->outputs, notes.outputs, result);
    if (tensor == nullptr) return Error({name, {}}, "nothing for output '{}'", result);
    test.expected.push_back(ir::ArrayOf(*tensor));
  }
  return test;
}

std::string Compare(const std::vector<ir::Array>& got, const std::vector<ir::Array>& expected, double atol) {
  if (got.size() != expected.size()) return fmt::format("{} results", got.size());
  for (size_t i = 0; i < got.size(); ++i) {
    const std::string difference = Difference(got[i], expected[i], atol);
    if (!difference.empty()) return fmt::format("result {}: {}", i, difference);
  }
  return "";
}

Refusals RefusedNodeTests() {
  Refusals refusals;
  for (const std::string& name : NodeTestNames()) {
    const Result<NodeTest> test = LoadNodeTest(name);
    if (test.ok()) continue;
    const std::string prefix = "test_";
    const std::string reason = WithoutNames(test.diagnostics().front().message);
    refusals[reason].push_back(name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : name);
  }
  return refusals;
}

Tally RunNodeTests(const Runner& run, double atol, const std::string& list_file) {
  Tally tally;
  const auto reason = [](const std::vector<Diagnostic>& diagnostics) {
    std::string text = Render(diagnostics);
    std::replace(text.begin(), text.end(), '\n', ' ');
    const size_t folder = text.find(kFolder);
    return folder == std::string::npos ? text : text.erase(folder, std::string(kFolder).size() + 1);
  };
  for (const std::string& name : NodeTestNames()) {
    Result<NodeTest> test = LoadNodeTest(name);
    if (!test.ok()) {
      tally.refused.push_back(name + ": " + reason(test.diagnostics()));
      continue;
    }
    Result<std::vector<ir::Array>> got = run(*test);
    if (!got.ok()) {
      tally.failed.push_back(name + ": " + reason(got.diagnostics()));
      continue;
    }
    for (ir::Array& array : *got) ir::RoundElements(array);
    const std::string wrong = Compare(*got, test->expected, atol);
    if (wrong.empty()) {
      tally.passed.push_back(name);
    } else {
      tally.failed.push_back(fmt::format("{}: {}", name, wrong));
    }
  }
  WriteList(tally, list_file);
  return tally;
}

}  // namespace rnnc::conformance
