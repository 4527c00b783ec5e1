// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/module.h"
#include "compiler/ir/parser_lexer.h"
#include "compiler/support/diagnostic.h"

// The pieces that the files of the parser share.
namespace rnnc::ir {

// A place in the tokens, and the first error. After an error every look sees the end of the text, so
// that loops end by themselves; results are then worthless.
class Cursor {
 public:
  Cursor(std::vector<Token> tokens, std::string file);

  const Token& Peek(size_t ahead = 0) const;
  Token Next();
  bool Failed() const { return error_.has_value(); }
  const Diagnostic& GetError() const { return *error_; }

  bool AtSymbol(std::string_view symbol, size_t ahead = 0) const;
  bool AtWord(std::string_view word, size_t ahead = 0) const;
  bool TakeSymbol(std::string_view symbol);  // when it is next
  bool TakeWord(std::string_view word);
  void Expect(std::string_view symbol);  // an error when it is not next
  void ExpectWord(std::string_view word);
  std::string ExpectKind(TokenKind kind, std::string_view what);  // its text

  template <typename... Args>
  void Fail(fmt::format_string<Args...> format, Args&&... args) {
    FailAt(Peek(), fmt::format(format, std::forward<Args>(args)...));
  }
  void FailAt(const Token& token, std::string message);

  // Nesting: false and an error when it is too deep.
  bool Enter();
  void Leave() { --depth_; }

 private:
  std::vector<Token> tokens_;
  std::string file_;
  size_t at_ = 0;
  int depth_ = 0;
  std::optional<Diagnostic> error_;
};

// What a bare name in an index expression may mean besides a symbol.
struct IndexScope {
  const std::vector<std::string>* variables = nullptr;  // by number; "" has no name
  std::function<int()> node;                            // reads the node in value(..)
};

IndexExpr ParseIndex(Cursor& cursor, const IndexScope& scope);
std::vector<IndexExpr> ParseIndexList(Cursor& cursor, const IndexScope& scope);  // up to ']', '|' or ')'
Dim ParseDim(Cursor& cursor);
std::string ParseSymbolName(Cursor& cursor);  // a bare or quoted name
ElementType ParseElement(Cursor& cursor);
Type ParseType(Cursor& cursor);
std::optional<Place> ParsePlace(Cursor& cursor);  // " at arena[0:4]" when it is next
int64_t ParseInteger(Cursor& cursor);

// A number, sign included, of the element type; `integer` for integer types and bool.
struct Literal {
  double number = 0;
  int64_t integer = 0;
};
Literal ParseLiteral(Cursor& cursor, ElementType element);
// True at a number, '-', inf, nan, true or false.
bool AtLiteral(const Cursor& cursor);

// The value of an attribute; an empty list is of the kind that is wanted.
Attribute ParseAttribute(Cursor& cursor, AttributeKind wanted);

// The data of constants and states: zeros, blob(64), [1, 2], 1.5. What it allocates in all is bounded by
// the sizes of text and blob.
class DataParser {
 public:
  DataParser(Cursor& cursor, std::string_view blob);
  // Null after an error.
  TensorPtr Parse(const Type& type);

 private:
  TensorPtr ParseBlob(const Type& type, int64_t size);
  TensorPtr ParseLiterals(const Type& type, int64_t count);

  Cursor& cursor_;
  std::string_view blob_;
  int64_t blob_left_;
  int64_t zeros_ = 0;
};

// "(i<4) { .. }": the kernel and the operands it reads, in the order in which they appear.
struct ParsedKernel {
  Kernel kernel;
  std::vector<Value*> operands;
};
ParsedKernel ParseKernel(Cursor& cursor, const std::function<Value*(const Token&)>& value_of);

}  // namespace rnnc::ir
