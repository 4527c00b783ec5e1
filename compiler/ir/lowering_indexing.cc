// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <limits>

#include "compiler/ir/lowering_common.h"
#include "compiler/ir/shape_rules.h"

// Gather and Pad, and shapes as values.
namespace rnnc::ir::lowering {
namespace {

// ---- Gather ----

// base + sum over axes of stride * index, when `values` (row-major over `dims`) are that.
std::optional<IndexExpr> AffineIndex(const std::vector<int64_t>& values, const std::vector<int64_t>& dims,
                                     size_t first_variable) {
  if (values.empty()) return IndexExpr(0);
  IndexExpr index(values[0]);
  std::vector<int64_t> strides(dims.size(), 0);
  int64_t step = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    if (dims[i] > 1) strides[i] = values[static_cast<size_t>(step)] - values[0];
    index = index + IndexExpr::Variable(static_cast<int>(first_variable + i)) * Dim(strides[i]);
    step *= dims[i];
  }
  for (size_t at = 0; at < values.size(); ++at) {
    int64_t expected = values[0];
    auto rest = static_cast<int64_t>(at);
    for (size_t i = dims.size(); i-- > 0;) {
      expected += strides[i] * (rest % dims[i]);
      rest /= dims[i];
    }
    if (values[at] != expected) return std::nullopt;
  }
  return index;
}

// y[.., i.., ..] = x[.., index[i..], ..].
struct GatherShape {
  size_t axis = 0;
  size_t index_rank = 0;
  std::vector<IndexExpr> around;  // of x, with `axis` left open
  std::vector<IndexExpr> inner;   // of the indices
};

GatherShape ShapeOfGather(const Context& context, size_t axis) {
  GatherShape shape;
  shape.axis = axis;
  shape.index_rank = context.Operand("indices")->type.dims.size();
  for (size_t i = 0; i < context.Operand("x")->type.dims.size(); ++i) {
    const size_t variable = i <= axis ? i : i - 1 + shape.index_rank;
    shape.around.push_back(IndexExpr::Variable(static_cast<int>(variable)));
  }
  for (size_t i = 0; i < shape.index_rank; ++i) {
    shape.inner.push_back(IndexExpr::Variable(static_cast<int>(axis + i)));
  }
  return shape;
}

// x at indices that `index_values` holds, all of them already in 0..size-1 or checked elsewhere.
Value* EmitIndexedRead(const Context& context, const GatherShape& shape, Value* index_values, bool wrap) {
  Value* x = context.Operand("x");
  return EmitMap(context, context.ResultType(), {x, index_values}, [&](Program& program) {
    int index = program.AddRead(index_values->type.element, 1, shape.inner);
    index = CastTo(program, ElementType::kI64, index);
    if (wrap) index = WrapIndex(program, index, x->type.dims[shape.axis]);
    std::vector<IndexExpr> indices = shape.around;
    indices[shape.axis] = IndexExpr::Node(index);
    return program.AddRead(x->type.element, 0, std::move(indices));
  });
}

// Indices that are only known when it runs are checked before anything is read.
Result<Values> GatherAtRunTime(const Context& context, const GatherShape& shape) {
  const Dim& size = context.Operand("x")->type.dims[shape.axis];
  Value* indices = context.Operand("indices");
  if (!size.IsConstant()) {
    return Error(context.op.location,
                 "indices: not known when compiled, in an axis of symbolic size {}; bind it "
                 "with --dim",
                 size.ToText());
  }
  Operation* check = context.builder.Create(OpKind::kCheckIndex, {indices}, {});
  check->Set("low", -size.Value());
  check->Set("high", size.Value());
  return Values{EmitIndexedRead(context, shape, indices, true)};
}

// A symbolic axis: only one element counted from an end can be read, and there must be one.
Result<Values> GatherSymbolicAxis(const Context& context, const GatherShape& shape,
                                  const std::vector<Dim>& known) {
  const Dim& size = context.Operand("x")->type.dims[shape.axis];
  if (known.size() != 1) {
    return Error(context.op.location,
                 "indices: {} elements of an axis of symbolic size {}; bind it with --dim", known.size(),
                 size.ToText());
  }
  Dim index = known[0];
  if (index.IsConstant()) {
    const int64_t value = index.Value();
    const std::vector<std::string> symbols = size.Symbols();
    if (symbols.size() == 1 && size == Dim::Symbol(symbols[0])) {
      Operation* check = context.builder.Create(OpKind::kCheckSteps, {}, {});
      check->Set("symbol", symbols[0]);
      check->Set("min", value < 0 ? -value : value + 1);
    }
    if (value < 0) index = size + index;
  }
  std::vector<IndexExpr> indices = shape.around;
  indices[shape.axis] = IndexExpr(index);
  return Values{EmitLayout(context, context.Operand("x"), context.ResultType(), std::move(indices))};
}

Result<Values> LowerGather(const Context& context) {
  Value* x = context.Operand("x");
  Value* indices = context.Operand("indices");
  const int64_t axis = NormalAxis(context.op.Int("axis"), x->type.Rank());
  const GatherShape shape = ShapeOfGather(context, static_cast<size_t>(axis));
  const std::optional<std::vector<Dim>> known = KnownValues(indices);
  if (!known) return GatherAtRunTime(context, shape);
  const Dim& size = x->type.dims[shape.axis];
  const auto is_constant = [](const Dim& dim) { return dim.IsConstant(); };
  if (!size.IsConstant()) return GatherSymbolicAxis(context, shape, *known);
  if (!std::all_of(known->begin(), known->end(), is_constant)) return GatherAtRunTime(context, shape);
  RNNC_TRY(CheckInside(context, *known, size));
  std::vector<int64_t> values;
  for (const Dim& dim : *known) values.push_back(dim.Value() < 0 ? dim.Value() + size.Value() : dim.Value());
  if (auto index = AffineIndex(values, indices->type.StaticDims(), shape.axis)) {
    std::vector<IndexExpr> affine = shape.around;
    affine[shape.axis] = *index;
    return Values{EmitLayout(context, x, context.ResultType(), std::move(affine))};
  }
  auto table = std::make_shared<Tensor>(ZeroTensor({ElementType::kI64, indices->type.dims}));
  for (size_t i = 0; i < values.size(); ++i) table->SetInteger(static_cast<int64_t>(i), values[i]);
  return Values{EmitIndexedRead(context, shape, EmitConst(context, std::move(table)), false)};
}

// ---- Pad ----

// What is added before and after each axis (negative: removed).
struct Padding {
  std::vector<int64_t> before, after;
};

Result<Padding> PaddingOf(const Context& context) {
  const int64_t rank = context.Operand("x")->type.Rank();
  RNNC_ASSIGN(const std::vector<int64_t> pads, KnownIntegers(context, "pads"));
  std::vector<int64_t> axes;
  if (context.Operand("axes") != nullptr) {
    RNNC_ASSIGN(axes, KnownIntegers(context, "axes"));
  } else {
    for (int64_t i = 0; i < rank; ++i) axes.push_back(i);
  }
  RNNC_CHECK(pads.size() == 2 * axes.size(), "{} pads of {} axes have passed the shape rules", pads.size(),
             axes.size());
  const auto length = static_cast<size_t>(rank);
  Padding padding{std::vector<int64_t>(length, 0), std::vector<int64_t>(length, 0)};
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = NormalAxis(axes[i], rank);
    padding.before[static_cast<size_t>(axis)] = pads[i];
    padding.after[static_cast<size_t>(axis)] = pads[i + axes.size()];
  }
  return padding;
}

