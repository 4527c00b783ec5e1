// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// Pointwise maps become part of the kernel they read.
//
//   %z: f32[1,8] = contract (b<1, m<8) { a = sum(k<3) mul(%h[b,k], @R[m,k]); yield add(a, %p[b,m]) }
//   %y: f32[1,4] = map (b<1, n<4) { yield mul(sigmoid(%z[b,n]), tanh(%z[b,n+4])) }
// becomes
//   %y: f32[1,4] = contract (b<1, n<4) {
//     a[g<2] = sum(k<3) mul(%h[b,k], @R[g*4+n,k])
//     yield mul(sigmoid(add(a[0], %p[b,n])), tanh(add(a[1], %p[b,n+4])))
//   }
Result<> FuseEpilogues(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
