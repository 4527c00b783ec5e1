// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <string_view>

// What is done with hostile bytes. Each target ends quietly whatever they are, or aborts: that is a finding.
// The fuzzers call them, and replay_test.cc with every file of corpus/ and regressions/.
namespace rnnc::fuzz {

// The bytes of a model: imported or refused with a diagnostic. What is imported verifies, its text reads back
// as the same module, and its constants fold.
void FuzzOnnx(std::string_view bytes);

// The text of a module: parsed or refused with file:line:column. What is parsed prints; what also verifies
// prints as a text that reads back as itself, and its constants fold when it is a graph.
void FuzzIr(std::string_view bytes);

}  // namespace rnnc::fuzz
