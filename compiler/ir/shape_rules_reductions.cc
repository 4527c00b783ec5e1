// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/shape_rules_common.h"

// Softmax and Reduce*.
namespace rnnc::ir::shape_rules {
namespace {

Result<Types> Softmax(const Query& query) {
  const Type& x = query.TypeOf("x");
  if (!IsFloat(x.element)) return query.Refuse("x: must be a float, is {}", x.ToText());
  RNNC_TRY(query.Axis("axis", query.op.Int("axis"), x.Rank()));
  return Types{x};
}

template <bool only_floats>
Result<Types> Reduce(const Query& query) {
  const Type& x = query.TypeOf("x");
  if (only_floats ? !IsFloat(x.element) : x.element == ElementType::kBool) {
    return query.Refuse("x: must be a {}, is {}", only_floats ? "float" : "number", x.ToText());
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
  const int64_t keepdims = query.op.Int("keepdims");
  if (keepdims != 0 && keepdims != 1) return query.Refuse("keepdims: {} is neither 0 nor 1", keepdims);
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

}  // namespace

const std::map<OpKind, Rule>& ReductionRules() {
  static const std::map<OpKind, Rule> table = {
      {OpKind::kSoftmax, Softmax},
      {OpKind::kLogSoftmax, Softmax},
      {OpKind::kReduceSum, Reduce<false>},
      {OpKind::kReduceMean, Reduce<true>},
      {OpKind::kReduceProd, Reduce<false>},
      {OpKind::kReduceMax, Reduce<false>},
      {OpKind::kReduceMin, Reduce<false>},
      {OpKind::kReduceL1, Reduce<false>},
      {OpKind::kReduceL2, Reduce<true>},
      {OpKind::kReduceLogSum, Reduce<true>},
      {OpKind::kReduceLogSumExp, Reduce<true>},
      {OpKind::kReduceSumSquare, Reduce<false>},
  };
  return table;
}

}  // namespace rnnc::ir::shape_rules
