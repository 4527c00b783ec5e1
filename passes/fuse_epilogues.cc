// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Until nothing changes, for every map and each kernel that it reads:
// 1. Over the same index space: one kernel with the results of both.
// 2. A contract or reduce that only this map reads gives its accumulators, in gates when it is read at
// several
//    constant distances.
// 3. A map read elsewhere is computed by its reader (a contract or reduce as well) when that costs nothing.

#include "passes/fuse_epilogues.h"

#include "passes/fusion_driver.h"
#include "passes/kernel_fusion.h"

namespace rnnc::passes {
namespace {

ir::Operation* Fuse(ir::Operation* producer, ir::Operation* reader) {
  if (reader->Kind() == ir::OpKind::kMap) {
    if (ir::Operation* merged = MergeSameSpace(producer, reader)) return merged;
    if (ir::Operation* joined = JoinAccumulators(producer, reader)) return joined;
  }
  return InlineMap(producer, reader);
}

}  // namespace

Result<> FuseEpilogues(ir::Module& module, const PassOptions&) {
  for (const auto& function : module.Functions()) FuseAll(function->Body(), Fuse);
  return Ok();
}

}  // namespace rnnc::passes
