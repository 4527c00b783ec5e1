// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <string>
#include <vector>

#include "compiler/ir/module.h"

namespace rnnc::ir {

// Inserts operations at one place of a block. The location given at construction (or set later) goes
// to everything it makes.
class Builder {
 public:
  // Before `before`; null: at the end of the block.
  Builder(Block& block, Operation* before = nullptr) : block_(&block), before_(before) {}
  // Before an operation, with its location: what replaces it inherits it.
  static Builder Before(Operation* operation);

  Location location;

  Operation* Create(OpKind kind, const std::vector<Value*>& operands, const std::vector<Type>& results);
  // The only result of a new operation.
  Value* Op(OpKind kind, const std::vector<Value*>& operands, Type result);
  // A map, reduce or contract (which one follows from the kernel's form) with one result a store.
  Operation* KernelOp(Kernel kernel, const std::vector<Value*>& operands, const std::vector<Type>& results);

  Block& GetBlock() const { return *block_; }

 private:
  Block* block_;
  Operation* before_;
};

// The primitive that a kernel's form is: no accumulators, only sums of mul(read, read), or other.
OpKind KindOf(const Kernel& kernel);

}  // namespace rnnc::ir
