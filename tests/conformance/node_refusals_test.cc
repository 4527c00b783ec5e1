// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The list of refused node tests in tests/README.md is that of today. RNNC_UPDATE=1 in the environment writes
// the section anew; read the difference before it is committed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "compiler/support/file.h"
#include "tests/conformance/node_tests.h"

namespace rnnc::conformance {
namespace {

constexpr std::string_view kBegin = "<!-- begin: refused node tests -->\n";
constexpr std::string_view kEnd = "<!-- end: refused node tests -->\n";

// Words in lines of at most 120 columns, those behind the first indented.
std::string Wrapped(const std::string& text) {
  std::string lines, line;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    at = end + 1;
    if (!line.empty() && line.size() + 1 + word.size() > 120) {
      lines += line + "\n";
      line = "  " + word;
    } else {
      line += (line.empty() ? "" : " ") + word;
    }
  }
  return lines + line + "\n";
}

// The reasons that most tests have come first.
std::string Section(const Refusals& refusals, size_t all) {
  std::vector<std::pair<std::string, std::vector<std::string>>> reasons(refusals.begin(), refusals.end());
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  size_t refused = 0;
  for (const auto& [reason, names] : reasons) refused += names.size();
  std::string text = "Of " + std::to_string(all) + " tests " + std::to_string(all - refused) +
                     " are computed and " + std::to_string(refused) + " refused:\n\n";
  for (const auto& [reason, names] : reasons) {
    std::string item = "- " + reason + " (" + std::to_string(names.size()) + "):";
    for (const std::string& name : names) item += " `" + name + "`";
    text += Wrapped(item);
  }
  return text;
}

// A test that is no longer refused, or refused for another reason, without anybody having seen it.
TEST(NodeTests, RefusalsAreListed) {
  const size_t all = NodeTestNames().size();
  if (all == 0) GTEST_SKIP() << "libonnx-testdata is not installed";
  const std::string section = Section(RefusedNodeTests(), all);
  std::cout << section;
  const std::string path = RNNC_SOURCE_DIR "/tests/README.md";
  std::string readme = ReadFile(path).value();
  const size_t begin = readme.find(kBegin);
  const size_t end = readme.find(kEnd);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos) << "tests/README.md has no list";
  const size_t first = begin + kBegin.size();
  if (std::getenv("RNNC_UPDATE") != nullptr) {
    readme.replace(first, end - first, section);
    ASSERT_TRUE(WriteFile(path, readme).ok());
    return;
  }
  EXPECT_EQ(readme.substr(first, end - first), section)
      << "RNNC_UPDATE=1 in the environment of this test writes the list anew";
}

}  // namespace
}  // namespace rnnc::conformance
