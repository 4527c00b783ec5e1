// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/index_expr.h"

#include <algorithm>

#include "compiler/support/check.h"

namespace rnnc::ir {
namespace {

int64_t FloorQuotient(int64_t a, int64_t b) { return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0); }
int64_t FloorRemainder(int64_t a, int64_t b) { return a - b * FloorQuotient(a, b); }

// A total order of atoms, for canonical sums: variables by number, then the composed ones by text.
std::string OrderKey(const IndexExpr::Atom& atom) {
  const std::string id = std::to_string(atom.id);
  std::string key(1, static_cast<char>('0' + static_cast<int>(atom.kind)));
  key += std::string(10 - std::min<size_t>(10, id.size()), '0') + id;
  if (atom.inner) key += atom.inner->ToText({}) + "/" + atom.divisor.ToText();
  return key;
}

std::optional<int64_t> Plus(std::optional<int64_t> a, std::optional<int64_t> b) {
  int64_t sum = 0;
  if (!a || !b || __builtin_add_overflow(*a, *b, &sum)) return std::nullopt;
  return sum;
}

std::optional<int64_t> Times(std::optional<int64_t> a, int64_t b) {
  int64_t product = 0;
  if (!a || __builtin_mul_overflow(*a, b, &product)) return std::nullopt;
  return product;
}

// Splits expr into divisor * quotient + rest, term by term.
struct Split {
  IndexExpr quotient, rest;
};
Split SplitBy(const IndexExpr& expr, const Dim& divisor) {
  Split split;
  auto add = [&](const Dim& coefficient, const IndexExpr& unit) {
    if (auto exact = coefficient.DividedBy(divisor)) {
      split.quotient = split.quotient + unit * *exact;
    } else if (coefficient.IsConstant() && divisor.IsConstant()) {
      split.quotient = split.quotient + unit * Dim(FloorQuotient(coefficient.Value(), divisor.Value()));
      split.rest = split.rest + unit * Dim(FloorRemainder(coefficient.Value(), divisor.Value()));
    } else {
      split.rest = split.rest + unit * coefficient;
    }
  };
  add(expr.ConstantPart(), IndexExpr(1));
  for (const IndexExpr::Term& term : expr.Terms()) {
    IndexExpr unit;
    switch (term.atom.kind) {
      case IndexExpr::AtomKind::kVariable:
        unit = IndexExpr::Variable(term.atom.id);
        break;
      case IndexExpr::AtomKind::kNode:
        unit = IndexExpr::Node(term.atom.id);
        break;
      case IndexExpr::AtomKind::kFloorDiv:
        unit = IndexExpr::FloorDiv(*term.atom.inner, term.atom.divisor);
        break;
      case IndexExpr::AtomKind::kMod:
        unit = IndexExpr::Mod(*term.atom.inner, term.atom.divisor);
        break;
    }
    add(term.coefficient, unit);
  }
  return split;
}

}  // namespace

bool IndexExpr::Atom::operator==(const Atom& other) const {
  if (kind != other.kind || id != other.id) return false;
  if (!inner) return true;
  return divisor == other.divisor && *inner == *other.inner;
}

IndexExpr IndexExpr::FromAtom(Atom atom) {
  IndexExpr expr;
  expr.terms_.push_back({std::move(atom), Dim(1)});
  return expr;
}

IndexExpr IndexExpr::Variable(int id) { return FromAtom({AtomKind::kVariable, id, nullptr, Dim()}); }
IndexExpr IndexExpr::Node(int id) { return FromAtom({AtomKind::kNode, id, nullptr, Dim()}); }

IndexExpr IndexExpr::FloorDiv(const IndexExpr& expr, const Dim& divisor) {
  if (divisor.Is(1)) return expr;
  if (expr.IsConstant() && expr.constant_.IsConstant() && divisor.IsConstant()) {
    return FloorQuotient(expr.constant_.Value(), divisor.Value());
  }
  return FromAtom({AtomKind::kFloorDiv, 0, std::make_shared<IndexExpr>(expr), divisor});
}

IndexExpr IndexExpr::Mod(const IndexExpr& expr, const Dim& divisor) {
  if (divisor.Is(1)) return 0;
  if (expr.IsConstant() && expr.constant_.IsConstant() && divisor.IsConstant()) {
    return FloorRemainder(expr.constant_.Value(), divisor.Value());
  }
  return FromAtom({AtomKind::kMod, 0, std::make_shared<IndexExpr>(expr), divisor});
}

void IndexExpr::AddTerm(const Atom& atom, const Dim& coefficient) {
  auto same = std::find_if(terms_.begin(), terms_.end(), [&](const Term& term) { return term.atom == atom; });
  if (same != terms_.end()) {
    same->coefficient += coefficient;
    if (same->coefficient.Is(0)) terms_.erase(same);
    return;
  }
  if (coefficient.Is(0)) return;
  const std::string key = OrderKey(atom);
  auto place =
      std::find_if(terms_.begin(), terms_.end(), [&](const Term& term) { return key < OrderKey(term.atom); });
  terms_.insert(place, {atom, coefficient});
}

