// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Half and bfloat16, by integer operations where the row has no instruction.
#include "codegen/math/float_format.h"
#include "codegen/math/vector_math.h"

namespace rnnc::codegen {
namespace {

// Double to float such that rounding the float again to at most 22 bits is rounding once: what is not exact
// gets an odd last bit (round to odd).
Expr NarrowToOdd(Expr x) {
  const Expr nearest = x.ToSingle();
  const Expr back = nearest.ToDouble();
  const Expr bits = nearest.AsInt();
  const Expr towards_zero = Select(Abs(back) > Abs(x), bits - 1, bits);
  const Expr exact = (back == x) | (x != x);
  return Select(exact, bits, towards_zero | 1).AsFloat();
}

}  // namespace

llvm::Value* VectorMath::HalfToFloat(llvm::Value* value) {
  const Expr half = Wrap(value);
  if (target_.has_half) {
    const Expr typed = Wrap(builder_.CreateBitCast(half, half.WithScalar(builder_.getHalfTy())));
    return builder_.CreateFPExt(typed, half.WithScalar(builder_.getFloatTy()));
  }
  const Expr bits = half.ZeroExtend(32);
  const Expr size = bits & 0x7FFF;
  const Expr moved = size << 13;
  const Expr normal = moved + (112 << 23);
  const Expr not_finite = moved | 0x7F800000 | Select(size > 0x7C00, size.Like(0x00400000), size.Like(0));
  // A subnormal is an integer times 2^-24; 2^23 is where a float's last bit is worth one.
  const Expr subnormal = (((size | kF32.integer_bits).AsFloat() - 0x1p23) * 0x1p-24).AsInt();
  const Expr finite = Select(size < 0x0400, subnormal, normal);
  const Expr magnitude = Select(size < 0x7C00, finite, not_finite);
  return (magnitude | ((bits & 0x8000) << 16)).AsFloat();
}

llvm::Value* VectorMath::FloatToHalf(llvm::Value* value) {
  Expr x = Wrap(value);
  if (x.Bits() == 64) x = NarrowToOdd(x);
  if (target_.has_half) {
    const Expr half = Wrap(builder_.CreateFPTrunc(x, x.WithScalar(builder_.getHalfTy())));
    return builder_.CreateBitCast(half, x.WithScalar(builder_.getInt16Ty()));
  }
  const Expr bits = x.AsInt();
  const Expr size = bits & 0x7FFFFFFF;
  const Expr odd = (size >> 13) & 1;
  const Expr normal = (size - (112 << 23) + 0xFFF + odd) >> 13;
  // Beside 1/2 a float's last bit is 2^-24, the unit of subnormal halves: the sum is rounded to it.
  const Expr subnormal = (size.AsFloat() + 0.5).AsInt() - 0x3F000000;
  const Expr nan = ((size >> 13) & 0x01FF) | 0x7E00;
  const Expr finite = Select(size < 0x38800000, subnormal, normal);
  const Expr not_nan = Select(size < 0x47800000, finite, size.Like(0x7C00));
  const Expr magnitude = Select(size > 0x7F800000, nan, not_nan);
  return (magnitude | ((bits >> 16) & 0x8000)).Truncate(16);
}

llvm::Value* VectorMath::BFloatToFloat(llvm::Value* value) {
  const Expr bits = Wrap(value).ZeroExtend(32) << 16;
  const Expr is_nan = (bits & 0x7FFFFFFF) > 0x7F800000;
  return Select(is_nan, bits | 0x00400000, bits).AsFloat();
}

llvm::Value* VectorMath::FloatToBFloat(llvm::Value* value) {
  Expr x = Wrap(value);
  if (x.Bits() == 64) x = NarrowToOdd(x);
  const Expr bits = x.AsInt();
  const Expr rounded = bits + 0x7FFF + ((bits >> 16) & 1);
  const Expr is_nan = (bits & 0x7FFFFFFF) > 0x7F800000;
  return (Select(is_nan, bits | 0x00400000, rounded) >> 16).Truncate(16);
}

}  // namespace rnnc::codegen
