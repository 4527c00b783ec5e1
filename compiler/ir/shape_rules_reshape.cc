// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <numeric>

#include "compiler/ir/shape_rules_common.h"

// Operators whose result has the elements of the operand in the same order, and shapes as values.
namespace rnnc::ir::shape_rules {
namespace {

// The value of its only symbol for which a*S + b comes to `wanted`, when there is one.
std::optional<int64_t> SolveFor(const Dim& dim, const Dim& wanted) {
  if (dim.Symbols().size() != 1 || !wanted.IsConstant()) return std::nullopt;
  const std::string symbol = dim.Symbols().front();
  const Dim rest = dim.Substitute({{symbol, Dim(0)}});
  const std::optional<Dim> factor = (dim - rest).DividedBy(Dim::Symbol(symbol));
  if (!factor || !factor->IsConstant()) return std::nullopt;
  const std::optional<Dim> value = (wanted - rest).DividedBy(*factor);
  if (!value || !value->IsConstant() || value->Value() < 1) return std::nullopt;
  return value->Value();
}

// The smallest value of its only symbol for which `divisor` divides S times a constant.
std::optional<int64_t> SmallestMultiple(const Dim& dim, int64_t divisor) {
  if (dim.Symbols().size() != 1 || divisor <= 1) return std::nullopt;
  const std::optional<Dim> factor = dim.DividedBy(Dim::Symbol(dim.Symbols().front()));
  if (!factor || !factor->IsConstant() || factor->Value() < 1) return std::nullopt;
  return divisor / std::gcd(divisor, factor->Value());
}

std::string ExportedHint(const Dim& dim, std::optional<int64_t> value) {
  if (!value) return BindingHint(dim);
  const std::string symbol = dim.Symbols().front();
  return "; the length was fixed when the model was exported: --dim " + symbol + "=" +
         std::to_string(*value) + " compiles, for that length only";
}

Diagnostic RefuseReshape(const Query& query, const Dims& target, const Dim& have, const Dim& want,
                         std::optional<int64_t> exported) {
  const std::string from = query.TypeOf("x").ToText();
  if (have.IsConstant() && want.IsConstant()) {
    return query.Refuse("shape: {} cannot become {}: {} elements are not {}", from, ToText(target),
                        have.ToText(), want.ToText());
  }
  return query.Refuse("shape: {} cannot become {} for every {}{}", from, ToText(target),
                      have.IsConstant() ? want.ToText() : have.ToText(),
                      ExportedHint(have.IsConstant() ? want : have, exported));
}

// ONNX Reshape: 0 takes the operand's size (unless allowzero), one -1 is what remains.
Result<Types> Reshape(const Query& query) {
  const Type& x = query.TypeOf("x");
  RNNC_ASSIGN(Dims dims, query.Known("shape"));
  const Dims target = dims;
  std::optional<size_t> open;
  Dim given(1);
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i].Is(-1)) {
      if (open) return query.Refuse("shape: {} has more than one -1", ToText(target));
      open = i;
      continue;
    }
    if (dims[i].Is(0) && query.op.Int("allowzero") == 0) {
      if (i >= x.dims.size())
        return query.Refuse("shape: {} copies axis {} of {}", ToText(target), i, x.ToText());
      dims[i] = x.dims[i];
    }
    if (!IsNeverNegative(dims[i], query.ints.Least()))
      return query.Refuse("shape: {} is no size{}", dims[i].ToText(), BindingHint(dims[i]));
    given *= dims[i];
  }
  const Dim have = x.ElementCount();
  if (have.IsPoisoned() || given.IsPoisoned())
    return query.Refuse("shape: {} overflows 64 bits", ToText(target));
  if (open) {
    // Sizes that both sides have by name may be 0: take them out before the division.
    if (given.Is(0)) return query.Refuse("shape: {} leaves -1 open when a size is 0", ToText(target));
    const std::optional<Dim> rest = have.DividedBy(given);
    if (!rest || !IsNeverNegative(*rest, query.ints.Least())) {
      const std::optional<int64_t> exported =
          given.IsConstant() ? SmallestMultiple(have, given.Value()) : SolveFor(given, have);
      return RefuseReshape(query, target, have, given, exported);
    }
    dims[*open] = *rest;
  } else if (have != given) {
    return RefuseReshape(query, target, have, given,
                         given.IsConstant() ? SolveFor(have, given) : SolveFor(given, have));
  }
  return Types{MakeType(x.element, dims)};
}

