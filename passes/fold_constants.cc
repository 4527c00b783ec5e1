// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Forward through every function and the loops in it, so that chains fold from the front; for each
// operation without effect:
// 1. An identity is its operand.
// 2. Integers that follow from static sizes and constants become a constant.
// 3. An operation of constants only is evaluated by the oracle, in double, rounded once to its type. What the
//    oracle refuses stays, to be refused with its location where it is lowered.
// Dead operations are left to remove-dead.
//
// What is folded is bounded by the sizes of the module's constants: a ConstantOfShape of 10^9 elements is
// computed when the code runs, or refused where that is not possible either.

#include "passes/fold_constants.h"

#include <algorithm>

#include "compiler/ir/builder.h"
#include "compiler/ir/fold.h"
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

void Replace(ir::Module& module, Value* value, ir::TensorPtr tensor) {
  Value* constant = module.AddConst(value->name.empty() ? "folded" : value->name, std::move(tensor));
  ir::ReplaceAllUses(value, constant);
}

// Elements that may still be folded. Weights pass through several operators each, zero states and masks are
// made of nothing.
constexpr int64_t kFoldsOfAnElement = 16;
constexpr int64_t kElementsOfNothing = int64_t{1} << 22;

int64_t Allowance(const ir::Module& module) {
  int64_t elements = 0;
  for (const auto& constant : module.Consts()) elements += constant->tensor->ElementCount();
  return kElementsOfNothing + kFoldsOfAnElement * elements;
}

void Fold(ir::Module& module, Operation& operation, ir::KnownInts& ints, int64_t& allowance) {
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
  if (all) return;
  const auto constant_of = [](const Value* value) { return value->IsConst() ? value->tensor : nullptr; };
  std::vector<ir::TensorPtr> folded = ir::FoldOperation(operation, constant_of, false, allowance);
  for (size_t i = 0; i < folded.size(); ++i) {
    // Those that are known integers have lost their users.
    if (folded[i] == nullptr || !results[i]->HasUsers()) continue;
    allowance -= folded[i]->ElementCount();
    Replace(module, results[i], std::move(folded[i]));
  }
}

// What is in a loop and needs nothing of it folds like anything else.
void FoldIn(ir::Module& module, ir::Block& block, ir::KnownInts& ints, int64_t& allowance) {
  for (Operation* operation : block.Snapshot()) {
    Fold(module, *operation, ints, allowance);
    if (operation->HasBody()) FoldIn(module, operation->Body(), ints, allowance);
  }
}

}  // namespace

Result<> FoldConstants(ir::Module& module, const PassOptions&) {
  int64_t allowance = Allowance(module);
  for (const auto& function : module.Functions()) {
    ir::KnownInts ints(ir::LeastSizesOf(module));
    FoldIn(module, function->Body(), ints, allowance);
  }
  return Ok();
}

}  // namespace rnnc::passes
