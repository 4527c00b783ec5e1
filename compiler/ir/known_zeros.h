// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "compiler/ir/module.h"

namespace rnnc::ir {

// True when every element is known to be 0 whatever the inputs are: constants, and what only moves or repeats
// their elements (as exporters write initial states: ConstantOfShape, Expand). False means "not proved".
bool IsZero(const Value& value);

}  // namespace rnnc::ir
