// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/module.h"
#include "passes/options.h"

// What the passes that shape products ask about their constant factor.
namespace rnnc::passes {

// A read of a constant inside the sum of an accumulator.
struct WeightRead {
  size_t accumulator = 0;
  int node = 0;               // of the accumulator's element
  int operand = 0;            // of the operation
  std::vector<int> parallel;  // parallel variables in its indices, in order
  bool gate = false;          // the gate is in its indices
};

// The constant factors of a contract, at most one an accumulator (the second operand of the product when
// both are constant). None when an index depends on data or a fill value is read.
std::vector<WeightRead> WeightReads(const ir::Operation& operation);

// The parallel variable along which the outputs of the weights run: the one of the largest extent among
// those that the weights use, the last of equals; -1 when there is none.
int OutputVariable(const ir::Kernel& kernel, const WeightRead& read);

// Elements of a vector for this kernel: by its widest type, at least four bytes.
int64_t VectorLanes(const ir::Kernel& kernel, const TargetTraits& target);

}  // namespace rnnc::passes
