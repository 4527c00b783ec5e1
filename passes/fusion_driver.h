// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <functional>

#include "compiler/ir/module.h"

namespace rnnc::passes {

// Offers every pair of kernels (producer, reader of one of its results) of a block, and of the blocks inside,
// to `fuse` until it declines all of them. `fuse` returns the kernel that took the place of both, or null.
void FuseAll(ir::Block& block,
             const std::function<ir::Operation*(ir::Operation* producer, ir::Operation* reader)>& fuse);

}  // namespace rnnc::passes
