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
std::optional<Dim> FromFront(const Dim& index, const Dim& size) {
  if (IsNeverNegative(index)) return index;
  if (IsNeverNegative(Dim(-1) - index)) return index + size;
  // -T+3 and the like: nothing is known. T-1 counts as it is written: it is meant from the front.
  return std::nullopt;
}

std::optional<Dim> ClampTo(const Dim& index, const Dim& low, const Dim& high) {
  if (IsAtMost(index, low)) return low;
  if (IsAtMost(high, index)) return high;
  if (IsAtMost(low, index) && IsAtMost(index, high)) return index;
  return std::nullopt;
}

std::optional<Dim> ResolveEnd(const Dim& index, const Dim& size, const Dim& low, const Dim& high) {
  if (IsBeyond(index)) return high;
  if (IsBefore(index)) return low;
  const std::optional<Dim> front = FromFront(index, size);
  return front ? ClampTo(*front, low, high) : std::nullopt;
}

}  // namespace

bool IsNeverNegative(const Dim& dim) {
  if (dim.IsPoisoned()) return false;
  return std::all_of(dim.Terms().begin(), dim.Terms().end(),
                     [](const auto& term) { return term.second > 0; });
}

bool IsAtMost(const Dim& a, const Dim& b) { return IsNeverNegative(b - a); }

std::optional<bool> AreEqual(const Dim& a, const Dim& b) {
  const Dim difference = a - b;
  if (difference.IsPoisoned()) return std::nullopt;
  if (difference.Is(0)) return true;
  if (IsNeverNegative(difference - 1) || IsNeverNegative(Dim(-1) - difference)) return false;
  return std::nullopt;
}

std::optional<bool> IsLess(const Dim& a, const Dim& b) {
  if (IsAtMost(a + 1, b)) return true;
  if (IsAtMost(b, a)) return false;
  return std::nullopt;
}

std::optional<Dim> FloorDivide(const Dim& a, int64_t divisor) {
  if (a.IsPoisoned() || divisor <= 0) return std::nullopt;
  auto constant = a.Terms().find({});
  const int64_t rest = constant == a.Terms().end() ? 0 : constant->second;
  const int64_t remainder = (rest % divisor + divisor) % divisor;
  return (a - Dim(remainder)).DividedBy(Dim(divisor));
}

std::optional<SliceRange> ResolveSlice(const Dim& size, const Dim& start, const Dim& end, int64_t step) {
  if (step == 0 || step == std::numeric_limits<int64_t>::min()) return std::nullopt;
  SliceRange range{0, step, 0};
  if (size.Is(0)) return range;
  const bool forward = step > 0;
  // ONNX Slice: start is clamped to [0, size] and end too, or to [0, size-1] and [-1, size-1] backwards.
  const Dim highest = forward ? size : size - 1;
  const Dim lowest = forward ? Dim(0) : Dim(-1);
  // A step backwards over T elements starts at T-1, also where T is 0: the count below is 0 then.
  const bool whole = !forward && (start.Is(-1) || IsBeyond(start)) && IsBefore(end);
  std::optional<Dim> first = whole ? highest : ResolveEnd(start, size, 0, highest);
  std::optional<Dim> last = whole ? lowest : ResolveEnd(end, size, lowest, highest);
  if (!first || !last) return std::nullopt;
  range.start = *first;
  const Dim span = forward ? *last - *first : *first - *last;
  if (IsNeverNegative(Dim(0) - span)) return range;
  if (!IsNeverNegative(span)) return std::nullopt;
  const int64_t stride = forward ? step : -step;
  const Dim padded = span + Dim(stride - 1);
  std::optional<Dim> count = FloorDivide(padded, stride);
  if (!count) return std::nullopt;
  range.count = *count;
  return range;
}

}  // namespace rnnc::ir
