// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The oracle's operators of several operands that work element by element, with numpy's broadcasting.

#include <algorithm>
#include <array>
#include <cmath>

#include "compiler/ir/graph_evaluator_ops.h"
#include "compiler/support/check.h"

namespace rnnc::ir::oracle {
namespace {

uint64_t Bits(int64_t x) { return static_cast<uint64_t>(x); }

// Toward zero; a division by zero (undefined in ONNX) gives 0; the one quotient that overflows wraps.
int64_t Quotient(int64_t a, int64_t b) {
  if (b == 0) return 0;
  return b == -1 ? static_cast<int64_t>(0 - Bits(a)) : a / b;
}
// The sign of the dividend, as C has it (fmod=1).
int64_t RemainderOfDividend(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }
// The sign of the divisor, as Python has it (fmod=0).
int64_t RemainderOfDivisor(int64_t a, int64_t b) {
  const int64_t rest = RemainderOfDividend(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

double Least(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return a + b;
  return b < a ? b : a;
}
double Greatest(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return a + b;
  return b > a ? b : a;
}

struct ArithmeticRow {
  OpKind kind;
  double (*number)(double, double);
  int64_t (*integer)(int64_t, int64_t);
};

int64_t Added(int64_t a, int64_t b) { return static_cast<int64_t>(Bits(a) + Bits(b)); }

// `sum`, `min`, `max` and `mean` fold their operands from the left; the others have two.
constexpr std::array kArithmetic = {
    ArithmeticRow{OpKind::kAdd, [](double a, double b) { return a + b; }, Added},
    ArithmeticRow{OpKind::kSub, [](double a, double b) { return a - b; },
                  [](int64_t a, int64_t b) { return static_cast<int64_t>(Bits(a) - Bits(b)); }},
    ArithmeticRow{OpKind::kMul, [](double a, double b) { return a * b; },
                  [](int64_t a, int64_t b) { return static_cast<int64_t>(Bits(a) * Bits(b)); }},
    ArithmeticRow{OpKind::kDiv, [](double a, double b) { return a / b; }, Quotient},
    ArithmeticRow{OpKind::kPrelu, [](double a, double b) { return a < 0 ? a * b : a; },
                  [](int64_t a, int64_t b) { return a < 0 ? static_cast<int64_t>(Bits(a) * Bits(b)) : a; }},
    ArithmeticRow{OpKind::kMin, Least, [](int64_t a, int64_t b) { return std::min(a, b); }},
    ArithmeticRow{OpKind::kMax, Greatest, [](int64_t a, int64_t b) { return std::max(a, b); }},
    ArithmeticRow{OpKind::kSum, [](double a, double b) { return a + b; }, Added},
    ArithmeticRow{OpKind::kMean, [](double a, double b) { return a + b; }, Added},
    ArithmeticRow{OpKind::kAnd, nullptr, [](int64_t a, int64_t b) { return a & b; }},
    ArithmeticRow{OpKind::kOr, nullptr, [](int64_t a, int64_t b) { return a | b; }},
    ArithmeticRow{OpKind::kXor, nullptr, [](int64_t a, int64_t b) { return a ^ b; }},
    ArithmeticRow{OpKind::kBitwiseAnd, nullptr, [](int64_t a, int64_t b) { return a & b; }},
    ArithmeticRow{OpKind::kBitwiseOr, nullptr, [](int64_t a, int64_t b) { return a | b; }},
    ArithmeticRow{OpKind::kBitwiseXor, nullptr, [](int64_t a, int64_t b) { return a ^ b; }},
};

Result<Array> Combine(const Call& call, const ArithmeticRow& row, const Array& a, const Array& b) {
  if (a.element != b.element) return call.Fail("{} and {} do not mix", a.ShapeText(), b.ShapeText());
  if (a.IsFloat() && row.number == nullptr) return call.Fail("a tensor of {}", ToText(a.element));
  RNNC_ASSIGN(const std::vector<int64_t> dims, BroadcastDims(call, {a.dims, b.dims}));
  RNNC_ASSIGN(Array result, call.Make(a.element, dims));
  for (Odometer at(dims); !at.Done(); at.Next()) {
    const int64_t i = BroadcastIndex(a.dims, at.Index());
    const int64_t j = BroadcastIndex(b.dims, at.Index());
    if (a.IsFloat()) {
      const double value = row.number(a.NumberAt(i), b.NumberAt(j));
      result.SetNumber(at.Flat(), call.Rounded(a.element, value));
    } else {
      result.SetInteger(at.Flat(), row.integer(a.IntegerAt(i), b.IntegerAt(j)));
    }
  }
  return result;
}

Result<Arrays> Arithmetic(const Call& call) {
  const OpKind kind = call.operation.Kind();
  const auto* row = std::find_if(kArithmetic.begin(), kArithmetic.end(),
                                 [&](const ArithmeticRow& r) { return r.kind == kind; });
  RNNC_CHECK(row != kArithmetic.end() && !call.operands.empty(), "{}", call.operation.Info().text);
  Array result = call.In(0);
  for (size_t i = 1; i < call.operands.size(); ++i) {
    RNNC_ASSIGN(result, Combine(call, *row, result, call.In(i)));
  }
  if (kind == OpKind::kMean) {
    const auto n = static_cast<double>(call.operands.size());
    for (double& x : result.numbers) x /= n;
  }
  return One(std::move(result));
}

Result<Arrays> Mod(const Call& call) {
  const bool fmod = call.operation.Int("fmod") != 0;
  if (call.In(0).IsFloat() && !fmod) return call.Fail("fmod: 0 is for integers only");
  const ArithmeticRow row{OpKind::kMod, [](double a, double b) { return std::fmod(a, b); },
                          fmod ? RemainderOfDividend : RemainderOfDivisor};
  RNNC_ASSIGN(Array result, Combine(call, row, call.In(0), call.In(1)));
  return One(std::move(result));
}

// Of unsigned numbers; what is shifted by all its bits or more is 0.
Result<Arrays> BitShift(const Call& call) {
  const auto left = [](int64_t a, int64_t b) {
    return Bits(b) > 63 ? 0 : static_cast<int64_t>(Bits(a) << Bits(b));
  };
  const auto right = [](int64_t a, int64_t b) {
    return Bits(b) > 63 ? 0 : static_cast<int64_t>(Bits(a) >> Bits(b));
  };
  ArithmeticRow row{OpKind::kBitShift, nullptr, right};
  if (call.operation.String("direction") == "LEFT") row.integer = left;
  RNNC_ASSIGN(Array result, Combine(call, row, call.In(0), call.In(1)));
  return One(std::move(result));
}

// By squaring, wrapping. A negative exponent of an integer leaves what is not a fraction.
int64_t IntegerPower(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    return base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  }
  uint64_t result = 1;
  uint64_t factor = Bits(base);
  for (uint64_t left = Bits(exponent); left != 0; left >>= 1) {
    if ((left & 1) != 0) result *= factor;
    factor *= factor;
  }
  return static_cast<int64_t>(result);
}

// The exponent may be of another type; the result is of the base's.
Result<Arrays> Pow(const Call& call) {
  const Array& a = call.In(0);
  const Array& b = call.In(1);
  RNNC_ASSIGN(const std::vector<int64_t> dims, BroadcastDims(call, {a.dims, b.dims}));
  RNNC_ASSIGN(Array result, call.Make(a.element, dims));
  for (Odometer at(dims); !at.Done(); at.Next()) {
    const int64_t i = BroadcastIndex(a.dims, at.Index());
    const int64_t j = BroadcastIndex(b.dims, at.Index());
    if (!a.IsFloat() && !b.IsFloat()) {
      result.SetInteger(at.Flat(), IntegerPower(a.IntegerAt(i), b.IntegerAt(j)));
    } else {
      result.SetNumber(at.Flat(), std::pow(a.NumberAt(i), b.NumberAt(j)));
    }
  }
  return One(std::move(result));
}

struct CompareRow {
  OpKind kind;
  bool (*number)(double, double);
  bool (*integer)(int64_t, int64_t);
};

constexpr std::array kCompare = {
    CompareRow{OpKind::kEqual, [](double a, double b) { return a == b; },
               [](int64_t a, int64_t b) { return a == b; }},
    CompareRow{OpKind::kLess, [](double a, double b) { return a < b; },
               [](int64_t a, int64_t b) { return a < b; }},
    CompareRow{OpKind::kLessOrEqual, [](double a, double b) { return a <= b; },
               [](int64_t a, int64_t b) { return a <= b; }},
    CompareRow{OpKind::kGreater, [](double a, double b) { return a > b; },
               [](int64_t a, int64_t b) { return a > b; }},
    CompareRow{OpKind::kGreaterOrEqual, [](double a, double b) { return a >= b; },
               [](int64_t a, int64_t b) { return a >= b; }},
};

Result<Arrays> Compare(const Call& call) {
  const auto* row = std::find_if(kCompare.begin(), kCompare.end(),
                                 [&](const CompareRow& r) { return r.kind == call.operation.Kind(); });
  RNNC_CHECK(row != kCompare.end(), "{}", call.operation.Info().text);
  const Array& a = call.In(0);
  const Array& b = call.In(1);
  if (a.element != b.element) return call.Fail("{} and {} do not mix", a.ShapeText(), b.ShapeText());
  RNNC_ASSIGN(const std::vector<int64_t> dims, BroadcastDims(call, {a.dims, b.dims}));
  RNNC_ASSIGN(Array result, call.Make(ElementType::kBool, dims));
  for (Odometer at(dims); !at.Done(); at.Next()) {
    const int64_t i = BroadcastIndex(a.dims, at.Index());
    const int64_t j = BroadcastIndex(b.dims, at.Index());
    const bool holds = a.IsFloat() ? row->number(a.NumberAt(i), b.NumberAt(j))
                                   : row->integer(a.IntegerAt(i), b.IntegerAt(j));
    result.SetInteger(at.Flat(), holds ? 1 : 0);
  }
  return One(std::move(result));
}

Result<Arrays> Where(const Call& call) {
  const Array& condition = call.In(0);
  const Array& x = call.In(1);
  const Array& y = call.In(2);
  if (x.element != y.element) return call.Fail("{} and {} do not mix", x.ShapeText(), y.ShapeText());
  RNNC_ASSIGN(const std::vector<int64_t> dims, BroadcastDims(call, {condition.dims, x.dims, y.dims}));
  RNNC_ASSIGN(Array result, call.Make(x.element, dims));
  for (Odometer at(dims); !at.Done(); at.Next()) {
    const bool first = condition.IntegerAt(BroadcastIndex(condition.dims, at.Index())) != 0;
    const Array& source = first ? x : y;
    result.CopyElement(at.Flat(), source, BroadcastIndex(source.dims, at.Index()));
  }
  return One(std::move(result));
}

}  // namespace

std::span<const Entry> ElementwiseEntries() {
  static const std::vector<Entry> entries = [] {
    std::vector<Entry> all = {
        {OpKind::kMod, Mod}, {OpKind::kPow, Pow}, {OpKind::kWhere, Where}, {OpKind::kBitShift, BitShift}};
    for (const ArithmeticRow& row : kArithmetic) all.push_back({row.kind, Arithmetic});
    for (const CompareRow& row : kCompare) all.push_back({row.kind, Compare});
    return all;
  }();
  return entries;
}

}  // namespace rnnc::ir::oracle
