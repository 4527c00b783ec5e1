// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/parser_parts.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "compiler/ir/tensor.h"

namespace rnnc::ir {
namespace {

constexpr int kMaxDepth = 64;
constexpr size_t kMaxTerms = Dim::kMaxSize;  // of an index expression or a size

std::string Describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end of the text";
    case TokenKind::kString:
      return "a string";
    case TokenKind::kValue:
      return "'%" + token.text + "'";
    case TokenKind::kGlobal:
      return "'@" + token.text + "'";
    default:
      return "'" + token.text + "'";
  }
}

bool IsFloatText(const std::string& text) { return text.find_first_of(".eE") != std::string::npos; }

template <typename T>
T NumberFromText(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Beyond the range: from_chars leaves the value; tiny ones are zero, large ones infinite.
  if (error != std::errc::result_out_of_range) return value;
  const size_t exponent = text.find_first_of("eE");
  const bool tiny = (exponent != std::string::npos && text[exponent + 1] == '-') || text.starts_with("0.");
  return tiny ? T(0) : std::numeric_limits<T>::infinity();
}

class IndexParser {
 public:
  IndexParser(Cursor& cursor, const IndexScope& scope) : cursor_(cursor), scope_(scope) {}

  IndexExpr Sum() {
    if (!cursor_.Enter()) return {};
    const bool negative = cursor_.TakeSymbol("-");
    IndexExpr sum = Product();
    if (negative) sum = sum * Dim(-1);
    while (cursor_.AtSymbol("+") || cursor_.AtSymbol("-")) {
      const bool minus = cursor_.Next().text == "-";
      const IndexExpr term = Product();
      sum = minus ? sum - term : sum + term;
      CheckSize(sum);
    }
    CheckSize(sum);
    cursor_.Leave();
    return sum;
  }

 private:
  IndexExpr Product() {
    IndexExpr product = Factor();
    while (true) {
      if (cursor_.TakeSymbol("*")) {
        const IndexExpr right = Factor();
        if (!product.IsConstant() && !right.IsConstant()) cursor_.Fail("an index must be linear");
        const IndexExpr& factor = right.IsConstant() ? right : product;
        const IndexExpr& other = right.IsConstant() ? product : right;
        if (Size(factor) * Size(other) > kMaxTerms) cursor_.Fail("the expression has too many terms");
        if (cursor_.Failed()) return {};
        product = other * factor.ConstantPart();
        CheckSize(product);
      } else if (cursor_.AtSymbol("/") || cursor_.AtSymbol("%")) {
        const bool quotient = cursor_.Next().text == "/";
        const IndexExpr right = Factor();
        const Dim& divisor = right.ConstantPart();
        const bool positive = !divisor.IsConstant() || divisor.Value() > 0;
        if (!right.IsConstant() || !positive) cursor_.Fail("a divisor must be a positive size");
        if (cursor_.Failed()) return {};
        product = quotient ? IndexExpr::FloorDiv(product, divisor) : IndexExpr::Mod(product, divisor);
      } else {
        return product;
      }
    }
  }

  IndexExpr Factor() {
    const Token token = cursor_.Peek();
    if (token.kind == TokenKind::kNumber) return IndexExpr(ParseInteger(cursor_));
    if (cursor_.TakeSymbol("(")) {
      IndexExpr inner = Sum();
      cursor_.Expect(")");
      return inner;
    }
    if (scope_.node && cursor_.AtWord("value") && cursor_.AtSymbol("(", 1)) {
      cursor_.Next();
      cursor_.Next();
      const int node = scope_.node();
      cursor_.Expect(")");
      return IndexExpr::Node(node);
    }
    if (scope_.variables != nullptr && token.kind == TokenKind::kWord) {
      const auto& names = *scope_.variables;
      const auto found = std::find(names.begin(), names.end(), token.text);
      if (found != names.end()) {
        cursor_.Next();
        return IndexExpr::Variable(static_cast<int>(found - names.begin()));
      }
    }
    const std::string name = ParseSymbolName(cursor_);
    return IndexExpr(Dim::Symbol(name));
  }

  static size_t Size(const IndexExpr& expr) {
    size_t size = expr.ConstantPart().Size();
    for (const IndexExpr::Term& term : expr.Terms()) size += term.coefficient.Size() + 1;
    return size;
  }

  void CheckSize(const IndexExpr& expr) {
    bool overflow = expr.ConstantPart().IsPoisoned();
    for (const IndexExpr::Term& term : expr.Terms()) overflow |= term.coefficient.IsPoisoned();
    if (overflow) cursor_.Fail("a size does not fit into 64 bits");
    if (Size(expr) > kMaxTerms) cursor_.Fail("the expression has too many terms");
  }

