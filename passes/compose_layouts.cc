// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For every map that only reads, in order, so that chains collapse from the front:
// 1. One that reads every element where it stores it is the value itself.
// 2. Each kernel that reads it, in inner blocks too, reads its operand instead: the reader's indices go
// through
//    the map's. A guarded read composes when what is outside the one is outside the other.
// 3. What it still has for users (returns, yields, updates, readers that keep the copy) takes it from its
//    producer, which stores the element there itself, if the index map can be inverted.

#include "passes/compose_layouts.h"

#include <algorithm>
#include <bit>

#include "passes/kernel_edit.h"
#include "passes/lifetimes.h"

namespace rnnc::passes {
namespace {

using ir::Dim;
using ir::IndexExpr;
using ir::Kernel;
using ir::Operation;
using ir::Program;
using ir::ScalarNode;
using ir::ScalarOp;
using ir::Value;

using Indices = std::vector<IndexExpr>;

Indices Substituted(const Indices& indices, const Indices& point) {
  Indices result;
  for (const IndexExpr& index : indices) {
    result.push_back(index.SubstituteVariables([&](int v) { return point[static_cast<size_t>(v)]; }));
  }
  return result;
}

void Simplify(Indices& indices, const std::vector<Dim>& extents) {
  for (IndexExpr& index : indices) index = index.Simplify(extents);
}

// ---- 2. the reader's side ----

// Whether an index outside of `outer`'s extents is always outside of `inner`'s after the map's read: axis by
// axis a variable moved by a constant.
bool OutsideStaysOutside(const Indices& read, const std::vector<Dim>& inner, const std::vector<Dim>& outer) {
  if (read.size() != outer.size()) return false;
  for (size_t axis = 0; axis < read.size(); ++axis) {
    const IndexExpr shift = read[axis] - IndexExpr::Variable(static_cast<int>(axis));
    if (!shift.IsConstant() || !shift.ConstantPart().IsConstant()) return false;
    const int64_t by = shift.ConstantPart().Value();
    const Dim room = outer[axis] + Dim(by) - inner[axis];
    if (by > 0 || !room.IsConstant() || room.Value() < 0) return false;
  }
  return true;
}

bool SameFill(const ScalarNode& a, const ScalarNode& b) {
  return std::bit_cast<uint64_t>(*a.fill) == std::bit_cast<uint64_t>(*b.fill);
}

// The read of the map's operand that stands for `read` of its result; nullopt when there is none.
std::optional<ScalarNode> Composed(const ScalarNode& read, const Operation& map, const ScalarNode& source,
                                   const std::vector<Dim>& extents) {
  const auto point = PointStoredAt(map.GetKernel(), 0, read.indices);
  if (!point) return std::nullopt;
  for (const IndexExpr& index : read.indices) {
    if (index.UsesNode()) return std::nullopt;  // its clamping belongs to this tensor's extents
  }
  if (read.fill) {
    if (source.fill && !SameFill(read, source)) return std::nullopt;
    const Value* inner = map.Operand(static_cast<size_t>(source.operand));
    if (!OutsideStaysOutside(source.indices, inner->type.dims, map.Result()->type.dims)) return std::nullopt;
  }
  ScalarNode composed = read;
  composed.indices = Substituted(source.indices, *point);
  Simplify(composed.indices, extents);
  if (source.fill) composed.fill = source.fill;
  return composed;
}

// A stride of 0 or 1 along the reader's vector axis.
bool IsSmooth(const Indices& indices, const Value& value, const std::vector<Dim>& extents, int vector) {
  if (vector < 0) return true;
  const auto stride = LinearIndex(indices, value.type.dims, extents).CoefficientOf(vector);
  return stride && (stride->Is(0) || stride->Is(1));
}

// Replaces every read of the map's result by one of its operand; false (and nothing is changed) when one of
// them cannot or had better not be.
bool ComposeIntoReader(Operation& map, const ScalarNode& source, Operation& reader) {
  Value* result = map.Result();
  Value* operand = map.Operand(static_cast<size_t>(source.operand));
  const int vector = VectorVariable(reader);
  const bool weights = operand->IsConst() && reader.Kind() == ir::OpKind::kContract;
  bool composes = true;
  auto reads_result = [&](const ScalarNode& node) {
    return node.op == ScalarOp::kRead && reader.Operand(static_cast<size_t>(node.operand)) == result;
  };
  const Kernel& kernel = reader.GetKernel();
  if (kernel.into >= 0 && reader.Operand(static_cast<size_t>(kernel.into)) == result) return false;
  ir::ForEachProgram(kernel, [&](const Program& program, const std::vector<Dim>& extents) {
    for (const ScalarNode& node : program.nodes) {
      if (!reads_result(node)) continue;
      const auto composed = Composed(node, map, source, extents);
      composes = composes && composed.has_value();
      if (!composes || weights) continue;
      composes = !IsSmooth(node.indices, *result, extents, vector) ||
                 IsSmooth(composed->indices, *operand, extents, vector);
    }
  });
  if (!composes) return false;
  const int number = AddOperands(reader, {operand})[0];
  ir::ForEachProgram(reader.GetKernel(), [&](Program& program, const std::vector<Dim>& extents) {
    for (ScalarNode& node : program.nodes) {
      if (!reads_result(node)) continue;
      node = *Composed(node, map, source, extents);
      node.operand = number;
    }
  });
  reader.location = Unite(reader.location, map.location);
  Tidy(&reader);
  return true;
}

// ---- 3. the writer's side ----

std::optional<Indices> VerifiedInverse(const Indices& read, Indices inverse, const std::vector<Dim>& dims) {
  Indices there = Substituted(read, inverse);
  Indices identity = ir::IdentityIndices(dims.size());
  Simplify(there, dims);
  Simplify(identity, dims);
  if (there != identity) return std::nullopt;
  Simplify(inverse, dims);
  return inverse;
}

// The point of the map at which it reads element (v0, v1, ..) of a tensor of these dims, when it reads every
// element exactly once: a permutation with axes of one element, or a reshape.
std::optional<Indices> InverseOf(const Kernel& map, const Indices& read, const std::vector<Dim>& dims) {
  const std::vector<Dim> space = map.ParallelExtents();
  if (!(PointCount(space) == PointCount(dims))) return std::nullopt;
  Indices inverse(space.size());
  for (size_t axis = 0; axis < read.size(); ++axis) {
    for (size_t v = 0; v < space.size(); ++v) {
      if (read[axis].IsVariable(static_cast<int>(v)))
        inverse[v] = IndexExpr::Variable(static_cast<int>(axis));
    }
  }
  if (auto permutation = VerifiedInverse(read, inverse, dims)) return permutation;
  const IndexExpr linear = LinearIndex(ir::IdentityIndices(dims.size()), dims, dims);
  const std::vector<Dim> strides = ir::RowMajorStrides(space);
  for (size_t v = 0; v < space.size(); ++v) {
    inverse[v] = IndexExpr::FloorDiv(linear, strides[v]);
    if (v > 0) inverse[v] = IndexExpr::Mod(inverse[v], space[v]);
  }
  return VerifiedInverse(read, inverse, dims);
}

bool NothingUsesBetween(const Operation& producer, const Operation& map) {
  const ir::Block& block = *producer.Parent();
  for (const Value* result : producer.Results()) {
    for (Operation* user : result->Users()) {
      if (block.IndexOf(AncestorIn(block, user)) < block.IndexOf(&map)) return false;
    }
  }
  return true;
}

// After a producer has come to store an element at `place` of `other` as well as at (v0, v1, ..) of `value`:
// its readers read the other, if they all can; then one of them need not be stored.
void ReadOther(Value* value, Value* other, const Indices& place) {
  std::vector<Operation*> readers = value->Users();
  std::sort(readers.begin(), readers.end());
  readers.erase(std::unique(readers.begin(), readers.end()), readers.end());
  auto reads_value = [&](const Operation& reader, const ScalarNode& node) {
    return node.op == ScalarOp::kRead && reader.Operand(static_cast<size_t>(node.operand)) == value;
  };
  for (const Operation* reader : readers) {
    if (!reader->HasKernel()) return;
    const Kernel& kernel = reader->GetKernel();
    if (kernel.into >= 0 && reader->Operand(static_cast<size_t>(kernel.into)) == value) return;
    bool smooth = true;
    const int vector = VectorVariable(*reader);
    ir::ForEachProgram(kernel, [&](const Program& program, const std::vector<Dim>& extents) {
      for (const ScalarNode& node : program.nodes) {
        if (!reads_value(*reader, node)) continue;
        smooth = smooth && !node.fill && IsSmooth(Substituted(place, node.indices), *other, extents, vector);
        for (const IndexExpr& index : node.indices) smooth = smooth && !index.UsesNode();
      }
    });
    if (!smooth) return;
  }
  for (Operation* reader : readers) {
    const int number = AddOperands(*reader, {other})[0];
    ir::ForEachProgram(reader->GetKernel(), [&](Program& program, const std::vector<Dim>&) {
      for (ScalarNode& node : program.nodes) {
        if (!reads_value(*reader, node)) continue;
        node.indices = Substituted(place, node.indices);
        node.operand = number;
      }
    });
    Tidy(reader);
  }
}

// Lets the producer of the map's operand store what the map stores. True when the map is gone.
bool StoreInProducer(Operation* map, const ScalarNode& source) {
  Value* operand = map->Operand(static_cast<size_t>(source.operand));
  Operation* producer = operand->definition;
  if (source.fill || producer == nullptr || !producer->HasKernel() || producer->Parent() != map->Parent()) {
    return false;
  }
  const Kernel& layout = map->GetKernel();
  const auto inverse = InverseOf(layout, source.indices, operand->type.dims);
  if (!inverse || producer->GetKernel().into >= 0) return false;
  const auto number = static_cast<size_t>(operand->index);
  Indices store = Substituted(layout.stores[0], Substituted(*inverse, producer->GetKernel().stores[number]));
  const std::vector<Dim> extents = producer->GetKernel().ParallelExtents();
  Simplify(store, extents);
  const int vector = VectorVariable(*producer);
  if (IsSmooth(producer->GetKernel().stores[number], *operand, extents, vector) &&
      !IsSmooth(store, *map->Result(), extents, vector)) {
    return false;
  }
  Value* result = map->Result();
  if (layout.into >= 0) {
    if (operand->Users().size() != 1 || producer->ResultCount() != 1) return false;
    if (!NothingUsesBetween(*producer, *map)) return false;
    Value* base = map->Operand(static_cast<size_t>(layout.into));
    const auto& operands = producer->Operands();
    if (std::find(operands.begin(), operands.end(), base) != operands.end()) return false;
    map->Parent()->MoveHere(producer, map);
    producer->AddOperand(base);
    producer->GetKernel().into = static_cast<int>(producer->Operands().size()) - 1;
  }
  Kernel& kernel = producer->GetKernel();
  kernel.stores.push_back(store);
  kernel.epilogue.outputs.push_back(kernel.epilogue.outputs[number]);
  producer->location = Unite(producer->location, map->location);
  Value* stored = producer->AddResult(result->type, result->name);
  ir::ReplaceAllUses(result, stored);
  const Indices place = Substituted(layout.stores[0], *inverse);
  const bool whole = layout.into < 0;
  map->Parent()->Erase(map);
  if (whole) ReadOther(operand, stored, place);
  if (!operand->HasUsers()) {
    const int into = kernel.into;  // belongs to the result that stays
    RemoveKernelResult(*producer, number);
    producer->GetKernel().into = into;
  }
  return true;
}

void ComposeIntoReaders(Operation* map, const ScalarNode& source) {
  std::vector<Operation*> readers;
  for (Operation* user : map->Result()->Users()) {
    if (user->HasKernel() && std::find(readers.begin(), readers.end(), user) == readers.end()) {
      readers.push_back(user);
    }
  }
  for (Operation* reader : readers) ComposeIntoReader(*map, source, *reader);
}

void Compose(Operation* map) {
  const ScalarNode* read = OnlyRead(*map);
  if (read == nullptr) return;
  const ScalarNode source = *read;
  Value* operand = map->Operand(static_cast<size_t>(source.operand));
  if (map->GetKernel().into < 0) {
    if (operand->type == map->Result()->type && source.indices == map->GetKernel().stores[0]) {
      ir::ReplaceAllUses(map->Result(), operand);
    } else {
      ComposeIntoReaders(map, source);
    }
    if (!map->Result()->HasUsers()) {
      map->Parent()->Erase(map);
      return;
    }
  }
  StoreInProducer(map, source);
}

void ComposeBlock(ir::Block& block) {
  for (Operation* operation : block.Snapshot()) {
    if (operation->HasBody()) ComposeBlock(operation->Body());
    if (operation->Kind() == ir::OpKind::kMap) Compose(operation);
  }
}

}  // namespace

Result<> ComposeLayouts(ir::Module& module, const PassOptions&) {
  for (const auto& function : module.Functions()) ComposeBlock(function->Body());
  return Ok();
}

}  // namespace rnnc::passes
