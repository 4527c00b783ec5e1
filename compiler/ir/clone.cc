// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/module.h"
#include "compiler/support/check.h"

namespace rnnc::ir {
namespace {

using ValueMap = std::map<const Value*, Value*>;
using SymbolMap = std::map<std::string, Dim>;

Value* Mapped(const ValueMap& values, Value* value) {
  auto found = values.find(value);
  return found == values.end() ? value : found->second;
}

Type Substituted(const Type& type, const SymbolMap& symbols) {
  Type result = type;
  for (Dim& dim : result.dims) dim = dim.Substitute(symbols);
  return result;
}

Kernel Substituted(const Kernel& kernel, const SymbolMap& symbols) {
  Kernel copy = kernel;
  if (symbols.empty()) return copy;
  for (IndexVariable& variable : copy.parallel) variable.extent = variable.extent.Substitute(symbols);
  for (Accumulator& accumulator : copy.accumulators) {
    for (IndexVariable& variable : accumulator.reduced) variable.extent = variable.extent.Substitute(symbols);
  }
  for (std::vector<IndexExpr>& store : copy.stores) {
    for (IndexExpr& index : store) index = index.SubstituteSymbols(symbols);
  }
  ForEachProgram(copy, [&](Program& program, const std::vector<Dim>&) {
    ForEachIndex(program, [&](IndexExpr& index) { index = index.SubstituteSymbols(symbols); });
  });
  return copy;
}

void CloneArguments(const Block& source, Block& target, ValueMap& values, const SymbolMap& symbols) {
  for (const auto& argument : source.Arguments()) {
    Value* copy = target.AddArgument(Substituted(argument->type, symbols), argument->name);
    copy->place = argument->place;
    values[argument.get()] = copy;
  }
}

}  // namespace

Operation* CloneOperation(const Operation& operation, Block& target, Operation* before, ValueMap& values,
                          const SymbolMap& symbols) {
  Operation* copy = target.Insert(operation.Kind(), before);
  copy->location = operation.location;
  for (Value* operand : operation.Operands()) copy->AddOperand(Mapped(values, operand));
  for (const auto& [name, attribute] : operation.Attributes()) copy->Set(name, attribute);
  copy->steps = operation.steps.Substitute(symbols);
  copy->step_symbol = operation.step_symbol;
  copy->count_symbol = operation.count_symbol;
  if (operation.HasKernel()) copy->SetKernel(Substituted(operation.GetKernel(), symbols));
  if (operation.HasBody()) {
    Block& body = copy->MakeBody();
    CloneArguments(operation.Body(), body, values, symbols);
    CloneInto(operation.Body(), body, nullptr, values, symbols);
    if (const Operation* end = operation.Body().Terminator())
      CloneOperation(*end, body, nullptr, values, symbols);
  }
  for (Value* result : operation.Results()) {
    Value* made = copy->AddResult(Substituted(result->type, symbols), result->name);
    made->place = result->place;
    values[result] = made;
  }
  return copy;
}

void CloneInto(const Block& source, Block& target, Operation* before, ValueMap& values,
               const SymbolMap& symbols) {
  for (const auto& operation : source.Operations()) {
    if (operation.get() == source.Terminator()) continue;
    CloneOperation(*operation, target, before, values, symbols);
  }
}

std::unique_ptr<Module> CloneModule(const Module& module) {
  auto copy = std::make_unique<Module>();
  copy->name = module.name;
  copy->source = module.source;
  copy->opset = module.opset;
  copy->stage = module.stage;
  copy->state_bytes = module.state_bytes;
  copy->arena_bytes = module.arena_bytes;
  copy->scratch_bytes = module.scratch_bytes;
  copy->sizes = module.sizes;
  ValueMap values;
  for (const auto& value : module.Consts()) values[value.get()] = copy->AddConst(value->name, value->tensor);
  for (const auto& value : module.States()) {
    Value* made = copy->AddState(value->name, value->type, value->tensor);
    made->place = value->place;
    values[value.get()] = made;
  }
  for (const auto& function : module.Functions()) {
    Function* made = copy->AddFunction(function->name);
    made->result_names = function->result_names;
    CloneArguments(function->Body(), made->Body(), values, {});
    CloneInto(function->Body(), made->Body(), nullptr, values, {});
    if (const Operation* end = function->Body().Terminator()) {
      CloneOperation(*end, made->Body(), nullptr, values, {});
    }
  }
  return copy;
}

}  // namespace rnnc::ir
