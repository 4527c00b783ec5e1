// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 1. States, one after the other, each at a multiple of 64 bytes.
// 2. Per function: copies made explicit (plan_copies.h), then who shares a place (plan_slots.h).
// 3. Free slots into the arena, the largest first: each at the lowest offset that is free while it lives. A
//    size known only in a call or block counts with its largest value.
// 4. Those whose size has no bound into the caller's scratch, one room behind the other; slots share a room
// in
//    turn.
// 5. Functions use both in turn: they are as large as the largest of them needs.

#include "passes/plan_memory.h"

#include <algorithm>

#include "compiler/support/arithmetic.h"
#include "passes/plan_copies.h"
#include "passes/plan_slots.h"

namespace rnnc::passes {
namespace {

using ir::Dim;
using ir::Value;

constexpr int64_t kAlignment = 64;

Dim BytesOf(const ir::Type& type) { return type.ElementCount() * Dim(ir::BytesOf(type.element)); }

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

using Bounds = std::map<std::string, int64_t>;

// Largest values of symbols: the counts of blocks, and the sizes of a call that have a bound.
Bounds SymbolBounds(ir::Function& function) {
  Bounds bounds;
  for (const ir::RuntimeSize& size : ir::SizesOf(function)) {
    if (size.high) bounds[size.symbol] = *size.high;
  }
  ir::Walk(function.Body(), [&](ir::Operation& operation) {
    if (operation.Kind() == ir::OpKind::kBlocks) bounds[operation.count_symbol] = operation.Int("max");
  });
  return bounds;
}

// A polynomial that is nowhere smaller than either, and never negative: the larger coefficient of each term.
Dim AtLeast(const Dim& a, const Dim& b) {
  std::map<Dim::Monomial, int64_t> largest;
  for (const Dim* dim : {&a, &b}) {
    for (const auto& [monomial, coefficient] : dim->Terms()) {
      int64_t& most = largest[monomial];  // 0 at first
      most = std::max(most, coefficient);
    }
  }
  Dim sum;
  for (const auto& [monomial, coefficient] : largest) {
    Dim term(coefficient);
    for (const std::string& symbol : monomial) term *= Dim::Symbol(symbol);
    sum += term;
  }
  return sum;
}

// Bytes that hold any member, a multiple of 64 where they are known now; otherwise a polynomial in the sizes
// of the call, with 64 bytes to spare.
Result<Dim> PaddedBytes(const Slot& slot, const Bounds& bounds) {
  std::map<std::string, Dim> known;
  for (const auto& [symbol, most] : bounds) known[symbol] = Dim(most);
  Dim most;
  for (const Value* member : slot.members) {
    const Dim bytes = AtLeast(Dim(), BytesOf(member->type)).Substitute(known);
    if (bytes.IsPoisoned()) return TooLarge(member->definition ? member->definition->location : Location{});
    most = AtLeast(most, bytes);
  }
  if (!most.IsConstant()) return most + Dim(kAlignment);
  const auto padded = CheckedAlign(most.Value(), kAlignment);
  if (!padded) return TooLarge({});
  return Dim(*padded);
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

Result<int64_t> PlaceInArena(std::vector<Block> blocks) {
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

// Slots in turn where the first one was: as large as the largest.
struct Room {
  std::vector<Slot*> slots;
  Dim bytes;
};

// Polynomials have no order in general, so that a best fit means nothing: a slot takes the first room that is
// free while it lives, one of its own size if there is one.
Dim PlaceInScratch(const std::vector<std::pair<Slot*, Dim>>& slots) {
  std::vector<Room> rooms;
  for (const auto& [slot, bytes] : slots) {
    Room* best = nullptr;
    for (Room& room : rooms) {
      const bool free = std::none_of(room.slots.begin(), room.slots.end(), [&, s = slot](const Slot* other) {
        return other->range.Meets(s->range);
      });
      if (free && (best == nullptr || room.bytes == bytes)) best = &room;
    }
    if (best == nullptr) best = &rooms.emplace_back();
    best->slots.push_back(slot);
    best->bytes = AtLeast(best->bytes, bytes);
  }
  Dim offset;
  for (const Room& room : rooms) {
    for (Slot* slot : room.slots) slot->bound = ir::Place{ir::Space::kScratch, 0, offset, room.bytes};
    offset += room.bytes;
  }
  return offset;
}

ir::Place Resolve(const Slot& slot) {
  if (slot.bound) return *slot.bound;
  ir::Place place = Resolve(*slot.parent);
  place.offset += slot.offset_in_parent;
  return place;
}

struct Needs {
  int64_t arena;
  Dim scratch;
};

Result<Needs> PlanFunction(ir::Function& function) {
  MakeCopiesExplicit(function);
  const Slots slots(function);
  const Bounds bounds = SymbolBounds(function);
  std::vector<Block> fixed;
  std::vector<std::pair<Slot*, Dim>> growing;
  for (Slot* slot : slots.All()) {
    if (!slot->IsFree()) continue;
    RNNC_ASSIGN(const Dim bytes, PaddedBytes(*slot, bounds));
    if (bytes.IsConstant()) {
      fixed.push_back({slot, bytes.Value(), 0});
    } else {
      growing.emplace_back(slot, bytes);
    }
  }
  Needs needs{0, PlaceInScratch(growing)};
  RNNC_ASSIGN(needs.arena, PlaceInArena(std::move(fixed)));
  for (const Slot* slot : slots.All()) {
    for (Value* member : slot->members) {
      member->place = Resolve(*slot);
      member->place->bytes = BytesOf(member->type);
    }
  }
  return needs;
}

}  // namespace

Result<> PlanMemory(ir::Module& module, const PassOptions&) {
  RNNC_ASSIGN(module.state_bytes, PlaceStates(module));
  module.arena_bytes = 0;
  module.scratch_bytes = Dim();
  for (const auto& function : module.Functions()) {
    RNNC_ASSIGN(const Needs needs, PlanFunction(*function));
    module.arena_bytes = std::max(module.arena_bytes, needs.arena);
    module.scratch_bytes = AtLeast(module.scratch_bytes, needs.scratch);
  }
  module.stage = ir::Stage::kPlanned;
  return Ok();
}

}  // namespace rnnc::passes
