// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 1. Every `into` operand that is not a dying result of its block is copied first.
// 2. Every yielded value that its body did not compute is copied at the end of the body (a carried value
//    handed on unchanged is left: it already is where it belongs).
// 3. Updates move to the end of the function; what they take and what is returned is copied when it is not a
//    result of the function's own operations, or is returned twice.

#include "passes/plan_copies.h"

#include <set>

#include "passes/kernel_edit.h"
#include "passes/lifetimes.h"

namespace rnnc::passes {
namespace {

using ir::Operation;
using ir::OpKind;
using ir::Value;

bool IsResultIn(const ir::Block& block, const Value* value) {
  return value->kind == ir::ValueKind::kResult && value->definition->Parent() == &block;
}

Value* CopyBefore(Operation* operation, Value* value) {
  ir::Builder builder = ir::Builder::Before(operation);
  return MakeCopy(builder, value);
}

// The carried value of a loop's body that `value` is, when `operation`'s result is what is carried on in its
// place and nothing else reads it later.
bool IsCarriedOn(const Value* value, const Operation& operation) {
  if (value->kind != ir::ValueKind::kArgument || value->block != operation.Parent()) return false;
  const Operation* loop = value->block->Owner();
  if (loop == nullptr || loop->Kind() == OpKind::kBlocks) return false;
  const auto n_each = static_cast<int>(value->block->Terminator()->Int("n_each"));
  const int carried = n_each + value->index;
  const Value* next = value->block->Terminator()->Operand(static_cast<size_t>(carried));
  return next == operation.Result() && value->Users().size() == 1;
}

void CopyIntoOperands(ir::Function& function) {
  ir::Walk(function.Body(), [&](Operation& operation) {
    if (!operation.HasKernel() || operation.GetKernel().into < 0) return;
    const auto operand = static_cast<size_t>(operation.GetKernel().into);
    Value* base = operation.Operand(operand);
    const ir::Block& block = *operation.Parent();
    bool dies = IsResultIn(block, base);
    for (Operation* user : base->Users()) {
      Operation* ancestor = AncestorIn(block, user);
      if (ancestor != &operation && block.IndexOf(ancestor) > block.IndexOf(&operation)) dies = false;
    }
    if (dies || IsCarriedOn(base, operation)) return;
    operation.SetOperand(operand, CopyBefore(&operation, base));
  });
}

void CopyYields(ir::Function& function) {
  ir::Walk(function.Body(), [&](Operation& loop) {
    if (!loop.HasBody()) return;
    ir::Block& body = loop.Body();
    Operation* yield = body.Terminator();
    const auto n_each = static_cast<size_t>(yield->Int("n_each"));
    for (size_t i = 0; i < yield->Operands().size(); ++i) {
      Value* value = yield->Operand(i);
      const bool unchanged = value->kind == ir::ValueKind::kArgument && value->block == &body &&
                             n_each + static_cast<size_t>(value->index) == i;
      if (!unchanged && !IsResultIn(body, value)) yield->SetOperand(i, CopyBefore(yield, value));
    }
  });
}

}  // namespace

void MakeCopiesExplicit(ir::Function& function) {
  CopyIntoOperands(function);
  CopyYields(function);
  ir::Block& body = function.Body();
  Operation* end = body.Terminator();
  for (Operation* operation : body.Snapshot()) {
    if (operation->Kind() != OpKind::kUpdate) continue;
    if (operation->Operand(1) == operation->Operand(0)) {
      body.Erase(operation);
      continue;
    }
    if (!IsResultIn(body, operation->Operand(1))) {
      operation->SetOperand(1, CopyBefore(operation, operation->Operand(1)));
    }
    body.MoveHere(operation, end);
  }
  Operation* first = end;
  for (const auto& operation : body.Operations()) {
    if (operation->Kind() == OpKind::kUpdate) {
      first = operation.get();
      break;
    }
  }
  std::set<const Value*> returned;
  for (size_t i = 0; i < end->Operands().size(); ++i) {
    Value* value = end->Operand(i);
    if (!IsResultIn(body, value) || !returned.insert(value).second) {
      end->SetOperand(i, CopyBefore(first, value));
      returned.insert(end->Operand(i));
    }
  }
}

}  // namespace rnnc::passes
