// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/builder.h"

#include <algorithm>

namespace rnnc::ir {
namespace {

bool IsSumOfProducts(const Accumulator& accumulator) {
  const Program& element = accumulator.element;
  if (accumulator.combine != Combine::kSum || element.outputs.size() != 1) return false;
  const ScalarNode& product = element.nodes[static_cast<size_t>(element.outputs[0])];
  if (product.op != ScalarOp::kMul) return false;
  return std::all_of(product.args.begin(), product.args.end(),
                     [&](int arg) { return element.nodes[static_cast<size_t>(arg)].op == ScalarOp::kRead; });
}

}  // namespace

OpKind KindOf(const Kernel& kernel) {
  if (kernel.accumulators.empty()) return OpKind::kMap;
  const bool products = std::all_of(kernel.accumulators.begin(), kernel.accumulators.end(), IsSumOfProducts);
  return products ? OpKind::kContract : OpKind::kReduce;
}

Builder Builder::Before(Operation* operation) {
  Builder builder(*operation->Parent(), operation);
  builder.location = operation->location;
  return builder;
}

Operation* Builder::Create(OpKind kind, const std::vector<Value*>& operands,
                           const std::vector<Type>& results) {
  Operation* operation = block_->Insert(kind, before_);
  operation->location = location;
  for (Value* operand : operands) operation->AddOperand(operand);
  for (const Type& type : results) operation->AddResult(type);
  return operation;
}

Value* Builder::Op(OpKind kind, const std::vector<Value*>& operands, Type result) {
  return Create(kind, operands, {std::move(result)})->Result();
}

Operation* Builder::KernelOp(Kernel kernel, const std::vector<Value*>& operands,
                             const std::vector<Type>& results) {
  Operation* operation = Create(KindOf(kernel), operands, results);
  operation->SetKernel(std::move(kernel));
  return operation;
}

}  // namespace rnnc::ir
