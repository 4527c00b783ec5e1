// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/native/third_opinion.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "compiler/support/strings.h"
#include "tests/support/native/model_files.h"
#include "tests/support/process.h"

namespace rnnc::test {
namespace {

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

const char* Python() {
  const char* python = std::getenv("RNNC_THIRD_OPINION");
  return python == nullptr || *python == 0 ? nullptr : python;
}

}  // namespace

std::string WhyNoThirdOpinion() {
  if (Python() != nullptr) return "";
  return "no ONNX Runtime: ./dev test installs it from PyPI, where that can be reached";
}

void SaveOpinionCase(const std::filesystem::path& folder, const std::vector<driver::NamedTensor>& inputs,
                     const std::vector<BoundedOutput>& outputs) {
  std::vector<driver::NamedTensor> given;
  std::ofstream bounds(folder / "bounds.txt");
  for (const BoundedOutput& output : outputs) {
    given.push_back(output.output);
    bounds << output.output.name << ' ' << output.bound.atol << ' ' << output.bound.rtol << '\n';
  }
  SaveDataSet((folder / "test_data_set_0").string(), inputs, given);
}

Opinion AskThirdOpinion(const std::filesystem::path& folder) {
  const ProcessResult said =
      RunProcess({Python(), RNNC_SOURCE_DIR "/tests/differential/third_opinion.py", folder.string()});
  EXPECT_EQ(said.exit_code, 0) << said.errors;
  Opinion opinion;
  opinion.output = said.output;
  for (const std::string& line : Split(said.output, '\n')) {
    const std::string name = line.substr(0, line.find(' '));
    opinion.agree += line.find(" agrees") != std::string::npos ? 1 : 0;
    opinion.not_run += line.find(" not run: ") != std::string::npos ? 1 : 0;
    if (line.find(" differs: ") == std::string::npos) continue;
    opinion.differences.push_back(line + "\n" + ContentOf(folder / name / "case.txt") + Kept(folder / name));
  }
  return opinion;
}

}  // namespace rnnc::test
