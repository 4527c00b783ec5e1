// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/kernel_edit.h"

namespace rnnc::passes {

ir::Value* MakeCopy(ir::Builder& builder, ir::Value* value) {
  ir::Kernel kernel = ir::MakeMap(value->type.dims);
  kernel.epilogue.outputs = {
      kernel.epilogue.AddRead(value->type.element, 0, ir::IdentityIndices(value->type.dims.size()))};
  ir::Value* copy = builder.KernelOp(std::move(kernel), {value}, {value->type})->Result();
  copy->name = value->name;
  return copy;
}

bool HasKernel(const ir::Operation* operation) { return operation != nullptr && operation->HasKernel(); }

void ForEachRead(const ir::Kernel& kernel, int operand,
                 const std::function<void(const ir::ScalarNode&, const std::vector<ir::Dim>&)>& visit) {
  ir::ForEachProgram(kernel, [&](const ir::Program& program, const std::vector<ir::Dim>& extents) {
    for (const ir::ScalarNode& node : program.nodes) {
      if (node.op == ir::ScalarOp::kRead && node.operand == operand) visit(node, extents);
    }
  });
}

bool ReadsOnlyWhatItWrites(const ir::Operation& operation, const ir::Value* value, size_t result) {
  if (!operation.HasKernel() || operation.Result(result)->type.element != value->type.element) return false;
  const ir::Kernel& kernel = operation.GetKernel();
  const std::vector<ir::IndexExpr>& store = kernel.stores[result];
  bool own = true;
  for (size_t i = 0; i < operation.Operands().size(); ++i) {
    if (operation.Operand(i) != value) continue;
    const int operand = static_cast<int>(i);
    if (kernel.into == operand) return false;
    for (const ir::Accumulator& accumulator : kernel.accumulators) {
      for (const ir::Program* program : {&accumulator.init, &accumulator.element}) {
        for (const ir::ScalarNode& node : program->nodes) {
          if (node.op == ir::ScalarOp::kRead && node.operand == operand) own = false;
        }
      }
    }
    ForEachRead(kernel, operand, [&](const ir::ScalarNode& read, const std::vector<ir::Dim>&) {
      if (read.indices != store) own = false;
    });
  }
  return own && operation.Result(result)->type == value->type;
}

}  // namespace rnnc::passes
