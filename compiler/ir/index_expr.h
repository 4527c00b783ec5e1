// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/dim.h"

namespace rnnc::ir {

// An integer expression over the index variables of a kernel: a Dim (integers and symbols) plus
// terms coefficient * atom. An atom is an index variable, the floor quotient or the non-negative
// remainder of another expression by a positive Dim, or the (integer) value of a node of the
// program that holds the expression. Kept canonical: like terms joined, zero terms dropped, terms
// ordered, so that equal expressions built differently mostly compare equal.
class IndexExpr {
 public:
  enum class AtomKind : uint8_t { kVariable, kFloorDiv, kMod, kNode };
  struct Atom {
    AtomKind kind = AtomKind::kVariable;
    int id = 0;                              // kVariable: the variable; kNode: the program node
    std::shared_ptr<const IndexExpr> inner;  // kFloorDiv, kMod
    Dim divisor;                             // kFloorDiv, kMod; > 0
    bool operator==(const Atom& other) const;
  };
  struct Term {
    Atom atom;
    Dim coefficient;
    bool operator==(const Term& other) const {
      return atom == other.atom && coefficient == other.coefficient;
    }
  };

  IndexExpr() = default;                                       // 0
  IndexExpr(Dim constant) : constant_(std::move(constant)) {}  // NOLINT(google-explicit-constructor)
  IndexExpr(int64_t constant) : constant_(constant) {}         // NOLINT(google-explicit-constructor)
  IndexExpr(int constant) : constant_(constant) {}             // NOLINT(google-explicit-constructor)
  static IndexExpr Variable(int id);
  static IndexExpr Node(int id);
  // floor(e / divisor) and e - divisor * floor(e / divisor). Folded when constant or divisor 1.
  static IndexExpr FloorDiv(const IndexExpr& expr, const Dim& divisor);
  static IndexExpr Mod(const IndexExpr& expr, const Dim& divisor);

  IndexExpr operator+(const IndexExpr& other) const;
  IndexExpr operator-(const IndexExpr& other) const;
  IndexExpr operator*(const Dim& factor) const;

  const Dim& ConstantPart() const { return constant_; }
  const std::vector<Term>& Terms() const { return terms_; }
  bool IsConstant() const { return terms_.empty(); }
  // True when this is exactly the variable `id`.
  bool IsVariable(int id) const;
  bool UsesVariable(int id) const;  // anywhere, inside quotients too
  bool UsesNode() const;            // depends on data
  bool UsesSymbol(const std::string& symbol) const;

  // Replacements, applied everywhere inside; a missing entry (nullopt) leaves the variable as it is.
  IndexExpr SubstituteVariables(const std::function<std::optional<IndexExpr>(int)>& replacement) const;
  IndexExpr SubstituteSymbols(const std::map<std::string, Dim>& symbols) const;
  IndexExpr RenumberNodes(const std::function<int(int)>& renumber) const;

  // Inclusive bounds where they are known. `extents[v]` is the number of values of variable v
  // (0..extent-1); symbolic extents bound only from below.
  struct Range {
    std::optional<int64_t> low, high;
  };
  Range RangeFor(const std::vector<Dim>& extents) const;
  // Removes quotients and remainders that the extents decide: (16*a + b) / 16 -> a for b < 16.
  IndexExpr Simplify(const std::vector<Dim>& extents) const;

  // Coefficient of variable `id` if the expression is linear in it (0 when absent); nullopt when it
  // occurs inside a quotient or remainder.
  std::optional<Dim> CoefficientOf(int id) const;

  int64_t Evaluate(const std::vector<int64_t>& variables, const std::map<std::string, int64_t>& symbols,
                   const std::function<int64_t(int)>& node_value) const;

  // "2*i+j", "(i*3+j)/4", "(i)%4", "#2" for nodes unless `node_text` says otherwise.
  std::string ToText(const std::vector<std::string>& variable_names,
                     const std::function<std::string(int)>& node_text = {}) const;

  bool operator==(const IndexExpr& other) const {
    return constant_ == other.constant_ && terms_ == other.terms_;
  }

 private:
  void AddTerm(const Atom& atom, const Dim& coefficient);
  static IndexExpr FromAtom(Atom atom);
  IndexExpr Transform(const std::function<IndexExpr(const Atom&)>& atom_map,
                      const std::function<Dim(const Dim&)>& dim_map) const;

  Dim constant_;
  std::vector<Term> terms_;
};

}  // namespace rnnc::ir