Result<Types> Flatten(const Query& query) {
  const Type& x = query.TypeOf("x");
  int64_t axis = query.op.Int("axis");
  if (axis < 0) axis += x.Rank();
  if (axis < 0 || axis > x.Rank()) {
    return query.Refuse("axis: {} is outside the {} axes of the operand", query.op.Int("axis"), x.Rank());
  }
  Dim outer(1), inner(1);
  for (int64_t i = 0; i < x.Rank(); ++i) (i < axis ? outer : inner) *= x.dims[static_cast<size_t>(i)];
  return Types{MakeType(x.element, {outer, inner})};
}

Result<Types> Squeeze(const Query& query) {
  const Type& x = query.TypeOf("x");
  std::vector<int64_t> axes;
  if (query.Find("axes") != nullptr) {
    RNNC_ASSIGN(std::vector<int64_t> given, query.KnownIntegers("axes"));
    RNNC_ASSIGN(axes, query.Axes("axes", given, x.Rank()));
  } else {
    for (int64_t i = 0; i < x.Rank(); ++i) {
      const Dim& dim = x.dims[static_cast<size_t>(i)];
      if (!dim.IsConstant()) {
        return query.Refuse("axes: absent, and whether {} of {} is 1 is not known{}", dim.ToText(),
                            x.ToText(), BindingHint(dim));
      }
      if (dim.Is(1)) axes.push_back(i);
    }
  }
  Dims dims = x.dims;
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    const Dim& dim = dims[static_cast<size_t>(*axis)];
    if (!dim.Is(1)) {
      return query.Refuse("axes: axis {} of {} is {}, not 1{}", *axis, x.ToText(), dim.ToText(),
                          BindingHint(dim));
    }
    dims.erase(dims.begin() + *axis);
  }
  return Types{MakeType(x.element, dims)};
}

Result<Types> Unsqueeze(const Query& query) {
  const Type& x = query.TypeOf("x");
  RNNC_ASSIGN(std::vector<int64_t> given, query.KnownIntegers("axes"));
  RNNC_ASSIGN(std::vector<int64_t> axes,
              query.Axes("axes", given, x.Rank() + static_cast<int64_t>(given.size())));
  Dims dims = x.dims;
  for (int64_t axis : axes) dims.insert(dims.begin() + axis, Dim(1));
  return Types{MakeType(x.element, dims)};
}

// ---- Shapes as values ----

Result<Types> Shape(const Query& query) {
  const int64_t rank = query.TypeOf("x").Rank();
  const auto clamp = [&](int64_t at) { return std::clamp(at < 0 ? at + rank : at, int64_t{0}, rank); };
  const int64_t start = clamp(query.op.Int("start"));
  const int64_t end = query.op.Has("end") ? clamp(query.op.Int("end")) : rank;
  return Types{MakeType(ElementType::kI64, {std::max(end - start, int64_t{0})})};
}

Result<Types> Size(const Query&) { return Types{MakeType(ElementType::kI64, {})}; }

Result<Types> ConstantOfShape(const Query& query) {
  const Type& value = query.TypeOf("value");
  if (!value.ElementCount().Is(1)) return query.Refuse("value: must have one element, is {}", value.ToText());
  RNNC_ASSIGN(Dims dims, query.Known("shape"));
  return Types{MakeType(value.element, dims)};
}

}  // namespace

const std::map<OpKind, Rule>& ReshapeRules() {
  static const std::map<OpKind, Rule> table = {
      {OpKind::kReshape, Reshape},
      {OpKind::kFlatten, Flatten},
      {OpKind::kSqueeze, Squeeze},
      {OpKind::kUnsqueeze, Unsqueeze},
      {OpKind::kShape, Shape},
      {OpKind::kSize, Size},
      {OpKind::kConstantOfShape, ConstantOfShape},
  };
  return table;
}

}  // namespace rnnc::ir::shape_rules
