// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// A short sum that reads a scan's sequence step by step is computed in the loop: it needs no sequence in
// memory, and it runs while the next step waits for its own long chain of dependent instructions.
//
//   %h: f32[T,16], %hT: f32[16] = scan t<T carry(%h0: f32[16] = ..) { .. yield each(%h1) carry(%h1) }
//   %y: f32[T,1] = contract (t<T, n<1) { a = sum(k<16) mul(%h[t, k], @W[k]) yield a at [t, n] }
// becomes
//   %y: f32[T,1], %hT: f32[16] = scan t<T carry(%h0: f32[16] = ..) {
//     ..
//     %y1: f32[1] = contract (n<1) { a = sum(k<16) mul(%h1[k], @W[k]) yield a at [n] }
//     yield each(%y1) carry(%h1)
//   }
Result<> SinkReaders(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