// A known value is the fill of a guarded read; one that is computed is written first, the operand then
// over its middle.
Result<Values> PadConstant(const Context& context, const Padding& padding) {
  Value* x = context.Operand("x");
  Value* value = context.Operand("value");
  const Type& result = context.ResultType();
  std::vector<IndexExpr> indices = IdentityIndices(result.dims.size());
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = indices[i] - IndexExpr(padding.before[i]);
  const bool known = value == nullptr || value->IsConst();
  const double fill = value != nullptr && known ? value->tensor->NumberAt(0) : 0;
  const auto guarded = [&](Program& program) {
    const int read = program.AddRead(x->type.element, 0, std::move(indices));
    program.nodes[static_cast<size_t>(read)].fill = fill;
    return read;
  };
  if (known) return Values{EmitMap(context, result, {x}, guarded)};
  const auto cropped = [](int64_t pad) { return pad < 0; };
  if (std::any_of(padding.before.begin(), padding.before.end(), cropped) ||
      std::any_of(padding.after.begin(), padding.after.end(), cropped)) {
    return Error(context.op.location,
                 "value: not known when compiled, with negative pads; bind it with --const");
  }
  Value* filled = EmitLayout(context, value, result, BroadcastIndices({value->type.element, {}}, 0));
  std::vector<IndexExpr> middle = IdentityIndices(result.dims.size());
  std::vector<IndexExpr> store = middle;
  for (size_t i = 0; i < store.size(); ++i) store[i] = store[i] + IndexExpr(padding.before[i]);
  return Values{EmitInto(context, filled, x, x->type.dims, std::move(middle), std::move(store))};
}

// Where element `position` of a padded axis (0 is the operand's first) comes from, in 0..size-1.
int64_t PaddedSource(std::string_view mode, int64_t position, int64_t size) {
  const auto remainder = [](int64_t a, int64_t b) { return (a % b + b) % b; };
  if (mode == "edge") return std::clamp<int64_t>(position, 0, size - 1);
  if (mode == "wrap") return remainder(position, size);
  if (size == 1) return 0;  // reflect: the edge itself is not repeated
  const int64_t folded = remainder(position, 2 * (size - 1));
  return std::min(folded, 2 * (size - 1) - folded);
}

