// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/point.h"

#include <llvm/IR/Constants.h>

#include "codegen/partial_vector.h"
#include "codegen/scalar_ops.h"
#include "compiler/support/check.h"

namespace rnnc::codegen {

using ir::Dim;
using ir::IndexExpr;
using ir::ScalarNode;
using ir::ScalarOp;
using llvm::Value;

int Axes::Add(llvm::Value* value, const Dim& extent) {
  values_.push_back(value);
  extents_.push_back(extent);
  return static_cast<int>(values_.size()) - 1;
}

std::vector<Dim> Axes::ExtentsFor(int lanes) const {
  std::vector<Dim> extents = extents_;
  extents[kLane] = Dim(lanes);
  return extents;
}

// Where an access goes: element `linear` of the tensor, `stride` elements from lane to lane when that is a
// constant, else the vector `elements` of positions. `inside` is null when it needs no test.
struct ProgramEmitter::Access {
  std::string key;
  std::optional<int64_t> stride;
  Value* first = nullptr;     // i64: position of lane 0 (stride known)
  Value* elements = nullptr;  // vector of i64 (stride unknown)
  Value* inside = nullptr;    // i1, or a vector of i1
};

namespace {

// The position in row-major order, one expression.
IndexExpr Linear(const ir::Type& type, const std::vector<IndexExpr>& indices) {
  const std::vector<Dim> strides = ir::RowMajorStrides(type.dims);
  IndexExpr linear;
  for (size_t axis = 0; axis < indices.size(); ++axis) linear = linear + indices[axis] * strides[axis];
  return linear;
}

IndexExpr AtLane(const IndexExpr& index, int64_t lane) {
  return index.SubstituteVariables(
      [&](int id) { return id == Axes::kLane ? std::optional<IndexExpr>(lane) : std::nullopt; });
}

// Elements are there, whatever the call: as many as `count` from the first on.
bool HasElements(const ir::Type& type, int64_t count) {
  const Dim elements = type.ElementCount();
  return elements.IsConstant() && elements.Value() >= count;
}

// True when some lane or counter may leave 0..extent-1.
bool MayBeOutside(const IndexExpr& index, const Dim& extent, const std::vector<Dim>& extents) {
  const IndexExpr::Range range = index.RangeFor(extents);
  if (!range.low || *range.low < 0) return true;
  if (range.high && extent.IsConstant()) return *range.high >= extent.Value();
  // An axis walked as a whole: its own extent bounds it.
  for (size_t axis = 0; axis < extents.size(); ++axis) {
    if (extents[axis] == extent && index.IsVariable(static_cast<int>(axis))) return false;
  }
  return true;
}

}  // namespace

std::vector<IndexExpr> ProgramEmitter::AtPoint(const std::vector<IndexExpr>& indices,
                                               const Point& point) const {
  const std::vector<Dim> extents = axes_.ExtentsFor(point.lanes);
  std::vector<IndexExpr> result;
  for (const IndexExpr& index : indices) {
    result.push_back(index
                         .SubstituteVariables([&](int id) -> std::optional<IndexExpr> {
                           return point.variables.at(static_cast<size_t>(id));
                         })
                         .Simplify(extents));
  }
  return result;
}

std::optional<int64_t> ProgramEmitter::LaneStride(const ir::Type& type, const std::vector<IndexExpr>& indices,
                                                  const Point& point, const Axes& axes) {
  const std::vector<Dim> extents = axes.ExtentsFor(point.lanes);
  std::vector<IndexExpr> at_point;
  for (const IndexExpr& index : indices) {
    if (index.UsesNode()) return std::nullopt;
    at_point.push_back(index
                           .SubstituteVariables([&](int id) -> std::optional<IndexExpr> {
                             return point.variables.at(static_cast<size_t>(id));
                           })
                           .Simplify(extents));
  }
  const auto coefficient = Linear(type, at_point).Simplify(extents).CoefficientOf(Axes::kLane);
  if (!coefficient || !coefficient->IsConstant()) return std::nullopt;
  return coefficient->Value();
}

// An index that data decides: outside means 0, axis by axis.
ProgramEmitter::Access ProgramEmitter::ResolveByData(const ir::Value& tensor,
                                                     const std::vector<IndexExpr>& at, const Point& point,
                                                     const Values& nodes) {
  auto& builder = frame_.Builder();
  const std::vector<Dim> extents = axes_.ExtentsFor(point.lanes);
  Access access;
  const std::vector<Dim> strides = ir::RowMajorStrides(tensor.type.dims);
  Value* total = nullptr;
  for (size_t axis = 0; axis < at.size(); ++axis) {
    Value* position = EmitIndex(at[axis], point.lanes, nodes, nullptr);
    if (at[axis].UsesNode()) {
      Value* extent = frame_.EmitDim(tensor.type.dims[axis]);
      if (position->getType()->isVectorTy()) extent = Splat(frame_, extent, point.lanes);
      Value* valid = builder.CreateICmpULT(position, extent);
      position = builder.CreateSelect(valid, position, llvm::Constant::getNullValue(position->getType()));
    }
    Value* stride = frame_.EmitDim(strides[axis]);
    if (position->getType()->isVectorTy()) stride = Splat(frame_, stride, point.lanes);
    Value* part = builder.CreateMul(position, stride);
    if (total == nullptr) {
      total = part;
    } else {
      if (total->getType()->isVectorTy() != part->getType()->isVectorTy()) {
        total = Splat(frame_, total, point.lanes);
        part = Splat(frame_, part, point.lanes);
      }
      total = builder.CreateAdd(total, part);
    }
  }
  // Where only the other axes move with the lane by one element, lane 0 tells the place.
  bool node_is_uniform = true;
  for (const IndexExpr& index : at) {
    if (!index.UsesNode()) continue;
    bool uniform = true;
    EmitIndex(index, point.lanes, nodes, &uniform);
    node_is_uniform &= uniform;
  }
  IndexExpr affine;
  for (size_t axis = 0; axis < at.size(); ++axis) {
    if (!at[axis].UsesNode()) affine = affine + at[axis] * strides[axis];
  }
  const auto coefficient = affine.Simplify(extents).CoefficientOf(Axes::kLane);
  if (node_is_uniform && coefficient && coefficient->IsConstant()) {
    access.stride = coefficient->Value();
    access.first = total->getType()->isVectorTy() ? builder.CreateExtractElement(total, uint64_t{0}) : total;
  } else {
    access.elements = Splat(frame_, total, point.lanes);
  }
  return access;
}

ProgramEmitter::Access ProgramEmitter::Resolve(const ir::Value& tensor, const std::vector<IndexExpr>& indices,
                                               const Point& point, const Values& nodes, bool guarded) {
  auto& builder = frame_.Builder();
  const std::vector<Dim> extents = axes_.ExtentsFor(point.lanes);
  const std::vector<IndexExpr> at = AtPoint(indices, point);
  bool depends_on_data = false;
  for (const IndexExpr& index : at) depends_on_data |= index.UsesNode();
  if (depends_on_data) return ResolveByData(tensor, at, point, nodes);
  Access access;
  const IndexExpr linear = Linear(tensor.type, at).Simplify(extents);
  Value* inside = nullptr;
  for (size_t axis = 0; guarded && axis < at.size(); ++axis) {
    if (!MayBeOutside(at[axis], tensor.type.dims[axis], extents)) continue;
    Value* position = EmitIndex(at[axis], point.lanes, nodes, nullptr);
    Value* extent = frame_.EmitDim(tensor.type.dims[axis]);
    if (position->getType()->isVectorTy()) extent = Splat(frame_, extent, point.lanes);
    Value* valid = builder.CreateICmpULT(position, extent);
    if (inside == nullptr) {
      inside = valid;
    } else {
      if (inside->getType()->isVectorTy() != valid->getType()->isVectorTy()) {
        inside = Splat(frame_, inside, point.lanes);
        valid = Splat(frame_, valid, point.lanes);
      }
      inside = builder.CreateAnd(inside, valid);
    }
  }
  access.inside = inside;
  const auto coefficient = linear.CoefficientOf(Axes::kLane);
  if (point.lanes == 1 || (coefficient && coefficient->IsConstant())) {
    access.stride = point.lanes == 1 ? 0 : coefficient->Value();
    const IndexExpr first = AtLane(linear, 0);
    access.key = first.ToText({}) + "s" + std::to_string(*access.stride) + "l" + std::to_string(point.lanes);
    access.first = EmitScalarIndex(first, nodes);
  } else {
    access.elements = EmitVectorIndex(linear, point.lanes, nodes);
  }
  return access;
}

Value* ProgramEmitter::BaseOf(const ir::Value& tensor) { return frame_.Address(tensor); }

// The general case: every active lane that is inside, one by one.
Value* ProgramEmitter::LoadLanes(const ir::Value& tensor, Value* base, const Access& access,
                                 const Point& point, std::optional<double> fill) {
  auto& builder = frame_.Builder();
  const ir::ElementType element = tensor.type.element;
  llvm::Type* type = MemoryType(builder.getContext(), element);
  auto* vector = llvm::FixedVectorType::get(type, static_cast<unsigned>(point.lanes));
  const llvm::Align align(static_cast<uint64_t>(ir::BytesOf(element)));
  Value* loaded = nullptr;
  Value* mask = LeadingLanes(frame_, point.lanes, point.active);
  if (access.inside != nullptr) mask = builder.CreateAnd(mask, Splat(frame_, access.inside, point.lanes));
  const bool contiguous = access.stride && *access.stride == 1;
  if (contiguous) {
    Value* address = builder.CreateGEP(type, base, access.first);
    loaded = builder.CreateMaskedLoad(vector, address, align, mask, llvm::Constant::getNullValue(vector));
  } else {
    Value* positions = access.elements;
    if (positions == nullptr) {
      IndexExpr lane = IndexExpr::Variable(Axes::kLane) * Dim(*access.stride);
      positions =
          builder.CreateAdd(EmitVectorIndex(lane, point.lanes, {}), Splat(frame_, access.first, point.lanes));
    }
    Value* pointers = builder.CreateGEP(type, base, positions);
    loaded = builder.CreateMaskedGather(vector, pointers, align, mask, llvm::Constant::getNullValue(vector));
  }
  loaded = FromMemory(frame_, element, loaded);
  if (access.inside != nullptr) {
    Value* outside =
        Splat(frame_, RegisterConstant(builder.getContext(), element, *fill, static_cast<int64_t>(*fill)),
              point.lanes);
    loaded = builder.CreateSelect(Splat(frame_, access.inside, point.lanes), loaded, outside);
  }
  return loaded;
}

Value* ProgramEmitter::Load(const ir::Value& tensor, const Access& access, const Point& point,
                            std::optional<double> fill) {
  auto& builder = frame_.Builder();
  const ir::ElementType element = tensor.type.element;
  llvm::Type* type = MemoryType(builder.getContext(), element);
  const llvm::Align align(static_cast<uint64_t>(ir::BytesOf(element)));
  Value* base = BaseOf(tensor);
  auto invariant = [&](llvm::LoadInst* load) {
    if (tensor.IsConst())
      load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(builder.getContext(), {}));
    return load;
  };
  const bool lane_guard = access.inside != nullptr && access.inside->getType()->isVectorTy();
  Value* loaded = nullptr;
  if (access.stride && *access.stride == 0 && !lane_guard) {
    Value* position = access.first;
    if (access.inside != nullptr) position = builder.CreateSelect(access.inside, position, frame_.Int(0));
    loaded = invariant(builder.CreateAlignedLoad(type, builder.CreateGEP(type, base, position), align));
    loaded = FromMemory(frame_, element, loaded);
    if (access.inside != nullptr) {
      loaded = builder.CreateSelect(
          access.inside, loaded,
          RegisterConstant(builder.getContext(), element, *fill, static_cast<int64_t>(*fill)));
    }
    return loaded;
  }
  auto* vector = llvm::FixedVectorType::get(type, static_cast<unsigned>(point.lanes));
  const bool partial = point.active < point.lanes;
  if (access.stride && *access.stride == 1 && access.inside == nullptr) {
    Value* address = builder.CreateGEP(type, base, access.first);
    if (!partial || Frame::MayReadBehind(tensor)) {
      loaded = invariant(builder.CreateAlignedLoad(vector, address, align));
    } else {
      loaded = LoadLeadingLanes(frame_, vector, address, align, point.active);
    }
    return FromMemory(frame_, element, loaded);
  }
  if (access.stride && *access.stride == -1 && access.inside == nullptr && !partial) {
    Value* last = builder.CreateSub(access.first, frame_.Int(point.lanes - 1));
    loaded = invariant(builder.CreateAlignedLoad(vector, builder.CreateGEP(type, base, last), align));
    return FromMemory(frame_, element, builder.CreateVectorReverse(loaded));
  }
  if (access.stride && *access.stride == 1 && !lane_guard && HasElements(tensor.type, point.active) &&
      !HasMaskedAccess(frame_.Row(), element)) {
    // Inside or outside as a whole. Outside, what is loaded from the beginning is thrown away.
    Value* first = builder.CreateSelect(access.inside, access.first, frame_.Int(0));
    loaded = LoadLeadingLanes(frame_, vector, builder.CreateGEP(type, base, first), align, point.active);
    loaded = FromMemory(frame_, element, loaded);
    Value* outside = RegisterConstant(builder.getContext(), element, *fill, static_cast<int64_t>(*fill));
    return builder.CreateSelect(access.inside, loaded, Splat(frame_, outside, point.lanes));
  }
  return LoadLanes(tensor, base, access, point, fill);
}

