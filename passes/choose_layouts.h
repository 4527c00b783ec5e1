// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// An intermediate tensor that a product writes is laid out with the product's output channels last, so that
// a vector of them is stored with unit stride. Readers see the same elements through permuted indices.
//
//   %y: f32[1,64,33] = contract (b<1, m<64, x<33) { .. @W[m,c,k] .. yield .. }          // at [b,m,x]
//   %z: f32[..] = contract .. %y[b,c,x+k] ..
//   %y: f32[1,33,64] = contract (b<1, m<64, x<33) { .. @W[m,c,k] .. yield .. at [b,x,m] }
//   %z: f32[..] = contract .. %y[b,x+k,c] ..
Result<> ChooseLayouts(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
