// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <optional>
#include <set>
#include <string>

#include "compiler/ir/module.h"

namespace rnnc::passes {

// States that a call of `function` without frames (`time` is 0, other sizes 1) leaves as something else than
// they were, found by evaluating it on states of which no two elements are equal. Nullopt: it cannot be
// evaluated so, as where a step is read that there is none of. The stage is `recurrence` or later.
std::optional<std::set<std::string>> ChangedByNoFrames(const ir::Function& function, const std::string& time);

}  // namespace rnnc::passes
