// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Until nothing changes: for every contract and each contract that it reads, JoinAccumulators (which checks
// that nothing else reads it, and that no element would be computed twice).

#include "passes/merge_contracts.h"

#include "passes/fusion_driver.h"
#include "passes/kernel_fusion.h"

namespace rnnc::passes {

Result<> MergeContracts(ir::Module& module, const PassOptions&) {
  for (const auto& function : module.Functions()) {
    FuseAll(function->Body(), [](ir::Operation* producer, ir::Operation* reader) -> ir::Operation* {
      return reader->Kind() == ir::OpKind::kContract ? JoinAccumulators(producer, reader) : nullptr;
    });
  }
  return Ok();
}

}  // namespace rnnc::passes
