// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "compiler/ir/module.h"
#include "compiler/support/result.h"

namespace rnnc::passes {

// Checks a planned module against the promises of plan_memory.h by walking it as it would run, with a few
// blocks of frames, and noting of every byte whose value it holds. An error names the operation that would
// find its operand overwritten, or that overlaps one in a way that is not allowed.
Result<> CheckPlan(const ir::Module& module);

}  // namespace rnnc::passes
