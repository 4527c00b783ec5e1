// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/ir/module.h"
#include "compiler/support/result.h"

namespace rnnc::ir {

// A broken rule: which (the numbers at the top of verifier.cc), and the line of Print(module).
struct Violation {
  int rule = 0;
  int line = 0;
  Location location;
  std::string message;
};

// Everything that is wrong with a module, in order of lines; empty when it keeps all rules.
std::vector<Violation> FindViolations(const Module& module);
// The same with the lines of the text that the module was parsed from (Parse).
std::vector<Violation> FindViolations(const Module& module, const std::map<const void*, int>& lines);

// The same as diagnostics, each with a note that shows the line of the printed module. A module that
// fails here is the mistake of who made it: importer, pass, or the author of the text.
Result<> Verify(const Module& module);

}  // namespace rnnc::ir
