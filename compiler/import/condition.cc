// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/condition.h"

#include <fmt/format.h>

#include <set>
#include <vector>

namespace rnnc::import {
namespace {

// What a value is computed from: arguments, and the symbols in sizes that are taken as values.
struct Sources {
  std::set<std::string> inputs;
  std::set<std::string> symbols;
};

Sources SourcesOf(const ir::Value& value) {
  Sources sources;
  std::set<const ir::Value*> seen = {&value};
  std::vector<const ir::Value*> open = {&value};
  while (!open.empty()) {
    const ir::Value* next = open.back();
    open.pop_back();
    if (next->kind == ir::ValueKind::kArgument) sources.inputs.insert(next->name);
    if (next->kind != ir::ValueKind::kResult) continue;
    const ir::OpKind kind = next->definition->Kind();
    for (const ir::Value* operand : next->definition->Operands()) {
      if (operand == nullptr) continue;
      if (kind == ir::OpKind::kShape || kind == ir::OpKind::kSize) {
        for (const ir::Dim& dim : operand->type.dims) {
          for (const std::string& symbol : dim.Symbols()) sources.symbols.insert(symbol);
        }
      } else if (seen.insert(operand).second) {
        open.push_back(operand);
      }
    }
  }
  return sources;
}

}  // namespace

std::string WhyNoCondition(const ir::Value& condition) {
  if (condition.type.element != ir::ElementType::kBool || !condition.type.ElementCount().Is(1)) {
    return fmt::format("is {}, must be one bool", condition.type.ToText());
  }
  const Sources sources = SourcesOf(condition);
  if (!sources.inputs.empty()) {
    const std::string& name = *sources.inputs.begin();
    return fmt::format("depends on the input '{}'; give its value with --const {}=VALUE", name, name);
  }
  if (!sources.symbols.empty()) {
    const std::string& symbol = *sources.symbols.begin();
    return fmt::format("depends on the size {}; bind it with --dim {}=N", symbol, symbol);
  }
  return "is not known when compiled; export without the If";
}

}  // namespace rnnc::import
