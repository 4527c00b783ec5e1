// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/tensor.h"

// Tensors cut and reordered, element by element: what the laws of recurrent operators speak of.
namespace rnnc::test {

/// `count` entries along an axis, from `first` on.
ir::Tensor Part(const ir::Tensor& tensor, int axis, int64_t first, int64_t count);
/// Axis i of the result is axis axes[i] of the tensor.
ir::Tensor Transposed(const ir::Tensor& tensor, const std::vector<int>& axes);
/// The first lengths[b] steps of each sequence backward, the others where they were; without lengths, all.
ir::Tensor Flipped(const ir::Tensor& tensor, int time, int batch, const std::vector<int32_t>& lengths);

}  // namespace rnnc::test
