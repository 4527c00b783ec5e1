// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pow and fmod, with the special cases of C (which ONNX means).
#include <limits>

#include "codegen/math/float_format.h"
#include "codegen/math/vector_math.h"

namespace rnnc::codegen {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kTwoThirds = 0x1.5555555555555p-1;
constexpr double kTwoThirdsLow = 0x1.5555555555555p-55;

}  // namespace

// log(x), x > 0, as a pair with some 64 bits: an error of it is multiplied by up to 745 before exp.
// With s = f / (2 + f): log(1 + f) = 2 s + 2/3 s^3 + s^5 P(s^2), the first two terms as pairs.
VectorMath::Pair VectorMath::LogPair(Expr x) {
  const auto [k, mantissa] = SplitForLog(x);
  const Expr f = mantissa - 1.0;
  const Pair divisor = FastTwoSum(x.Like(2.0), f);
  const Expr s = f / divisor.high;
  const Pair back = TwoProduct(s, divisor.high);
  const Expr s_low = (((f - back.high) - back.low) - s * divisor.low) / divisor.high;

  Pair square = TwoProduct(s, s);
  square.low = square.low + (s + s) * s_low;
  Pair cube = TwoProduct(s, square.high);
  cube.low = cube.low + (s * square.low + s_low * square.high);
  Pair third = TwoProduct(cube.high, x.Like(kTwoThirds));
  third.low = third.low + (cube.low * kTwoThirds + cube.high * kTwoThirdsLow);
  const Expr fifth = (cube.high * square.high) * Polynomial(square.high, kPowLogF64);

  const Pair first = TwoSum(k * kF64.ln2_high, s + s);
  const Pair second = TwoSum(first.high, third.high);
  const Expr low = (first.low + second.low) + ((s_low + s_low) + third.low) + (k * kF64.ln2_low + fifth);
  return FastTwoSum(second.high, low);
}

// pow of |x| in, pow of x out.
Expr VectorMath::PowSpecials(Expr x, Expr y, Expr magnitude) {
  const Expr size = Abs(x);
  const Expr half = y * 0.5;
  const Expr is_integer = Wrap(Trunc(y)) == y;
  const Expr is_odd = is_integer & (Wrap(Trunc(half)) != half);
  const Expr zero = x.Like(0.0);
  Expr result = Select(is_odd, CopySign(magnitude, x), magnitude);
  const Expr not_real = ((x < zero) & (size < kInfinity)) & (y == y) & (is_integer ^ is_integer.Like(1));
  result = Select(not_real, x.Like(kNan), result);
  const Expr is_one = (x == 1.0) | (y == 0.0) | ((x == -1.0) & (Abs(y) == kInfinity));
  return Select(is_one, x.Like(1.0), result);
}

// exp(y log|x|). Floats need no pairs: a double has the bits to spare.
llvm::Value* VectorMath::Pow(llvm::Value* base, llvm::Value* exponent) {
  const bool is_double = Wrap(base).Bits() == 64;
  const Expr x = is_double ? Wrap(base) : Wrap(base).ToDouble();
  const Expr y = is_double ? Wrap(exponent) : Wrap(exponent).ToDouble();
  const Expr size = Abs(x);
  if (!is_double) {
    const Expr power = Wrap(Exp(y * Wrap(Log(size))));
    return PowSpecials(x, y, power).ToSingle();
  }
  const Pair log = LogPair(size);
  const Expr ordinary = (size > 0.0) & (size < kInfinity);
  const Expr log_high = LogSpecials(size, log.high);
  const Pair product = TwoProduct(y, log_high);
  // Where exp overflows or is 0 anyway, the low part may be no number.
  const Expr useful = ordinary & (Abs(product.high) < 800.0);
  const Expr low = Select(useful, Fma(y, log.low, product.low), x.Like(0.0));
  return PowSpecials(x, y, ExpOfPair(product.high, &low, 0));
}

// Long division of the integer mantissas, 11 bits of the quotient at a time: 53 + 11 = 64.
llvm::Value* VectorMath::Fmod(llvm::Value* dividend, llvm::Value* divisor) {
  if (Wrap(dividend).Bits() == 32) {  // exact in double, and the remainder is again a float
    return Wrap(Fmod(Wrap(dividend).ToDouble(), Wrap(divisor).ToDouble())).ToSingle();
  }
  const Expr x = Wrap(dividend), y = Wrap(divisor);
  const Expr x_size = Abs(x), y_size = Abs(y);
  const auto split = [&](Expr size) {
    const Expr subnormal = size < kF64.least_normal;
    const Expr bits = Select(subnormal, size * 0x1p54, size).AsInt();
    const Expr mantissa = (bits & kF64.mantissa_mask) | (kF64.mantissa_mask + 1);
    // Plus 54, to stay positive: exponents are compared without sign.
    return std::pair(mantissa, (bits >> 52) + Select(subnormal, bits.Like(0), bits.Like(54)));
  };
  const auto [x_mantissa, x_exponent] = split(x_size);
  const auto [y_mantissa, y_exponent] = split(y_size);
  // False for NaN; elsewhere the result is x or no number.
  const Expr divides = (x_size >= y_size) & (y_size > 0.0) & (x_size < kInfinity);
  const Expr distance = Select(divides, x_exponent - y_exponent, x_exponent.Like(0));
  const auto remainder = [&](Expr value) { return Wrap(builder_.CreateURem(value, y_mantissa)); };
  const Expr first = remainder(x_mantissa);

  llvm::BasicBlock* before = builder_.GetInsertBlock();
  llvm::BasicBlock* rest = SplitHere("math.fmod.rest");
  auto* loop = llvm::BasicBlock::Create(before->getContext(), "math.fmod", before->getParent(), rest);
  builder_.CreateCondBr(AnyLane(distance != 0), loop, rest);
  builder_.SetInsertPoint(loop);
  llvm::PHINode* value = builder_.CreatePHI(first.type(), 2);
  llvm::PHINode* left = builder_.CreatePHI(first.type(), 2);
  const Expr step = Select(Wrap(left) < 11, Wrap(left), distance.Like(11));
  const Expr next_value = remainder(Wrap(value) << step);
  const Expr next_left = Wrap(left) - step;
  value->addIncoming(first, before);
  value->addIncoming(next_value, loop);
  left->addIncoming(distance, before);
  left->addIncoming(next_left, loop);
  builder_.CreateCondBr(AnyLane(next_left != 0), loop, rest);
  builder_.SetInsertPoint(rest, rest->begin());
  llvm::PHINode* integer = builder_.CreatePHI(first.type(), 2);
  integer->addIncoming(first, before);
  integer->addIncoming(next_value, loop);

  // integer * 2^(y_exponent - 54 - 1075), in two factors so that a subnormal is made by the last alone. The
  // first is 2^-52 or 2^-106 by whether y is subnormal in effect.
  const Expr as_double = Wrap(builder_.CreateSIToFP(integer, x.type()));
  const Expr is_low = y_exponent < 55;
  const Expr scale = ((y_exponent - Select(is_low, y_exponent.Like(0), y_exponent.Like(54))) << 52).AsFloat();
  const Expr result = (as_double * Select(is_low, x.Like(0x1p-106), x.Like(0x1p-52))) * scale;
  const Expr whole = Select(divides, CopySign(result, x), x);
  const Expr defined = (x_size < kInfinity) & (y_size > 0.0) & (y == y);
  return Select(defined, whole, x.Like(kNan));
}

}  // namespace rnnc::codegen
