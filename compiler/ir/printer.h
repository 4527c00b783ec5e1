// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <map>
#include <string>

#include "compiler/ir/module.h"

// The text of the IR. compiler/README.md holds the grammar; parser.h reads it back.
namespace rnnc::ir {

struct PrintOptions {
  bool locations = true;  // write loc("..") after operations; the canonical form has them
};

// The canonical text of a module: Print(*Parse(Print(m))) == Print(m). Large constants appear as
// blob(offset); Serialize gives their bytes too. Never fails, on invalid modules either (their text
// need not parse).
std::string Print(const Module& module, const PrintOptions& options = {});

struct Printed {
  std::string text;
  std::string blob;  // the bytes that blob(offset) means; each tensor starts at a multiple of 64
  // Line (from 1) where the text of an operation, function, argument, constant or state begins.
  std::map<const void*, int> lines;
};
Printed Serialize(const Module& module, const PrintOptions& options = {});

// One function, or one operation with its regions, with the names they have in the whole module.
std::string PrintFunction(const Function& function, const PrintOptions& options = {});
std::string PrintOperation(const Operation& operation, const PrintOptions& options = {});

}  // namespace rnnc::ir
