// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/kernel.h"

// The meaning of the scalar operations (scalar_ops.def), one value at a time.
namespace rnnc::ir::evaluation {

// A float type uses `number`, an integer or bool type `integer` (wrapped to the type's width).
struct Scalar {
  double number = 0;
  int64_t integer = 0;
};

// One node but reads, accumulators, constants and indices. `operand_type` is the type of the last
// argument. With `round`, a float result is rounded to `type`.
Scalar Compute(ScalarOp op, ElementType type, ElementType operand_type, const Scalar* args, bool round);

// What a sum, product, max or min starts from.
Scalar IdentityOf(Combine combine, ElementType type);
Scalar CombineTwo(Combine combine, ElementType type, const Scalar& a, const Scalar& b, bool round);
// For argmax and argmin: whether `candidate`, met later, takes the place of `best`.
bool Beats(Combine combine, ElementType type, const Scalar& candidate, const Scalar& best);

}  // namespace rnnc::ir::evaluation
