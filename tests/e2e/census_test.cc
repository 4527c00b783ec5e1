// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ./dev census: each kind of result, told apart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/native/model_files.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

namespace fs = std::filesystem;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;

ProcessResult Census(const std::vector<std::string>& arguments,
                     const std::string& rnnc = RNNC_BINARY_DIR "/rnnc") {
  std::vector<std::string> command = {"env", "RNNC=" + rnnc, "python3",
                                      RNNC_SOURCE_DIR "/tests/census/census.py"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunProcess(command);
}

// A copy of rnn_small with its data sets.
fs::path Copy(const TempFolder& folder, const std::string& name) {
  const fs::path copy = folder.path() / name;
  fs::copy(fs::path(OwnModel("rnn_small")).parent_path(), copy, fs::copy_options::recursive);
  return copy;
}

// A program in the place of the compiler.
std::string Program(const TempFolder& folder, const std::string& line) {
  const std::string path = folder / "program";
  std::ofstream(path) << "#!/bin/sh\n" << line << "\n";
  fs::permissions(path, fs::perms::owner_all);
  return path;
}

// Catches a model that is counted as what it is not: a refusal as a failure, a difference as a success, and
// success where nothing was compared.
TEST(Census, TellsResultsApart) {
  const TempFolder folder;
  Copy(folder, "good");
  const fs::path excluded = Copy(folder, "excluded");
  std::ofstream(excluded / "goldens.json") << R"({"not_compared": ["y", "h"]})";
  const fs::path unreadable = Copy(folder, "unreadable");
  std::ofstream(unreadable / "test_data_set_0" / "input_0.pb") << "no tensor";
  const fs::path wrong = Copy(folder, "wrong");
  fs::copy_file(wrong / "test_data_set_0" / "output_0.pb", wrong / "test_data_set_1" / "output_0.pb",
                fs::copy_options::overwrite_existing);
  OnnxBuilder unknown(17);
  unknown.Input("x", {3}).Node("NoSuchOperator", {"x"}, {"y"}, "odd").Output("y");
  fs::create_directory(folder / "deep");
  fs::create_directory(folder / "deep/er");
  (void)unknown.Save(folder / "deep/er/unknown.onnx");
  std::ofstream(folder / "garbage.onnx") << "not a model";
  OnnxBuilder alone(17);
  alone.Input("x", {3}).Node("Tanh", {"x"}, {"y"}, "t").Output("y");
  (void)alone.Save(folder / "alone.onnx");

  const ProcessResult result = Census({folder.path().string(), "--jobs=2"});
  EXPECT_EQ(result.exit_code, 1) << result.errors;
  for (const char* line :
       {"good/model.onnx +verified ", "alone.onnx +verified +3 sets", "excluded/model.onnx +compiled ",
        "unreadable/model.onnx +compiled +not verified: ", "wrong/model.onnx +failed ",
        "deep/er/unknown.onnx +refused +odd: operator NoSuchOperator", "garbage.onnx +refused "}) {
    EXPECT_THAT(result.output, ContainsRegex(line));
  }
  EXPECT_THAT(result.output, EndsWith("\n2 verified, 2 compiled, 2 refused, 1 failed\n"));
  EXPECT_EQ(result.errors, "");
}

// Catches a census that says success with everything as it should be, or not at all.
TEST(Census, SucceedsWithoutFailures) {
  const TempFolder folder;
  Copy(folder, "good");
  const ProcessResult result = Census({folder.path().string(), "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr(R"("result": "verified")"));
  EXPECT_THAT(result.output, HasSubstr(R"("verified": 1)"));
}

// Catches a compiler that dies or hangs and takes the census with it, or passes for a refusal.
TEST(Census, ACrashAndATimeoutAreFailures) {
  const TempFolder folder;
  const TempFolder tools;
  Copy(folder, "good");
  const ProcessResult crash = Census({folder.path().string()}, Program(tools, "kill -SEGV $$"));
  EXPECT_EQ(crash.exit_code, 1);
  EXPECT_THAT(crash.output, ContainsRegex("model.onnx +failed +crash: "));
  const ProcessResult hang =
      Census({folder.path().string(), "--timeout=0.2"}, Program(tools, "exec sleep 60"));
  EXPECT_EQ(hang.exit_code, 1);
  EXPECT_THAT(hang.output, ContainsRegex("model.onnx +failed +timeout: "));
}

}  // namespace
}  // namespace rnnc::test
