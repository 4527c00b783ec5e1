// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <llvm/ExecutionEngine/Orc/LLJIT.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "codegen/math/vector_math.h"
#include "tests/support/native/guest.h"

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
/// Whether code of the row needs an emulator; and why it cannot run here, by itself or emulated: empty when
/// it can.
bool IsForeign(const MathRow& row);
std::string WhyNot(const MathRow& row);

// One function of the object under test: y[i] = f(a[i], b[i]), `count` a multiple of 48. Unary functions do
// not read b.
using Kernel = std::function<void(const void* a, const void* b, void* y, std::size_t count)>;

// All functions of a row at each of kWidths, compiled to one object as the compiler would at -O2 (or -O0).
class CompiledRow {
 public:
  explicit CompiledRow(const MathRow& row, bool optimize = true);
  const MathRow& row() const { return row_; }
  std::vector<std::string> UndefinedSymbols() const;
  // WhyNot(row()) must be empty. `type` is "f32" or "f64".
  Kernel Find(const std::string& function, const std::string& type, int width);

 private:
  Kernel FindInGuest(const std::string& function, const std::string& type, const std::string& name);

  MathRow row_;
  std::string object_;
  std::vector<std::string> symbols_;  // of the functions
  std::unique_ptr<llvm::orc::LLJIT> jit_;
  std::unique_ptr<test::Guest> guest_;  // of a foreign row
};

// The compiled row of that name: compiled once for all tests.
CompiledRow& RowNamed(const std::string& name);

inline constexpr int kWidths[] = {1, 3, 4, 8, 16};

}  // namespace rnnc::codegen