  Cursor& cursor_;
  const IndexScope& scope_;
};

}  // namespace

// ---- Cursor ----

Cursor::Cursor(std::vector<Token> tokens, std::string file)
    : tokens_(std::move(tokens)), file_(std::move(file)) {
  if (tokens_.size() == 1 && tokens_[0].kind == TokenKind::kError) FailAt(tokens_[0], tokens_[0].text);
}

const Token& Cursor::Peek(size_t ahead) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }

Token Cursor::Next() {
  Token token = Peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  if (Peek().kind == TokenKind::kError) FailAt(Peek(), Peek().text);
  return token;
}

bool Cursor::AtSymbol(std::string_view symbol, size_t ahead) const {
  return Peek(ahead).kind == TokenKind::kSymbol && Peek(ahead).text == symbol;
}

bool Cursor::AtWord(std::string_view word, size_t ahead) const {
  return Peek(ahead).kind == TokenKind::kWord && Peek(ahead).text == word;
}

bool Cursor::TakeSymbol(std::string_view symbol) {
  if (!AtSymbol(symbol)) return false;
  Next();
  return true;
}

bool Cursor::TakeWord(std::string_view word) {
  if (!AtWord(word)) return false;
  Next();
  return true;
}

void Cursor::Expect(std::string_view symbol) {
  if (!TakeSymbol(symbol)) Fail("'{}' is missing before {}", symbol, Describe(Peek()));
}

void Cursor::ExpectWord(std::string_view word) {
  if (!TakeWord(word)) Fail("'{}' is missing before {}", word, Describe(Peek()));
}

std::string Cursor::ExpectKind(TokenKind kind, std::string_view what) {
  if (Peek().kind != kind) {
    Fail("{} is missing before {}", what, Describe(Peek()));
    return {};
  }
  return Next().text;
}

void Cursor::FailAt(const Token& token, std::string message) {
  if (error_) return;
  const Location location{fmt::format("{}:{}:{}", file_, token.line, token.column), {}};
  error_ = Diagnostic{Severity::kError, location, std::move(message), {}};
  Token end = tokens_.back();
  end.kind = TokenKind::kEnd;
  tokens_.push_back(std::move(end));
  at_ = tokens_.size() - 1;
}

bool Cursor::Enter() {
  if (++depth_ > kMaxDepth) Fail("nested too deep");
  return !Failed();
}

// ---- Pieces ----

IndexExpr ParseIndex(Cursor& cursor, const IndexScope& scope) { return IndexParser(cursor, scope).Sum(); }

std::vector<IndexExpr> ParseIndexList(Cursor& cursor, const IndexScope& scope) {
  std::vector<IndexExpr> list;
  if (cursor.AtSymbol("]") || cursor.AtSymbol("|")) return list;
  do {
    list.push_back(ParseIndex(cursor, scope));
  } while (cursor.TakeSymbol(","));
  return list;
}

Dim ParseDim(Cursor& cursor) { return ParseIndex(cursor, {}).ConstantPart(); }

std::string ParseSymbolName(Cursor& cursor) {
  if (cursor.Peek().kind == TokenKind::kString) return cursor.Next().text;
  return cursor.ExpectKind(TokenKind::kWord, "a name");
}

ElementType ParseElement(Cursor& cursor) {
  const std::optional<ElementType> element = ParseElementType(cursor.Peek().text);
  if (cursor.Peek().kind != TokenKind::kWord || !element) {
    cursor.Fail("{} is no element type", Describe(cursor.Peek()));
    return ElementType::kF32;
  }
  cursor.Next();
  return *element;
}

Type ParseType(Cursor& cursor) {
  Type type;
  type.element = ParseElement(cursor);
  cursor.Expect("[");
  if (cursor.TakeSymbol("]")) return type;
  do {
    type.dims.push_back(ParseDim(cursor));
    if (type.Rank() > kMaxRank) cursor.Fail("a type of more than {} axes", kMaxRank);
  } while (cursor.TakeSymbol(","));
  cursor.Expect("]");
  return type;
}