// Without gathers and masked loads LLVM would go through vectors of addresses and a branch a lane.
bool ProgramEmitter::IsLaneByLane(const ir::Value& tensor, const Access& access, const Point& point) const {
  if (point.lanes == 1) return false;
  const bool lane_guard = access.inside != nullptr && access.inside->getType()->isVectorTy();
  const bool partial = point.active < point.lanes;
  const int64_t stride = access.stride.value_or(2);
  if (stride == 0 && !lane_guard) return false;
  if (stride == -1 && access.inside == nullptr && !partial) return false;
  if (stride != 1) return !frame_.Row().has_gather;
  if (HasMaskedAccess(frame_.Row(), tensor.type.element) || access.inside == nullptr) return false;
  return lane_guard || !HasElements(tensor.type, point.active);
}

// A read as one scalar read a lane.
Value* ProgramEmitter::EmitLanes(const ScalarNode& node, const Point& point, const Values& nodes) {
  auto& builder = frame_.Builder();
  Value* vector = nullptr;
  for (int lane = 0; lane < point.active; ++lane) {
    Point one{point.variables, 1, 1};
    for (IndexExpr& variable : one.variables) variable = AtLane(variable, lane);
    Values values = nodes;
    for (Value*& value : values) {
      if (value->getType()->isVectorTy())
        value = builder.CreateExtractElement(value, static_cast<uint64_t>(lane));
    }
    Value* scalar = EmitRead(node, one, values);
    if (vector == nullptr) {
      vector = llvm::Constant::getNullValue(
          llvm::FixedVectorType::get(scalar->getType(), static_cast<unsigned>(point.lanes)));
    }
    vector = builder.CreateInsertElement(vector, scalar, static_cast<uint64_t>(lane));
  }
  return vector;
}

