// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "compiler/ir/known_ints_common.h"

// Arithmetic, comparisons, logic and reductions over polynomials.
namespace rnnc::ir::known_ints {
namespace {

using Binary = std::function<std::optional<Dim>(const Dim&, const Dim&, const LeastSizes&)>;

std::optional<Dim> Truth(std::optional<bool> fact) {
  if (!fact) return std::nullopt;
  return Dim(*fact ? 1 : 0);
}

std::optional<Dim> Quotient(const Dim& a, const Dim& b, const LeastSizes& least) {
  if (b.Is(0)) return std::nullopt;
  if (b.Is(-1)) return Dim(0) - a;
  // ONNX integer division truncates toward zero.
  if (a.IsConstant() && b.IsConstant()) return Dim(a.Value() / b.Value());
  if (b.IsPoisoned() || b.Terms().empty()) return std::nullopt;
  if (b.IsConstant() && b.Value() > 0 && IsNeverNegative(a, least)) return FloorDivide(a, b.Value());
  return a.DividedBy(b);
}

std::optional<Dim> Remainder(const Dim& a, const Dim& b, const LeastSizes& least) {
  if (b.IsConstant() && b.Value() > 0 && IsNeverNegative(a, least)) {
    const std::optional<Dim> quotient = FloorDivide(a, b.Value());  // the same for either sign rule
    return quotient ? std::optional<Dim>(a - *quotient * b) : std::nullopt;
  }
  if (!a.IsConstant() || !b.IsConstant() || b.Is(0) || b.Is(-1)) return std::nullopt;
  const int64_t rest = a.Value() % b.Value();
  return Dim(rest != 0 && (rest < 0) != (b.Value() < 0) ? rest + b.Value() : rest);
}

// `fmod`: the sign of the dividend, as C.
std::optional<Dim> TruncatedRemainder(const Dim& a, const Dim& b, const LeastSizes& least) {
  if (IsNeverNegative(a, least)) {
    return Remainder(a, b.IsConstant() && b.Value() < 0 ? Dim(0) - b : b, least);
  }
  if (!a.IsConstant() || !b.IsConstant() || b.Is(0) || b.Is(-1)) return std::nullopt;
  return Dim(a.Value() % b.Value());
}

std::optional<Dim> Smaller(const Dim& a, const Dim& b, const LeastSizes& least) {
  if (IsAtMost(a, b, least)) return a;
  if (IsAtMost(b, a, least)) return b;
  return std::nullopt;
}

std::optional<Dim> Larger(const Dim& a, const Dim& b, const LeastSizes& least) {
  if (IsAtMost(a, b, least)) return b;
  if (IsAtMost(b, a, least)) return a;
  return std::nullopt;
}

std::optional<Dim> Both(const Dim& a, const Dim& b, const LeastSizes&) {
  if (a.Is(0) || b.Is(0)) return Dim(0);
  return a.Is(1) && b.Is(1) ? std::optional<Dim>(1) : std::nullopt;
}

std::optional<Dim> Either(const Dim& a, const Dim& b, const LeastSizes&) {
  if (a.Is(1) || b.Is(1)) return Dim(1);
  return a.Is(0) && b.Is(0) ? std::optional<Dim>(0) : std::nullopt;
}

const std::map<OpKind, Binary>& BinaryOps() {
  static const std::map<OpKind, Binary> table = {
      {OpKind::kAdd, [](const Dim& a, const Dim& b, const LeastSizes&) { return a + b; }},
      {OpKind::kSub, [](const Dim& a, const Dim& b, const LeastSizes&) { return a - b; }},
      {OpKind::kMul, [](const Dim& a, const Dim& b, const LeastSizes&) { return a * b; }},
      {OpKind::kDiv, Quotient},
      {OpKind::kMin, Smaller},
      {OpKind::kMax, Larger},
      {OpKind::kAnd, Both},
      {OpKind::kOr, Either},
      {OpKind::kEqual,
       [](const Dim& a, const Dim& b, const LeastSizes& least) { return Truth(AreEqual(a, b, least)); }},
      {OpKind::kLess,
       [](const Dim& a, const Dim& b, const LeastSizes& least) { return Truth(IsLess(a, b, least)); }},
      {OpKind::kGreater,
       [](const Dim& a, const Dim& b, const LeastSizes& least) { return Truth(IsLess(b, a, least)); }},
      {OpKind::kLessOrEqual,
       [](const Dim& a, const Dim& b, const LeastSizes& least) { return Truth(IsLess(a, b + 1, least)); }},
      {OpKind::kGreaterOrEqual,
       [](const Dim& a, const Dim& b, const LeastSizes& least) { return Truth(IsLess(b, a + 1, least)); }},
  };
  return table;
}

Maybe Elementwise(const Query& query, const Binary& combine) {
  Maybe accumulated = query.Known(0);
  std::vector<int64_t> shape = accumulated ? query.TypeOf(0)->StaticDims() : std::vector<int64_t>();
  const std::vector<int64_t> to = query.result.type.StaticDims();
  for (size_t operand = 1; accumulated && operand < query.op.Operands().size(); ++operand) {
    const Maybe other = query.Known(operand);
    if (!other) return std::nullopt;
    const std::vector<int64_t> other_shape = query.TypeOf(operand)->StaticDims();
    Elements next;
    for (int64_t at = 0; at < query.Count(); ++at) {
      const Dim& a = (*accumulated)[static_cast<size_t>(BroadcastOffset(at, to, shape))];
      std::optional<Dim> value = combine(
          a, (*other)[static_cast<size_t>(BroadcastOffset(at, to, other_shape))], query.ints.LeastCompared());
      if (!value || value->IsPoisoned()) return std::nullopt;
      next.push_back(*value);
    }
    accumulated = std::move(next);
    shape = to;
  }
  return accumulated;
}

Maybe Selected(const Query& query) {
  const Maybe condition = query.Known(0);
  const Maybe x = query.Known(1);
  const Maybe y = query.Known(2);
  if (!x || !y) return std::nullopt;
  const std::vector<int64_t> to = query.result.type.StaticDims();
  const auto element = [&](const Elements& elements, size_t operand, int64_t at) {
    return elements[static_cast<size_t>(BroadcastOffset(at, to, query.TypeOf(operand)->StaticDims()))];
  };
  Elements selected;
  for (int64_t at = 0; at < query.Count(); ++at) {
    const Dim a = element(*x, 1, at);
    const Dim b = element(*y, 2, at);
    if (a == b) {
      selected.push_back(a);
      continue;
    }
    if (!condition) return std::nullopt;
    const Dim choice = element(*condition, 0, at);
    if (!choice.IsConstant()) return std::nullopt;
    selected.push_back(choice.Is(0) ? b : a);
  }
  return selected;
}

Maybe Unary(const Query& query) {
  Maybe known = query.Known(0);
  if (!known) return std::nullopt;
  for (Dim& element : *known) {
    if (query.op.Kind() == OpKind::kNeg) {
      element = Dim(0) - element;
    } else if (query.op.Kind() == OpKind::kNot) {
      if (!element.IsConstant()) return std::nullopt;
      element = Dim(element.Is(0) ? 1 : 0);
    } else if (!IsNeverNegative(element, query.ints.LeastCompared())) {  // abs
      if (!IsNeverNegative(Dim(0) - element, query.ints.LeastCompared())) return std::nullopt;
      element = Dim(0) - element;
    }
    if (element.IsPoisoned()) return std::nullopt;
  }
  return known;
}

Maybe Converted(const Query& query) {
  Maybe known = query.Known(0);
  if (!known) return std::nullopt;
  const ElementType to = query.result.type.element;
  for (Dim& element : *known) {
    if (to == ElementType::kBool) {
      const std::optional<bool> zero = AreEqual(element, Dim(0), query.ints.LeastCompared());
      if (!zero) return std::nullopt;
      element = Dim(*zero ? 0 : 1);
    } else if (!FitsIn(element, to)) {
      return std::nullopt;
    }
  }
  return known;
}

Maybe Reduced(const Query& query, const Binary& combine, const Dim& identity) {
  Maybe x = query.Known(0);
  if (!x) return std::nullopt;
  const std::vector<int64_t> dims = query.TypeOf(0)->StaticDims();
  const auto rank = static_cast<int64_t>(dims.size());
  std::vector<bool> reduced(dims.size(), false);
  if (const Value* axes_value = query.op.Operand(1); axes_value != nullptr) {
    const auto axes = query.ints.IntegersOf(axes_value);
    if (!axes) return std::nullopt;
    for (int64_t axis : *axes) reduced[static_cast<size_t>(NormalAxis(axis, rank))] = true;
  }
  if (std::find(reduced.begin(), reduced.end(), true) == reduced.end()) {
    if (query.op.Int("noop_with_empty_axes") != 0) return x;
    reduced.assign(dims.size(), true);
  }
  std::vector<int64_t> kept = dims;
  for (size_t i = 0; i < dims.size(); ++i) kept[i] = reduced[i] ? 1 : dims[i];
  Elements result(static_cast<size_t>(query.Count()), identity);
  for (size_t at = 0; at < x->size(); ++at) {
    std::vector<int64_t> coordinates = Coordinates(static_cast<int64_t>(at), dims);
    for (size_t i = 0; i < dims.size(); ++i) coordinates[i] = reduced[i] ? 0 : coordinates[i];
    Dim& slot = result[static_cast<size_t>(Offset(coordinates, kept))];
    const std::optional<Dim> value = combine(slot, (*x)[at], query.ints.LeastCompared());
    if (!value || value->IsPoisoned()) return std::nullopt;
    slot = *value;
  }
  return result;
}

}  // namespace

const std::map<OpKind, Rule>& ComputingRules() {
  static const std::map<OpKind, Rule> table = [] {
    std::map<OpKind, Rule> rules = {{OpKind::kCast, Converted},
                                    {OpKind::kNeg, Unary},
                                    {OpKind::kAbs, Unary},
                                    {OpKind::kNot, Unary},
                                    {OpKind::kWhere, Selected}};
    for (const auto& [kind, combine] : BinaryOps()) {
      rules[kind] = [&combine](const Query& query) { return Elementwise(query, combine); };
    }
    rules[OpKind::kMod] = [](const Query& query) {
      return Elementwise(query, query.op.Int("fmod") != 0 ? TruncatedRemainder : Remainder);
    };
    const auto reduce = [&](OpKind kind, OpKind combine, int identity) {
      rules[kind] = [combine, identity](const Query& query) {
        return Reduced(query, BinaryOps().at(combine), Dim(identity));
      };
    };
    reduce(OpKind::kReduceProd, OpKind::kMul, 1);
    reduce(OpKind::kReduceSum, OpKind::kAdd, 0);
    return rules;
  }();
  return table;
}

}  // namespace rnnc::ir::known_ints
