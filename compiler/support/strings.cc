// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/support/strings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rnnc {
namespace {

// Sorted: looked up by binary search. C11 and C++17 words, the macros of their small headers that a user's
// program is likely to have included, and `main`.
constexpr std::array kKeywords = std::to_array<std::string_view>({"NULL",
                                                                  "alignas",
                                                                  "alignof",
                                                                  "and",
                                                                  "and_eq",
                                                                  "asm",
                                                                  "auto",
                                                                  "bitand",
                                                                  "bitor",
                                                                  "bool",
                                                                  "break",
                                                                  "case",
                                                                  "catch",
                                                                  "char",
                                                                  "char16_t",
                                                                  "char32_t",
                                                                  "char8_t",
                                                                  "class",
                                                                  "co_await",
                                                                  "co_return",
                                                                  "co_yield",
                                                                  "compl",
                                                                  "complex",
                                                                  "concept",
                                                                  "const",
                                                                  "const_cast",
                                                                  "consteval",
                                                                  "constexpr",
                                                                  "constinit",
                                                                  "continue",
                                                                  "decltype",
                                                                  "default",
                                                                  "delete",
                                                                  "do",
                                                                  "double",
                                                                  "dynamic_cast",
                                                                  "else",
                                                                  "enum",
                                                                  "errno",
                                                                  "explicit",
                                                                  "export",
                                                                  "extern",
                                                                  "false",
                                                                  "float",
                                                                  "for",
                                                                  "friend",
                                                                  "goto",
                                                                  "if",
                                                                  "inline",
                                                                  "int",
                                                                  "linux",
                                                                  "long",
                                                                  "main",
                                                                  "mutable",
                                                                  "namespace",
                                                                  "new",
                                                                  "noexcept",
                                                                  "noreturn",
                                                                  "not",
                                                                  "not_eq",
                                                                  "nullptr",
                                                                  "operator",
                                                                  "or",
                                                                  "or_eq",
                                                                  "private",
                                                                  "protected",
                                                                  "public",
                                                                  "register",
                                                                  "reinterpret_cast",
                                                                  "requires",
                                                                  "restrict",
                                                                  "return",
                                                                  "short",
                                                                  "signed",
                                                                  "sizeof",
                                                                  "static",
                                                                  "static_assert",
                                                                  "static_cast",
                                                                  "struct",
                                                                  "switch",
                                                                  "template",
                                                                  "this",
                                                                  "thread_local",
                                                                  "throw",
                                                                  "true",
                                                                  "try",
                                                                  "typedef",
                                                                  "typeid",
                                                                  "typename",
                                                                  "typeof",
                                                                  "typeof_unqual",
                                                                  "union",
                                                                  "unix",
                                                                  "unsigned",
                                                                  "using",
                                                                  "virtual",
                                                                  "void",
                                                                  "volatile",
                                                                  "wchar_t",
                                                                  "while",
                                                                  "xor",
                                                                  "xor_eq"});
static_assert(std::is_sorted(kKeywords.begin(), kKeywords.end()));

// Types and object-like macros of small headers, by name or by how their families begin and end.
constexpr std::array kHeaderNames = std::to_array<std::string_view>(
    {"BUFSIZ",   "EDOM",     "EILSEQ",      "EOF",       "ERANGE",   "FALSE",   "FILE",      "HUGE_VAL",
     "I",        "INFINITY", "NAN",         "TRUE",      "int16_t",  "int32_t", "int64_t",   "int8_t",
     "intmax_t", "intptr_t", "max_align_t", "ptrdiff_t", "size_t",   "ssize_t", "stderr",    "stdin",
     "stdout",   "time_t",   "uint16_t",    "uint32_t",  "uint64_t", "uint8_t", "uintmax_t", "uintptr_t"});
static_assert(std::is_sorted(kHeaderNames.begin(), kHeaderNames.end()));
constexpr std::string_view kMacroPrefixes[] = {"DBL_", "FLT_", "LDBL_", "M_", "RNNC_"};
constexpr std::string_view kMacroSuffixes[] = {"_MAX", "_MIN"};

bool IsAsciiLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsAsciiDigit(char c) { return c >= '0' && c <= '9'; }

// Optimal string alignment distance, three rows of the table at a time.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) current[j] = std::min(current[j], before[j - 2] + 1);
    }
    before.swap(previous);
    previous.swap(current);
  }
  return previous[b.size()];
}

}  // namespace

std::optional<std::string> ClosestName(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string wanted = ToLower(name);
  const size_t limit = std::max<size_t>(1, wanted.size() / 3);
  std::optional<std::string> closest;
  size_t closest_distance = limit + 1;
  for (const std::string& candidate : candidates) {
    if (candidate == name) return std::nullopt;
    const size_t longer = std::max(candidate.size(), wanted.size());
    if (longer - std::min(candidate.size(), wanted.size()) > limit) continue;
    const size_t distance = EditDistance(wanted, ToLower(candidate));
    if (distance < closest_distance && distance < longer) {
      closest = candidate;
      closest_distance = distance;
    }
  }
  return closest;
}

std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates) {
  const std::optional<std::string> closest = ClosestName(name, candidates);
  return closest ? fmt::format("; did you mean '{}'?", *closest) : std::string();
}

bool IsCKeyword(std::string_view name) {
  return std::binary_search(kKeywords.begin(), kKeywords.end(), name) ||
         std::binary_search(kHeaderNames.begin(), kHeaderNames.end(), name) ||
         std::any_of(std::begin(kMacroPrefixes), std::end(kMacroPrefixes),
                     [&](std::string_view prefix) { return name.starts_with(prefix); }) ||
         std::any_of(std::begin(kMacroSuffixes), std::end(kMacroSuffixes),
                     [&](std::string_view suffix) { return name.ends_with(suffix); });
}

std::string CIdentifier(std::string_view name) {
  std::string identifier;
  for (const char c : name) {
    if (IsAsciiLetter(c) || IsAsciiDigit(c)) {
      identifier += c;
    } else if (!identifier.empty() && identifier.back() != '_') {
      identifier += '_';  // one for a run: two in a row are reserved in C++
    }
  }
  while (!identifier.empty() && identifier.back() == '_') identifier.pop_back();
  if (identifier.empty()) return "model";
  // Not a leading underscore before a capital, which C keeps for itself; a digit needs one.
  if (IsAsciiDigit(identifier.front())) identifier.insert(0, 1, '_');
  if (IsCKeyword(identifier)) identifier += '_';
  // What the models' own header calls its things.
  if (identifier == "rnnc" || identifier.starts_with("rnnc_")) identifier.insert(0, "model_");
  return identifier;
}

std::string Hex(uint64_t value) { return fmt::format("{:016x}", value); }

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string HumanBytes(uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  constexpr std::array kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  // 999.5 would round up to four digits.
  for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, decimals, kUnits[unit]);
}

}  // namespace rnnc
