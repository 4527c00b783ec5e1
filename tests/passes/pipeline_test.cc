// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whole models through the whole pipeline: after every pass the module computes what it computed before.
#include "passes/pipeline.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "compiler/ir/kernel_evaluator.h"
#include "compiler/ir/printer.h"
#include "tests/passes/models.h"

namespace rnnc::passes {
namespace {

using ir::Array;
using States = std::map<std::string, Array>;

struct Outcome {
  std::vector<Array> outputs;
  States states;
};

Outcome Evaluate(const ir::Function& function, const Array& x) {
  Outcome outcome;
  ir::KernelEvaluation evaluation;
  evaluation.states = &outcome.states;
  auto outputs = ir::EvaluateKernels(function, {x}, evaluation);
  EXPECT_TRUE(outputs.ok()) << Render(outputs.diagnostics());
  if (outputs.ok()) outcome.outputs = *outputs;
  return outcome;
}

void ExpectNear(const Array& actual, const Array& expected, const std::string& what) {
  ASSERT_EQ(actual.dims, expected.dims) << what;
  for (int64_t i = 0; i < actual.Count(); ++i) {
    ASSERT_NEAR(actual.NumberAt(i), expected.NumberAt(i), 1e-12) << what << ", element " << i;
  }
}

void ExpectSame(const Outcome& actual, const Outcome& expected, const std::string& what) {
  ASSERT_EQ(actual.outputs.size(), expected.outputs.size()) << what;
  for (size_t i = 0; i < actual.outputs.size(); ++i) ExpectNear(actual.outputs[i], expected.outputs[i], what);
  for (const auto& [name, state] : expected.states) {
    ASSERT_TRUE(actual.states.count(name)) << what << ": state " << name;
    ExpectNear(actual.states.at(name), state, what + ": state " + name);
  }
}

// Runs every pass over the model; compares all functions after each with the scans that they came from.
std::unique_ptr<ir::Module> CheckModel(const CellModel& model, int64_t frames) {
  auto module = MakeCellModel(model);
  std::map<std::string, Outcome> expected;
  Observer observer;
  observer.after = [&](const PassEntry& pass, const ir::Module& after) {
    if (std::getenv("RNNC_TEST_PRINT") != nullptr) {
      printf("// after %s\n%s\n", std::string(pass.name).c_str(), ir::Print(after).c_str());
    }
    if (after.stage == ir::Stage::kGraph || ::testing::Test::HasFatalFailure()) return;
    for (const auto& function : after.Functions()) {
      const bool step = function->name == "step";
      const int64_t count = model.steps.IsConstant() ? model.steps.Value() : step ? 1 : frames;
      const Array x = RandomArray({count, model.batch, model.inputs}, 77);
      Outcome outcome = Evaluate(*function, x);
      auto [known, first] = expected.emplace(function->name, outcome);
      if (!first)
        ExpectSame(outcome, known->second, "@" + function->name + " after " + std::string(pass.name));
    }
  };
  PassOptions options;
  options.block_steps = 4;  // several blocks, the last of them short
  Result<> result = RunPipeline(*module, options, observer);
  EXPECT_TRUE(result.ok()) << Render(result.diagnostics());
  return module;
}

CellModel Lstm() { return {}; }

TEST(PipelineTest, LstmStream) {
  const auto module = CheckModel(Lstm(), 11);
  // One kernel: both products, eight accumulators, h and c.
  const ir::Function* step = module->FindFunction("step");
  ASSERT_NE(step, nullptr);
}

TEST(PipelineTest, TwoLayers) {
  CellModel model;
  model.layers = 2;
  CheckModel(model, 9);
}

TEST(PipelineTest, Batch) {
  CellModel model;
  model.batch = 3;
  CheckModel(model, 6);
}

TEST(PipelineTest, StaticLengths) {
  for (const int64_t steps : {1, 2, 7}) {
    CellModel model;
    model.steps = steps;
    model.states = false;
    CheckModel(model, steps);
  }
}

TEST(PipelineTest, LastStep) {
  CellModel model;
  model.last_step = true;
  CheckModel(model, 6);
}

TEST(PipelineTest, Gru) {
  for (const bool linear_before_reset : {false, true}) {
    CellModel model;
    model.kind = ir::OpKind::kGru;
    model.linear_before_reset = linear_before_reset;
    CheckModel(model, 6);
  }
}

TEST(PipelineTest, Rnn) {
  CellModel model;
  model.kind = ir::OpKind::kRnn;
  model.states = false;
  model.head = false;
  CheckModel(model, 6);
}

}  // namespace
}  // namespace rnnc::passes
