// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// kernels -> planned: gives every value but constants a place, and the module its state_bytes,
// arena_bytes and, where sizes of a call have no bound, scratch_bytes.
//
//   %c1: f32[1,64] = map (..) { yield tanh(%c[i0,i1]) }                       // %c dies here
//   %c1: f32[1,64] at arena[0:256] = map (..) { yield tanh(%c[i0,i1]) }       // equal places: in place
//
// What code may rely on (CheckPlan in check_plan.h tests it):
//  1. An argument of a function is at input#i; a returned value is at output#j, written by what defines it.
//     Inputs, outputs and slices of them hold their elements only: neither aligned nor padded.
//  2. A place whose offset in `arena` or `state` is a constant begins at a multiple of 64, and the bytes up
//  to
//     the next multiple of 64 belong to it: vector tails may be loaded and stored there.
//     A place in `scratch` begins at a multiple of its element size; 64 bytes behind its end may be read.
//  3. A kernel's result overlaps an operand only when they have the same place and every read of the operand
//     is at the element being written (no tile may be computed twice), or when it is the `into` operand,
//     whose place is then the result's: what is not stored is already there.
//  4. A carried value of a loop has one place: that of the body's argument is that of the loop's result.
//     The loop copies the initial value there before its first step, and the yielded value after each step,
//     unless they have that place already. Yielded values are results of the body's own operations: copying
//     them in order is right.
//  5. A stacked output (a block's output) of a step is copied into its slice after each step unless its place
//     is that slice; a block's output joined along an axis that is not outermost is always copied.
//  6. `update` copies its value to its state unless they have the same place; updates stand before `return`
//     and take results of operations, never other states.
Result<> PlanMemory(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
