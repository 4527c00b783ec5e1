// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For the constant factor of every accumulator:
// 1. The new axes: [blocks of the output variable] [other parallel variables it uses] [reduced] [gate]
// [lanes].
//    Of a sum in chains with few outputs (the vector runs along the sum): [parallel] [gate] [reduced].
// 2. Nothing is done when the constant would grow by more than the padding (its elements are used more than
//    once) or has that layout already.
// 3. Every element of the new constant is read from the old one through the old indices; constants packed the
//    same way by several kernels are one. Constants that nothing reads any more are dropped.
#include "passes/pack_weights.h"

#include <algorithm>
#include <map>

#include "passes/weights.h"

namespace rnnc::passes {
namespace {

using ir::Dim;
using ir::IndexExpr;
using ir::Kernel;
using ir::Operation;
using ir::Value;

// The new axes: which variable each is, and the blocks of the output variable.
struct Packing {
  std::vector<int> variables;  // outermost first, without the two axes of the output variable
  std::vector<Dim> extents;    // of all variables of the accumulator
  int output = -1;             // -1: not blocked (chains)
  int64_t lanes = 1;

  std::vector<int64_t> Dims() const {
    std::vector<int64_t> dims;
    if (output >= 0) dims.push_back((extents[static_cast<size_t>(output)].Value() + lanes - 1) / lanes);
    for (int v : variables) dims.push_back(extents[static_cast<size_t>(v)].Value());
    if (output >= 0) dims.push_back(lanes);
    return dims;
  }
  std::vector<IndexExpr> Indices() const {
    std::vector<IndexExpr> indices;
    if (output >= 0) indices.push_back(IndexExpr::FloorDiv(IndexExpr::Variable(output), lanes));
    for (int v : variables) indices.push_back(IndexExpr::Variable(v));
    if (output >= 0) indices.push_back(IndexExpr::Mod(IndexExpr::Variable(output), lanes));
    return indices;
  }
};

Packing PackingFor(const Kernel& kernel, const WeightRead& read, int64_t lanes) {
  const ir::Accumulator& accumulator = kernel.accumulators[read.accumulator];
  Packing packing;
  packing.extents = kernel.ExtentsFor(accumulator);
  // A vector of chains over outputs that fill at most half of one (order-sums made them so) are its lanes.
  const int output = OutputVariable(kernel, read);
  const bool few = output < 0 || 2 * packing.extents[static_cast<size_t>(output)].Value() <= lanes;
  const bool chains = accumulator.chains > 1 && accumulator.chains >= lanes && few;
  packing.output = chains ? -1 : output;
  if (packing.output >= 0) {
    // A narrow output axis needs no more lanes than it has outputs.
    const int64_t outputs = packing.extents[static_cast<size_t>(packing.output)].Value();
    packing.lanes = 1;
    while (packing.lanes < lanes && packing.lanes < outputs) packing.lanes *= 2;
  }
  for (int v : read.parallel) {
    if (v != packing.output) packing.variables.push_back(v);
  }
  if (chains && read.gate) packing.variables.push_back(kernel.GateVariable());
  const ir::ScalarNode& node = accumulator.element.nodes[static_cast<size_t>(read.node)];
  for (int i = 0; i < static_cast<int>(accumulator.reduced.size()); ++i) {
    const int v = kernel.ReducedVariable(i);
    const bool used = std::any_of(node.indices.begin(), node.indices.end(),
                                  [&](const IndexExpr& index) { return index.UsesVariable(v); });
    if (used) packing.variables.push_back(v);
  }
  if (!chains && read.gate) packing.variables.push_back(kernel.GateVariable());
  return packing;
}

bool IsStatic(const Packing& packing) {
  auto known = [&](int v) { return packing.extents[static_cast<size_t>(v)].IsConstant(); };
  return std::all_of(packing.variables.begin(), packing.variables.end(), known) &&
         (packing.output < 0 || known(packing.output));
}

ir::TensorPtr Repacked(const ir::Tensor& source, const ir::ScalarNode& node, const Packing& packing) {
  auto packed =
      std::make_shared<ir::Tensor>(ir::ZeroTensor(ir::MakeStaticType(source.type.element, packing.Dims())));
  const std::vector<int64_t> dims = packing.Dims();
  const std::vector<Dim> strides = ir::RowMajorStrides(source.type.dims);
  IndexExpr linear;
  for (size_t axis = 0; axis < node.indices.size(); ++axis)
    linear = linear + node.indices[axis] * strides[axis];
  const auto element = static_cast<size_t>(ir::BytesOf(source.type.element));
  std::vector<int64_t> variables(packing.extents.size(), 0);
  std::vector<int64_t> position(dims.size(), 0);
  const int64_t count = packed->ElementCount();
  for (int64_t i = 0; i < count; ++i) {
    for (size_t a = 0; a < packing.variables.size(); ++a) {
      variables[static_cast<size_t>(packing.variables[a])] = position[a + (packing.output >= 0 ? 1 : 0)];
    }
    bool exists = true;
    if (packing.output >= 0) {
      const int64_t output = position.front() * packing.lanes + position.back();
      variables[static_cast<size_t>(packing.output)] = output;
      exists = output < packing.extents[static_cast<size_t>(packing.output)].Value();
    }
    if (exists) {
      const auto from = static_cast<size_t>(linear.Evaluate(variables, {}, {}));
      std::copy_n(source.bytes.begin() + static_cast<std::ptrdiff_t>(from * element), element,
                  packed->bytes.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(i) * element));
    }
    for (size_t axis = dims.size(); axis-- > 0;) {
      if (++position[axis] < dims[axis]) break;
      position[axis] = 0;
    }
  }
  return packed;
}

// Says all that decides the packed bytes.
std::string KeyOf(const Value* constant, const ir::ScalarNode& node, const Packing& packing) {
  std::string key = constant->name;
  for (const IndexExpr& index : node.indices) key += "," + index.ToText({});
  for (const IndexExpr& index : packing.Indices()) key += ";" + index.ToText({});
  for (const Dim& extent : packing.extents) key += ":" + extent.ToText();
  return key;
}

// Operands that no read names any more go; the others move down.
void DropUnreadOperands(Operation& operation) {
  Kernel& kernel = operation.GetKernel();
  std::vector<bool> read(operation.Operands().size(), false);
  if (kernel.into >= 0) read[static_cast<size_t>(kernel.into)] = true;
  ir::ForEachProgram(kernel, [&](ir::Program& program, const std::vector<Dim>&) {
    for (const ir::ScalarNode& node : program.nodes) {
      if (node.op == ir::ScalarOp::kRead) read[static_cast<size_t>(node.operand)] = true;
    }
  });
  std::vector<Value*> kept;
  std::vector<int> position(read.size(), -1);
  for (size_t i = 0; i < read.size(); ++i) {
    if (!read[i]) continue;
    position[i] = static_cast<int>(kept.size());
    kept.push_back(operation.Operand(i));
  }
  if (kernel.into >= 0) kernel.into = position[static_cast<size_t>(kernel.into)];
  ir::ForEachProgram(kernel, [&](ir::Program& program, const std::vector<Dim>&) {
    for (ir::ScalarNode& node : program.nodes) {
      if (node.op == ir::ScalarOp::kRead) node.operand = position[static_cast<size_t>(node.operand)];
    }
  });
  operation.SetOperands(kept);
}

class Packer {
 public:
  Packer(ir::Module& module, const PassOptions& options) : module_(module), options_(options) {}

