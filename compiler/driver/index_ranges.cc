// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/driver/index_ranges.h"

#include <algorithm>

namespace rnnc::driver {
namespace {

// A map whose elements are those of one operand, cast at most.
bool Copies(const ir::Operation& operation) {
  if (operation.Kind() != ir::OpKind::kMap || operation.Operands().size() != 1) return false;
  const std::vector<ir::ScalarNode>& nodes = operation.GetKernel().epilogue.nodes;
  return std::all_of(nodes.begin(), nodes.end(), [](const ir::ScalarNode& node) {
    return !ir::IsFloat(node.type) && (node.op == ir::ScalarOp::kRead || node.op == ir::ScalarOp::kCast);
  });
}

}  // namespace

std::map<std::string, IndexRange> IndexRanges(const ir::Module& planned) {
  std::map<std::string, IndexRange> ranges;
  for (const auto& function : planned.Functions()) {
    const ir::Block& body = function->Body();
    ir::Walk(body, [&](const ir::Operation& operation) {
      const bool lengths = operation.Kind() == ir::OpKind::kCheckLengths;
      if (operation.Kind() != ir::OpKind::kCheckIndex && !lengths) return;
      const ir::Value* value = operation.Operand("x");
      while (value->definition != nullptr && Copies(*value->definition))
        value = value->definition->Operand(size_t{0});
      if (!value->place || value->place->space != ir::Space::kInput) return;
      const std::string& name = body.Arguments()[static_cast<size_t>(value->place->index)]->name;
      IndexRange checked;
      if (!lengths) {
        checked = {operation.Int("low"), operation.Int("high")};
      } else if (checked.symbol = operation.String("symbol"); checked.symbol.empty()) {
        checked.high = operation.Int("max") + 1;
      } else {
        checked.high = 1;
      }
      IndexRange& range = ranges.emplace(name, checked).first->second;
      if (!checked.symbol.empty()) range.symbol = checked.symbol;
      range.low = std::max(range.low, checked.low);
      range.high = std::min(range.high, checked.high);
    });
  }
  return ranges;
}

}  // namespace rnnc::driver
