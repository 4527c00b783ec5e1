// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 1. A state is followed through operators that only move elements: it must end in initial values of loops
// over time
//    (and in its update). Whatever else reads it would see another value in every step.
// 2. With no frames a loop ends with its initial values. A run over none, on states of which no two elements
// are
//    equal, must therefore leave every state as it was: then each carried value goes back to where it came
//    from.

#include "passes/drop_inexact_step.h"

#include "compiler/ir/kernel_evaluator.h"
#include "passes/time_symbol.h"

namespace rnnc::passes {
namespace {

using ir::Operation;
using ir::OpKind;
using ir::Value;

// The operation that reads `value` other than to begin a loop with it; null when there is none.
const Operation* OtherReader(const Value& value, const ir::Function& function) {
  for (const Operation* user : value.Users()) {
    const ir::Block* block = user->Parent();
    while (block->Owner() != nullptr) block = block->Owner()->Parent();
    if (block != &function.Body()) continue;  // of another function
    if (user->Kind() == OpKind::kUpdate && user->Operand("value") != &value) continue;
    if (user->Kind() == OpKind::kScan) {
      const auto sequences = static_cast<size_t>(user->Int("n_each"));
      bool begins = user->Parent() == &function.Body();
      for (size_t i = 0; i < sequences; ++i) begins = begins && user->Operand(i) != &value;
      if (begins) continue;
    }
    if (!ir::OnlyMoves(user->Kind())) return user;
    for (const Value* result : user->Results()) {
      if (const Operation* other = OtherReader(*result, function)) return other;
    }
  }
  return nullptr;
}

// The states, all elements different, and what a run over no frames leaves of them.
bool NoFramesChangeNothing(const ir::Module& module, ir::Function& run, const std::string& time) {
  ir::KernelEvaluation options;
  std::map<std::string, ir::Array> states;
  double next = 1;
  for (const auto& state : module.States()) {
    ir::Array array = ir::MakeArray(state->type.element, state->type.StaticDims());
    for (int64_t i = 0; i < array.Count(); ++i, ++next) {
      array.IsFloat() ? array.SetNumber(i, next) : array.SetInteger(i, static_cast<int64_t>(next));
    }
    states[state->name] = std::move(array);
  }
  const std::map<std::string, ir::Array> before = states;
  options.states = &states;
  std::vector<ir::Array> inputs;
  for (const auto& argument : run.Body().Arguments()) {
    std::vector<int64_t> dims;
    for (const ir::Dim& dim : argument->type.dims) dims.push_back(dim.Evaluate({{time, 0}}).value_or(1));
    inputs.push_back(ir::MakeArray(argument->type.element, dims));
  }
  if (!ir::EvaluateKernels(run, inputs, options).ok()) return false;
  for (const auto& [name, array] : before) {
    if (states.at(name).numbers != array.numbers || states.at(name).integers != array.integers) return false;
  }
  return true;
}

}  // namespace

Result<> DropInexactStep(ir::Module& module, const PassOptions& options) {
  ir::Function* step = module.FindFunction("step");
  ir::Function* run = module.FindFunction("run");
  if (step == nullptr || run == nullptr) return Ok();
  std::optional<Diagnostic> reason;
  for (const auto& state : module.States()) {
    if (const Operation* reader = OtherReader(*state, *run)) {
      reason = Note(reader->location,
                    "reads state {} in every frame, so a run is not that many steps: there is no step",
                    state->name);
    }
  }
  const auto time = TimeSymbol(*run);
  if (!reason && time && !NoFramesChangeNothing(module, *run, *time)) {
    reason = Note({module.source, {}},
                  "the states do not become what the loops end with, so a run is not that many steps: there "
                  "is no step");
  }
  if (!reason) return Ok();
  if (options.note) options.note(*reason);
  module.EraseFunction(step);
  return Ok();
}

}  // namespace rnnc::passes
