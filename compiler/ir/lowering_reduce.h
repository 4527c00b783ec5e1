// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "compiler/ir/lowering_common.h"

// How an operator of the lowering table says a reduction over axes.
namespace rnnc::ir::lowering {

// Which axes of an operand are reduced.
struct Axes {
  std::set<int64_t> reduced;
  bool keep = true;  // reduced axes stay as dims of 1

  bool IsReduced(int64_t axis) const { return reduced.count(axis) != 0; }
};

// How a value of the reduced type is read where `rank` variables run over the unreduced dims.
std::vector<IndexExpr> KeptIndices(const Axes& axes, int64_t rank);

int Same(Program&, const std::vector<int>& reads);
int Done(Program&, int accumulator);

struct Reduction {
  Combine combine = Combine::kSum;
  ElementType compute = ElementType::kF32;  // what elements are read as
  ElementType result = ElementType::kF32;
  // The scalar expression of one element: `reads` are the elements of the operands.
  std::function<int(Program&, const std::vector<int>& reads)> element = Same;
  std::function<int(Program&, int accumulator)> finish = Done;
  std::optional<ElementType> sum = {};  // of the accumulator, where it is not `compute`
};

// finish(combine over `axes` of element(operands..)). The first operand has the full dims; the others have
// those of the reduced type with kept axes.
Value* EmitReduce(const Context& context, const Values& operands, const Axes& axes,
                  const Reduction& reduction);

// A number of elements, which may be symbolic, as a scalar.
int CountAs(Program& program, ElementType type, const Dim& count);

}  // namespace rnnc::ir::lowering
