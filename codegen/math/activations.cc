// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions inside recurrent loops: few instructions, short chains, one division each.
#include <llvm/IR/IntrinsicsX86.h>

#include <algorithm>
#include <bit>

#include "codegen/math/float_format.h"
#include "codegen/math/vector_math.h"

namespace rnnc::codegen {

// The estimates come in vectors of 4, 8 and 16; other widths go through the next one, so that a value has the
// same bits in any.
Expr VectorMath::ReciprocalEstimate(Expr d) {
  constexpr unsigned kWidest = 16;
  const unsigned lanes = d.Lanes();
  const unsigned width = std::min(kWidest, std::max(4u, std::bit_ceil(lanes)));
  const llvm::Intrinsic::ID id = width == 4   ? llvm::Intrinsic::x86_avx512_rcp14_ps_128
                                 : width == 8 ? llvm::Intrinsic::x86_avx512_rcp14_ps_256
                                              : llvm::Intrinsic::x86_avx512_rcp14_ps_512;
  auto* type = llvm::FixedVectorType::get(builder_.getFloatTy(), width);
  llvm::Value* all = llvm::ConstantInt::getAllOnesValue(builder_.getIntNTy(std::max(8u, width)));
  const auto estimate = [&](llvm::Value* part) {
    return builder_.CreateIntrinsic(id, {}, {part, llvm::Constant::getNullValue(type), all});
  };
  if (!d.type()->isVectorTy()) {
    llvm::Value* vector = builder_.CreateInsertElement(llvm::Constant::getNullValue(type), d, uint64_t{0});
    return Wrap(builder_.CreateExtractElement(estimate(vector), uint64_t{0}));
  }
  // Pieces of `width` lanes, each padded with what is there already, joined again.
  llvm::Value* joined = nullptr;
  for (unsigned first = 0; first < lanes; first += width) {
    llvm::SmallVector<int> mask;
    for (unsigned i = 0; i < width; ++i) mask.push_back(static_cast<int>(std::min(first + i, lanes - 1)));
    llvm::Value* part =
        estimate(lanes == width ? static_cast<llvm::Value*>(d) : builder_.CreateShuffleVector(d, mask));
    if (lanes == width) return Wrap(part);
    const unsigned kept = std::min(width, lanes - first);
    llvm::SmallVector<int> widen;
    for (unsigned i = 0; i < lanes; ++i)
      widen.push_back(i >= first && i < first + kept ? static_cast<int>(i - first) : 0);
    llvm::Value* spread = builder_.CreateShuffleVector(part, widen);
    if (joined == nullptr) {
      joined = spread;
      continue;
    }
    llvm::SmallVector<int> merge;
    for (unsigned i = 0; i < lanes; ++i) merge.push_back(static_cast<int>(i < first ? i : i + lanes));
    joined = builder_.CreateShuffleVector(joined, spread, merge);
  }
  return Wrap(joined);
}

// One Newton step, folded into the product: q = n r; q + q (1 - d r).
Expr VectorMath::Quotient(Expr n, Expr d) {
  if (!target_.has_reciprocal14 || n.Bits() != 32) return n / d;
  const Expr r = ReciprocalEstimate(d);
  const Expr error = Fma(-d, r, d.Like(1.0));
  const Expr q = n * r;
  return Fma(q, error, q);
}

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
  const Expr above_zero = Select(x > format.sigmoid_one, x.Like(1.0), Quotient(a, a + exponential));
  return Select(x < format.sigmoid_zero, x.Like(0.0), above_zero);
}

// With 2|x| = m ln2 + 2r, a = 2^m and q = exp(2r) - 1: tanh|x| = (a q + (a - 1)) / (a q + (a + 1)), where
// nothing cancels. ln2 in one part is enough: tanh is flat where m is large. Arguments beyond, where it is 1,
// are dealt with at the end, as in sigmoid.
llvm::Value* VectorMath::Tanh(llvm::Value* value) {
  const Expr x = Wrap(value);
  const FloatFormat& format = FormatOf(x);
  const Expr size = Abs(x);
  const double magic = format.round_magic + format.exponent_bias;
  const Expr sum = Fma(size, x.Like(2 * kLog2E), x.Like(magic));
  const Expr m = sum - magic;
  const Expr r = Fma(m, m.Like(-kLn2 / 2), size);
  const Expr q = Fma(r * r, Polynomial(r, format.exp, 4, 2), r + r);
  const Expr a = (sum.AsInt() << format.mantissa_bits).AsFloat();
  const Expr within = Quotient(Fma(a, q, a - 1.0), Fma(a, q, a + 1.0));
  return CopySign(Select(size > format.tanh_one, x.Like(1.0), within), x);
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
