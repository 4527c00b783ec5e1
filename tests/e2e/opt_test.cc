// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `rnnc opt` as a user runs it. That the passes are right is tests/passes' business.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>

#include "compiler/ir/blob.h"
#include "compiler/support/file.h"
#include "compiler/support/strings.h"
#include "tests/support/native/model_files.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kPasses = RNNC_SOURCE_DIR "/tests/passes";
constexpr const char* kGraph = RNNC_SOURCE_DIR "/tests/passes/recurrent_to_scan/rnn_of_one_unit.rnn";

std::vector<std::string> Words(const std::string& line) {
  std::vector<std::string> words = Split(line, ' ');
  words.erase(std::remove(words.begin(), words.end(), ""), words.end());
  return words;
}

// Catches options that reach the passes otherwise than the tests of the passes have them, and text on
// standard output that is not the module's alone.
TEST(Opt, FilesOfThePassesAreWhatTheCommandPrints) {
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kPasses)) {
    const std::string path = entry.path().string();
    if (!path.ends_with(".after.rnn")) continue;
    const std::string before = path.substr(0, path.size() - 10) + ".rnn";
    const std::string text = ReadFile(before).value();
    std::vector<std::string> command = {"opt", before};
    for (const std::string& word : Words(text.substr(8, text.find('\n') - 8))) command.push_back(word);
    const ProcessResult result = Rnnc(command);
    EXPECT_EQ(result.exit_code, 0) << before << result.errors;
    EXPECT_EQ(result.output, ReadFile(path).value()) << before;
    ++files;
  }
  EXPECT_GE(files, 15);
}

// Catches a pipeline in pieces that is another one than in one go, and weights that are lost on the way
// through files.
TEST(Opt, InPiecesAsInOneGo) {
  const TempFolder folder;
  const std::string model = OwnModel("lstm_small");
  const std::string cpu = "-mcpu=x86-64-v3";
  const auto run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "opt");
    const ProcessResult result = Rnnc(arguments, folder.path().string());
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(result.errors + result.output, "");
  };
  run({model, "--until=recurrence", cpu, "-o", "a.rnn"});
  run({"a.rnn", "--pass=lower-to-kernels", "--until=order-sums", cpu, "-o", "b.rnn"});
  run({"b.rnn", "--verify-only"});
  run({"b.rnn", "--pass=fuse-epilogues,merge-contracts", "--pass", "choose-layouts", cpu, "-o", "c.rnn"});
  EXPECT_THAT(ReadFile(folder / "c.rnn").value(), StartsWith("// blob \"c.blob\" "));
  run({"c.rnn", "--pass=block-frames", "--until=planned", cpu, "-o", "pieces.rnn"});
  run({model, "--until=planned", cpu, "-o", "whole.rnn"});
  const ProcessResult compiled =
      Rnnc({"compile", model, cpu, "-q", "--emit=ir", "-o", folder / "compiled.rnn"});
  ASSERT_EQ(compiled.exit_code, 0) << compiled.errors;
  const auto text = [&](const std::string& name) {
    const std::string all = ReadFile(folder / name).value();
    // Without the names of blob and module, and without the numbers that make names unique: a name that was
    // read gets another one than the name that it was made of.
    static const std::regex kNumbers("(_[0-9]+)+\\b");
    return std::regex_replace(all.substr(all.find("{stage=")), kNumbers, "");
  };
  EXPECT_EQ(text("pieces.rnn"), text("whole.rnn"));
  EXPECT_EQ(text("compiled.rnn"), text("whole.rnn"));
  EXPECT_EQ(ReadFile(folder / "pieces.blob").value(), ReadFile(folder / "compiled.blob").value());
}

// A module whose third line from the end breaks a rule, and which is not in canonical form.
constexpr const char* kBroken = R"(// a comment

module @m {stage=graph, source="m.onnx", opset=17} {
  func @main(%x: f32[2]) -> (%y: f32[3]) {

    %y: f32[3] =
      tanh %x
    return %y
  }
}
)";

// Catches errors without the line of the file that was given, and names that nobody is helped with.
TEST(Opt, RefusesWithTheLineOfTheFile) {
  const TempFolder folder;
  ASSERT_TRUE(WriteFile(folder / "broken.rnn", kBroken).ok());
  ASSERT_TRUE(WriteFile(folder / "cut.rnn", "module @m {stage=graph,\n").ok());
  struct Case {
    std::vector<std::string> arguments;
    const char* says;
    int exit_code = 1;
  };
  for (const Case& c : std::vector<Case>{
           {{"broken.rnn"}, "rnnc: broken.rnn:6: "},
           {{"broken.rnn", "--verify-only"}, "(rule "},
           {{"cut.rnn"}, "rnnc: cut.rnn:2:1: "},
           {{"none.rnn"}, "rnnc: none.rnn: "},
           {{kGraph, "--pass=fuse-gate"}, ": there is no such pass; did you mean 'fuse-gates'", 2},
           {{kGraph, "--until=kernel"}, "did you mean 'kernels'", 2},
           {{kGraph, "--pass=fuse-gates"},
            "pass `fuse-gates`: works on stage recurrence, and the module is in stage graph; run "
            "recurrent-to-scan first"},
           {{kGraph, "--pass=recurrent-to-scan,specialise-step"},
            "pass `specialise-step`: works on stage graph, and the module is in stage recurrence"},
           {{kGraph, "--dim", "T=3"}, "--dim: is for ONNX models", 2},
           {{kGraph, "-mcpu=x86-64-v5"}, "did you mean 'x86-64-v", 2}}) {
    const ProcessResult result = [&] {
      std::vector<std::string> command = {"opt"};
      command.insert(command.end(), c.arguments.begin(), c.arguments.end());
      return Rnnc(command, folder.path().string());
    }();
    EXPECT_EQ(result.exit_code, c.exit_code) << c.arguments[0];
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.errors, HasSubstr(c.says));
  }
}

// Catches a text on standard output that seems whole and has lost its weights.
TEST(Opt, SaysThatWeightsAreLeftOut) {
  const ProcessResult result = Rnnc({"opt", OwnModel("lstm_small"), "--until=graph"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output, StartsWith("module @lstm_small"));
  EXPECT_THAT(result.errors, HasSubstr("weights are not part of the text; -o FILE.rnn writes both"));
}

}  // namespace
}  // namespace rnnc::test
