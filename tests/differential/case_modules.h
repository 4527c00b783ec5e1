// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/array.h"
#include "tests/differential/operator_cases.h"

// Modules of the operator cases.
namespace rnnc::testing {

/// All parts of the table.
std::vector<OperatorCase> AllCases();
bool MentionsTime(const OperatorCase& c);

/// A module in stage `graph` with one operation in `main`, and inputs for it.
struct BuiltCase {
  ir::Module module;
  ir::Function* function = nullptr;
  std::vector<ir::Array> inputs;
};
/// The same inputs for the same seed.
void BuildCase(const OperatorCase& c, uint32_t seed, BuiltCase& built);

/// How far results may be from the oracle's. 16-bit types: the oracle computes in double, the kernels round
/// each operator once. A constant inside a formula (1/6, sqrt(2)) has the type of its operands in a kernel.
double Tolerance(ir::ElementType element);

}  // namespace rnnc::testing
