// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The oracle's reductions: ONNX Reduce*, Softmax, LogSoftmax, Hardmax, ArgMax, ArgMin, CumSum.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "compiler/ir/graph_evaluator_ops.h"
#include "compiler/support/check.h"

namespace rnnc::ir::oracle {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What one reduction makes of all the elements that fall on one result.
using OfNumbers = double (*)(const std::vector<double>& x, const Call& call, ElementType element);
using OfIntegers = int64_t (*)(const std::vector<int64_t>& x, ElementType element);

double SumOf(
    const std::vector<double>& x, const Call& call, ElementType element,
    double (*term)(double) = [](double v) { return v; }) {
  double sum = 0;
  for (const double v : x) sum = call.Rounded(element, sum + call.Rounded(element, term(v)));
  return sum;
}

double Largest(const std::vector<double>& x) {
  double largest = -kInfinity;
  for (const double v : x) {
    if (std::isnan(v)) return v;
    largest = std::max(largest, v);
  }
  return largest;
}

double LogSumExp(const std::vector<double>& x, const Call& call, ElementType element) {
  const double largest = Largest(x);
  if (!std::isfinite(largest)) return largest;  // empty, NaN, or an infinity that decides alone
  double sum = 0;
  for (const double v : x) sum = call.Rounded(element, sum + call.Rounded(element, std::exp(v - largest)));
  return largest + std::log(sum);
}

int64_t WrappedSum(const std::vector<int64_t>& x, uint64_t (*term)(uint64_t)) {
  uint64_t sum = 0;
  for (const int64_t v : x) sum += term(static_cast<uint64_t>(v));
  return static_cast<int64_t>(sum);
}
uint64_t Same(uint64_t v) { return v; }
uint64_t Squared(uint64_t v) { return v * v; }
uint64_t Magnitude(uint64_t v) { return static_cast<int64_t>(v) < 0 ? 0 - v : v; }

int64_t ThroughNumber(double value, ElementType element) { return SaturateTo(element, value); }

int64_t LeastOf(ElementType element) {
  return element == ElementType::kBool ? 0 : SaturateTo(element, -kInfinity);
}
int64_t GreatestOf(ElementType element) { return SaturateTo(element, kInfinity); }

struct Row {
  OpKind kind;
  OfNumbers numbers;
  OfIntegers integers;
};

constexpr std::array kRows = {
    Row{OpKind::kReduceSum,
        [](const std::vector<double>& x, const Call& call, ElementType e) { return SumOf(x, call, e); },
        [](const std::vector<int64_t>& x, ElementType) { return WrappedSum(x, Same); }},
    Row{OpKind::kReduceMean,
        [](const std::vector<double>& x, const Call& call, ElementType e) {
          return SumOf(x, call, e) / static_cast<double>(x.size());
        },
        [](const std::vector<int64_t>& x, ElementType) {
          return x.empty() ? 0 : WrappedSum(x, Same) / static_cast<int64_t>(x.size());
        }},
    Row{OpKind::kReduceProd,
        [](const std::vector<double>& x, const Call& call, ElementType e) {
          double product = 1;
          for (const double v : x) product = call.Rounded(e, product * v);
          return product;
        },
        [](const std::vector<int64_t>& x, ElementType) {
          uint64_t product = 1;
          for (const int64_t v : x) product *= static_cast<uint64_t>(v);
          return static_cast<int64_t>(product);
        }},
    Row{OpKind::kReduceMax, [](const std::vector<double>& x, const Call&, ElementType) { return Largest(x); },
        [](const std::vector<int64_t>& x, ElementType e) {
          int64_t largest = LeastOf(e);
          for (const int64_t v : x) largest = std::max(largest, v);
          return largest;
        }},
    Row{OpKind::kReduceMin,
        [](const std::vector<double>& x, const Call&, ElementType) {
          std::vector<double> negated(x);
          for (double& v : negated) v = -v;
          return -Largest(negated);
        },
        [](const std::vector<int64_t>& x, ElementType e) {
          int64_t least = GreatestOf(e);
          for (const int64_t v : x) least = std::min(least, v);
          return least;
        }},
    Row{OpKind::kReduceL1,
        [](const std::vector<double>& x, const Call& call, ElementType e) {
          return SumOf(x, call, e, [](double v) { return std::fabs(v); });
        },
        [](const std::vector<int64_t>& x, ElementType) { return WrappedSum(x, Magnitude); }},
    Row{OpKind::kReduceL2,
        [](const std::vector<double>& x, const Call& call, ElementType e) {
          return std::sqrt(SumOf(x, call, e, [](double v) { return v * v; }));
        },
        [](const std::vector<int64_t>& x, ElementType e) {
          return ThroughNumber(std::sqrt(static_cast<double>(WrappedSum(x, Squared))), e);
        }},
    Row{OpKind::kReduceLogSum,
        [](const std::vector<double>& x, const Call& call, ElementType e) {
          return std::log(SumOf(x, call, e));
        },
        [](const std::vector<int64_t>& x, ElementType e) {
          return ThroughNumber(std::log(static_cast<double>(WrappedSum(x, Same))), e);
        }},
    Row{OpKind::kReduceLogSumExp, LogSumExp,
        [](const std::vector<int64_t>& x, ElementType e) {
          double sum = 0;
          for (const int64_t v : x) sum += std::exp(static_cast<double>(v));
          return ThroughNumber(std::log(sum), e);
        }},
    Row{OpKind::kReduceSumSquare,
        [](const std::vector<double>& x, const Call& call, ElementType e) {
          return SumOf(x, call, e, [](double v) { return v * v; });
        },
        [](const std::vector<int64_t>& x, ElementType) { return WrappedSum(x, Squared); }},
};

// The axes that are reduced. No axes given: all, or none when noop_with_empty_axes.
Result<std::set<int64_t>> ReducedAxes(const Call& call) {
  const int64_t rank = call.In(0).Rank();
  std::set<int64_t> axes;
  if (const Array* given = call.Find("axes"); given != nullptr) {
    for (const int64_t axis : given->integers) {
      RNNC_ASSIGN(const int64_t counted, AxisOf(call, axis, rank));
      axes.insert(counted);
    }
  }
  if (axes.empty() && call.operation.Int("noop_with_empty_axes") == 0) {
    for (int64_t axis = 0; axis < rank; ++axis) axes.insert(axis);
  }
  return axes;
}

Result<Arrays> Reduce(const Call& call) {
  const Operation& operation = call.operation;
  const auto* row =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.kind == operation.Kind(); });
  RNNC_CHECK(row != kRows.end(), "{}", operation.Info().text);
  const Array& x = call.In(0);
  RNNC_ASSIGN(const std::set<int64_t> axes, ReducedAxes(call));
  if (axes.empty() && operation.Int("noop_with_empty_axes") != 0) return One(x);

  std::vector<int64_t> kept;     // the result with size 1 on each reduced axis
  std::vector<int64_t> dropped;  // and without these axes
  for (int64_t i = 0; i < x.Rank(); ++i) {
    const int64_t dim = x.dims[static_cast<size_t>(i)];
    const bool reduced = axes.count(i) != 0;
    kept.push_back(reduced ? 1 : dim);
    if (!reduced) dropped.push_back(dim);
  }
  RNNC_ASSIGN(Array result, call.Make(x.element, operation.Int("keepdims") != 0 ? kept : dropped));
  const auto groups = static_cast<size_t>(result.Count());
  std::vector<std::vector<double>> numbers(x.IsFloat() ? groups : 0);
  std::vector<std::vector<int64_t>> integers(x.IsFloat() ? 0 : groups);
  for (Odometer at(x.dims); !at.Done(); at.Next()) {
    const auto group = static_cast<size_t>(BroadcastIndex(kept, at.Index()));
    if (x.IsFloat()) {
      numbers[group].push_back(x.NumberAt(at.Flat()));
    } else {
      integers[group].push_back(x.IntegerAt(at.Flat()));
    }
  }
  for (size_t i = 0; i < groups; ++i) {
    const auto at = static_cast<int64_t>(i);
    if (x.IsFloat()) {
      result.SetNumber(at, row->numbers(numbers[i], call, x.element));
    } else {
      result.SetInteger(at, row->integers(integers[i], x.element));
    }
  }
  return One(std::move(result));
}

