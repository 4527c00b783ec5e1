// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 1. States, one after the other, each at a multiple of 64 bytes.
// 2. Per function: copies made explicit (plan_copies.h), then who shares a place (plan_slots.h).
// 3. Free slots into the arena, the largest first: each at the lowest offset that is free while it lives. A
//    number of steps known only in a block counts with its maximum.
// 4. Functions use the arena in turn: it is as large as the largest of them needs.

#include "passes/plan_memory.h"

#include <algorithm>

#include "compiler/support/arithmetic.h"
#include "passes/plan_copies.h"
#include "passes/plan_slots.h"

namespace rnnc::passes {
namespace {

using ir::Value;

constexpr int64_t kAlignment = 64;

ir::Dim BytesOf(const ir::Type& type) { return type.ElementCount() * ir::Dim(ir::BytesOf(type.element)); }

Diagnostic TooLarge(const Location& location) {
  return Error(location, "memory: needs more bytes than can be addressed; use smaller sizes");
}

Result<int64_t> PlaceStates(ir::Module& module) {
  int64_t offset = 0;
  for (const auto& state : module.States()) {
    state->place = ir::Place{ir::Space::kState, 0, offset, BytesOf(state->type)};
    const auto end = CheckedAdd(offset, state->type.Bytes());
    const auto aligned = end ? CheckedAlign(*end, kAlignment) : std::nullopt;
    if (!aligned) return TooLarge({module.source, {state->name}});
    offset = *aligned;
  }
  return offset;
}

// Largest values of the symbols that blocks bind: their counts.
std::map<std::string, int64_t> SymbolBounds(ir::Function& function) {
  std::map<std::string, int64_t> bounds;
  ir::Walk(function.Body(), [&](ir::Operation& operation) {
    if (operation.Kind() == ir::OpKind::kBlocks) bounds[operation.count_symbol] = operation.Int("max");
  });
  return bounds;
}

Result<int64_t> PaddedBytes(const Slot& slot, const std::map<std::string, int64_t>& bounds) {
  int64_t most = 0;
  for (const Value* member : slot.members) {
    const Location location = member->definition != nullptr ? member->definition->location : Location{};
    const auto bytes = BytesOf(member->type).Evaluate(bounds);
    if (!bytes && !BytesOf(member->type).IsPoisoned()) {
      return Error(
          location,
          "memory: {} lives across frames and grows with their number; bind the number of frames (--dim)",
          member->type.ToText());
    }
    const auto padded = bytes ? CheckedAlign(*bytes, kAlignment) : std::nullopt;
    if (!padded) return TooLarge(location);
    most = std::max(most, *padded);
  }
  return most;
}

struct Block {
  Slot* slot = nullptr;
  int64_t bytes = 0;
  int64_t offset = 0;
};

// The lowest offset at which `block` meets no block that lives at the same time.
int64_t LowestOffset(const Block& block, const std::vector<Block>& placed) {
  std::vector<const Block*> living;
  for (const Block& other : placed) {
    if (other.slot->range.Meets(block.slot->range)) living.push_back(&other);
  }
  std::sort(living.begin(), living.end(),
            [](const Block* a, const Block* b) { return a->offset < b->offset; });
  int64_t offset = 0;
  for (const Block* other : living) {
    if (offset + block.bytes <= other->offset) break;
    offset = std::max(offset, other->offset + other->bytes);
  }
  return offset;
}

Result<int64_t> PlaceInArena(const Slots& slots, const std::map<std::string, int64_t>& bounds) {
  std::vector<Block> blocks;
  for (Slot* slot : slots.All()) {
    if (!slot->IsFree()) continue;
    RNNC_ASSIGN(const int64_t bytes, PaddedBytes(*slot, bounds));
    blocks.push_back({slot, bytes, 0});
  }
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const Block& a, const Block& b) { return a.bytes > b.bytes; });
  std::vector<Block> placed;
  int64_t total = 0;
  for (Block& block : blocks) {
    block.offset = LowestOffset(block, placed);
    const auto end = CheckedAdd(block.offset, block.bytes);
    if (!end) return TooLarge({});
    total = std::max(total, *end);
    block.slot->bound = ir::Place{ir::Space::kArena, 0, block.offset, block.bytes};
    placed.push_back(block);
  }
  return total;
}

ir::Place Resolve(const Slot& slot) {
  if (slot.bound) return *slot.bound;
  ir::Place place = Resolve(*slot.parent);
  place.offset += slot.offset_in_parent;
  return place;
}

Result<int64_t> PlanFunction(ir::Function& function) {
  MakeCopiesExplicit(function);
  const Slots slots(function);
  RNNC_ASSIGN(const int64_t bytes, PlaceInArena(slots, SymbolBounds(function)));
  for (const Slot* slot : slots.All()) {
    for (Value* member : slot->members) {
      member->place = Resolve(*slot);
      member->place->bytes = BytesOf(member->type);
    }
  }
  return bytes;
}

}  // namespace

Result<> PlanMemory(ir::Module& module, const PassOptions&) {
  RNNC_ASSIGN(module.state_bytes, PlaceStates(module));
  module.arena_bytes = 0;
  for (const auto& function : module.Functions()) {
    RNNC_ASSIGN(const int64_t bytes, PlanFunction(*function));
    module.arena_bytes = std::max(module.arena_bytes, bytes);
  }
  module.stage = ir::Stage::kPlanned;
  return Ok();
}

}  // namespace rnnc::passes
