// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

Result<> PlanMemory(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
