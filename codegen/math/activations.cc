// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions inside recurrent loops: few instructions, short chains, one division each.
#include <llvm/IR/IntrinsicsX86.h>

#include <algorithm>
#include <bit>

#include "codegen/math/float_format.h"
#include "codegen/math/vector_math.h"

namespace rnnc::codegen {

// For instructions that exist for some widths only: a value has the same bits in any.
Expr VectorMath::InPieces(Expr x, unsigned width, const std::function<llvm::Value*(llvm::Value*)>& emit) {
  const unsigned lanes = x.Lanes();
  if (!x.type()->isVectorTy()) {
    auto* type = llvm::FixedVectorType::get(x.type(), width);
    llvm::Value* vector = builder_.CreateInsertElement(llvm::Constant::getNullValue(type), x, uint64_t{0});
    return Wrap(builder_.CreateExtractElement(emit(vector), uint64_t{0}));
  }
  if (lanes == width) return Wrap(emit(x));
  // Each piece is padded with what is there already.
  llvm::Value* joined = nullptr;
  for (unsigned first = 0; first < lanes; first += width) {
    llvm::SmallVector<int> mask;
    for (unsigned i = 0; i < width; ++i) mask.push_back(static_cast<int>(std::min(first + i, lanes - 1)));
    llvm::Value* part = emit(builder_.CreateShuffleVector(x, mask));
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

// The estimates come in vectors of 4, 8 and 16.
Expr VectorMath::ReciprocalEstimate(Expr d) {
  constexpr unsigned kWidest = 16;
  const unsigned width = std::min(kWidest, std::max(4u, std::bit_ceil(d.Lanes())));
  const llvm::Intrinsic::ID id = width == 4   ? llvm::Intrinsic::x86_avx512_rcp14_ps_128
                                 : width == 8 ? llvm::Intrinsic::x86_avx512_rcp14_ps_256
                                              : llvm::Intrinsic::x86_avx512_rcp14_ps_512;
  llvm::Value* all = llvm::ConstantInt::getAllOnesValue(builder_.getIntNTy(std::max(8u, width)));
  return InPieces(d, width, [&](llvm::Value* part) {
    return builder_.CreateIntrinsic(id, {}, {part, llvm::Constant::getNullValue(part->getType()), all});
  });
}

// The instruction looks at four bits of the index.
Expr VectorMath::Lookup(std::span<const double, 16> table, double factor, Expr index) {
  llvm::SmallVector<llvm::Constant*> entries;
  for (const double entry : table)
    entries.push_back(llvm::ConstantFP::get(builder_.getFloatTy(), entry * factor));
  llvm::Value* all = llvm::ConstantVector::get(entries);
  return InPieces(index, 16, [&](llvm::Value* part) {
    return builder_.CreateIntrinsic(llvm::Intrinsic::x86_avx512_permvar_sf_512, {}, {all, part});
  });
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
  if (target_.has_lookup16 && x.Bits() == 32) return SigmoidByLookup(x);
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
  if (target_.has_lookup16 && x.Bits() == 32) return TanhByLookup(x);
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

// With x = (m + j/16) ln2 + r, j = 0..15, the same quotient has a = 2^m (1 + j/16), whose bits are those of
// the integer 16 m + j, and a e^-x = 2^(-j/16) (1 + j/16) e^-r: a short polynomial and one lookup. ln2 in
// two parts, the second of which is so small that e^-r - 1 only needs its first power.
Expr VectorMath::SigmoidByLookup(Expr x) {
  constexpr double kStep = kLn2 / 16;
  constexpr double kStepHigh = static_cast<float>(kStep);
  const double magic = kF32.round_magic + 16 * (kF32.exponent_bias + kF32.sigmoid_scale);
  const Expr sum = Fma(x, x.Like(1 / kStep), x.Like(magic));
  const Expr m = sum - magic;
  const Expr r = Fma(m, x.Like(-kStepHigh), x);
  const Expr minus_r = Fma(m, x.Like(kStep - kStepHigh), -r);
  const Expr q = Fma(r * r, Polynomial(r, kExpSixteenthF32, 1, -1), minus_r);
  const Expr bits = sum.AsInt();
  const Expr a = (bits << (kF32.mantissa_bits - 4)).AsFloat();
  const Expr sixteenth = Lookup(kSixteenthsF32[0], 0x1p24, bits);
  const Expr quotient = Quotient(a, Fma(sixteenth, q, a + sixteenth));
  const Expr above_zero = Select(x > kF32.sigmoid_one, x.Like(1.0), quotient);
  return Select(x < kF32.sigmoid_zero, x.Like(0.0), above_zero);
}

// Sixteen pieces, four an octave of 1.5 |x| + 1, each a polynomial around its middle: half as long a chain as
// the quotient. The last piece is 1.
Expr VectorMath::TanhByLookup(Expr x) {
  const Expr size = Abs(x);
  const Expr place = Fma(size, x.Like(1.5), x.Like(1.0)).AsInt();
  const Expr last = place.Like(std::bit_cast<std::uint32_t>(15.0F));
  const Expr piece = Select(place < last, place, last) >> 21;
  const auto row = [&](std::size_t power) { return Lookup(kTanhPiecesF32[power], 1, piece); };
  const Expr t = AtMost(size, 9.0) - row(0);
  const Expr square = t * t;
  const Expr first = Fma(row(2), t, row(1));
  const Expr second = Fma(row(4), t, row(3));
  const Expr third = Fma(row(6), t, row(5));
  return CopySign(Fma(Fma(third, square, second), square, first), x);
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
