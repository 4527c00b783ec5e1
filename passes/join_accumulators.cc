// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 1. Where the reader reads the producer: every read gives a point of its index space; points that lie a
//    constant step apart along one variable are gates.
// 2. It is worth it when all readers together compute each point at most once, and the reader's innermost
//    variable walks the producer's with unit stride.
// 3. The producer's accumulators are written in the reader's variables (gate g: g steps further), and its
//    epilogue stands where its results were read.

#include <algorithm>
#include <set>

#include "passes/kernel_edit.h"
#include "passes/kernel_fusion.h"
#include "passes/kernel_reads.h"

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

// Where the reader reads the producer: point[v] + distance * g for the gates g = 0.. in `gates` order.
struct Gates {
  std::vector<IndexExpr> point;    // of gate 0
  std::vector<ir::Dim> step;       // one a parallel variable: from a gate to the next
  std::vector<int64_t> distances;  // distinct, ascending; gate of a read: its position here
  size_t axis = 0;                 // the variable that `distances` counts
  int64_t count = 1;
};

using Points = std::vector<std::vector<IndexExpr>>;

std::optional<Points> PointsRead(const Operation& reader, const Operation& producer) {
  Points points;
  const bool plain = AllReads(reader, producer, [&](const ScalarNode& read, int result) {
    const auto point = PointStoredAt(producer.GetKernel(), static_cast<size_t>(result), read.indices);
    if (!point || read.fill || UsesDataIndex(read)) return false;
    points.push_back(*point);
    return true;
  });
  if (!plain || points.empty()) return std::nullopt;
  return points;
}

// The constant by which `b` differs from `a` in variable `axis`; nullopt when it differs otherwise.
std::optional<int64_t> Distance(const std::vector<IndexExpr>& a, const std::vector<IndexExpr>& b,
                                size_t axis) {
  std::optional<int64_t> distance;
  for (size_t v = 0; v < a.size(); ++v) {
    const IndexExpr difference = b[v] - a[v];
    if (!difference.IsConstant() || !difference.ConstantPart().IsConstant()) return std::nullopt;
    if (v == axis) {
      distance = difference.ConstantPart().Value();
    } else if (difference.ConstantPart().Value() != 0) {
      return std::nullopt;
    }
  }
  return distance;
}

std::optional<Gates> FindGates(const Points& points) {
  Gates gates;
  for (size_t axis = 0; axis < points[0].size(); ++axis) {
    std::set<int64_t> distances;
    for (const std::vector<IndexExpr>& point : points) {
      const auto distance = Distance(points[0], point, axis);
      if (!distance) break;
      distances.insert(*distance);
    }
    if (distances.empty() || !Distance(points[0], points.back(), axis)) continue;
    const bool all = std::all_of(points.begin(), points.end(), [&](const std::vector<IndexExpr>& point) {
      return Distance(points[0], point, axis).has_value();
    });
    if (!all) continue;
    gates.axis = axis;
    gates.distances.assign(distances.begin(), distances.end());
    gates.count = static_cast<int64_t>(gates.distances.size());
    const int64_t step = gates.count > 1 ? gates.distances[1] - gates.distances[0] : 0;
    for (size_t i = 1; i < gates.distances.size(); ++i) {
      if (gates.distances[i] - gates.distances[i - 1] != step) return std::nullopt;
    }
    gates.point = points[0];
    gates.point[axis] = gates.point[axis] + IndexExpr(gates.distances[0]);
    gates.step.assign(points[0].size(), ir::Dim(0));
    gates.step[axis] = step;
    return gates;
  }
  return std::nullopt;
}

// The producer's accumulator in the reader's variables.
ir::Accumulator Reindexed(const ir::Accumulator& accumulator, const Gates& gates, const Kernel& producer,
                          const Kernel& reader) {
  ir::Accumulator moved = accumulator;
  const int gate = reader.GateVariable();
  auto replacement = [&](int v) -> std::optional<IndexExpr> {
    const int parallel = producer.GateVariable();
    if (v < parallel) {
      const auto i = static_cast<size_t>(v);
      return gates.point[i] + IndexExpr::Variable(gate) * gates.step[i];
    }
    // An accumulator that already has gates keeps them: then there is one point only.
    if (v == parallel) return gates.count > 1 ? IndexExpr(0) : IndexExpr::Variable(gate);
    return IndexExpr::Variable(gate + v - parallel);
  };
  moved.init = WithVariables(std::move(moved.init), replacement);
  moved.element = WithVariables(std::move(moved.element), replacement);
  if (gates.count > 1) moved.gate.extent = gates.count;
  moved.name = FreshName(reader, accumulator.name);
  std::set<std::string> names;
  for (const ir::IndexVariable& variable : reader.parallel) names.insert(variable.name);
  auto rename = [&](ir::IndexVariable& variable) {
    std::string name = variable.name;
    for (int i = 1; names.count(name) != 0; ++i) name = variable.name + std::to_string(i);
    names.insert(name);
    variable.name = name;
  };
  rename(moved.gate);
  for (ir::IndexVariable& variable : moved.reduced) rename(variable);
  return moved;
}

