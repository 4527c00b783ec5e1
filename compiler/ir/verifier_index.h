// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/ir/index_expr.h"

// What can be decided of index expressions without knowing symbols or data. No answer is ever wrong:
// what cannot be decided passes.
namespace rnnc::ir {

// The largest number of a variable that occurs, -1 when there is none.
int LargestVariable(const IndexExpr& index);

// A value that the index takes and that is not in 0..size-1; nullopt when there is none or when it
// cannot be told.
std::optional<int64_t> ValueOutside(const IndexExpr& index, const Dim& size, const std::vector<Dim>& extents);

// True when two points are known to be stored at the same element.
bool StoresTwice(const std::vector<IndexExpr>& store, const std::vector<Dim>& extents);

}  // namespace rnnc::ir
