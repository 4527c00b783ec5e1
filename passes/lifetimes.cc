// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/lifetimes.h"

#include <algorithm>

#include "compiler/support/check.h"

namespace rnnc::passes {

ir::Operation* AncestorIn(const ir::Block& block, ir::Operation* operation) {
  while (operation != nullptr && operation->Parent() != &block) operation = operation->Parent()->Owner();
  return operation;
}

Lifetimes::Lifetimes(ir::Function& function) { last_ = Number(function.Body(), 1); }

int Lifetimes::Number(const ir::Block& block, int next) {
  for (const auto& operation : block.Operations()) {
    const int begin = next++;
    if (operation->HasBody()) next = Number(operation->Body(), next);
    range_[operation.get()] = {begin, operation->HasBody() ? next++ : begin};
  }
  return next;
}

int Lifetimes::UsePosition(const ir::Block& block, ir::Operation* user) const {
  if (user->Parent() == &block) return Begin(*user);
  ir::Operation* ancestor = AncestorIn(block, user);
  RNNC_CHECK(ancestor != nullptr, "a use outside the region of its value");
  return End(*ancestor);
}

Lifetimes::Range Lifetimes::Of(const ir::Value& value) const {
  if (value.kind == ir::ValueKind::kConst || value.kind == ir::ValueKind::kState) return {0, last_};
  const bool argument = value.kind == ir::ValueKind::kArgument;
  const ir::Block& block = argument ? *value.block : *value.definition->Parent();
  if (argument) {
    return block.Owner() == nullptr ? Range{0, last_} : Range{Begin(*block.Owner()), End(*block.Owner())};
  }
  Range range{Begin(*value.definition), End(*value.definition)};
  for (ir::Operation* user : value.Users()) range.end = std::max(range.end, UsePosition(block, user));
  return range;
}

}  // namespace rnnc::passes
