// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// Constant factors of products are laid out as the kernel walks them: for a block of V outputs (V lanes of a
// vector) all gates of one summed index side by side, padded with zeros to whole vectors.
//
//   h[g<4] = sum(k<64) mul(%h[b,k], @R[g*64+n,k])                    // @R: f32[256,64]
//   h[g<4] = sum(k<64) mul(%h[b,k], @R_packed[n/8,k,g,n%8])          // @R_packed: f32[8,64,4,8]
Result<> PackWeights(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
