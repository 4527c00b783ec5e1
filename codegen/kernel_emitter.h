// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "codegen/frame.h"
#include "compiler/ir/module.h"

namespace rnnc::codegen {

/// Emits a `map`, `reduce` or `contract` of a planned module at the frame's insertion point: reads its
/// operands from, and writes its results to, their places. How the code looks: codegen/README.md.
void EmitKernel(Frame& frame, const ir::Operation& operation);

}  // namespace rnnc::codegen
