// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <optional>
#include <string>

#include "compiler/ir/module.h"

namespace rnnc::passes {

// The symbol that stands for the number of frames of a function: the first size of the module, where it says
// any; else that of the first scan or recurrent operator over a symbolic number of steps, else the first
// symbol of the arguments' dims. None: everything is static.
std::optional<std::string> TimeSymbol(ir::Function& function);

}  // namespace rnnc::passes
