// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "codegen/frame.h"

namespace rnnc::codegen {

/// Whether the row has masked loads and stores of such elements.
bool HasMaskedAccess(const TargetRow& row, ir::ElementType element);

/// The first `active` lanes of a vector in memory, the others 0: no byte behind them is touched. A masked
/// load where the row has one for such elements, else pieces of powers of two.
llvm::Value* LoadLeadingLanes(Frame& frame, llvm::FixedVectorType* type, llvm::Value* address,
                              llvm::Align align, int active);
/// The reverse.
void StoreLeadingLanes(Frame& frame, llvm::Value* vector, llvm::Value* address, llvm::Align align,
                       int active);

/// True in the first `active` of `lanes` lanes.
llvm::Constant* LeadingLanes(Frame& frame, int lanes, int active);

}  // namespace rnnc::codegen
