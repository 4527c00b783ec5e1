// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// Graph to recurrence: the recurrent operators become `scan` over a body of plain operators, by the
// equations of ONNX. One `linear` a gate and side: the gates' biases are summed on the side of x, but for
// GRU's linear_before_reset, whose recurrent bias stays inside the reset product.
//
//   %y: f32[T,1,1,8], %yh: f32[1,1,8] = rnn X: %x, W: @W, R: @R {activations=["Tanh"], ...}
// becomes
//   %s: f32[T,1,8], %h1: f32[1,8] = scan t<T each(%xt: f32[1,4] = %x) carry(%h: f32[1,8] = @zero) {
//     %p: f32[1,8] = linear x: %xt, W: @W_f
//     %q: f32[1,8] = linear x: %h, W: @R_f
//     %z: f32[1,8] = add %p, %q
//     %n: f32[1,8] = tanh %z
//     yield each(%n) carry(%n)
//   }
//   %y: f32[T,1,1,8] = unsqueeze x: %s, axes: @axes
//   %yh: f32[1,1,8] = unsqueeze x: %h1, axes: @axes_1
//
// f16 and bf16 are computed in f32; what a step leaves is rounded, so that calls of one step each give the
// bits of one call of all. Final values of no steps are 0 (recurrent_no_steps.h), but for state of the
// instance.
Result<> RecurrentToScan(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
