// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/shape_rules.h"

#include <algorithm>

#include "compiler/ir/shape_rules_common.h"

namespace rnnc::ir {
namespace shape_rules {

Result<int64_t> Query::Axis(std::string_view what, int64_t axis, int64_t rank) const {
  const int64_t normal = axis < 0 ? axis + rank : axis;
  if (normal < 0 || normal >= rank) {
    return Refuse("{}: {} is outside the {} axes of the operand", what, axis, rank);
  }
  return normal;
}

Result<std::vector<int64_t>> Query::Axes(std::string_view what, const std::vector<int64_t>& axes,
                                         int64_t rank) const {
  std::vector<int64_t> normal;
  for (int64_t axis : axes) {
    RNNC_ASSIGN(int64_t one, Axis(what, axis, rank));
    normal.push_back(one);
  }
  std::sort(normal.begin(), normal.end());
  if (std::adjacent_find(normal.begin(), normal.end()) != normal.end()) {
    return Refuse("{}: an axis is named twice", what);
  }
  return normal;
}

Result<Dims> Query::Known(std::string_view name) const {
  const Value* value = Find(name);
  if (value->type.Rank() > 1) {
    return Refuse("{}: must be a vector, is {}", name, value->type.ToText());
  }
  std::optional<Dims> elements = ints.Of(value);
  if (!elements) {
    return Refuse("{}: {}", name, UnknownValue(*value, ints));
  }
  return *elements;
}

Result<std::vector<int64_t>> Query::KnownIntegers(std::string_view name) const {
  RNNC_ASSIGN(Dims elements, Known(name));
  std::vector<int64_t> integers;
  for (const Dim& element : elements) {
    if (!element.IsConstant()) {
      return Refuse("{}: {} is symbolic{}", name, element.ToText(), BindingHint(element));
    }
    integers.push_back(element.Value());
  }
  return integers;
}

Result<> Query::RequireRank(std::string_view name, int64_t rank) const {
  if (TypeOf(name).Rank() == rank) return Ok();
  return Refuse("{}: must have {} dimension{}, is {}", name, rank, rank == 1 ? "" : "s",
                TypeOf(name).ToText());
}

Result<Dims> Broadcast(const Query& query, const Dims& a, const Dims& b) {
  const Dims& longer = a.size() >= b.size() ? a : b;
  const Dims& shorter = a.size() >= b.size() ? b : a;
  Dims result = longer;
  const size_t shift = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    Dim& dim = result[i + shift];
    const Dim& other = shorter[i];
    if (dim == other || other.Is(1)) continue;
    if (dim.Is(1)) {
      dim = other;
    } else if (dim.IsConstant() && other.IsConstant()) {
      return query.Refuse("shapes {} and {} do not broadcast", ToText(a), ToText(b));
    } else {
      return query.Refuse("shapes {} and {}: cannot prove that {} and {} are equal{}", ToText(a), ToText(b),
                          dim.ToText(), other.ToText(), BindingHint(dim.IsConstant() ? other : dim));
    }
  }
  return result;
}

std::string ToText(const Dims& dims) {
  const std::string text = MakeType(ElementType::kF32, dims).ToText();
  return text.substr(text.find('['));
}

namespace {

const std::map<OpKind, Rule>& AllRules() {
  static const std::map<OpKind, Rule> table = [] {
    std::map<OpKind, Rule> rules;
    for (const auto* part : {&PointwiseRules(), &ProductRules(), &ReductionRules(), &LayoutRules(),
                             &ReshapeRules(), &RecurrentRules(), &IndexingRules(), &WindowRules()}) {
      rules.insert(part->begin(), part->end());
    }
    return rules;
  }();
  return table;
}

// Every size must be one that a tensor can have, whatever the symbols are.
Result<> CheckSizes(const Query& query, const Type& type) {
  if (type.Rank() > kMaxRank) {
    return query.Refuse("the result has {} axes; {} are the most", type.Rank(), kMaxRank);
  }
  for (const Dim& dim : type.dims) {
    if (dim.IsPoisoned()) return query.Refuse("the size of a result overflows 64 bits");
    if (!IsNeverNegative(dim, query.ints.Least())) {
      return query.Refuse("the result is {}: {} might be negative{}", type.ToText(), dim.ToText(),
                          BindingHint(dim));
    }
  }
  if (IsTooLarge(type)) {
    return query.Refuse("the result is {}: too large to be computed", type.ToText());
  }
  return Ok();
}

}  // namespace
}  // namespace shape_rules

bool IsTooLarge(const Type& type) {
  constexpr int64_t kMaxBytes = int64_t{1} << 40;
  const Dim bytes = type.ElementCount() * Dim(BytesOf(type.element));
  return bytes.IsPoisoned() || (bytes.IsConstant() && bytes.Value() > kMaxBytes);
}

bool HasShapeRule(OpKind kind) { return shape_rules::AllRules().count(kind) != 0; }

namespace {

Result<std::vector<Type>> Infer(const shape_rules::Query& query) {
  const Operation& operation = query.op;
  auto rule = shape_rules::AllRules().find(operation.Kind());
  RNNC_CHECK(rule != shape_rules::AllRules().end(), "{} has no shape rule", operation.Info().text);
  RNNC_ASSIGN(std::vector<Type> types, rule->second(query));
  for (const Type& type : types) RNNC_TRY(shape_rules::CheckSizes(query, type));
  return types;
}

}  // namespace

Result<std::vector<Type>> InferTypes(const Operation& operation, KnownInts& ints) {
  return Infer({operation, ints, true});
}

Result<std::vector<Type>> InferTypesWherever(const Operation& operation, KnownInts& ints) {
  return Infer({operation, ints, false});
}

std::string BindingHint(const Dim& dim) {
  std::string hint;
  for (const std::string& symbol : dim.Symbols()) {
    hint += (hint.empty() ? "; bind it with --dim " : " --dim ") + symbol + "=N";
  }
  return hint;
}

std::string BindingHint(const std::vector<Dim>& a, const std::vector<Dim>& b) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (!(a[i] == b[i])) return BindingHint(a[i] + b[i]);
  }
  return {};
}

}  // namespace rnnc::ir
