// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "compiler/ir/module.h"
#include "passes/lifetimes.h"

namespace rnnc::passes {

// Part of plan-memory: values that share one place. A slot is bound (to an input, an output, a state), or a
// slice of another slot, or free: then the planner finds it bytes in the arena.
struct Slot {
  std::vector<ir::Value*> members;
  Lifetimes::Range range;  // hull of the members'
  std::optional<ir::Place> bound;
  Slot* parent = nullptr;
  ir::Dim offset_in_parent;

  bool IsFree() const { return !bound && parent == nullptr; }
};

class Slots {
 public:
  // The function's copies are explicit and the states have places. Decides who shares.
  explicit Slots(ir::Function& function);

  // All slots but those merged into others, in order of their first value.
  std::vector<Slot*> All() const;
  Slot& Of(const ir::Value* value) const { return *slot_.at(value); }

 private:
  void MakeSlot(ir::Value* value);
  void Merge(Slot& into, Slot& from);
  void MakeAll(ir::Block& block);
  void MergeMandatory(ir::Operation& operation);
  void PlaceYields(ir::Operation& loop);
  void ShareInitial(ir::Operation& loop);
  void BindReturns();
  void BindUpdates();
  void SliceOutputs(ir::Operation& loop);
  void ShareElementwise(ir::Operation& operation);
  bool TakesOver(const ir::Operation& user, const ir::Value& value, const Slot& slot) const;
  bool ReadsEndBefore(const ir::Value& value, const ir::Block& block, const Slot& writer) const;

  ir::Function& function_;
  Lifetimes lifetimes_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::map<const ir::Value*, Slot*> slot_;
};

}  // namespace rnnc::passes