Value* ProgramEmitter::EmitRead(const ScalarNode& node, const Point& point, const Values& nodes) {
  const ir::Value& tensor = *operation_.Operand(static_cast<size_t>(node.operand));
  const Access access = Resolve(tensor, node.indices, point, nodes, node.fill.has_value());
  // A load of the same place and form was made before: use it.
  std::string key;
  if (!access.key.empty()) {
    key = std::to_string(node.operand) + ":" + access.key;
    // A guarded read of one place may be asked for under different conditions; keep those apart.
    if (access.inside == nullptr) {
      if (auto found = loads_.find(key); found != loads_.end()) return found->second;
    }
  }
  Value* value = IsLaneByLane(tensor, access, point) ? EmitLanes(node, point, nodes)
                                                     : Load(tensor, access, point, node.fill);
  if (!key.empty() && access.inside == nullptr) loads_[key] = value;
  return value;
}

Value* ProgramEmitter::EmitNode(const ir::Program& program, const ScalarNode& node, const Point& point,
                                const Values& nodes, const AccumulatorValue& accumulator) {
  switch (node.op) {
    case ScalarOp::kConst:
      return RegisterConstant(frame_.Builder().getContext(), node.type, node.number, node.integer);
    case ScalarOp::kRead:
      return EmitRead(node, point, nodes);
    case ScalarOp::kIndex:
      return EmitIndex(AtPoint(node.indices, point)[0], point.lanes, nodes, nullptr);
    case ScalarOp::kAccumulator:
      return accumulator(node.accumulator, node.gate);
    default:
      break;
  }
  Values args;
  bool any_vector = false;
  for (int arg : node.args) {
    args.push_back(nodes[static_cast<size_t>(arg)]);
    any_vector |= args.back()->getType()->isVectorTy();
  }
  if (any_vector) {
    for (Value*& arg : args) arg = Splat(frame_, arg, point.lanes);
  }
  const size_t typed = node.op == ScalarOp::kSelect ? 1 : 0;
  const ir::ElementType argument = program.nodes[static_cast<size_t>(node.args[typed])].type;
  return EmitScalarOp(frame_, node, argument, args);
}

