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

#include "passes/no_frames.h"
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
  const auto changed = !reason && time ? ChangedByNoFrames(*run, *time) : std::set<std::string>();
  if (!reason && (!changed || !changed->empty())) {
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
