// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 1. A slot for every value; what must share does: an `into` operand and its result, a carried value's
//    argument and its final result.
// 2. A yielded value takes the carried value's place where its kernel reads the old value only at the element
//    it writes; an initial value that dies at the loop takes it too.
// 3. Returned values are bound to outputs; updates to their states where nothing reads the old state later.
// 4. Outputs of a step are slices of the whole, from the outermost loop inwards.
// 5. A map's result takes the place of an operand that dies there and is read only where it is written.

#include "passes/plan_slots.h"

#include <algorithm>

#include "compiler/support/check.h"
#include "passes/kernel_edit.h"

namespace rnnc::passes {
namespace {

using ir::Operation;
using ir::OpKind;
using ir::Value;

bool IsLoop(const Operation& operation) {
  return operation.Kind() == OpKind::kScan || operation.Kind() == OpKind::kBlocks;
}

size_t CarryCount(const Operation& loop) { return static_cast<size_t>(loop.Int("n_carry")); }
// True when everything in the slot is made inside `body`.
bool IsInside(const ir::Block& body, const Slot& slot) {
  return std::all_of(slot.members.begin(), slot.members.end(), [&](const Value* member) {
    Operation* maker = member->kind == ir::ValueKind::kResult ? member->definition : member->block->Owner();
    return AncestorIn(body, maker) != nullptr;
  });
}

size_t StackedCount(const Operation& loop) { return loop.ResultCount() - CarryCount(loop); }

}  // namespace

Slots::Slots(ir::Function& function) : function_(function), lifetimes_(function) {
  ir::Block& body = function.Body();
  MakeAll(body);
  std::vector<Operation*> operations;
  ir::Walk(body, [&](Operation& operation) { operations.push_back(&operation); });
  for (Operation* operation : operations) MergeMandatory(*operation);
  for (Operation* operation : operations) {
    if (IsLoop(*operation)) PlaceYields(*operation);
  }
  for (Operation* operation : operations) {
    if (IsLoop(*operation)) ShareInitial(*operation);
  }
  BindReturns();
  BindUpdates();
  for (Operation* operation : operations) {
    if (IsLoop(*operation)) SliceOutputs(*operation);
  }
  for (Operation* operation : operations) {
    if (operation->HasKernel()) ShareElementwise(*operation);
  }
}

void Slots::MakeSlot(Value* value) {
  slots_.push_back(std::make_unique<Slot>());
  Slot& slot = *slots_.back();
  slot.members = {value};
  slot.range = lifetimes_.Of(*value);
  slot_[value] = &slot;
}

void Slots::MakeAll(ir::Block& block) {
  for (const auto& argument : block.Arguments()) {
    MakeSlot(argument.get());
    if (block.Owner() == nullptr) {
      const ir::Dim bytes = argument->type.ElementCount() * ir::Dim(ir::BytesOf(argument->type.element));
      Of(argument.get()).bound = ir::Place{ir::Space::kInput, argument->index, 0, bytes};
    }
  }
  for (const auto& operation : block.Operations()) {
    for (Value* result : operation->Results()) MakeSlot(result);
    if (operation->HasBody()) MakeAll(operation->Body());
  }
}

void Slots::Merge(Slot& into, Slot& from) {
  if (&into == &from) return;
  into.range = {std::min(into.range.begin, from.range.begin), std::max(into.range.end, from.range.end)};
  for (Value* member : from.members) {
    into.members.push_back(member);
    slot_[member] = &into;
  }
  from.members.clear();
}

void Slots::MergeMandatory(Operation& operation) {
  if (operation.HasKernel() && operation.GetKernel().into >= 0) {
    Merge(Of(operation.Operand(static_cast<size_t>(operation.GetKernel().into))), Of(operation.Result()));
  }
  if (!IsLoop(operation)) return;
  const auto& arguments = operation.Body().Arguments();
  const size_t first = arguments.size() - CarryCount(operation);
  for (size_t i = 0; i < CarryCount(operation); ++i) {
    Merge(Of(arguments[first + i].get()), Of(operation.Result(StackedCount(operation) + i)));
  }
}

// True when `user` is a loop that reads `value` only as the initial value of what is carried in `slot`: it
// reads it before its first step, and may find it in place.
bool Slots::TakesOver(const Operation& user, const Value& value, const Slot& slot) const {
  if (!IsLoop(user)) return false;
  const size_t first = user.Operands().size() - CarryCount(user);
  for (size_t i = 0; i < user.Operands().size(); ++i) {
    if (user.Operand(i) != &value) continue;
    if (i < first || &Of(user.Result(StackedCount(user) + i - first)) != &slot) return false;
  }
  return true;
}

// True when every read of `value` in `block` comes before `writer` is first written, or is made by what
// writes it first, at the element that it writes.
bool Slots::ReadsEndBefore(const Value& value, const ir::Block& block, const Slot& writer) const {
  return std::all_of(value.Users().begin(), value.Users().end(), [&](Operation* user) {
    if (AncestorIn(block, user) == nullptr) return true;  // another function reads the state
    if (user->Kind() == OpKind::kUpdate && user->Operand(0) == &value) return true;
    const int position = lifetimes_.UsePosition(block, user);
    if (position != writer.range.begin || user->Parent() != &block) return position < writer.range.begin;
    if (TakesOver(*user, value, writer)) return true;
    return std::any_of(writer.members.begin(), writer.members.end(), [&](const Value* member) {
      return member->definition == user &&
             ReadsOnlyWhatItWrites(*user, &value, static_cast<size_t>(member->index));
    });
  });
}

void Slots::PlaceYields(Operation& loop) {
  ir::Block& body = loop.Body();
  Operation* yield = body.Terminator();
  const size_t first = body.Arguments().size() - CarryCount(loop);
  for (size_t i = 0; i < CarryCount(loop); ++i) {
    const Value* argument = body.Arguments()[first + i].get();
    Slot& next = Of(yield->Operand(StackedCount(loop) + i));
    Slot& carried = Of(argument);
    if (&next == &carried || !next.IsFree()) continue;
    if (IsInside(body, next) && ReadsEndBefore(*argument, body, next)) Merge(carried, next);
  }
}

void Slots::ShareInitial(Operation& loop) {
  const size_t first = loop.Operands().size() - CarryCount(loop);
  for (size_t i = 0; i < CarryCount(loop); ++i) {
    const Value* initial = loop.Operand(first + i);
    if (initial->kind != ir::ValueKind::kResult || initial->definition->Parent() != loop.Parent()) continue;
    Slot& slot = Of(initial);
    Slot& carried = Of(loop.Result(StackedCount(loop) + i));
    if (&slot == &carried || !slot.IsFree() || slot.range.end > lifetimes_.Begin(loop)) continue;
    Merge(carried, slot);
  }
}

void Slots::BindReturns() {
  const Operation* end = function_.Body().Terminator();
  for (size_t i = 0; i < end->Operands().size(); ++i) {
    const Value* value = end->Operand(i);
    const ir::Dim bytes = value->type.ElementCount() * ir::Dim(ir::BytesOf(value->type.element));
    RNNC_CHECK(Of(value).IsFree(), "a returned value is not free");
    Of(value).bound = ir::Place{ir::Space::kOutput, static_cast<int>(i), 0, bytes};
  }
}

void Slots::BindUpdates() {
  const ir::Block& body = function_.Body();
  for (const auto& operation : body.Operations()) {
    if (operation->Kind() != OpKind::kUpdate) continue;
    const Value* state = operation->Operand(0);
    Slot& slot = Of(operation->Operand(1));
    if (!slot.IsFree()) continue;
    const auto updates = std::count_if(state->Users().begin(), state->Users().end(), [&](Operation* user) {
      return user->Kind() == OpKind::kUpdate && user->Parent() == &body;
    });
    if (updates == 1 && ReadsEndBefore(*state, body, slot)) slot.bound = state->place;
  }
}

void Slots::SliceOutputs(Operation& loop) {
  ir::Block& body = loop.Body();
  Operation* yield = body.Terminator();
  for (size_t i = 0; i < StackedCount(loop); ++i) {
    const Value* value = yield->Operand(i);
    const Value* whole = loop.Result(i);
    Slot& slot = Of(value);
    if (!slot.IsFree() || !IsInside(body, slot)) continue;
    // Bytes from one step to the next; a block's axis must be outermost but for axes of one element.
    const size_t axis = loop.Kind() == OpKind::kBlocks ? static_cast<size_t>(loop.Ints("axes")[i]) : 0;
    ir::Dim step(ir::BytesOf(whole->type.element));
    bool contiguous = true;
    for (size_t k = 0; k < whole->type.dims.size(); ++k) {
      if (k < axis) contiguous = contiguous && whole->type.dims[k].Is(1);
      if (k > axis) step *= whole->type.dims[k];
    }
    if (!contiguous) continue;
    slot.parent = &Of(whole);
    slot.offset_in_parent = ir::Dim::Symbol(loop.step_symbol) * step;
  }
}

void Slots::ShareElementwise(Operation& operation) {
  for (size_t r = 0; r < operation.ResultCount(); ++r) {
    Slot& slot = Of(operation.Result(r));
    if (!slot.IsFree() || slot.range.begin != lifetimes_.Begin(operation)) continue;
    for (Value* operand : operation.Operands()) {
      if (operand->kind != ir::ValueKind::kResult || operand->definition->Parent() != operation.Parent())
        continue;
      Slot& dying = Of(operand);
      if (!dying.IsFree() || dying.range.end != slot.range.begin || &dying == &slot) continue;
      if (!ReadsOnlyWhatItWrites(operation, operand, r)) continue;
      Merge(dying, slot);
      break;
    }
  }
}

std::vector<Slot*> Slots::All() const {
  std::vector<Slot*> slots;
  for (const auto& slot : slots_) {
    if (!slot->members.empty()) slots.push_back(slot.get());
  }
  return slots;
}

}  // namespace rnnc::passes
