// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For every accumulator of every kernel:
// 1. The reduced index of the largest constant extent becomes the innermost (equal ones keep their order).
// 2. Too few outputs to fill a vector: of a product, the points of the parallel variables and gates that the
//    weights use, when they fill at most half of one; of another reduction (and of a product without constant
//    weights), when its operand lies contiguous along the innermost index. With an innermost extent of two
//    vectors at least (one, for a single output, which is no vector at all), the sum is split into as many
//    chains as a vector has lanes.
// 3. Too few vectors to hide the latency of an addition (4 cycles, two units: 8 chains in flight): a
//    product is split into 2 or 4 chains, each of two products at least.
// T never counts: a variable of symbolic extent makes no output, as in a run of one frame.
#include "passes/order_sums.h"

#include <algorithm>

#include "passes/weights.h"

namespace rnnc::passes {
namespace {

using ir::Accumulator;
using ir::Dim;
using ir::IndexExpr;
using ir::Kernel;

constexpr int kMostChains = 4;
constexpr int64_t kChainsInFlight = 8;

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

// Points of an index space as far as they are known to exist in a run of one frame.
int64_t KnownPoints(const Dim& extent) { return extent.IsConstant() ? extent.Value() : 1; }

int ChainsFor(const ir::Operation& operation, size_t a, int64_t lanes) {
  const Kernel& kernel = operation.GetKernel();
  const Accumulator& accumulator = kernel.accumulators[a];
  const Dim& innermost = accumulator.reduced.back().extent;
  if (!innermost.IsConstant() || lanes == 1) return 1;
  const auto long_enough = [&](int64_t outputs) {
    return innermost.Value() >= (outputs == 1 ? lanes : 2 * lanes);
  };
  for (const WeightRead& read : WeightReads(operation)) {
    if (read.accumulator != a) continue;
    const int64_t gates = accumulator.gate.extent.Value();
    int64_t outputs = read.gate ? gates : 1;
    for (int v : read.parallel) outputs *= KnownPoints(kernel.parallel[static_cast<size_t>(v)].extent);
    if (2 * outputs <= lanes) return long_enough(outputs) ? static_cast<int>(lanes) : 1;
    int64_t vectors = (outputs + lanes - 1) / lanes;
    for (size_t v = 0; v < kernel.parallel.size(); ++v) {
      const bool of_weights =
          std::find(read.parallel.begin(), read.parallel.end(), static_cast<int>(v)) != read.parallel.end();
      if (!of_weights) vectors *= KnownPoints(kernel.parallel[v].extent);
    }
    int chains = 1;
    while (chains < kMostChains && vectors * chains < kChainsInFlight && innermost.Value() >= 4 * chains)
      chains *= 2;
    return chains;
  }
  return long_enough(1) && RunsAlongTheSum(operation, accumulator) ? static_cast<int>(lanes) : 1;
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
        accumulator.chains = ChainsFor(operation, a, lanes);
      }
    });
  }
  return Ok();
}

}  // namespace rnnc::passes
