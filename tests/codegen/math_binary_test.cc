// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Functions of two arguments, and conversions of half and bfloat16.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "tests/codegen/math_reference.h"
#include "tests/codegen/math_rows.h"

namespace rnnc::codegen {
namespace {

class MathBinaryTest : public testing::TestWithParam<MathRow> {
 protected:
  void SetUp() override {
    if (const std::string why = WhyNot(GetParam()); !why.empty()) GTEST_SKIP() << why;
  }
  CompiledRow& row() { return RowNamed(GetParam().name); }
};

template <class T>
struct Pairs {
  std::vector<T> a, b;
};

// Every pair of special values, then random ones: `make` gives a pair.
template <class T, class Make>
Pairs<T> ArgumentPairs(std::size_t count, const Make& make) {
  constexpr T largest = std::numeric_limits<T>::max(), least = std::numeric_limits<T>::denorm_min();
  constexpr T normal = std::numeric_limits<T>::min(), epsilon = std::numeric_limits<T>::epsilon();
  std::vector<T> specials = {0,
                             least,
                             3 * least,
                             normal,
                             normal - least,
                             epsilon,
                             T(0.1),
                             T(0.5),
                             T(0.75),
                             1 - epsilon / 2,
                             1,
                             1 + epsilon,
                             T(1.5),
                             2,
                             T(2.5),
                             3,
                             7,
                             10,
                             100,
                             1001,
                             T(16777217),
                             T(9007199254740991),
                             T(9007199254740992),
                             T(1e18),
                             largest / 2,
                             largest,
                             INFINITY,
                             NAN};
  for (std::size_t i = specials.size(); i-- > 0;) specials.push_back(-specials[i]);
  Pairs<T> pairs;
  for (const T a : specials) {
    for (const T b : specials) pairs.a.push_back(a), pairs.b.push_back(b);
  }
  std::mt19937_64 random(7);
  while (pairs.a.size() < count || pairs.a.size() % 48 != 0) {
    const auto [a, b] = make(random);
    pairs.a.push_back(a), pairs.b.push_back(b);
  }
  return pairs;
}

template <class T>
T AnyPattern(std::mt19937_64& random) {
  return std::bit_cast<T>(static_cast<typename Wider<T>::Bits>(random()));
}

template <class T>
double Uniform(std::mt19937_64& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

template <class T>
void Check(CompiledRow& row, const std::string& name, const Pairs<T>& pairs,
           typename Wider<T>::Type (*reference)(typename Wider<T>::Type, typename Wider<T>::Type)) {
  using W = typename Wider<T>::Type;
  using Bits = typename Wider<T>::Bits;
  const bool is_float = sizeof(T) == 4;
  double limit = -1;
  for (const MathBinaryBound& bound : MathBinaryBounds()) {
    if (bound.name == name) limit = is_float ? bound.max_ulp_f32 : bound.max_ulp_f64;
  }
  std::vector<W> expected;
  for (std::size_t i = 0; i < pairs.a.size(); ++i) expected.push_back(reference(pairs.a[i], pairs.b[i]));
  std::vector<T> first;
  double worst = 0;
  for (const int width : kWidths) {
    std::vector<T> results(pairs.a.size());
    row.Find(name, is_float ? "f32" : "f64", width)(pairs.a.data(), pairs.b.data(), results.data(),
                                                    results.size());
    if (first.empty()) first = results;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const double error = UlpError<T>(results[i], expected[i]);
      ASSERT_LE(error, limit) << name << "(" << std::hexfloat << pairs.a[i] << ", " << pairs.b[i]
                              << ") = " << results[i] << ", expected " << expected[i];
      worst = std::max(worst, error);
      if (std::isnan(results[i])) continue;
      ASSERT_EQ(std::bit_cast<Bits>(results[i]), std::bit_cast<Bits>(first[i]))
          << name << " at width " << width;
    }
  }
  std::printf("%-10s %-10s %s %.2f\n", row.row().name.c_str(), name.c_str(), is_float ? "f32" : "f64", worst);
}

template <class T>
void CheckPow(CompiledRow& row) {
  // Half of the pairs have results across the whole range of T, the others any pattern at all.
  const double range = sizeof(T) == 4 ? 104 : 746;
  const Pairs<T> pairs =
      ArgumentPairs<T>(IsForeign(row.row()) ? 10'000 : 200'000, [&](std::mt19937_64& random) {
        if (random() % 4 == 0) return std::pair(AnyPattern<T>(random), AnyPattern<T>(random));
        if (random() % 4 == 0) {
          return std::pair(static_cast<T>(Uniform<T>(random, -10, 10)),
                           static_cast<T>(static_cast<int>(random() % 61) - 30));
        }
        const double spread = random() % 2 == 0 ? range : 0.5;
        const T x = static_cast<T>(std::exp(Uniform<T>(random, -spread, spread) * 0.9));
        return std::pair(
            x, static_cast<T>(Uniform<T>(random, -range, range) / std::log(static_cast<double>(x))));
      });
  Check<T>(row, "pow", pairs, [](auto x, auto y) { return std::pow(x, y); });
}

template <class T>
void CheckFmod(CompiledRow& row) {
  const Pairs<T> pairs =
      ArgumentPairs<T>(IsForeign(row.row()) ? 5'000 : 30'000, [&](std::mt19937_64& random) {
        if (random() % 4 == 0) return std::pair(AnyPattern<T>(random), AnyPattern<T>(random));
        return std::pair(static_cast<T>(Uniform<T>(random, -1e4, 1e4)),
                         static_cast<T>(Uniform<T>(random, -10, 10)));
      });
  Check<T>(row, "fmod", pairs, [](auto x, auto y) { return std::fmod(x, y); });
}

// Catches a logarithm with too few bits for large results, and each special case of C left out.
TEST_P(MathBinaryTest, Pow) {
  CheckPow<float>(row());
  CheckPow<double>(row());
}

// Catches a remainder that is not exact, and a loop that does not end on NaN.
TEST_P(MathBinaryTest, Fmod) {
  CheckFmod<float>(row());
  CheckFmod<double>(row());
}

// The value of 16 bits with `exponent_bits` of exponent, and the nearest such bits of a value, by arithmetic.
struct SmallFormat {
  int mantissa_bits;
  int least_exponent;
  int largest_exponent;
};
constexpr SmallFormat kHalf = {10, -14, 15};
constexpr SmallFormat kBFloat = {7, -126, 127};

double ValueOf(const SmallFormat& format, std::uint16_t bits) {
  const int field = (bits & 0x7FFF) >> format.mantissa_bits;
  const int mantissa = bits & ((1 << format.mantissa_bits) - 1);
  double value = std::ldexp(mantissa, format.least_exponent - format.mantissa_bits);
  if (field > 0)
    value = std::ldexp(mantissa + (1 << format.mantissa_bits),
                       field - 1 + format.least_exponent - format.mantissa_bits);
  if (field > format.largest_exponent - format.least_exponent + 1) value = mantissa == 0 ? INFINITY : NAN;
  return std::copysign(value, (bits & 0x8000) != 0 ? -1.0 : 1.0);
}

std::uint16_t BitsOf(const SmallFormat& format, double value) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const int infinity = (format.largest_exponent - format.least_exponent + 2) << format.mantissa_bits;
  const double size = std::abs(value);
  const double unit_exponent =
      size == 0 ? format.least_exponent : std::max(std::ilogb(size), format.least_exponent);
  const double units =
      std::isinf(size)
          ? 0
          : std::nearbyint(std::ldexp(size, format.mantissa_bits - static_cast<int>(unit_exponent)));
  // Units carry into the exponent by themselves.
  const double bits = units + (unit_exponent - format.least_exponent) * (1 << format.mantissa_bits);
  return sign | static_cast<std::uint16_t>(std::isinf(size) || bits > infinity ? infinity : bits);
}

void CheckFromBits(CompiledRow& row, const std::string& name, const SmallFormat& format) {
  std::vector<std::uint16_t> bits(65568);  // all, and some again: a multiple of 48
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint16_t>(i);
  for (const int width : kWidths) {
    std::vector<float> values(bits.size());
    row.Find(name, "f32", width)(bits.data(), bits.data(), values.data(), bits.size());
    for (std::size_t i = 0; i < bits.size(); ++i) {
      const double expected = ValueOf(format, bits[i]);
      const auto got = std::bit_cast<std::uint32_t>(values[i]);
      if (std::isnan(expected)) {
        const std::uint32_t payload = static_cast<std::uint32_t>(bits[i]) << (23 - format.mantissa_bits);
        ASSERT_EQ(got & 0x007FFFFF, (payload & 0x007FFFFF) | 0x00400000) << name << " " << i;
        ASSERT_EQ(got >> 23, (bits[i] & 0x8000) != 0 ? 0x1FFu : 0xFFu) << name << " " << i;
      } else {
        ASSERT_EQ(got, std::bit_cast<std::uint32_t>(static_cast<float>(expected))) << name << " " << i;
      }
    }
  }
}

template <class T>
void CheckToBits(CompiledRow& row, const std::string& name, const SmallFormat& format) {
  std::vector<T> values = Arguments<T>(IsForeign(row.row()) ? 20'000 : 400'000);
  for (int i = 0; i < 65536; ++i) {  // every value, every tie, and what lies just beside the ties
    const double value = ValueOf(format, static_cast<std::uint16_t>(i));
    const double next = ValueOf(format, static_cast<std::uint16_t>(i + 1));
    const T tie = static_cast<T>((value + next) / 2);
    for (const T x : {static_cast<T>(value), tie, std::nextafter(tie, T(0)), std::nextafter(tie, tie * 2)})
      values.push_back(x);
  }
  while (values.size() % 48 != 0) values.push_back(1);
  for (const int width : kWidths) {
    std::vector<std::uint16_t> bits(values.size());
    row.Find(name, sizeof(T) == 4 ? "f32" : "f64", width)(values.data(), values.data(), bits.data(),
                                                          values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i])) {
        const int quiet = (((1 << 15) - 1) >> (format.mantissa_bits - 1)) << (format.mantissa_bits - 1);
        ASSERT_EQ(bits[i] & quiet, quiet) << name;
        ASSERT_EQ((bits[i] & 0x8000) != 0, std::signbit(values[i])) << name;
      } else {
        ASSERT_EQ(bits[i], BitsOf(format, values[i])) << name << " " << std::hexfloat << values[i];
      }
    }
  }
}

// Catches rounding other than to nearest even, double rounding from f64, and lost subnormals, NaN or signs.
TEST_P(MathBinaryTest, HalfAndBFloat) {
  CheckFromBits(row(), "from_half", kHalf);
  CheckFromBits(row(), "from_bfloat", kBFloat);
  CheckToBits<float>(row(), "to_half", kHalf);
  CheckToBits<double>(row(), "to_half", kHalf);
  CheckToBits<float>(row(), "to_bfloat", kBFloat);
  CheckToBits<double>(row(), "to_bfloat", kBFloat);
}

INSTANTIATE_TEST_SUITE_P(Rows, MathBinaryTest, testing::ValuesIn(MathRows()), [](const auto& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace rnnc::codegen
