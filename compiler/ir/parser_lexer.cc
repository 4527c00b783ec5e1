// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/parser_lexer.h"

#include <fmt/format.h>

namespace rnnc::ir {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWordStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsWordCharacter(char c) { return IsWordStart(c) || IsDigit(c) || c == '.'; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> Run() {
    while (true) {
      SkipBlanks();
      token_ = Token();
      token_.line = line_;
      token_.column = static_cast<int>(at_ - line_start_) + 1;
      token_.kind = at_ == text_.size() ? TokenKind::kEnd : ReadToken();
      const TokenKind kind = token_.kind;
      tokens_.push_back(std::move(token_));
      if (kind == TokenKind::kEnd || kind == TokenKind::kError) return std::move(tokens_);
    }
  }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void SkipBlanks() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') {
        ++line_;
        line_start_ = ++at_;
      } else if (c == ' ' || c == '\t' || c == '\r') {
        ++at_;
      } else if (c == '/' && Peek(1) == '/') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  TokenKind Wrong(std::string reason) {
    token_.text = std::move(reason);
    return TokenKind::kError;
  }

  TokenKind ReadToken() {
    const char c = Peek();
    if (IsWordStart(c)) return ReadWord(TokenKind::kWord);
    if (IsDigit(c)) return ReadNumber();
    if (c == '"') return ReadString(TokenKind::kString);
    if (c == '@' || (c == '%' && !BehindOperand())) {
      const TokenKind kind = c == '@' ? TokenKind::kGlobal : TokenKind::kValue;
      ++at_;
      if (Peek() == '"') return ReadString(kind);
      if (IsWordStart(Peek()) || IsDigit(Peek())) return ReadWord(kind);
      return Wrong(fmt::format("a name is missing behind '{}'", c));
    }
    if (c == '-' && Peek(1) == '>') {
      token_.text = "->";
      at_ += 2;
      return TokenKind::kSymbol;
    }
    if (std::string_view("(){}[]<>=,:|+-*/%").find(c) == std::string_view::npos || c == '\0') {
      return Wrong("a character that means nothing here");
    }
    token_.text = c;
    ++at_;
    return TokenKind::kSymbol;
  }

  bool BehindOperand() const {
    if (at_ == 0) return false;
    const char before = text_[at_ - 1];
    return IsWordCharacter(before) || before == ')' || before == ']';
  }

  TokenKind ReadWord(TokenKind kind) {
    const size_t start = at_;
    while (IsWordCharacter(Peek())) ++at_;
    token_.text = text_.substr(start, at_ - start);
    return kind;
  }

  TokenKind ReadNumber() {
    const size_t start = at_;
    while (IsDigit(Peek())) ++at_;
    if (Peek() == '.') {
      ++at_;
      while (IsDigit(Peek())) ++at_;
    }
    const size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
    if ((Peek() == 'e' || Peek() == 'E') && IsDigit(Peek(1 + sign))) {
      at_ += 1 + sign;
      while (IsDigit(Peek())) ++at_;
    }
    token_.text = text_.substr(start, at_ - start);
    return IsWordStart(Peek()) ? Wrong("a number runs into a name") : TokenKind::kNumber;
  }

  TokenKind ReadString(TokenKind kind) {
    ++at_;
    while (Peek() != '"') {
      if (at_ >= text_.size() || Peek() == '\n') return Wrong("the string does not end on its line");
      if (Peek() != '\\') {
        token_.text += text_[at_++];
        continue;
      }
      const char escape = Peek(1);
      at_ += 2;
      if (escape == 'x') {
        const int high = HexDigit(Peek());
        const int low = HexDigit(Peek(1));
        if (high < 0 || low < 0) return Wrong("\\x needs two hexadecimal digits");
        token_.text += static_cast<char>(high * 16 + low);
        at_ += 2;
        continue;
      }
      const size_t known = std::string_view("\"\\ntr").find(escape);
      if (known == std::string_view::npos || escape == '\0') return Wrong("unknown escape in a string");
      token_.text += "\"\\\n\t\r"[known];
    }
    ++at_;
    return kind;
  }

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
  size_t line_start_ = 0;
  Token token_;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> Lex(std::string_view text) { return Lexer(text).Run(); }

}  // namespace rnnc::ir