// exp(x - max) / sum, or its logarithm, along one axis.
Result<Arrays> Softmax(const Call& call) {
  const bool logarithm = call.operation.Kind() == OpKind::kLogSoftmax;
  Array result = call.In(0);
  RNNC_ASSIGN(const int64_t axis, AxisOf(call, call.operation.Int("axis"), result.Rank()));
  const int64_t extent = result.dims[static_cast<size_t>(axis)];
  const int64_t stride = StridesOf(result.dims)[static_cast<size_t>(axis)];
  for (int64_t first = 0; first < result.Count(); ++first) {
    if (first / stride % extent != 0) continue;
    std::vector<double> line;
    for (int64_t i = 0; i < extent; ++i) line.push_back(result.NumberAt(first + i * stride));
    const double total = LogSumExp(line, call, result.element);
    for (int64_t i = 0; i < extent; ++i) {
      const double shifted = line[static_cast<size_t>(i)] - total;
      result.SetNumber(first + i * stride, logarithm ? shifted : std::exp(shifted));
    }
  }
  return One(std::move(result));
}

// The flat places of one line along `axis` that begins at `first`, in order.
struct Line {
  int64_t extent, stride;
  bool BeginsAt(int64_t first) const { return first / stride % extent == 0; }
};
Line LineOf(const Array& x, int64_t axis) {
  return {x.dims[static_cast<size_t>(axis)], StridesOf(x.dims)[static_cast<size_t>(axis)]};
}

