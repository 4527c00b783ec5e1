// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In every block:
// 1. Group the products (linear, matmul) by their left operand and the shape of what they sum over. Weights
//    and biases are constants; an absent bias is a sum that starts from zero, as one of zeros is.
// 2. A group of two or more becomes one product at the place of its first: rows (linear) or columns (matmul)
// of
//    the weights joined in order, biases too.
// 3. A split gives each its part.

#include "passes/fuse_gates.h"

#include <algorithm>
#include <cstring>

#include "compiler/ir/builder.h"

namespace rnnc::passes {
namespace {

using ir::Operation;
using ir::OpKind;
using ir::Tensor;
using ir::Value;

// The axis of the weights that counts outputs; -1: not a product that can be merged.
int OutputAxis(const Operation& operation) {
  const Value* weights = operation.Operand(size_t{1});
  if (operation.Kind() != OpKind::kLinear && operation.Kind() != OpKind::kMatmul) return -1;
  if (!weights->IsConst() || weights->type.dims.size() != 2 ||
      operation.Operand(size_t{0})->type.dims.size() < 2) {
    return -1;
  }
  if (operation.Kind() == OpKind::kMatmul) return 1;
  const Value* bias = operation.Operand(size_t{2});
  const bool plain = bias == nullptr || (bias->IsConst() && bias->type.dims.size() == 1);
  return plain ? 0 : -1;
}

int64_t Outputs(const Operation& operation) {
  return operation.Operand(size_t{1})->type.dims[static_cast<size_t>(OutputAxis(operation))].Value();
}

bool SameGroup(const Operation& a, const Operation& b) {
  if (a.Kind() != b.Kind() || a.Operand(size_t{0}) != b.Operand(size_t{0}) || OutputAxis(b) < 0) return false;
  const ir::Type& left = a.Operand(size_t{1})->type;
  const ir::Type& right = b.Operand(size_t{1})->type;
  const auto summed = static_cast<size_t>(1 - OutputAxis(a));
  return left.element == right.element && left.dims[summed] == right.dims[summed];
}

// The constants side by side along `axis`.
ir::TensorPtr Joined(const std::vector<ir::TensorPtr>& parts, size_t axis) {
  ir::Type type = parts[0]->type;
  ir::Dim along(0);
  for (const ir::TensorPtr& part : parts) along += part->type.dims[axis];
  type.dims[axis] = along;
  auto joined = std::make_shared<Tensor>(ir::ZeroTensor(type));
  int64_t rows = 1;
  for (size_t i = 0; i < axis; ++i) rows *= type.dims[i].Value();
  std::byte* to = joined->bytes.data();
  for (int64_t row = 0; row < rows; ++row) {
    for (const ir::TensorPtr& part : parts) {
      const size_t bytes = part->bytes.size() / static_cast<size_t>(rows);
      std::memcpy(to, part->bytes.data() + static_cast<size_t>(row) * bytes, bytes);
      to += bytes;
    }
  }
  return joined;
}

Value* JoinedBias(ir::Module& module, const std::vector<Operation*>& group) {
  std::vector<ir::TensorPtr> parts;
  std::string name;
  for (const Operation* operation : group) {
    const Value* bias = operation->Kind() == OpKind::kLinear ? operation->Operand(size_t{2}) : nullptr;
    if (bias != nullptr && name.empty()) name = bias->name;
    const ir::Type type = ir::MakeType(operation->Operand(size_t{1})->type.element, {Outputs(*operation)});
    parts.push_back(bias != nullptr ? bias->tensor : std::make_shared<Tensor>(ir::ZeroTensor(type)));
  }
  return name.empty() ? nullptr : module.AddConst(name, Joined(parts, 0));
}

void Merge(ir::Module& module, const std::vector<Operation*>& group) {
  ir::Builder builder = ir::Builder::Before(group[0]);
  std::vector<ir::TensorPtr> weights;
  std::vector<int64_t> sizes;
  for (const Operation* operation : group) {
    builder.location = Unite(builder.location, operation->location);
    weights.push_back(operation->Operand(size_t{1})->tensor);
    sizes.push_back(Outputs(*operation));
  }
  ir::Type type = group[0]->Result()->type;
  const auto axis = static_cast<int64_t>(type.dims.size()) - 1;
  type.dims.back() = 0;
  for (const int64_t size : sizes) type.dims.back() += ir::Dim(size);
  std::vector<Value*> operands = {
      group[0]->Operand(size_t{0}),
      module.AddConst(group[0]->Operand(size_t{1})->name,
                      Joined(weights, static_cast<size_t>(OutputAxis(*group[0]))))};
  if (Value* bias = JoinedBias(module, group)) operands.push_back(bias);
  Value* product = builder.Op(group[0]->Kind(), operands, type);
  Operation* split =
      builder.Create(OpKind::kSplit, {product, module.AddConst("sizes", ir::MakeIntTensor(sizes))}, {});
  split->Set("axis", axis);
  for (Operation* operation : group) {
    Value* part = split->AddResult(operation->Result()->type, operation->Result()->name);
    ir::ReplaceAllUses(operation->Result(), part);
    operation->Parent()->Erase(operation);
  }
}

void FuseInBlock(ir::Module& module, ir::Block& block) {
  std::vector<std::vector<Operation*>> groups;
  for (Operation* operation : block.Snapshot()) {
    if (operation->HasBody()) FuseInBlock(module, operation->Body());
    if (OutputAxis(*operation) < 0) continue;
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const auto& other) { return SameGroup(*other[0], *operation); });
    if (group == groups.end()) {
      groups.push_back({operation});
    } else {
      group->push_back(operation);
    }
  }
  for (const std::vector<Operation*>& group : groups) {
    if (group.size() > 1) Merge(module, group);
  }
}

}  // namespace

Result<> FuseGates(ir::Module& module, const PassOptions&) {
  for (const auto& function : module.Functions()) FuseInBlock(module, function->Body());
  module.RemoveUnusedConsts();
  return Ok();
}

}  // namespace rnnc::passes
