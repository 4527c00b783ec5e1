// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/driver/data_set.h"
#include "compiler/ir/tensor.h"

// Tensors held against each other, and tensors to feed.
namespace rnnc::test {

struct Bound {
  double atol = 1e-5;
  double rtol = 1e-5;
};

/// |got - expected| <= atol + rtol |expected| everywhere, NaN only for NaN, and the same type. The failure
/// names the worst element.
::testing::AssertionResult Close(const ir::Tensor& got, const ir::Tensor& expected, const Bound& bound = {});
/// The same type and bytes. The failure names the first element that differs.
::testing::AssertionResult SameBits(const ir::Tensor& got, const ir::Tensor& expected);

/// Floats from a skewed distribution off centre, so that no swap of axes or signs stays unseen; integers from
/// 0 to `largest`. The same for the same seed.
ir::Tensor RandomTensor(ir::ElementType element, const std::vector<int64_t>& dims, uint64_t seed,
                        int64_t largest = 1);

/// The tensor of that name, else the unnamed one at that position; null when there is none.
const ir::Tensor* FindTensor(const std::vector<driver::NamedTensor>& tensors, const std::string& name,
                             size_t position);

/// What a data set's author asks of an output: of goldens.json beside the model, else the default bound.
Bound BoundOf(const std::string& model_file, const std::string& output);

}  // namespace rnnc::test
