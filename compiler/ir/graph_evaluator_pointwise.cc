// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The oracle's operators of one operand that work element by element.

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "compiler/ir/graph_evaluator_ops.h"
#include "compiler/support/check.h"

namespace rnnc::ir::oracle {
namespace {

// Attributes of a pointwise operator, in the order of its row below.
struct Params {
  double a = 0;
  double b = 0;
};
using Formula = double (*)(double x, const Params& p);

// "softplus(x) = ln(exp(x) + 1)", in a form that does not overflow.
double Softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }
double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double Sign(double x, const Params&) {
  if (x > 0) return 1;
  if (x < 0) return -1;
  return x;  // zeros and NaN
}
double Relu(double x, const Params&) { return x < 0 ? 0.0 : x; }
double Selu(double x, const Params& p) { return x <= 0 ? p.b * (p.a * std::exp(x) - p.a) : p.b * x; }
double Celu(double x, const Params& p) {
  if (std::isnan(x)) return x;
  return std::max(0.0, x) + std::min(0.0, p.a * std::expm1(x / p.a));
}
double HardSigmoid(double x, const Params& p) {
  const double line = p.a * x + p.b;
  return line < 0 ? 0.0 : (line > 1 ? 1.0 : line);
}
double HardSwish(double x, const Params&) { return x * HardSigmoid(x, {1.0 / 6, 0.5}); }
double Shrink(double x, const Params& p) {  // a: lambd, b: bias
  if (std::isnan(x)) return x;
  if (x < -p.a) return x + p.b;
  return x > p.a ? x - p.b : 0.0;
}
double GeluExact(double x) { return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2)); }
double GeluTanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

struct FloatRow {
  OpKind kind;
  Formula formula;
  std::string_view a = {};
  std::string_view b = {};
};

constexpr std::array kFloatRows = {
    FloatRow{OpKind::kReciprocal, [](double x, const Params&) { return 1 / x; }},
    FloatRow{OpKind::kSqrt, [](double x, const Params&) { return std::sqrt(x); }},
    FloatRow{OpKind::kExp, [](double x, const Params&) { return std::exp(x); }},
    FloatRow{OpKind::kLog, [](double x, const Params&) { return std::log(x); }},
    FloatRow{OpKind::kFloor, [](double x, const Params&) { return std::floor(x); }},
    FloatRow{OpKind::kCeil, [](double x, const Params&) { return std::ceil(x); }},
    FloatRow{OpKind::kRound, [](double x, const Params&) { return std::nearbyint(x); }},  // half to even
    FloatRow{OpKind::kErf, [](double x, const Params&) { return std::erf(x); }},
    FloatRow{OpKind::kSin, [](double x, const Params&) { return std::sin(x); }},
    FloatRow{OpKind::kCos, [](double x, const Params&) { return std::cos(x); }},
    FloatRow{OpKind::kTan, [](double x, const Params&) { return std::tan(x); }},
    FloatRow{OpKind::kAsin, [](double x, const Params&) { return std::asin(x); }},
    FloatRow{OpKind::kAcos, [](double x, const Params&) { return std::acos(x); }},
    FloatRow{OpKind::kAtan, [](double x, const Params&) { return std::atan(x); }},
    FloatRow{OpKind::kSinh, [](double x, const Params&) { return std::sinh(x); }},
    FloatRow{OpKind::kCosh, [](double x, const Params&) { return std::cosh(x); }},
    FloatRow{OpKind::kAsinh, [](double x, const Params&) { return std::asinh(x); }},
    FloatRow{OpKind::kAcosh, [](double x, const Params&) { return std::acosh(x); }},
    FloatRow{OpKind::kAtanh, [](double x, const Params&) { return std::atanh(x); }},
    FloatRow{OpKind::kTanh, [](double x, const Params&) { return std::tanh(x); }},
    FloatRow{OpKind::kSigmoid, [](double x, const Params&) { return Sigmoid(x); }},
    FloatRow{OpKind::kSoftplus, [](double x, const Params&) { return Softplus(x); }},
    FloatRow{OpKind::kSoftsign, [](double x, const Params&) { return x / (1 + std::fabs(x)); }},
    FloatRow{OpKind::kMish, [](double x, const Params&) { return x * std::tanh(Softplus(x)); }},
    FloatRow{OpKind::kLeakyRelu, [](double x, const Params& p) { return x < 0 ? p.a * x : x; }, "alpha"},
    FloatRow{OpKind::kElu, [](double x, const Params& p) { return x < 0 ? p.a * std::expm1(x) : x; },
             "alpha"},
    FloatRow{OpKind::kSelu, Selu, "alpha", "gamma"},
    FloatRow{OpKind::kCelu, Celu, "alpha"},
    FloatRow{OpKind::kThresholdedRelu, [](double x, const Params& p) { return x > p.a ? x : 0.0; }, "alpha"},
    FloatRow{OpKind::kHardSigmoid, HardSigmoid, "alpha", "beta"},
    FloatRow{OpKind::kHardSwish, HardSwish},
};

