// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// How a schedule is chosen:
//  1. Each parallel variable is tried as the vector: accesses that step by one element or stay count for it,
//     those that jump count against it, the ones inside sums count more. The best one wins.
//  2. A sum in as many chains as a vector has lanes, whose best vector would be at most half full or would
//     have to gather inside the sum, is vectorised along its innermost summed index instead; the parallel
//     space is then scalar.
//  3. Accumulators in flight are bounded by the registers: rows share weights, blocks share inputs.
#include "codegen/kernel_schedule.h"

#include <algorithm>

#include "compiler/support/check.h"

namespace rnnc::codegen {
namespace {

using ir::Dim;
using ir::IndexExpr;

// Width of a vector in elements: by the widest float in the kernel, at least four bytes.
int LanesFor(const ir::Kernel& kernel, const TargetRow& row) {
  int64_t bytes = 4;
  ir::ForEachProgram(kernel, [&](const ir::Program& program, const std::vector<Dim>&) {
    for (const ir::ScalarNode& node : program.nodes) {
      if (node.op == ir::ScalarOp::kIndex || node.op == ir::ScalarOp::kConst) continue;
      bytes = std::max(bytes, ir::BytesOf(node.type));
    }
  });
  return row.vector_bytes / static_cast<int>(bytes);
}

// The point at which variable `vector` is lanes * block + lane and all others are counters.
Point Probe(const std::vector<Dim>& extents, int vector, int lanes, Axes& axes) {
  Point point;
  point.lanes = point.active = lanes;
  for (size_t v = 0; v < extents.size(); ++v) {
    if (static_cast<int>(v) == vector) {
      const int block = axes.Add(nullptr, Dim::Symbol("?"));
      point.variables.push_back(IndexExpr::Variable(block) * Dim(lanes) + IndexExpr::Variable(Axes::kLane));
    } else {
      point.variables.push_back(IndexExpr::Variable(axes.Add(nullptr, extents[v])));
    }
  }
  return point;
}

int ScoreOf(std::optional<int64_t> stride, bool store) {
  if (stride && *stride == 1) return store ? 4 : 1;
  if (stride && *stride == 0) return store ? -8 : 0;
  if (stride && *stride == -1) return store ? -8 : 0;
  return store ? -6 : -4;
}

int ScoreOfVariable(const ir::Operation& operation, int variable, int lanes) {
  const ir::Kernel& kernel = operation.GetKernel();
  int score = 0;
  auto reads = [&](const ir::Program& program, const std::vector<Dim>& extents, int weight) {
    Axes axes;
    const Point point = Probe(extents, variable, lanes, axes);
    for (const ir::ScalarNode& node : program.nodes) {
      if (node.op != ir::ScalarOp::kRead) continue;
      const ir::Type& type = operation.Operand(static_cast<size_t>(node.operand))->type;
      score += weight * ScoreOf(ProgramEmitter::LaneStride(type, node.indices, point, axes), false);
    }
  };
  for (const ir::Accumulator& accumulator : kernel.accumulators) {
    reads(accumulator.init, kernel.ExtentsFor(accumulator), 1);
    reads(accumulator.element, kernel.ExtentsFor(accumulator), 8);
  }
  reads(kernel.epilogue, kernel.ParallelExtents(), 1);
  Axes axes;
  const Point point = Probe(kernel.ParallelExtents(), variable, lanes, axes);
  for (size_t r = 0; r < kernel.stores.size(); ++r) {
    score +=
        ScoreOf(ProgramEmitter::LaneStride(operation.Result(r)->type, kernel.stores[r], point, axes), true);
  }
  return score;
}

// A variable worth tiling as rows: some read of a sum does not move with it (it is then shared by the rows).
int ChooseRowVariable(const ir::Kernel& kernel, int vector_variable) {
  for (int v = static_cast<int>(kernel.parallel.size()); v-- > 0;) {
    const Dim& extent = kernel.parallel[static_cast<size_t>(v)].extent;
    if (v == vector_variable || extent.Is(1) || extent.Is(0)) continue;
    for (const ir::Accumulator& accumulator : kernel.accumulators) {
      for (const ir::ScalarNode& node : accumulator.element.nodes) {
        if (node.op != ir::ScalarOp::kRead) continue;
        const bool moves = std::any_of(node.indices.begin(), node.indices.end(),
                                       [&](const IndexExpr& index) { return index.UsesVariable(v); });
        if (!moves) return v;
      }
    }
  }
  return -1;
}

// Every read inside the sums steps by one element, or stays, from lane to lane of `variable`.
bool SumsReadVectors(const ir::Operation& operation, int variable, int lanes) {
  const ir::Kernel& kernel = operation.GetKernel();
  for (const ir::Accumulator& accumulator : kernel.accumulators) {
    Axes axes;
    const Point point = Probe(kernel.ExtentsFor(accumulator), variable, lanes, axes);
    for (const ir::ScalarNode& node : accumulator.element.nodes) {
      if (node.op != ir::ScalarOp::kRead) continue;
      const ir::Type& type = operation.Operand(static_cast<size_t>(node.operand))->type;
      const auto stride = ProgramEmitter::LaneStride(type, node.indices, point, axes);
      if (!stride || *stride < 0 || *stride > 1) return false;
    }
  }
  return true;
}

int64_t ExtentOr(const Dim& extent, int64_t otherwise) {
  return extent.IsConstant() ? extent.Value() : otherwise;
}

}  // namespace

KernelSchedule ChooseSchedule(const ir::Operation& operation, const TargetRow& row) {
  const ir::Kernel& kernel = operation.GetKernel();
  KernelSchedule schedule;
  const int lanes = LanesFor(kernel, row);
  int slots = 0;
  bool split = false;  // into a vector of chains; fewer are accumulators of their own
  for (const ir::Accumulator& accumulator : kernel.accumulators) {
    slots += static_cast<int>(accumulator.gate.extent.Value()) * accumulator.chains;
    split |= accumulator.chains > 1 && accumulator.chains >= lanes;
  }
  int best = -1000000;
  for (size_t v = 0; v < kernel.parallel.size(); ++v) {
    const Dim& extent = kernel.parallel[v].extent;
    if (extent.Is(1) || extent.Is(0)) continue;
    const int score = ScoreOfVariable(operation, static_cast<int>(v), lanes);
    const bool wider =
        schedule.vector_variable >= 0 &&
        ExtentOr(extent, 64) >
            ExtentOr(kernel.parallel[static_cast<size_t>(schedule.vector_variable)].extent, 64);
    if (score > best || (score == best && wider)) {
      best = score;
      schedule.vector_variable = static_cast<int>(v);
    }
  }
  if (schedule.vector_variable >= 0) schedule.lanes = lanes;
  if (split) {
    const int64_t outputs =
        schedule.vector_variable < 0
            ? 1
            : ExtentOr(kernel.parallel[static_cast<size_t>(schedule.vector_variable)].extent, 1);
    if (2 * outputs <= lanes || !SumsReadVectors(operation, schedule.vector_variable, lanes)) {
      schedule.along_sum = true;
      schedule.vector_variable = -1;
      schedule.lanes = 1;
      slots = 0;  // a chain is a lane
      for (const ir::Accumulator& accumulator : kernel.accumulators) {
        slots += static_cast<int>(accumulator.gate.extent.Value());
      }
    }
  }
  if (slots == 0) return schedule;
  const int budget = row.vector_registers >= 32 ? 24 : 12;
  schedule.row_variable = ChooseRowVariable(kernel, schedule.vector_variable);
  const int64_t vectors =
      schedule.vector_variable < 0
          ? 1
          : std::max<int64_t>(
                1, ExtentOr(kernel.parallel[static_cast<size_t>(schedule.vector_variable)].extent, 64) /
                       schedule.lanes);
  if (schedule.row_variable >= 0) {
    const int64_t rows = ExtentOr(kernel.parallel[static_cast<size_t>(schedule.row_variable)].extent, 4);
    schedule.rows =
        static_cast<int>(std::clamp<int64_t>(std::min<int64_t>(rows, 4), 1, std::max(1, budget / slots)));
  }
  schedule.blocks = static_cast<int>(std::clamp<int64_t>(budget / (slots * schedule.rows), 1, vectors));
  // Leave no rest when one block fewer divides evenly.
  while (schedule.blocks > 1 && vectors % schedule.blocks != 0 && schedule.blocks * schedule.rows * slots > 8)
    --schedule.blocks;
  return schedule;
}

}  // namespace rnnc::codegen
