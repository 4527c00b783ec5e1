// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// Products of one value with constant weights become one product with the weights side by side. Each output
// is the same sum as before, bit for bit. For the gates of a recurrent cell this is one product a step.
//
//   %i: f32[1,4] = linear x: %h, W: @Ri
//   %o: f32[1,4] = linear x: %h, W: @Ro
// becomes
//   %io: f32[1,8] = linear x: %h, W: @Ri_Ro
//   %i: f32[1,4], %o: f32[1,4] = split x: %io, split: @sizes {axis=1}
Result<> FuseGates(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