Result<Arrays> FloatUnary(const Call& call) {
  const Operation& operation = call.operation;
  const auto* row = std::find_if(kFloatRows.begin(), kFloatRows.end(),
                                 [&](const FloatRow& r) { return r.kind == operation.Kind(); });
  RNNC_CHECK(row != kFloatRows.end(), "{} has no formula", operation.Info().text);
  Params params;
  if (!row->a.empty()) params.a = operation.Float(row->a);
  if (!row->b.empty()) params.b = operation.Float(row->b);
  Array result = call.In(0);
  if (!result.IsFloat()) return call.Fail("a tensor of {}", ToText(result.element));
  for (double& x : result.numbers) x = row->formula(x, params);
  return One(std::move(result));
}

// The operators that integers have too.
struct MixedRow {
  OpKind kind;
  Formula formula;
  int64_t (*integer)(int64_t);
};
// Through unsigned: the least integer has no positive counterpart and stays itself.
int64_t Negated(int64_t x) { return static_cast<int64_t>(0 - static_cast<uint64_t>(x)); }

constexpr std::array kMixedRows = {
    MixedRow{OpKind::kIdentity, [](double x, const Params&) { return x; }, [](int64_t x) { return x; }},
    MixedRow{OpKind::kNeg, [](double x, const Params&) { return -x; }, Negated},
    MixedRow{OpKind::kAbs, [](double x, const Params&) { return std::fabs(x); },
             [](int64_t x) { return x < 0 ? Negated(x) : x; }},
    MixedRow{OpKind::kSign, Sign, [](int64_t x) { return int64_t{x > 0} - int64_t{x < 0}; }},
    MixedRow{OpKind::kBitwiseNot, nullptr, [](int64_t x) { return ~x; }},
    MixedRow{OpKind::kRelu, Relu, [](int64_t x) { return std::max<int64_t>(x, 0); }},
};

Result<Arrays> MixedUnary(const Call& call) {
  const auto* row = std::find_if(kMixedRows.begin(), kMixedRows.end(),
                                 [&](const MixedRow& r) { return r.kind == call.operation.Kind(); });
  RNNC_CHECK(row != kMixedRows.end(), "{} has no formula", call.operation.Info().text);
  Array result = call.In(0);
  if (result.IsFloat() && row->formula == nullptr) return call.Fail("a tensor of {}", ToText(result.element));
  for (double& x : result.numbers) x = row->formula(x, {});
  for (int64_t& x : result.integers) x = WrapTo(result.element, row->integer(x));
  return One(std::move(result));
}

Result<Arrays> Shrinking(const Call& call) {
  const Params params{call.operation.Float("lambd"), call.operation.Float("bias")};
  Array result = call.In(0);
  for (int64_t i = 0; i < result.Count(); ++i) result.SetNumber(i, Shrink(result.NumberAt(i), params));
  return One(std::move(result));
}

