// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/known_zeros.h"

#include <algorithm>
#include <set>

namespace rnnc::ir {
namespace {

// Of an operator whose results hold elements of some of its operands and nothing else: these; else none.
std::vector<const Value*> HeldBy(const Operation& operation) {
  const std::vector<Value*>& operands = operation.Operands();
  switch (operation.Kind()) {
    case OpKind::kConcat:
      return {operands.begin(), operands.end()};
    case OpKind::kExpand:
    case OpKind::kTile:
    case OpKind::kCast:
      return {operands.at(0)};
    case OpKind::kConstantOfShape:
      return {operands.at(1)};
    default:
      if (OnlyMoves(operation.Kind())) return {operands.at(0)};
      return {};
  }
}

}  // namespace

bool IsZero(const Value& value) {
  std::set<const Value*> seen = {&value};
  for (std::vector<const Value*> open = {&value}; !open.empty();) {
    const Value& next = *open.back();
    open.pop_back();
    if (next.IsConst()) {
      const std::vector<std::byte>& bytes = next.tensor->bytes;
      if (std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{0}; }))
        return false;
      continue;
    }
    if (next.kind != ValueKind::kResult) return false;
    const std::vector<const Value*> held = HeldBy(*next.definition);
    if (held.empty()) return false;
    for (const Value* source : held) {
      if (seen.insert(source).second) open.push_back(source);
    }
  }
  return true;
}

}  // namespace rnnc::ir
