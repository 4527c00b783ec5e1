// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// A function over a symbolic number of frames whose memory is all bound state is also compiled for one frame.
//
//   func @main(%x: f32[T,1,40]) -> (%y: f32[T,1,12]) { .. update @h, %h1 .. }
// becomes
//   func @run(%x: f32[T,1,40]) -> (%y: f32[T,1,12]) { .. }
//   func @step(%x: f32[1,1,40]) -> (%y: f32[1,1,12]) { .. }
//
// Without bound state it is only renamed: a step would forget. A static @main stays what it is.
Result<> SpecialiseStep(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
