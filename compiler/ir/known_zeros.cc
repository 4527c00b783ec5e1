// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/known_zeros.h"

#include <algorithm>
#include <map>
#include <set>

namespace rnnc::ir {
namespace {

// Operators whose results hold elements of that operand and nothing else.
const std::map<OpKind, size_t>& Movers() {
  static const std::map<OpKind, size_t> movers = {
      {OpKind::kIdentity, 0},       {OpKind::kReshape, 0}, {OpKind::kSqueeze, 0}, {OpKind::kUnsqueeze, 0},
      {OpKind::kTranspose, 0},      {OpKind::kExpand, 0},  {OpKind::kTile, 0},    {OpKind::kSlice, 0},
      {OpKind::kGather, 0},         {OpKind::kSplit, 0},   {OpKind::kCast, 0},    {OpKind::kFlatten, 0},
      {OpKind::kConstantOfShape, 1}};
  return movers;
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
    const std::vector<Value*>& operands = next.definition->Operands();
    const auto mover = Movers().find(next.definition->Kind());
    if (next.definition->Kind() == OpKind::kConcat) {
      for (const Value* part : operands) {
        if (seen.insert(part).second) open.push_back(part);
      }
    } else if (mover == Movers().end()) {
      return false;
    } else if (const Value* source = operands.at(mover->second); seen.insert(source).second) {
      open.push_back(source);
    }
  }
  return true;
}

}  // namespace rnnc::ir
