// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <cmath>
#include <map>

#include "compiler/ir/lowering_common.h"
#include "compiler/support/strings.h"

// Products: matmul, gemm, conv, conv_transpose, einsum, linear. Each is one contract; a bias is where its sum
// begins.
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
    return Emit(context, std::move(store), context.ResultType());
  }
  Value* Emit(const Context& context, std::vector<IndexExpr> store, const Type& result) {
    if (kernel.epilogue.Empty()) kernel.epilogue.outputs = {kernel.epilogue.AddAccumulator(type, 0, 0)};
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
    return Error(context.op.location,
                 "alpha, beta: {} and {} on {}; only whole numbers scale integers, insert a Cast", alpha,
                 beta, ToText(result.element));
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
  RNNC_CHECK(channels.has_value(), "{} groups of {} have passed the shape rules", groups, w->type.ToText());
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

// The taps of one spatial axis of a transposed convolution. Place q*stride + r of the result (before pads
// are cut off) sums x[q - j*reach] * w[r + j*stride] over the taps j.
struct TransposedAxis {
  int64_t stride = 1;
  int64_t reach = 1;  // elements of the operand between taps
  int64_t taps = 1;
  Dim places;  // q
};

// Weights with zeros behind the kernel, up to a multiple of the stride, and between its elements where both
// stride and dilation would leave an index that is no sum. w itself where neither is needed.
Result<Value*> FilledWeights(const Context& context, Value* w, std::vector<TransposedAxis>& axes) {
  Type filled = w->type;
  std::vector<int64_t> gaps(axes.size(), 1);
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t kernel = w->type.dims[i + 2].Value();
    if (axes[i].stride > 1) {
      gaps[i] = context.op.Ints("dilations")[i];
      kernel = (kernel - 1) * gaps[i] + 1;
    } else {
      axes[i].reach = context.op.Ints("dilations")[i];
    }
    axes[i].taps = (kernel + axes[i].stride - 1) / axes[i].stride;
    filled.dims[i + 2] = Dim(axes[i].taps * axes[i].stride);
  }
  if (filled == w->type) return w;
  std::vector<IndexExpr> identity = IdentityIndices(w->type.dims.size());
  std::vector<IndexExpr> store = identity;
  for (size_t i = 0; i < axes.size(); ++i) store[i + 2] = store[i + 2] * Dim(gaps[i]);
  if (!w->IsConst()) {
    Value* zero = context.GetModule().AddConst("zero", MakeScalar(w->type.element, 0));
    Value* base = EmitLayout(context, zero, filled, {});
    return EmitInto(context, base, w, w->type.dims, std::move(identity), std::move(store));
  }
  auto tensor = std::make_shared<Tensor>(ZeroTensor(filled));
  const std::vector<int64_t> from = w->type.StaticDims(), to = filled.StaticDims();
  for (int64_t at = 0; at < w->tensor->ElementCount(); ++at) {
    int64_t rest = at, place = 0, step = 1;
    for (size_t i = from.size(); i-- > 0;) {
      place += rest % from[i] * (i < 2 ? 1 : gaps[i - 2]) * step;
      rest /= from[i];
      step *= to[i];
    }
    tensor->SetNumber(place, w->tensor->NumberAt(at));
  }
  return context.GetModule().AddConst(w->name, std::move(tensor));
}

