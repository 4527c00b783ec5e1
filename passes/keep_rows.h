// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// A product whose rows are joined to one axis of a symbolic size, and taken apart again behind it, is made on
// the axes as they are: to find a row's place would take a division by a size.
//
//   %r: f32[B*T,10] = reshape %x, ..           %y: f32[B,T,3] = matmul %x, @W
//   %m: f32[B*T,3] = matmul %r, @W        ->
//   %y: f32[B,T,3] = reshape %m, ..
Result<> KeepRows(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
