// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <memory>
#include <string_view>

#include "passes/pass.h"

// What tests of single passes share: text before, text after, and the same numbers.
namespace rnnc::passes {

// Fails the test unless every function that both have computes the same on random inputs (symbols are 5), and
// a plan holds (passes/check_plan.h).
void ExpectSameNumbers(const ir::Module& before, const ir::Module& after);

// Parses `before`, runs the pass, fails the test unless the module then prints as `after` and every function
// that both have computes the same as before.
void ExpectPass(PassFunction pass, std::string_view before, std::string_view after,
                const PassOptions& options = {});

// The same for a module that the pass leaves as it is.
void ExpectUnchanged(PassFunction pass, std::string_view text, const PassOptions& options = {});

// The message with which the pass refuses the module; empty when it does not.
std::string RefusalOf(PassFunction pass, std::string_view text, const PassOptions& options = {});

}  // namespace rnnc::passes
