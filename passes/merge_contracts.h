// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// A contract that only the epilogue of another reads becomes more accumulators of that one: what was a sum
// through memory is a sum of registers.
//
//   %p: f32[1,8] = contract (b<1, m<8) { x = @b[m] + sum(k<2) mul(%x[b,k], @W[m,k]); yield x }
//   %y: f32[1,4] = contract (b<1, n<4) { h[g<2] = ..; yield mul(add(%p[b,n], h[0]), add(%p[b,n+4], h[1])) }
// becomes
//   %y: f32[1,4] = contract (b<1, n<4) {
//     h[g<2] = ..
//     x[g<2] = @b[g*4+n] + sum(k<2) mul(%x[b,k], @W[g*4+n,k])
//     yield mul(add(x[0], h[0]), add(x[1], h[1]))
//   }
Result<> MergeContracts(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
