// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Until nothing changes, backwards through every block, inner blocks first:
// 1. Operations without effect whose results nobody uses.
// 2. Results of kernels and stacked results of loops that nobody uses.
// 3. Carried values of loops whose final value nobody uses and whose argument only makes itself.
// 4. Sequences of a scan whose slice nobody uses.
// At the end: equal constants become one, those without users go.

#include "passes/remove_dead.h"

#include <map>
#include <set>
#include <string>

#include "compiler/support/strings.h"
#include "passes/kernel_edit.h"

namespace rnnc::passes {
namespace {

using ir::Operation;
using ir::OpKind;
using ir::Value;

bool HasEffect(OpKind kind) {
  static const std::set<OpKind> kEffects = {OpKind::kCheckIndex, OpKind::kCheckSteps, OpKind::kCheckLengths,
                                            OpKind::kUpdate,     OpKind::kYield,      OpKind::kReturn};
  return kEffects.count(kind) != 0;
}

bool IsEffectFree(const Operation& operation) {
  if (HasEffect(operation.Kind())) return false;
  bool free = true;
  if (operation.HasBody()) {
    ir::Walk(static_cast<const ir::Block&>(operation.Body()), [&](const Operation& inner) {
      free = free && (inner.Kind() == OpKind::kYield || !HasEffect(inner.Kind()));
    });
  }
  return free;
}

bool IsUnused(const Operation& operation) {
  for (const Value* result : operation.Results()) {
    if (result->HasUsers()) return false;
  }
  return true;
}

void RemoveOperand(Operation& operation, size_t i) {
  std::vector<Value*> operands = operation.Operands();
  operands.erase(operands.begin() + static_cast<std::ptrdiff_t>(i));
  operation.SetOperands(operands);
}

bool RemoveStacked(Operation& loop) {
  Operation& yield = *loop.Body().Terminator();
  bool changed = false;
  const size_t stacked = loop.ResultCount() - static_cast<size_t>(loop.Int("n_carry"));
  for (size_t i = stacked; i-- > 0;) {
    if (loop.Result(i)->HasUsers()) continue;
    if (loop.Kind() == OpKind::kBlocks) {
      std::vector<int64_t> axes = loop.Ints("axes");
      axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(i));
      loop.Set("axes", axes);
    }
    loop.RemoveResult(i);
    RemoveOperand(yield, i);
    yield.Set("n_each", yield.Int("n_each") - 1);
    changed = true;
  }
  return changed;
}

// Whether `argument` is needed only to compute `next`, through operations that make nothing else: marks what
// leads from the body's other results backwards and looks whether the argument is among it.
bool OnlyMakesItself(const Operation& loop, const Value* argument, size_t next_operand) {
  const ir::Block& body = loop.Body();
  std::set<const Value*> needed;
  std::vector<const Value*> work;
  auto need = [&](const Value* value) {
    if (value != nullptr && needed.insert(value).second) work.push_back(value);
  };
  const Operation* yield = body.Terminator();
  for (size_t i = 0; i < yield->Operands().size(); ++i) {
    if (i != next_operand) need(yield->Operand(i));
  }
  ir::Walk(body, [&](const Operation& operation) {
    if (!HasEffect(operation.Kind()) || &operation == yield) return;
    for (const Value* operand : operation.Operands()) need(operand);
  });
  while (!work.empty()) {
    const Value* value = work.back();
    work.pop_back();
    if (value->kind != ir::ValueKind::kResult) continue;
    auto take = [&](const Operation& operation) {
      for (const Value* operand : operation.Operands()) need(operand);
    };
    take(*value->definition);
    if (value->definition->HasBody())
      ir::Walk(static_cast<const ir::Block&>(value->definition->Body()), take);
  }
  return needed.count(argument) == 0;
}

bool RemoveCarried(Operation& loop) {
  ir::Block& body = loop.Body();
  Operation& yield = *body.Terminator();
  bool changed = false;
  for (auto i = static_cast<size_t>(loop.Int("n_carry")); i-- > 0;) {
    const auto count = static_cast<size_t>(loop.Int("n_carry"));
    const size_t result = loop.ResultCount() - count + i;
    const size_t operand = loop.Operands().size() - count + i;
    const size_t argument = body.Arguments().size() - count + i;
    const size_t next = yield.Operands().size() - count + i;
    Value* carried = body.Arguments()[argument].get();
    if (loop.Result(result)->HasUsers()) continue;
    if (carried->HasUsers() && !OnlyMakesItself(loop, carried, next)) continue;
    RemoveOperand(yield, next);
    // What the argument still makes is dead: its users go with the next round.
    if (carried->HasUsers()) ir::ReplaceAllUses(carried, loop.Operand(operand));
    body.RemoveArgument(argument);
    RemoveOperand(loop, operand);
    loop.RemoveResult(result);
    loop.Set("n_carry", static_cast<int64_t>(count) - 1);
    changed = true;
  }
  return changed;
}

bool RemoveSlices(Operation& scan) {
  ir::Block& body = scan.Body();
  bool changed = false;
  for (auto i = static_cast<size_t>(scan.Int("n_each")); i-- > 0;) {
    if (body.Arguments()[i]->HasUsers()) continue;
    body.RemoveArgument(i);
    RemoveOperand(scan, i);
    scan.Set("n_each", scan.Int("n_each") - 1);
    changed = true;
  }
  return changed;
}

bool RemoveInBlock(ir::Block& block) {
  bool changed = false;
  const std::vector<Operation*> operations = block.Snapshot();
  for (auto at = operations.rbegin(); at != operations.rend(); ++at) {
    Operation& operation = **at;
    if (IsUnused(operation) && IsEffectFree(operation)) {
      block.Erase(&operation);
      changed = true;
      continue;
    }
    if (operation.HasBody()) {
      changed |= RemoveInBlock(operation.Body());
      changed |= RemoveStacked(operation);
      changed |= RemoveCarried(operation);
      if (operation.Kind() == OpKind::kScan) changed |= RemoveSlices(operation);
    }
    if (!operation.HasKernel()) continue;
    for (size_t i = operation.ResultCount(); i-- > 0;) {
      if (operation.Result(i)->HasUsers() || operation.ResultCount() == 1) continue;
      if (i == 0 && operation.GetKernel().into >= 0) continue;
      RemoveKernelResult(operation, i);
      changed = true;
    }
  }
  return changed;
}

void TidyKernels(ir::Block& block) {
  for (Operation* operation : block.Snapshot()) {
    if (operation->HasBody()) TidyKernels(operation->Body());
    if (operation->HasKernel()) Tidy(operation);
  }
}

void JoinEqualConsts(ir::Module& module) {
  std::map<std::pair<std::string, uint64_t>, std::vector<Value*>> seen;
  for (const auto& constant : module.Consts()) {
    if (!constant->HasUsers()) continue;
    const ir::Tensor& tensor = *constant->tensor;
    const std::string_view bytes(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
    std::vector<Value*>& alike = seen[{tensor.type.ToText(), Hash(bytes)}];
    for (Value* other : alike) {
      if (other->tensor->bytes != tensor.bytes) continue;
      ir::ReplaceAllUses(constant.get(), other);
      break;
    }
    if (constant->HasUsers()) alike.push_back(constant.get());
  }
}

}  // namespace

Result<> RemoveDead(ir::Module& module, const PassOptions&) {
  for (const auto& function : module.Functions()) {
    TidyKernels(function->Body());
    while (RemoveInBlock(function->Body())) TidyKernels(function->Body());
  }
  JoinEqualConsts(module);
  module.RemoveUnusedConsts();
  return Ok();
}

}  // namespace rnnc::passes
