// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/fusion_driver.h"

namespace rnnc::passes {
namespace {

using Fuse = std::function<ir::Operation*(ir::Operation*, ir::Operation*)>;

ir::Operation* FuseInto(ir::Operation* reader, const Fuse& fuse) {
  for (ir::Value* operand : std::vector<ir::Value*>(reader->Operands())) {
    ir::Operation* producer = operand->definition;
    if (producer == nullptr || !producer->HasKernel()) continue;
    if (ir::Operation* fused = fuse(producer, reader)) return fused;
  }
  return nullptr;
}

}  // namespace

void FuseAll(ir::Block& block, const Fuse& fuse) {
  for (ir::Operation* operation : block.Snapshot()) {
    if (operation->HasBody()) FuseAll(operation->Body(), fuse);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < block.Operations().size(); ++i) {
      ir::Operation* reader = block.Operations()[i].get();
      if (!reader->HasKernel()) continue;
      // What came of it is offered again: it reads what both have read.
      while (ir::Operation* fused = FuseInto(reader, fuse)) {
        reader = fused;
        changed = true;
      }
      i = block.IndexOf(reader);
    }
  }
}

}  // namespace rnnc::passes
