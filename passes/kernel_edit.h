// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <vector>

#include "compiler/ir/builder.h"
#include "compiler/ir/module.h"

// What several passes over kernels need.
namespace rnnc::passes {

// A map that copies `value`.
ir::Value* MakeCopy(ir::Builder& builder, ir::Value* value);

bool HasKernel(const ir::Operation* operation);

// Calls `visit` on every read of the operand `operand` in any program, with the extents of its variables.
void ForEachRead(const ir::Kernel& kernel, int operand,
                 const std::function<void(const ir::ScalarNode&, const std::vector<ir::Dim>&)>& visit);

// True when every read of `value` by the kernel operation is at the element that the same point of the
// parallel space writes to result `result`: the result may then take the operand's place.
bool ReadsOnlyWhatItWrites(const ir::Operation& operation, const ir::Value* value, size_t result);

}  // namespace rnnc::passes
