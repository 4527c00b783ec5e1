// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <functional>
#include <vector>

#include "compiler/ir/module.h"

namespace rnnc::ir {

// The results of one operation of stage `graph` whose present operands are all constants, as `constant_of`
// knows them: by the oracle, in double, rounded once to their types. One entry a result; null for one without
// users unless `all` are wanted, and for all of them where an operand is not constant, a type is not static,
// the operation has a body, the oracle refuses, or a value would have more than `max_elements`.
std::vector<TensorPtr> FoldOperation(const Operation& operation,
                                     const std::function<TensorPtr(const Value*)>& constant_of, bool all,
                                     int64_t max_elements);

}  // namespace rnnc::ir
