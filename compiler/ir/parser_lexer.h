// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rnnc::ir {

enum class TokenKind {
  kWord,    // bare name or keyword: lstm, f32, T
  kString,  // "text", decoded
  kNumber,  // 12, 1.5, 1e-05; without sign
  kValue,   // %x, decoded
  kGlobal,  // @W, decoded
  kSymbol,  // one character, or "->"
  kEnd,
  kError,  // `text` is the reason; the last token
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  int line = 1;
  int column = 1;
};

// All tokens of a text; the last is kEnd or kError. Comments run from // to the end of the line. A %
// right behind a name, number, ')' or ']' is the remainder operator, elsewhere it begins a value.
std::vector<Token> Lex(std::string_view text);

}  // namespace rnnc::ir
