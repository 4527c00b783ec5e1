// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/ir/array.h"
#include "compiler/ir/kernel.h"
#include "compiler/ir/kernel_evaluator_scalar.h"
#include "compiler/support/result.h"

// Running one kernel (map, reduce, contract) point by point, by the text of kernel.h.
namespace rnnc::ir::evaluation {

using Symbols = std::map<std::string, int64_t>;

// An array under evaluation; `defined` says which elements have been written and is empty when all have.
struct Buffer : Array {
  std::vector<bool> defined;

  Scalar At(int64_t i) const;
  void Set(int64_t i, const Scalar& value);
  bool IsDefined(int64_t i) const { return defined.empty() || defined[static_cast<size_t>(i)]; }
  bool IsWhole() const;
};

// Zeros; all elements undefined when `defined` is false.
Buffer MakeBuffer(ElementType element, std::vector<int64_t> dims, bool defined);
Buffer BufferOf(Array array);

struct KernelInput {
  const Kernel* kernel = nullptr;
  std::vector<const Buffer*> operands;
  std::vector<Buffer> results;  // shaped; undefined
  const Symbols* symbols = nullptr;
  bool round = false;
};

// The results. Wrong index maps are errors: a read outside an operand that has no fill and does not depend
// on data, a read of an undefined element, a store outside the result, two stores to one element.
// Messages say what happened; the caller adds the place.
Result<std::vector<Buffer>> RunKernel(KernelInput input);

}  // namespace rnnc::ir::evaluation
