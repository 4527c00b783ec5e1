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
#include "tests/differential/operator_cases.h"

// The oracle evaluates each operator from the ONNX text, the lowering table says it in primitives: two
// independent statements that must give the same numbers.
namespace rnnc::testing {
namespace {

using namespace ir;

// Asymmetric and repeatable; f32 values, so that rounding of the inputs plays no part.
class Numbers {
 public:
  explicit Numbers(uint32_t seed) : state_(seed * 2654435761u + 97) {}
  double Next(double low, double high) {
    state_ = state_ * 1664525u + 1013904223u;
    return static_cast<float>(low + (high - low) * (static_cast<double>(state_ >> 8) / 16777216.0));
  }

 private:
  uint32_t state_;
};

Array RandomArray(const CaseOperand& operand, Numbers& numbers) {
  std::vector<int64_t> dims;
  for (const Dim& dim : operand.type.dims) dims.push_back(*dim.Evaluate({{"T", kSteps}}));
  Array array = MakeArray(operand.type.element, dims);
  const bool is_float = IsFloat(operand.type.element);
  for (int64_t i = 0; i < array.Count(); ++i) {
    const double value = numbers.Next(operand.low, is_float ? operand.high : operand.high + 0.999);
    is_float ? array.SetNumber(i, value) : array.SetInteger(i, static_cast<int64_t>(std::floor(value)));
  }
  if (is_float) RoundElements(array);
  return array;
}

struct Built {
  Module module;
  Function* function = nullptr;
  std::vector<Array> inputs;
};

Value* MakeOperand(const CaseOperand& operand, size_t position, Numbers& numbers, Built& built) {
  switch (operand.kind) {
    case CaseOperand::Kind::kAbsent:
      return nullptr;
    case CaseOperand::Kind::kConst: {
      auto tensor = std::make_shared<Tensor>(ZeroTensor(operand.type));
      for (size_t i = 0; i < operand.values.size(); ++i)
        tensor->SetNumber(static_cast<int64_t>(i), operand.values[i]);
      return built.module.AddConst("k" + std::to_string(position), std::move(tensor));
    }
    case CaseOperand::Kind::kInput:
      built.inputs.push_back(RandomArray(operand, numbers));
      return built.function->Body().AddArgument(operand.type, "x" + std::to_string(position));
  }
  return nullptr;
}

void Build(const OperatorCase& c, uint32_t seed, Built& built) {
  built.function = built.module.AddFunction("main");
  Numbers numbers(seed);
  std::vector<Value*> operands;
  for (size_t i = 0; i < c.operands.size(); ++i)
    operands.push_back(MakeOperand(c.operands[i], i, numbers, built));
  Builder builder(built.function->Body());
  builder.location = {"case.onnx", {c.op}};
  Operation* op = builder.Create(*ParseOpKind(c.op), operands, {});
  for (const auto& [name, value] : c.attributes) op->Set(name, value);
  for (size_t i = 0; i < c.results; ++i) op->AddResult({});  // split: the rule counts them
  KnownInts ints;
  Result<std::vector<Type>> types = InferTypes(*op, ints);
  ASSERT_TRUE(types.ok()) << Render(types.diagnostics());
  for (size_t i = 0; i < types->size(); ++i) {
    if (i < op->ResultCount()) {
      op->Result(i)->type = (*types)[i];
    } else {
      op->AddResult((*types)[i], "y" + std::to_string(i));
    }
  }
  for (size_t i = 0; i < op->ResultCount(); ++i)
    built.function->result_names.push_back("y" + std::to_string(i));
  builder.Create(OpKind::kReturn, op->Results(), {});
  built.module.name = "case";
}

// 16-bit types: the oracle computes in double, the kernels round each operator once. A constant inside a
// formula (1/6, sqrt(2)) has the type of its operands in a kernel.
double Tolerance(ElementType element) {
  if (element == ElementType::kF32) return 1e-7;
  if (element == ElementType::kF16) return 2e-3;
  return element == ElementType::kBF16 ? 2e-2 : 1e-9;
}

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

bool MentionsTime(const OperatorCase& c) {
  return std::any_of(c.operands.begin(), c.operands.end(),
                     [](const CaseOperand& operand) { return !operand.type.IsStatic(); });
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

std::vector<OperatorCase> AllCases() {
  std::vector<OperatorCase> all;
  for (auto part : {PointwiseCases, ProductCases, ReductionCases, LayoutCases, RecurrentCases}) {
    std::vector<OperatorCase> cases = part();
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

TEST(LoweringVsOracle, EveryCaseAgrees) {
  uint32_t seed = 0;
  for (const OperatorCase& c : AllCases()) {
    SCOPED_TRACE(c.op + " case " + std::to_string(++seed));
    Built built;
    Build(c, seed, built);
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
    Built built;
    Build(c, seed, built);
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
