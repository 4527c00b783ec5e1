// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <set>

#include "compiler/ir/builder.h"

// Part of recurrent-to-scan: what is left of a sequence of no steps.
namespace rnnc::passes {

// The final value [B,H] of a scan over `x` [T,B,I]: 0 when there are no steps, as the operator has it, where
// the scan itself would give `initial`. It is `final_value` itself where that cannot differ: T is at least 1,
// or `initial` is zero.
//
//   %last = scan t<T .. carry(%h = %h0)
//   %some = greater (shape %x), 0      %Y_h = where %some, %last, 0
ir::Value* ZeroWithoutSteps(ir::Builder& builder, ir::Value* x, const ir::Value* initial,
                            ir::Value* final_value);

// A call without frames leaves the state of the instance alone, so an update takes the scan's own final value
// where the scan begins with that state: it is the state itself then. The operators between such a final
// value and the update are doubled, so that each of them serves the update alone or not at all; those that do
// are given back.
//
//   %Y_h = gru .. initial_h: @h        %Y_h = gru .. initial_h: @h
//   %r = reshape %Y_h                  %r = reshape %Y_h      %r1 = reshape %Y_h
//   update @h, %r                      return %r              update @h, %r1
//   return %r
std::set<const ir::Operation*> SeparateUpdates(ir::Function& function);

// The other updates, once there are scans: those that would change the state in a call without frames get
//   update @h, (where there are frames, %v, @h)
void LeaveStateWithoutFrames(ir::Function& function);

// True when a call may have no steps over `x`, whose axis `time` they are.
bool MayHaveNoSteps(const ir::Value& x, size_t time = 0);
// A truth value [1]: it has some.
ir::Value* HasSteps(ir::Builder& builder, ir::Value* x, size_t time = 0);

}  // namespace rnnc::passes
