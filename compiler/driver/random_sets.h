// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <vector>

#include "compiler/driver/data_set.h"
#include "compiler/driver/options.h"

namespace rnnc::driver {

/// `random_sets` data sets without outputs for a model with these options: floats from a normal distribution,
/// integers from what the code lets through where it checks them as indices, else 0 and 1. An open size
/// is `random_steps`, 5 more in each set, as far as its range allows. The same seed gives the same numbers.
Result<std::vector<DataSet>> RandomSets(const ModelOptions& model, const VerifyOptions& options);

}  // namespace rnnc::driver
