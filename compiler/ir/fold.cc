// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/fold.h"

#include "compiler/ir/graph_evaluator.h"

namespace rnnc::ir {

std::vector<TensorPtr> FoldOperation(const Operation& operation,
                                     const std::function<TensorPtr(const Value*)>& constant_of, bool all,
                                     int64_t max_elements) {
  std::vector<TensorPtr> folded(operation.ResultCount());
  if (!HasOracle(operation.Kind()) || folded.empty() || operation.HasBody()) return folded;
  std::vector<size_t> wanted;
  for (size_t i = 0; i < folded.size(); ++i) {
    if (!all && !operation.Result(i)->HasUsers()) continue;
    if (!operation.Result(i)->type.IsStatic()) return folded;
    wanted.push_back(i);
  }
  // The operation alone in a function of its own. Constants stay constants: what decides a shape must be
  // known.
  Module scratch;
  Function* function = scratch.AddFunction("main");
  std::map<const Value*, Value*> values;
  for (const Value* operand : operation.Operands()) {
    if (operand == nullptr || values.count(operand) != 0) continue;
    TensorPtr constant = constant_of(operand);
    if (constant == nullptr) return folded;
    values[operand] = scratch.AddConst("c", std::move(constant));
  }
  Operation* copy = CloneOperation(operation, function->Body(), nullptr, values);
  Operation* end = function->Body().Insert(OpKind::kReturn);
  for (size_t i : wanted) end->AddOperand(copy->Result(i));
  const Result<std::vector<Array>> results = EvaluateGraph(*function, {}, {.max_elements = max_elements});
  if (!results) return folded;
  for (size_t i = 0; i < wanted.size(); ++i) {
    auto tensor = std::make_shared<const Tensor>(TensorOf((*results)[i]));
    if (tensor->type == operation.Result(wanted[i])->type) folded[wanted[i]] = std::move(tensor);
  }
  return folded;
}

}  // namespace rnnc::ir
