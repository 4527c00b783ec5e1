// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/support/strings.h"

#include <gtest/gtest.h>

#include <set>

#include "compiler/support/arithmetic.h"

namespace rnnc {
namespace {

// Catches suggestions that are far-fetched, miss a swapped pair, or repeat what was typed.
TEST(ClosestName, SuggestsOnlyWhatIsNear) {
  const std::vector<std::string> names = {"input", "state", "sr", "output"};
  EXPECT_EQ(ClosestName("inptu", names), "input");
  EXPECT_EQ(ClosestName("Output", names), "output");
  EXPECT_EQ(ClosestName("stat", names), "state");
  EXPECT_EQ(ClosestName("weights", names), std::nullopt);
  EXPECT_EQ(ClosestName("state", names), std::nullopt);
  EXPECT_EQ(ClosestName("q", names), std::nullopt);
  EXPECT_EQ(ClosestName("", names), std::nullopt);
  EXPECT_EQ(DidYouMean("outputs", names), "; did you mean 'output'?");
  EXPECT_EQ(DidYouMean("weights", names), "");
}

// Catches a header that does not compile because of the model's name.
TEST(CIdentifier, IsAlwaysAnIdentifier) {
  EXPECT_EQ(CIdentifier("kws"), "kws");
  EXPECT_EQ(CIdentifier("/rnn/LSTM"), "rnn_LSTM");
  EXPECT_EQ(CIdentifier("silero-vad v6.2"), "silero_vad_v6_2");
  EXPECT_EQ(CIdentifier("16k"), "_16k");
  EXPECT_EQ(CIdentifier("int"), "int_");
  EXPECT_EQ(CIdentifier("class"), "class_");
  EXPECT_EQ(CIdentifier("__x__y__"), "x_y");
  // A header in which these are parameters would not compile behind <stdio.h>, <limits.h> or <stdint.h>.
  for (const char* name : {"EOF", "INT64_MAX", "FLT_MIN", "M_PI", "size_t", "int64_t", "stdin"})
    EXPECT_EQ(CIdentifier(name), std::string(name) + "_");
  EXPECT_EQ(CIdentifier("rnnc"), "model_rnnc");
  EXPECT_EQ(CIdentifier("rnnc_model"), "model_rnnc_model");
  EXPECT_EQ(CIdentifier("rnncs"), "rnncs");
  EXPECT_EQ(CIdentifier("Größe"), "Gr_e");
  EXPECT_EQ(CIdentifier(""), "model");
  EXPECT_EQ(CIdentifier("///"), "model");
}

// Catches a hash that changes between versions: the values are those of the FNV authors' own test vectors.
TEST(Hash, IsFnv1a) {
  EXPECT_EQ(Hex(Hash("")), "cbf29ce484222325");
  EXPECT_EQ(Hex(Hash("a")), "af63dc4c8601ec8c");
  EXPECT_EQ(Hex(Hash("foobar")), "85944171f73967e8");
  EXPECT_EQ(Hash("bar", Hash("foo")), Hash("foobar"));
}

// Catches dropped empty parts.
TEST(Strings, SplitAndTrim) {
  EXPECT_EQ(Split("a,,b,", ','), (std::vector<std::string>{"a", "", "b", ""}));
  EXPECT_EQ(Split("", ','), (std::vector<std::string>{""}));
  EXPECT_EQ(Trim(" \t a b\n"), "a b");
  EXPECT_EQ(Trim("  "), "");
}

// Catches a report that rounds 999999 to "1000 kB" or exact numbers at all.
TEST(Strings, HumanBytes) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(999), "999 B");
  EXPECT_EQ(HumanBytes(1000), "1.00 kB");
  EXPECT_EQ(HumanBytes(9999), "10.0 kB");
  EXPECT_EQ(HumanBytes(999999), "1.00 MB");
  EXPECT_EQ(HumanBytes(1234567), "1.23 MB");
}

// Catches sizes that wrap around: a file may declare any dims.
TEST(Arithmetic, OverflowIsSeen) {
  EXPECT_EQ(CheckedMul(int64_t{1} << 32, int64_t{1} << 31), std::nullopt);
  EXPECT_EQ(CheckedMul(int64_t{1} << 31, int64_t{1} << 31), int64_t{1} << 62);
  EXPECT_EQ(CheckedAdd(INT64_MAX, 1), std::nullopt);
  EXPECT_EQ(CheckedSub(INT64_MIN, 1), std::nullopt);
  EXPECT_EQ(CheckedProduct(std::vector<int64_t>{}), 1);
  EXPECT_EQ(CheckedProduct(std::vector<int64_t>{2, 3, 4}), 24);
  EXPECT_EQ(CheckedProduct(std::vector<int64_t>{INT64_MAX, 2, 0}), 0);
  EXPECT_EQ(CheckedProduct(std::vector<int64_t>{INT64_MAX, 2, 1}), std::nullopt);
  EXPECT_EQ(CheckedAlign(65, 64), 128);
  EXPECT_EQ(CheckedAlign(INT64_MAX - 1, 64), std::nullopt);
}

}  // namespace
}  // namespace rnnc
