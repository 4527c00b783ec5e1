// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "compiler/ir/shape_rules_common.h"

// Operators that move elements: Transpose, Concat, Split, Slice, Gather, Pad, Expand.
namespace rnnc::ir::shape_rules {
namespace {

Result<Types> Transpose(const Query& query) {
  const Type& x = query.TypeOf("x");
  const std::vector<int64_t>& perm = query.op.Ints("perm");
  std::vector<int64_t> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  bool valid = static_cast<int64_t>(perm.size()) == x.Rank();
  for (size_t i = 0; valid && i < sorted.size(); ++i) valid = sorted[i] == static_cast<int64_t>(i);
  if (!valid) return query.Refuse("perm: no permutation of the {} axes of the operand", x.Rank());
  Dims dims;
  for (int64_t axis : perm) dims.push_back(x.dims[static_cast<size_t>(axis)]);
  return Types{MakeType(x.element, dims)};
}

Result<Types> Concat(const Query& query) {
  if (query.op.Operands().empty()) return query.Refuse("needs at least one operand");
  Type joined = query.op.Operand(size_t{0})->type;
  RNNC_ASSIGN(int64_t normal, query.Axis("axis", query.op.Int("axis"), joined.Rank()));
  const auto axis = static_cast<size_t>(normal);
  for (size_t i = 1; i < query.op.Operands().size(); ++i) {
    const Type& part = query.op.Operand(i)->type;
    bool fits = part.element == joined.element && part.Rank() == joined.Rank();
    for (size_t k = 0; fits && k < part.dims.size(); ++k) fits = k == axis || part.dims[k] == joined.dims[k];
    if (!fits) {
      Dims others = part.dims;
      if (axis < others.size()) others[axis] = joined.dims[axis];
      return query.Refuse("inputs: cannot join {} and {} along axis {}{}", joined.ToText(), part.ToText(),
                          axis, BindingHint(joined.dims, others));
    }
    joined.dims[axis] += part.dims[axis];
  }
  return Types{joined};
}

Result<Dims> SplitSizes(const Query& query, const Dim& size) {
  if (query.Find("split") != nullptr) {
    RNNC_ASSIGN(Dims sizes, query.Known("split"));
    Dim sum(0);
    for (const Dim& part : sizes) sum += part;
    if (!(sum == size)) {
      return query.Refuse("split: {} does not add up to {}{}", ToText(sizes), size.ToText(),
                          BindingHint(size));
    }
    return sizes;
  }
  if (!query.op.Has("num_outputs"))
    return query.Refuse("split: neither the operand nor num_outputs is there");
  const int64_t count = query.op.Int("num_outputs");
  if (count < 1 || count > (int64_t{1} << 20)) return query.Refuse("num_outputs: {} is out of range", count);
  if (!size.IsConstant()) {
    const std::optional<Dim> part = size.DividedBy(Dim(count));
    if (!part) {
      return query.Refuse("num_outputs: {} does not divide {}{}", count, size.ToText(), BindingHint(size));
    }
    return Dims(static_cast<size_t>(count), *part);
  }
  // All of one size, rounded up; the last gets what is left.
  const int64_t part = (size.Value() + count - 1) / count;
  const int64_t last = size.Value() - part * (count - 1);
  if (last < 0) return query.Refuse("num_outputs: {} parts of {} frames cannot be", count, size.ToText());
  Dims sizes(static_cast<size_t>(count), Dim(part));
  sizes.back() = Dim(last);
  return sizes;
}

Result<Types> Split(const Query& query) {
  const Type& x = query.TypeOf("x");
  RNNC_ASSIGN(int64_t axis, query.Axis("axis", query.op.Int("axis"), x.Rank()));
  RNNC_ASSIGN(Dims sizes, SplitSizes(query, x.dims[static_cast<size_t>(axis)]));
  Types parts(sizes.size(), x);
  for (size_t i = 0; i < sizes.size(); ++i) parts[i].dims[static_cast<size_t>(axis)] = sizes[i];
  return parts;
}

// Slice and Pad: axes as given or the first ones, each once, in the order of the other operand.
Result<std::vector<int64_t>> OrderedAxes(const Query& query, size_t count) {
  const int64_t rank = query.TypeOf("x").Rank();
  std::vector<int64_t> axes;
  for (size_t i = 0; i < count; ++i) axes.push_back(static_cast<int64_t>(i));
  if (query.Find("axes") != nullptr) {
    RNNC_ASSIGN(axes, query.KnownIntegers("axes"));
  }
  if (axes.size() != count) return query.Refuse("axes: {} of them for {} entries", axes.size(), count);
  RNNC_TRY(query.Axes("axes", axes, rank));
  for (int64_t& axis : axes) axis = axis < 0 ? axis + rank : axis;
  return axes;
}

Result<Types> Slice(const Query& query) {
  const Type& x = query.TypeOf("x");
  RNNC_ASSIGN(Dims starts, query.Known("starts"));
  RNNC_ASSIGN(Dims ends, query.Known("ends"));
  if (ends.size() != starts.size()) {
    return query.Refuse("ends: {} of them for {} starts", ends.size(), starts.size());
  }
  RNNC_ASSIGN(std::vector<int64_t> axes, OrderedAxes(query, starts.size()));
  std::vector<int64_t> steps(starts.size(), 1);
  if (query.Find("steps") != nullptr) {
    RNNC_ASSIGN(steps, query.KnownIntegers("steps"));
  }
  if (steps.size() != starts.size()) {
    return query.Refuse("steps: {} of them for {} starts", steps.size(), starts.size());
  }
  Dims dims = x.dims;
  for (size_t i = 0; i < starts.size(); ++i) {
    Dim& dim = dims[static_cast<size_t>(axes[i])];
    if (steps[i] == 0) return query.Refuse("steps: 0 for axis {}", axes[i]);
    const std::optional<SliceRange> range =
        ResolveSlice(dim, starts[i], ends[i], steps[i], query.ints.Least());
    if (!range) {
      return query.Refuse("how many elements {}:{}:{} takes of axis {}, which is {}, depends on its length{}",
                          starts[i].ToText(), ends[i].ToText(), steps[i], axes[i], dim.ToText(),
                          BindingHint(dim + starts[i] + ends[i]));
    }
    dim = range->count;
  }
  return Types{MakeType(x.element, dims)};
}

Result<Types> Gather(const Query& query) {
  const Type& x = query.TypeOf("x");
  const Type& indices = query.TypeOf("indices");
  if (indices.element != ElementType::kI64 && indices.element != ElementType::kI32) {
    return query.Refuse("indices: must be i32 or i64, is {}", indices.ToText());
  }
  RNNC_ASSIGN(int64_t axis, query.Axis("axis", query.op.Int("axis"), x.Rank()));
  const Dim& size = x.dims[static_cast<size_t>(axis)];
  for (const Dim& index : query.ints.Of(query.Find("indices")).value_or(Dims())) {
    if (!query.inside || !size.IsConstant() || !index.IsConstant()) continue;
    if (index.Value() < -size.Value() || index.Value() >= size.Value()) {
      return query.Refuse("indices: {} is outside axis {}, which is {}", index.ToText(), axis, size.ToText());
    }
  }
  Dims dims(x.dims.begin(), x.dims.begin() + axis);
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), x.dims.begin() + axis + 1, x.dims.end());
  return Types{MakeType(x.element, dims)};
}

