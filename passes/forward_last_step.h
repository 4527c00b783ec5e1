// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// Who reads the last step of all outputs of a scan reads the value that it carried: the outputs of the other
// steps need not be kept.
//
//   %y: f32[T,1,8], %hT: f32[1,8] = scan t<T carry(..) { .. yield each(%h1) carry(%h1) }
//   %z: f32[1,8] = map (b<1, n<8) { yield tanh(%y[T-1,b,n]) }
// becomes
//   %z: f32[1,8] = map (b<1, n<8) { yield tanh(%hT[b,n]) }
//
// That there is a step is checked before (check_steps stands where the read was made).
Result<> ForwardLastStep(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