std::vector<Value*> ProgramEmitter::Emit(const ir::Program& program, const Point& point,
                                         const AccumulatorValue& accumulator) {
  Values nodes;
  for (const ScalarNode& node : program.nodes)
    nodes.push_back(EmitNode(program, node, point, nodes, accumulator));
  Values outputs;
  for (int output : program.outputs) outputs.push_back(nodes[static_cast<size_t>(output)]);
  return outputs;
}

std::pair<Value*, Value*> ProgramEmitter::EmitFactors(const ir::Program& program, const Point& point) {
  Values nodes;
  for (const ScalarNode& node : program.nodes) {
    if (&node == &program.nodes[static_cast<size_t>(program.outputs[0])]) break;
    nodes.push_back(EmitNode(program, node, point, nodes, {}));
  }
  const ScalarNode& product = program.nodes[static_cast<size_t>(program.outputs[0])];
  return {nodes[static_cast<size_t>(product.args[0])], nodes[static_cast<size_t>(product.args[1])]};
}

void ProgramEmitter::Store(const ir::Value& result, const std::vector<IndexExpr>& indices, const Point& point,
                           Value* value) {
  auto& builder = frame_.Builder();
  const ir::ElementType element = result.type.element;
  llvm::Type* type = MemoryType(builder.getContext(), element);
  const llvm::Align align(static_cast<uint64_t>(ir::BytesOf(element)));
  const Access access = Resolve(result, indices, point, {}, false);
  Value* base = BaseOf(result);
  Value* stored = ToMemory(frame_, element, Splat(frame_, value, point.lanes));
  if (point.lanes == 1) {
    builder.CreateAlignedStore(stored, builder.CreateGEP(type, base, access.first), align);
    return;
  }
  const bool partial = point.active < point.lanes;
  if (access.stride && *access.stride == 1) {
    Value* address = builder.CreateGEP(type, base, access.first);
    if (partial) {
      StoreLeadingLanes(frame_, stored, address, align, point.active);
    } else {
      builder.CreateAlignedStore(stored, address, align);
    }
    return;
  }
  // Scattered: one scalar store an active lane.
  for (int lane = 0; lane < point.active; ++lane) {
    Value* position = access.stride
                          ? builder.CreateAdd(access.first, frame_.Int(lane * *access.stride))
                          : builder.CreateExtractElement(access.elements, static_cast<uint64_t>(lane));
    Value* scalar = builder.CreateExtractElement(stored, static_cast<uint64_t>(lane));
    builder.CreateAlignedStore(scalar, builder.CreateGEP(type, base, position), align);
  }
}

}  // namespace rnnc::codegen
