// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules that every file of the project keeps, checked by reading the files themselves.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/file.h"
#include "compiler/support/strings.h"

namespace rnnc {
namespace {

namespace fs = std::filesystem;

bool IsSource(const std::string& path) {
  static constexpr std::string_view kExtensions[] = {".cc", ".h", ".hpp", ".c", ".def", ".inc"};
  const std::string extension = fs::path(path).extension().string();
  return std::find(std::begin(kExtensions), std::end(kExtensions), extension) != std::end(kExtensions);
}

// Every file of the project, relative to its root, sorted.
std::vector<std::string> ProjectFiles() {
  const fs::path root(RNNC_SOURCE_DIR);
  std::vector<std::string> files;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator(); ++it) {
    const std::string name = it->path().filename().string();
    const bool foreign = name == "build" || name == "__pycache__" || name == ".git" || name == ".venv";
    if (it->is_directory() && foreign) it.disable_recursion_pending();
    if (it->is_regular_file() && !foreign) files.push_back(fs::relative(it->path(), root).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> Lines(const std::string& file) {
  const Result<std::string> text = ReadFile(std::string(RNNC_SOURCE_DIR) + "/" + file);
  return text.ok() ? Split(*text, '\n') : std::vector<std::string>();
}

// What a layer's files may include: folders of the project, and which of the libraries that are kept apart.
struct Layer {
  std::string_view folder;
  std::vector<std::string_view> project;
  std::vector<std::string_view> libraries;
};

const std::vector<Layer>& Layers() {
  static const std::vector<Layer> layers = {
      {"compiler/support/", {}, {}},
      {"compiler/ir/", {"compiler/support/"}, {}},
      {"compiler/import/", {"compiler/ir/", "compiler/support/"}, {"onnx/", "google/protobuf/"}},
      {"compiler/driver/",
       {"compiler/import/", "compiler/ir/", "compiler/support/", "passes/", "codegen/", "runtime/"},
       {"CLI/", "nlohmann/"}},
      {"passes/", {"compiler/ir/", "compiler/support/"}, {}},
      // runtime/rnnc.h is the interface that generated code implements.
      {"codegen/", {"compiler/ir/", "compiler/support/", "runtime/"}, {"llvm/", "llvm-c/"}},
      {"runtime/", {}, {}},
  };
  return layers;
}

// Libraries that only the layers which list them may include.
constexpr std::string_view kKeptApart[] = {"onnx/", "google/protobuf/", "llvm/", "llvm-c/", "clang/",
                                           "CLI/",  "nlohmann/"};

bool StartsWithAny(std::string_view text, const std::vector<std::string_view>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](auto prefix) { return text.starts_with(prefix); });
}

// Why a file of the layer may not include `header`; empty when it may.
std::string Objection(const Layer& layer, const std::string& header) {
  for (const std::string_view library : kKeptApart) {
    if (header.starts_with(library)) {
      return StartsWithAny(header, layer.libraries) ? "" : "this library belongs to another layer";
    }
  }
  const bool has_folder = header.find('/') != std::string::npos;
  // The runtime's headers stand beside one another where they are installed.
  if (layer.folder == "runtime/") return has_folder ? "the runtime depends on nothing" : "";
  if (header.starts_with(layer.folder)) return "";
  if (!fs::exists(fs::path(RNNC_SOURCE_DIR) / header)) return "";  // not of the project
  return StartsWithAny(header, layer.project) ? "" : "this layer lies beside or above";
}

// Catches an include against the order of the layers, and LLVM, ONNX or Protobuf outside their layers.
TEST(Layers, IncludesFollowTheTable) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])");
  size_t includes = 0;
  for (const std::string& file : ProjectFiles()) {
    const auto layer = std::find_if(Layers().begin(), Layers().end(),
                                    [&](const Layer& each) { return file.starts_with(each.folder); });
    if (layer == Layers().end() || !IsSource(file)) continue;
    const std::vector<std::string> lines = Lines(file);
    for (size_t i = 0; i < lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_search(lines[i], match, kInclude)) continue;
      ++includes;
      const std::string objection = Objection(*layer, match[1]);
      if (!objection.empty()) ADD_FAILURE() << file << ":" << i + 1 << ": " << lines[i] << ": " << objection;
    }
  }
  EXPECT_GT(includes, 20u);
}

// Catches a table that forbids nothing.
TEST(Layers, TheTableForbids) {
  const auto layer = [](std::string_view folder) {
    return *std::find_if(Layers().begin(), Layers().end(),
                         [&](const Layer& l) { return l.folder == folder; });
  };
  EXPECT_NE(Objection(layer("passes/"), "llvm/IR/Module.h"), "");
  EXPECT_NE(Objection(layer("compiler/driver/"), "onnx/onnx_pb.h"), "");
  EXPECT_NE(Objection(layer("compiler/support/"), "tests/CMakeLists.txt"), "");
  EXPECT_NE(Objection(layer("runtime/"), "compiler/support/result.h"), "");
  EXPECT_EQ(Objection(layer("codegen/"), "llvm/IR/Module.h"), "");
  EXPECT_EQ(Objection(layer("compiler/ir/"), "compiler/support/result.h"), "");
  EXPECT_EQ(Objection(layer("passes/"), "vector"), "");
}

// Catches paths of one machine, which mean nothing on another.
TEST(Sources, NameNoMachinePaths) {
  // The words are in pieces so that this file passes its own test.
  const std::regex machine_path(
      "(^|[^A-Za-z0-9_.])/("
      "home|root|work|Users|tmp"
      ")/[A-Za-z0-9_]");
  for (const std::string& file : ProjectFiles()) {
    const std::vector<std::string> lines = Lines(file);
    for (size_t i = 0; i < lines.size(); ++i) {
      const std::string& line = lines[i];
      if (line.find('\0') != std::string::npos) break;  // not text
      if (line.size() > 4000 || line.find('/') == std::string::npos) continue;
      EXPECT_FALSE(std::regex_search(line, machine_path)) << file << ":" << i + 1 << ": " << line;
    }
  }
}

// Catches a source without its licence.
TEST(Sources, CarryTheirLicence) {
  for (const std::string& file : ProjectFiles()) {
    if (!IsSource(file) && fs::path(file).extension() != ".cmake" && !file.ends_with("CMakeLists.txt"))
      continue;
    const std::vector<std::string> lines = Lines(file);
    ASSERT_GE(lines.size(), 2u) << file;
    EXPECT_NE(lines[0].find("SPDX-FileCopyrightText: The rnnc authors"), std::string::npos) << file;
    EXPECT_NE(lines[1].find("SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"), std::string::npos)
        << file;
  }
}

}  // namespace
}  // namespace rnnc
