// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <limits>

#include "compiler/ir/lowering_reduce.h"

// Reductions over axes, and what is made of them: softmax, log_softmax, hardmax, arg_max, arg_min, cum_sum.
namespace rnnc::ir::lowering {
namespace {

Type ReducedType(ElementType element, const Type& type, const Axes& axes) {
  Type result{element, {}};
  for (int64_t i = 0; i < type.Rank(); ++i) {
    if (!axes.IsReduced(i)) result.dims.push_back(type.dims[static_cast<size_t>(i)]);
    if (axes.IsReduced(i) && axes.keep) result.dims.emplace_back(1);
  }
  return result;
}

}  // namespace

std::vector<IndexExpr> KeptIndices(const Axes& axes, int64_t rank) {
  std::vector<IndexExpr> indices;
  for (int64_t i = 0; i < rank; ++i) {
    if (!axes.IsReduced(i)) indices.push_back(IndexExpr::Variable(static_cast<int>(i)));
    if (axes.IsReduced(i) && axes.keep) indices.emplace_back(0);
  }
  return indices;
}

int Same(Program&, const std::vector<int>& reads) { return reads[0]; }
int Done(Program&, int accumulator) { return accumulator; }

Value* EmitReduce(const Context& context, const Values& operands, const Axes& axes,
                  const Reduction& reduction) {
  const Type& full = operands[0]->type;
  const Type result = ReducedType(reduction.result, full, axes);
  Kernel kernel;
  Accumulator accumulator;
  accumulator.name = "acc";
  accumulator.type = reduction.sum.value_or(reduction.compute);
  accumulator.combine = reduction.combine;
  std::vector<IndexExpr> store, x_indices(full.dims.size()), other_indices;
  for (size_t i = 0; i < full.dims.size(); ++i) {
    if (axes.IsReduced(static_cast<int64_t>(i))) continue;
    x_indices[i] = IndexExpr::Variable(static_cast<int>(kernel.parallel.size()));
    kernel.parallel.push_back({"i" + std::to_string(i), full.dims[i]});
  }
  for (size_t i = 0; i < full.dims.size(); ++i) {
    if (!axes.IsReduced(static_cast<int64_t>(i))) {
      store.push_back(x_indices[i]);
      other_indices.push_back(x_indices[i]);
      continue;
    }
    x_indices[i] = IndexExpr::Variable(kernel.ReducedVariable(static_cast<int>(accumulator.reduced.size())));
    accumulator.reduced.push_back({"r" + std::to_string(i), full.dims[i]});
    if (axes.keep) store.emplace_back(0);
    other_indices.emplace_back(0);
  }
  std::vector<int> reads;
  Program& program = accumulator.element;
  for (size_t i = 0; i < operands.size(); ++i) {
    const int read =
        program.AddRead(operands[i]->type.element, static_cast<int>(i), i == 0 ? x_indices : other_indices);
    reads.push_back(CastTo(program, reduction.compute, read));
  }
  program.outputs = {reduction.element(program, reads)};
  const int sum = kernel.epilogue.AddAccumulator(accumulator.type, 0, 0);
  kernel.accumulators.push_back(std::move(accumulator));
  kernel.epilogue.outputs = {
      CastTo(kernel.epilogue, reduction.result, reduction.finish(kernel.epilogue, sum))};
  kernel.stores = {std::move(store)};
  return EmitKernel(context, std::move(kernel), operands, result);
}

int CountAs(Program& program, ElementType type, const Dim& count) {
  return count.IsConstant() ? program.AddConst(type, static_cast<double>(count.Value()))
                            : CastTo(program, type, program.AddIndex(IndexExpr(count)));
}

namespace {

int ExpOfDifference(Program& program, const std::vector<int>& reads) {
  return Apply(program, ScalarOp::kExp, {Apply(program, ScalarOp::kSub, reads)});
}

// ---- softmax, log_softmax ----

// max, exp(x - max), their sum, quotient: nothing overflows.
Result<Values> LowerSoftmax(const Context& context) {
  Value* x = context.Operand("x");
  const int64_t rank = x->type.Rank();
  const int64_t axis = NormalAxis(context.op.Int("axis"), rank);
  const Axes axes{{axis}, true};
  const ElementType compute = ComputeType(x->type.element);
  Value* max = EmitReduce(context, {x}, axes, {Combine::kMax, compute, compute});
  const auto read = [&](Program& program, int operand, Value* value, bool full) {
    const auto indices = full ? IdentityIndices(static_cast<size_t>(rank)) : KeptIndices(axes, rank);
    return CastTo(program, compute, program.AddRead(value->type.element, operand, indices));
  };
  if (context.op.Kind() == OpKind::kLogSoftmax) {
    Value* sum = EmitReduce(context, {x, max}, axes, {Combine::kSum, compute, compute, ExpOfDifference});
    return Values{EmitMap(context, context.ResultType(), {x, max, sum}, [&](Program& program) {
      const int shifted =
          Apply(program, ScalarOp::kSub, {read(program, 0, x, true), read(program, 1, max, false)});
      return Apply(program, ScalarOp::kSub,
                   {shifted, Apply(program, ScalarOp::kLog, {read(program, 2, sum, false)})});
    })};
  }
  Value* exps = EmitMap(context, {compute, x->type.dims}, {x, max}, [&](Program& program) {
    return ExpOfDifference(program, {read(program, 0, x, true), read(program, 1, max, false)});
  });
  Value* sum = EmitReduce(context, {exps}, axes, {Combine::kSum, compute, compute});
  return Values{EmitMap(context, context.ResultType(), {exps, sum}, [&](Program& program) {
    return Apply(program, ScalarOp::kDiv, {read(program, 0, exps, true), read(program, 1, sum, false)});
  })};
}

// ---- Reduce* ----

int Absolute(Program& program, const std::vector<int>& reads) {
  return Apply(program, ScalarOp::kAbs, {reads[0]});
}
int Square(Program& program, const std::vector<int>& reads) {
  return Apply(program, ScalarOp::kMul, {reads[0], reads[0]});
}
int Root(Program& program, int accumulator) { return Apply(program, ScalarOp::kSqrt, {accumulator}); }
int Logarithm(Program& program, int accumulator) { return Apply(program, ScalarOp::kLog, {accumulator}); }

struct ReduceRule {
  OpKind kind;
  Combine combine;
  int (*element)(Program&, const std::vector<int>&);
  int (*finish)(Program&, int);
  bool needs_float = false;  // integers go through f64
};
constexpr ReduceRule kReductions[] = {
    {OpKind::kReduceSum, Combine::kSum, Same, Done},
    {OpKind::kReduceProd, Combine::kProduct, Same, Done},
    {OpKind::kReduceMax, Combine::kMax, Same, Done},
    {OpKind::kReduceMin, Combine::kMin, Same, Done},
    {OpKind::kReduceL1, Combine::kSum, Absolute, Done},
    {OpKind::kReduceL2, Combine::kSum, Square, Root, true},
    {OpKind::kReduceLogSum, Combine::kSum, Same, Logarithm, true},
    {OpKind::kReduceSumSquare, Combine::kSum, Square, Done},
};

// Absent or empty axes: all of them, or none when noop_with_empty_axes.
Result<Axes> ReducedAxes(const Context& context) {
  const int64_t rank = context.Operand("x")->type.Rank();
  std::vector<int64_t> listed;
  if (context.Operand("axes") != nullptr) {
    RNNC_ASSIGN(listed, KnownIntegers(context, "axes"));
  }
  Axes axes;
  axes.keep = context.op.Int("keepdims") != 0;
  for (int64_t axis : listed) {
    const int64_t normal = NormalAxis(axis, rank);
    axes.reduced.insert(normal);
  }
  if (listed.empty() && context.op.Int("noop_with_empty_axes") == 0) {
    for (int64_t axis = 0; axis < rank; ++axis) axes.reduced.insert(axis);
  }
  return axes;
}

// The reduction, or with no axis to reduce the same operations on each element alone.
Value* ReduceOrMap(const Context& context, const Axes& axes, const Reduction& reduction) {
  Value* x = context.Operand("x");
  const Type& result = context.ResultType();
  if (!axes.reduced.empty()) return EmitReduce(context, {x}, axes, reduction);
  return EmitMap(context, result, {x}, [&](Program& program) {
    const int read = program.AddRead(x->type.element, 0, IdentityIndices(result.dims.size()));
    return reduction.finish(program, reduction.element(program, {CastTo(program, reduction.compute, read)}));
  });
}

Result<Values> LowerReduce(const Context& context) {
  RNNC_ASSIGN(const Axes axes, ReducedAxes(context));
  for (const ReduceRule& rule : kReductions) {
    if (rule.kind != context.op.Kind()) continue;
    ElementType compute = ComputeType(context.Operand("x")->type.element);
    if (axes.reduced.empty() && (rule.element != Same || rule.finish != Done)) {
      // "Equivalent to the input" in the text of opset 18; later texts apply the element's operation.
      return Error(
          context.op.location,
          "noop_with_empty_axes: 1 without axes: versions of ONNX disagree on what {} then is; give axes",
          context.op.Info().text);
    }
    if (rule.needs_float && !IsFloat(compute)) compute = ElementType::kF64;
    if (compute == ElementType::kBool) compute = ElementType::kU8;  // of false and true
    return Values{ReduceOrMap(
        context, axes, {rule.combine, compute, context.ResultType().element, rule.element, rule.finish})};
  }
  RNNC_UNREACHABLE("{} is no reduction", context.op.Info().text);
}

// The sum divided by the number of elements, which may be symbolic.
Result<Values> LowerReduceMean(const Context& context) {
  RNNC_ASSIGN(const Axes axes, ReducedAxes(context));
  Value* x = context.Operand("x");
  Dim count(1);
  for (int64_t axis : axes.reduced) count *= x->type.dims[static_cast<size_t>(axis)];
  const ElementType compute = ComputeType(x->type.element);
  const auto divide = [&](Program& program, int sum) {
    return Apply(program, ScalarOp::kDiv, {sum, CountAs(program, compute, count)});
  };
  return Values{
      ReduceOrMap(context, axes, {Combine::kSum, compute, context.ResultType().element, Same, divide})};
}

// max + log(sum of exp(x - max)); a maximum that is infinite is not subtracted (inf - inf is NaN).
Result<Values> LowerReduceLogSumExp(const Context& context) {
  RNNC_ASSIGN(Axes axes, ReducedAxes(context));
  Value* x = context.Operand("x");
  ElementType compute = ComputeType(x->type.element);
  if (!IsFloat(compute)) compute = ElementType::kF64;
  if (axes.reduced.empty()) {  // log(exp(x))
    return Values{EmitCast(context, x, context.ResultType().element)};
  }
  Axes kept = axes;
  kept.keep = true;
  const auto finite_or_zero = [](Program& program, int max) {
    const int infinity = ConstLike(program, max, std::numeric_limits<double>::infinity());
    const int infinite = Apply(program, ScalarOp::kEqual, {Apply(program, ScalarOp::kAbs, {max}), infinity});
    return Apply(program, ScalarOp::kSelect, {infinite, ConstLike(program, max, 0), max});
  };
  Value* max = EmitReduce(context, {x}, kept, {Combine::kMax, compute, compute, Same, finite_or_zero});
  // The second kernel reads `max` in its epilogue as well: operand 1 at the same point.
  const auto add_max = [&](Program& program, int sum) {
    std::vector<IndexExpr> indices;
    int variable = 0;
    for (int64_t i = 0; i < x->type.Rank(); ++i) {
      indices.push_back(axes.IsReduced(i) ? IndexExpr(0) : IndexExpr::Variable(variable++));
    }
    const int read = program.AddRead(compute, 1, std::move(indices));
    return Apply(program, ScalarOp::kAdd, {read, Apply(program, ScalarOp::kLog, {sum})});
  };
  return Values{EmitReduce(context, {x, max}, axes,
                           {Combine::kSum, compute, context.ResultType().element, ExpOfDifference, add_max})};
}

// ---- arg_max, arg_min, hardmax ----

// The largest element, then the least (or largest) index of those that are equal to it; where some are NaN,
// of those. i64, of the reduced type.
Value* EmitArgReduce(const Context& context, Value* x, const Axes& axes, bool least, bool last) {
  const ElementType compute = ComputeType(x->type.element);
  Axes kept = axes;
  kept.keep = true;
  Value* best = EmitReduce(context, {x}, kept, {least ? Combine::kMin : Combine::kMax, compute, compute});
  const int64_t axis = *axes.reduced.begin();
  const Dim& extent = x->type.dims[static_cast<size_t>(axis)];
  // All other axes are parallel, then comes the gate.
  const IndexExpr at = IndexExpr::Variable(static_cast<int>(x->type.Rank()));
  const auto candidate = [&](Program& program, const std::vector<int>& reads) {
    int chosen = Apply(program, ScalarOp::kEqual, reads);
    if (IsFloat(compute)) {
      chosen = Apply(program, ScalarOp::kOr, {chosen, Apply(program, ScalarOp::kIsNan, {reads[0]})});
    }
    const int other = program.AddIndex(IndexExpr(last ? Dim(-1) : extent));
    return Apply(program, ScalarOp::kSelect, {chosen, program.AddIndex(at), other});
  };
  return EmitReduce(
      context, {x, best}, axes,
      {last ? Combine::kMax : Combine::kMin, compute, ElementType::kI64, candidate, Done, ElementType::kI64});
}

Result<Values> LowerArgReduce(const Context& context) {
  Value* x = context.Operand("x");
  const int64_t axis = NormalAxis(context.op.Int("axis"), x->type.Rank());
  return Values{EmitArgReduce(context, x, {{axis}, context.op.Int("keepdims") != 0},
                              context.op.Kind() == OpKind::kArgMin,
                              context.op.Int("select_last_index") != 0)};
}

// 1 where the index is that of the first largest element, 0 elsewhere.
Result<Values> LowerHardmax(const Context& context) {
  Value* x = context.Operand("x");
  const int64_t rank = x->type.Rank();
  const int64_t axis = NormalAxis(context.op.Int("axis"), rank);
  const Axes axes{{axis}, true};
  Value* best = EmitArgReduce(context, x, axes, false, false);
  return Values{EmitMap(context, context.ResultType(), {best}, [&](Program& program) {
    const int here = program.AddIndex(IndexExpr::Variable(static_cast<int>(axis)));
    const int chosen = program.AddRead(ElementType::kI64, 0, KeptIndices(axes, rank));
    return Apply(
        program, ScalarOp::kSelect,
        {Apply(program, ScalarOp::kEqual, {here, chosen}), program.AddConst(context.ResultType().element, 1),
         program.AddConst(context.ResultType().element, 0)});
  })};
}

// ---- cum_sum ----

// y[i] = sum over k of (k <= i ? x[k] : 0): every element has its own sum, so that any of them can be
// computed alone.
Result<Values> LowerCumSum(const Context& context) {
  Value* x = context.Operand("x");
  const Type& result = context.ResultType();
  RNNC_ASSIGN(const std::vector<int64_t> given, KnownIntegers(context, "axis"));
  const int64_t axis = NormalAxis(given.at(0), x->type.Rank());
  const bool exclusive = context.op.Int("exclusive") != 0;
  const bool reverse = context.op.Int("reverse") != 0;
  Kernel kernel = MakeMap(result.dims);
  Accumulator accumulator;
  accumulator.name = "acc";
  accumulator.type = ComputeType(x->type.element);
  accumulator.reduced.push_back({"k", result.dims[static_cast<size_t>(axis)]});
  const IndexExpr k = IndexExpr::Variable(kernel.ReducedVariable(0));
  std::vector<IndexExpr> indices = IdentityIndices(result.dims.size());
  indices[static_cast<size_t>(axis)] = k;
  Program& program = accumulator.element;
  const int from = program.AddIndex(k);
  const int to = program.AddIndex(IndexExpr::Variable(static_cast<int>(axis)));
  const int counts = Apply(program, exclusive ? ScalarOp::kLess : ScalarOp::kLessEqual,
                           reverse ? std::vector<int>{to, from} : std::vector<int>{from, to});
  const int read = CastTo(program, accumulator.type, program.AddRead(x->type.element, 0, std::move(indices)));
  program.outputs = {Apply(program, ScalarOp::kSelect, {counts, read, ConstLike(program, read, 0)})};
  const int sum = kernel.epilogue.AddAccumulator(accumulator.type, 0, 0);
  kernel.epilogue.outputs = {CastTo(kernel.epilogue, result.element, sum)};
  kernel.accumulators.push_back(std::move(accumulator));
  return Values{EmitKernel(context, std::move(kernel), {x}, result)};
}

std::vector<Rule> MakeRules() {
  std::vector<Rule> rules = {
      {OpKind::kSoftmax, LowerSoftmax},       {OpKind::kLogSoftmax, LowerSoftmax},
      {OpKind::kHardmax, LowerHardmax},       {OpKind::kArgMax, LowerArgReduce},
      {OpKind::kArgMin, LowerArgReduce},      {OpKind::kCumSum, LowerCumSum},
      {OpKind::kReduceMean, LowerReduceMean}, {OpKind::kReduceLogSumExp, LowerReduceLogSumExp}};
  for (const ReduceRule& rule : kReductions) rules.push_back({rule.kind, LowerReduce});
  return rules;
}

}  // namespace

const std::vector<Rule>& ReductionRules() {
  static const std::vector<Rule> rules = MakeRules();
  return rules;
}

}  // namespace rnnc::ir::lowering
