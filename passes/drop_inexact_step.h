// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// A @step stands beside a @run only when T steps are a run over T frames, to the last bit: every state feeds
// carried values of loops and nothing else, and becomes what they end with, each element in its place.
//
//   func @run(..) { .. %hT = scan t<T carry(%h = @h) ..   %n = mul %hT, @half   update @h, %n }
//   func @step(..) { .. }
// becomes, as the next call would not begin where the last one ended,
//   func @run(..) { the same }
//
// The reason goes to PassOptions::note.
Result<> DropInexactStep(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
