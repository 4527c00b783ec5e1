// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <limits>
#include <set>

#include "compiler/ir/lowering_common.h"

// Reductions over axes, and what is made of them: softmax, log_softmax.
namespace rnnc::ir::lowering {
namespace {

// Which axes of an operand are reduced, and which variable reads each axis.
struct Axes {
  std::set<int64_t> reduced;
  bool keep = true;  // reduced axes stay as dims of 1

  bool IsReduced(int64_t axis) const { return reduced.count(axis) != 0; }
};

Type ReducedType(ElementType element, const Type& type, const Axes& axes) {
  Type result{element, {}};
  for (int64_t i = 0; i < type.Rank(); ++i) {
    if (!axes.IsReduced(i)) result.dims.push_back(type.dims[static_cast<size_t>(i)]);
    if (axes.IsReduced(i) && axes.keep) result.dims.emplace_back(1);
  }
  return result;
}

// How a value of the reduced type is read where `rank` variables run over the unreduced dims.
std::vector<IndexExpr> KeptIndices(const Axes& axes, int64_t rank) {
  std::vector<IndexExpr> indices;
  for (int64_t i = 0; i < rank; ++i) {
    if (!axes.IsReduced(i)) indices.push_back(IndexExpr::Variable(static_cast<int>(i)));
    if (axes.IsReduced(i) && axes.keep) indices.emplace_back(0);
  }
  return indices;
}

// The scalar expression of one element: `reads` are the elements of the operands in the compute type.
using Element = std::function<int(Program&, const std::vector<int>& reads)>;
using Finish = std::function<int(Program&, int accumulator)>;

// reduce(combine) over `axes` of element(operands..). The first operand has the full dims; the others
// have the reduced type's dims with kept axes.
Value* EmitReduce(const Context& context, const Values& operands, const Axes& axes, ElementType compute,
                  Combine combine, const Element& element, const Finish& finish, ElementType result_element) {
  const Type& full = operands[0]->type;
  const Type result = ReducedType(result_element, full, axes);
  Kernel kernel;
  Accumulator accumulator;
  accumulator.name = "acc";
  accumulator.type = compute;
  accumulator.combine = combine;
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
    reads.push_back(CastTo(program, compute, read));
  }
  program.outputs = {element(program, reads)};
  kernel.accumulators.push_back(std::move(accumulator));
  const int done = finish(kernel.epilogue, kernel.epilogue.AddAccumulator(compute, 0, 0));
  kernel.epilogue.outputs = {CastTo(kernel.epilogue, result_element, done)};
  kernel.stores = {std::move(store)};
  return EmitKernel(context, std::move(kernel), operands, result);
}

int Same(Program&, const std::vector<int>& reads) { return reads[0]; }
int Done(Program&, int accumulator) { return accumulator; }
int ExpOfDifference(Program& program, const std::vector<int>& reads) {
  return Apply(program, ScalarOp::kExp, {Apply(program, ScalarOp::kSub, reads)});
}

// ---- softmax, log_softmax ----

// max, exp(x - max), their sum, quotient: nothing overflows.
Result<Values> LowerSoftmax(const Context& context) {
  Value* x = context.Operand("x");
  const int64_t rank = x->type.Rank();
  RNNC_ASSIGN(const int64_t axis, NormalAxis(context, "axis", context.op.Int("axis"), rank));
  const Axes axes{{axis}, true};
  const ElementType compute = ComputeType(x->type.element);
  Value* max = EmitReduce(context, {x}, axes, compute, Combine::kMax, Same, Done, compute);
  const auto read = [&](Program& program, int operand, Value* value, bool full) {
    const auto indices = full ? IdentityIndices(static_cast<size_t>(rank)) : KeptIndices(axes, rank);
    return CastTo(program, compute, program.AddRead(value->type.element, operand, indices));
  };
  if (context.op.Kind() == OpKind::kLogSoftmax) {
    Value* sum = EmitReduce(context, {x, max}, axes, compute, Combine::kSum, ExpOfDifference, Done, compute);
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
  Value* sum = EmitReduce(context, {exps}, axes, compute, Combine::kSum, Same, Done, compute);
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
    RNNC_ASSIGN(const int64_t normal, NormalAxis(context, "axes", axis, rank));
    axes.reduced.insert(normal);
  }
  if (listed.empty() && context.op.Int("noop_with_empty_axes") == 0) {
    for (int64_t axis = 0; axis < rank; ++axis) axes.reduced.insert(axis);
  }
  return axes;
}

// The reduction, or with no axis to reduce the same operations on each element alone.
Value* ReduceOrMap(const Context& context, const Axes& axes, ElementType compute, Combine combine,
                   const Element& element, const Finish& finish) {
  Value* x = context.Operand("x");
  const Type& result = context.ResultType();
  if (!axes.reduced.empty()) {
    return EmitReduce(context, {x}, axes, compute, combine, element, finish, result.element);
  }
  return EmitMap(context, result, {x}, [&](Program& program) {
    const int read = program.AddRead(x->type.element, 0, IdentityIndices(result.dims.size()));
    return finish(program, element(program, {CastTo(program, compute, read)}));
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
    return Values{ReduceOrMap(context, axes, compute, rule.combine, rule.element, rule.finish)};
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
    const int divisor = count.IsConstant() ? ConstLike(program, sum, static_cast<double>(count.Value()))
                                           : CastTo(program, compute, program.AddIndex(IndexExpr(count)));
    return Apply(program, ScalarOp::kDiv, {sum, divisor});
  };
  return Values{ReduceOrMap(context, axes, compute, Combine::kSum, Same, divide)};
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
  Value* max = EmitReduce(context, {x}, kept, compute, Combine::kMax, Same, finite_or_zero, compute);
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
  return Values{EmitReduce(context, {x, max}, axes, compute, Combine::kSum, ExpOfDifference, add_max,
                           context.ResultType().element)};
}

std::vector<Rule> MakeRules() {
  std::vector<Rule> rules = {{OpKind::kSoftmax, LowerSoftmax},
                             {OpKind::kLogSoftmax, LowerSoftmax},
                             {OpKind::kReduceMean, LowerReduceMean},
                             {OpKind::kReduceLogSumExp, LowerReduceLogSumExp}};
  for (const ReduceRule& rule : kReductions) rules.push_back({rule.kind, LowerReduce});
  return rules;
}

}  // namespace

const std::vector<Rule>& ReductionRules() {
  static const std::vector<Rule> rules = MakeRules();
  return rules;
}

}  // namespace rnnc::ir::lowering