// One contract over the places q, the residues r of the stride and the taps j of every axis; then the pads
// are cut off. So no index needs a division, whatever the stride.
Result<Values> LowerConvTranspose(const Context& context) {
  Value* x = context.Operand("x");
  const Type& result = context.ResultType();
  const std::vector<int64_t>& pads = context.op.Ints("pads");
  const int64_t groups = context.op.Int("group");
  std::vector<TransposedAxis> axes(context.op.Ints("strides").size());
  for (size_t i = 0; i < axes.size(); ++i) axes[i].stride = context.op.Ints("strides")[i];
  RNNC_ASSIGN(Value * w, FilledWeights(context, context.Operand("w"), axes));
  const Dim& channels = w->type.dims[1];  // of a group
  const Dim group_inputs(w->type.dims[0].Value() / groups);

  Product product(context, x, w);
  Type whole{result.element, {result.dims[0], result.dims[1]}};
  std::vector<IndexExpr> store = {product.Parallel("b", result.dims[0])};
  IndexExpr first_input;
  if (groups == 1) {
    store.push_back(product.Parallel("m", channels));
  } else {
    const IndexExpr group = product.Parallel("group", Dim(groups));
    store.push_back(channels.Is(1) ? group : group * channels + product.Parallel("m", channels));
    first_input = group * group_inputs;
  }
  const IndexExpr channel =
      groups == 1 || channels.Is(1) ? (groups == 1 ? store[1] : IndexExpr(0)) : IndexExpr::Variable(2);
  std::vector<IndexExpr> places, residues;
  bool guarded = false;
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t padding = context.op.Ints("output_padding")[i];
    const int64_t behind =
        (axes[i].taps - 1) * axes[i].reach + (padding + axes[i].stride - 1) / axes[i].stride;
    axes[i].places = x->type.dims[i + 2] + Dim(behind);
    guarded = guarded || behind > 0;
    places.push_back(product.Parallel("q" + std::to_string(i), axes[i].places));
    residues.push_back(axes[i].stride == 1 ? IndexExpr(0)
                                           : product.Parallel("r" + std::to_string(i), Dim(axes[i].stride)));
    store.push_back(places[i] * Dim(axes[i].stride) + residues[i]);
    whole.dims.push_back(axes[i].places * Dim(axes[i].stride));
  }
  const IndexExpr c = product.Reduced("c", group_inputs);
  std::vector<IndexExpr> x_indices = {store[0], first_input + c};
  std::vector<IndexExpr> w_indices = {first_input + c, channel};
  for (size_t i = 0; i < axes.size(); ++i) {
    const IndexExpr tap = product.Reduced("k" + std::to_string(i), Dim(axes[i].taps));
    x_indices.push_back(places[i] - tap * Dim(axes[i].reach));
    w_indices.push_back(tap * Dim(axes[i].stride) + residues[i]);
  }
  product.Element(std::move(x_indices), std::move(w_indices), guarded);
  if (Value* bias = context.Operand("b")) product.Init(context, bias, {store[1]});
  Value* y = product.Emit(context, std::move(store), whole);
  if (whole == result) return Values{y};
  std::vector<IndexExpr> cut = IdentityIndices(result.dims.size());
  for (size_t i = 0; i < axes.size(); ++i) cut[i + 2] = cut[i + 2] + IndexExpr(pads[i]);
  return Values{EmitLayout(context, y, result, std::move(cut))};
}

// The letters of the result are parallel, all others are summed. Two operands make a contract.
Result<Values> LowerEinsum(const Context& context) {
  const std::string& equation = context.op.String("equation");
  const Type& result = context.ResultType();
  const size_t arrow = equation.find("->");
  const std::vector<std::string> terms = Split(equation.substr(0, arrow), ',');
  Kernel kernel;
  Accumulator accumulator;
  accumulator.name = "acc";
  accumulator.type = ComputeType(result.element);
  std::map<char, IndexExpr> variables;
  std::vector<IndexExpr> store;
  for (char letter : equation.substr(arrow + 2)) {
    store.push_back(IndexExpr::Variable(static_cast<int>(kernel.parallel.size())));
    kernel.parallel.push_back({std::string("i") + letter, result.dims[kernel.parallel.size()]});
    variables[letter] = store.back();
  }
  Values operands;
  Program& program = accumulator.element;
  int element = -1;
  for (size_t i = 0; i < terms.size(); ++i) {
    const std::vector<Dim>& dims = context.op.Operand(i)->type.dims;
    std::vector<IndexExpr> indices;
    for (size_t axis = 0; axis < terms[i].size(); ++axis) {
      const char letter = terms[i][axis];
      if (variables.count(letter) == 0 && !dims[axis].Is(1)) {
        variables[letter] =
            IndexExpr::Variable(kernel.ReducedVariable(static_cast<int>(accumulator.reduced.size())));
        accumulator.reduced.push_back({std::string("i") + letter, dims[axis]});
      }
      indices.push_back(dims[axis].Is(1) ? IndexExpr(0) : variables.at(letter));
    }
    operands.push_back(EmitCast(context, context.op.Operand(i), accumulator.type));
    const int read = program.AddRead(accumulator.type, static_cast<int>(i), std::move(indices));
    element = element < 0 ? read : Apply(program, ScalarOp::kMul, {element, read});
  }
  program.outputs = {element};
  if (accumulator.reduced.empty()) {  // nothing is summed
    kernel.epilogue = std::move(program);
  } else {
    kernel.accumulators.push_back(std::move(accumulator));
    kernel.epilogue.outputs = {kernel.epilogue.AddAccumulator(kernel.accumulators[0].type, 0, 0)};
  }
  kernel.epilogue.outputs = {CastTo(kernel.epilogue, result.element, kernel.epilogue.outputs[0])};
  kernel.stores = {std::move(store)};
  return Values{EmitKernel(context, std::move(kernel), operands, result)};
}

}  // namespace

const std::vector<Rule>& ProductRules() {
  static const std::vector<Rule> rules = {{OpKind::kMatmul, LowerMatmul},
                                          {OpKind::kLinear, LowerLinear},
                                          {OpKind::kGemm, LowerGemm},
                                          {OpKind::kConv, LowerConv},
                                          {OpKind::kConvTranspose, LowerConvTranspose},
                                          {OpKind::kEinsum, LowerEinsum}};
  return rules;
}

}  // namespace rnnc::ir::lowering
