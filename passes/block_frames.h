// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// Everything that is computed frame by frame for a symbolic number of frames goes into one loop over blocks
// of frames, so that memory is bounded whatever that number is.
//
//   func @run(%x: f32[T,8]) -> (f32[T,4]) {
//     %p: f32[T,4] = contract (t<T, n<4) { .. %x[t,k] .. }
//     %y: f32[T,4], %hT: f32[4] = scan t<T carry(%h: f32[4] = @h) { .. %p[t,n] .. }
// becomes
//     %y: f32[T,4], %hT: f32[4] = blocks t0 by N<=32 of T carry(%h0: f32[4] = @h) {
//       %p: f32[N,4] = contract (t<N, n<4) { .. %x[t0+t,k] .. }
//       %y1: f32[N,4], %h1: f32[4] = scan t<N carry(%h: f32[4] = %h0) { .. %p[t,n] .. }
//       yield block(%y1) carry(%h1)
//     }
// What mixes frames (other times, sums over time, backward scans) keeps its function as it is: the whole
// sequence at once. The reason goes to PassOptions::note, and a @step, which would compute something else,
// goes.
Result<> BlockFrames(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
