// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <vector>

#include "compiler/ir/builder.h"
#include "passes/recurrent_cells.h"

// Part of recurrent-to-scan: weights in pieces, one a gate, and the element type of the computation.
namespace rnnc::passes {

// In another element type, by `cast` where it is not that one already.
ir::Value* CastTo(ir::Builder& builder, ir::Value* value, ir::ElementType element);
// In the element type of the computation (ir::ComputeType); constants are converted here.
ir::Value* Computed(ir::Builder& builder, ir::Value* value);

// Entry `index` along an axis, which goes.
ir::Value* EntryOf(ir::Builder& builder, ir::Value* x, int64_t axis, size_t index);

// The gates of one direction of `op`, from W[D,G*H,I], R[D,G*H,H], B[D,2*G*H] = [Wb | Rb] and P[D,p*H]:
// constants where those are constant, else by `split`. Where a gate needs only the sum of its biases, it is
// there too.
std::vector<Gate> CutGates(ir::Builder& builder, const ir::Operation& op, const Cell& cell, size_t direction);

}  // namespace rnnc::passes
