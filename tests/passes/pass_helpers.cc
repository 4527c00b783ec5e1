// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/passes/pass_helpers.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compiler/ir/graph_evaluator.h"
#include "compiler/ir/kernel_evaluator.h"
#include "passes/check_plan.h"
#include "tests/passes/models.h"
#include "tests/support/ir_helpers.h"

namespace rnnc::passes {
namespace {

// Floats as the type holds them; integers that serve as indices and lengths: 1, 2, 0, ..
ir::Array AnyInput(ir::ElementType element, const std::vector<int64_t>& dims, uint64_t seed) {
  ir::Array array = RandomArray(dims, seed);
  if (ir::IsFloat(element)) {
    array.element = element;
    ir::RoundElements(array);
    return array;
  }
  array = ir::MakeArray(element, dims);
  for (int64_t i = 0; i < array.Count(); ++i) array.SetInteger(i, (i + 1) % 3);
  return array;
}

constexpr int64_t kFrames = 5;

Result<std::vector<ir::Array>> Evaluate(const ir::Module& module, const ir::Function& function) {
  std::vector<ir::Array> inputs;
  std::map<std::string, int64_t> symbols;
  for (const auto& argument : function.Body().Arguments()) {
    std::vector<int64_t> dims;
    for (const ir::Dim& dim : argument->type.dims) {
      for (const std::string& symbol : dim.Symbols()) symbols[symbol] = kFrames;
      dims.push_back(*dim.Evaluate(symbols));
    }
    inputs.push_back(AnyInput(argument->type.element, dims, 7 + inputs.size()));
  }
  if (module.stage == ir::Stage::kGraph) return ir::EvaluateGraph(function, inputs);
  ir::KernelEvaluation evaluation;
  evaluation.symbols = symbols;
  return ir::EvaluateKernels(function, inputs, evaluation);
}

}  // namespace

void ExpectSameNumbers(const ir::Module& before, const ir::Module& after) {
  if (after.stage == ir::Stage::kPlanned) {
    const Result<> plan = CheckPlan(after);
    EXPECT_TRUE(plan.ok()) << Render(plan.diagnostics());
  }
  for (const auto& function : after.Functions()) {
    const ir::Function* origin = before.FindFunction(function->name);
    if (origin == nullptr) continue;
    const auto expected = Evaluate(before, *origin);
    const auto actual = Evaluate(after, *function);
    ASSERT_TRUE(expected.ok()) << Render(expected.diagnostics());
    ASSERT_TRUE(actual.ok()) << Render(actual.diagnostics());
    ASSERT_EQ(actual->size(), expected->size());
    for (size_t i = 0; i < actual->size(); ++i) {
      ASSERT_EQ((*actual)[i].dims, (*expected)[i].dims);
      // Casts to 16 bits round, also those that a pass writes; whole operators are exact.
      const ir::ElementType element = (*actual)[i].element;
      const double near = element == ir::ElementType::kF16    ? std::ldexp(1, -10)
                          : element == ir::ElementType::kBF16 ? std::ldexp(1, -7)
                                                              : 1e-12;
      for (int64_t k = 0; k < (*actual)[i].Count(); ++k) {
        ASSERT_NEAR((*actual)[i].NumberAt(k), (*expected)[i].NumberAt(k), near)
            << "output " << i << ", " << k;
      }
    }
  }
}

void ExpectPass(PassFunction pass, std::string_view before, std::string_view after,
                const PassOptions& options) {
  const auto original = ir::ParseOrDie(before);
  const auto module = ir::ParseOrDie(before);
  ir::ExpectValid(*module);
  const Result<> result = pass(*module, options);
  ASSERT_TRUE(result.ok()) << Render(result.diagnostics());
  ir::ExpectValid(*module);
  ir::ExpectPrints(*module, after);
  ExpectSameNumbers(*original, *module);
}

void ExpectUnchanged(PassFunction pass, std::string_view text, const PassOptions& options) {
  ExpectPass(pass, text, text, options);
}

std::string RefusalOf(PassFunction pass, std::string_view text, const PassOptions& options) {
  const auto module = ir::ParseOrDie(text);
  const Result<> result = pass(*module, options);
  return result.ok() ? "" : Render(result.diagnostics());
}

}  // namespace rnnc::passes
