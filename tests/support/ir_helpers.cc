// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/support/ir_helpers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "compiler/ir/parser.h"
#include "compiler/ir/printer.h"
#include "compiler/ir/verifier.h"
#include "compiler/support/strings.h"

namespace rnnc::ir {
namespace {

bool IsBlank(const std::string& line) { return Trim(line).empty(); }

// Lines without outer blank lines, common margin and white space at their ends.
std::vector<std::string> CleanLines(std::string_view text) {
  std::vector<std::string> lines = Split(text, '\n');
  while (!lines.empty() && IsBlank(lines.back())) lines.pop_back();
  while (!lines.empty() && IsBlank(lines.front())) lines.erase(lines.begin());
  size_t margin = std::string::npos;
  for (const std::string& line : lines) {
    if (!IsBlank(line)) margin = std::min(margin, line.find_first_not_of(' '));
  }
  for (std::string& line : lines) {
    line = IsBlank(line) ? "" : line.substr(margin);
    line.resize(line.find_last_not_of(' ') + 1);
  }
  return lines;
}

// The first lines that differ, with what is common around them.
std::string Difference(const std::vector<std::string>& actual, const std::vector<std::string>& expected) {
  size_t head = 0;
  while (head < std::min(actual.size(), expected.size()) && actual[head] == expected[head]) ++head;
  size_t tail = 0;
  while (tail < std::min(actual.size(), expected.size()) - head &&
         actual[actual.size() - 1 - tail] == expected[expected.size() - 1 - tail]) {
    ++tail;
  }
  std::string text;
  for (size_t i = head < 2 ? 0 : head - 2; i < head; ++i) text += "  " + actual[i] + "\n";
  for (size_t i = head; i < expected.size() - tail; ++i) text += "- " + expected[i] + "\n";
  for (size_t i = head; i < actual.size() - tail; ++i) text += "+ " + actual[i] + "\n";
  return text;
}

}  // namespace

std::unique_ptr<Module> ParseOrDie(std::string_view text, std::string_view blob) {
  return Parse(text, "text", blob).value();
}

void ExpectSameText(std::string_view actual, std::string_view expected) {
  const std::vector<std::string> actual_lines = CleanLines(actual);
  const std::vector<std::string> expected_lines = CleanLines(expected);
  EXPECT_TRUE(actual_lines == expected_lines)
      << "expected (-) and actual (+) differ:\n"
      << Difference(actual_lines, expected_lines) << "actual, as a whole:\n"
      << actual;
}

void ExpectPrints(const Module& module, std::string_view expected) {
  ExpectSameText(Print(module), expected);
}

void ExpectRoundTrip(std::string_view text) {
  const Result<std::unique_ptr<Module>> module = Parse(text);
  ASSERT_TRUE(module.ok()) << Render(module.diagnostics());
  ExpectPrints(**module, text);
}

void ExpectRoundTrip(const Module& module) {
  const Printed printed = Serialize(module);
  const Result<std::unique_ptr<Module>> again = Parse(printed.text, "text", printed.blob);
  ASSERT_TRUE(again.ok()) << Render(again.diagnostics()) << "\n" << printed.text;
  ExpectPrints(**again, printed.text);
  EXPECT_TRUE(Serialize(**again).blob == printed.blob);
}

void ExpectValid(const Module& module) {
  const Result<> result = Verify(module);
  EXPECT_TRUE(result.ok()) << Render(result.diagnostics()) << "\n" << Print(module);
}

}  // namespace rnnc::ir
