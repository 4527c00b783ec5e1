// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/kernel_evaluator_scalar.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "compiler/ir/array.h"
#include "compiler/support/check.h"

namespace rnnc::ir::evaluation {
namespace {

struct IntegerRange {
  int64_t low, high;
};
IntegerRange RangeOf(ElementType type) {
  switch (type) {
    case ElementType::kI8:
      return {INT8_MIN, INT8_MAX};
    case ElementType::kI16:
      return {INT16_MIN, INT16_MAX};
    case ElementType::kI32:
      return {INT32_MIN, INT32_MAX};
    case ElementType::kU8:
      return {0, UINT8_MAX};
    case ElementType::kBool:
      return {0, 1};
    default:
      return {INT64_MIN, INT64_MAX};
  }
}

uint64_t U(int64_t value) { return static_cast<uint64_t>(value); }
int64_t S(uint64_t value) { return static_cast<int64_t>(value); }

// Toward zero; x/0 is 0; the one quotient that does not fit wraps.
int64_t Quotient(int64_t a, int64_t b) {
  if (b == 0) return 0;
  return b == -1 ? S(0 - U(a)) : a / b;
}
int64_t RemainderToZero(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }
int64_t RemainderOfDivisor(int64_t a, int64_t b) {
  const int64_t rest = RemainderToZero(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

int64_t IntegerPower(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 1 || base == -1) return exponent % 2 == 0 ? 1 : base;
    return 0;
  }
  uint64_t power = 1;
  for (uint64_t square = U(base), rest = U(exponent); rest != 0; rest >>= 1, square *= square) {
    if ((rest & 1) != 0) power *= square;
  }
  return S(power);
}

double Larger(double a, double b) { return std::isnan(a) || std::isnan(b) ? std::nan("") : std::max(a, b); }
double Smaller(double a, double b) { return std::isnan(a) || std::isnan(b) ? std::nan("") : std::min(a, b); }

double FlooredRemainder(double a, double b) {
  const double rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

double Sign(double x) {
  if (x > 0) return 1;
  return x < 0 ? -1 : x;  // 0, -0, NaN stay
}

// log(1 + e^x) without overflow.
double Softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }

// Functions of floats; those of one argument ignore the second.
using FloatFunction = double (*)(double, double);
struct FloatRow {
  ScalarOp op;
  FloatFunction function;
};
constexpr FloatRow kFloatRows[] = {
    {ScalarOp::kAdd, [](double a, double b) { return a + b; }},
    {ScalarOp::kSub, [](double a, double b) { return a - b; }},
    {ScalarOp::kMul, [](double a, double b) { return a * b; }},
    {ScalarOp::kDiv, [](double a, double b) { return a / b; }},
    {ScalarOp::kMod, [](double a, double b) { return FlooredRemainder(a, b); }},
    {ScalarOp::kFmod, [](double a, double b) { return std::fmod(a, b); }},
    {ScalarOp::kPow, [](double a, double b) { return std::pow(a, b); }},
    {ScalarOp::kMin, [](double a, double b) { return Smaller(a, b); }},
    {ScalarOp::kMax, [](double a, double b) { return Larger(a, b); }},
    {ScalarOp::kNeg, [](double x, double) { return -x; }},
    {ScalarOp::kAbs, [](double x, double) { return std::fabs(x); }},
    {ScalarOp::kSign, [](double x, double) { return Sign(x); }},
    {ScalarOp::kSqrt, [](double x, double) { return std::sqrt(x); }},
    {ScalarOp::kExp, [](double x, double) { return std::exp(x); }},
    {ScalarOp::kLog, [](double x, double) { return std::log(x); }},
    {ScalarOp::kFloor, [](double x, double) { return std::floor(x); }},
    {ScalarOp::kCeil, [](double x, double) { return std::ceil(x); }},
    {ScalarOp::kRound, [](double x, double) { return std::nearbyint(x); }},
    {ScalarOp::kErf, [](double x, double) { return std::erf(x); }},
    {ScalarOp::kSin, [](double x, double) { return std::sin(x); }},
    {ScalarOp::kCos, [](double x, double) { return std::cos(x); }},
    {ScalarOp::kTan, [](double x, double) { return std::tan(x); }},
    {ScalarOp::kAsin, [](double x, double) { return std::asin(x); }},
    {ScalarOp::kAcos, [](double x, double) { return std::acos(x); }},
    {ScalarOp::kAtan, [](double x, double) { return std::atan(x); }},
    {ScalarOp::kSinh, [](double x, double) { return std::sinh(x); }},
    {ScalarOp::kCosh, [](double x, double) { return std::cosh(x); }},
    {ScalarOp::kAsinh, [](double x, double) { return std::asinh(x); }},
    {ScalarOp::kAcosh, [](double x, double) { return std::acosh(x); }},
    {ScalarOp::kAtanh, [](double x, double) { return std::atanh(x); }},
    {ScalarOp::kTanh, [](double x, double) { return std::tanh(x); }},
    {ScalarOp::kSigmoid, [](double x, double) { return 1 / (1 + std::exp(-x)); }},
    {ScalarOp::kSoftplus, [](double x, double) { return Softplus(x); }},
};
constexpr size_t kScalarOpCount = 0
#define RNNC_SCALAR_OP(enumerator, text, arity) +1
#include "compiler/ir/scalar_ops.def"
    ;
using FloatTable = std::array<FloatFunction, kScalarOpCount>;
constexpr FloatTable kFloatFunctions = [] {
  FloatTable table{};
  for (const FloatRow& row : kFloatRows) table[static_cast<size_t>(row.op)] = row.function;
  return table;
}();

double OfFloats(ScalarOp op, double a, double b) {
  const FloatFunction function = kFloatFunctions[static_cast<size_t>(op)];
  RNNC_CHECK(function != nullptr, "{} gives no float", ToText(op));
  return function(a, b);
}

int64_t OfIntegers(ScalarOp op, int64_t a, int64_t b) {
  switch (op) {
    case ScalarOp::kAdd:
      return S(U(a) + U(b));
    case ScalarOp::kSub:
      return S(U(a) - U(b));
    case ScalarOp::kMul:
      return S(U(a) * U(b));
    case ScalarOp::kDiv:
      return Quotient(a, b);
    case ScalarOp::kMod:
      return RemainderOfDivisor(a, b);
    case ScalarOp::kFmod:
      return RemainderToZero(a, b);
    case ScalarOp::kPow:
      return IntegerPower(a, b);
    case ScalarOp::kMin:
      return std::min(a, b);
    case ScalarOp::kMax:
      return std::max(a, b);
    case ScalarOp::kNeg:
      return S(0 - U(a));
    case ScalarOp::kAbs:
      return a < 0 ? S(0 - U(a)) : a;
    case ScalarOp::kSign:
      return (a > 0 ? 1 : 0) - (a < 0 ? 1 : 0);
    case ScalarOp::kFloor:
    case ScalarOp::kCeil:
    case ScalarOp::kRound:
      return a;
    case ScalarOp::kAnd:
      return a & b;
    case ScalarOp::kOr:
      return a | b;
    case ScalarOp::kXor:
      return a ^ b;
    case ScalarOp::kNot:
      return ~a;
    default:
      RNNC_UNREACHABLE("{} gives no integer", ToText(op));
  }
}

template <typename T>
bool Compare(ScalarOp op, T a, T b) {
  switch (op) {
    case ScalarOp::kEqual:
      return a == b;
    case ScalarOp::kNotEqual:
      return a != b;
    case ScalarOp::kLess:
      return a < b;
    case ScalarOp::kLessEqual:
      return a <= b;
    case ScalarOp::kGreater:
      return a > b;
    case ScalarOp::kGreaterEqual:
      return a >= b;
    default:
      RNNC_UNREACHABLE("{} compares nothing", ToText(op));
  }
}

bool IsComparison(ScalarOp op) { return op >= ScalarOp::kEqual && op <= ScalarOp::kGreaterEqual; }

Scalar Cast(ElementType type, ElementType from, const Scalar& value) {
  // A cast rounds whether or not everything else does: that is all it is for.
  if (IsFloat(type))
    return {RoundTo(type, IsFloat(from) ? value.number : static_cast<double>(value.integer)), 0};
  if (type == ElementType::kBool) {
    const bool nonzero = IsFloat(from) ? value.number != 0 : value.integer != 0;
    return {0, nonzero ? 1 : 0};
  }
  if (!IsFloat(from)) return {0, WrapTo(type, value.integer)};
  // Toward zero, saturating, NaN to 0.
  if (std::isnan(value.number)) return {};
  const IntegerRange range = RangeOf(type);
  if (value.number <= static_cast<double>(range.low)) return {0, range.low};
  if (value.number >= static_cast<double>(range.high)) return {0, range.high};
  return {0, static_cast<int64_t>(value.number)};
}

}  // namespace

Scalar Compute(ScalarOp op, ElementType type, ElementType operand_type, const Scalar* args, bool round) {
  Scalar result;
  if (op == ScalarOp::kSelect) {
    result = args[0].integer != 0 ? args[1] : args[2];
  } else if (op == ScalarOp::kCast) {
    result = Cast(type, operand_type, args[0]);
  } else if (op == ScalarOp::kIsNan) {
    result.integer = IsFloat(operand_type) && std::isnan(args[0].number) ? 1 : 0;
  } else if (IsComparison(op)) {
    result.integer = (IsFloat(operand_type) ? Compare(op, args[0].number, args[1].number)
                                            : Compare(op, args[0].integer, args[1].integer))
                         ? 1
                         : 0;
  } else {
    const Scalar& second = ArityOf(op) > 1 ? args[1] : args[0];
    if (IsFloat(type)) {
      result.number = OfFloats(op, args[0].number, second.number);
    } else {
      result.integer = WrapTo(type, OfIntegers(op, args[0].integer, second.integer));
      if (op == ScalarOp::kNot && type == ElementType::kBool) result.integer = 1 - args[0].integer;
    }
  }
  if (round && IsFloat(type)) result.number = RoundTo(type, result.number);
  return result;
}

Scalar IdentityOf(Combine combine, ElementType type) {
  const double infinity = std::numeric_limits<double>::infinity();
  const IntegerRange range = RangeOf(type);
  switch (combine) {
    case Combine::kProduct:
      return {1, 1};
    case Combine::kMax:
      return {-infinity, range.low};
    case Combine::kMin:
      return {infinity, range.high};
    default:
      return {};
  }
}

Scalar CombineTwo(Combine combine, ElementType type, const Scalar& a, const Scalar& b, bool round) {
  static constexpr ScalarOp kOps[] = {ScalarOp::kAdd, ScalarOp::kMul, ScalarOp::kMax, ScalarOp::kMin};
  const Scalar args[] = {a, b};
  return Compute(kOps[static_cast<size_t>(combine)], type, type, args, round);
}

bool Beats(Combine combine, ElementType type, const Scalar& candidate, const Scalar& best) {
  const bool max = combine == Combine::kArgMaxFirst || combine == Combine::kArgMaxLast;
  const bool last = combine == Combine::kArgMaxLast || combine == Combine::kArgMinLast;
  const auto better = [&](auto a, auto b) { return (max ? a > b : a < b) || (last && a == b); };
  return IsFloat(type) ? better(candidate.number, best.number) : better(candidate.integer, best.integer);
}

}  // namespace rnnc::ir::evaluation
