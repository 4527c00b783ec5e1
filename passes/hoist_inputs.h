// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// What the body of a scan computes without any carried value leaves it: as one operation over all steps, or,
// when it is the same in every step, as it is.
//
//   %y: f32[T,1,8] = scan t<T each(%xt: f32[1,4] = %x) carry(%h: f32[1,8] = @h) {
//     %p: f32[1,8] = linear x: %xt, W: @W
//     ..
// becomes
//   %p: f32[T,1,8] = linear x: %x, W: @W
//   %y: f32[T,1,8] = scan t<T each(%pt: f32[1,8] = %p) carry(%h: f32[1,8] = @h) {
//     ..
Result<> HoistInputs(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
