// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For every scan and each of its stacked outputs that is also what some carried value becomes:
// 1. In every kernel that reads the output at the last step of the loop (the first in time, for a reverse
// scan)
//    the read is of the carried value's final result. With a symbolic number of steps a check that there is
//    one must exist: zero steps would give the initial value.
// Outputs without readers are left to remove-dead.

#include "passes/forward_last_step.h"

#include <algorithm>

#include "passes/kernel_edit.h"

namespace rnnc::passes {
namespace {

using ir::IndexExpr;
using ir::Operation;
using ir::OpKind;
using ir::Value;

bool HasSteps(const Operation& scan) {
  if (scan.steps.IsConstant()) return scan.steps.Value() >= 1;
  bool checked = false;
  ir::Walk(static_cast<const ir::Block&>(*scan.Parent()), [&](const Operation& operation) {
    checked = checked || (operation.Kind() == OpKind::kCheckSteps && operation.Int("min") >= 1 &&
                          ir::Dim::Symbol(operation.String("symbol")) == scan.steps);
  });
  return checked;
}

void Forward(Operation& reader, Value* stacked, Value* last, const IndexExpr& step) {
  if (!reader.HasKernel()) return;
  const int number = AddOperands(reader, {last})[0];
  ir::ForEachProgram(reader.GetKernel(), [&](ir::Program& program, const std::vector<ir::Dim>&) {
    for (ir::ScalarNode& node : program.nodes) {
      if (node.op != ir::ScalarOp::kRead || node.fill || node.indices.empty() ||
          reader.Operand(static_cast<size_t>(node.operand)) != stacked || !(node.indices[0] == step)) {
        continue;
      }
      node.operand = number;
      node.indices.erase(node.indices.begin());
    }
  });
  Tidy(&reader);
}

void ForwardFrom(Operation& scan) {
  if (!HasSteps(scan)) return;
  const Operation& yield = *scan.Body().Terminator();
  const size_t stacked = scan.ResultCount() - static_cast<size_t>(scan.Int("n_carry"));
  const IndexExpr step = scan.Int("reverse") != 0 ? IndexExpr(0) : IndexExpr(scan.steps - ir::Dim(1));
  for (size_t i = 0; i < stacked; ++i) {
    for (size_t k = stacked; k < scan.ResultCount(); ++k) {
      if (yield.Operand(i) != yield.Operand(k)) continue;
      std::vector<Operation*> readers = scan.Result(i)->Users();
      std::sort(readers.begin(), readers.end());
      readers.erase(std::unique(readers.begin(), readers.end()), readers.end());
      for (Operation* reader : readers) Forward(*reader, scan.Result(i), scan.Result(k), step);
      break;
    }
  }
}

}  // namespace

Result<> ForwardLastStep(ir::Module& module, const PassOptions&) {
  for (const auto& function : module.Functions()) {
    for (Operation* operation : function->Body().Snapshot()) {
      if (operation->Kind() == OpKind::kScan) ForwardFrom(*operation);
    }
  }
  return Ok();
}

}  // namespace rnnc::passes
