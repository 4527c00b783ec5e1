// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/kernel_fusion.h"

#include <algorithm>
#include <set>

#include "passes/kernel_edit.h"
#include "passes/kernel_reads.h"
#include "passes/lifetimes.h"

namespace rnnc::passes {
namespace {

using ir::IndexExpr;
using ir::Kernel;
using ir::Operation;
using ir::OpKind;
using ir::Program;
using ir::ScalarNode;
using ir::ScalarOp;
using ir::Value;

// A fusion costs what the kernel has grown to: without a bound, a chain of thousands of maps takes the square
// of its length. No cell of a recurrent network comes near it, and a kernel of this size keeps its loop busy.
constexpr size_t kMaxNodes = 512;

bool FitTogether(const Operation& producer, const Operation& reader) {
  size_t nodes = 0;
  for (const Operation* operation : {&producer, &reader}) {
    ir::ForEachProgram(operation->GetKernel(), [&](const Program& program, const std::vector<ir::Dim>&) {
      nodes += program.nodes.size();
    });
  }
  return nodes <= kMaxNodes;
}

// ---- MergeSameSpace ----

// Whether both can stand where the reader stands (true) or the producer (false); nullopt: neither.
std::optional<bool> PlaceOfBoth(const Operation& producer, Operation* reader) {
  const ir::Block& block = *producer.Parent();
  const size_t first = block.IndexOf(&producer);
  const size_t last = block.IndexOf(reader);
  const bool no_use_between = [&] {
    for (const Value* result : producer.Results()) {
      for (Operation* user : result->Users()) {
        const Operation* ancestor = AncestorIn(block, user);
        if (ancestor != reader && block.IndexOf(ancestor) < last) return false;
      }
    }
    return true;
  }();
  if (no_use_between) return true;
  for (const Value* operand : reader->Operands()) {
    if (operand->kind != ir::ValueKind::kResult || operand->definition == &producer) continue;
    const Operation* ancestor = AncestorIn(block, operand->definition);
    if (ancestor != nullptr && block.IndexOf(ancestor) > first) return std::nullopt;
  }
  return false;
}

bool SameSpace(const Operation& producer, const Operation& reader) {
  const Kernel& a = producer.GetKernel();
  const Kernel& b = reader.GetKernel();
  // A copy that still stands is meant to stand: it gives its reader a smooth vector axis.
  if (a.into >= 0 || b.into >= 0 || reader.Kind() != OpKind::kMap || OnlyRead(producer) != nullptr)
    return false;
  if (a.ParallelExtents() != b.ParallelExtents()) return false;
  return AllReads(reader, producer, [&](const ScalarNode& read, int result) {
    return read.indices == a.stores[static_cast<size_t>(result)];
  });
}

}  // namespace

Operation* MergeSameSpace(Operation* producer, Operation* reader) {
  if (producer->Parent() != reader->Parent() || !FitTogether(*producer, *reader) ||
      !SameSpace(*producer, *reader)) {
    return nullptr;
  }
  const std::optional<bool> at_reader = PlaceOfBoth(*producer, reader);
  if (!at_reader) return nullptr;
  ir::Builder builder = ir::Builder::Before(*at_reader ? reader : producer);
  builder.location = Unite(producer->location, reader->location);
  Operation* merged = builder.Create(producer->Kind(), producer->Operands(), {});
  std::vector<int> numbers;
  for (Value* operand : reader->Operands()) {
    const bool own = operand->kind == ir::ValueKind::kResult && operand->definition == producer;
    numbers.push_back(own ? -1 : AddOperands(*merged, {operand})[0]);
  }
  Kernel kernel = producer->GetKernel();
  const Kernel& rest = reader->GetKernel();
  const std::vector<int> own_outputs = kernel.epilogue.outputs;
  const auto renumber = Renumbered(numbers);
  const std::vector<int> outputs = ir::AppendProgram(
      kernel.epilogue, rest.epilogue, [&](Program& target, const ScalarNode& node) -> std::optional<int> {
        if (node.op == ScalarOp::kRead) {
          const int result = ResultRead(*reader, node.operand, *producer);
          if (result >= 0) return own_outputs[static_cast<size_t>(result)];
        }
        return renumber(target, node);
      });
  kernel.epilogue.outputs.insert(kernel.epilogue.outputs.end(), outputs.begin(), outputs.end());
  kernel.stores.insert(kernel.stores.end(), rest.stores.begin(), rest.stores.end());
  merged->SetKernel(std::move(kernel));
  for (Operation* old : {producer, reader}) {
    for (Value* result : old->Results()) merged->AddResult(result->type, result->name);
  }
  size_t next = producer->ResultCount();
  for (Value* result : reader->Results()) ir::ReplaceAllUses(result, merged->Result(next++));
  reader->Parent()->Erase(reader);
  next = 0;
  for (Value* result : producer->Results()) ir::ReplaceAllUses(result, merged->Result(next++));
  producer->Parent()->Erase(producer);
  for (size_t i = merged->ResultCount(); i-- > 0;) {
    if (!merged->Result(i)->HasUsers() && merged->ResultCount() > 1) RemoveKernelResult(*merged, i);
  }
  return Tidy(merged);
}

// ---- InlineMap ----

namespace {

// Nothing a reader would mind to compute again: at most two operations that cost one instruction.
bool IsCheap(const Program& program) {
  static const std::set<ScalarOp> kCheap = {
      ScalarOp::kAdd, ScalarOp::kSub,  ScalarOp::kMul, ScalarOp::kNeg,    ScalarOp::kMin, ScalarOp::kMax,
      ScalarOp::kAbs, ScalarOp::kCast, ScalarOp::kNot, ScalarOp::kSelect, ScalarOp::kAnd, ScalarOp::kOr};
  static const std::set<ScalarOp> kFree = {ScalarOp::kConst, ScalarOp::kRead, ScalarOp::kIndex};
  int cost = 0;
  for (const ScalarNode& node : program.nodes) {
    if (kFree.count(node.op) != 0) continue;
    if (kCheap.count(node.op) == 0) return false;
    ++cost;
  }
  return cost <= 2;
}

// How often the reader computes what it reads of `producer`: reads at different places times points.
ir::Dim Readings(const Operation& reader, const Operation& producer) {
  ir::Dim readings(0);
  ir::ForEachProgram(reader.GetKernel(), [&](const Program& program, const std::vector<ir::Dim>& extents) {
    std::vector<std::vector<IndexExpr>> places;
    for (const ScalarNode& node : program.nodes) {
      if (node.op != ScalarOp::kRead || ResultRead(reader, node.operand, producer) < 0) continue;
      if (std::find(places.begin(), places.end(), node.indices) == places.end())
        places.push_back(node.indices);
    }
    readings += PointCount(extents) * ir::Dim(static_cast<int64_t>(places.size()));
  });
  return readings;
}

bool MayInline(const Operation& producer, const Operation& reader) {
  const Kernel& kernel = producer.GetKernel();
  if (producer.Kind() != OpKind::kMap || kernel.into >= 0 || OnlyRead(producer) != nullptr) return false;
  if (reader.GetKernel().into >= 0 && ResultRead(reader, reader.GetKernel().into, producer) >= 0)
    return false;
  if (reader.Kind() == OpKind::kContract && !ReadsInEpilogueOnly(reader, producer)) return false;
  const bool plain = AllReads(reader, producer, [&](const ScalarNode& read, int result) {
    return !read.fill && !UsesDataIndex(read) &&
           PointStoredAt(kernel, static_cast<size_t>(result), read.indices).has_value();
  });
  if (!plain) return false;
  if (IsCheap(kernel.epilogue)) return true;
  return OnlyReadBy(producer, &reader) &&
         AtMost(Readings(reader, producer), PointCount(kernel.ParallelExtents()));
}

}  // namespace

Operation* InlineMap(Operation* producer, Operation* reader) {
  if (producer->Parent() != reader->Parent() || !FitTogether(*producer, *reader) ||
      !MayInline(*producer, *reader)) {
    return nullptr;
  }
  const Kernel& source = producer->GetKernel();
  const std::vector<int> numbers = AddOperands(*reader, producer->Operands());
  ir::ForEachProgram(reader->GetKernel(), [&](Program& program, const std::vector<ir::Dim>&) {
    Program whole;
    whole.outputs =
        ir::AppendProgram(whole, program, [&](Program& target, const ScalarNode& node) -> std::optional<int> {
          if (node.op != ScalarOp::kRead) return std::nullopt;
          const int result = ResultRead(*reader, node.operand, *producer);
          if (result < 0) return std::nullopt;
          const auto point = PointStoredAt(source, static_cast<size_t>(result), node.indices);
          Program part =
              WithVariables(source.epilogue, [&](int v) { return (*point)[static_cast<size_t>(v)]; });
          part.outputs = {part.outputs[static_cast<size_t>(result)]};
          return ir::AppendProgram(target, part, Renumbered(numbers))[0];
        });
    program = std::move(whole);
  });
  reader->location = Unite(producer->location, reader->location);
  reader = Tidy(reader);
  EraseIfUnused(producer);
  return reader;
}

}  // namespace rnnc::passes
