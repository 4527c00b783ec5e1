// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/weights.h"

#include <algorithm>

namespace rnnc::passes {
namespace {

bool IsPlainRead(const ir::ScalarNode& node) {
  return node.op == ir::ScalarOp::kRead && !node.fill &&
         std::none_of(node.indices.begin(), node.indices.end(),
                      [](const ir::IndexExpr& index) { return index.UsesNode(); });
}

bool Uses(const ir::ScalarNode& node, int variable) {
  return std::any_of(node.indices.begin(), node.indices.end(),
                     [&](const ir::IndexExpr& index) { return index.UsesVariable(variable); });
}

}  // namespace

std::vector<WeightRead> WeightReads(const ir::Operation& operation) {
  std::vector<WeightRead> reads;
  if (operation.Kind() != ir::OpKind::kContract) return reads;
  const ir::Kernel& kernel = operation.GetKernel();
  for (size_t a = 0; a < kernel.accumulators.size(); ++a) {
    const ir::Program& element = kernel.accumulators[a].element;
    const ir::ScalarNode& product = element.nodes[static_cast<size_t>(element.outputs[0])];
    for (size_t i = product.args.size(); i-- > 0;) {
      const int id = product.args[i];
      const ir::ScalarNode& node = element.nodes[static_cast<size_t>(id)];
      if (!IsPlainRead(node) || !operation.Operand(static_cast<size_t>(node.operand))->IsConst()) continue;
      WeightRead read{a, id, node.operand, {}, Uses(node, kernel.GateVariable())};
      for (int v = 0; v < kernel.GateVariable(); ++v) {
        if (Uses(node, v)) read.parallel.push_back(v);
      }
      reads.push_back(std::move(read));
      break;
    }
  }
  return reads;
}

int OutputVariable(const ir::Kernel& kernel, const WeightRead& read) {
  int best = -1;
  int64_t most = 1;
  for (int v : read.parallel) {
    const ir::Dim& extent = kernel.parallel[static_cast<size_t>(v)].extent;
    if (!extent.IsConstant() || extent.Value() < most) continue;
    most = extent.Value();
    best = v;
  }
  return best;
}

int64_t VectorLanes(const ir::Kernel& kernel, const TargetTraits& target) {
  int64_t bytes = 4;
  ir::ForEachProgram(kernel, [&](const ir::Program& program, const std::vector<ir::Dim>&) {
    for (const ir::ScalarNode& node : program.nodes) {
      if (node.op == ir::ScalarOp::kIndex || node.op == ir::ScalarOp::kConst) continue;
      bytes = std::max(bytes, ir::BytesOf(node.type));
    }
  });
  return target.Lanes(bytes);
}

}  // namespace rnnc::passes
