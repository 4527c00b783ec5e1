// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tests/passes/PASS/NAME.rnn, a module and on its first line the options that `rnnc opt` takes for it,
// becomes NAME.after.rnn, and computes the same numbers. A file that says "// unchanged: REASON" is left
// alone. RNNC_UPDATE=1 in the environment (./dev test --update passes) writes NAME.after.rnn anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "compiler/ir/printer.h"
#include "compiler/support/file.h"
#include "compiler/support/strings.h"
#include "passes/pipeline.h"
#include "tests/passes/pass_helpers.h"
#include "tests/support/ir_helpers.h"

namespace rnnc::passes {
namespace {

namespace fs = std::filesystem;
constexpr const char* kFolder = RNNC_SOURCE_DIR "/tests/passes";
constexpr std::string_view kAfter = ".after.rnn";

std::vector<std::string> ModuleFiles() {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(kFolder)) {
    const std::string path = entry.path().string();
    if (path.ends_with(".rnn") && !path.ends_with(kAfter)) paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

struct Case {
  std::vector<std::string> passes;
  PassOptions options;
  bool unchanged = false;
};

int Number(const std::string& text) {
  int number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The head of a file: what `rnnc opt` is called with (tests/e2e/opt_test.cc does), as far as it concerns
// passes.
Case ReadHead(const std::string& text) {
  Case found;
  for (const std::string& line : Split(text, '\n')) {
    if (!line.starts_with("//")) break;
    found.unchanged = found.unchanged || line.starts_with("// unchanged: ");
    if (!line.starts_with("// opt: ")) continue;
    for (const std::string& option : Split(line.substr(8), ' ')) {
      const std::string value = option.substr(std::min(option.find('=') + 1, option.size()));
      if (option.starts_with("--pass=")) {
        found.passes = Split(value, ',');
      } else if (option.starts_with("--block=")) {
        found.options.block_steps = Number(value);
      } else if (option.starts_with("--unroll=")) {
        found.options.unroll_steps = Number(value);
      } else {
        // The traits that tests have by default are this row's, as far as such small modules can tell.
        EXPECT_EQ(option, "-mcpu=x86-64-v3");
      }
    }
  }
  return found;
}

void RunCase(const std::string& path) {
  SCOPED_TRACE(path);
  const std::string text = ReadFile(path).value();
  const Case expected = ReadHead(text);
  ASSERT_FALSE(expected.passes.empty()) << "the first line is: // opt: --pass=NAME";
  const auto before = ir::ParseOrDie(text);
  ir::ExpectValid(*before);
  const auto passes = FindPasses(expected.passes, before->stage);
  ASSERT_TRUE(passes.ok()) << Render(passes.diagnostics());
  const auto module = ir::ParseOrDie(text);
  for (const PassEntry& pass : *passes) {
    const Result<> result = RunPass(pass, *module, expected.options);
    ASSERT_TRUE(result.ok()) << Render(result.diagnostics());
  }
  ExpectSameNumbers(*before, *module);
  const std::string after = ir::Print(*module);
  if (expected.unchanged) return ir::ExpectSameText(after, ir::Print(*before));
  const std::string after_path = path.substr(0, path.size() - 4) + std::string(kAfter);
  if (std::getenv("RNNC_UPDATE") != nullptr) WriteFile(after_path, after).value();
  const Result<std::string> wanted = ReadFile(after_path);
  ASSERT_TRUE(wanted.ok()) << Render(wanted.diagnostics()) << "; ./dev test --update passes writes it";
  ir::ExpectSameText(after, *wanted);
}

// Catches a pass that does something else than its file shows, or computes something else.
TEST(PassFiles, BecomeWhatStandsBesideThem) {
  for (const std::string& path : ModuleFiles()) RunCase(path);
}

// Catches a pass without a file, and one that nothing holds back. Passes that change the stage never leave a
// module as it is.
TEST(PassFiles, EveryPassHasItsOwnAndOneThatItLeavesAlone) {
  std::set<std::string> changed, unchanged;
  for (const std::string& path : ModuleFiles()) {
    const Case found = ReadHead(ReadFile(path).value());
    for (const std::string& pass : found.passes) (found.unchanged ? unchanged : changed).insert(pass);
  }
  for (const PassEntry& pass : Pipeline()) {
    const std::string name(pass.name);
    EXPECT_TRUE(changed.count(name)) << name;
    EXPECT_TRUE(unchanged.count(name) || pass.before != pass.after) << name;
  }
}

// Catches expectations of files that are gone.
TEST(PassFiles, EveryExpectationHasItsModule) {
  for (const auto& entry : fs::recursive_directory_iterator(kFolder)) {
    const std::string path = entry.path().string();
    if (!path.ends_with(kAfter)) continue;
    EXPECT_TRUE(fs::exists(path.substr(0, path.size() - kAfter.size()) + ".rnn")) << path;
  }
}

}  // namespace
}  // namespace rnnc::passes
