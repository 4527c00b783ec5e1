// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sine, cosine, tangent and their inverses. The inverses of floats go through double: rare in networks, and
// then right to the last bit or so without formulas of their own.
#include "codegen/math/float_format.h"
#include "codegen/math/vector_math.h"

namespace rnnc::codegen {

// sin(x + quadrants * pi/2), or tan(x). The angle is reduced in double; the polynomials are of x's type.
Expr VectorMath::SinOrCos(llvm::Value* value, int quadrants, bool tangent) {
  const Expr x = Wrap(value);
  const bool is_double = x.Bits() == 64;
  const Angle angle = ReduceByHalfPi(is_double ? x : x.ToDouble());
  const Expr r = is_double ? angle.high : angle.high.ToSingle();
  const Expr z = r * r;
  const Expr half = z * 0.5;
  const Expr w = 1.0 - half;
  Expr sine = r, cosine = w;
  if (is_double) {
    // sin(r + low) = sin(r) + low cos(r), cos(r + low) = cos(r) - r low; (1 - w) - half is what w lost.
    sine = r + Fma(z * r, Polynomial(z, kSinF64), angle.low * w);
    cosine = w + (((1.0 - w) - half) + Fma(z * z, Polynomial(z, kCosF64), -(r * angle.low)));
  } else {
    sine = Fma(z * r, Polynomial(z, kSinF32), r);
    cosine = Fma(z * z, Polynomial(z, kCosF32), w);
  }
  Expr quadrant = angle.quadrant + static_cast<std::int64_t>(quadrants);
  if (!is_double) quadrant = quadrant.Truncate(32);
  const Expr swap = (quadrant & 1) != 0;
  if (tangent) return Select(swap, -cosine, sine) / Select(swap, sine, cosine);
  const Expr flip = (quadrant & 2) << (x.Bits() - 2);
  return (Select(swap, cosine, sine).AsInt() ^ flip).AsFloat();
}

// A zero keeps its sign, which the sums above would lose.
llvm::Value* VectorMath::Sin(llvm::Value* x) {
  const Expr sine = SinOrCos(x, 0, false);
  return Select(Wrap(x) == 0.0, Wrap(x), sine);
}

llvm::Value* VectorMath::Cos(llvm::Value* x) { return SinOrCos(x, 1, false); }

llvm::Value* VectorMath::Tan(llvm::Value* x) {
  const Expr tangent = SinOrCos(x, 0, true);
  return Select(Wrap(x) == 0.0, Wrap(x), tangent);
}

// asin(sqrt(z)) / sqrt(z) - 1, z <= 1/4
Expr VectorMath::AsinTail(Expr z) { return z * Polynomial(z, kAsinF64); }

// Above 1/2: asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2)).
llvm::Value* VectorMath::Asin(llvm::Value* value) {
  const Expr x = Wrap(value);
  if (x.Bits() == 32) return ThroughDouble(x, &VectorMath::Asin);
  const Expr size = Abs(x);
  const Expr near = size < 0.5;
  const Expr z = Select(near, x * x, 0.5 - size * 0.5);
  const Expr root = Select(near, size, SquareRoot(z));
  const Expr angle = Fma(root, AsinTail(z), root);
  const Expr far = (kHalfPi - 2.0 * angle) + kHalfPiLow;
  return CopySign(Select(near, angle, far), x);
}

// acos(x) = pi/2 - asin(x) near 0, else 2 asin(sqrt((1 - x) / 2)), or pi minus that of -x.
llvm::Value* VectorMath::Acos(llvm::Value* value) {
  const Expr x = Wrap(value);
  if (x.Bits() == 32) return ThroughDouble(x, &VectorMath::Acos);
  const Expr size = Abs(x);
  const Expr near = size < 0.5;
  const Expr z = Select(near, x * x, 0.5 - size * 0.5);
  const Expr root = Select(near, x, SquareRoot(z));
  const Expr tail = root * AsinTail(z);
  const Expr middle = kHalfPi - (root - (kHalfPiLow - tail));
  const Expr twice = 2.0 * (root + tail);
  const Expr negative = 2.0 * (kHalfPi - (root + (tail - kHalfPiLow)));
  return Select(near, middle, Select(x < 0.0, negative, twice));
}

// Above 1: atan(x) = pi/2 - atan(1 / x).
llvm::Value* VectorMath::Atan(llvm::Value* value) {
  const Expr x = Wrap(value);
  if (x.Bits() == 32) return ThroughDouble(x, &VectorMath::Atan);
  const Expr size = Abs(x);
  const Expr invert = size > 1.0;
  const Expr t = Select(invert, 1.0 / size, size);
  const Expr z = t * t;
  const Expr angle = Fma(z * t, Polynomial(z, kAtanF64), t);
  return CopySign(Select(invert, kHalfPi - (angle - kHalfPiLow), angle), x);
}

}  // namespace rnnc::codegen
