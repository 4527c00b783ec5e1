// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <llvm/ExecutionEngine/Orc/LLJIT.h>

#include <cstddef>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "codegen/math/vector_math.h"

namespace rnnc::codegen {

// A target the functions are compiled for.
struct MathRow {
  std::string name;
  std::string triple;
  std::string cpu;
  MathTarget target;
};
inline void PrintTo(const MathRow& row, std::ostream* out) { *out << row.name; }
std::vector<MathRow> MathRows();
bool HostRuns(const MathRow& row);

// One function of the object under test: y[i] = f(a[i], b[i]), `count` a multiple of 48. Unary functions do
// not read b.
using Kernel = void (*)(const void* a, const void* b, void* y, std::size_t count);

// All functions of a row at each of kWidths, compiled to one object as the compiler would at -O2 (or -O0).
class CompiledRow {
 public:
  explicit CompiledRow(const MathRow& row, bool optimize = true);
  const MathRow& row() const { return row_; }
  std::vector<std::string> UndefinedSymbols() const;
  // Needs HostRuns(row()). `type` is "f32" or "f64".
  Kernel Find(const std::string& function, const std::string& type, int width);

 private:
  MathRow row_;
  std::string object_;
  std::unique_ptr<llvm::orc::LLJIT> jit_;
};

// The compiled row of that name: compiled once for all tests.
CompiledRow& RowNamed(const std::string& name);

inline constexpr int kWidths[] = {1, 3, 4, 8, 16};

}  // namespace rnnc::codegen
