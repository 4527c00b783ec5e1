// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compiler/ir/array.h"
#include "compiler/ir/module.h"
#include "compiler/support/result.h"

// The oracle: evaluates functions of stage `graph` by what the ONNX text says of each operator. It shares
// no formula with the lowering table, the kernels or the shape rules, so that each can be held against it.
namespace rnnc::ir {

struct EvaluateOptions {
  // Every float is rounded to its declared type after each arithmetic step, as a plain implementation in
  // that type would. Without it floats are doubles throughout; only Cast to a narrower type rounds.
  bool round = false;
  // And f64 to f32: what that costs, times 2^-29, is about what f64 costs.
  bool round_doubles_to_floats = false;
  // States by name: where the call begins and, after it, what `update` left. Missing ones begin as the
  // module says. Null: every state begins anew, and what becomes of it is not kept.
  std::map<std::string, Array>* states = nullptr;
  // Fail where a computed shape or element type differs from the one that the function declares.
  bool check_types = true;
  // No value may have more elements: a huge size is an error, not an exhausted machine.
  int64_t max_elements = int64_t{1} << 30;
  // Told before each operation how many are done, and of how many; may be empty.
  std::function<void(size_t done, size_t all)> progress = {};
};

// The results of `function` for inputs of its arguments' types. Symbols in those types follow from the
// inputs. Errors: inputs that do not fit, operands that the operator does not allow (shapes that do not
// broadcast, a computed index outside its axis), and the run-time statuses (an index outside its table, a
// step of an empty sequence).
Result<std::vector<Array>> EvaluateGraph(const Function& function, const std::vector<Array>& inputs,
                                         const EvaluateOptions& options = {});

// True when the oracle knows the operator.
bool HasOracle(OpKind kind);

}  // namespace rnnc::ir
