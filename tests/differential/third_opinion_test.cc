// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Native code and ONNX Runtime on the same random recurrent nodes: an implementation that shares neither a
// line nor an author with the oracle. tests/README.md lists where it is known to deviate from the ONNX text.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiler/support/strings.h"
#include "tests/support/native/recurrent_program.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

// A case that ONNX Runtime runs as ONNX has it: it refuses layout 1, takes the activations of RNN in ONNX's
// spelling only, and does not survive every sequence without steps.
RecurrentCase AnyCaseForOnnxRuntime() {
  RecurrentCase c = AnyRecurrentCase();
  c.batch_first = false;
  UseOnnxSpelling(c);
  if (c.steps == 0) c.steps = 4;
  return c;
}

// Compiles and runs a case and writes it down with what native code computes.
void WriteCase(const std::filesystem::path& folder, const RecurrentCase& c) {
  const CaseModel model{c, TensorsOf(c)};
  const RecurrentProgram program(FindTestRow("native"), {model});
  const OracleAnswer oracle = AskOracle(program.Graph(0), model);
  RC_PRE(!oracle.explodes);
  SaveCase(folder.string(), model, program.Call(0));
  std::ofstream(folder / "case.txt") << c << "\n";
  std::ofstream bounds(folder / "bounds.txt");
  for (const char* name : {"Y", "Y_h", "Y_c"}) {
    if (oracle.bounds.count(name) == 0) continue;
    // Two implementations in f32: each may be off by the bound.
    const Bound bound = oracle.bounds.at(name);
    bounds << name << ' ' << 2 * bound.atol << ' ' << 2 * bound.rtol << '\n';
  }
}

std::string ContentOf(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// Where a case stays and what runs it; see FailCase.
std::string Kept(const std::filesystem::path& folder) {
  const char* keep = std::getenv("RNNC_KEEP_FAILURES");
  if (keep == nullptr || *keep == 0) return "";
  const std::filesystem::path place = std::filesystem::path(keep) / "third_opinion" / folder.filename();
  std::filesystem::create_directories(place.parent_path());
  std::filesystem::copy(folder, place, std::filesystem::copy_options::recursive);
  return fmt::format("rnnc verify {}/model.onnx\n", place.string());
}

// Catches what oracle and compiler have wrong together: a reading of the ONNX text that nobody else shares.
TEST(ThirdOpinion, OnnxRuntimeAgrees) {
  const char* python = std::getenv("RNNC_THIRD_OPINION");
  if (python == nullptr || *python == 0) {
    GTEST_SKIP() << "no ONNX Runtime: ./dev test installs it from PyPI, where that can be reached";
  }
  const TempFolder temporary;
  const std::filesystem::path folder = temporary.path();
  int written = 0;
  CheckProperty(
      [&] {
        const RecurrentCase c = *rc::gen::exec(AnyCaseForOnnxRuntime);
        WriteCase(folder / fmt::format("case_{:04}", written), c);
        ++written;
      },
      std::getenv("RNNC_LONG") != nullptr ? 500 : 100);
  const ProcessResult said =
      RunProcess({python, RNNC_SOURCE_DIR "/tests/differential/third_opinion.py", folder.string()});
  ASSERT_EQ(said.exit_code, 0) << said.output << said.errors;
  int agree = 0, not_run = 0;
  for (const std::string& line : Split(said.output, '\n')) {
    const std::string name = line.substr(0, line.find(' '));
    agree += line.find(" agrees") != std::string::npos ? 1 : 0;
    not_run += line.find(" not run: ") != std::string::npos ? 1 : 0;
    if (line.find(" differs: ") != std::string::npos)
      ADD_FAILURE() << line << "\n" << ContentOf(folder / name / "case.txt") << Kept(folder / name);
  }
  RecordProperty("agree", agree);
  RecordProperty("not_run", not_run);
  EXPECT_GE(agree, written * 9 / 10) << said.output;  // else it says little
  std::cout << fmt::format("ONNX Runtime: {} of {} cases agree, {} it does not run\n", agree, written,
                           not_run);
}

}  // namespace
}  // namespace rnnc::test
