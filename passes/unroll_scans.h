// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// Scans of a few steps become straight code: always those of one step, others within a budget.
//
//   %y: f32[1,1,8], %hT: f32[1,8] = scan t<1 each(%xt: f32[1,4] = %x) carry(%h: f32[1,8] = @h) {
//     %r: f32[1,8] = linear x: %h, W: @R
//     yield each(%r) carry(%r)
//   }
// becomes
//   %xt: f32[1,4] = gather %x, @step {axis=0}
//   %r: f32[1,8] = linear x: @h, W: @R
//   %y: f32[1,1,8] = unsqueeze x: %r, axes: @axes
Result<> UnrollScans(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