Result<Arrays> Gelu(const Call& call) {
  const bool tanh = call.operation.String("approximate") == "tanh";
  Array result = call.In(0);
  for (double& x : result.numbers) x = tanh ? GeluTanh(x) : GeluExact(x);
  return One(std::move(result));
}

Result<Arrays> Not(const Call& call) {
  Array result = call.In(0);
  for (int64_t& x : result.integers) x = x == 0 ? 1 : 0;
  return One(std::move(result));
}

Result<Arrays> IsNan(const Call& call) {
  const Array& x = call.In(0);
  Array result = MakeArray(ElementType::kBool, x.dims);
  for (int64_t i = 0; i < x.Count(); ++i) result.SetInteger(i, std::isnan(x.NumberAt(i)) ? 1 : 0);
  return One(std::move(result));
}

Result<Arrays> IsInf(const Call& call) {
  const Array& x = call.In(0);
  const bool positive = call.operation.Int("detect_positive") != 0;
  const bool negative = call.operation.Int("detect_negative") != 0;
  Array result = MakeArray(ElementType::kBool, x.dims);
  for (int64_t i = 0; i < x.Count(); ++i) {
    const double value = x.NumberAt(i);
    const bool hit = std::isinf(value) && (value > 0 ? positive : negative);
    result.SetInteger(i, hit ? 1 : 0);
  }
  return One(std::move(result));
}

// Float to integer goes toward zero; what does not fit (undefined in ONNX) saturates, NaN becomes 0.
// Between integers bits are cut. To bool: everything but zero is true.
Result<Arrays> Cast(const Call& call) {
  const Array& x = call.In(0);
  const std::optional<ElementType> to = ParseElementType(call.operation.String("to"));
  RNNC_CHECK(to.has_value(), "cast to {}", call.operation.String("to"));
  Array result = MakeArray(*to, x.dims);
  const bool narrows = x.IsFloat() && BytesOf(*to) < BytesOf(x.element);
  for (int64_t i = 0; i < x.Count(); ++i) {
    if (result.IsFloat()) {
      const double value = x.NumberAt(i);
      result.SetNumber(i, narrows || !x.IsFloat() ? RoundTo(*to, value) : value);
    } else if (x.IsFloat()) {
      result.SetNumber(i, x.NumberAt(i));
    } else {
      result.SetInteger(i, x.IntegerAt(i));
    }
  }
  return One(std::move(result));
}

// "When min is greater than max, all values become max": the lower bound first, then the upper one.
Result<Arrays> Clip(const Call& call) {
  Array result = call.In(0);
  const Array* low = call.Find("min");
  const Array* high = call.Find("max");
  for (const Array* bound : {low, high}) {
    if (bound != nullptr && bound->Count() != 1) return call.Fail("a bound that is no scalar");
  }
  for (double& x : result.numbers) {
    if (low != nullptr && x < low->NumberAt(0)) x = low->NumberAt(0);
    if (high != nullptr && x > high->NumberAt(0)) x = high->NumberAt(0);
  }
  for (int64_t& x : result.integers) {
    if (low != nullptr) x = std::max(x, low->IntegerAt(0));
    if (high != nullptr) x = std::min(x, high->IntegerAt(0));
  }
  return One(std::move(result));
}

}  // namespace

std::span<const Entry> PointwiseEntries() {
  static const std::vector<Entry> entries = [] {
    std::vector<Entry> all = {{OpKind::kShrink, Shrinking}, {OpKind::kGelu, Gelu},   {OpKind::kNot, Not},
                              {OpKind::kIsNan, IsNan},      {OpKind::kIsInf, IsInf}, {OpKind::kCast, Cast},
                              {OpKind::kClip, Clip}};
    for (const FloatRow& row : kFloatRows) all.push_back({row.kind, FloatUnary});
    for (const MixedRow& row : kMixedRows) all.push_back({row.kind, MixedUnary});
    return all;
  }();
  return entries;
}

}  // namespace rnnc::ir::oracle
