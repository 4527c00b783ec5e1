// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each example by its own script, as its README says: compiled, linked with its C program, and run. What the
// program has to print was written by the example's train.py, from PyTorch in double precision.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "compiler/support/file.h"
#include "tests/support/native/model_files.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

using ::testing::HasSubstr;

// The script of examples/NAME, with what this test built as the compiler.
ProcessResult Demo(const std::string& name, const TempFolder& build) {
  return RunProcess({"env", "RNNC=" RNNC_BINARY_DIR "/rnnc", "BUILD=" + build.path().string(),
                     RNNC_SOURCE_DIR "/examples/" + name + "/demo.sh"});
}

class Examples : public ::testing::TestWithParam<std::string> {
 protected:
  std::string Folder() const { return RNNC_SOURCE_DIR "/examples/" + GetParam(); }
};

// Catches wrong numbers, and a program that cuts, numbers or prints its text otherwise than the model was
// trained: one wrong word number, tag or character is another line.
TEST_P(Examples, ProgramSaysWhatPyTorchSays) {
  const auto expected = ReadFile(Folder() + "/expected.txt");
  ASSERT_TRUE(expected.ok()) << Render(expected.diagnostics());
  ASSERT_FALSE(expected->empty());
  const TempFolder build;
  const ProcessResult result = Demo(GetParam(), build);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("\n" + *expected));
  EXPECT_THAT(result.errors, Not(HasSubstr("warning"))) << "the C compiler warns";
}

// Catches wrong numbers at the lengths 1, 7, 33 of the data sets.
TEST_P(Examples, ModelVerifies) {
  const ProcessResult result = Rnnc({"verify", Folder() + "/model.onnx"});
  EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
  EXPECT_THAT(result.output, HasSubstr("test_data_set_2"));
}

INSTANTIATE_TEST_SUITE_P(, Examples, ::testing::Values("sentiment", "tagger", "verses"),
                         [](const auto& info) { return info.param; });

// Catches a `run` that differs from its steps in a program of a user's, and a script that does not run.
TEST(LanguageId, ProgramFindsRunAndStepsTheSame) {
  const TempFolder build;
  const ProcessResult result = Demo("language_id", build);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output,
              HasSubstr("49 steps and one run of 49: the same bits; a symbol outside the alphabet: refused"));
}

}  // namespace
}  // namespace rnnc::test
