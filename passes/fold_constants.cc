// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Forward through every function, so that chains fold from the front; for each operation without effect:
// 1. An identity is its operand.
// 2. Integers that follow from static sizes and constants become a constant.
// 3. An operation of constants only is evaluated by the oracle, in double, rounded once to its type. What the
//    oracle refuses stays, to be refused with its location where it is lowered.
// Dead operations are left to remove-dead.

#include "passes/fold_constants.h"

#include <algorithm>

#include "compiler/ir/builder.h"
#include "compiler/ir/graph_evaluator.h"
#include "compiler/ir/known_ints.h"

namespace rnnc::passes {
namespace {

using ir::Operation;
using ir::OpKind;
using ir::Tensor;
using ir::Value;

bool IsInteger(ir::ElementType element) { return !ir::IsFloat(element); }

// The value as a constant, when its elements are known integers of a static shape.
ir::TensorPtr KnownIntegers(const Value& value, ir::KnownInts& ints) {
  if (!IsInteger(value.type.element) || !value.type.IsStatic()) return nullptr;
  const auto known = ints.IntegersOf(&value);
  if (!known || static_cast<int64_t>(known->size()) != value.type.ElementCount().Value()) return nullptr;
  auto tensor = std::make_shared<Tensor>(ir::ZeroTensor(value.type));
  for (size_t i = 0; i < known->size(); ++i) tensor->SetInteger(static_cast<int64_t>(i), (*known)[i]);
  return tensor;
}

// The operation alone in a function whose arguments are its operands, evaluated; empty when it cannot be.
std::vector<ir::Array> Evaluated(const Operation& operation) {
  ir::Module scratch;
  ir::Function* function = scratch.AddFunction("main");
  std::map<const Value*, Value*> values;
  std::vector<ir::Array> inputs;
  for (const Value* operand : operation.Operands()) {
    if (operand == nullptr || values.count(operand) != 0) continue;
    // Constants stay constants: what decides a shape must be known.
    values[operand] = scratch.AddConst("c", operand->tensor);
  }
  Operation* copy = ir::CloneOperation(operation, function->Body(), nullptr, values);
  Operation* end = function->Body().Insert(OpKind::kReturn);
  for (size_t i = 0; i < copy->ResultCount(); ++i) {
    if (operation.Result(i)->HasUsers()) end->AddOperand(copy->Result(i));
  }
  Result<std::vector<ir::Array>> results = ir::EvaluateGraph(*function, inputs);
  return results.ok() ? std::move(results).value() : std::vector<ir::Array>();
}

bool IsFoldable(const Operation& operation) {
  if (!ir::HasOracle(operation.Kind()) || operation.ResultCount() == 0 || operation.HasBody()) return false;
  for (const Value* operand : operation.Operands()) {
    if (operand != nullptr && !operand->IsConst()) return false;
  }
  for (const Value* result : operation.Results()) {
    if (result->HasUsers() && !result->type.IsStatic()) return false;
  }
  return true;
}

void Replace(ir::Module& module, Value* value, ir::TensorPtr tensor) {
  Value* constant = module.AddConst(value->name.empty() ? "folded" : value->name, std::move(tensor));
  ir::ReplaceAllUses(value, constant);
}

void Fold(ir::Module& module, Operation& operation, ir::KnownInts& ints) {
  const std::vector<Value*> results = operation.Results();
  const bool used =
      std::any_of(results.begin(), results.end(), [](const Value* result) { return result->HasUsers(); });
  if (!used) return;
  if (operation.Kind() == OpKind::kIdentity) {
    ir::ReplaceAllUses(operation.Result(), operation.Operand(size_t{0}));
    return;
  }
  bool all = true;
  for (Value* result : results) {
    if (!result->HasUsers()) continue;
    if (ir::TensorPtr known = KnownIntegers(*result, ints)) {
      Replace(module, result, std::move(known));
    } else {
      all = false;
    }
  }
  if (all || !IsFoldable(operation)) return;
  std::vector<ir::Array> arrays = Evaluated(operation);
  size_t next = 0;
  for (Value* result : results) {
    if (!result->HasUsers() || next >= arrays.size()) continue;
    const ir::Array& array = arrays[next++];
    auto tensor = std::make_shared<Tensor>(ir::TensorOf(array));
    if (tensor->type == result->type) Replace(module, result, std::move(tensor));
  }
}

}  // namespace

Result<> FoldConstants(ir::Module& module, const PassOptions&) {
  for (const auto& function : module.Functions()) {
    ir::KnownInts ints(ir::LeastSizesOf(module));
    for (Operation* operation : function->Body().Snapshot()) Fold(module, *operation, ints);
  }
  return Ok();
}

}  // namespace rnnc::passes
