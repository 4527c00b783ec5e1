// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 1. The symbol of time; without one there is nothing to do.
// 2. @main becomes @run.
// 3. When every recurrent operator starts from a state, every state is updated, nothing counts frames, and no
//    other size is open: @step is a copy with the symbol replaced by 1. Checks of the number of steps hold in
//    it and go.

#include "passes/specialise_step.h"

#include <algorithm>

#include "passes/time_symbol.h"

namespace rnnc::passes {
namespace {

using ir::Operation;
using ir::OpKind;
using ir::Value;

// True when the value is a state, or one moved, cut or joined by operators that compute nothing.
bool ComesFromState(const Value* value) {
  if (value == nullptr || value->kind == ir::ValueKind::kConst || value->kind == ir::ValueKind::kArgument)
    return false;
  if (value->kind == ir::ValueKind::kState) return true;
  static constexpr OpKind kLayout[] = {OpKind::kIdentity, OpKind::kTranspose, OpKind::kReshape,
                                       OpKind::kFlatten,  OpKind::kSqueeze,   OpKind::kUnsqueeze,
                                       OpKind::kSplit,    OpKind::kSlice,     OpKind::kGather};
  const Operation& operation = *value->definition;
  if (operation.Kind() == OpKind::kConcat) {
    return std::all_of(operation.Operands().begin(), operation.Operands().end(), ComesFromState);
  }
  return std::find(std::begin(kLayout), std::end(kLayout), operation.Kind()) != std::end(kLayout) &&
         ComesFromState(operation.Operand(size_t{0}));
}

bool AllMemoryIsState(ir::Function& function) {
  bool all = true;
  ir::Walk(function.Body(), [&](Operation& operation) {
    const OpKind kind = operation.Kind();
    if (kind == OpKind::kLstm || kind == OpKind::kGru || kind == OpKind::kRnn) {
      all = all && ComesFromState(operation.Operand("initial_h"));
      if (kind == OpKind::kLstm) all = all && ComesFromState(operation.Operand("initial_c"));
    }
    if (kind == OpKind::kCheckSteps) all = all && operation.Int("min") <= 1;
    if (kind == OpKind::kScan) {
      const auto count = static_cast<size_t>(operation.Int("n_carry"));
      for (size_t i = 0; i < count; ++i) {
        all = all && ComesFromState(operation.Operand(operation.Operands().size() - count + i));
      }
    }
  });
  for (const auto& state : function.Parent()->States()) {
    const bool updated = std::any_of(state->Users().begin(), state->Users().end(),
                                     [](const Operation* user) { return user->Kind() == OpKind::kUpdate; });
    all = all && updated;
  }
  return all;
}

// True when every size is a number, and a possible one, for these values of symbols.
bool IsFixedFor(ir::Function& function, const std::map<std::string, ir::Dim>& symbols) {
  bool fixed = true;
  const auto look = [&](const ir::Type& type) {
    for (const ir::Dim& dim : type.dims) {
      const ir::Dim size = dim.Substitute(symbols);
      fixed = fixed && size.IsConstant() && size.Value() >= 0;
    }
  };
  for (const auto& argument : function.Body().Arguments()) look(argument->type);
  ir::Walk(function.Body(), [&](Operation& operation) {
    for (const Value* result : operation.Results()) look(result->type);
  });
  return fixed;
}

// True when elements depend on how far along in time they stand: one frame alone does not know.
bool CountsFrames(ir::Function& function, const std::string& symbol) {
  static constexpr OpKind kPositional[] = {OpKind::kRange, OpKind::kEyeLike, OpKind::kTrilu, OpKind::kCumSum};
  bool counts = false;
  ir::Walk(function.Body(), [&](Operation& operation) {
    const OpKind kind = operation.Kind();
    if (std::find(std::begin(kPositional), std::end(kPositional), kind) == std::end(kPositional)) return;
    for (const ir::Dim& dim : operation.Result()->type.dims) counts = counts || dim.Uses(symbol);
  });
  return counts;
}

}  // namespace

Result<> SpecialiseStep(ir::Module& module, const PassOptions&) {
  ir::Function* run = module.FindFunction("main");
  if (run == nullptr) return Ok();
  const auto symbol = TimeSymbol(*run);
  if (!symbol) return Ok();
  run->name = "run";
  if (CountsFrames(*run, *symbol)) return Ok();
  const std::map<std::string, ir::Dim> one = {{*symbol, ir::Dim(1)}};
  for (const ir::RuntimeSize& size : ir::SizesOf(*run)) {
    if (size.symbol == *symbol && size.low > 1) return Ok();
  }
  if (!AllMemoryIsState(*run) || !IsFixedFor(*run, one)) return Ok();
  ir::Function* step = module.AddFunction("step");
  step->result_names = run->result_names;
  std::map<const Value*, Value*> values;
  for (const auto& argument : run->Body().Arguments()) {
    ir::Type type = argument->type;
    for (ir::Dim& dim : type.dims) dim = dim.Substitute(one);
    values[argument.get()] = step->Body().AddArgument(type, argument->name);
  }
  ir::CloneInto(run->Body(), step->Body(), nullptr, values, one);
  ir::CloneOperation(*run->Body().Terminator(), step->Body(), nullptr, values, one);
  for (Operation* operation : step->Body().Snapshot()) {
    if (operation->Kind() == OpKind::kCheckSteps && operation->String("symbol") == *symbol) {
      step->Body().Erase(operation);
    }
  }
  return Ok();
}

}  // namespace rnnc::passes
