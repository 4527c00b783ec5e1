// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/known_zeros.h"

#include <algorithm>
#include <map>

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
  if (value.IsConst()) {
    const std::vector<std::byte>& bytes = value.tensor->bytes;
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
  }
  if (value.kind != ValueKind::kResult) return false;
  const std::vector<Value*>& operands = value.definition->Operands();
  if (value.definition->Kind() == OpKind::kConcat) {
    return std::all_of(operands.begin(), operands.end(), [](const Value* part) { return IsZero(*part); });
  }
  const auto mover = Movers().find(value.definition->Kind());
  return mover != Movers().end() && IsZero(*operands.at(mover->second));
}

}  // namespace rnnc::ir
