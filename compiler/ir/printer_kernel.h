// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <functional>
#include <set>
#include <string>

#include "compiler/ir/module.h"

// The part of the printer that writes kernels (map, reduce, contract).
namespace rnnc::ir {

struct KernelPrinting {
  std::function<std::string(const Value*)> value_text;  // "%x", "@W"
  const std::set<std::string>* symbols = nullptr;       // names that index variables must not take
  int indent = 0;                                       // columns of the line that the kernel starts on
};

// "(i<4) { yield neg(%x[i]) }", or several lines when there are accumulators or named nodes. Starts
// behind the operation's name and ends with the closing brace.
std::string KernelText(const Operation& operation, const KernelPrinting& printing);

// Numbers the nodes as they appear in the text; drops those that no output needs.
Program InTextOrder(const Program& program);
// Numbers nodes and operands of a kernel operation as a reader of its text would.
void PutInTextOrder(Operation& operation);

}  // namespace rnnc::ir
