// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every file that the fuzzers begin with, and every one that they once found, goes through their targets: a
// crash here is a finding that has come back.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "compiler/support/file.h"
#include "tests/fuzz/fuzz_targets.h"

namespace rnnc::fuzz {
namespace {

// The files below a folder of the project, sorted.
std::vector<std::string> FilesBelow(const std::string& folder, const std::string& ending = "") {
  std::vector<std::string> paths;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::string(RNNC_SOURCE_DIR "/tests/") + folder)) {
    if (entry.is_regular_file() && entry.path().string().ends_with(ending)) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void Replay(void (*target)(std::string_view), const std::vector<std::string>& paths) {
  EXPECT_FALSE(paths.empty());
  for (const std::string& path : paths) {
    const Result<std::string> bytes = ReadFile(path);
    ASSERT_TRUE(bytes.ok()) << Render(bytes.diagnostics());
    std::fprintf(stderr, "%s\n", path.c_str());  // the last one when it crashes
    target(*bytes);
  }
}

TEST(Replay, OnnxCorpus) { Replay(FuzzOnnx, FilesBelow("fuzz/corpus/onnx")); }
TEST(Replay, OnnxRegressions) { Replay(FuzzOnnx, FilesBelow("fuzz/regressions/onnx")); }
TEST(Replay, Models) { Replay(FuzzOnnx, FilesBelow("data", ".onnx")); }
TEST(Replay, IrRegressions) { Replay(FuzzIr, FilesBelow("fuzz/regressions/ir")); }
TEST(Replay, IrSamples) { Replay(FuzzIr, FilesBelow("ir/samples")); }
TEST(Replay, IrOfPasses) { Replay(FuzzIr, FilesBelow("passes", ".rnn")); }

}  // namespace
}  // namespace rnnc::fuzz
