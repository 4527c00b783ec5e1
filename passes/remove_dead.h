// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// Drops what nothing needs, at any stage: operations, results of loops and kernels, carried values that only
// carry themselves, slices and constants.
//
//   %y: f32[4], %z: f32[4] = map (n<4) { t0 = exp(%x[n]); yield t0, neg(t0) }    // nothing uses %z
//   %y: f32[4] = map (n<4) { yield exp(%x[n]) }
Result<> RemoveDead(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
