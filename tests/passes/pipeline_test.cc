// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whole models through the whole pipeline: after every pass the module computes what it computed before.
#include "passes/pipeline.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "compiler/ir/kernel_evaluator.h"
#include "compiler/ir/printer.h"
#include "passes/check_plan.h"
#include "tests/passes/models.h"
#include "tests/support/ir_helpers.h"

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
    ExpectNear(actual.states.at(name), state, fmt::format("{}: state {}", what, name));
  }
}

// Runs every pass over the model; compares all functions after each with the scans that they came from.
std::unique_ptr<ir::Module> CheckModel(const CellModel& model, int64_t frames) {
  auto module = MakeCellModel(model);
  std::map<std::string, Outcome> expected;
  Observer observer;
  observer.after = [&](const PassEntry& pass, const ir::Module& after) {
    SCOPED_TRACE(pass.name);
    ir::ExpectValid(after);
    ir::ExpectRoundTrip(after);
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
  const Result<> plan = CheckPlan(*module);
  EXPECT_TRUE(plan.ok()) << Render(plan.diagnostics());
  return module;
}

// The kernels of a function, inner ones too.
std::vector<const ir::Operation*> Kernels(const ir::Function& function) {
  std::vector<const ir::Operation*> kernels;
  ir::Walk(function.Body(), [&](const ir::Operation& operation) {
    if (operation.HasKernel()) kernels.push_back(&operation);
  });
  return kernels;
}

// Catches --disable-pass judged by one place of a pass that stands in several: the name is all that it has.
TEST(PipelineTest, APassIsOptionalInAllItsPlacesOrInNone) {
  for (const PassEntry& pass : Pipeline()) {
    EXPECT_EQ(pass.optional, FindPass(pass.name)->optional) << pass.name << ": " << pass.reason;
  }
}

// Catches a step that goes through memory: one LSTM layer is one contract of both products, four gates each,
// with the cell update as its epilogue; the head is the other.
TEST(PipelineTest, StepOfLstmIsOneContract) {
  const auto module = CheckModel({}, 11);
  const ir::Function* step = module->FindFunction("step");
  ASSERT_NE(step, nullptr);
  const auto kernels = Kernels(*step);
  ASSERT_EQ(kernels.size(), 2u) << ir::PrintFunction(*step);
  EXPECT_EQ(kernels[0]->Kind(), ir::OpKind::kContract);
  const ir::Kernel& kernel = kernels[0]->GetKernel();
  ASSERT_EQ(kernel.accumulators.size(), 2u);
  for (const ir::Accumulator& accumulator : kernel.accumulators) EXPECT_TRUE(accumulator.gate.extent.Is(4));
}

// Catches sums whose order depends on the schedule: T frames at once must be T single steps, bit for bit.
TEST(PipelineTest, RunIsStepsBitForBit) {
  for (const ir::OpKind kind : {ir::OpKind::kLstm, ir::OpKind::kGru, ir::OpKind::kRnn}) {
    CellModel model;
    model.kind = kind;
    model.layers = 2;
    const int64_t frames = 10;
    const auto module = CheckModel(model, frames);
    const Array x = RandomArray({frames, 1, model.inputs}, 5);
    States run_states, step_states;
    ir::KernelEvaluation evaluation;
    evaluation.round = true;
    evaluation.states = &run_states;
    const auto run = ir::EvaluateKernels(*module->FindFunction("run"), {x}, evaluation);
    ASSERT_TRUE(run.ok()) << Render(run.diagnostics());
    evaluation.states = &step_states;
    const int64_t outputs = (*run)[0].Count() / frames;
    for (int64_t t = 0; t < frames; ++t) {
      Array frame = RandomArray({1, 1, model.inputs}, 1);
      for (int64_t i = 0; i < model.inputs; ++i) frame.CopyElement(i, x, t * model.inputs + i);
      const auto step = ir::EvaluateKernels(*module->FindFunction("step"), {frame}, evaluation);
      ASSERT_TRUE(step.ok()) << Render(step.diagnostics());
      for (int64_t i = 0; i < outputs; ++i) {
        ASSERT_EQ((*step)[0].NumberAt(i), (*run)[0].NumberAt(t * outputs + i)) << "frame " << t;
      }
    }
    for (const auto& [name, state] : run_states) {
      for (int64_t i = 0; i < state.Count(); ++i) {
        ASSERT_EQ(state.NumberAt(i), step_states.at(name).NumberAt(i)) << name;
      }
    }
  }
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
