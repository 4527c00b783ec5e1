// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "compiler/ir/module.h"

// How one kernel reads another: what the ways of fusing them (kernel_fusion.h) ask.
namespace rnnc::passes {

// The result of `producer` that operand `operand` of `reader` is, or -1.
int ResultRead(const ir::Operation& reader, int operand, const ir::Operation& producer);

// `visit` on every read of a result of `producer` by `reader`; false as soon as it says false.
bool AllReads(const ir::Operation& reader, const ir::Operation& producer,
              const std::function<bool(const ir::ScalarNode&, int result)>& visit);

bool OnlyReadBy(const ir::Operation& producer, const ir::Operation* reader);
bool ReadsInEpilogueOnly(const ir::Operation& reader, const ir::Operation& producer);
bool UsesDataIndex(const ir::ScalarNode& read);

// A leaf for AppendProgram that renumbers the operands of reads and nothing else. Keeps a reference.
std::function<std::optional<int>(ir::Program&, const ir::ScalarNode&)> Renumbered(
    const std::vector<int>& numbers);

void EraseIfUnused(ir::Operation* operation);

}  // namespace rnnc::passes
