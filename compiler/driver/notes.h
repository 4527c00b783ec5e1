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
int NodeCount(const import::ImportNotes& notes);

}  // namespace rnnc::driver
