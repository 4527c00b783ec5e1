// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whatever is asked of passes and code generation, the numbers stay those of the data sets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/target.h"
#include "compiler/driver/verify.h"
#include "compiler/ir/parser.h"
#include "compiler/ir/printer.h"
#include "compiler/ir/verifier.h"
#include "compiler/support/strings.h"
#include "passes/pipeline.h"
#include "tests/support/native/model_files.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

using ::testing::HasSubstr;

// All models of this repository against their data sets.
void ExpectVerified(const driver::ModelOptions& model_options, const std::string& what) {
  std::vector<std::string> models;
  for (const std::string& name : DataModels()) models.push_back(OwnModel(name));
  models.push_back(OwnModel("examples/language_id"));
  for (const std::string& model : models) {
    driver::VerifyOptions options;
    options.model = model_options;
    options.model.model = model;
    const auto report = driver::Verify(options);
    ASSERT_TRUE(report.ok()) << what << ": " << model << ": " << Render(report.diagnostics());
    EXPECT_GT(report->outputs.size(), 0u);
    EXPECT_TRUE(report->Passed()) << what << ": " << model;
  }
}

class Rows : public ::testing::TestWithParam<const char*> {};

// Catches code that is right for one vector width only.
TEST_P(Rows, Verify) {
  driver::ModelOptions options;
  options.target.cpu = GetParam();
  const auto row = codegen::FindTarget(options.target);
  ASSERT_TRUE(row.ok()) << Render(row.diagnostics());
  if (!codegen::RunsHere(*row)) GTEST_SKIP() << "this machine has no " << GetParam();
  ExpectVerified(options, GetParam());
  const ProcessResult program = Rnnc({"verify", OwnModel("stacked_gru"), std::string("-mcpu=") + GetParam()});
  EXPECT_EQ(program.exit_code, 0) << program.output << program.errors;
}

INSTANTIATE_TEST_SUITE_P(, Rows, ::testing::Values("x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", "native"),
                         [](const auto& info) { return TestName(info.param); });

// Catches code that is right only after, or only without, LLVM's optimiser.
TEST(PipelineOptions, EveryOptimisationLevelVerifies) {
  for (const int level : {0, 1, 2, 3}) {
    driver::ModelOptions options;
    options.optimization = level;
    ExpectVerified(options, "-O" + std::to_string(level));
  }
}

TEST(PipelineOptions, AbsoluteCodeVerifies) {
  driver::ModelOptions options;
  options.position_independent = false;
  ExpectVerified(options, "-fno-pic");
}

// Catches an unrolled scan that differs from the loop, in values or at its ends.
TEST(PipelineOptions, AnyUnrollingVerifies) {
  for (const int steps : {0, 1, 12, 64}) {
    driver::ModelOptions options;
    options.unroll_steps = steps;
    ExpectVerified(options, "--unroll=" + std::to_string(steps));
  }
}

// Catches a pass that others lean on although it says that it may be left out, alone and all together.
TEST(PipelineOptions, OptionalPassesAreOptional) {
  driver::ModelOptions none;
  for (const passes::PassEntry& pass : passes::Pipeline()) {
    if (!pass.optional) continue;
    const std::string name(pass.name);
    if (!none.disabled_passes.insert(name).second) continue;
    driver::ModelOptions options;
    options.disabled_passes = {name};
    ExpectVerified(options, "--disable-pass=" + name);
  }
  EXPECT_GE(none.disabled_passes.size(), 3u);
  ExpectVerified(none, "without any optional pass");
}

// "// after NAME" and the module behind it.
struct PrintedStage {
  std::string pass;
  std::string text;
};

std::vector<PrintedStage> Stages(const std::string& output) {
  std::vector<PrintedStage> stages;
  for (const std::string& line : Split(output, '\n')) {
    if (line.rfind("// after ", 0) == 0) {
      stages.push_back({line.substr(9), ""});
    } else if (!stages.empty()) {
      stages.back().text += line + "\n";
    }
  }
  return stages;
}

// Catches a pass that is not shown, and text that says less than the module is: each stage parses back to a
// module that verifies and prints the same.
TEST(PipelineOptions, EveryPrintedStageIsAModule) {
  std::vector<std::string> passes = {"import"};
  for (const passes::PassEntry& pass : passes::Pipeline()) passes.emplace_back(pass.name);
  std::vector<std::vector<std::string>> models;
  for (const std::string& name : DataModels()) models.push_back({OwnModel(name)});
  models.push_back({OwnModel("stacked_lstm"), "--state", "h0=hn", "--state", "c0=cn"});
  models.push_back({OwnModel("examples/language_id"), "--state", "h=hn"});
  const std::string blob(size_t{1} << 20, '<');  // the constants' values do not matter here
  const TempFolder folder;
  for (const std::vector<std::string>& model : models) {
    std::vector<std::string> arguments = {"compile", "--print-ir-after=all", "-q", "-o", folder / "net.o"};
    arguments.insert(arguments.end(), model.begin(), model.end());
    const ProcessResult result = Rnnc(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    std::vector<std::string> printed;
    for (const PrintedStage& stage : Stages(result.output)) {
      printed.push_back(stage.pass);
      const auto module = ir::Parse(stage.text, stage.pass, blob);
      ASSERT_TRUE(module.ok()) << model[0] << ": " << Render(module.diagnostics()) << stage.text;
      const auto verified = ir::Verify(**module);
      EXPECT_TRUE(verified.ok()) << model[0] << ": " << stage.pass << ": " << Render(verified.diagnostics());
      EXPECT_EQ(Trim(ir::Print(**module)), Trim(stage.text));
    }
    EXPECT_EQ(printed, passes);
  }
}

// Catches one pass printed as another, and one that runs several times and is printed once.
TEST(PipelineOptions, OnePassIsPrintedAlone) {
  const TempFolder folder;
  for (const auto& [pass, times] : std::vector<std::pair<std::string, size_t>>{
           {"import", 1}, {"fuse-gates", 1}, {"lower-to-kernels", 1}, {"plan-memory", 1}}) {
    const ProcessResult result =
        Rnnc({"compile", "--print-ir-after=" + pass, "-q", "-o", folder / "net.o", OwnModel("lstm_small")});
    const std::vector<PrintedStage> stages = Stages(result.output);
    ASSERT_EQ(stages.size(), times);
    EXPECT_EQ(stages[0].pass, pass);
  }
}

// Catches a pass without its time.
TEST(PipelineOptions, EveryPassIsTimed) {
  const TempFolder folder;
  const ProcessResult result =
      Rnnc({"compile", "--time-passes", "-o", folder / "net.o", OwnModel("gru_small")});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  for (const passes::PassEntry& pass : passes::Pipeline()) {
    EXPECT_THAT(result.errors, HasSubstr(" " + std::string(pass.name) + " "));
  }
  for (const char* line : {"code", "weights", "state", "scratch", "stack", "multiply-adds"}) {
    EXPECT_THAT(result.errors, HasSubstr(line));
  }
}

}  // namespace
}  // namespace rnnc::test
