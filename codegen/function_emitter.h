// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "codegen/frame.h"
#include "compiler/ir/module.h"

namespace rnnc::codegen {

/// Emits the operations of a planned function's body into `frame`, which stands in the exported function.
/// Kernels and scans at the top become internal functions named after their nodes, so that a profiler shows
/// them. Checks of inputs come first and return before anything is written.
void EmitFunctionBody(Frame& frame, const ir::Function& function);

/// Copies `bytes` bytes; the two places do not overlap or are the same.
void EmitCopy(Frame& frame, llvm::Value* to, llvm::Value* from, const ir::Dim& bytes);
/// Sets bytes to zero.
void EmitZero(Frame& frame, llvm::Value* to, int64_t bytes);

}  // namespace rnnc::codegen
