// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <vector>

#include "codegen/frame.h"
#include "compiler/ir/kernel.h"

namespace rnnc::codegen {

/// One node of a scalar program (not a leaf) on registers: all `args` scalars, or all vectors of one width.
/// `argument` is the element type of the operands, `node.type` that of the result. Semantics: scalar_ops.def.
llvm::Value* EmitScalarOp(Frame& frame, const ir::ScalarNode& node, ir::ElementType argument,
                          const std::vector<llvm::Value*>& args);

/// combine(accumulator, element) of a reduction.
llvm::Value* EmitCombine(Frame& frame, ir::Combine combine, ir::ElementType type, llvm::Value* accumulator,
                         llvm::Value* element);
/// What leaves the other operand of `combine` as it is.
llvm::Constant* CombineIdentity(llvm::LLVMContext& context, ir::Combine combine, ir::ElementType type);

/// Memory form to register form and back.
llvm::Value* FromMemory(Frame& frame, ir::ElementType element, llvm::Value* loaded);
llvm::Value* ToMemory(Frame& frame, ir::ElementType element, llvm::Value* value);

/// `scalar` in all lanes; unchanged when lanes is 1 or it is a vector already.
llvm::Value* Splat(Frame& frame, llvm::Value* scalar, int lanes);
/// The constant of a node in register form.
llvm::Constant* RegisterConstant(llvm::LLVMContext& context, ir::ElementType element, double number,
                                 int64_t integer);

}  // namespace rnnc::codegen
