// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every operator as native code of every row of the target table.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "compiler/driver/phases.h"
#include "compiler/ir/graph_evaluator.h"
#include "compiler/support/file.h"
#include "tests/differential/case_modules.h"
#include "tests/support/native/compare.h"
#include "tests/support/native/model_files.h"
#include "tests/support/native/rows.h"
#include "tests/support/native/stream.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

namespace rnnc::testing {
namespace {

using ir::Array;

struct NativeCase {
  std::string title;
  std::unique_ptr<BuiltCase> built;  // as the oracle wants it
  std::string object;
};

// All cases as objects, named case_1 and so on.
std::vector<NativeCase> CompileCases(const test::TestRow& row, int optimization) {
  std::vector<NativeCase> compiled;
  uint32_t seed = 0;
  for (const OperatorCase& c : AllCases()) {
    NativeCase one{c.op + " case " + std::to_string(++seed), std::make_unique<BuiltCase>(), ""};
    SCOPED_TRACE(one.title);
    BuildCase(c, seed, *one.built);
    if (::testing::Test::HasFatalFailure()) return {};
    driver::ImportedModel imported;
    imported.module = ir::CloneModule(one.built->module);
    imported.module->name = "case_" + std::to_string(compiled.size());
    driver::ModelOptions options;
    options.name = imported.module->name;
    options.target = row.request;
    options.optimization = optimization;
    auto done = driver::CompileImported(std::move(imported), options);
    // Operators that mix frames of a symbolic length are refused; nothing else is.
    EXPECT_TRUE(done.ok() || (!one.built->inputs.empty() && MentionsTime(c))) << Render(done.diagnostics());
    if (!done.ok()) continue;
    one.object = std::move(done->object.object);
    compiled.push_back(std::move(one));
  }
  return compiled;
}

class OperatorsOnRows : public ::testing::TestWithParam<test::TestRow> {};
class OperatorsUnoptimised : public OperatorsOnRows {};

void ExpectNothingUndefined(const std::vector<NativeCase>& cases) {
  const test::TempFolder folder;
  std::vector<std::string> command = {"nm", "-u", "-A"};
  for (const NativeCase& one : cases) {
    command.push_back(folder / (test::TestName(one.title) + ".o"));
    ASSERT_TRUE(WriteFile(command.back(), one.object).ok());
  }
  const test::ProcessResult undefined = test::RunProcess(command);
  EXPECT_EQ(undefined.exit_code, 0) << undefined.errors;
  EXPECT_EQ(undefined.output, "");
}

// As near as the type's tolerance, and ten times what float32 costs the oracle itself.
test::Bound BoundFor(const Array& exact, const Array& rounded) {
  test::Bound bound;
  bound.atol = bound.rtol = std::fmax(1e-5, Tolerance(exact.element));
  for (int64_t i = 0; i < exact.Count(); ++i) {
    const double cost = std::fabs(exact.NumberAt(i) - rounded.NumberAt(i));
    if (std::isfinite(cost)) bound.atol = std::fmax(bound.atol, 10 * cost);
  }
  return bound;
}

void ExpectAgreement(const test::TestRow& row, const std::vector<NativeCase>& cases) {
  std::vector<test::ProgramObject> objects;
  for (size_t i = 0; i < cases.size(); ++i)
    objects.push_back({cases[i].object, "case_" + std::to_string(i), {}});
  const auto program = test::RowProgram::Load(row, objects);
  ASSERT_TRUE(program.ok()) << Render(program.diagnostics());
  for (size_t k = 0; k < cases.size(); ++k) {
    SCOPED_TRACE(cases[k].title);
    const BuiltCase& built = *cases[k].built;
    const auto exact = ir::EvaluateGraph(*built.function, built.inputs);
    const auto rounded = ir::EvaluateGraph(*built.function, built.inputs, {.round = true});
    ASSERT_TRUE(exact.ok() && rounded.ok());
    std::vector<ir::Tensor> inputs;
    for (const Array& input : built.inputs) inputs.push_back(ir::TensorOf(input));
    test::Stream stream(**program, k);
    for (int round = 0; round < 2; ++round) {  // memory that ends, and that begins, where no page is
      stream.Reset();
      const test::Stream::Answer answer =
          (*program)->Model(k).run != nullptr ? stream.Run(kSteps, inputs) : stream.Step(inputs);
      ASSERT_EQ(answer.status, RNNC_OK);
      ASSERT_EQ(answer.outputs.size(), exact->size());
      for (size_t i = 0; i < exact->size(); ++i) {
        EXPECT_TRUE(
            test::Close(answer.outputs[i], ir::TensorOf((*exact)[i]), BoundFor((*exact)[i], (*rounded)[i])))
            << "result " << i;
      }
    }
  }
}

// Catches an instruction chosen wrongly for one row, lanes swapped or lost where a row has no masks or
// gathers, reads and writes beside the caller's memory, and a call of libm, memcpy or a helper of the
// compiler's that one row needs for one operator.
TEST_P(OperatorsOnRows, AgreeWithTheOracleAndAskForNoSymbol) {
  const std::vector<NativeCase> cases = CompileCases(GetParam(), 2);
  ExpectNothingUndefined(cases);
  if (const std::string why = test::WhyNot(GetParam()); !why.empty()) GTEST_SKIP() << why;
  ExpectAgreement(GetParam(), cases);
}

// The same of what LLVM has not simplified.
TEST_P(OperatorsUnoptimised, AgreeWithTheOracleAndAskForNoSymbol) {
  const std::vector<NativeCase> cases = CompileCases(GetParam(), 0);
  ExpectNothingUndefined(cases);
  if (const std::string why = test::WhyNot(GetParam()); !why.empty()) GTEST_SKIP() << why;
  ExpectAgreement(GetParam(), cases);
}

const auto kName = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Rows, OperatorsOnRows, ::testing::ValuesIn(test::TestRows()), kName);
INSTANTIATE_TEST_SUITE_P(, OperatorsUnoptimised,
                         ::testing::Values(test::FindTestRow("x86_64"), test::FindTestRow("x86_64_v4"),
                                           test::FindTestRow("aarch64")),
                         kName);
INSTANTIATE_TEST_SUITE_P(MoreCpus, OperatorsOnRows, ::testing::ValuesIn(test::MoreRows()), kName);

}  // namespace
}  // namespace rnnc::testing
