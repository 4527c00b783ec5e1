// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "compiler/ir/lowering_common.h"

// Layout operators: the identity under an index map. Lengths come from the result's type, which the
// shape rules have made; only where an operand begins and how it steps is read here.
namespace rnnc::ir::lowering {
namespace {

Result<Values> LowerReshape(const Context& context) {
  RNNC_ASSIGN(Value * y, EmitReshape(context, context.op.Operand(0), context.ResultType()));
  return Values{y};
}

Result<Values> LowerTranspose(const Context& context) {
  const std::vector<int64_t>& perm = context.op.Ints("perm");
  std::vector<IndexExpr> indices(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) {
    RNNC_ASSIGN(const int64_t axis, NormalAxis(context, "perm", perm[i], static_cast<int64_t>(perm.size())));
    indices[static_cast<size_t>(axis)] = IndexExpr::Variable(static_cast<int>(i));
  }
  return Values{EmitLayout(context, context.Operand("x"), context.ResultType(), std::move(indices))};
}

Result<Values> LowerExpand(const Context& context) {
  Value* x = context.Operand("x");
  const Type& result = context.ResultType();
  if (x->type == result) return Values{x};
  return Values{EmitLayout(context, x, result, BroadcastIndices(x->type, result.dims.size()))};
}

// Parts written one behind the other into one buffer.
Result<Values> LowerConcat(const Context& context) {
  const Type& result = context.ResultType();
  RNNC_ASSIGN(const int64_t axis, NormalAxis(context, "axis", context.op.Int("axis"), result.Rank()));
  Values parts;
  for (Value* part : context.op.Operands()) {
    if (!part->type.dims[static_cast<size_t>(axis)].Is(0)) parts.push_back(part);
  }
  if (parts.size() == 1 && parts[0]->type == result) return Values{parts[0]};
  Value* whole = EmitUndefined(context, result);
  Dim offset(0);
  for (Value* part : parts) {
    std::vector<IndexExpr> identity = IdentityIndices(result.dims.size());
    std::vector<IndexExpr> store = identity;
    store[static_cast<size_t>(axis)] = store[static_cast<size_t>(axis)] + IndexExpr(offset);
    whole = EmitInto(context, whole, part, part->type.dims, std::move(identity), std::move(store));
    offset += part->type.dims[static_cast<size_t>(axis)];
  }
  return Values{whole};
}

Result<Values> LowerSplit(const Context& context) {
  Value* x = context.Operand("x");
  RNNC_ASSIGN(const int64_t axis, NormalAxis(context, "axis", context.op.Int("axis"), x->type.Rank()));
  Values results;
  Dim offset(0);
  for (Value* result : context.op.Results()) {
    std::vector<IndexExpr> indices = IdentityIndices(x->type.dims.size());
    indices[static_cast<size_t>(axis)] = indices[static_cast<size_t>(axis)] + IndexExpr(offset);
    results.push_back(EmitLayout(context, x, result->type, std::move(indices)));
    offset += result->type.dims[static_cast<size_t>(axis)];
  }
  return results;
}

// Where a slice begins: negative counts from the end, and outside the axis is clamped to it (ONNX
// Slice). A symbolic size is taken to reach as far as a start counted from the end needs.
Result<Dim> SliceStart(const Context& context, const Dim& start, int64_t step, const Dim& size) {
  if (!start.IsConstant()) return start;
  const int64_t value = start.Value();
  if (size.IsConstant()) {
    const int64_t length = size.Value();
    const int64_t last = std::max<int64_t>(step < 0 ? length - 1 : length, 0);
    return Dim(std::clamp<int64_t>(value < 0 ? value + length : value, 0, last));
  }
  if (value < 0) return size + Dim(value);
  if (step > 0) return start;
  // Stepping down: exporters write the largest integer for "from the end".
  constexpr int64_t kFromTheEnd = 2147483647;
  if (value >= kFromTheEnd) return size - Dim(1);
  return Error(context.op.location,
               "starts: {} steps down in an axis of symbolic size {}; bind it with --dim", value,
               size.ToText());
}

Result<Values> LowerSlice(const Context& context) {
  Value* x = context.Operand("x");
  RNNC_ASSIGN(const std::vector<Dim> starts, KnownOperand(context, "starts"));
  std::vector<int64_t> axes(starts.size()), steps(starts.size(), 1);
  for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int64_t>(i);
  if (context.Operand("axes") != nullptr) {
    RNNC_ASSIGN(axes, KnownIntegers(context, "axes"));
  }
  if (context.Operand("steps") != nullptr) {
    RNNC_ASSIGN(steps, KnownIntegers(context, "steps"));
  }
  if (axes.size() != starts.size() || steps.size() != starts.size()) {
    return Error(context.op.location, "starts, axes, steps: {}, {} and {} elements; they must be as many",
                 starts.size(), axes.size(), steps.size());
  }
  std::vector<IndexExpr> indices = IdentityIndices(x->type.dims.size());
  for (size_t i = 0; i < starts.size(); ++i) {
    RNNC_ASSIGN(const int64_t axis, NormalAxis(context, "axes", axes[i], x->type.Rank()));
    const auto at = static_cast<size_t>(axis);
    RNNC_ASSIGN(const Dim start, SliceStart(context, starts[i], steps[i], x->type.dims[at]));
    indices[at] = IndexExpr::Variable(static_cast<int>(axis)) * Dim(steps[i]) + IndexExpr(start);
  }
  if (context.ResultType() == x->type && indices == IdentityIndices(indices.size())) return Values{x};
  return Values{EmitLayout(context, x, context.ResultType(), std::move(indices))};
}

}  // namespace

const std::vector<Rule>& LayoutRules() {
  static const std::vector<Rule> rules = {
      {OpKind::kReshape, LowerReshape},     {OpKind::kFlatten, LowerReshape},
      {OpKind::kSqueeze, LowerReshape},     {OpKind::kUnsqueeze, LowerReshape},
      {OpKind::kTranspose, LowerTranspose}, {OpKind::kExpand, LowerExpand},
      {OpKind::kConcat, LowerConcat},       {OpKind::kSplit, LowerSplit},
      {OpKind::kSlice, LowerSlice},
  };
  return rules;
}

}  // namespace rnnc::ir::lowering
