// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions inside recurrent loops: few instructions, short chains, one division each.
#include "codegen/math/float_format.h"
#include "codegen/math/vector_math.h"

namespace rnnc::codegen {

// With x = m ln2 + r and a = 2^m: sigmoid = a / (a + exp(-r)). Both sides of the fraction are scaled by a
// power of two so that a is normal wherever the result is not zero; the division alone rounds a subnormal.
// Arguments beyond are dealt with at the end rather than clamped at first: a recurrence waits for this chain.
llvm::Value* VectorMath::Sigmoid(llvm::Value* value) {
  const Expr x = Wrap(value);
  const FloatFormat& format = FormatOf(x);
  const double scale = format.sigmoid_scale == 24 ? 0x1p24 : 0x1p54;
  const auto [m, r, bits] = ReduceByLn2(x, format.exponent_bias + format.sigmoid_scale);
  const Expr p = Polynomial(r, format.exp, scale, -1);
  const Expr exponential = Fma(r * r, p, Fma(r, r.Like(-scale), r.Like(scale)));
  const Expr a = (bits << format.mantissa_bits).AsFloat();
  const Expr above_zero = Select(x > format.sigmoid_one, x.Like(1.0), a / (a + exponential));
  return Select(x < format.sigmoid_zero, x.Like(0.0), above_zero);
}

// With 2|x| = m ln2 + 2r, a = 2^m and q = exp(2r) - 1: tanh|x| = (a q + (a - 1)) / (a q + (a + 1)), where
// nothing cancels. ln2 in one part is enough: tanh is flat where m is large.
llvm::Value* VectorMath::Tanh(llvm::Value* value) {
  const Expr x = Wrap(value);
  const FloatFormat& format = FormatOf(x);
  const Expr size = AtMost(Abs(x), format.tanh_one);
  const double magic = format.round_magic + format.exponent_bias;
  const Expr sum = Fma(size, x.Like(2 * kLog2E), x.Like(magic));
  const Expr m = sum - magic;
  const Expr r = Fma(m, m.Like(-kLn2 / 2), size);
  const Expr q = Fma(r * r, Polynomial(r, format.exp, 4, 2), r + r);
  const Expr a = (sum.AsInt() << format.mantissa_bits).AsFloat();
  return CopySign(Fma(a, q, a - 1.0) / Fma(a, q, a + 1.0), x);
}

// max(x, 0) + log(1 + e) with e = exp(-|x|) in [0, 1]; with s = e / (2 + e), log(1 + e) = 2 atanh(s).
llvm::Value* VectorMath::Softplus(llvm::Value* value) {
  const Expr x = Wrap(value);
  const Expr positive = Select(x > 0.0, x, x.Like(0.0));
  const Expr e = Wrap(Exp(-Abs(x)));
  if (x.Bits() == 64) return positive + Wrap(Log1p(e));
  const Expr s = e / (e + 2.0);
  const Expr z = s * s;
  return positive + Fma(s * z, Polynomial(z, kAtanhF32), s + s);
}

// Below 1 an odd polynomial; above, 1 - exp(polynomial), the polynomial being log(erfc) around 2.
llvm::Value* VectorMath::Erf(llvm::Value* value) {
  const Expr x = Wrap(value);
  const bool is_double = x.Bits() == 64;
  const Expr size = Abs(x);
  const Expr z = x * x;
  const Expr near = is_double ? Polynomial(z, kErfF64) : Polynomial(z, kErfF32);
  const Expr t = AtMost(size, is_double ? 6.0 : 4.0) - 2.0;
  const Expr log_erfc = is_double ? Polynomial(t, kErfcF64) : Polynomial(t, kErfcF32);
  const Expr far = CopySign(1.0 - ExpInRange(log_erfc), x);
  return Select(size < 1.0, Fma(x, near, x), far);
}

}  // namespace rnnc::codegen
