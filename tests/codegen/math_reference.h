// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Expected values of elementary functions: the C library in a type with at least 11 more bits.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace rnnc::codegen {

template <class T>
struct Wider;
template <>
struct Wider<float> {
  using Type = double;
  using Bits = std::uint32_t;
};
template <>
struct Wider<double> {
  using Type = long double;
  using Bits = std::uint64_t;
};

template <class W>
using Reference = W (*)(W);

template <class W>
const std::map<std::string, Reference<W>>& References() {
  static const std::map<std::string, Reference<W>> table = {
      {"exp", [](W x) { return std::exp(x); }},
      {"expm1", [](W x) { return std::expm1(x); }},
      {"log", [](W x) { return std::log(x); }},
      {"log1p", [](W x) { return std::log1p(x); }},
      {"sqrt", [](W x) { return std::sqrt(x); }},
      {"reciprocal", [](W x) { return 1 / x; }},
      {"sigmoid", [](W x) { return x > 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }},
      {"tanh", [](W x) { return std::tanh(x); }},
      {"softplus", [](W x) { return (x > 0 ? x : W(0)) + std::log1p(std::exp(-std::abs(x))); }},
      {"erf", [](W x) { return std::erf(x); }},
      {"sin", [](W x) { return std::sin(x); }},
      {"cos", [](W x) { return std::cos(x); }},
      {"tan", [](W x) { return std::tan(x); }},
      {"asin", [](W x) { return std::asin(x); }},
      {"acos", [](W x) { return std::acos(x); }},
      {"atan", [](W x) { return std::atan(x); }},
      {"sinh", [](W x) { return std::sinh(x); }},
      {"cosh", [](W x) { return std::cosh(x); }},
      {"asinh", [](W x) { return std::asinh(x); }},
      {"acosh", [](W x) { return std::acosh(x); }},
      {"atanh", [](W x) { return std::atanh(x); }},
      {"floor", [](W x) { return std::floor(x); }},
      {"ceil", [](W x) { return std::ceil(x); }},
      {"trunc", [](W x) { return std::trunc(x); }},
      {"round", [](W x) { return std::nearbyint(x); }},
  };
  return table;
}

// The distance of `got` from `expected` in units in the last place of the format T around `expected`;
// infinity counts as the power of two after the largest number. Wrong NaN and wrong signs of zero count 1e9.
template <class T>
double UlpError(T got, typename Wider<T>::Type expected) {
  using W = typename Wider<T>::Type;
  constexpr double wrong = 1e9;
  if (std::isnan(expected) || std::isnan(got)) return std::isnan(expected) == std::isnan(got) ? 0 : wrong;
  if ((got == 0 || expected == 0) && std::signbit(got) != std::signbit(expected)) return wrong;
  if (static_cast<W>(got) == expected) return 0;
  const W top = std::ldexp(W(1), std::numeric_limits<T>::max_exponent);
  const W got_wide = std::isinf(got) ? std::copysign(top, W(got)) : W(got);
  const W clipped = std::abs(expected) > top ? std::copysign(top, expected) : expected;
  const int exponent =
      std::max(clipped == 0 ? -100000 : std::ilogb(clipped), std::numeric_limits<T>::min_exponent - 1);
  const W unit = std::ldexp(W(1), std::min(exponent, std::numeric_limits<T>::max_exponent - 1) -
                                      (std::numeric_limits<T>::digits - 1));
  return static_cast<double>(std::abs(got_wide - clipped) / unit);
}

// Neighbourhoods, of either sign, of points where formulas change or results reach a limit.
template <class T>
std::vector<T> SpecialPoints() {
  using Bits = typename Wider<T>::Bits;
  std::vector<T> points;
  const auto around = [&](double centre, int reach) {
    const Bits bits = std::bit_cast<Bits>(static_cast<T>(centre));
    for (int i = -reach; i <= reach; ++i) {
      points.push_back(std::bit_cast<T>(static_cast<Bits>(bits + static_cast<Bits>(i))));
      points.push_back(-points.back());
    }
  };
  // clang-format off
  constexpr double centres[] = {
      0, 1e-45, 0x1p-126, 0x1p-24, 0x1p-54, 0x1p-12, 0.25, 0.5, 0.70710678118654752, 1, 1.4142135623730951, 2,
      2.5, 4, 6, 9.01, 17, 20, 22, 40, 60, 87.33, 88.02, 88.72, 89.41, 103.2, 103.97, 104, 708.39, 709.08, 709.78,
      710.47, 744.44, 745.13, 746, 0x1p20, 0x1p23, 0x1.8p23, 0x1p24, 0x1p52, 0x1p53, 0x1p60, 1e10, 1e22,
      std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::min(), std::numeric_limits<T>::max(),
      std::numeric_limits<T>::infinity(), std::numeric_limits<T>::quiet_NaN()};
  // clang-format on
  for (const double centre : centres) around(centre, 300);
  for (int n = 1; n < 400; ++n) around(n * 1.5707963267948966, 3);
  for (int n = 1; n < 40; ++n) around(std::ldexp(1.5707963267948966, n), 20);
  for (int n = 0; n < 200; ++n) around(n * 0.5, 2);
  return points;
}

// The special points and `count` others, a multiple of 48 in all: for floats equal steps through all bit
// patterns; for doubles patterns spread over all, three of four with their exponent made moderate.
template <class T>
std::vector<T> Arguments(std::size_t count) {
  std::vector<T> points = SpecialPoints<T>();
  for (std::size_t i = 0; i < count; ++i) {
    if constexpr (sizeof(T) == 4) {
      const auto stride = static_cast<std::uint32_t>(0x1p32 / static_cast<double>(count)) | 1;
      points.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(i) * stride));
    } else {
      const double any = std::bit_cast<double>(i * 0x9E3779B97F4A7C15);  // 2^64 divided by the golden ratio
      int exponent = 0;
      const double mantissa = std::frexp(any, &exponent);
      const bool moderate = i % 4 != 0 && std::isfinite(any);
      points.push_back(moderate ? std::ldexp(mantissa, static_cast<int>(i % 45) - 32) : any);
    }
  }
  while (points.size() % 48 != 0) points.push_back(1);
  return points;
}

}  // namespace rnnc::codegen