  void Pack(Operation& operation) {
    for (const WeightRead& read : WeightReads(operation)) PackRead(operation, read);
    if (operation.Kind() == ir::OpKind::kContract) DropUnreadOperands(operation);
  }

 private:
  void PackRead(Operation& operation, const WeightRead& read) {
    Kernel& kernel = operation.GetKernel();
    const Packing packing = PackingFor(kernel, read, VectorLanes(kernel, options_.target));
    if (!IsStatic(packing)) return;
    Value* constant = operation.Operand(static_cast<size_t>(read.operand));
    ir::ScalarNode& node =
        kernel.accumulators[read.accumulator].element.nodes[static_cast<size_t>(read.node)];
    int64_t points = 1;
    for (int64_t dim : packing.Dims()) points *= dim;
    const int64_t blocks = packing.output >= 0 ? packing.Dims().front() : 1;
    const int64_t outputs =
        packing.output >= 0 ? packing.extents[static_cast<size_t>(packing.output)].Value() : 1;
    // Without the padding, each element of the old constant at most once.
    if (points / (blocks * packing.lanes) * outputs > constant->tensor->ElementCount()) return;
    if (points == 0) return;
    Value*& packed = packed_[KeyOf(constant, node, packing)];
    if (packed == nullptr)
      packed = module_.AddConst(constant->name + "_packed", Repacked(*constant->tensor, node, packing));
    node.operand = static_cast<int>(operation.Operands().size());
    node.indices = packing.Indices();
    operation.AddOperand(packed);
  }

  ir::Module& module_;
  const PassOptions& options_;
  std::map<std::string, Value*> packed_;
};

}  // namespace

Result<> PackWeights(ir::Module& module, const PassOptions& options) {
  Packer packer(module, options);
  for (const auto& function : module.Functions()) {
    ir::Walk(function->Body(), [&](Operation& operation) { packer.Pack(operation); });
  }
  return Ok();
}

}  // namespace rnnc::passes
