// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/suspicions.h"

#include <algorithm>
#include <set>

#include "compiler/ir/known_zeros.h"

namespace rnnc::import {
namespace {

using ir::Value;
using ir::ValueKind;

// True when no input of the model takes part in its elements: it was written down when the model was made.
bool IsFixed(const Value& value) {
  std::set<const Value*> seen = {&value};
  for (std::vector<const Value*> open = {&value}; !open.empty();) {
    const Value& next = *open.back();
    open.pop_back();
    if (next.IsConst()) continue;
    if (next.kind != ValueKind::kResult) return false;
    // Sizes that are numbers are as fixed as a constant is.
    if (next.definition->Kind() == ir::OpKind::kShape) {
      if (next.definition->Operand(size_t{0})->type.IsStatic()) continue;
      return false;
    }
    for (const Value* operand : next.definition->Operands()) {
      if (operand != nullptr && seen.insert(operand).second) open.push_back(operand);
    }
  }
  return true;
}

// True when the caller gets the elements of a value, in whatever shape.
bool IsReturned(const Value& value) {
  std::set<const Value*> seen = {&value};
  for (std::vector<const Value*> open = {&value}; !open.empty();) {
    const Value& next = *open.back();
    open.pop_back();
    for (const ir::Operation* user : next.Users()) {
      if (user->Kind() == ir::OpKind::kReturn) return true;
      if (!ir::OnlyMoves(user->Kind()) && user->Kind() != ir::OpKind::kCast) continue;
      for (const Value* result : user->Results()) {
        if (seen.insert(result).second) open.push_back(result);
      }
    }
  }
  return false;
}

const Value* FixedInput(const Values& inputs, size_t i) {
  return i < inputs.size() && inputs[i] != nullptr && IsFixed(*inputs[i]) ? inputs[i] : nullptr;
}

}  // namespace

void SuspectFixedSizes(bool batch_first, const Values& inputs, const Location& location,
                       RecurrentSymbols& symbols) {
  std::vector<Diagnostic>& warnings = symbols.warnings;
  const Value* x = inputs.empty() ? nullptr : inputs[0];
  if (x == nullptr || x->type.Rank() != 3) return;
  const ir::Dim& batch = x->type.dims[batch_first ? 0 : 1];
  const ir::Dim& steps = x->type.dims[batch_first ? 1 : 0];
  const std::pair<size_t, const char*> states[] = {{5, "initial_h"}, {6, "initial_c"}};
  for (const auto& [index, name] : states) {
    const Value* state = FixedInput(inputs, index);
    if (state == nullptr || state->type.Rank() != 3 || batch.IsConstant()) continue;
    const ir::Dim& given = state->type.dims[batch_first ? 0 : 1];
    if (!given.IsConstant()) continue;
    if (batch == ir::Dim::Symbol(batch.Symbols()[0])) symbols.fixed.emplace(batch.ToText(), given.Value());
    warnings.push_back(
        Warning(location,
                "{}: is a constant for a batch of {}, and X has {}; the batch was fixed when the "
                "model was exported, other batches do not compile",
                name, given.ToText(), x->type.ToText()));
  }
  if (FixedInput(inputs, 4) != nullptr && !steps.IsConstant()) {
    warnings.push_back(
        Warning(location,
                "sequence_lens: is a constant, and X has {} steps; the lengths were fixed when "
                "the model was exported",
                steps.ToText()));
  }
}

std::vector<Diagnostic> SuspectLostState(const ir::Module& module) {
  std::vector<Diagnostic> warnings;
  for (const auto& op : module.FindFunction("main")->Body().Operations()) {
    if (op->Kind() != ir::OpKind::kLstm && op->Kind() != ir::OpKind::kGru && op->Kind() != ir::OpKind::kRnn) {
      continue;
    }
    const ir::Dim& steps = op->Operand("X")->type.dims[op->Int("layout") != 0 ? 1 : 0];
    bool lost = steps.Is(1) && op->String("direction") == "forward";
    for (const char* name : {"initial_h", "initial_c"}) {
      if (name[8] == 'c' && op->Kind() != ir::OpKind::kLstm) continue;
      const Value* initial = op->Operand(name);
      lost = lost && (initial == nullptr || ir::IsZero(*initial));
    }
    for (size_t i = 1; i < op->Results().size(); ++i) lost = lost && !IsReturned(*op->Results()[i]);
    if (!lost) continue;
    warnings.push_back(
        Warning(op->location,
                "initial_h: is zero in every call of one step, and the final state is no output; "
                "nothing is remembered from call to call: export the state as inputs and outputs, "
                "or more than one step"));
  }
  return warnings;
}

void SuspectResetOrder(const NodeContext& context) {
  if (context.notes == nullptr || context.node.op_type() != "GRU" || context.producer != "pytorch") return;
  if (context.attributes.Int("linear_before_reset") != 0) return;
  context.notes->warnings.push_back(Warning(
      context.emit.At(), "linear_before_reset: is 0, and PyTorch's GRU computes 1; compare the results"));
}

}  // namespace rnnc::import
