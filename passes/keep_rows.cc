// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For every matmul by a matrix, in loops too:
// 1. Its rows come from a reshape that only joins leading axes, to a size that is not a number.
// 2. Every reader is a reshape to those axes again.
// 3. The matmul is made of what the first reshape reads, and takes the place of the readers. What is left is
// dead.

#include "passes/keep_rows.h"

#include <algorithm>

#include "compiler/ir/builder.h"

namespace rnnc::passes {
namespace {

using ir::Operation;
using ir::OpKind;
using ir::Value;

// What the rows of a matmul were before their axes became one; null when step 1 does not hold.
Value* RowsBefore(const Operation& matmul) {
  const Value* rows = matmul.Operand("a");
  if (rows->kind != ir::ValueKind::kResult || rows->definition->Kind() != OpKind::kReshape) return nullptr;
  if (rows->type.Rank() != 2 || matmul.Operand("b")->type.Rank() != 2) return nullptr;
  Value* before = rows->definition->Operand("x");
  if (before->type.Rank() < 3 || rows->type.dims[0].IsConstant()) return nullptr;
  return before->type.dims.back() == rows->type.dims[1] ? before : nullptr;
}

void Keep(Operation& matmul) {
  Value* before = RowsBefore(matmul);
  if (before == nullptr) return;
  ir::Type type = before->type;
  type.dims.back() = matmul.Result()->type.dims[1];
  const std::vector<Operation*> readers = matmul.Result()->Users();
  const bool all = std::all_of(readers.begin(), readers.end(), [&](const Operation* reader) {
    return reader->Kind() == OpKind::kReshape && reader->Result()->type == type;
  });
  if (!all || readers.empty()) return;
  ir::Builder builder = ir::Builder::Before(&matmul);
  Value* product = builder.Op(OpKind::kMatmul, {before, matmul.Operand("b")}, type);
  product->name = readers.front()->Result()->name;
  for (const Operation* reader : readers) ir::ReplaceAllUses(reader->Result(), product);
}

void KeepIn(ir::Block& block) {
  for (Operation* operation : block.Snapshot()) {
    if (operation->HasBody()) KeepIn(operation->Body());
    if (operation->Kind() == OpKind::kMatmul) Keep(*operation);
  }
}

}  // namespace

Result<> KeepRows(ir::Module& module, const PassOptions&) {
  for (const auto& function : module.Functions()) KeepIn(function->Body());
  return Ok();
}

}  // namespace rnnc::passes
