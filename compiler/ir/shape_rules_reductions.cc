// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/shape_rules_common.h"

// Softmax, Reduce*, ArgMax, CumSum, and the normalisations.
namespace rnnc::ir::shape_rules {
namespace {

Result<Types> Softmax(const Query& query) {
  const Type& x = query.TypeOf("x");
  if (!IsFloat(x.element)) return query.Refuse("x: must be a float, is {}", x.ToText());
  RNNC_TRY(query.Axis("axis", query.op.Int("axis"), x.Rank()));
  return Types{x};
}

Result<> RequireKeepdims(const Query& query) {
  const int64_t keepdims = query.op.Int("keepdims");
  if (keepdims == 0 || keepdims == 1) return Ok();
  return query.Refuse("keepdims: {} is neither 0 nor 1", keepdims);
}

// `takes_bool`: the largest and the least, of false and true.
template <bool takes_bool>
Result<Types> Reduce(const Query& query) {
  const Type& x = query.TypeOf("x");
  if (!takes_bool && x.element == ElementType::kBool) {
    return query.Refuse("x: must be a number, is {}", x.ToText());
  }
  std::vector<int64_t> axes;
  if (query.Find("axes") != nullptr) {
    RNNC_ASSIGN(std::vector<int64_t> given, query.KnownIntegers("axes"));
    RNNC_ASSIGN(axes, query.Axes("axes", given, x.Rank()));
  }
  if (axes.empty()) {
    if (query.op.Int("noop_with_empty_axes") != 0) return Types{x};
    for (int64_t axis = 0; axis < x.Rank(); ++axis) axes.push_back(axis);
  }
  RNNC_TRY(RequireKeepdims(query));
  const int64_t keepdims = query.op.Int("keepdims");
  Dims dims = x.dims;
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    if (keepdims != 0) {
      dims[static_cast<size_t>(*axis)] = Dim(1);
    } else {
      dims.erase(dims.begin() + *axis);
    }
  }
  return Types{MakeType(x.element, dims)};
}

// The place of the largest or least; an empty axis has none.
Result<Types> ArgReduce(const Query& query) {
  const Type& x = query.TypeOf("x");
  if (x.element == ElementType::kBool) return query.Refuse("x: must be a number, is {}", x.ToText());
  RNNC_ASSIGN(const int64_t axis, query.Axis("axis", query.op.Int("axis"), x.Rank()));
  RNNC_TRY(RequireKeepdims(query));
  Dims dims = x.dims;
  if (dims[static_cast<size_t>(axis)].Is(0)) return query.Refuse("axis: {} of {} is empty", axis, x.ToText());
  if (query.op.Int("keepdims") != 0) {
    dims[static_cast<size_t>(axis)] = Dim(1);
  } else {
    dims.erase(dims.begin() + axis);
  }
  return Types{MakeType(ElementType::kI64, dims)};
}

Result<Types> CumSum(const Query& query) {
  const Type& x = query.TypeOf("x");
  if (x.element == ElementType::kBool) return query.Refuse("x: must be a number, is {}", x.ToText());
  RNNC_ASSIGN(const std::vector<int64_t> axis, query.KnownIntegers("axis"));
  if (axis.size() != 1) return query.Refuse("axis: {} of them, must be 1", axis.size());
  RNNC_TRY(query.Axis("axis", axis[0], x.Rank()));
  return Types{x};
}

Result<> RequireBroadcast(const Query& query, std::string_view name, const Type& x) {
  const Value* value = query.Find(name);
  if (value == nullptr) return Ok();
  if (value->type.element != x.element) {
    return query.Refuse("{} is {} and x is {}; insert a Cast", name, value->type.ToText(), x.ToText());
  }
  RNNC_ASSIGN(const Dims joint, Broadcast(query, x.dims, value->type.dims));
  if (joint == x.dims) return Ok();
  return query.Refuse("{}: {} does not broadcast to {}", name, value->type.ToText(), x.ToText());
}

Result<Types> LayerNormalization(const Query& query) {
  const Type& x = query.TypeOf("x");
  if (!IsFloat(x.element)) return query.Refuse("x: must be a float, is {}", x.ToText());
  RNNC_ASSIGN(const int64_t axis, query.Axis("axis", query.op.Int("axis"), x.Rank()));
  RNNC_TRY(RequireBroadcast(query, "scale", x));
  RNNC_TRY(RequireBroadcast(query, "b", x));
  const std::optional<ElementType> stash = ParseElementType(query.op.String("stash"));
  if (stash != ElementType::kF32 && stash != ElementType::kF64) {
    return query.Refuse("stash: '{}' is neither f32 nor f64", query.op.String("stash"));
  }
  Type statistic = MakeType(*stash, x.dims);
  for (auto dim = statistic.dims.begin() + axis; dim != statistic.dims.end(); ++dim) *dim = Dim(1);
  return Types{x, statistic, statistic};
}

// Scale, bias, mean and variance may each be of a float type of their own.
Result<Types> BatchNormalization(const Query& query) {
  const Type& x = query.TypeOf("x");
  if (!IsFloat(x.element)) return query.Refuse("x: must be a float, is {}", x.ToText());
  if (x.Rank() < 1) return query.Refuse("x: must have dimensions, is {}", x.ToText());
  const Dim channels = x.Rank() == 1 ? Dim(1) : x.dims[1];
  for (std::string_view name : {"scale", "b", "mean", "var"}) {
    const Type& type = query.TypeOf(name);
    if (IsFloat(type.element) && type.dims == Dims{channels}) continue;
    return query.Refuse("{}: must be a float for each of {} channels, is {}{}", name, channels.ToText(),
                        type.ToText(), BindingHint({channels}, type.dims));
  }
  return Types{x};
}

}  // namespace

const std::map<OpKind, Rule>& ReductionRules() {
  static const std::map<OpKind, Rule> table = {
      {OpKind::kSoftmax, Softmax},
      {OpKind::kLogSoftmax, Softmax},
      {OpKind::kHardmax, Softmax},
      {OpKind::kArgMax, ArgReduce},
      {OpKind::kArgMin, ArgReduce},
      {OpKind::kCumSum, CumSum},
      {OpKind::kLayerNormalization, LayerNormalization},
      {OpKind::kBatchNormalization, BatchNormalization},
      {OpKind::kReduceSum, Reduce<false>},
      {OpKind::kReduceMean, Reduce<false>},
      {OpKind::kReduceProd, Reduce<false>},
      {OpKind::kReduceMax, Reduce<true>},
      {OpKind::kReduceMin, Reduce<true>},
      {OpKind::kReduceL1, Reduce<false>},
      {OpKind::kReduceL2, Reduce<false>},
      {OpKind::kReduceLogSum, Reduce<false>},
      {OpKind::kReduceLogSumExp, Reduce<false>},
      {OpKind::kReduceSumSquare, Reduce<false>},
  };
  return table;
}

}  // namespace rnnc::ir::shape_rules