std::optional<Place> ParsePlace(Cursor& cursor) {
  if (!cursor.TakeWord("at")) return std::nullopt;
  std::string word = cursor.Peek().text;
  Place place;
  const size_t digits = word.find_last_not_of("0123456789") + 1;
  const std::string number = word.substr(digits);
  word.resize(digits);
  bool known = cursor.Peek().kind == TokenKind::kWord && number.size() <= 6;
  if (known && !number.empty()) place.index = std::stoi(number);
  static constexpr Space kAll[] = {Space::kState, Space::kArena, Space::kScratch, Space::kInput,
                                   Space::kOutput};
  const auto* found =
      std::find_if(std::begin(kAll), std::end(kAll), [&](Space space) { return ToText(space) == word; });
  known = known && found != std::end(kAll) && number.empty() != IsNumbered(*found);
  if (!known) {
    cursor.Fail("{} is no memory space", Describe(cursor.Peek()));
    return std::nullopt;
  }
  place.space = *found;
  cursor.Next();
  cursor.Expect("[");
  place.offset = ParseDim(cursor);
  cursor.Expect(":");
  place.bytes = ParseDim(cursor);
  cursor.Expect("]");
  return place;
}

int64_t ParseInteger(Cursor& cursor) {
  const bool negative = cursor.TakeSymbol("-");
  const Token token = cursor.Peek();
  const std::string text = cursor.ExpectKind(TokenKind::kNumber, "an integer");
  if (cursor.Failed()) return 0;
  const std::string signed_text = (negative ? "-" : "") + text;
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(signed_text.data(), signed_text.data() + signed_text.size(), value);
  if (error != std::errc() || end != signed_text.data() + signed_text.size()) {
    cursor.FailAt(token, fmt::format("'{}' is no integer of 64 bits", signed_text));
  }
  return value;
}

bool AtLiteral(const Cursor& cursor) {
  const Token& token = cursor.Peek();
  if (token.kind == TokenKind::kNumber || cursor.AtSymbol("-")) return true;
  static const std::set<std::string_view> kWords = {"inf", "nan", "true", "false"};
  return token.kind == TokenKind::kWord && kWords.count(token.text) != 0;
}

Literal ParseLiteral(Cursor& cursor, ElementType element) {
  Literal literal;
  if (element == ElementType::kBool) {
    literal.integer = cursor.TakeWord("true") ? 1 : 0;
    if (literal.integer == 0) cursor.ExpectWord("false");
    return literal;
  }
  if (!IsFloat(element)) {
    const Token token = cursor.Peek();
    literal.integer = ParseInteger(cursor);
    Tensor check = ZeroTensor(MakeType(element, {}));
    check.SetInteger(0, literal.integer);
    if (check.IntegerAt(0) != literal.integer) {
      cursor.FailAt(token, fmt::format("{} does not fit into {}", literal.integer, ToText(element)));
    }
    return literal;
  }
  const bool negative = cursor.TakeSymbol("-");
  if (cursor.TakeWord("inf")) {
    literal.number = std::numeric_limits<double>::infinity();
  } else if (cursor.TakeWord("nan")) {
    literal.number = std::numeric_limits<double>::quiet_NaN();
  } else {
    const std::string text = cursor.ExpectKind(TokenKind::kNumber, "a number");
    if (cursor.Failed()) return literal;
    literal.number = element == ElementType::kF64 ? NumberFromText<double>(text)
                                                  : static_cast<double>(NumberFromText<float>(text));
  }
  if (negative) literal.number = -literal.number;
  literal.number = RoundTo(element, literal.number);
  return literal;
}

Attribute ParseAttribute(Cursor& cursor, AttributeKind wanted) {
  auto is_float = [&] {
    const size_t sign = cursor.AtSymbol("-") ? 1 : 0;
    const Token& token = cursor.Peek(sign);
    return token.kind == TokenKind::kWord || IsFloatText(token.text);
  };
  if (cursor.Peek().kind == TokenKind::kString) return cursor.Next().text;
  if (!cursor.TakeSymbol("[")) {
    if (!AtLiteral(cursor)) cursor.Fail("{} is no value of an attribute", Describe(cursor.Peek()));
    if (is_float()) return ParseLiteral(cursor, ElementType::kF32).number;
    return ParseInteger(cursor);
  }
  std::vector<int64_t> integers;
  std::vector<double> numbers;
  std::vector<std::string> strings;
  if (!cursor.TakeSymbol("]")) {
    wanted = cursor.Peek().kind == TokenKind::kString ? AttributeKind::kStrings
             : is_float()                             ? AttributeKind::kFloats
                                                      : AttributeKind::kInts;
    do {
      if (wanted == AttributeKind::kStrings) {
        strings.push_back(cursor.ExpectKind(TokenKind::kString, "a string"));
      } else if (wanted == AttributeKind::kFloats) {
        numbers.push_back(ParseLiteral(cursor, ElementType::kF32).number);
      } else {
        integers.push_back(ParseInteger(cursor));
      }
    } while (cursor.TakeSymbol(","));
    cursor.Expect("]");
  }
  if (wanted == AttributeKind::kStrings) return strings;
  if (wanted == AttributeKind::kFloats) return numbers;
  return integers;
}

}  // namespace rnnc::ir
