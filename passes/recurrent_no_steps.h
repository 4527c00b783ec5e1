// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "compiler/ir/builder.h"

// Part of recurrent-to-scan: what is left of a sequence of no steps.
namespace rnnc::passes {

// The final value [B,H] of a scan over `x` [T,B,I]: 0 when there are no steps, as the operator has it, where
// the scan itself would give `initial`. It is `final_value` itself where that cannot differ (T is at least 1,
// or `initial` is zero), and where `initial` is state of the instance: a call without frames leaves it alone.
//
//   %last = scan t<T .. carry(%h = %h0)
//   %some = greater (shape %x), 0      %Y_h = where %some, %last, 0
ir::Value* ZeroWithoutSteps(ir::Builder& builder, ir::Value* x, const ir::Value* initial,
                            ir::Value* final_value);

}  // namespace rnnc::passes