Result<> CheckPadMode(const Query& query, const Dim& size, const Dim& before, const Dim& after,
                      int64_t axis) {
  if (query.op.String("mode") == "constant") return Ok();
  const bool reflect = query.op.String("mode") == "reflect";
  const Dim least = reflect ? size - 1 : size;
  for (const Dim* pad : {&before, &after}) {
    const bool fits = query.op.String("mode") == "edge" ? pad->Is(0) || IsAtMost(1, size, query.ints.Least())
                                                        : IsAtMost(*pad, least, query.ints.Least());
    if (!fits) {
      return query.Refuse("pads: {} {} elements do not fit axis {}, which is {}{}", query.op.String("mode"),
                          pad->ToText(), axis, size.ToText(), BindingHint(size));
    }
  }
  return Ok();
}

Result<Types> Pad(const Query& query) {
  const Type& x = query.TypeOf("x");
  RNNC_ASSIGN(Dims pads, query.Known("pads"));
  if (query.Find("axes") == nullptr && pads.size() != 2 * x.dims.size()) {
    return query.Refuse("pads: {} of them, must be {}", pads.size(), 2 * x.dims.size());
  }
  if (pads.size() % 2 != 0) return query.Refuse("pads: {} of them, must be even", pads.size());
  RNNC_ASSIGN(std::vector<int64_t> axes, OrderedAxes(query, pads.size() / 2));
  if (const Value* value = query.Find("value"); value != nullptr) {
    if (value->type.element != x.element || !value->type.ElementCount().Is(1)) {
      return query.Refuse("value: must be a scalar {}, is {}", ir::ToText(x.element), value->type.ToText());
    }
  }
  Dims dims = x.dims;
  for (size_t i = 0; i < axes.size(); ++i) {
    Dim& dim = dims[static_cast<size_t>(axes[i])];
    const Dim& before = pads[i];
    const Dim& after = pads[i + axes.size()];
    RNNC_TRY(CheckPadMode(query, dim, before, after, axes[i]));
    dim = dim + before + after;
  }
  return Types{MakeType(x.element, dims)};
}

Result<Types> Expand(const Query& query) {
  const Type& x = query.TypeOf("x");
  RNNC_ASSIGN(Dims shape, query.Known("shape"));
  for (const Dim& dim : shape) {
    if (!IsNeverNegative(dim, query.ints.Least()))
      return query.Refuse("shape: {} is no size{}", dim.ToText(), BindingHint(dim));
  }
  RNNC_ASSIGN(Dims dims, Broadcast(query, x.dims, shape));
  return Types{MakeType(x.element, dims)};
}

}  // namespace

const std::map<OpKind, Rule>& LayoutRules() {
  static const std::map<OpKind, Rule> table = {
      {OpKind::kTranspose, Transpose}, {OpKind::kConcat, Concat}, {OpKind::kSplit, Split},
      {OpKind::kSlice, Slice},         {OpKind::kGather, Gather}, {OpKind::kPad, Pad},
      {OpKind::kExpand, Expand},
  };
  return table;
}

}  // namespace rnnc::ir::shape_rules