// Which element of a line is the largest or the least: the first of equal ones, or the last. NaN is
// both, as numpy has it.
int64_t BestOf(const Array& x, int64_t first, const Line& line, bool least, bool last) {
  int64_t best = 0;
  for (int64_t i = 1; i < line.extent; ++i) {
    bool better = false, same = false;
    const int64_t a = first + i * line.stride;
    const int64_t b = first + best * line.stride;
    if (x.IsFloat()) {
      const double candidate = x.NumberAt(a), holder = x.NumberAt(b);
      same = candidate == holder || (std::isnan(candidate) && std::isnan(holder));
      better =
          std::isnan(candidate) ? !std::isnan(holder) : (least ? candidate < holder : candidate > holder);
    } else {
      same = x.IntegerAt(a) == x.IntegerAt(b);
      better = least ? x.IntegerAt(a) < x.IntegerAt(b) : x.IntegerAt(a) > x.IntegerAt(b);
    }
    if (better || (last && same)) best = i;
  }
  return best;
}

Result<Arrays> ArgReduce(const Call& call) {
  const Array& x = call.In(0);
  RNNC_ASSIGN(const int64_t axis, AxisOf(call, call.operation.Int("axis"), x.Rank()));
  const Line line = LineOf(x, axis);
  if (line.extent == 0) return call.Fail("axis {} of {} is empty", axis, x.ShapeText());
  std::vector<int64_t> dims = x.dims;
  dims[static_cast<size_t>(axis)] = 1;
  if (call.operation.Int("keepdims") == 0) dims.erase(dims.begin() + axis);
  RNNC_ASSIGN(Array result, call.Make(ElementType::kI64, dims));
  int64_t next = 0;
  for (int64_t first = 0; first < x.Count(); ++first) {
    if (!line.BeginsAt(first)) continue;
    result.SetInteger(next++, BestOf(x, first, line, call.operation.Kind() == OpKind::kArgMin,
                                     call.operation.Int("select_last_index") != 0));
  }
  return One(std::move(result));
}

// 1 at the first largest element of each line, 0 elsewhere.
Result<Arrays> Hardmax(const Call& call) {
  const Array& x = call.In(0);
  RNNC_ASSIGN(const int64_t axis, AxisOf(call, call.operation.Int("axis"), x.Rank()));
  const Line line = LineOf(x, axis);
  RNNC_ASSIGN(Array result, call.Make(x.element, x.dims));
  for (int64_t first = 0; first < x.Count(); ++first) {
    if (line.BeginsAt(first)) {
      result.SetNumber(first + BestOf(x, first, line, false, false) * line.stride, 1);
    }
  }
  return One(std::move(result));
}

// y[i] = x[0] + .. + x[i]; exclusive: without x[i]; reverse: counted from the end.
Result<Arrays> CumSum(const Call& call) {
  const Array& x = call.In(0);
  if (call.In(1).Count() != 1) return call.Fail("axis: {} of them", call.In(1).Count());
  RNNC_ASSIGN(const int64_t axis, AxisOf(call, call.In(1).IntegerAt(0), x.Rank()));
  const Line line = LineOf(x, axis);
  const bool exclusive = call.operation.Int("exclusive") != 0;
  RNNC_ASSIGN(Array result, call.Make(x.element, x.dims));
  for (int64_t first = 0; first < x.Count(); ++first) {
    if (!line.BeginsAt(first)) continue;
    double number = 0;
    uint64_t integer = 0;
    for (int64_t i = 0; i < line.extent; ++i) {
      const int64_t place = call.operation.Int("reverse") != 0 ? line.extent - 1 - i : i;
      const int64_t at = first + place * line.stride;
      const double before = number;
      const uint64_t integer_before = integer;
      if (x.IsFloat()) {
        number = call.Rounded(x.element, number + x.NumberAt(at));
        result.SetNumber(at, exclusive ? before : number);
      } else {
        integer += static_cast<uint64_t>(x.IntegerAt(at));
        result.SetInteger(at, static_cast<int64_t>(exclusive ? integer_before : integer));
      }
    }
  }
  return One(std::move(result));
}

}  // namespace

std::span<const Entry> ReductionEntries() {
  static const std::vector<Entry> entries = [] {
    std::vector<Entry> all = {{OpKind::kSoftmax, Softmax},  {OpKind::kLogSoftmax, Softmax},
                              {OpKind::kHardmax, Hardmax},  {OpKind::kArgMax, ArgReduce},
                              {OpKind::kArgMin, ArgReduce}, {OpKind::kCumSum, CumSum}};
    for (const Row& row : kRows) all.push_back({row.kind, Reduce});
    return all;
  }();
  return entries;
}

}  // namespace rnnc::ir::oracle
