// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// Layout operators (maps that only read) become index expressions of what reads or writes them.
//
//   %s: f32[4,2] = map (i<4, j<2) { yield %x[j,i] }
//   %y: f32[4,2] = map (i<4, j<2) { yield mul(%s[i,j], @c[i]) }
// becomes
//   %y: f32[4,2] = map (i<4, j<2) { yield mul(%x[j,i], @c[i]) }
//
// A copy stays where composing would give the reader's vector axis a stride other than 0 or 1.
Result<> ComposeLayouts(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