IndexExpr IndexExpr::operator+(const IndexExpr& other) const {
  IndexExpr sum = *this;
  sum.constant_ += other.constant_;
  for (const Term& term : other.terms_) sum.AddTerm(term.atom, term.coefficient);
  return sum;
}

IndexExpr IndexExpr::operator-(const IndexExpr& other) const { return *this + other * Dim(-1); }

IndexExpr IndexExpr::operator*(const Dim& factor) const {
  IndexExpr product(constant_ * factor);
  for (const Term& term : terms_) product.AddTerm(term.atom, term.coefficient * factor);
  return product;
}

bool IndexExpr::IsVariable(int id) const { return *this == Variable(id); }

bool IndexExpr::UsesVariable(int id) const {
  return std::any_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    if (term.atom.inner) return term.atom.inner->UsesVariable(id);
    return term.atom.kind == AtomKind::kVariable && term.atom.id == id;
  });
}

bool IndexExpr::UsesNode() const {
  return std::any_of(terms_.begin(), terms_.end(), [](const Term& term) {
    return term.atom.inner ? term.atom.inner->UsesNode() : term.atom.kind == AtomKind::kNode;
  });
}

bool IndexExpr::UsesSymbol(const std::string& symbol) const {
  return constant_.Uses(symbol) || std::any_of(terms_.begin(), terms_.end(), [&](const Term& term) {
           return term.coefficient.Uses(symbol) || (term.atom.inner && (term.atom.divisor.Uses(symbol) ||
                                                                        term.atom.inner->UsesSymbol(symbol)));
         });
}

IndexExpr IndexExpr::Transform(const std::function<IndexExpr(const Atom&)>& atom_map,
                               const std::function<Dim(const Dim&)>& dim_map) const {
  IndexExpr result(dim_map(constant_));
  for (const Term& term : terms_) {
    IndexExpr image;
    if (term.atom.inner) {
      const IndexExpr inner = term.atom.inner->Transform(atom_map, dim_map);
      const Dim divisor = dim_map(term.atom.divisor);
      image = term.atom.kind == AtomKind::kFloorDiv ? FloorDiv(inner, divisor) : Mod(inner, divisor);
    } else {
      image = atom_map(term.atom);
    }
    result = result + image * dim_map(term.coefficient);
  }
  return result;
}

IndexExpr IndexExpr::SubstituteVariables(
    const std::function<std::optional<IndexExpr>(int)>& replacement) const {
  return Transform(
      [&](const Atom& atom) {
        if (atom.kind == AtomKind::kVariable) {
          if (auto image = replacement(atom.id)) return *image;
        }
        return FromAtom(atom);
      },
      [](const Dim& dim) { return dim; });
}

IndexExpr IndexExpr::SubstituteSymbols(const std::map<std::string, Dim>& symbols) const {
  return Transform([](const Atom& atom) { return FromAtom(atom); },
                   [&](const Dim& dim) { return dim.Substitute(symbols); });
}

IndexExpr IndexExpr::RenumberNodes(const std::function<int(int)>& renumber) const {
  return Transform(
      [&](const Atom& atom) {
        return atom.kind == AtomKind::kNode ? Node(renumber(atom.id)) : FromAtom(atom);
      },
      [](const Dim& dim) { return dim; });
}

IndexExpr::Range IndexExpr::RangeFor(const std::vector<Dim>& extents) const {
  Range sum;
  if (constant_.IsConstant()) sum.low = sum.high = constant_.Value();
  for (const Term& term : terms_) {
    Range range;
    switch (term.atom.kind) {
      case AtomKind::kVariable: {
        range.low = 0;
        const auto id = static_cast<size_t>(term.atom.id);
        if (id < extents.size() && extents[id].IsConstant()) {
          range.high = std::max<int64_t>(extents[id].Value() - 1, 0);
        }
        break;
      }
      case AtomKind::kNode:
        break;
      case AtomKind::kFloorDiv: {
        const Range inner = term.atom.inner->RangeFor(extents);
        if (term.atom.divisor.IsConstant()) {
          const int64_t divisor = term.atom.divisor.Value();
          if (inner.low) range.low = FloorQuotient(*inner.low, divisor);
          if (inner.high) range.high = FloorQuotient(*inner.high, divisor);
        }
        break;
      }
      case AtomKind::kMod:
        range.low = 0;
        if (term.atom.divisor.IsConstant()) range.high = term.atom.divisor.Value() - 1;
        break;
    }
    if (!term.coefficient.IsConstant()) return {};
    const int64_t factor = term.coefficient.Value();
    if (factor < 0) std::swap(range.low, range.high);
    sum.low = Plus(sum.low, Times(range.low, factor));
    sum.high = Plus(sum.high, Times(range.high, factor));
  }
  return sum;
}

