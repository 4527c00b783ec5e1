// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exponential and logarithm.
//
// exp: x = m ln2 + r with |r| <= ln2/2, exp(x) = 2^m (1 + r + r^2 P(r)). The integer m comes of adding a
// number so large that the sum has no bits after the point; the low bits of the sum are m itself plus a bias
// chosen so that one shift makes them the exponent of 2^m.
// log: x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)).
#include <limits>

#include "codegen/math/coefficients.h"
#include "codegen/math/float_format.h"
#include "codegen/math/vector_math.h"

namespace rnnc::codegen {

VectorMath::Reduced VectorMath::ReduceByLn2(Expr x, int bias) {
  const FloatFormat& format = FormatOf(x);
  const double magic = format.round_magic + bias;
  const Expr sum = Fma(x, x.Like(kLog2E), x.Like(magic));
  const Expr m = sum - magic;
  const Expr rest = Fma(m, m.Like(-format.ln2_high), x);  // exact: ln2_high has few bits
  return {m, Fma(m, m.Like(-format.ln2_low), rest), sum.AsInt()};
}

// exp(x + low) * 2^scale. 2^m in two factors: m spans more than the exponents of one number, and the last
// product is then the only one that rounds, subnormal results included.
Expr VectorMath::ExpOfPair(Expr x, const Expr* low, int scale) {
  const FloatFormat& format = FormatOf(x);
  x = AtMost(AtLeast(x, format.exp_zero), format.exp_overflow);
  Reduced reduced = ReduceByLn2(x, 2 * format.exponent_bias);
  Expr r = reduced.r;
  if (low != nullptr) r = r + *low;
  const Expr p = Fma(r * r, Polynomial(r, format.exp), r + 1.0);
  // An even bias: half of the bits is half of m plus the bias of the exponent.
  const Expr bits = reduced.bits + static_cast<std::int64_t>(scale);
  const Expr half = bits >> 1;
  const Expr first = (half << format.mantissa_bits).AsFloat();
  const Expr second = ((bits - half) << format.mantissa_bits).AsFloat();
  return (p * first) * second;
}

// exp where the result is a normal number.
Expr VectorMath::ExpInRange(Expr x) {
  const FloatFormat& format = FormatOf(x);
  const Reduced reduced = ReduceByLn2(x, format.exponent_bias);
  const Expr p = Fma(reduced.r * reduced.r, Polynomial(reduced.r, format.exp), reduced.r + 1.0);
  return p * (reduced.bits << format.mantissa_bits).AsFloat();
}

llvm::Value* VectorMath::Exp(llvm::Value* x) { return ExpOfPair(Wrap(x), nullptr, 0); }

// With q = exp(r) - 1: exp(x) - 1 = 2^m q + (2^m - 1), where nothing cancels. Half of it is computed, since
// 2^m may be just too large.
llvm::Value* VectorMath::Expm1(llvm::Value* value) {
  const Expr x = Wrap(value);
  const FloatFormat& format = FormatOf(x);
  const Expr clamped = AtMost(AtLeast(x, format.expm1_minus_one), format.expm1_overflow);
  const Reduced reduced = ReduceByLn2(clamped, format.exponent_bias - 1);
  const Expr r = reduced.r;
  const Expr q = Fma(r * r, Polynomial(r, format.exp), r);
  const Expr half = (reduced.bits << format.mantissa_bits).AsFloat();
  return CopySign(Fma(half, q, half - 0.5) * 2.0, x);
}

// k and 1 + f of a positive finite number. Adding the distance from sqrt(1/2) to 1 to the bits makes the
// exponent field carry where 1 + f would be too large.
VectorMath::Pair VectorMath::SplitForLog(Expr x) {
  const FloatFormat& format = FormatOf(x);
  const Expr subnormal = x < format.least_normal;
  const Expr scaled = Select(subnormal, x * format.round_scale, x);
  const Expr bits = scaled.AsInt() + (format.one_bits - format.sqrt_half_bits);
  const Expr mantissa = (bits & format.mantissa_mask) + format.sqrt_half_bits;
  const Expr exponent = ((bits >> format.mantissa_bits) | format.integer_bits).AsFloat();
  // integer_bits are those of round_scale = 2^mantissa_bits, whose unit is 1.
  const double zero = format.round_scale + format.exponent_bias;
  const Expr k = exponent - Select(subnormal, x.Like(zero + format.mantissa_bits), x.Like(zero));
  return {k, mantissa.AsFloat()};
}

// Also for NaN, which is not below infinity and not above zero.
Expr VectorMath::LogSpecials(Expr x, Expr result) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Expr finite = Select(x < infinity, result, x);
  const Expr not_positive =
      Select(x == 0.0, x.Like(-infinity), x.Like(std::numeric_limits<double>::quiet_NaN()));
  return Select(x > 0.0, finite, not_positive);
}

// k ln2 + log(1 + f) + correction. With s = f / (2 + f): log(1 + f) = f - f^2/2 + s (f^2/2 + s^2 P(s^2)).
Expr VectorMath::LogDouble(Expr k, Expr f, const Expr* correction) {
  const Expr s = f / (f + 2.0);
  const Expr z = s * s;
  const Expr half_square = (f * 0.5) * f;
  const Expr tail = s * Fma(z, Polynomial(z, kLogF64), half_square);
  Expr low = Fma(k, k.Like(kF64.ln2_low), correction != nullptr ? *correction : tail);
  if (correction != nullptr) low = low + tail;
  return Fma(k, k.Like(kF64.ln2_high), f - (half_square - low));
}

llvm::Value* VectorMath::Log(llvm::Value* value) {
  const Expr x = Wrap(value);
  const auto [k, mantissa] = SplitForLog(x);
  const Expr f = mantissa - 1.0;
  if (x.Bits() == 64) return LogSpecials(x, LogDouble(k, f, nullptr));
  const Expr z = f * f;
  const Expr cubic = (z * f) * Polynomial(f, kLogF32);
  const Expr low = Fma(z, z.Like(-0.5), Fma(k, k.Like(kF32.ln2_low), cubic));
  return LogSpecials(x, Fma(k, k.Like(kF32.ln2_high), f + low));
}

// log of w = 1 + x rounded, and of what the rounding lost: log(1 + x) = log(w) + lost / w.
llvm::Value* VectorMath::Log1p(llvm::Value* value) {
  const Expr x = Wrap(value);
  if (x.Bits() == 32) return ThroughDouble(x, &VectorMath::Log1p);
  const Expr w = x + 1.0;
  const auto [k, mantissa] = SplitForLog(w);
  const Expr lost = Select(w > 2.0, 1.0 - (w - x), x - (w - 1.0)) / w;
  return CopySign(LogSpecials(w, LogDouble(k, mantissa - 1.0, &lost)), x);
}

}  // namespace rnnc::codegen
