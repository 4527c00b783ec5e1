// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/spelling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rnnc::ir {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNameCharacter(char c) { return IsNameStart(c) || IsDigit(c) || c == '.'; }

}  // namespace

bool IsBareName(std::string_view name) {
  return !name.empty() && IsNameStart(name[0]) && std::all_of(name.begin(), name.end(), IsNameCharacter);
}

bool IsBareValueName(std::string_view name) {
  return IsBareName(name) || (!name.empty() && std::all_of(name.begin(), name.end(), IsDigit));
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\t':
        quoted += "\\t";
        break;
      case '\r':
        quoted += "\\r";
        break;
      default: {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
          quoted += fmt::format("\\x{:02x}", byte);
        } else {
          quoted += c;
        }
      }
    }
  }
  return quoted + '"';
}

std::string SpelledSymbol(std::string_view name) {
  return IsBareName(name) && name != "value" ? std::string(name) : Quoted(name);
}

std::string SpelledValueName(std::string_view name) {
  return IsBareValueName(name) ? std::string(name) : Quoted(name);
}

std::string NumberText(ElementType element, double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  const double rounded =
      element == ElementType::kF64 ? value : static_cast<double>(static_cast<float>(value));
  if (std::isinf(rounded)) return rounded < 0 ? "-inf" : "inf";
  std::string text =
      element == ElementType::kF64 ? fmt::format("{}", value) : fmt::format("{}", static_cast<float>(value));
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string IntegerText(ElementType element, int64_t value) {
  if (element == ElementType::kBool) return value != 0 ? "true" : "false";
  return std::to_string(value);
}

std::string UniqueName(const std::string& wanted, const std::function<bool(const std::string&)>& taken) {
  std::string candidate = wanted;
  for (int i = 1; taken(candidate); ++i) candidate = wanted + "_" + std::to_string(i);
  return candidate;
}

}  // namespace rnnc::ir
