// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <limits>

#include "compiler/ir/array.h"
#include "compiler/ir/lowering_reduce.h"

// Pooling: a reduce over the taps of a window, read with a guard where windows reach over the operand.
namespace rnnc::ir::lowering {
namespace {

// What does not count beside any element.
double Nothing(bool average, ElementType type) {
  if (average) return 0;
  const double least = -std::numeric_limits<double>::infinity();
  return IsFloat(type) ? least : static_cast<double>(SaturateTo(type, least));
}

// How many taps of a window lie in `low`..`high`-1 on one axis; the window begins at `begin`, which is below
// `high`, and its taps are `dilation` apart. i64.
int TapsInside(Program& program, const IndexExpr& begin, int64_t kernel, int64_t dilation, const Dim& low,
               const Dim& high) {
  const IndexExpr before = IndexExpr::FloorDiv(IndexExpr(low + Dim(dilation - 1)) - begin, Dim(dilation));
  const IndexExpr until = IndexExpr::FloorDiv(IndexExpr(high + Dim(dilation - 1)) - begin, Dim(dilation));
  const int first =
      Apply(program, ScalarOp::kMax, {program.AddIndex(before), program.AddIndex(IndexExpr(0))});
  const int end =
      Apply(program, ScalarOp::kMin, {program.AddIndex(until), program.AddIndex(IndexExpr(kernel))});
  return Apply(program, ScalarOp::kSub, {end, first});
}

struct Pool {
  const Context& context;
  const std::vector<int64_t>&kernel, &strides, &pads, &dilations;
  bool average, guarded;

  size_t Axes() const { return kernel.size(); }
  // Where the window of parallel point `o` begins on spatial axis i.
  IndexExpr Begin(size_t i) const {
    return IndexExpr::Variable(static_cast<int>(i + 2)) * Dim(strides[i]) - IndexExpr(pads[i]);
  }
  // The sum over the number of elements that a window has.
  int Mean(Program& program, int sum, ElementType compute) const {
    const bool with_pads = context.op.Int("count_include_pad") != 0;
    int64_t taps = 1;
    for (int64_t size : kernel) taps *= size;
    const bool whole = !guarded || (with_pads && context.op.Int("ceil_mode") == 0);
    if (whole) return Apply(program, ScalarOp::kDiv, {sum, CountAs(program, compute, Dim(taps))});
    int count = -1;
    for (size_t i = 0; i < Axes(); ++i) {
      const Dim& size = context.Operand("x")->type.dims[i + 2];
      const int inside = TapsInside(program, Begin(i), kernel[i], dilations[i], Dim(with_pads ? -pads[i] : 0),
                                    with_pads ? size + Dim(pads[i + Axes()]) : size);
      count = count < 0 ? inside : Apply(program, ScalarOp::kMul, {count, inside});
    }
    return Apply(program, ScalarOp::kDiv, {sum, CastTo(program, compute, count)});
  }
};

Result<Values> LowerPool(const Context& context) {
  Value* x = context.Operand("x");
  const Type& result = context.ResultType();
  Pool pool{context,
            context.op.Ints("kernel_shape"),
            context.op.Ints("strides"),
            context.op.Ints("pads"),
            context.op.Ints("dilations"),
            context.op.Kind() == OpKind::kAveragePool,
            context.op.Int("ceil_mode") != 0};
  pool.guarded =
      pool.guarded || std::any_of(pool.pads.begin(), pool.pads.end(), [](int64_t pad) { return pad != 0; });
  Kernel kernel = MakeMap(result.dims);
  Accumulator accumulator;
  accumulator.name = "acc";
  accumulator.type = ComputeType(x->type.element);
  accumulator.combine = pool.average ? Combine::kSum : Combine::kMax;
  std::vector<IndexExpr> indices = IdentityIndices(result.dims.size());
  for (size_t i = 0; i < pool.Axes(); ++i) {
    const IndexExpr tap = IndexExpr::Variable(kernel.ReducedVariable(static_cast<int>(i)));
    accumulator.reduced.push_back({"k" + std::to_string(i), Dim(pool.kernel[i])});
    indices[i + 2] = pool.Begin(i) + tap * Dim(pool.dilations[i]);
  }
  Program& element = accumulator.element;
  const int read = element.AddRead(x->type.element, 0, std::move(indices));
  if (pool.guarded) {
    element.nodes[static_cast<size_t>(read)].fill = Nothing(pool.average, x->type.element);
  }
  element.outputs = {CastTo(element, accumulator.type, read)};
  int done = kernel.epilogue.AddAccumulator(accumulator.type, 0, 0);
  if (pool.average) done = pool.Mean(kernel.epilogue, done, accumulator.type);
  kernel.epilogue.outputs = {CastTo(kernel.epilogue, result.element, done)};
  kernel.accumulators.push_back(std::move(accumulator));
  return Values{EmitKernel(context, std::move(kernel), {x}, result)};
}

}  // namespace

const std::vector<Rule>& WindowRules() {
  static const std::vector<Rule> rules = {{OpKind::kMaxPool, LowerPool}, {OpKind::kAveragePool, LowerPool}};
  return rules;
}

}  // namespace rnnc::ir::lowering
