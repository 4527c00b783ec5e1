// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/kernel_evaluator_scratch.h"

#include <map>

#include "compiler/ir/builder.h"
#include "compiler/ir/lowering.h"

namespace rnnc::ir::evaluation {
namespace {

Result<TensorPtr> Snapshot(const Type& type, const Buffer& value, const Operation& op) {
  if (!type.IsStatic() || type.StaticDims() != value.dims) {
    return Error(op.location, "{}: a value of {} where the type is {}", op.Info().text, value.ShapeText(),
                 type.ToText());
  }
  return std::make_shared<const Tensor>(TensorOf(value));
}

}  // namespace

Result<std::shared_ptr<Scratch>> LowerAlone(
    const Operation& op, const Symbols& symbols,
    const std::function<Result<std::shared_ptr<const Buffer>>(const Value*)>& value_of) {
  auto scratch = std::make_shared<Scratch>();
  scratch->function = scratch->module.AddFunction("scratch");
  Block& block = scratch->function->Body();
  std::map<std::string, Dim> sizes;
  for (const auto& [symbol, value] : symbols) sizes[symbol] = Dim(value);
  std::map<const Value*, Value*> values;
  for (size_t i = 0; i < op.Operands().size(); ++i) {
    const Value* operand = op.Operand(i);
    if (operand == nullptr || values.count(operand) != 0) continue;
    Type type = operand->type;
    for (Dim& dim : type.dims) dim = dim.Substitute(sizes);
    if (operand->IsConst()) {
      values[operand] = scratch->module.AddConst(operand->name, operand->tensor);
    } else if (MustBeKnown(op, i)) {
      RNNC_ASSIGN(const std::shared_ptr<const Buffer> known, value_of(operand));
      RNNC_ASSIGN(TensorPtr tensor, Snapshot(type, *known, op));
      values[operand] = scratch->module.AddConst(operand->name, std::move(tensor));
      scratch->reusable = false;
    } else {
      values[operand] = block.AddArgument(type, operand->name);
      scratch->operands.push_back(i);
    }
  }
  Operation* copy = CloneOperation(op, block, nullptr, values, sizes);
  Builder builder = Builder::Before(copy);
  RNNC_ASSIGN(const std::vector<Value*> results, LowerOperation(*copy, builder));
  block.Erase(copy);
  Builder(block).Create(OpKind::kReturn, results, {});
  return scratch;
}

}  // namespace rnnc::ir::evaluation