// A padded axis as runs of constant step, each written by one kernel: the middle, and what lies before
// and after it.
Value* PadAxis(const Context& context, Value* x, size_t axis, const std::vector<int64_t>& sources) {
  Type result = x->type;
  const auto length = static_cast<int64_t>(sources.size());
  result.dims[axis] = Dim(length);
  Value* whole = EmitUndefined(context, result);
  for (int64_t begin = 0; begin < length;) {
    const auto source = [&](int64_t at) { return sources[static_cast<size_t>(at)]; };
    int64_t end = begin + 1;
    const int64_t step = end < length ? source(end) - source(begin) : 1;
    while (end < length && source(end) - source(end - 1) == step) ++end;
    std::vector<Dim> part = x->type.dims;
    part[axis] = Dim(end - begin);
    std::vector<IndexExpr> indices = IdentityIndices(part.size());
    std::vector<IndexExpr> store = indices;
    indices[axis] = store[axis] * Dim(step) + IndexExpr(source(begin));
    store[axis] = store[axis] + IndexExpr(begin);
    whole = EmitInto(context, whole, x, part, std::move(indices), std::move(store));
    begin = end;
  }
  return whole;
}

Result<Values> LowerPad(const Context& context) {
  RNNC_ASSIGN(const Padding padding, PaddingOf(context));
  const std::string& mode = context.op.String("mode");
  if (mode == "constant") return PadConstant(context, padding);
  Value* padded = context.Operand("x");
  for (size_t axis = 0; axis < padding.before.size(); ++axis) {
    if (padding.before[axis] == 0 && padding.after[axis] == 0) continue;
    const Dim& size = padded->type.dims[axis];
    if (!size.IsConstant()) {
      return Error(context.op.location, "mode: {} of an axis of size {}{}", mode, size.ToText(),
                   BindingHint(size));
    }
    std::vector<int64_t> sources;
    for (int64_t at = -padding.before[axis]; at < size.Value() + padding.after[axis]; ++at) {
      sources.push_back(PaddedSource(mode, at, size.Value()));
    }
    padded = PadAxis(context, padded, axis, sources);
  }
  return Values{padded};
}

// ---- Shapes as values ----

// i64 values that may be symbolic: a constant, or one element after the other selected by its position.
Value* EmitDims(const Context& context, const std::vector<Dim>& dims, const Type& type) {
  const auto is_constant = [](const Dim& dim) { return dim.IsConstant(); };
  if (std::all_of(dims.begin(), dims.end(), is_constant)) {
    auto tensor = std::make_shared<Tensor>(ZeroTensor(type));
    for (size_t i = 0; i < dims.size(); ++i) tensor->SetInteger(static_cast<int64_t>(i), dims[i].Value());
    return EmitConst(context, std::move(tensor));
  }
  return EmitMap(context, type, {}, [&](Program& program) {
    int value = program.AddIndex(IndexExpr(dims.back()));
    for (size_t i = dims.size() - 1; i-- > 0;) {
      const int position = program.AddIndex(IndexExpr::Variable(0));
      const int here =
          Apply(program, ScalarOp::kEqual, {position, ConstLike(program, position, static_cast<double>(i))});
      value = Apply(program, ScalarOp::kSelect, {here, program.AddIndex(IndexExpr(dims[i])), value});
    }
    return value;
  });
}

Result<Values> LowerShape(const Context& context) {
  const std::vector<Dim>& dims = context.Operand("x")->type.dims;
  const auto rank = static_cast<int64_t>(dims.size());
  const auto bound = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const int64_t start = bound(context.op.Int("start"));
  const int64_t end = std::max(start, context.op.Has("end") ? bound(context.op.Int("end")) : rank);
  return Values{EmitDims(context, {dims.begin() + start, dims.begin() + end}, context.ResultType())};
}

Result<Values> LowerSize(const Context& context) {
  return Values{EmitDims(context, {context.Operand("x")->type.ElementCount()}, context.ResultType())};
}

Result<Values> LowerConstantOfShape(const Context& context) {
  Value* value = context.Operand("value");
  return Values{EmitLayout(context, value, context.ResultType(),
                           std::vector<IndexExpr>(value->type.dims.size(), IndexExpr(0)))};
}

}  // namespace

const std::vector<Rule>& IndexingRules() {
  static const std::vector<Rule> rules = {{OpKind::kGather, LowerGather},
                                          {OpKind::kPad, LowerPad},
                                          {OpKind::kShape, LowerShape},
                                          {OpKind::kSize, LowerSize},
                                          {OpKind::kConstantOfShape, LowerConstantOfShape}};
  return rules;
}

}  // namespace rnnc::ir::lowering
