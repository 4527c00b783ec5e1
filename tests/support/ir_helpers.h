// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "compiler/ir/module.h"

// What tests of the IR and of passes share.
namespace rnnc::ir {

// The module of a text; aborts with the parser's message when there is an error.
std::unique_ptr<Module> ParseOrDie(std::string_view text, std::string_view blob = {});

// Fails the test, with the lines that differ, unless both texts are the same. Blank lines before and
// after, and the margin of the least indented line, do not count (raw strings may be indented).
void ExpectSameText(std::string_view actual, std::string_view expected);

// Fails the test unless the module prints as `expected`.
void ExpectPrints(const Module& module, std::string_view expected);

// Parses, prints, and fails the test unless the text comes back.
void ExpectRoundTrip(std::string_view text);

// The same of a module, with the bytes of its large constants.
void ExpectRoundTrip(const Module& module);

// Fails the test unless the verifier accepts the module.
void ExpectValid(const Module& module);

}  // namespace rnnc::ir
