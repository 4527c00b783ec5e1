// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "compiler/ir/builder.h"
#include "compiler/ir/graph_evaluator.h"
#include "compiler/ir/kernel_evaluator.h"
#include "compiler/ir/parser.h"
#include "compiler/ir/printer.h"
#include "compiler/ir/shape_rules.h"
#include "compiler/ir/verifier.h"
#include "passes/lower_to_kernels.h"
#include "passes/pipeline.h"
#include "passes/recurrent_to_scan.h"
#include "tests/differential/case_modules.h"

// The oracle evaluates each operator from the ONNX text, the lowering table says it in primitives: two
// independent statements that must give the same numbers.
namespace rnnc::testing {
namespace {

using namespace ir;

void ExpectSame(const std::vector<Array>& actual, const std::vector<Array>& expected, double extra) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t r = 0; r < actual.size(); ++r) {
    ASSERT_EQ(actual[r].ShapeText(), expected[r].ShapeText());
    EXPECT_EQ(actual[r].integers, expected[r].integers);
    for (size_t i = 0; i < actual[r].numbers.size(); ++i) {
      const double a = actual[r].numbers[i], e = expected[r].numbers[i];
      const bool same = a == e || (std::isnan(a) && std::isnan(e)) ||
                        std::abs(a - e) <= (Tolerance(expected[r].element) + extra) * (1 + std::abs(e));
      EXPECT_TRUE(same) << "result " << r << ", element " << i << ": " << a << ", the oracle says " << e;
    }
  }
}

// Verifies, and comes back from its text as it was.
void ExpectSound(const Module& module) {
  const Result<> verified = Verify(module);
  EXPECT_TRUE(verified.ok()) << Render(verified.diagnostics()) << Print(module);
  const Printed printed = Serialize(module);
  const Result<std::unique_ptr<Module>> parsed = Parse(printed.text, "text", printed.blob);
  ASSERT_TRUE(parsed.ok()) << Render(parsed.diagnostics()) << printed.text;
  EXPECT_EQ(Print(**parsed), Print(module));
}

TEST(LoweringVsOracle, EveryCaseAgrees) {
  uint32_t seed = 0;
  for (const OperatorCase& c : AllCases()) {
    SCOPED_TRACE(c.op + " case " + std::to_string(++seed));
    BuiltCase built;
    BuildCase(c, seed, built);
    if (HasFatalFailure()) return;
    const Result<std::vector<Array>> expected = EvaluateGraph(*built.function, built.inputs);
    ASSERT_TRUE(expected.ok()) << Render(expected.diagnostics());
    // Recurrent: both biases are summed and rounded to f32 once when they are constant; here they are inputs.
    Result<> scans = passes::RecurrentToScan(built.module, {});
    ASSERT_TRUE(scans.ok()) << Render(scans.diagnostics());
    const Result<std::vector<Array>> recurrence = EvaluateKernels(*built.function, built.inputs);
    ASSERT_TRUE(recurrence.ok()) << Render(recurrence.diagnostics());
    ExpectSame(*recurrence, *expected, 0);
    ExpectSound(built.module);
    Result<> kernels = passes::LowerToKernels(built.module, {});
    ASSERT_TRUE(kernels.ok()) << Render(kernels.diagnostics());
    const Result<std::vector<Array>> lowered = EvaluateKernels(*built.function, built.inputs);
    ASSERT_TRUE(lowered.ok()) << Render(lowered.diagnostics());
    ExpectSame(*lowered, *expected, 0);
    ExpectSound(built.module);
    KernelEvaluation rounding;
    rounding.round = true;
    const Result<std::vector<Array>> rounded = EvaluateKernels(*built.function, built.inputs, rounding);
    ASSERT_TRUE(rounded.ok()) << Render(rounded.diagnostics());
    ExpectSame(*rounded, *expected, 1e-4);
  }
}

// Whatever a pass makes of the kernels, the numbers stay; the first pass that changes them is named.
TEST(LoweringVsOracle, EveryCaseSurvivesThePipeline) {
  uint32_t seed = 0;
  for (const OperatorCase& c : AllCases()) {
    SCOPED_TRACE(c.op + " case " + std::to_string(++seed));
    BuiltCase built;
    BuildCase(c, seed, built);
    if (HasFatalFailure()) return;
    const Result<std::vector<Array>> expected = EvaluateGraph(*built.function, built.inputs);
    ASSERT_TRUE(expected.ok()) << Render(expected.diagnostics());
    const bool whole = built.inputs.empty() || !MentionsTime(c);
    passes::Observer observer;
    bool failed = false;
    observer.after = [&](const passes::PassEntry& pass, const Module& module) {
      if (failed || module.stage < Stage::kRecurrence) return;
      SCOPED_TRACE(std::string("after ") + std::string(pass.name));
      const Function* run = module.FindFunction("run");  // what `main` is called when time is symbolic
      const Function* function = run != nullptr ? run : module.FindFunction("main");
      const Result<std::vector<Array>> now = EvaluateKernels(*function, built.inputs);
      EXPECT_TRUE(now.ok()) << Render(now.diagnostics());
      if (now.ok()) ExpectSame(*now, *expected, 1e-6);
      failed = HasFailure();
      if (failed) ADD_FAILURE() << Print(module);
    };
    const Result<> done = passes::RunPipeline(built.module, {}, observer);
    // Operators that mix frames of a symbolic length are refused; nothing else is.
    EXPECT_TRUE(done.ok() || !whole) << Render(done.diagnostics());
    if (HasFailure()) return;
  }
}

// An operator added to ops.def without a case here.
TEST(LoweringVsOracle, EveryOperatorHasACase) {
  std::set<std::string> covered;
  for (const OperatorCase& c : AllCases()) covered.insert(c.op);
  for (const OpInfo& info : AllOps()) {
    if (!info.LegalIn(Stage::kGraph) || info.LegalIn(Stage::kKernels)) continue;
    EXPECT_TRUE(covered.count(std::string(info.text)) != 0) << info.text;
  }
}

}  // namespace
}  // namespace rnnc::testing
