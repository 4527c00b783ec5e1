// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The IR that compiler/README.md shows is the IR of today. RNNC_UPDATE=1 in the environment writes the
// section anew.
#include <gtest/gtest.h>

#include <cstdlib>

#include "compiler/support/file.h"
#include "compiler/support/strings.h"
#include "tests/support/native/model_files.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

constexpr const char* kReadme = RNNC_SOURCE_DIR "/compiler/README.md";
constexpr std::string_view kBegin = "<!-- begin: one LSTM, as --print-ir-after=all prints it -->\n";
constexpr std::string_view kEnd = "<!-- end: one LSTM -->\n";

// What is shown: the last pass of each stage, and what the reader shall see there.
struct Shown {
  const char* pass;
  const char* says;
};
constexpr Shown kShown[] = {
    {"import", "Stage `graph`, after `import`: ONNX's own meaning, nothing hidden."},
    {"unroll-scans",
     "Stage `recurrence`, after `unroll-scans`, its last pass: the LSTM is a `scan`, the products of its "
     "four\n"
     "gates are one, and the input's product is hoisted out of the loop."},
    {"pack-weights",
     "Stage `kernels`, after `pack-weights`: every operation is a `map`, `reduce` or `contract` with its "
     "index\n"
     "expressions, the frames come in blocks, and the weights lie as the vectors read them."},
    {"plan-memory", "Stage `planned`, after `plan-memory`: every value has its place."},
};

std::string Section() {
  const TempFolder folder;
  // The row is fixed, so that the text is the same on every machine.
  const ProcessResult result = Rnnc({"compile", OwnModel("lstm_small"), "-mcpu=x86-64-v3",
                                     "--print-ir-after=all", "-q", "-o", folder / "lstm_small.o"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  std::string text =
      "\n`rnnc compile tests/data/lstm_small/model.onnx -o lstm_small.o -mcpu=x86-64-v3 "
      "--print-ir-after=all`\n";
  for (const Shown& shown : kShown) {
    const std::string head = std::string("// after ") + shown.pass + "\n";
    const size_t begin = result.output.find(head);
    EXPECT_NE(begin, std::string::npos) << shown.pass;
    if (begin == std::string::npos) return "";
    const size_t end = result.output.find("\n// after ", begin);
    const std::string stage = result.output.substr(begin, end == std::string::npos ? end : end - begin);
    text += "\n" + std::string(shown.says) + "\n\n```\n" + std::string(Trim(stage)) + "\n```\n";
  }
  return text + "\n";
}

// Catches documentation that has fallen behind.
TEST(ReadmeIr, IsWhatTheCompilerPrintsToday) {
  const auto text = ReadFile(kReadme);
  ASSERT_TRUE(text.ok()) << Render(text.diagnostics());
  const size_t begin = text->find(kBegin), end = text->find(kEnd);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos && begin < end)
      << "the markers are gone";
  const size_t from = begin + kBegin.size();
  const std::string section = Section();
  if (std::getenv("RNNC_UPDATE") != nullptr) {
    ASSERT_TRUE(WriteFile(kReadme, text->substr(0, from) + section + text->substr(end)).ok());
    return;
  }
  EXPECT_EQ(text->substr(from, end - from), section)
      << "RNNC_UPDATE=1 in the environment of this test writes the section anew";
}

}  // namespace
}  // namespace rnnc::test
