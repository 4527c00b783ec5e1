// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rnnc::ir {

// A size: an integer, or a polynomial with integer coefficients over named symbols ("T", "2*T+1",
// "B*T"). Kept canonical: equal polynomials compare equal. A symbol stands for a run-time integer
// >= 0 (T may be 0).
//
// Arithmetic that would overflow int64, or give a polynomial of more than kMaxSize parts, gives a poisoned
// Dim (IsPoisoned), which is never equal to anything and must be refused by whoever reads sizes from a file.
class Dim {
 public:
  // Of the terms and the symbols in them. Squared n times, T+1 has 2^n terms.
  static constexpr size_t kMaxSize = 256;

  // A product of symbols, sorted, with repetition for powers; empty for the constant term.
  using Monomial = std::vector<std::string>;

  Dim() = default;
  Dim(int64_t value);  // NOLINT(google-explicit-constructor): sizes are mostly integers.
  Dim(int value) : Dim(static_cast<int64_t>(value)) {}  // NOLINT(google-explicit-constructor)
  static Dim Symbol(const std::string& name);

  bool IsConstant() const;
  bool IsPoisoned() const { return poisoned_; }
  // The integer; the Dim must be constant.
  int64_t Value() const;
  bool Is(int64_t value) const { return IsConstant() && Value() == value; }
  // The symbols that occur, sorted, each once.
  std::vector<std::string> Symbols() const;
  bool Uses(const std::string& symbol) const;

  Dim operator+(const Dim& other) const;
  Dim operator-(const Dim& other) const;
  Dim operator*(const Dim& other) const;
  Dim& operator+=(const Dim& other) { return *this = *this + other; }
  Dim& operator*=(const Dim& other) { return *this = *this * other; }
  // The quotient when `divisor` divides every term exactly (constant or single-term divisor).
  std::optional<Dim> DividedBy(const Dim& divisor) const;

  // Replaces symbols by other Dims; symbols not in the map stay.
  Dim Substitute(const std::map<std::string, Dim>& symbols) const;
  // The integer for given values of the symbols; nullopt when a symbol is missing or on overflow.
  std::optional<int64_t> Evaluate(const std::map<std::string, int64_t>& symbols) const;

  // "64", "T", "2*T+1"; terms in canonical order: highest degree first, then by name, constant last.
  std::string ToText() const;

  // Terms and the symbols in them.
  size_t Size() const;
  const std::map<Monomial, int64_t>& Terms() const { return terms_; }
  bool operator==(const Dim& other) const { return !poisoned_ && !other.poisoned_ && terms_ == other.terms_; }

 private:
  void Accumulate(const Monomial& monomial, int64_t coefficient);
  void PoisonIfLarge();
  std::map<Monomial, int64_t> terms_;  // no zero coefficients; empty means 0
  bool poisoned_ = false;
};

}  // namespace rnnc::ir
