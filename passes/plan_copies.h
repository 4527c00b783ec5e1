// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "compiler/ir/module.h"

namespace rnnc::passes {

// Part of plan-memory: makes every copy that a plan could not avoid an operation of its own, so that what is
// returned, updated, yielded or written `into` is always the fresh result of an operation in the same block.
void MakeCopiesExplicit(ir::Function& function);

}  // namespace rnnc::passes
