// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/plan_memory.h"

namespace rnnc::passes {

Result<> PlanMemory(ir::Module& module, const PassOptions&) {
  module.stage = ir::Stage::kPlanned;
  return Ok();
}

}  // namespace rnnc::passes
