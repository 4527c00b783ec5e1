// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/driver/data_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "compiler/driver/npy.h"
#include "compiler/import/import.h"
#include "compiler/support/file.h"

namespace rnnc::driver {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// FOLDER/PREFIX_0, PREFIX_1, ... as far as they go.
Result<std::vector<NamedTensor>> ReadNumbered(const std::string& folder, const std::string& prefix) {
  std::vector<NamedTensor> tensors;
  for (int i = 0;; ++i) {
    const std::string stem = fmt::format("{}/{}_{}", folder, prefix, i);
    std::error_code ignored;
    const char* ending = fs::exists(stem + ".pb", ignored)    ? ".pb"
                         : fs::exists(stem + ".npy", ignored) ? ".npy"
                                                              : nullptr;
    if (ending == nullptr) return tensors;
    RNNC_ASSIGN(NamedTensor tensor, ReadTensorFile(stem + ending));
    tensors.push_back(std::move(tensor));
  }
}

std::string ConstantText(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "1" : "0";
  if (value.is_array() && !value.empty()) return ConstantText(value[0]);
  return value.dump();
}

Goldens FromJson(const json& root) {
  Goldens goldens;
  goldens.rtol = root.value("rtol", 0.0);
  const auto section = [&](const char* key) { return root.contains(key) ? root.at(key) : json::object(); };
  const json dims = section("dims");
  for (const auto& [name, size] : dims.items()) goldens.dims[name] = size.get<int64_t>();
  const json shapes = section("shapes");
  for (const auto& [name, shape] : shapes.items()) goldens.shapes[name] = shape.get<std::vector<int64_t>>();
  const json constants = section("constants");
  for (const auto& [name, value] : constants.items()) goldens.constants[name] = ConstantText(value);
  const json outputs = section("outputs");
  for (const auto& [name, output] : outputs.items()) {
    const double atol = output.at("atol").get<double>();
    goldens.outputs[name] = {atol, output.value("atol_chained", atol)};
  }
  const json excluded = section("not_compared");
  for (const json& item : excluded) {
    goldens.not_compared.insert(item.is_string() ? item.get<std::string>()
                                                 : item.value("name", std::string()));
  }
  return goldens;
}

}  // namespace

Result<NamedTensor> ReadTensorFile(const std::string& path) {
  const std::string ending = fs::path(path).extension();
  if (ending == ".npy") {
    RNNC_ASSIGN(ir::Tensor tensor, ReadNpy(path));
    return NamedTensor{"", std::move(tensor)};
  }
  if (ending == ".pb") {
    RNNC_ASSIGN(import::NamedTensor tensor, import::ReadTensorPb(path));
    return NamedTensor{tensor.name, *tensor.tensor};
  }
  return Error({path, {}}, "not a tensor file; .npy and .pb are read");
}

Result<DataSet> ReadDataSet(const std::string& folder) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    return Error({folder, {}}, "no such folder; a data set is a folder of input_N and output_N files");
  DataSet set;
  set.path = folder;
  RNNC_ASSIGN(set.inputs, ReadNumbered(folder, "input"));
  RNNC_ASSIGN(set.outputs, ReadNumbered(folder, "output"));
  if (set.inputs.empty() && set.outputs.empty()) {
    return Error({folder, {}}, "not a data set; one is a folder of input_N and output_N files (.pb or .npy)");
  }
  return set;
}

std::vector<std::string> DataSetsBeside(const std::string& model_path) {
  constexpr std::string_view kPrefix = "test_data_set_";
  std::vector<std::pair<long, std::string>> found;
  std::error_code ignored;
  fs::path folder = fs::path(model_path).parent_path();
  if (folder.empty()) folder = ".";
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename();
    if (!entry.is_directory(ignored) || name.compare(0, kPrefix.size(), kPrefix) != 0) continue;
    found.emplace_back(std::strtol(name.c_str() + kPrefix.size(), nullptr, 10), entry.path());
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> paths;
  for (const auto& [number, path] : found) paths.push_back(path);
  return paths;
}

Result<std::optional<Goldens>> ReadGoldens(const std::string& model_path) {
  const std::string path = fs::path(model_path).parent_path() / "goldens.json";
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::optional<Goldens>();
  RNNC_ASSIGN(const std::string text, ReadFile(path));
  // The library reports by exceptions; they end here.
  try {
    return std::optional<Goldens>(FromJson(json::parse(text)));
  } catch (const json::exception& problem) {
    return Error({path, {}}, "cannot be understood: {}", problem.what());
  }
}

}  // namespace rnnc::driver
