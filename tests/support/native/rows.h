// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "codegen/target.h"

// The rows of the target table that tests run on, and what runs and links their code here.
namespace rnnc::test {

struct TestRow {
  std::string name;  // letters, digits and underscores
  codegen::TargetRequest request;
  std::string emulated_cpu = {};  // the least CPU that the row promises to run on, in the emulator's spelling
};
inline void PrintTo(const TestRow& row, std::ostream* out) { *out << row.name; }

/// x86-64, its levels, this machine, and AArch64 of the first version.
const std::vector<TestRow>& TestRows();
/// The one of that name.
const TestRow& FindTestRow(const std::string& name);
/// Further CPUs that objects are made for.
const std::vector<TestRow>& MoreRows();

/// The row of the table.
codegen::TargetRow TargetOf(const TestRow& row);
/// `--target` and `-mcpu` as a user would write them.
std::vector<std::string> OptionsOf(const TestRow& row);

/// How code of a row becomes a program and runs here.
struct Toolchain {
  std::string c;                     // a C compiler
  std::string cxx;                   // empty: there is none
  std::vector<std::string> flags;    // of either
  std::vector<std::string> emulate;  // what the program's name is given to; empty: it runs by itself
};
/// Whether code of the row needs an emulator here.
bool IsForeign(const TestRow& row);
/// Why code of the row cannot run here: empty when it can, by itself or emulated.
std::string WhyNot(const TestRow& row);
/// Only when it can.
Toolchain ToolchainOf(const TestRow& row);

}  // namespace rnnc::test
