// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <string>

#include "compiler/ir/module.h"

namespace rnnc::import {

// Why the condition of an If does not choose a branch when compiled, and what to do: it has no single bool,
// or "depends on the input 'sr'; give its value with --const sr=VALUE".
std::string WhyNoCondition(const ir::Value& condition);

}  // namespace rnnc::import
