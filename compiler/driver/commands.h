// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "compiler/driver/options.h"
#include "compiler/support/result.h"

// The subcommands: what they print goes to stdout (results) and stderr (everything else).
namespace rnnc::driver {

/// 0 success, 1 failed or refused, 2 wrong usage.
enum ExitCode { kSuccess = 0, kFailure = 1, kUsage = 2 };

Result<> CompileCommand(const CompileOptions& options);
Result<> InspectCommand(const InspectOptions& options);
Result<> RunCommand(const RunOptions& options);
/// False when an output is out of bounds.
Result<bool> VerifyCommand(const VerifyOptions& options);
Result<> OptCommand(const OptOptions& options);

/// What is wrong with the command line, whatever the model is: exit code 2.
Result<> CheckUsage(const CompileOptions& options);
Result<> CheckUsage(const InspectOptions& options);
Result<> CheckUsage(const RunOptions& options);
Result<> CheckUsage(const VerifyOptions& options);
Result<> CheckUsage(const OptOptions& options);

/// The whole program.
int Main(int argc, char** argv);

}  // namespace rnnc::driver
