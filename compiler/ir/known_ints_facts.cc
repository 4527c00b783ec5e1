// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <limits>

#include "compiler/ir/known_ints.h"

// Facts about polynomials over symbols that are integers >= 0.
namespace rnnc::ir {
namespace {

// Exporters write "to the end" as the largest number of 32 or 64 bits; no tensor is that long.
constexpr int64_t kBeyondAnySize = std::numeric_limits<int32_t>::max();

bool IsBeyond(const Dim& dim) { return dim.IsConstant() && dim.Value() >= kBeyondAnySize; }
bool IsBefore(const Dim& dim) { return dim.IsConstant() && dim.Value() <= -kBeyondAnySize; }

// Counts a negative index from the end. None when its sign depends on the symbols.
std::optional<Dim> FromFront(const Dim& index, const Dim& size, const LeastSizes& least) {
  if (IsNeverNegative(index, least)) return index;
  if (IsNeverNegative(Dim(-1) - index, least)) return index + size;
  // -T+3 and the like: nothing is known. T-1 counts as it is written: it is meant from the front.
  return std::nullopt;
}

std::optional<Dim> ClampTo(const Dim& index, const Dim& low, const Dim& high, const LeastSizes& least) {
  if (IsAtMost(index, low, least)) return low;
  if (IsAtMost(high, index, least)) return high;
  if (IsAtMost(low, index, least) && IsAtMost(index, high, least)) return index;
  return std::nullopt;
}

std::optional<Dim> ResolveEnd(const Dim& index, const Dim& size, const Dim& low, const Dim& high,
                              const LeastSizes& least) {
  if (IsBeyond(index)) return high;
  if (IsBefore(index)) return low;
  const std::optional<Dim> front = FromFront(index, size, least);
  return front ? ClampTo(*front, low, high, least) : std::nullopt;
}

}  // namespace

LeastSizes LeastSizesOf(const Module& module) {
  LeastSizes least;
  for (const RuntimeSize& size : module.sizes) {
    if (size.low > 0) least[size.symbol] = size.low;
  }
  return least;
}

bool IsNeverNegative(const Dim& dim, const LeastSizes& least) {
  if (dim.IsPoisoned()) return false;
  const auto no_term_is = [](const Dim& sum) {
    return !sum.IsPoisoned() && std::all_of(sum.Terms().begin(), sum.Terms().end(),
                                            [](const auto& term) { return term.second > 0; });
  };
  if (no_term_is(dim)) return true;
  if (least.empty()) return false;
  // T >= 3 is T = 3 + S with S >= 0.
  std::map<std::string, Dim> from_least;
  for (const auto& [symbol, low] : least) from_least[symbol] = Dim::Symbol(symbol) + Dim(low);
  return no_term_is(dim.Substitute(from_least));
}

bool IsAtMost(const Dim& a, const Dim& b, const LeastSizes& least) { return IsNeverNegative(b - a, least); }

std::optional<bool> AreEqual(const Dim& a, const Dim& b, const LeastSizes& least) {
  const Dim difference = a - b;
  if (difference.IsPoisoned()) return std::nullopt;
  if (difference.Is(0)) return true;
  if (IsNeverNegative(difference - 1, least) || IsNeverNegative(Dim(-1) - difference, least)) return false;
  return std::nullopt;
}

std::optional<bool> IsLess(const Dim& a, const Dim& b, const LeastSizes& least) {
  if (IsAtMost(a + 1, b, least)) return true;
  if (IsAtMost(b, a, least)) return false;
  return std::nullopt;
}

std::optional<Dim> FloorDivide(const Dim& a, int64_t divisor) {
  if (a.IsPoisoned() || divisor <= 0) return std::nullopt;
  auto constant = a.Terms().find({});
  const int64_t rest = constant == a.Terms().end() ? 0 : constant->second;
  const int64_t remainder = (rest % divisor + divisor) % divisor;
  return (a - Dim(remainder)).DividedBy(Dim(divisor));
}

std::optional<SliceRange> ResolveSlice(const Dim& size, const Dim& start, const Dim& end, int64_t step,
                                       const LeastSizes& least) {
  if (step == 0 || step == std::numeric_limits<int64_t>::min()) return std::nullopt;
  SliceRange range{0, step, 0};
  if (size.Is(0)) return range;
  const bool forward = step > 0;
  // ONNX Slice: start is clamped to [0, size] and end too, or to [0, size-1] and [-1, size-1] backwards.
  const Dim highest = forward ? size : size - 1;
  const Dim lowest = forward ? Dim(0) : Dim(-1);
  // A step backwards over T elements starts at T-1, also where T is 0: the count below is 0 then.
  const bool whole = !forward && (start.Is(-1) || IsBeyond(start)) && IsBefore(end);
  std::optional<Dim> first = whole ? highest : ResolveEnd(start, size, 0, highest, least);
  std::optional<Dim> last = whole ? lowest : ResolveEnd(end, size, lowest, highest, least);
  if (!first || !last) return std::nullopt;
  range.start = *first;
  const Dim span = forward ? *last - *first : *first - *last;
  if (IsNeverNegative(Dim(0) - span, least)) return range;
  if (!IsNeverNegative(span, least)) return std::nullopt;
  const int64_t stride = forward ? step : -step;
  const Dim padded = span + Dim(stride - 1);
  std::optional<Dim> count = FloorDivide(padded, stride);
  if (!count) return std::nullopt;
  range.count = *count;
  return range;
}

}  // namespace rnnc::ir
