// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/dim.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "compiler/ir/tensor.h"

namespace rnnc::ir {
namespace {

// Catches polynomials that are equal but do not compare so, and text in another order.
TEST(Dim, IsCanonical) {
  const Dim t = Dim::Symbol("T"), b = Dim::Symbol("B");
  EXPECT_EQ((t + 1) * 2, t + t + 2);
  EXPECT_EQ(t * b, b * t);
  EXPECT_EQ(t - t, Dim(0));
  EXPECT_EQ((t * 2 + 1).ToText(), "2*T+1");
  EXPECT_EQ((b * t - t - 3).ToText(), "B*T-T-3");
  EXPECT_EQ((Dim(0) - t).ToText(), "-T");
  EXPECT_EQ(Dim().ToText(), "0");
  EXPECT_EQ((t * t + t).ToText(), "T*T+T");
  EXPECT_EQ(Dim::Symbol("batch size").ToText(), "\"batch size\"");
}

TEST(Dim, DividesExactlyOrNot) {
  const Dim t = Dim::Symbol("T"), b = Dim::Symbol("B");
  EXPECT_EQ((t * 6 + 4).DividedBy(2), std::optional<Dim>(t * 3 + 2));
  EXPECT_EQ((t * 6 + 3).DividedBy(2), std::nullopt);
  EXPECT_EQ((t * b * 4).DividedBy(b * 2), std::optional<Dim>(t * 2));
  EXPECT_EQ((t + 1).DividedBy(t), std::nullopt);
  EXPECT_EQ((t * t).DividedBy(t), std::optional<Dim>(t));
  EXPECT_EQ(t.DividedBy(t + 1), std::nullopt);
  EXPECT_EQ(t.DividedBy(0), std::nullopt);
}

TEST(Dim, SubstitutesAndEvaluates) {
  const Dim t = Dim::Symbol("T"), b = Dim::Symbol("B");
  const Dim dim = t * t * 2 + b * 3 - 1;
  EXPECT_EQ(dim.Evaluate({{"T", 5}, {"B", 7}}), 70);
  EXPECT_EQ(dim.Evaluate({{"T", 5}}), std::nullopt);
  EXPECT_EQ(dim.Substitute({{"T", b + 1}}), b * b * 2 + b * 7 + 1);
  EXPECT_TRUE(dim.Uses("B"));
  EXPECT_FALSE(dim.Substitute({{"B", 0}}).Uses("B"));
  EXPECT_EQ(dim.Symbols(), (std::vector<std::string>{"B", "T"}));
}

// Catches sizes that wrap around silently.
TEST(Dim, PoisonsOnOverflow) {
  const Dim huge(std::numeric_limits<int64_t>::max());
  EXPECT_TRUE((huge + 1).IsPoisoned());
  EXPECT_TRUE((huge * 2).IsPoisoned());
  EXPECT_TRUE(((huge + 1) - 1).IsPoisoned());
  EXPECT_FALSE(huge + 1 == huge + 1);
  EXPECT_FALSE((huge + 1).IsConstant());
  EXPECT_EQ((huge + 1).Evaluate({}), std::nullopt);
  EXPECT_EQ((Dim::Symbol("T") * 4).Evaluate({{"T", std::numeric_limits<int64_t>::max()}}), std::nullopt);
  EXPECT_TRUE((huge + 1).Substitute({{"T", 1}}).IsPoisoned());
}

// The reference is the compiler's own conversion (float to _Float16 rounds to nearest even).
TEST(Tensor, HalfAgreesWithTheCompiler) {
#ifdef __FLT16_MAX__
  uint32_t pattern = 12345;
  for (int i = 0; i < 200000; ++i) {
    pattern = pattern * 1664525 + 1013904223;
    const double value = std::bit_cast<float>(i < 70000 ? static_cast<uint32_t>(i) << 16 : pattern);
    const auto half = std::bit_cast<uint16_t>(static_cast<_Float16>(value));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(DoubleFromHalf(HalfFromDouble(value))));
    } else {
      ASSERT_EQ(HalfFromDouble(value), half) << value;
      ASSERT_EQ(DoubleFromHalf(half), static_cast<double>(std::bit_cast<_Float16>(half)));
    }
  }
#endif
  // Twice rounded (through f32) this would be 1.0009765625.
  EXPECT_EQ(HalfFromDouble(1.0 + 0x1p-11 + 0x1p-40), 0x3c01);
  EXPECT_EQ(HalfFromDouble(1.0 + 0x1p-11), 0x3c00);
  EXPECT_EQ(HalfFromDouble(65519.99), 0x7bff);
  EXPECT_EQ(HalfFromDouble(65520.0), 0x7c00);
  EXPECT_EQ(HalfFromDouble(-0x1p-25), 0x8000);
  EXPECT_EQ(HalfFromDouble(0x1.8p-25), 0x0001);
}

// bf16 is the upper half of f32: every pattern comes back; halves go to the even neighbour.
TEST(Tensor, BFloat16) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const double value = DoubleFromBFloat16(static_cast<uint16_t>(bits));
    if (std::isnan(value)) continue;
    ASSERT_EQ(BFloat16FromDouble(value), bits);
  }
  EXPECT_EQ(BFloat16FromDouble(1.0 + 0x1p-8), 0x3f80);
  EXPECT_EQ(BFloat16FromDouble(1.0 + 0x1.8p-7), 0x3f82);
  EXPECT_EQ(BFloat16FromDouble(1.0 + 0x1p-8 + 0x1p-40), 0x3f81);
  EXPECT_EQ(BFloat16FromDouble(3.4e38), 0x7f80);
  EXPECT_TRUE(std::isnan(DoubleFromBFloat16(BFloat16FromDouble(std::nan("")))));
}

// Catches polynomials that grow without end: a file of 40 multiplications asks for 2^40 terms.
TEST(Dim, LargePolynomialsArePoisoned) {
  Dim power = Dim::Symbol("T") + 1;
  for (int i = 0; i < 40; ++i) power = power * power;
  EXPECT_TRUE(power.IsPoisoned());
  Dim sum;
  for (int i = 0; i < 100; ++i) sum += Dim::Symbol("s" + std::to_string(i));
  EXPECT_FALSE(sum.IsPoisoned());
  for (int i = 100; i < 200; ++i) sum += Dim::Symbol("s" + std::to_string(i));
  EXPECT_TRUE(sum.IsPoisoned());
}

}  // namespace
}  // namespace rnnc::ir
