// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the algorithms need to know of float and double; private to codegen/math.
#pragma once

#include <cstdint>
#include <span>

#include "codegen/math/coefficients.h"
#include "codegen/math/vector_math.h"

namespace rnnc::codegen {

inline constexpr double kLog2E = 0x1.71547652b82fep0;
inline constexpr double kLn2 = 0x1.62e42fefa39efp-1;
inline constexpr double kHalfPi = 0x1.921fb54442d18p0;
inline constexpr double kHalfPiLow = 0x1.1a62633145c07p-54;

struct FloatFormat {
  int mantissa_bits;
  int exponent_bias;
  double round_magic;  // 1.5 * 2^mantissa_bits: added, it rounds to an integer of either sign
  double round_scale;  // 2^mantissa_bits
  double least_normal;
  double ln2_high, ln2_low;  // high times any exponent is exact
  std::uint64_t one_bits, sqrt_half_bits, mantissa_mask, integer_bits;
  std::span<const double> exp;
  double exp_zero, exp_overflow;  // exp is 0 or infinite beyond
  double expm1_minus_one;         // exp(x) - 1 is -1 below
  double expm1_overflow;
  double sigmoid_zero, sigmoid_one;
  int sigmoid_scale;  // every result of sigmoid times 2^this is a normal number
  double tanh_one;
};

inline constexpr FloatFormat kF32 = {
    .mantissa_bits = 23,
    .exponent_bias = 127,
    .round_magic = 0x1.8p23,
    .round_scale = 0x1p23,
    .least_normal = 0x1p-126,
    .ln2_high = 0x1.63p-1,
    .ln2_low = -0x1.bd0106p-13,
    .one_bits = 0x3F800000,
    .sqrt_half_bits = 0x3F3504F3,
    .mantissa_mask = 0x007FFFFF,
    .integer_bits = 0x4B000000,
    .exp = kExpF32,
    .exp_zero = -104.0,
    .exp_overflow = 88.75,
    .expm1_minus_one = -20.0,
    .expm1_overflow = 88.75,
    .sigmoid_zero = -104.5,
    .sigmoid_one = 60.0,
    .sigmoid_scale = 24,
    .tanh_one = 10.0,
};

inline constexpr FloatFormat kF64 = {
    .mantissa_bits = 52,
    .exponent_bias = 1023,
    .round_magic = 0x1.8p52,
    .round_scale = 0x1p52,
    .least_normal = 0x1p-1022,
    .ln2_high = 0x1.62e42feep-1,
    .ln2_low = 0x1.a39ef35793c76p-33,
    .one_bits = 0x3FF0000000000000,
    .sqrt_half_bits = 0x3FE6A09E667F3BCD,
    .mantissa_mask = 0x000FFFFFFFFFFFFF,
    .integer_bits = 0x4330000000000000,
    .exp = kExpF64,
    .exp_zero = -746.0,
    .exp_overflow = 710.5,
    .expm1_minus_one = -40.0,
    .expm1_overflow = 709.8,
    .sigmoid_zero = -746.0,
    .sigmoid_one = 60.0,
    .sigmoid_scale = 54,
    .tanh_one = 22.0,
};

inline const FloatFormat& FormatOf(Expr x) { return x.Bits() == 64 ? kF64 : kF32; }

// x = m * ln2 + r; `bits` holds m + the bias asked for in its low bits, other bits above.
struct VectorMath::Reduced {
  Expr m;
  Expr r;
  Expr bits;
};

}  // namespace rnnc::codegen
