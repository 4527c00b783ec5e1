// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/tensor.h"
#include "compiler/support/result.h"
#include "runtime/rnnc.h"
#include "tests/support/native/rows.h"

// C programs as users of compiled models write them.
namespace rnnc::test {

/// One call of NAME_run (when the model has one, else of NAME_step) on a freshly reset instance.
struct ProgramCall {
  const rnnc_model* model = nullptr;
  std::vector<ir::Tensor> inputs;  // in the descriptor's order
  int64_t frames = 1;
};

/// A program that includes the generated headers and makes the calls in order. It reads input I of call K
/// from inK_I.bin, writes output I to outK_I.bin, and ends with a status other than 0 when a call does not
/// return RNNC_OK or writes one byte outside its outputs and its instance. It is both C11 and C++17.
std::string ProgramSource(const std::vector<ProgramCall>& calls);

enum class Language { kC11, kCxx17 };
/// Those that the toolchain of a row has a compiler for.
std::vector<Language> LanguagesOf(const TestRow& row);

/// Writes program and inputs into the folder (where NAME.h and NAME.o of each model lie), compiles it with
/// all warnings as errors, links it with the objects and nothing else, runs it (emulated, when the row is a
/// foreign one), and reads the outputs of each call. `more` goes to the compiler too.
Result<std::vector<std::vector<ir::Tensor>>> RunProgram(const TestRow& row, const std::string& folder,
                                                        Language language,
                                                        const std::vector<ProgramCall>& calls,
                                                        const std::vector<std::string>& more = {});

}  // namespace rnnc::test
