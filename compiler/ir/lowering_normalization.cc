// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <cmath>

#include "compiler/ir/lowering_reduce.h"

// Normalisations: batch_normalization, layer_normalization.
namespace rnnc::ir::lowering {
namespace {

// scale / sqrt(var + epsilon) of each channel: a constant where both are.
Value* ChannelFactor(const Context& context, ElementType compute) {
  Value* scale = context.Operand("scale");
  Value* var = context.Operand("var");
  const double epsilon = context.op.Float("epsilon");
  if (scale->IsConst() && var->IsConst()) {
    auto factor = std::make_shared<Tensor>(ZeroTensor({compute, scale->type.dims}));
    for (int64_t i = 0; i < factor->ElementCount(); ++i) {
      factor->SetNumber(i, scale->tensor->NumberAt(i) / std::sqrt(var->tensor->NumberAt(i) + epsilon));
    }
    return EmitConst(context, std::move(factor));
  }
  return EmitMap(context, {compute, scale->type.dims}, {scale, var}, [&](Program& program) {
    const auto read = [&](int operand, const Value* value) {
      return CastTo(program, compute, program.AddRead(value->type.element, operand, IdentityIndices(1)));
    };
    const int variance = read(1, var);
    const int sum = Apply(program, ScalarOp::kAdd, {variance, ConstLike(program, variance, epsilon)});
    return Apply(program, ScalarOp::kDiv, {read(0, scale), Apply(program, ScalarOp::kSqrt, {sum})});
  });
}

// (x - mean) * factor + b.
Result<Values> LowerBatchNormalization(const Context& context) {
  Value* x = context.Operand("x");
  const ElementType compute = ComputeType(x->type.element);
  const Values operands = {x, context.Operand("mean"), ChannelFactor(context, compute), context.Operand("b")};
  return Values{EmitMap(context, context.ResultType(), operands, [&](Program& program) {
    int value =
        CastTo(program, compute, program.AddRead(x->type.element, 0, IdentityIndices(x->type.dims.size())));
    constexpr ScalarOp kSteps[] = {ScalarOp::kSub, ScalarOp::kMul, ScalarOp::kAdd};
    for (int i = 1; i < 4; ++i) {
      const Type& type = operands[static_cast<size_t>(i)]->type;
      // One channel is read at 0, as every unit axis is.
      const IndexExpr channel = type.dims[0].Is(1) ? IndexExpr(0) : IndexExpr::Variable(1);
      const int step = CastTo(program, compute, program.AddRead(type.element, i, {channel}));
      value = Apply(program, kSteps[i - 1], {value, step});
    }
    return value;
  })};
}

// Three kernels: the mean, the inverse deviation from the squares of what is left, and the rest.
Result<Values> LowerLayerNormalization(const Context& context) {
  Value* x = context.Operand("x");
  const int64_t rank = x->type.Rank();
  const int64_t first = NormalAxis(context.op.Int("axis"), rank);
  Axes axes;
  Dim count(1);
  for (int64_t axis = first; axis < rank; ++axis) {
    axes.reduced.insert(axis);
    count *= x->type.dims[static_cast<size_t>(axis)];
  }
  const ElementType stash = *ParseElementType(context.op.String("stash"));
  const auto average = [&](Program& program, int sum) {
    return Apply(program, ScalarOp::kDiv, {sum, CountAs(program, stash, count)});
  };
  const auto square = [](Program& program, const std::vector<int>& reads) {
    const int difference = Apply(program, ScalarOp::kSub, reads);
    return Apply(program, ScalarOp::kMul, {difference, difference});
  };
  const auto inverse = [&](Program& program, int sum) {
    const int variance = average(program, sum);
    const int epsilon = ConstLike(program, variance, context.op.Float("epsilon"));
    const int deviation =
        Apply(program, ScalarOp::kSqrt, {Apply(program, ScalarOp::kAdd, {variance, epsilon})});
    return Apply(program, ScalarOp::kDiv, {ConstLike(program, deviation, 1), deviation});
  };
  Value* mean = EmitReduce(context, {x}, axes, {Combine::kSum, stash, stash, Same, average});
  Value* inv = EmitReduce(context, {x, mean}, axes, {Combine::kSum, stash, stash, square, inverse});
  struct Step {
    Value* operand;
    ScalarOp scalar;
  };
  std::vector<Step> steps;
  if (Value* scale = context.Operand("scale")) steps.push_back({scale, ScalarOp::kMul});
  if (Value* bias = context.Operand("b")) steps.push_back({bias, ScalarOp::kAdd});
  Values operands = {x, mean, inv};
  for (const Step& step : steps) operands.push_back(step.operand);
  Value* y = EmitMap(context, context.ResultType(), operands, [&](Program& program) {
    const auto all = static_cast<size_t>(rank);
    int value = CastTo(program, stash, program.AddRead(x->type.element, 0, IdentityIndices(all)));
    value = Apply(program, ScalarOp::kSub, {value, program.AddRead(stash, 1, KeptIndices(axes, rank))});
    value = Apply(program, ScalarOp::kMul, {value, program.AddRead(stash, 2, KeptIndices(axes, rank))});
    const ElementType compute = ComputeType(x->type.element);
    value = CastTo(program, compute, value);
    for (size_t i = 0; i < steps.size(); ++i) {
      const Type& type = steps[i].operand->type;
      const int read = program.AddRead(type.element, static_cast<int>(i) + 3, BroadcastIndices(type, all));
      value = Apply(program, steps[i].scalar, {value, CastTo(program, compute, read)});
    }
    return value;
  });
  Values results = {y, mean, inv};
  results.resize(context.op.ResultCount());  // the statistics may be absent
  return results;
}

}  // namespace

const std::vector<Rule>& NormalizationRules() {
  static const std::vector<Rule> rules = {{OpKind::kBatchNormalization, LowerBatchNormalization},
                                          {OpKind::kLayerNormalization, LowerLayerNormalization}};
  return rules;
}

}  // namespace rnnc::ir::lowering
