// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For every scan, until nothing changes: each reduce or contract of the same block
// 1. that has the scan's steps as one parallel variable t, reads the scan's sequences at [t, ..] only, stores
//    at t along one axis, and needs nothing else that is computed after the scan has begun;
// 2. and of which a frame is short: a longer one is better off with several frames a load of its weights.
// It becomes a kernel of the body without t, and its result a sequence of the scan; a copy moves the axis of
// time where it is not the first. Sequences without readers are gone.

#include "passes/sink_readers.h"

#include <algorithm>

#include "passes/kernel_edit.h"
#include "passes/kernel_reads.h"
#include "passes/lifetimes.h"

namespace rnnc::passes {
namespace {

using ir::Dim;
using ir::IndexExpr;
using ir::Kernel;
using ir::Operation;
using ir::OpKind;
using ir::Value;

// Multiply-adds of a frame.
constexpr int64_t kShort = 256;

size_t StackedCount(const Operation& scan) {
  return scan.ResultCount() - static_cast<size_t>(scan.Int("n_carry"));
}

bool IsShort(const Kernel& kernel, size_t time) {
  Dim points(1);
  for (size_t v = 0; v < kernel.parallel.size(); ++v) {
    if (v != time) points *= kernel.parallel[v].extent;
  }
  Dim work(0);
  for (const ir::Accumulator& accumulator : kernel.accumulators) {
    Dim terms = accumulator.gate.extent;
    for (const ir::IndexVariable& variable : accumulator.reduced) terms *= variable.extent;
    work += points * terms;
  }
  return work.IsConstant() && work.Value() <= kShort;
}

// The operand is there before the scan begins.
bool IsBefore(const Operation& scan, const Value& operand) {
  if (operand.kind != ir::ValueKind::kResult) return true;
  const ir::Block& block = *scan.Parent();
  const Operation* definition = AncestorIn(block, operand.definition);
  return definition == nullptr || block.IndexOf(definition) < block.IndexOf(&scan);
}

// Position of variable `v` alone in `indices`, which use it nowhere else; -1 when it is otherwise.
int AxisOf(const std::vector<IndexExpr>& indices, int v) {
  int axis = -1;
  for (size_t i = 0; i < indices.size(); ++i) {
    if (!indices[i].UsesVariable(v)) continue;
    if (axis >= 0 || !indices[i].IsVariable(v)) return -1;
    axis = static_cast<int>(i);
  }
  return axis;
}

bool ReadsAtStep(const Operation& reader, int operand, int time) {
  bool at_step = true;
  ForEachRead(reader.GetKernel(), operand, [&](const ir::ScalarNode& read, const std::vector<Dim>&) {
    at_step = at_step && !read.fill && !UsesDataIndex(read) && AxisOf(read.indices, time) == 0;
  });
  return at_step;
}

// The reader's variable that counts the scan's steps; -1 when it cannot or should not sink.
int TimeOf(const Operation& scan, const Operation& reader) {
  if (!reader.HasKernel() || reader.Kind() == OpKind::kMap || reader.Parent() != scan.Parent()) return -1;
  const Kernel& kernel = reader.GetKernel();
  if (kernel.into >= 0 || reader.ResultCount() != 1 || reader.Result()->type.dims.size() < 2) return -1;
  for (size_t v = 0; v < kernel.parallel.size(); ++v) {
    const int time = static_cast<int>(v);
    if (!(kernel.parallel[v].extent == scan.steps) || !IsShort(kernel, v)) continue;
    const int axis = AxisOf(kernel.stores[0], time);
    if (axis < 0 || !(reader.Result()->type.dims[static_cast<size_t>(axis)] == scan.steps)) continue;
    bool sinks = true;
    for (size_t i = 0; i < reader.Operands().size(); ++i) {
      const Value& operand = *reader.Operand(i);
      const bool of_scan = operand.kind == ir::ValueKind::kResult && operand.definition == &scan;
      sinks = sinks && (of_scan ? operand.index < static_cast<int>(StackedCount(scan)) &&
                                      ReadsAtStep(reader, static_cast<int>(i), time)
                                : IsBefore(scan, operand));
    }
    if (sinks) return time;
  }
  return -1;
}

// The reader's kernel at one step: its variable `time` is the scan's step.
Kernel AtStep(const Operation& scan, const Operation& reader, int time) {
  Kernel kernel = reader.GetKernel();
  const auto axis = static_cast<size_t>(AxisOf(kernel.stores[0], time));
  const bool only = kernel.parallel.size() == 1;  // kernels have one variable at least
  const auto replacement = [&](int v) -> std::optional<IndexExpr> {
    if (v == time) return IndexExpr(Dim::Symbol(scan.step_symbol));
    return IndexExpr::Variable(v > time && !only ? v - 1 : v);
  };
  kernel.stores[0].erase(kernel.stores[0].begin() + static_cast<std::ptrdiff_t>(axis));
  for (IndexExpr& index : kernel.stores[0]) index = index.SubstituteVariables(replacement);
  const auto rewrite = [&](ir::Program& program) {
    program = WithVariables(std::move(program), replacement);
    for (ir::ScalarNode& node : program.nodes) {
      if (node.op != ir::ScalarOp::kRead) continue;
      const Value& operand = *reader.Operand(static_cast<size_t>(node.operand));
      if (operand.kind == ir::ValueKind::kResult && operand.definition == &scan)
        node.indices.erase(node.indices.begin());
    }
  };
  for (ir::Accumulator& accumulator : kernel.accumulators) {
    rewrite(accumulator.init);
    rewrite(accumulator.element);
  }
  rewrite(kernel.epilogue);
  if (only) {
    kernel.parallel[0].extent = Dim(1);
  } else {
    kernel.parallel.erase(kernel.parallel.begin() + time);
  }
  return kernel;
}

// One more sequence of the scan, of what the body yields as `step`; carried results come after it.
Value* AddSequence(Operation& scan, Value* step) {
  const size_t stacked = StackedCount(scan);
  Operation* yield = scan.Body().Terminator();
  std::vector<Value*> yielded = yield->Operands();
  yielded.insert(yielded.begin() + static_cast<std::ptrdiff_t>(stacked), step);
  yield->SetOperands(yielded);
  yield->Set("n_each", static_cast<int64_t>(stacked + 1));
  ir::Type type = step->type;
  type.dims.insert(type.dims.begin(), scan.steps);
  Value* sequence = scan.AddResult(type, step->name);
  for (size_t carried = static_cast<size_t>(scan.Int("n_carry")); carried > 0; --carried) {
    Value* old = scan.Result(stacked);
    ir::ReplaceAllUses(old, scan.AddResult(old->type, old->name));
    scan.RemoveResult(stacked);
  }
  return sequence;
}

// `sequence` with its first axis, time, at place `axis`, before `place`.
Value* WithTimeAt(Operation* place, Value* sequence, size_t axis) {
  if (axis == 0) return sequence;
  ir::Builder builder = ir::Builder::Before(place);
  ir::Type type = sequence->type;
  std::rotate(type.dims.begin(), type.dims.begin() + 1,
              type.dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1);
  Kernel kernel = ir::MakeMap(type.dims);
  std::vector<IndexExpr> indices = ir::IdentityIndices(type.dims.size());
  std::rotate(indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(axis),
              indices.begin() + static_cast<std::ptrdiff_t>(axis) + 1);
  kernel.epilogue.outputs = {kernel.epilogue.AddRead(type.element, 0, indices)};
  Operation* map = builder.KernelOp(std::move(kernel), {sequence}, {type});
  return Tidy(map)->Result();
}

void Sink(Operation& scan, Operation* reader, int time) {
  const auto axis = static_cast<size_t>(AxisOf(reader->GetKernel().stores[0], time));
  Operation* yield = scan.Body().Terminator();
  std::vector<Value*> operands = reader->Operands();
  for (Value*& operand : operands) {
    if (operand->kind == ir::ValueKind::kResult && operand->definition == &scan)
      operand = yield->Operand(static_cast<size_t>(operand->index));
  }
  ir::Type type = reader->Result()->type;
  type.dims.erase(type.dims.begin() + static_cast<std::ptrdiff_t>(axis));
  ir::Builder builder = ir::Builder::Before(yield);
  builder.location = reader->location;
  Operation* inner = Tidy(builder.KernelOp(AtStep(scan, *reader, time), operands, {type}));
  inner->Result()->name = reader->Result()->name;
  Value* whole = WithTimeAt(reader, AddSequence(scan, inner->Result()), axis);
  whole->name = reader->Result()->name;
  ir::ReplaceAllUses(reader->Result(), whole);
  reader->Parent()->Erase(reader);
  scan.location = Unite(scan.location, inner->location);
}

bool SinkOne(Operation& scan) {
  for (size_t i = 0; i < StackedCount(scan); ++i) {
    for (Operation* reader : scan.Result(i)->Users()) {
      const int time = TimeOf(scan, *reader);
      if (time < 0) continue;
      Sink(scan, reader, time);
      return true;
    }
  }
  return false;
}

// Sequences that nothing reads any more.
void RemoveUnread(Operation& scan) {
  Operation* yield = scan.Body().Terminator();
  for (size_t i = StackedCount(scan); i-- > 0;) {
    if (scan.Result(i)->HasUsers()) continue;
    std::vector<Value*> yielded = yield->Operands();
    yielded.erase(yielded.begin() + static_cast<std::ptrdiff_t>(i));
    yield->SetOperands(yielded);
    yield->Set("n_each", static_cast<int64_t>(StackedCount(scan) - 1));
    scan.RemoveResult(i);
  }
}

}  // namespace

Result<> SinkReaders(ir::Module& module, const PassOptions&) {
  for (const auto& function : module.Functions()) {
    std::vector<Operation*> scans;  // readers vanish meanwhile, scans do not
    ir::Walk(function->Body(), [&](Operation& operation) {
      if (operation.Kind() == OpKind::kScan) scans.push_back(&operation);
    });
    for (Operation* scan : scans) {
      bool any = false;
      while (SinkOne(*scan)) any = true;
      if (any) RemoveUnread(*scan);
    }
  }
  return Ok();
}

}  // namespace rnnc::passes
