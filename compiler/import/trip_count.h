// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <string>

#include "compiler/ir/known_ints.h"
#include "compiler/support/result.h"

namespace rnnc::import {

// What decides how many steps an ONNX Loop makes: it makes one while fewer than `most` are made and the
// condition holds, which is `first` before the first step and what a step has left in `next` afterwards.
struct LoopCondition {
  ir::Value* most = nullptr;   // the input M; null: no limit
  ir::Value* first = nullptr;  // the input cond; null: true
  ir::Value* next = nullptr;   // the body's first output
};

// The number of steps, where it is a size whatever the symbols are: M, or the bound of a counter in the
// conjunction of comparisons that the condition is. `ints` knows what the body's arguments hold at step
// `step`, as far as it follows from the step alone. Refused with the reason otherwise.
Result<ir::Dim> TripCount(const LoopCondition& condition, ir::KnownInts& ints, const std::string& step,
                          const Location& location);

}  // namespace rnnc::import
