// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/lowering_common.h"

#include <algorithm>
#include <set>

#include "compiler/ir/known_ints.h"
#include "compiler/support/check.h"

namespace rnnc::ir::lowering {
namespace {

bool IsComparison(ScalarOp op) {
  switch (op) {
    case ScalarOp::kEqual:
    case ScalarOp::kNotEqual:
    case ScalarOp::kLess:
    case ScalarOp::kLessEqual:
    case ScalarOp::kGreater:
    case ScalarOp::kGreaterEqual:
    case ScalarOp::kIsNan:
      return true;
    default:
      return false;
  }
}

ElementType TypeOf(const Program& program, int node) { return program.nodes[static_cast<size_t>(node)].type; }

// The text tells variables from symbols by name.
void AvoidSymbols(Kernel& kernel, const Values& operands, const Type& result) {
  std::set<std::string> symbols;
  auto collect = [&](const Dim& dim) {
    for (const std::string& symbol : dim.Symbols()) symbols.insert(symbol);
  };
  for (const Value* operand : operands)
    std::for_each(operand->type.dims.begin(), operand->type.dims.end(), collect);
  std::for_each(result.dims.begin(), result.dims.end(), collect);
  auto rename = [&](IndexVariable& variable) {
    while (symbols.count(variable.name) != 0) variable.name += "_";
  };
  for (IndexVariable& variable : kernel.parallel) rename(variable);
  for (Accumulator& accumulator : kernel.accumulators) {
    rename(accumulator.gate);
    for (IndexVariable& variable : accumulator.reduced) rename(variable);
  }
}

}  // namespace

std::optional<std::vector<Dim>> KnownValues(const Value* value) {
  if (value->IsConst()) {
    std::vector<Dim> values;
    for (int64_t i = 0; i < value->tensor->ElementCount(); ++i)
      values.emplace_back(value->tensor->IntegerAt(i));
    return values;
  }
  if (value->definition == nullptr) return KnownInts().Of(value);
  return KnownInts(LeastSizesOf(*value->definition->Parent()->Parent()->Parent())).Of(value);
}

Result<std::vector<Dim>> KnownOperand(const Context& context, std::string_view name) {
  if (auto values = KnownValues(context.Operand(name))) return *std::move(values);
  return Error(context.op.location, "{}: its value is computed at run time; bind it with --const", name);
}

Result<std::vector<int64_t>> KnownIntegers(const Context& context, std::string_view name) {
  RNNC_ASSIGN(const std::vector<Dim> values, KnownOperand(context, name));
  std::vector<int64_t> integers;
  for (const Dim& value : values) {
    if (!value.IsConstant()) {
      return Error(context.op.location, "{}: {} is symbolic; bind it with --dim", name, value.ToText());
    }
    integers.push_back(value.Value());
  }
  return integers;
}

int64_t NormalAxis(int64_t axis, int64_t rank) {
  RNNC_CHECK(axis >= -rank && axis < rank, "axis {} of {} has passed the shape rules", axis, rank);
  return axis < 0 ? axis + rank : axis;
}

Result<> CheckInside(const Context& context, const std::vector<Dim>& indices, const Dim& size) {
  for (const Dim& index : indices) {
    if (!index.IsConstant() || (index.Value() >= -size.Value() && index.Value() < size.Value())) continue;
    return Error(context.op.location, "indices: {} is outside an axis of {}; export the model again",
                 index.Value(), size.Value());
  }
  return Ok();
}

int Apply(Program& program, ScalarOp op, const std::vector<int>& args) {
  ElementType type = TypeOf(program, args.at(op == ScalarOp::kSelect ? 1 : 0));
  if (IsComparison(op)) type = ElementType::kBool;
  return program.AddOp(op, type, args);
}

int ConstLike(Program& program, int like, double value) {
  return program.AddConst(TypeOf(program, like), value);
}

int CastTo(Program& program, ElementType type, int node) {
  return TypeOf(program, node) == type ? node : program.AddOp(ScalarOp::kCast, type, {node});
}

int WrapIndex(Program& program, int index, const Dim& size) {
  const int negative = Apply(program, ScalarOp::kLess, {index, ConstLike(program, index, 0)});
  const int wrapped = Apply(program, ScalarOp::kAdd, {index, program.AddIndex(IndexExpr(size))});
  return Apply(program, ScalarOp::kSelect, {negative, wrapped, index});
}

std::vector<IndexExpr> BroadcastIndices(const Type& operand, size_t result_rank) {
  std::vector<IndexExpr> indices;
  const size_t offset = result_rank - operand.dims.size();
  for (size_t i = 0; i < operand.dims.size(); ++i) {
    // A dim of 1 is read at 0 whether or not the result's is 1 too.
    indices.push_back(operand.dims[i].Is(1) ? IndexExpr(0)
                                            : IndexExpr::Variable(static_cast<int>(offset + i)));
  }
  return indices;
}

Value* EmitKernel(const Context& context, Kernel kernel, const Values& operands, const Type& result) {
  AvoidSymbols(kernel, operands, result);
  return context.builder.KernelOp(std::move(kernel), operands, {result})->Result();
}

Value* EmitMap(const Context& context, const Type& result, const Values& operands,
               const std::function<int(Program&)>& element) {
  Kernel kernel = MakeMap(result.dims);
  const int node = element(kernel.epilogue);
  kernel.epilogue.outputs = {CastTo(kernel.epilogue, result.element, node)};
  return EmitKernel(context, std::move(kernel), operands, result);
}

Value* EmitLayout(const Context& context, Value* x, const Type& result, std::vector<IndexExpr> indices) {
  return EmitMap(context, result, {x},
                 [&](Program& program) { return program.AddRead(x->type.element, 0, std::move(indices)); });
}

Value* EmitInto(const Context& context, Value* base, Value* x, const std::vector<Dim>& part_dims,
                std::vector<IndexExpr> indices, std::vector<IndexExpr> store) {
  Kernel kernel = MakeMap(part_dims);
  kernel.stores = {std::move(store)};
  kernel.into = 1;
  kernel.epilogue.outputs = {kernel.epilogue.AddRead(x->type.element, 0, std::move(indices))};
  return EmitKernel(context, std::move(kernel), {x, base}, base->type);
}

Value* EmitUndefined(const Context& context, const Type& type) {
  return context.builder.Op(OpKind::kUndefined, {}, type);
}

Value* EmitConst(const Context& context, TensorPtr tensor) {
  return context.GetModule().AddConst(context.op.Result()->name, std::move(tensor));
}

Value* EmitCast(const Context& context, Value* x, ElementType type) {
  if (x->type.element == type) return x;
  if (x->IsConst() && IsFloat(x->type.element) && IsFloat(type)) {
    auto cast = std::make_shared<Tensor>(ZeroTensor({type, x->type.dims}));
    for (int64_t i = 0; i < cast->ElementCount(); ++i) cast->SetNumber(i, x->tensor->NumberAt(i));
    return context.GetModule().AddConst(x->name, std::move(cast));
  }
  return EmitLayout(context, x, {type, x->type.dims}, IdentityIndices(x->type.dims.size()));
}

Result<Value*> EmitReshape(const Context& context, Value* x, const Type& result) {
  if (x->type == result) return x;
  auto indices = ReshapeIndices(x->type.dims, result.dims);
  if (!indices) {
    return Error(context.op.location,
                 "shape: {} as {} needs a division by a symbolic size; bind it with --dim", x->type.ToText(),
                 result.ToText());
  }
  return EmitLayout(context, x, result, std::move(*indices));
}

}  // namespace rnnc::ir::lowering
