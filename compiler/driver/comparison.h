// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "compiler/driver/verify.h"
#include "compiler/ir/tensor.h"

namespace rnnc::driver {

/// Compares tensors of equal shape within the bound of `row` and writes there what came of it. Integers and
/// booleans must be equal; a NaN is equal to a NaN, an infinity to itself.
void CompareElements(const ir::Tensor& got, const ir::Tensor& expected, OutputComparison& row);

/// The largest finite difference between two tensors of equal shape; 0 where one is missing.
double LargestDifference(const ir::Tensor* rounded, const ir::Tensor* exact);

}  // namespace rnnc::driver
