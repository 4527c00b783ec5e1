// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/native/model_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/native/recurrent_case.h"

namespace rnnc::test {

namespace fs = std::filesystem;

std::string OwnModel(const std::string& name) {
  const std::string folder = name.find('/') == std::string::npos ? "/tests/data/" : "/";
  return RNNC_SOURCE_DIR + folder + name + "/model.onnx";
}

std::vector<std::string> DataModels() {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(RNNC_SOURCE_DIR "/tests/data", ignored)) {
    if (fs::exists(entry.path() / "model.onnx")) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string SharedModel(const std::string& name) {
  const char* given = std::getenv("RNNC_SHARED");
  const std::string folder = given != nullptr ? given : RNNC_SOURCE_DIR "/../shared";
  return folder + "/" + name + "/model.onnx";
}

std::string WhyMissing(const std::string& model_file) {
  if (fs::exists(model_file)) return "";
  return "no " + model_file + "; RNNC_SHARED names the folder of the shared models";
}

void SaveDataSet(const std::string& folder, const std::vector<driver::NamedTensor>& inputs,
                 const std::vector<driver::NamedTensor>& outputs) {
  fs::create_directories(folder);
  const auto write = [&](const std::vector<driver::NamedTensor>& tensors, const std::string& kind) {
    for (size_t i = 0; i < tensors.size(); ++i) {
      const ir::Tensor& tensor = tensors[i].tensor;
      const std::string file = fmt::format("{}/{}_{}.pb", folder, kind, i);
      std::ofstream(file, std::ios::binary)
          << RawTensor(tensors[i].name, OnnxType(tensor.type.element), tensor.type.StaticDims(), tensor.bytes)
                 .SerializeAsString();
    }
  };
  write(inputs, "input");
  write(outputs, "output");
}

ProcessResult Rnnc(const std::vector<std::string>& arguments, const std::string& folder) {
  std::vector<std::string> command = {RNNC_BINARY_DIR "/rnnc"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunProcess(command, folder);
}

std::string TestName(const std::string& text) {
  std::string name;
  for (const char c : text) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

}  // namespace rnnc::test
