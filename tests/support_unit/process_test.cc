// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/process.h"

#include <gtest/gtest.h>

namespace rnnc::test {
namespace {

// Catches a helper that mixes the streams, loses the exit code, or lets a shell see the arguments.
TEST(Process, SaysWhatTheProgramLeft) {
  const ProcessResult both = RunProcess({"sh", "-c", "echo out; echo err >&2; exit 3"});
  EXPECT_EQ(both.exit_code, 3);
  EXPECT_EQ(both.output, "out\n");
  EXPECT_EQ(both.errors, "err\n");
  EXPECT_EQ(RunProcess({"echo", "$HOME; a  b"}).output, "$HOME; a  b\n");
  EXPECT_EQ(RunProcess({"pwd"}, "/").output, "/\n");
  EXPECT_EQ(RunProcess({"sh", "-c", "kill -9 $$"}).exit_code, 137);
  EXPECT_EQ(RunProcess({"no-such-program"}).exit_code, 127);
}

}  // namespace
}  // namespace rnnc::test
