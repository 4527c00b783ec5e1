// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/module.h"
#include "compiler/support/result.h"

namespace rnnc::passes {

// An input of the model and the output that holds its next value, or one row of the output's first axis.
struct StatePair {
  std::string input;
  std::string output;
  std::optional<int64_t> row;
};

// "in=out" or "in=out[2]".
Result<StatePair> ParseStatePair(const std::string& text);

// Graph stage: each input of a pair becomes state of the instance, zero at first:
//   func @main(%x: .., %h: f32[1,4]) -> (%y: .., %hn: f32[1,4]) { .. return %y, %hn }
// becomes
//   state @h: f32[1,4] = zeros
//   func @main(%x: ..) -> (%y: ..) { .. update @h, %hn  return %y }
// An output of which only some rows are taken stays a result. A row may have lost axes of size 1 that the
// input has, and the other way round.
Result<> BindStates(ir::Module& module, const std::vector<StatePair>& pairs);

}  // namespace rnnc::passes
