// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/verifier_index.h"

#include <algorithm>
#include <functional>
#include <set>

// Ranges are exact for sums of different variables. Where quotients and remainders make them too wide,
// all points are tried, as long as there are few.
namespace rnnc::ir {
namespace {

constexpr int64_t kMaxPoints = 2048;

bool UsesSymbols(const IndexExpr& index) {
  if (!index.ConstantPart().IsConstant()) return true;
  return std::any_of(index.Terms().begin(), index.Terms().end(), [](const IndexExpr::Term& term) {
    return !term.coefficient.IsConstant() ||
           (term.atom.inner && (!term.atom.divisor.IsConstant() || UsesSymbols(*term.atom.inner)));
  });
}

bool IsSumOfVariables(const IndexExpr& index) {
  return std::all_of(index.Terms().begin(), index.Terms().end(), [](const IndexExpr::Term& term) {
    return term.atom.kind == IndexExpr::AtomKind::kVariable;
  });
}

bool AnyEmpty(const std::vector<Dim>& extents) {
  return std::any_of(extents.begin(), extents.end(), [](const Dim& extent) { return extent.Is(0); });
}

// Calls `visit` at every point of the variables that `uses` names, the others being 0, until it returns
// false. False when there are too many points or some extent is not known.
bool ForEachPoint(const std::vector<Dim>& extents, const std::function<bool(int)>& uses,
                  const std::function<bool(const std::vector<int64_t>&)>& visit) {
  int64_t points = 1;
  for (size_t v = 0; v < extents.size(); ++v) {
    if (!uses(static_cast<int>(v))) continue;
    if (!extents[v].IsConstant() || extents[v].Value() > kMaxPoints) return false;
    points *= extents[v].Value();
    if (points > kMaxPoints) return false;
  }
  std::vector<int64_t> point(extents.size(), 0);
  for (int64_t number = 0; number < points; ++number) {
    int64_t rest = number;
    for (size_t v = extents.size(); v-- > 0;) {
      if (!uses(static_cast<int>(v))) continue;
      point[v] = rest % extents[v].Value();
      rest /= extents[v].Value();
    }
    if (!visit(point)) return true;
  }
  return true;
}

// Far below any overflow when it is evaluated.
bool IsModest(const IndexExpr& index) {
  constexpr int64_t kLimit = int64_t{1} << 40;
  auto modest = [](const Dim& dim) { return dim.Value() < kLimit && dim.Value() > -kLimit; };
  return modest(index.ConstantPart()) &&
         std::all_of(index.Terms().begin(), index.Terms().end(), [&](const IndexExpr::Term& term) {
           return modest(term.coefficient) &&
                  (!term.atom.inner || (modest(term.atom.divisor) && IsModest(*term.atom.inner)));
         });
}

}  // namespace

int LargestVariable(const IndexExpr& index) {
  int largest = -1;
  for (const IndexExpr::Term& term : index.Terms()) {
    if (term.atom.inner) largest = std::max(largest, LargestVariable(*term.atom.inner));
    if (term.atom.kind == IndexExpr::AtomKind::kVariable) largest = std::max(largest, term.atom.id);
  }
  return largest;
}

std::optional<int64_t> ValueOutside(const IndexExpr& index, const Dim& size,
                                    const std::vector<Dim>& extents) {
  if (index.UsesNode() || UsesSymbols(index) || !size.IsConstant() || AnyEmpty(extents)) return std::nullopt;
  auto outside = [&](int64_t value) { return value < 0 || value >= size.Value(); };
  const IndexExpr::Range range = index.RangeFor(extents);
  if (range.low && range.high && !outside(*range.low) && !outside(*range.high)) return std::nullopt;
  if (IsSumOfVariables(index)) {
    // A variable of symbolic extent may have no value at all: then nothing is read.
    const bool all_known = std::all_of(index.Terms().begin(), index.Terms().end(), [&](const auto& term) {
      const auto id = static_cast<size_t>(term.atom.id);
      return id < extents.size() && extents[id].IsConstant();
    });
    if (!all_known) return std::nullopt;
    if (range.low && outside(*range.low)) return range.low;
    return range.high && outside(*range.high) ? range.high : std::nullopt;
  }
  if (!IsModest(index)) return std::nullopt;
  std::optional<int64_t> found;
  ForEachPoint(
      extents, [&](int v) { return index.UsesVariable(v); },
      [&](const std::vector<int64_t>& point) {
        const int64_t value = index.Evaluate(point, {}, [](int) { return int64_t{0}; });
        if (outside(value)) found = value;
        return !found;
      });
  return found;
}

bool StoresTwice(const std::vector<IndexExpr>& store, const std::vector<Dim>& extents) {
  if (AnyEmpty(extents)) return false;
  for (size_t v = 0; v < extents.size(); ++v) {
    const bool used = std::any_of(store.begin(), store.end(), [&](const IndexExpr& index) {
      return index.UsesVariable(static_cast<int>(v));
    });
    if (!used && extents[v].IsConstant() && extents[v].Value() > 1) {
      return std::all_of(extents.begin(), extents.end(), [](const Dim& e) { return e.IsConstant(); });
    }
  }
  // Every variable alone on an axis of its own: the usual case, and injective.
  const auto alone = std::count_if(store.begin(), store.end(), [](const IndexExpr& index) {
    return index.Terms().size() == 1 && IsSumOfVariables(index);
  });
  if (static_cast<size_t>(alone) == extents.size() && extents.size() == store.size()) return false;
  if (std::any_of(store.begin(), store.end(),
                  [](const IndexExpr& index) { return UsesSymbols(index) || !IsModest(index); })) {
    return false;
  }
  std::set<std::vector<int64_t>> seen;
  bool twice = false;
  ForEachPoint(
      extents, [](int) { return true; },
      [&](const std::vector<int64_t>& point) {
        std::vector<int64_t> place;
        for (const IndexExpr& index : store) place.push_back(index.Evaluate(point, {}, {}));
        twice = !seen.insert(std::move(place)).second;
        return !twice;
      });
  return twice;
}

}  // namespace rnnc::ir
