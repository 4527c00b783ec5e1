// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 1. The output variable of a contract's weights is its vector variable.
// 2. A result whose store has that variable on an axis other than the last is laid out anew, if every user
//    is a kernel that reads it: values that leave the function, live in a state, are carried, stacked or
//    updated in place keep the layout they have.
// 3. The axis moves to the end in the type, the store and every read.
#include "passes/choose_layouts.h"

#include <algorithm>

#include "passes/weights.h"

namespace rnnc::passes {
namespace {

using ir::IndexExpr;
using ir::Operation;
using ir::Value;

template <typename T>
void MoveToEnd(std::vector<T>& list, size_t axis) {
  std::rotate(list.begin() + static_cast<std::ptrdiff_t>(axis),
              list.begin() + static_cast<std::ptrdiff_t>(axis) + 1, list.end());
}

bool OnlyReadByKernels(const Value& value) {
  return std::all_of(value.Users().begin(), value.Users().end(), [&](const Operation* user) {
    if (!user->HasKernel()) return false;
    const int into = user->GetKernel().into;
    return into < 0 || user->Operand(static_cast<size_t>(into)) != &value;
  });
}

// The axis of result `r` that the vector variable runs along, when it is not the last.
std::optional<size_t> AxisToMove(const Operation& contract, size_t r, int vector) {
  const std::vector<IndexExpr>& store = contract.GetKernel().stores[r];
  for (size_t axis = 0; axis + 1 < store.size(); ++axis) {
    if (store[axis].IsVariable(vector)) return axis;
  }
  return std::nullopt;
}

void MoveAxis(Operation& contract, size_t r, size_t axis) {
  Value* value = contract.Result(r);
  MoveToEnd(value->type.dims, axis);
  MoveToEnd(contract.GetKernel().stores[r], axis);
  std::vector<Operation*> users = value->Users();
  std::sort(users.begin(), users.end());
  users.erase(std::unique(users.begin(), users.end()), users.end());
  for (Operation* user : users) {
    ir::ForEachProgram(user->GetKernel(), [&](ir::Program& program, const std::vector<ir::Dim>&) {
      for (ir::ScalarNode& node : program.nodes) {
        if (node.op == ir::ScalarOp::kRead && user->Operand(static_cast<size_t>(node.operand)) == value) {
          MoveToEnd(node.indices, axis);
        }
      }
    });
  }
}

}  // namespace

Result<> ChooseLayouts(ir::Module& module, const PassOptions&) {
  for (const auto& function : module.Functions()) {
    ir::Walk(function->Body(), [&](Operation& operation) {
      const std::vector<WeightRead> reads = WeightReads(operation);
      if (reads.empty() || operation.GetKernel().into >= 0) return;
      const int vector = OutputVariable(operation.GetKernel(), reads[0]);
      if (vector < 0) return;
      for (size_t r = 0; r < operation.ResultCount(); ++r) {
        const auto axis = AxisToMove(operation, r, vector);
        if (axis && OnlyReadByKernels(*operation.Result(r))) MoveAxis(operation, r, *axis);
      }
    });
  }
  return Ok();
}

}  // namespace rnnc::passes
