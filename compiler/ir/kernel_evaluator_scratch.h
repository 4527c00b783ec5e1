// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "compiler/ir/kernel_evaluator_kernel.h"
#include "compiler/ir/module.h"
#include "compiler/support/result.h"

namespace rnnc::ir::evaluation {

// An operator lowered on its own.
struct Scratch {
  Module module;
  Function* function = nullptr;
  std::vector<size_t> operands;  // which operand of the operator each argument is
  // False when values of this moment went into it: it must be made anew for the next ones.
  bool reusable = true;
};

// `op` by the lowering table, with `symbols` in place of symbolic sizes. Operands that the table must know
// are constants of the scratch module, with the value that `value_of` gives for those that are computed.
Result<std::shared_ptr<Scratch>> LowerAlone(
    const Operation& op, const Symbols& symbols,
    const std::function<Result<std::shared_ptr<const Buffer>>(const Value*)>& value_of);

}  // namespace rnnc::ir::evaluation
