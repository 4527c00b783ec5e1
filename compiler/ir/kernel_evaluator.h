// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/ir/array.h"
#include "compiler/ir/module.h"
#include "compiler/support/result.h"

// The evaluator of the stages recurrence, kernels and planned: it knows scan, blocks and the primitives,
// and runs every other operator through the lowering table. It shares no formula with the evaluator of
// the stage graph.
namespace rnnc::ir {

struct KernelEvaluation {
  // Values of symbols; those that occur in the types of the arguments follow from the inputs.
  std::map<std::string, int64_t> symbols;
  // States by name: where a call begins and, after it, what `update` left. Missing ones begin as the
  // module says. Null: every state begins anew and what becomes of it is not kept.
  std::map<std::string, Array>* states = nullptr;
  // Rounds every scalar node to its type, in the order of additions that the kernels state. Without it
  // floats are doubles throughout, but for what a cast rounds. Integers are exact either way.
  bool round = false;
};

// The results of `function` for inputs of its arguments' types. Errors: inputs that do not fit, what the
// run-time checks (check_index, check_steps) refuse, and what shows a wrong program: reads and stores
// outside, twice, or of what nobody has written.
Result<std::vector<Array>> EvaluateKernels(const Function& function, const std::vector<Array>& inputs,
                                           const KernelEvaluation& options = {});

}  // namespace rnnc::ir
