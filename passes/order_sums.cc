// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For every accumulator of every kernel:
// 1. The reduced index of the largest constant extent becomes the innermost (equal ones keep their order).
// 2. Too few outputs: of a product, the points of the parallel variables and gates that the weights use;
//    when a vector would be at most half full of them, the sum is split. Of another reduction (and of a
//    product without constant weights), when its operand lies contiguous along the innermost index and not
//    along the last parallel one.
// 3. A split needs an innermost extent of two vectors at least; chains are as many as a vector has lanes.
// T never counts: a variable of symbolic extent is no output of the weights.
#include "passes/order_sums.h"

#include <algorithm>

#include "passes/weights.h"

namespace rnnc::passes {
namespace {

using ir::Accumulator;
using ir::Dim;
using ir::IndexExpr;
using ir::Kernel;

void PutLongestInnermost(const Kernel& kernel, Accumulator& accumulator) {
  auto& reduced = accumulator.reduced;
  size_t longest = reduced.size();
  int64_t most = -1;
  for (size_t i = 0; i < reduced.size(); ++i) {
    const int64_t extent = reduced[i].extent.IsConstant() ? reduced[i].extent.Value() : 0;
    if (extent < most) continue;
    most = extent;
    longest = i;
  }
  if (longest + 1 >= reduced.size()) return;
  // position[v]: where reduced variable v goes.
  std::vector<int> position;
  for (size_t i = 0; i < reduced.size(); ++i) {
    const size_t to = i < longest ? i : i == longest ? reduced.size() - 1 : i - 1;
    position.push_back(static_cast<int>(to));
  }
  std::rotate(reduced.begin() + static_cast<std::ptrdiff_t>(longest),
              reduced.begin() + static_cast<std::ptrdiff_t>(longest) + 1, reduced.end());
  const int first = kernel.ReducedVariable(0);
  ir::ForEachIndex(accumulator.element, [&](IndexExpr& index) {
    index = index.SubstituteVariables([&](int id) -> std::optional<IndexExpr> {
      if (id < first) return std::nullopt;
      return IndexExpr::Variable(first + position[static_cast<size_t>(id - first)]);
    });
  });
}

// The stride of variable `id` in the row-major position of a read; nullopt when it is not a constant.
std::optional<int64_t> StrideOf(const ir::Operation& operation, const ir::ScalarNode& node, int id) {
  const ir::Type& type = operation.Operand(static_cast<size_t>(node.operand))->type;
  const std::vector<Dim> strides = ir::RowMajorStrides(type.dims);
  Dim total(0);
  for (size_t axis = 0; axis < node.indices.size(); ++axis) {
    const auto coefficient = node.indices[axis].CoefficientOf(id);
    if (!coefficient) return std::nullopt;
    total += *coefficient * strides[axis];
  }
  return total.IsConstant() ? std::optional<int64_t>(total.Value()) : std::nullopt;
}

// Every read of the element steps by one element (or stays) along the innermost reduced index, some by one,
// and none steps by one along a parallel variable worth a vector.
bool RunsAlongTheSum(const ir::Operation& operation, const Accumulator& accumulator) {
  const Kernel& kernel = operation.GetKernel();
  const int innermost = kernel.ReducedVariable(static_cast<int>(accumulator.reduced.size()) - 1);
  bool any = false;
  for (const ir::ScalarNode& node : accumulator.element.nodes) {
    if (node.op != ir::ScalarOp::kRead) continue;
    const auto stride = StrideOf(operation, node, innermost);
    if (!stride || (*stride != 0 && *stride != 1)) return false;
    any |= *stride == 1;
  }
  return any;
}

bool HasFewOutputs(const ir::Operation& operation, size_t a, int64_t lanes) {
  const Kernel& kernel = operation.GetKernel();
  for (const WeightRead& read : WeightReads(operation)) {
    if (read.accumulator != a) continue;
    int64_t outputs = read.gate ? kernel.accumulators[a].gate.extent.Value() : 1;
    for (int v : read.parallel) {
      const Dim& extent = kernel.parallel[static_cast<size_t>(v)].extent;
      outputs *= extent.IsConstant() ? extent.Value() : lanes;
    }
    return 2 * outputs <= lanes;
  }
  return RunsAlongTheSum(operation, kernel.accumulators[a]);
}

}  // namespace

Result<> OrderSums(ir::Module& module, const PassOptions& options) {
  for (const auto& function : module.Functions()) {
    ir::Walk(function->Body(), [&](ir::Operation& operation) {
      if (!operation.HasKernel()) return;
      Kernel& kernel = operation.GetKernel();
      const int64_t lanes = VectorLanes(kernel, options.target);
      for (size_t a = 0; a < kernel.accumulators.size(); ++a) {
        Accumulator& accumulator = kernel.accumulators[a];
        if (accumulator.reduced.empty() || accumulator.combine > ir::Combine::kMin) continue;
        PutLongestInnermost(kernel, accumulator);
        const Dim& innermost = accumulator.reduced.back().extent;
        const bool long_enough = innermost.IsConstant() && innermost.Value() >= 2 * lanes;
        if (lanes > 1 && long_enough && HasFewOutputs(operation, a, lanes)) {
          accumulator.chains = static_cast<int>(lanes);
        }
      }
    });
  }
  return Ok();
}

}  // namespace rnnc::passes
