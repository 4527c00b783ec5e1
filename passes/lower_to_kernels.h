// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// Recurrence to kernels: every operator becomes the primitives that the lowering table gives for it, and
// scans read their sequences at the step.
//
//   %y: f32[T,1,64], %h_last: f32[1,64] = scan t<T each(%pt: f32[1,64] = %p) carry(%h: f32[1,64] = @zero) {
//     %z: f32[1,64] = add %pt, %h
//     yield each(%z) carry(%z)
//   }
// becomes
//   %y: f32[T,1,64], %h_last: f32[1,64] = scan t<T carry(%h: f32[1,64] = @zero) {
//     %pt: f32[1,64] = map (i0<1, i1<64) { yield %p[t, i0, i1] }
//     %z: f32[1,64] = map (i0<1, i1<64) { yield add(%pt[0, i1], %h[0, i1]) }
//     yield carry(%z)
//   }
Result<> LowerToKernels(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
