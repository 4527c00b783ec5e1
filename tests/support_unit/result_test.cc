// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/support/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace rnnc {
namespace {

const Location kHere{"m.onnx", {"/rnn/LSTM"}};

Result<int> Half(int x) {
  if (x % 2 != 0) return Error(kHere, "{} is odd; use an even number", x);
  return x / 2;
}

Result<int> Quarter(int x) {
  RNNC_ASSIGN(const int half, Half(x));
  RNNC_ASSIGN(const int quarter, Half(half));
  return quarter;
}

Result<> BothEven(int x, int y) {
  RNNC_TRY(Half(x));
  RNNC_TRY(Half(y));
  return Ok();
}

// Catches a macro that swallows the diagnostics or goes on after a failure.
TEST(Result, FailureTravelsThroughTheMacros) {
  EXPECT_EQ(*Quarter(8), 2);
  const Result<int> failed = Quarter(6);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(Render(failed.diagnostics()), "m.onnx: /rnn/LSTM: 3 is odd; use an even number");
  EXPECT_TRUE(BothEven(2, 4).ok());
  EXPECT_FALSE(BothEven(2, 5).ok());
}

// Catches a value that is copied where it can only be moved.
TEST(Result, HoldsWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(7);
  std::unique_ptr<int> taken = std::move(made).value();
  EXPECT_EQ(*taken, 7);
}

// Catches a conversion that takes a diagnostic for a value or needs the type spelt out.
TEST(Result, ConvertsFromWhatTheValueIsMadeOf) {
  const Result<std::string> text = "literal";
  EXPECT_EQ(text.value(), "literal");
  const Result<std::string> failed = std::vector<Diagnostic>{Error({}, "a"), Error({}, "b")};
  EXPECT_EQ(failed.diagnostics().size(), 2u);
  const Result<bool> flag = false;
  EXPECT_TRUE(flag.ok());
  EXPECT_FALSE(*flag);
}

// Catches reading a value that is not there.
TEST(ResultDeathTest, ReadingAFailureAborts) {
  const Result<int> failed = Error(kHere, "no such number");
  EXPECT_DEATH((void)failed.value(), "internal error: .*no such number");
}

// Catches a check that does not print the module in work, or prints outer scopes first.
TEST(CheckDeathTest, PrintsTheContexts) {
  const CheckContext outer([] { return std::string("the module"); });
  const CheckContext inner([] { return std::string("pass: dce"); });
  EXPECT_DEATH(RNNC_CHECK(1 == 2, "{} values left", 3), "1 == 2: 3 values left\npass: dce\nthe module\n");
}

}  // namespace
}  // namespace rnnc
