// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <string>
#include <vector>

#include "compiler/import/import.h"

// The importer's notes as lines for people.
namespace rnnc::driver {

/// What became of each symbolic dim and bound input: "batch = 1 (batch axis of recurrent nodes)".
std::vector<std::string> BoundLines(const import::ImportNotes& notes);
/// The symbol of the dim that stays open as time; empty when there is none.
std::string TimeSymbol(const import::ImportNotes& notes);
/// How many nodes, and which of them go from step to step: "9 nodes, 3 recurrent (2 GRU, 1 Loop)".
std::string NodesText(const import::ImportNotes& notes);

}  // namespace rnnc::driver