IndexExpr IndexExpr::Simplify(const std::vector<Dim>& extents) const {
  IndexExpr result(constant_);
  for (const Term& term : terms_) {
    IndexExpr image;
    if (!term.atom.inner) {
      image = FromAtom(term.atom);
      const auto id = static_cast<size_t>(term.atom.id);
      // A variable of extent 1 is always 0.
      if (term.atom.kind == AtomKind::kVariable && id < extents.size() && extents[id].Is(1)) image = 0;
    } else {
      const IndexExpr inner = term.atom.inner->Simplify(extents);
      const Dim& divisor = term.atom.divisor;
      const Split split = SplitBy(inner, divisor);
      const Range rest = split.rest.RangeFor(extents);
      const bool rest_is_small =
          divisor.IsConstant() && rest.low && rest.high && *rest.low >= 0 && *rest.high < divisor.Value();
      const bool rest_is_zero = split.rest == IndexExpr(0);
      if (term.atom.kind == AtomKind::kFloorDiv) {
        image =
            rest_is_small || rest_is_zero ? split.quotient : split.quotient + FloorDiv(split.rest, divisor);
      } else {
        image = rest_is_small || rest_is_zero ? split.rest : Mod(split.rest, divisor);
      }
    }
    result = result + image * term.coefficient;
  }
  return result;
}

std::optional<Dim> IndexExpr::CoefficientOf(int id) const {
  Dim coefficient(0);
  for (const Term& term : terms_) {
    if (term.atom.inner && term.atom.inner->UsesVariable(id)) return std::nullopt;
    if (term.atom.kind == AtomKind::kVariable && term.atom.id == id) coefficient += term.coefficient;
  }
  return coefficient;
}

int64_t IndexExpr::Evaluate(const std::vector<int64_t>& variables,
                            const std::map<std::string, int64_t>& symbols,
                            const std::function<int64_t(int)>& node_value) const {
  auto dim = [&](const Dim& d) {
    if (d.IsConstant()) return d.Value();
    auto value = d.Evaluate(symbols);
    RNNC_CHECK(value.has_value(), "no value for a symbol of {}", d.ToText());
    return *value;
  };
  int64_t sum = dim(constant_);
  for (const Term& term : terms_) {
    int64_t value = 0;
    switch (term.atom.kind) {
      case AtomKind::kVariable:
        value = variables.at(static_cast<size_t>(term.atom.id));
        break;
      case AtomKind::kNode:
        value = node_value(term.atom.id);
        break;
      case AtomKind::kFloorDiv:
        value =
            FloorQuotient(term.atom.inner->Evaluate(variables, symbols, node_value), dim(term.atom.divisor));
        break;
      case AtomKind::kMod:
        value =
            FloorRemainder(term.atom.inner->Evaluate(variables, symbols, node_value), dim(term.atom.divisor));
        break;
    }
    sum += value * dim(term.coefficient);
  }
  return sum;
}

std::string IndexExpr::ToText(const std::vector<std::string>& variable_names,
                              const std::function<std::string(int)>& node_text) const {
  auto atom_text = [&](const Atom& atom) {
    const auto id = static_cast<size_t>(atom.id);
    if (atom.kind == AtomKind::kVariable) {
      return id < variable_names.size() ? variable_names[id] : "v" + std::to_string(id);
    }
    if (atom.kind == AtomKind::kNode) return node_text ? node_text(atom.id) : "#" + std::to_string(atom.id);
    const std::string inner = atom.inner->ToText(variable_names, node_text);
    const bool single = atom.inner->terms_.size() == 1 && !atom.inner->terms_[0].atom.inner &&
                        atom.inner->terms_[0].coefficient.Is(1) && atom.inner->constant_.Is(0);
    const std::string divisor = atom.divisor.ToText();
    return (single ? inner : "(" + inner + ")") + (atom.kind == AtomKind::kFloorDiv ? "/" : "%") +
           (atom.divisor.IsConstant() ? divisor : "(" + divisor + ")");
  };
  std::string text;
  for (const Term& term : terms_) {
    const std::string atom = atom_text(term.atom);
    if (term.coefficient.Is(1)) {
      text += (text.empty() ? "" : "+") + atom;
    } else if (term.coefficient.Is(-1)) {
      text += "-" + atom;
    } else {
      // 2*(i/4) is not 2*i/4.
      const std::string factor = term.atom.inner ? "(" + atom + ")" : atom;
      const std::string coefficient = term.coefficient.ToText();
      const bool plain = term.coefficient.IsConstant();
      text += text.empty() || (plain && term.coefficient.Value() < 0) ? "" : "+";
      text += plain ? coefficient : "(" + coefficient + ")";
      text += "*" + factor;
    }
  }
  std::string constant = constant_.ToText();
  if (text.empty()) return constant;
  if (constant_.Is(0)) return text;
  return text + (constant[0] == '-' ? "" : "+") + constant;
}

}  // namespace rnnc::ir
