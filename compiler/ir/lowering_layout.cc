// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "compiler/ir/known_ints.h"
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
    const int64_t axis = NormalAxis(perm[i], static_cast<int64_t>(perm.size()));
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
  const int64_t axis = NormalAxis(context.op.Int("axis"), result.Rank());
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
  const int64_t axis = NormalAxis(context.op.Int("axis"), x->type.Rank());
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

Result<Values> LowerSlice(const Context& context) {
  Value* x = context.Operand("x");
  RNNC_ASSIGN(const std::vector<Dim> starts, KnownOperand(context, "starts"));
  RNNC_ASSIGN(const std::vector<Dim> ends, KnownOperand(context, "ends"));
  std::vector<int64_t> axes(starts.size()), steps(starts.size(), 1);
  for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int64_t>(i);
  if (context.Operand("axes") != nullptr) {
    RNNC_ASSIGN(axes, KnownIntegers(context, "axes"));
  }
  if (context.Operand("steps") != nullptr) {
    RNNC_ASSIGN(steps, KnownIntegers(context, "steps"));
  }
  RNNC_CHECK(ends.size() == starts.size() && axes.size() == starts.size() && steps.size() == starts.size(),
             "{} starts, {} ends, {} axes and {} steps have passed the shape rules", starts.size(),
             ends.size(), axes.size(), steps.size());
  const LeastSizes least = LeastSizesOf(*context.op.Parent()->Parent()->Parent());
  std::vector<IndexExpr> indices = IdentityIndices(x->type.dims.size());
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t axis = NormalAxis(axes[i], x->type.Rank());
    const auto at = static_cast<size_t>(axis);
    const Dim& size = x->type.dims[at];
    const auto range = steps[i] == 0 ? std::nullopt : ResolveSlice(size, starts[i], ends[i], steps[i], least);
    if (!range) {
      return Error(context.op.location,
                   "starts, ends: {} to {} by {} in an axis of size {} cannot be decided", starts[i].ToText(),
                   ends[i].ToText(), steps[i], size.ToText());
    }
    indices[at] = IndexExpr::Variable(static_cast<int>(axis)) * Dim(range->step) + IndexExpr(range->start);
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
