// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <cmath>

#include "compiler/ir/lowering_common.h"

// Products: matmul, gemm, conv, linear. Each is one contract; a bias is where its sum begins.
namespace rnnc::ir::lowering {
namespace {

// A contract under construction: y[parallel] = init + sum over reduced of a[..] * b[..].
struct Product {
  Kernel kernel;
  Accumulator accumulator;
  Values operands;
  ElementType type = ElementType::kF32;

  Product(const Context& context, Value* a, Value* b) : type(ComputeType(a->type.element)) {
    accumulator.name = "acc";
    accumulator.type = type;
    operands = {EmitCast(context, a, type), EmitCast(context, b, type)};
  }
  IndexExpr Parallel(const std::string& name, const Dim& extent) {
    kernel.parallel.push_back({name, extent});
    return IndexExpr::Variable(static_cast<int>(kernel.parallel.size()) - 1);
  }
  // All parallel variables come first.
  IndexExpr Reduced(const std::string& name, const Dim& extent) {
    accumulator.reduced.push_back({name, extent});
    return IndexExpr::Variable(kernel.ReducedVariable(static_cast<int>(accumulator.reduced.size()) - 1));
  }
  void Element(std::vector<IndexExpr> a, std::vector<IndexExpr> b, bool a_padded = false) {
    Program& program = accumulator.element;
    const int left = program.AddRead(type, 0, std::move(a));
    if (a_padded) program.nodes[static_cast<size_t>(left)].fill = 0.0;
    const int right = program.AddRead(type, 1, std::move(b));
    program.outputs = {program.AddOp(ScalarOp::kMul, type, {left, right})};
  }
  void Init(const Context& context, Value* bias, std::vector<IndexExpr> indices) {
    operands.push_back(EmitCast(context, bias, type));
    Program& program = accumulator.init;
    program.outputs = {program.AddRead(type, static_cast<int>(operands.size()) - 1, std::move(indices))};
  }
  // The result is the sum, stored at `store`.
  Value* Emit(const Context& context, std::vector<IndexExpr> store) {
    if (kernel.epilogue.Empty()) kernel.epilogue.outputs = {kernel.epilogue.AddAccumulator(type, 0, 0)};
    const Type& result = context.ResultType();
    kernel.epilogue.outputs = {CastTo(kernel.epilogue, result.element, kernel.epilogue.outputs[0])};
    kernel.accumulators.push_back(std::move(accumulator));
    kernel.stores = {std::move(store)};
    return EmitKernel(context, std::move(kernel), operands, result);
  }
};

// The batch axes of a product's operand (all but the last two), read by broadcasting.
std::vector<IndexExpr> BatchIndices(const Type& type, size_t result_batch) {
  Type batch = type;
  batch.dims.resize(type.dims.size() - 2);
  return BroadcastIndices(batch, result_batch);
}

// numpy.matmul: a vector on the left is one row, on the right one column, and that axis is not in the
// result.
Result<Values> LowerMatmul(const Context& context) {
  Value* a = context.Operand("a");
  Value* b = context.Operand("b");
  const bool row = a->type.Rank() == 1;
  const bool column = b->type.Rank() == 1;
  const Type& result = context.ResultType();
  const size_t batch = result.dims.size() - (row ? 0 : 1) - (column ? 0 : 1);
  Product product(context, a, b);
  std::vector<IndexExpr> store;
  for (size_t i = 0; i < batch; ++i)
    store.push_back(product.Parallel("i" + std::to_string(i), result.dims[i]));
  std::vector<IndexExpr> a_indices, b_indices;
  if (!row) {
    a_indices = BatchIndices(a->type, batch);
    store.push_back(product.Parallel("m", result.dims[batch]));
    a_indices.push_back(store.back());
  }
  if (!column) {
    b_indices = BatchIndices(b->type, batch);
    store.push_back(product.Parallel("n", result.dims.back()));
  }
  const IndexExpr k = product.Reduced("k", a->type.dims.back());
  a_indices.push_back(k);
  b_indices.push_back(k);
  if (!column) b_indices.push_back(store.back());
  product.Element(std::move(a_indices), std::move(b_indices));
  return Values{product.Emit(context, std::move(store))};
}

// y[..,n] = b + sum over k of x[..,k] * W[n,k].
Result<Values> LowerLinear(const Context& context) {
  Value* x = context.Operand("x");
  const Type& result = context.ResultType();
  Product product(context, x, context.Operand("W"));
  std::vector<IndexExpr> store;
  const size_t leading = result.dims.size() - 1;
  for (size_t i = 0; i < leading; ++i)
    store.push_back(product.Parallel("i" + std::to_string(i), result.dims[i]));
  std::vector<IndexExpr> x_indices = store;
  store.push_back(product.Parallel("n", result.dims.back()));
  const IndexExpr k = product.Reduced("k", x->type.dims.back());
  x_indices.push_back(k);
  product.Element(std::move(x_indices), {store.back(), k});
  if (Value* bias = context.Operand("b")) {
    product.Init(context, bias, BroadcastIndices(bias->type, result.dims.size()));
  }
  return Values{product.Emit(context, std::move(store))};
}

// y = alpha * A' * B' + beta * C.
Result<Values> LowerGemm(const Context& context) {
  const bool transpose_a = context.op.Int("transA") != 0;
  const bool transpose_b = context.op.Int("transB") != 0;
  const double alpha = context.op.Float("alpha");
  const double beta = context.op.Float("beta");
  Value* a = context.Operand("a");
  Value* c = context.Operand("c");
  const Type& result = context.ResultType();
  if (!IsFloat(result.element) && (std::floor(alpha) != alpha || std::floor(beta) != beta)) {
    return Error(context.op.location, "alpha, beta: {} and {} on {}; only whole numbers scale integers",
                 alpha, beta, ToText(result.element));
  }
  Product product(context, a, context.Operand("b"));
  const IndexExpr m = product.Parallel("m", result.dims[0]);
  const IndexExpr n = product.Parallel("n", result.dims[1]);
  const IndexExpr k = product.Reduced("k", a->type.dims[transpose_a ? 0 : 1]);
  using Indices = std::vector<IndexExpr>;
  product.Element(transpose_a ? Indices{k, m} : Indices{m, k}, transpose_b ? Indices{n, k} : Indices{k, n});
  if (c != nullptr && alpha == 1 && beta == 1) {
    product.Init(context, c, BroadcastIndices(c->type, 2));
  } else {
    Program& epilogue = product.kernel.epilogue;
    int sum = epilogue.AddAccumulator(product.type, 0, 0);
    if (alpha != 1) sum = Apply(epilogue, ScalarOp::kMul, {ConstLike(epilogue, sum, alpha), sum});
    if (c != nullptr && beta != 0) {
      product.operands.push_back(EmitCast(context, c, product.type));
      int term = epilogue.AddRead(product.type, 2, BroadcastIndices(c->type, 2));
      if (beta != 1) term = Apply(epilogue, ScalarOp::kMul, {ConstLike(epilogue, term, beta), term});
      sum = Apply(epilogue, ScalarOp::kAdd, {sum, term});
    }
    epilogue.outputs = {sum};
  }
  return Values{product.Emit(context, {m, n})};
}

// Any number of spatial axes. Output channel m belongs to group m / (M / groups): with several channels
// a group, group and channel within it are two variables, so that no index needs a division.
Result<Values> LowerConv(const Context& context) {
  Value* x = context.Operand("x");
  Value* w = context.Operand("w");
  const Type& result = context.ResultType();
  const std::vector<int64_t>& strides = context.op.Ints("strides");
  const std::vector<int64_t>& pads = context.op.Ints("pads");
  const std::vector<int64_t>& dilations = context.op.Ints("dilations");
  const int64_t groups = context.op.Int("group");
  const size_t spatial = strides.size();
  const auto channels = result.dims[1].DividedBy(groups);
  if (!channels || !w->type.dims[0].DividedBy(groups)) {
    return Error(context.op.location, "group: {} does not divide the {} output channels", groups,
                 result.dims[1].ToText());
  }
  const Dim& group_inputs = w->type.dims[1];

  Product product(context, x, w);
  std::vector<IndexExpr> store = {product.Parallel("b", result.dims[0])};
  IndexExpr first_input;
  if (groups == 1) {
    store.push_back(product.Parallel("m", result.dims[1]));
  } else if (channels->Is(1)) {
    store.push_back(product.Parallel("m", result.dims[1]));
    first_input = store.back() * group_inputs;
  } else {
    const IndexExpr group = product.Parallel("group", Dim(groups));
    store.push_back(group * *channels + product.Parallel("m", *channels));
    first_input = group * group_inputs;
  }
  for (size_t i = 0; i < spatial; ++i)
    store.push_back(product.Parallel("o" + std::to_string(i), result.dims[2 + i]));
  const IndexExpr c = product.Reduced("c", group_inputs);
  std::vector<IndexExpr> x_indices = {store[0], first_input + c};
  std::vector<IndexExpr> w_indices = {store[1], c};
  for (size_t i = 0; i < spatial; ++i) {
    const IndexExpr tap = product.Reduced("k" + std::to_string(i), w->type.dims[2 + i]);
    x_indices.push_back(store[2 + i] * Dim(strides[i]) + tap * Dim(dilations[i]) - IndexExpr(pads[i]));
    w_indices.push_back(tap);
  }
  const bool padded = std::any_of(pads.begin(), pads.end(), [](int64_t pad) { return pad != 0; });
  product.Element(std::move(x_indices), std::move(w_indices), padded);
  if (Value* bias = context.Operand("b")) product.Init(context, bias, {store[1]});
  return Values{product.Emit(context, std::move(store))};
}

}  // namespace

const std::vector<Rule>& ProductRules() {
  static const std::vector<Rule> rules = {{OpKind::kMatmul, LowerMatmul},
                                          {OpKind::kLinear, LowerLinear},
                                          {OpKind::kGemm, LowerGemm},
                                          {OpKind::kConv, LowerConv}};
  return rules;
}

}  // namespace rnnc::ir::lowering
