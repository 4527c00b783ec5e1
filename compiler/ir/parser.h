// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "compiler/ir/module.h"
#include "compiler/support/result.h"

namespace rnnc::ir {

// The module that `text` writes down (grammar: compiler/README.md). `file` names it in errors, which
// are located as file:line:column. `blob` holds what blob(offset) means; empty when there is none.
//
// `lines`, when given, gets the line of every function, constant, state, argument and operation
// (FindViolations).
//
// Only the text is judged, not the module: what is well formed but wrong is left to Verify. Any
// input gives a module or an error; memory is bounded by the size of text and blob.
Result<std::unique_ptr<Module>> Parse(std::string_view text, const std::string& file = "text",
                                      std::string_view blob = {},
                                      std::map<const void*, int>* lines = nullptr);

}  // namespace rnnc::ir
