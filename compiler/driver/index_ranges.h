// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "compiler/ir/module.h"

namespace rnnc::driver {

/// The integers that an input may hold.
struct IndexRange {
  int64_t low = 0;
  int64_t high = 0;         // exclusive
  std::string symbol = {};  // its value in the call is added to `high`
};

/// By name, the inputs that a planned module checks before it uses them as indices or lengths, as they are or
/// moved and cast only, and what all of their checks let through (the last one that names a symbol).
std::map<std::string, IndexRange> IndexRanges(const ir::Module& planned);

}  // namespace rnnc::driver
