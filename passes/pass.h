// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "compiler/ir/module.h"
#include "compiler/support/result.h"
#include "passes/options.h"

namespace rnnc::passes {

// A pass is a free function. It gets a verified module of the stage it works on and leaves a verified one;
// a failure is the user's to mend (a diagnostic with the node's name), never a mistake of the compiler.
using PassFunction = Result<> (*)(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
