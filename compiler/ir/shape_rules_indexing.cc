// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <cmath>
#include <set>

#include "compiler/ir/shape_rules_common.h"

// Tile, Trilu, GatherElements, ScatterND, and what is made from positions alone: Range, EyeLike.
namespace rnnc::ir::shape_rules {
namespace {

Result<Types> Tile(const Query& query) {
  const Type& x = query.TypeOf("x");
  RNNC_ASSIGN(Dims repeats, query.Known("repeats"));
  if (repeats.size() != x.dims.size()) {
    return query.Refuse("repeats: {} of them, must be {}", repeats.size(), x.dims.size());
  }
  Dims dims = x.dims;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (!IsNeverNegative(repeats[i])) {
      return query.Refuse("repeats: {} is no number of times{}", repeats[i].ToText(),
                          BindingHint(repeats[i]));
    }
    if (!dims[i].IsConstant() && !repeats[i].IsConstant()) {
      return query.Refuse("repeats: {} times an axis of {}{}", repeats[i].ToText(), dims[i].ToText(),
                          BindingHint(repeats[i]));
    }
    dims[i] *= repeats[i];
  }
  return Types{MakeType(x.element, dims)};
}

Result<Types> Trilu(const Query& query) {
  const Type& x = query.TypeOf("x");
  if (x.Rank() < 2) return query.Refuse("x: must have at least 2 dimensions, is {}", x.ToText());
  if (const Value* k = query.Find("k"); k != nullptr) {
    if (k->type.element != ElementType::kI64 || !k->type.ElementCount().Is(1)) {
      return query.Refuse("k: must be a scalar i64, is {}", k->type.ToText());
    }
  }
  return Types{x};
}

Result<> RequireIndices(const Query& query) {
  const ElementType element = query.TypeOf("indices").element;
  if (element == ElementType::kI64 || element == ElementType::kI32) return Ok();
  return query.Refuse("indices: must be i32 or i64, is {}", query.TypeOf("indices").ToText());
}

Result<Types> GatherElements(const Query& query) {
  const Type& x = query.TypeOf("x");
  const Type& indices = query.TypeOf("indices");
  RNNC_TRY(RequireIndices(query));
  RNNC_TRY(query.RequireRank("indices", x.Rank()));
  RNNC_ASSIGN(int64_t axis, query.Axis("axis", query.op.Int("axis"), x.Rank()));
  for (size_t i = 0; i < x.dims.size(); ++i) {
    if (static_cast<int64_t>(i) == axis || IsAtMost(indices.dims[i], x.dims[i])) continue;
    return query.Refuse("indices: axis {} is {}, which is not known to lie within {}{}", i,
                        indices.dims[i].ToText(), x.dims[i].ToText(),
                        BindingHint(indices.dims[i] + x.dims[i]));
  }
  const Dim& size = x.dims[static_cast<size_t>(axis)];
  if (!size.IsConstant()) {
    return query.Refuse("indices: into axis {} of {}{}", axis, size.ToText(), BindingHint(size));
  }
  for (const Dim& index : query.ints.Of(query.Find("indices")).value_or(Dims())) {
    if (query.inside && index.IsConstant() &&
        (index.Value() < -size.Value() || index.Value() >= size.Value())) {
      return query.Refuse("indices: {} is outside axis {}, which is {}", index.ToText(), axis, size.ToText());
    }
  }
  return Types{MakeType(x.element, indices.dims)};
}

// Rows of indices as [rows, depth], each within the first `depth` axes of the operand.
Result<> CheckScatterIndices(const Query& query, const std::vector<int64_t>& indices,
                             const std::vector<int64_t>& sizes) {
  std::set<std::vector<int64_t>> rows;
  for (size_t at = 0; at + sizes.size() <= indices.size(); at += sizes.size()) {
    std::vector<int64_t> row(indices.begin() + static_cast<std::ptrdiff_t>(at),
                             indices.begin() + static_cast<std::ptrdiff_t>(at + sizes.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      if (row[i] < -sizes[i] || row[i] >= sizes[i]) {
        return query.Refuse("indices: {} is outside axis {}, which is {}", row[i], i, sizes[i]);
      }
      if (row[i] < 0) row[i] += sizes[i];
    }
    if (!rows.insert(row).second && query.op.String("reduction") == "none") {
      return query.Refuse("indices: name one place twice; which update holds is not defined");
    }
    if (sizes.empty()) break;
  }
  return Ok();
}

Result<Types> ScatterNd(const Query& query) {
  const Type& x = query.TypeOf("x");
  const Type& indices = query.TypeOf("indices");
  const Type& updates = query.TypeOf("updates");
  constexpr std::string_view kReductions[] = {"none", "add", "mul", "max", "min"};
  const std::string& reduction = query.op.String("reduction");
  if (std::find(std::begin(kReductions), std::end(kReductions), reduction) == std::end(kReductions)) {
    return query.Refuse("reduction: '{}' is not computed; none, add, mul, max and min are", reduction);
  }
  if (reduction != "none" && x.element == ElementType::kBool) {
    return query.Refuse("reduction: '{}' of {}; insert a Cast", reduction, x.ToText());
  }
  if (indices.element != ElementType::kI64) {
    return query.Refuse("indices: must be i64, is {}", indices.ToText());
  }
  const std::optional<std::vector<int64_t>> known = query.ints.IntegersOf(query.Find("indices"));
  if (!known || indices.Rank() == 0) {
    const Value& value = *query.Find("indices");
    return query.Refuse("indices: {}", UnknownValue(value, query.ints));
  }
  const int64_t depth = indices.dims.back().Value();
  if (depth < 1 || depth > x.Rank()) {
    return query.Refuse("indices: {} numbers a row for {}", depth, x.ToText());
  }
  std::vector<int64_t> sizes;
  for (int64_t i = 0; i < depth; ++i) {
    const Dim& dim = x.dims[static_cast<size_t>(i)];
    if (!dim.IsConstant())
      return query.Refuse("indices: into axis {} of {}{}", i, dim.ToText(), BindingHint(dim));
    sizes.push_back(dim.Value());
  }
  RNNC_TRY(CheckScatterIndices(query, *known, sizes));
  Dims wanted(indices.dims.begin(), indices.dims.end() - 1);
  wanted.insert(wanted.end(), x.dims.begin() + depth, x.dims.end());
  if (!(updates == MakeType(x.element, wanted))) {
    return query.Refuse("updates: must be {}, is {}{}", MakeType(x.element, wanted).ToText(),
                        updates.ToText(), BindingHint(wanted, updates.dims));
  }
  return Types{x};
}

Result<Types> FloatRange(const Query& query) {
  double numbers[3];
  constexpr std::string_view kNames[] = {"start", "limit", "delta"};
  for (size_t i = 0; i < 3; ++i) {
    const TensorPtr number = query.ints.ConstantOf(query.Find(kNames[i]));
    if (number == nullptr) {
      const Value& value = *query.Find(kNames[i]);
      return query.Refuse("{}: {}", kNames[i], UnknownValue(value, query.ints));
    }
    numbers[i] = number->NumberAt(0);
  }
  const double count = std::ceil((numbers[1] - numbers[0]) / numbers[2]);
  if (!(std::fabs(count) < 1e9)) {
    return query.Refuse("limit: {} to {} by {} has no length that can be computed", numbers[0], numbers[1],
                        numbers[2]);
  }
  return Types{MakeType(query.TypeOf("start").element, {Dim(static_cast<int64_t>(std::max(count, 0.0)))})};
}

// max(ceil((limit - start) / delta), 0) elements.
Result<Types> Range(const Query& query) {
  const ElementType element = query.TypeOf("start").element;
  for (std::string_view name : {"start", "limit", "delta"}) {
    const Type& type = query.TypeOf(name);
    if (type.element != element || element == ElementType::kBool || !type.ElementCount().Is(1)) {
      return query.Refuse("{}: must be a scalar number like the others, is {}", name, type.ToText());
    }
  }
  if (IsFloat(element)) return FloatRange(query);
  RNNC_ASSIGN(const Dims start, query.Known("start"));
  RNNC_ASSIGN(const Dims limit, query.Known("limit"));
  RNNC_ASSIGN(const std::vector<int64_t> delta, query.KnownIntegers("delta"));
  const int64_t step = delta[0];
  if (step == 0 || step == INT64_MIN) return query.Refuse("delta: {} is no step", step);
  const Dim span = step > 0 ? limit[0] - start[0] : start[0] - limit[0];
  if (IsNeverNegative(Dim(0) - span)) return Types{MakeType(element, {Dim(0)})};
  const int64_t size = step > 0 ? step : -step;
  const std::optional<Dim> count = FloorDivide(span + Dim(size - 1), size);
  if (!count || !IsNeverNegative(*count)) {
    return query.Refuse("limit: how many steps of {} there are from {} to {} depends on the sizes{}", step,
                        start[0].ToText(), limit[0].ToText(), BindingHint(span));
  }
  return Types{MakeType(element, {*count})};
}

Result<Types> EyeLike(const Query& query) {
  RNNC_TRY(query.RequireRank("x", 2));
  const std::optional<ElementType> type = ParseElementType(query.op.String("dtype"));
  if (!type) return query.Refuse("dtype: no element type '{}'", query.op.String("dtype"));
  return Types{MakeType(*type, query.TypeOf("x").dims)};
}

}  // namespace

const std::map<OpKind, Rule>& IndexingRules() {
  static const std::map<OpKind, Rule> table = {
      {OpKind::kTile, Tile},           {OpKind::kTrilu, Trilu}, {OpKind::kGatherElements, GatherElements},
      {OpKind::kScatterNd, ScatterNd}, {OpKind::kRange, Range}, {OpKind::kEyeLike, EyeLike},
  };
  return table;
}

}  // namespace rnnc::ir::shape_rules
