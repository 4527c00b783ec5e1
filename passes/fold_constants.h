// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// What does not depend on inputs or states is computed now, whatever its size: weights that an exporter cut
// and joined, zero states, shape arithmetic (of static sizes, also where other sizes are symbolic).
//
//   %s: i64[3] = shape %x {start=0}                  // %x: f32[1,T,8]
//   %b: i64[] = gather %s, @zero {axis=0}
//   %r: f32[8,2] = transpose @w {perm=[1, 0]}
// becomes
//   const @b: i64[] = [1]
//   const @r: f32[8,2] = [..]
Result<> FoldConstants(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
