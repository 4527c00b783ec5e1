// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "compiler/ir/known_ints.h"
#include "compiler/ir/lowering_common.h"
#include "compiler/ir/shape_rules.h"

// Operators that are about places: tile, trilu, gather_elements, scatter_nd, and what is made from positions
// alone: range, eye_like.
namespace rnnc::ir::lowering {
namespace {

// ---- tile ----

// `x` behind itself `times` times along an axis of symbolic size, whose remainder no index can be.
Value* Repeated(const Context& context, Value* x, size_t axis, int64_t times) {
  Type type = x->type;
  type.dims[axis] = type.dims[axis] * Dim(times);
  Value* whole = EmitUndefined(context, type);
  for (int64_t i = 0; i < times; ++i) {
    const std::vector<IndexExpr> identity = IdentityIndices(type.dims.size());
    std::vector<IndexExpr> store = identity;
    store[axis] = store[axis] + IndexExpr(x->type.dims[axis] * Dim(i));
    whole = EmitInto(context, whole, x, x->type.dims, identity, std::move(store));
  }
  return whole;
}

// A kernel each; of a longer one, the model would be more kernels than weights.
constexpr int64_t kMaxTimes = 1024;

Result<Values> LowerTile(const Context& context) {
  Value* x = context.Operand("x");
  const Type& result = context.ResultType();
  RNNC_ASSIGN(const std::vector<Dim> repeats, KnownOperand(context, "repeats"));
  if (x->type == result) return Values{x};
  const std::vector<Dim>& dims = x->type.dims;
  Type type{x->type.element, dims};
  std::vector<IndexExpr> indices = IdentityIndices(dims.size());
  for (size_t i = 0; i < dims.size(); ++i) {
    if (repeats[i].Is(1) || !dims[i].IsConstant() || dims[i].Is(0)) continue;
    type.dims[i] = dims[i] * repeats[i];
    indices[i] = IndexExpr::Mod(indices[i], dims[i]);
  }
  Value* tiled = type == x->type ? x : EmitLayout(context, x, type, std::move(indices));
  for (size_t i = 0; i < dims.size(); ++i) {
    if (!dims[i].IsConstant() && !repeats[i].Is(1)) {
      if (!repeats[i].IsConstant() || repeats[i].Value() > kMaxTimes) {
        return Error(context.op.location,
                     "repeats: {} times the size {}; {} are the most for a size that is open{}",
                     repeats[i].ToText(), dims[i].ToText(), kMaxTimes, BindingHint(dims[i]));
      }
      tiled = Repeated(context, tiled, i, repeats[i].Value());
    }
  }
  return Values{tiled};
}

// ---- trilu, eye_like, range ----

Result<Values> LowerTrilu(const Context& context) {
  Value* x = context.Operand("x");
  Value* k = context.Operand("k");
  const Type& result = context.ResultType();
  const auto rank = static_cast<int>(result.dims.size());
  Values operands = {x};
  if (k != nullptr) operands.push_back(k);
  return Values{EmitMap(context, result, operands, [&](Program& program) {
    const int offset = program.AddIndex(IndexExpr::Variable(rank - 1) - IndexExpr::Variable(rank - 2));
    const int diagonal = k == nullptr
                             ? program.AddConst(ElementType::kI64, 0)
                             : program.AddRead(ElementType::kI64, 1,
                                               std::vector<IndexExpr>(k->type.dims.size(), IndexExpr(0)));
    const int kept =
        Apply(program, context.op.Int("upper") != 0 ? ScalarOp::kGreaterEqual : ScalarOp::kLessEqual,
              {offset, diagonal});
    const int read = program.AddRead(x->type.element, 0, IdentityIndices(result.dims.size()));
    return Apply(program, ScalarOp::kSelect, {kept, read, ConstLike(program, read, 0)});
  })};
}

Result<Values> LowerEyeLike(const Context& context) {
  const Type& result = context.ResultType();
  return Values{EmitMap(context, result, {}, [&](Program& program) {
    const int offset = program.AddIndex(IndexExpr::Variable(1) - IndexExpr::Variable(0));
    const int diagonal = program.AddIndex(IndexExpr(context.op.Int("k")));
    return Apply(program, ScalarOp::kSelect,
                 {Apply(program, ScalarOp::kEqual, {offset, diagonal}), program.AddConst(result.element, 1),
                  program.AddConst(result.element, 0)});
  })};
}

// start + i * delta.
Result<Values> LowerRange(const Context& context) {
  const Type& result = context.ResultType();
  const IndexExpr i = IndexExpr::Variable(0);
  if (!IsFloat(result.element)) {
    RNNC_ASSIGN(const std::vector<Dim> start, KnownOperand(context, "start"));
    RNNC_ASSIGN(const std::vector<Dim> delta, KnownOperand(context, "delta"));
    return Values{EmitMap(context, result, {}, [&](Program& program) {
      return program.AddIndex(i * delta[0] + IndexExpr(start[0]));
    })};
  }
  const Values operands = {context.Operand("start"), context.Operand("delta")};
  const ElementType compute = ComputeType(result.element);
  return Values{EmitMap(context, result, operands, [&](Program& program) {
    const auto read = [&](int operand) {
      const Type& type = operands[static_cast<size_t>(operand)]->type;
      return CastTo(
          program, compute,
          program.AddRead(type.element, operand, std::vector<IndexExpr>(type.dims.size(), IndexExpr(0))));
    };
    const int steps =
        Apply(program, ScalarOp::kMul, {CastTo(program, compute, program.AddIndex(i)), read(1)});
    return Apply(program, ScalarOp::kAdd, {read(0), steps});
  })};
}

// ---- gather_elements ----

Result<Values> LowerGatherElements(const Context& context) {
  Value* x = context.Operand("x");
  Value* indices = context.Operand("indices");
  const Type& result = context.ResultType();
  const int64_t axis = NormalAxis(context.op.Int("axis"), x->type.Rank());
  const Dim& size = x->type.dims[static_cast<size_t>(axis)];
  if (!size.IsConstant()) {
    return Error(context.op.location, "indices: into an axis of symbolic size {}; bind it with --dim",
                 size.ToText());
  }
  if (const auto known = KnownValues(indices)) {
    RNNC_TRY(CheckInside(context, *known, size));
  } else {
    Operation* check = context.builder.Create(OpKind::kCheckIndex, {indices}, {});
    check->Set("low", -size.Value());
    check->Set("high", size.Value());
  }
  return Values{EmitMap(context, result, {x, indices}, [&](Program& program) {
    int index = program.AddRead(indices->type.element, 1, IdentityIndices(result.dims.size()));
    index = WrapIndex(program, CastTo(program, ElementType::kI64, index), size);
    std::vector<IndexExpr> at = IdentityIndices(result.dims.size());
    at[static_cast<size_t>(axis)] = IndexExpr::Node(index);
    return program.AddRead(x->type.element, 0, std::move(at));
  })};
}

// ---- scatter_nd ----

// Which row of the updates belongs to each place of the first axes, -1: none. A place that is named again has
// its further rows in further tables.
std::vector<TensorPtr> RowsOfPlaces(const std::vector<int64_t>& indices, const std::vector<int64_t>& sizes) {
  std::vector<std::shared_ptr<Tensor>> tables;
  for (size_t at = 0; at + sizes.size() <= indices.size(); at += sizes.size()) {
    int64_t place = 0;
    for (size_t i = 0; i < sizes.size(); ++i) {
      const int64_t index = indices[at + i];
      place = place * sizes[i] + (index < 0 ? index + sizes[i] : index);
    }
    size_t free = 0;
    while (free < tables.size() && tables[free]->IntegerAt(place) >= 0) ++free;
    if (free == tables.size()) {
      tables.push_back(std::make_shared<Tensor>(ZeroTensor(MakeStaticType(ElementType::kI64, sizes))));
      for (int64_t i = 0; i < tables[free]->ElementCount(); ++i) tables[free]->SetInteger(i, -1);
    }
    tables[free]->SetInteger(place, static_cast<int64_t>(at / sizes.size()));
  }
  return {tables.begin(), tables.end()};
}

ScalarOp UpdateOf(const std::string& reduction) {
  if (reduction == "add") return ScalarOp::kAdd;
  if (reduction == "mul") return ScalarOp::kMul;
  return reduction == "max" ? ScalarOp::kMax : ScalarOp::kMin;
}

// `x` with the updates of one table: every element asks whether one belongs to it.
Value* Scattered(const Context& context, Value* x, Value* row_updates, TensorPtr table) {
  const Type& result = context.ResultType();
  const size_t depth = table->type.dims.size();
  const std::string& reduction = context.op.String("reduction");
  const ElementType compute = reduction == "none" ? x->type.element : ComputeType(x->type.element);
  Value* rows = EmitConst(context, std::move(table));
  return EmitMap(context, result, {x, row_updates, rows}, [&](Program& program) {
    const std::vector<IndexExpr> at = IdentityIndices(result.dims.size());
    const auto split = at.begin() + static_cast<std::ptrdiff_t>(depth);
    const int row = program.AddRead(ElementType::kI64, 2, {at.begin(), split});
    std::vector<IndexExpr> from = {IndexExpr::Node(row)};
    from.insert(from.end(), split, at.end());
    const int held = CastTo(program, compute, program.AddRead(x->type.element, 0, at));
    int update = CastTo(program, compute, program.AddRead(x->type.element, 1, std::move(from)));
    if (reduction != "none") update = Apply(program, UpdateOf(reduction), {held, update});
    const int none = Apply(program, ScalarOp::kLess, {row, ConstLike(program, row, 0)});
    return Apply(program, ScalarOp::kSelect, {none, held, update});
  });
}

Result<Values> LowerScatterNd(const Context& context) {
  Value* x = context.Operand("x");
  Value* updates = context.Operand("updates");
  RNNC_ASSIGN(const std::vector<int64_t> indices, KnownIntegers(context, "indices"));
  const auto depth = static_cast<size_t>(context.Operand("indices")->type.dims.back().Value());
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < depth; ++i) sizes.push_back(x->type.dims[i].Value());
  if (indices.empty()) return Values{x};
  Type rows{updates->type.element, {Dim(static_cast<int64_t>(indices.size() / depth))}};
  rows.dims.insert(rows.dims.end(), x->type.dims.begin() + static_cast<std::ptrdiff_t>(depth),
                   x->type.dims.end());
  RNNC_ASSIGN(Value * row_updates, EmitReshape(context, updates, rows));
  for (const TensorPtr& table : RowsOfPlaces(indices, sizes)) x = Scattered(context, x, row_updates, table);
  return Values{x};
}

}  // namespace

const std::vector<Rule>& PlaceRules() {
  static const std::vector<Rule> rules = {{OpKind::kTile, LowerTile},
                                          {OpKind::kTrilu, LowerTrilu},
                                          {OpKind::kEyeLike, LowerEyeLike},
                                          {OpKind::kRange, LowerRange},
                                          {OpKind::kGatherElements, LowerGatherElements},
                                          {OpKind::kScatterNd, LowerScatterNd}};
  return rules;
}

}  // namespace rnnc::ir::lowering
