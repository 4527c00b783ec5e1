// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "compiler/ir/module.h"

// The ways in which one kernel takes in another that it reads. Each checks whether it is legal and worth it,
// and returns the kernel that is there afterwards, or null when nothing was done. What has lost its last
// reader is gone. Kernels that have more than 512 scalar nodes together stay apart in the first two.
namespace rnnc::passes {

// `reader` is a map over the same index space and reads `producer` at its own point only: both become one
// kernel with the results of both that something still uses.
ir::Operation* MergeSameSpace(ir::Operation* producer, ir::Operation* reader);

// `producer` is a map and `reader` reads it elsewhere: the expression is computed by the reader, if it is
// cheap or each element is read at most once and by nothing else.
ir::Operation* InlineMap(ir::Operation* producer, ir::Operation* reader);

// `producer` is a contract or reduce that only the epilogue of `reader` reads, at one point or at several
// that lie a constant apart (gates): its accumulators join the reader's, as long as no element is computed
// twice. `among_several`: other kernels may read other elements of it and take those later.
ir::Operation* JoinAccumulators(ir::Operation* producer, ir::Operation* reader, bool among_several = false);

}  // namespace rnnc::passes