// The reader's innermost variable must walk the producer's with unit stride: else a gather a vector.
bool KeepsVectorAxis(const Gates& gates, const Kernel& producer, const Kernel& reader) {
  auto innermost = [](const Kernel& kernel) {
    int last = static_cast<int>(kernel.parallel.size()) - 1;
    while (last > 0 && kernel.parallel[static_cast<size_t>(last)].extent.Is(1)) --last;
    return last;
  };
  const int from = innermost(producer);
  const int to = innermost(reader);
  if (from < 0 || to < 0 || producer.parallel[static_cast<size_t>(from)].extent.Is(1)) return true;
  const auto coefficient = gates.point[static_cast<size_t>(from)].CoefficientOf(to);
  return coefficient && (coefficient->Is(1) || coefficient->Is(0));
}

// How the reader would take the producer's accumulators in, when its form allows it.
std::optional<Gates> GatesOf(const Operation& producer, const Operation& reader) {
  if (!reader.HasKernel() || reader.Parent() != producer.Parent()) return std::nullopt;
  const bool contracts = reader.Kind() == OpKind::kContract && producer.Kind() == OpKind::kContract;
  if (reader.Kind() != OpKind::kMap && !contracts) return std::nullopt;
  const Kernel& kernel = reader.GetKernel();
  if (kernel.into >= 0 && ResultRead(reader, kernel.into, producer) >= 0) return std::nullopt;
  if (!ReadsInEpilogueOnly(reader, producer)) return std::nullopt;
  const auto points = PointsRead(reader, producer);
  if (!points) return std::nullopt;
  std::optional<Gates> gates = FindGates(*points);
  if (!gates || !KeepsVectorAxis(*gates, producer.GetKernel(), kernel)) return std::nullopt;
  if (gates->count == 1) return gates;
  for (const ir::Accumulator& accumulator : producer.GetKernel().accumulators) {
    if (!accumulator.gate.extent.Is(1)) return std::nullopt;
  }
  return gates;
}

std::optional<Gates> MayJoin(const Operation& producer, const Operation& reader, bool among_several) {
  if (producer.Kind() == OpKind::kMap || producer.GetKernel().into >= 0) return std::nullopt;
  if (!among_several && !OnlyReadBy(producer, &reader)) return std::nullopt;
  // All readers together compute each element at most once.
  std::set<const Operation*> readers;
  for (const Value* result : producer.Results())
    readers.insert(result->Users().begin(), result->Users().end());
  ir::Dim work(0);
  for (const Operation* other : readers) {
    const std::optional<Gates> gates = GatesOf(producer, *other);
    if (!gates) return std::nullopt;
    work += PointCount(other->GetKernel().ParallelExtents()) * ir::Dim(gates->count);
  }
  if (!AtMost(work, PointCount(producer.GetKernel().ParallelExtents()))) return std::nullopt;
  return GatesOf(producer, reader);
}

}  // namespace

Operation* JoinAccumulators(Operation* producer, Operation* reader, bool among_several) {
  const std::optional<Gates> gates = MayJoin(*producer, *reader, among_several);
  if (!gates) return nullptr;
  const Kernel source = producer->GetKernel();
  const std::vector<int> numbers = AddOperands(*reader, producer->Operands());
  Kernel& kernel = reader->GetKernel();
  const int first = static_cast<int>(kernel.accumulators.size());
  const auto renumber = Renumbered(numbers);
  for (const ir::Accumulator& accumulator : source.accumulators) {
    ir::Accumulator moved = Reindexed(accumulator, *gates, source, kernel);
    for (Program* program : {&moved.init, &moved.element}) {
      Program renumbered;
      renumbered.outputs = ir::AppendProgram(renumbered, *program, renumber);
      *program = std::move(renumbered);
    }
    kernel.accumulators.push_back(std::move(moved));
  }
  Program whole;
  whole.outputs = ir::AppendProgram(
      whole, kernel.epilogue, [&](Program& target, const ScalarNode& node) -> std::optional<int> {
        if (node.op != ScalarOp::kRead) return std::nullopt;
        const int result = ResultRead(*reader, node.operand, *producer);
        if (result < 0) return std::nullopt;
        const auto point = *PointStoredAt(source, static_cast<size_t>(result), node.indices);
        const int64_t distance = *Distance(gates->point, point, gates->axis);
        const int64_t step = gates->count > 1 ? gates->step[gates->axis].Value() : 1;
        const int gate = static_cast<int>(distance / step);
        Program part = WithVariables(source.epilogue, [&](int v) { return point[static_cast<size_t>(v)]; });
        part.outputs = {part.outputs[static_cast<size_t>(result)]};
        return ir::AppendProgram(target, part,
                                 [&](Program& inner, const ScalarNode& leaf) -> std::optional<int> {
                                   if (leaf.op != ScalarOp::kAccumulator) return renumber(inner, leaf);
                                   ScalarNode moved = leaf;
                                   moved.accumulator += first;
                                   if (gates->count > 1) moved.gate = gate;
                                   return inner.Add(std::move(moved));
                                 })[0];
      });
  kernel.epilogue = std::move(whole);
  reader->location = Unite(producer->location, reader->location);
  reader = Tidy(reader);
  EraseIfUnused(producer);
  return reader;
}

}  // namespace rnnc::passes
