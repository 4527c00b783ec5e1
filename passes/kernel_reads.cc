// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/kernel_reads.h"

#include <algorithm>

#include "passes/kernel_edit.h"

namespace rnnc::passes {

using ir::IndexExpr;
using ir::Operation;
using ir::Program;
using ir::ScalarNode;
using ir::ScalarOp;
using ir::Value;

int ResultRead(const Operation& reader, int operand, const Operation& producer) {
  const Value* value = reader.Operand(static_cast<size_t>(operand));
  return value->kind == ir::ValueKind::kResult && value->definition == &producer ? value->index : -1;
}

bool AllReads(const Operation& reader, const Operation& producer,
              const std::function<bool(const ScalarNode&, int result)>& visit) {
  bool all = true;
  for (size_t i = 0; i < reader.Operands().size(); ++i) {
    const int result = ResultRead(reader, static_cast<int>(i), producer);
    if (result < 0) continue;
    ForEachRead(
        reader.GetKernel(), static_cast<int>(i),
        [&](const ScalarNode& read, const std::vector<ir::Dim>&) { all = all && visit(read, result); });
  }
  return all;
}

bool OnlyReadBy(const Operation& producer, const Operation* reader) {
  for (const Value* result : producer.Results()) {
    for (const Operation* user : result->Users()) {
      if (user != reader) return false;
    }
  }
  return true;
}

bool ReadsInEpilogueOnly(const Operation& reader, const Operation& producer) {
  for (const ir::Accumulator& accumulator : reader.GetKernel().accumulators) {
    for (const Program* program : {&accumulator.init, &accumulator.element}) {
      for (const ScalarNode& node : program->nodes) {
        if (node.op == ScalarOp::kRead && ResultRead(reader, node.operand, producer) >= 0) return false;
      }
    }
  }
  return true;
}

bool UsesDataIndex(const ScalarNode& read) {
  return std::any_of(read.indices.begin(), read.indices.end(),
                     [](const IndexExpr& index) { return index.UsesNode(); });
}

std::function<std::optional<int>(Program&, const ScalarNode&)> Renumbered(const std::vector<int>& numbers) {
  return [&numbers](Program& target, const ScalarNode& node) -> std::optional<int> {
    if (node.op != ScalarOp::kRead) return std::nullopt;
    ScalarNode read = node;
    read.operand = numbers[static_cast<size_t>(node.operand)];
    return target.Add(std::move(read));
  };
}

void EraseIfUnused(Operation* operation) {
  for (const Value* result : operation->Results()) {
    if (result->HasUsers()) return;
  }
  operation->Parent()->Erase(operation);
}

}  // namespace rnnc::passes
