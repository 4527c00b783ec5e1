// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gtest/gtest.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>

#include <algorithm>
#include <cstdio>

#include "tests/codegen/math_reference.h"
#include "tests/codegen/math_rows.h"

namespace rnnc::codegen {
namespace {

// Beside the special points. An emulator takes about a hundred times as long.
struct Density {
  std::size_t floats = 2'840'000;  // every 1511th float
  std::size_t doubles = 400'000;
};
Density DensityFor(const MathRow& row) { return IsForeign(row) ? Density{28'400, 20'000} : Density{}; }

class MathRowTest : public testing::TestWithParam<MathRow> {
 protected:
  void SkipUnlessItRuns() {
    if (const std::string why = WhyNot(GetParam()); !why.empty()) GTEST_SKIP() << why;
  }
};

// The error at the width 16, and that the other widths give the same bits.
template <class T>
void Check(CompiledRow& row, const MathBound& bound, double limit, const std::vector<T>& arguments,
           const std::vector<typename Wider<T>::Type>& expected) {
  using Bits = typename Wider<T>::Bits;
  const std::string type = sizeof(T) == 4 ? "f32" : "f64";
  const std::string name(bound.name);
  std::vector<T> results[std::size(kWidths)];
  for (std::size_t w = 0; w < std::size(kWidths); ++w) {
    results[w].resize(arguments.size());
    row.Find(name, type, kWidths[w])(arguments.data(), arguments.data(), results[w].data(), arguments.size());
  }
  double worst = 0;
  T worst_argument = 0;
  std::size_t differing = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const double error = UlpError<T>(results[0][i], expected[i]);
    if (error > worst) {
      worst = error;
      worst_argument = arguments[i];
    }
    for (const std::vector<T>& other : results) {
      if (std::bit_cast<Bits>(other[i]) != std::bit_cast<Bits>(results[0][i]) && !std::isnan(other[i]))
        ++differing;
    }
  }
  std::printf("%-10s %-10s %s %.2f\n", row.row().name.c_str(), name.c_str(), type.c_str(), worst);
  EXPECT_LE(worst, limit) << name << " " << type << " at " << std::hexfloat << worst_argument
                          << std::defaultfloat << " = " << worst_argument;
  EXPECT_EQ(differing, 0u) << name << " " << type << ": the bits depend on the width";
}

template <class T>
void CheckAll(CompiledRow& row, std::size_t count, double MathBound::* limit) {
  using W = typename Wider<T>::Type;
  static std::map<std::size_t, std::vector<T>> all_arguments;
  static std::map<std::pair<std::size_t, std::string>, std::vector<W>> expected;
  std::vector<T>& arguments = all_arguments[count];
  if (arguments.empty()) arguments = Arguments<T>(count);
  for (const MathBound& bound : MathBounds()) {
    std::vector<W>& values = expected[{count, std::string(bound.name)}];
    if (values.empty()) {
      const Reference<W> reference = References<W>().at(std::string(bound.name));
      for (const T x : arguments) values.push_back(reference(x));
    }
    Check<T>(row, bound, bound.*limit, arguments, values);
  }
}

// Catches a wrong coefficient, a reduction that loses bits, a flushed subnormal, a wrong special case, and a
// formula that LLVM contracts at one width only.
TEST_P(MathRowTest, FloatFunctionsKeepTheirBounds) {
  SkipUnlessItRuns();
  if (IsSkipped()) return;
  CheckAll<float>(RowNamed(GetParam().name), DensityFor(GetParam()).floats, &MathBound::max_ulp_f32);
}

TEST_P(MathRowTest, DoubleFunctionsKeepTheirBounds) {
  SkipUnlessItRuns();
  if (IsSkipped()) return;
  CheckAll<double>(RowNamed(GetParam().name), DensityFor(GetParam()).doubles, &MathBound::max_ulp_f64);
}

// Every float there is: half an hour a row, so not part of the usual run. The README's table is from it.
// Results that are the expected value rounded are within half a unit and are not looked at further.
TEST_P(MathRowTest, DISABLED_EveryFloat) {
  SkipUnlessItRuns();
  if (IsSkipped()) return;
  constexpr std::size_t kBlock = 1 << 16;
  constexpr std::uint64_t kStep = 1;
  std::vector<float> arguments(kBlock), results(kBlock);
  for (const MathBound& bound : MathBounds()) {
    const std::string name(bound.name);
    const Kernel kernel = RowNamed(GetParam().name).Find(name, "f32", 16);
    const Reference<double> reference = References<double>().at(name);
    double worst = 0.5;
    for (std::uint64_t block = 0; block < (1ULL << 32); block += kBlock * kStep) {
      for (std::size_t i = 0; i < kBlock; ++i) {
        arguments[i] = std::bit_cast<float>(static_cast<std::uint32_t>(block + i * kStep));
      }
      kernel(arguments.data(), arguments.data(), results.data(), kBlock);
      for (std::size_t i = 0; i < kBlock; ++i) {
        const double expected = reference(arguments[i]);
        if (std::bit_cast<std::uint32_t>(results[i]) ==
            std::bit_cast<std::uint32_t>(static_cast<float>(expected))) {
          continue;
        }
        worst = std::max(worst, UlpError<float>(results[i], expected));
      }
    }
    std::printf("%-10s %-10s every f32 %.2f\n", GetParam().name.c_str(), name.c_str(), worst);
    std::fflush(stdout);
    EXPECT_LE(worst, std::max(0.5, bound.max_ulp_f32)) << name;
  }
}

// Catches a lowering that calls fmaf, floorf, __extendhfsf2 and the like.
TEST_P(MathRowTest, ObjectCallsNothing) {
  EXPECT_EQ(RowNamed(GetParam().name).UndefinedSymbols(), std::vector<std::string>{});
  EXPECT_EQ(CompiledRow(GetParam(), /*optimize=*/false).UndefinedSymbols(), std::vector<std::string>{});
}

// Catches blocks wired wrongly when functions that branch are emitted before existing instructions.
TEST(VectorMathTest, BranchesInTheMiddleOfABlock) {
  llvm::LLVMContext context;
  llvm::Module module("middle", context);
  llvm::IRBuilder<> builder(context);
  llvm::Type* type = llvm::FixedVectorType::get(builder.getFloatTy(), 4);
  auto* function = llvm::Function::Create(llvm::FunctionType::get(type, {type}, false),
                                          llvm::GlobalValue::ExternalLinkage, "f", module);
  builder.SetInsertPoint(llvm::BasicBlock::Create(context, "entry", function));
  llvm::Value* x = function->getArg(0);
  auto* sum = llvm::cast<llvm::Instruction>(builder.CreateFAdd(x, x));
  builder.CreateRet(sum);
  builder.SetInsertPoint(sum);
  VectorMath math(builder, {.has_fma = true});
  llvm::Value* result = math.Fmod(math.Sin(x), math.Tan(x));
  sum->setOperand(0, result);
  EXPECT_EQ(builder.GetInsertBlock(), sum->getParent());
  EXPECT_FALSE(llvm::verifyModule(module, &llvm::errs()));
}

INSTANTIATE_TEST_SUITE_P(Rows, MathRowTest, testing::ValuesIn(MathRows()), [](const auto& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace rnnc::codegen
