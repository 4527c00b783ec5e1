// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/dim.h"

#include <algorithm>
#include <set>

#include "compiler/ir/spelling.h"
#include "compiler/support/check.h"

namespace rnnc::ir {

Dim::Dim(int64_t value) {
  if (value != 0) terms_[{}] = value;
}

Dim Dim::Symbol(const std::string& name) {
  Dim dim;
  dim.terms_[{name}] = 1;
  return dim;
}

bool Dim::IsConstant() const {
  return !poisoned_ && (terms_.empty() || (terms_.size() == 1 && terms_.begin()->first.empty()));
}

int64_t Dim::Value() const {
  RNNC_CHECK(IsConstant(), "dim {} is not a constant", ToText());
  return terms_.empty() ? 0 : terms_.begin()->second;
}

std::vector<std::string> Dim::Symbols() const {
  std::set<std::string> names;
  for (const auto& [monomial, coefficient] : terms_) names.insert(monomial.begin(), monomial.end());
  return {names.begin(), names.end()};
}

bool Dim::Uses(const std::string& symbol) const {
  return std::any_of(terms_.begin(), terms_.end(), [&](const auto& term) {
    return std::find(term.first.begin(), term.first.end(), symbol) != term.first.end();
  });
}

void Dim::Accumulate(const Monomial& monomial, int64_t coefficient) {
  int64_t& slot = terms_[monomial];
  if (__builtin_add_overflow(slot, coefficient, &slot)) poisoned_ = true;
  if (slot == 0) terms_.erase(monomial);
}

size_t Dim::Size() const {
  size_t size = terms_.size();
  for (const auto& [monomial, coefficient] : terms_) size += monomial.size();
  return size;
}

void Dim::PoisonIfLarge() {
  if (Size() <= kMaxSize) return;
  terms_.clear();
  poisoned_ = true;
}

Dim Dim::operator+(const Dim& other) const {
  Dim sum = *this;
  sum.poisoned_ |= other.poisoned_;
  for (const auto& [monomial, coefficient] : other.terms_) sum.Accumulate(monomial, coefficient);
  sum.PoisonIfLarge();
  return sum;
}

Dim Dim::operator-(const Dim& other) const { return *this + other * Dim(-1); }

Dim Dim::operator*(const Dim& other) const {
  Dim product;
  product.poisoned_ = poisoned_ || other.poisoned_;
  for (const auto& [left, a] : terms_) {
    for (const auto& [right, b] : other.terms_) {
      Monomial monomial = left;
      monomial.insert(monomial.end(), right.begin(), right.end());
      std::sort(monomial.begin(), monomial.end());
      int64_t coefficient = 0;
      if (__builtin_mul_overflow(a, b, &coefficient)) product.poisoned_ = true;
      product.Accumulate(monomial, coefficient);
    }
  }
  product.PoisonIfLarge();
  return product;
}

std::optional<Dim> Dim::DividedBy(const Dim& divisor) const {
  if (poisoned_ || divisor.poisoned_ || divisor.terms_.size() != 1) return std::nullopt;
  const auto& [factor, scale] = *divisor.terms_.begin();
  if (scale == -1) {  // the machine's division of the least integer by -1 traps
    const Dim negated = *this * Dim(-1);
    return negated.poisoned_ ? std::nullopt : negated.DividedBy(divisor * Dim(-1));
  }
  Dim quotient;
  for (const auto& [monomial, coefficient] : terms_) {
    if (coefficient % scale != 0) return std::nullopt;
    Monomial rest;
    std::set_difference(monomial.begin(), monomial.end(), factor.begin(), factor.end(),
                        std::back_inserter(rest));
    if (rest.size() + factor.size() != monomial.size()) return std::nullopt;
    quotient.Accumulate(rest, coefficient / scale);
  }
  return quotient;
}

Dim Dim::Substitute(const std::map<std::string, Dim>& symbols) const {
  Dim result;
  result.poisoned_ = poisoned_;
  for (const auto& [monomial, coefficient] : terms_) {
    Dim term(coefficient);
    for (const std::string& symbol : monomial) {
      auto found = symbols.find(symbol);
      term *= found == symbols.end() ? Symbol(symbol) : found->second;
    }
    result += term;
  }
  return result;
}

std::optional<int64_t> Dim::Evaluate(const std::map<std::string, int64_t>& symbols) const {
  if (poisoned_) return std::nullopt;
  int64_t sum = 0;
  for (const auto& [monomial, coefficient] : terms_) {
    int64_t product = coefficient;
    for (const std::string& symbol : monomial) {
      auto found = symbols.find(symbol);
      if (found == symbols.end() || __builtin_mul_overflow(product, found->second, &product))
        return std::nullopt;
    }
    if (__builtin_add_overflow(sum, product, &sum)) return std::nullopt;
  }
  return sum;
}

std::string Dim::ToText() const {
  if (poisoned_) return "overflow";
  std::vector<std::pair<Monomial, int64_t>> ordered(terms_.begin(), terms_.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  std::string text;
  for (const auto& [monomial, coefficient] : ordered) {
    if (!text.empty() && coefficient > 0) text += '+';
    if (monomial.empty() || (coefficient != 1 && coefficient != -1)) {
      text += std::to_string(coefficient);
      if (!monomial.empty()) text += '*';
    } else if (coefficient == -1) {
      text += '-';
    }
    for (size_t i = 0; i < monomial.size(); ++i) text += (i == 0 ? "" : "*") + SpelledSymbol(monomial[i]);
  }
  return text.empty() ? "0" : text;
}

}  // namespace rnnc::ir
