// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rounding to integers. Rows without an instruction for it add and take away 2^23 or 2^52: what is left of
// the sum is rounded to nearest even; larger numbers are integers already.
#include "codegen/math/vector_math.h"

namespace rnnc::codegen {
namespace {

Expr Rounded(Expr x, llvm::Intrinsic::ID id) { return x.Make(x.builder().CreateUnaryIntrinsic(id, x)); }

}  // namespace

Expr VectorMath::ToNearest(Expr x) {
  const double magic = x.Bits() == 64 ? 0x1p52 : 0x1p23;
  const Expr size = Abs(x);
  const Expr rounded = (size + magic) - magic;
  return Select(size < magic, CopySign(rounded, x), x);
}

llvm::Value* VectorMath::RoundEven(llvm::Value* x) {
  if (target_.has_rounding) return Rounded(Wrap(x), llvm::Intrinsic::roundeven);
  return ToNearest(Wrap(x));
}

llvm::Value* VectorMath::Floor(llvm::Value* value) {
  const Expr x = Wrap(value);
  if (target_.has_rounding) return Rounded(x, llvm::Intrinsic::floor);
  const Expr nearest = ToNearest(x);
  return CopySign(Select(nearest > x, nearest - 1.0, nearest), x);
}

llvm::Value* VectorMath::Ceil(llvm::Value* value) {
  const Expr x = Wrap(value);
  if (target_.has_rounding) return Rounded(x, llvm::Intrinsic::ceil);
  const Expr nearest = ToNearest(x);
  return CopySign(Select(nearest < x, nearest + 1.0, nearest), x);
}

llvm::Value* VectorMath::Trunc(llvm::Value* value) {
  const Expr x = Wrap(value);
  if (target_.has_rounding) return Rounded(x, llvm::Intrinsic::trunc);
  const Expr size = Abs(x);
  const Expr nearest = ToNearest(size);
  return CopySign(Select(nearest > size, nearest - 1.0, nearest), x);
}

}  // namespace rnnc::codegen
