// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <string>
#include <vector>

namespace rnnc::test {

/// What a program that ended left.
struct ProcessResult {
  int exit_code = -1;  ///< 128 + the signal's number when a signal ended it, as shells say it
  std::string output;  ///< standard output
  std::string errors;  ///< standard error
};

/// Runs a program (found in PATH unless it has a slash) without a shell: arguments need no quotes.
/// `folder` is its working directory; empty for this process's own.
ProcessResult RunProcess(const std::vector<std::string>& command, const std::string& folder = "");

}  // namespace rnnc::test
