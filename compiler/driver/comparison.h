// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "compiler/driver/verify.h"
#include "compiler/ir/tensor.h"

namespace rnnc::driver {

/// Compares tensors of equal shape within the bound of `row` and writes there what came of it. Integers and
/// booleans must be equal; a NaN is equal to a NaN, an infinity to itself and to what overflows the type of
/// `got`. `is_cost`: the bound is what rounding costs; elements that are not larger than it are not counted,
/// since any number of their size would do.
void CompareElements(const ir::Tensor& got, const ir::Tensor& expected, bool is_cost, OutputComparison& row);

/// The largest finite difference between two tensors of equal shape; 0 where one is missing.
double LargestDifference(const ir::Tensor* rounded, const ir::Tensor* exact);

}  // namespace rnnc::driver
