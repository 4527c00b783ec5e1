// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The program as a user runs it: exit codes, what is said, and which files are left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "compiler/support/file.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

using ::testing::HasSubstr;

constexpr const char* kData = RNNC_SOURCE_DIR "/tests/data/";

ProcessResult Rnnc(std::vector<std::string> arguments, const std::string& folder = "") {
  arguments.insert(arguments.begin(), RNNC_BINARY_DIR "/rnnc");
  return RunProcess(arguments, folder);
}

std::string Model(const std::string& name) { return kData + name + "/model.onnx"; }

size_t CountFiles(const TempFolder& folder) {
  const std::filesystem::directory_iterator files(folder.path());
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

// Usage errors that exit with 1, or say nothing of what was meant.
TEST(Cli, UsageErrors) {
  struct Case {
    std::vector<std::string> arguments;
    const char* says;
  };
  for (const Case& c : std::vector<Case>{{{}, "--help"},
                                         {{"comple"}, "did you mean 'compile'"},
                                         {{"compile"}, "model"},
                                         {{"compile", "m.onnx", "--dims", "a=1"}, "did you mean '--dim'"},
                                         {{"compile", "m.onnx", "--dim", "a"}, "name=value"},
                                         {{"compile", "m.onnx", "-O9"}, "O"}}) {
    const ProcessResult result = Rnnc(c.arguments);
    EXPECT_EQ(result.exit_code, 2) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr(c.says));
  }
  EXPECT_EQ(Rnnc({"--help"}).exit_code, 0);
  EXPECT_EQ(Rnnc({"compile", "--help"}).exit_code, 0);
}

// Files left behind by a compilation that failed; a crash on what is no model.
TEST(Cli, RefusalsLeaveNothingBehind) {
  TempFolder folder;
  ASSERT_TRUE(WriteFile(folder / "text.onnx", "this is no model\n").ok());
  ASSERT_TRUE(WriteFile(folder / "empty.onnx", "").ok());
  const size_t before = CountFiles(folder);
  for (const char* name : {"text.onnx", "empty.onnx", "missing.onnx"}) {
    const ProcessResult result = Rnnc({"compile", name, "-o", "out.o"}, folder.path().string());
    EXPECT_EQ(result.exit_code, 1) << name;
    EXPECT_THAT(result.errors, HasSubstr(name));
  }
  const ProcessResult state = Rnnc(
      {"compile", Model("stacked_gru"), "-o", "out.o", "--state", "nothing=here"}, folder.path().string());
  EXPECT_EQ(state.exit_code, 1) << state.errors;
  EXPECT_EQ(CountFiles(folder), before);
}

TEST(Cli, EmitsEveryKind) {
  TempFolder folder;
  for (const char* kind : {"obj", "asm", "llvm", "bc", "ir", "header", "lib"}) {
    const std::string path = folder / (std::string("net.") + kind);
    const ProcessResult result =
        Rnnc({"compile", Model("mlp"), std::string("--emit=") + kind, "-o", path, "-q"});
    EXPECT_EQ(result.exit_code, 0) << kind << ": " << result.errors;
    EXPECT_TRUE(std::filesystem::exists(path)) << kind;
  }
}

// verify that passes whatever the numbers are.
TEST(Cli, VerifyFailsBeyondTheBound) {
  EXPECT_EQ(Rnnc({"verify", Model("lstm_small")}).exit_code, 0);
  EXPECT_EQ(Rnnc({"verify", Model("lstm_small"), "--interpret"}).exit_code, 0);
  const ProcessResult strict = Rnnc({"verify", Model("lstm_small"), "--atol=0", "--rtol=0"});
  EXPECT_EQ(strict.exit_code, 1) << strict.output;
}

TEST(Cli, PrintsTheIrAfterAPass) {
  const ProcessResult all =
      Rnnc({"compile", Model("lstm_small"), "--print-ir-after=all", "-o", "/dev/null", "--emit=asm", "-q"});
  EXPECT_EQ(all.exit_code, 0) << all.errors;
  EXPECT_THAT(all.output + all.errors, HasSubstr("stage=planned"));
  const ProcessResult wrong = Rnnc({"compile", Model("lstm_small"), "--print-ir-after=fuse-gate"});
  EXPECT_NE(wrong.exit_code, 0);
  EXPECT_THAT(wrong.errors, HasSubstr("did you mean 'fuse-gates'"));
}

}  // namespace
}  // namespace rnnc::test
