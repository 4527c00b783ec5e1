// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Until nothing changes: for every contract and each contract that it reads, JoinAccumulators (which checks
// that no element would be computed twice); then also where several kernels read a contract, each its own
// part of it (GRU: the reset gate is needed before the update gate). In this order: gates that are read
// together stay together.

#include "passes/merge_contracts.h"

#include "passes/fusion_driver.h"
#include "passes/kernel_fusion.h"

namespace rnnc::passes {

Result<> MergeContracts(ir::Module& module, const PassOptions&) {
  for (const bool among_several : {false, true}) {
    for (const auto& function : module.Functions()) {
      FuseAll(function->Body(), [&](ir::Operation* producer, ir::Operation* reader) -> ir::Operation* {
        const bool contracts =
            reader->Kind() == ir::OpKind::kContract && producer->Kind() == ir::OpKind::kContract;
        if (!contracts && !(among_several && producer->Kind() == ir::OpKind::kContract)) return nullptr;
        return JoinAccumulators(producer, reader, among_several);
      });
    }
  }
  return Ok();
}

}  // namespace rnnc::passes
