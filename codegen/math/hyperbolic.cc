// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hyperbolic functions and their inverses, in double; floats go through it.
#include <limits>

#include "codegen/math/float_format.h"
#include "codegen/math/vector_math.h"

namespace rnnc::codegen {

// With t = exp(|x|) - 1: sinh|x| = (t + t / (t + 1)) / 2; for large |x| exp(|x|) / 2, which overflows later.
llvm::Value* VectorMath::Sinh(llvm::Value* value) {
  const Expr x = Wrap(value);
  if (x.Bits() == 32) return ThroughDouble(x, &VectorMath::Sinh);
  const Expr size = Abs(x);
  const Expr t = Wrap(Expm1(AtMost(size, 40.0)));
  const Expr small = 0.5 * (t + t / (t + 1.0));
  return CopySign(Select(size > 22.0, ExpOfPair(size, nullptr, -1), small), x);
}

llvm::Value* VectorMath::Cosh(llvm::Value* value) {
  const Expr x = Wrap(value);
  if (x.Bits() == 32) return ThroughDouble(x, &VectorMath::Cosh);
  const Expr half = ExpOfPair(Abs(x), nullptr, -1);
  return half + 0.25 / half;
}

// log(1 + u), u = |x| + x^2 / (1 + sqrt(1 + x^2)); for large |x| log(|x|) + ln2.
llvm::Value* VectorMath::Asinh(llvm::Value* value) {
  const Expr x = Wrap(value);
  if (x.Bits() == 32) return ThroughDouble(x, &VectorMath::Asinh);
  const Expr size = Abs(x);
  const Expr large = size > 0x1p60;
  const Expr square = size * size;
  const Expr u = Select(large, size, size + square / (1.0 + SquareRoot(square + 1.0)));
  return CopySign(Wrap(Log1p(u)) + Select(large, x.Like(kLn2), x.Like(0.0)), x);
}

// log(1 + u), u = t + sqrt(2 t + t^2) with t = x - 1; for large x log(x) + ln2.
llvm::Value* VectorMath::Acosh(llvm::Value* value) {
  const Expr x = Wrap(value);
  if (x.Bits() == 32) return ThroughDouble(x, &VectorMath::Acosh);
  const Expr large = x > 0x1p60;
  const Expr t = x - 1.0;
  const Expr u = Select(large, x, t + SquareRoot(Fma(t, t, t + t)));
  const Expr result = Wrap(Log1p(u)) + Select(large, x.Like(kLn2), x.Like(0.0));
  return Select(x >= 1.0, result, x.Like(std::numeric_limits<double>::quiet_NaN()));
}

// log(1 + 2 |x| / (1 - |x|)) / 2
llvm::Value* VectorMath::Atanh(llvm::Value* value) {
  const Expr x = Wrap(value);
  if (x.Bits() == 32) return ThroughDouble(x, &VectorMath::Atanh);
  const Expr size = Abs(x);
  return CopySign(0.5 * Wrap(Log1p((size + size) / (1.0 - size))), x);
}

}  // namespace rnnc::codegen
