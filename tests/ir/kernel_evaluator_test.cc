// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/kernel_evaluator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/kernel_helpers.h"

namespace rnnc {
namespace {

using namespace ir;
using rnnc::testing::F32;
using rnnc::testing::OneOp;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr ElementType kF = ElementType::kF32;

IndexExpr V(int variable) { return IndexExpr::Variable(variable); }

// map (i0<n..) { yield %x[indices] }
Kernel ReadingMap(const std::vector<Dim>& dims, std::vector<IndexExpr> indices) {
  Kernel kernel = MakeMap(dims);
  kernel.epilogue.outputs = {kernel.epilogue.AddRead(kF, 0, std::move(indices))};
  return kernel;
}

// One accumulator over k<count of %x[k], the epilogue being its value.
Kernel Reduction(Combine combine, int64_t count, int chains, ElementType type = kF) {
  Kernel kernel = MakeMap({});
  Accumulator accumulator;
  accumulator.name = "a";
  accumulator.type = type;
  accumulator.combine = combine;
  accumulator.chains = chains;
  accumulator.reduced = {{"k", Dim(count)}};
  accumulator.element.outputs = {accumulator.element.AddRead(kF, 0, {V(kernel.ReducedVariable(0))})};
  kernel.accumulators.push_back(std::move(accumulator));
  kernel.epilogue.outputs = {kernel.epilogue.AddAccumulator(type, 0, 0)};
  return kernel;
}

Result<std::vector<Array>> Evaluate(Kernel kernel, const Array& x, const Type& result, bool round = false) {
  OneOp test(Stage::kKernels);
  Value* argument = test.Argument(MakeStaticType(x.element, x.dims));
  Builder builder(test.function->Body());
  builder.location = {"m.onnx", {"/node"}};
  Operation* op = builder.KernelOp(std::move(kernel), {argument}, {result});
  builder.Create(OpKind::kReturn, op->Results(), {});
  KernelEvaluation options;
  options.round = round;
  return test.Evaluate({x}, options);
}

// A wrong index map must not read a neighbour's bytes and look plausible.
TEST(KernelEvaluator, ReadsOutsideAnOperandAreErrors) {
  const Type type = MakeStaticType(kF, {3});
  const auto result = Evaluate(ReadingMap({Dim(3)}, {V(0) + IndexExpr(1)}), F32({3}, {1, 2, 3}), type);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(Render(result.diagnostics()), "m.onnx: /node: map: operand 0 is read at 3 of an axis of 3");
}

TEST(KernelEvaluator, GuardedReadsGiveTheFill) {
  Kernel kernel = ReadingMap({Dim(3)}, {V(0) - IndexExpr(1)});
  kernel.epilogue.nodes[0].fill = -7.0;
  const auto result = Evaluate(std::move(kernel), F32({3}, {1, 2, 3}), MakeStaticType(kF, {3}));
  ASSERT_TRUE(result.ok());
  EXPECT_THAT((*result)[0].numbers, ElementsAre(-7, 1, 2));
}

// Quotients and remainders round down for negative numbers too.
TEST(KernelEvaluator, QuotientsAndRemaindersOfNegativeIndices) {
  Kernel kernel = MakeMap({Dim(4)});
  const IndexExpr shifted = V(0) - IndexExpr(3);
  const int quotient = kernel.epilogue.AddIndex(IndexExpr::FloorDiv(shifted, 2));
  const int remainder = kernel.epilogue.AddIndex(IndexExpr::Mod(shifted, 2));
  kernel.stores.push_back(IdentityIndices(1));
  kernel.epilogue.outputs = {quotient, remainder};
  OneOp test(Stage::kKernels);
  const Type type = MakeStaticType(ElementType::kI64, {4});
  Builder builder(test.function->Body());
  builder.Create(OpKind::kReturn, builder.KernelOp(std::move(kernel), {}, {type, type})->Results(), {});
  const auto results = test.Evaluate({});
  ASSERT_TRUE(results.ok());
  EXPECT_THAT((*results)[0].integers, ElementsAre(-2, -1, -1, 0));
  EXPECT_THAT((*results)[1].integers, ElementsAre(1, 0, 1, 0));
}

// A chain of parts that leaves a hole, and one whose parts overlap.
TEST(KernelEvaluator, HolesAndDoubleStoresAreErrors) {
  const Array x = F32({2}, {1, 2});
  Kernel hole = ReadingMap({Dim(2)}, {V(0)});
  hole.stores = {{V(0) * Dim(2)}};
  EXPECT_THAT(Render(Evaluate(hole, x, MakeStaticType(kF, {3})).diagnostics()),
              HasSubstr("nobody has written"));
  Kernel twice = ReadingMap({Dim(2)}, {V(0)});
  twice.stores = {{IndexExpr(0)}};
  EXPECT_THAT(Render(Evaluate(twice, x, MakeStaticType(kF, {1})).diagnostics()), HasSubstr("stored twice"));
  Kernel outside = ReadingMap({Dim(2)}, {V(0)});
  EXPECT_THAT(Render(Evaluate(outside, x, MakeStaticType(kF, {1})).diagnostics()),
              HasSubstr("stored at 1 of an axis"));
}

TEST(KernelEvaluator, IntoKeepsTheOtherElements) {
  OneOp test(Stage::kKernels);
  Value* base = test.Argument(MakeStaticType(kF, {3}), "base");
  Value* part = test.Argument(MakeStaticType(kF, {1}), "part");
  Kernel kernel = MakeMap({Dim(1)});
  kernel.epilogue.outputs = {kernel.epilogue.AddRead(kF, 1, {V(0)})};
  kernel.stores = {{V(0) + IndexExpr(1)}};
  kernel.into = 0;
  Builder builder(test.function->Body());
  builder.Create(OpKind::kReturn, builder.KernelOp(kernel, {base, part}, {base->type})->Results(), {});
  const auto results = test.Evaluate({F32({3}, {1, 2, 3}), F32({1}, {20})});
  ASSERT_TRUE(results.ok());
  EXPECT_THAT((*results)[0].numbers, ElementsAre(1, 20, 3));
}

// Additions in another order give other bits in f32: 2^24 + 1 + 1 is 2^24 one at a time, and 2^24 + 2 when
// the ones meet first.
TEST(KernelEvaluator, ChainsFixTheOrderOfAdditions) {
  const double big = 16777216;
  const Type scalar = MakeStaticType(kF, {});
  const Array x = F32({3}, {big, 1, 1});
  EXPECT_EQ((*Evaluate(Reduction(Combine::kSum, 3, 1), x, scalar, true))[0].numbers[0], big);
  const Array y = F32({4}, {big, 1, 0, 1});  // chains {big, 0} and {1, 1}
  EXPECT_EQ((*Evaluate(Reduction(Combine::kSum, 4, 2), y, scalar, true))[0].numbers[0], big + 2);
  EXPECT_EQ((*Evaluate(Reduction(Combine::kSum, 4, 1), y, scalar, true))[0].numbers[0], big);
  EXPECT_EQ((*Evaluate(Reduction(Combine::kSum, 4, 1), y, scalar, false))[0].numbers[0], big + 2);
}

TEST(KernelEvaluator, CombinesAndTheirIdentities) {
  const Type scalar = MakeStaticType(kF, {});
  const Array x = F32({3}, {-2, -5, -3});
  EXPECT_EQ((*Evaluate(Reduction(Combine::kMax, 3, 1), x, scalar))[0].numbers[0], -2);
  EXPECT_EQ((*Evaluate(Reduction(Combine::kMin, 3, 1), x, scalar))[0].numbers[0], -5);
  EXPECT_EQ((*Evaluate(Reduction(Combine::kProduct, 3, 1), x, scalar))[0].numbers[0], -30);
  const Array none = F32({0}, {});
  EXPECT_EQ((*Evaluate(Reduction(Combine::kSum, 0, 1), none, scalar))[0].numbers[0], 0);
  EXPECT_EQ((*Evaluate(Reduction(Combine::kProduct, 0, 1), none, scalar))[0].numbers[0], 1);
  EXPECT_EQ((*Evaluate(Reduction(Combine::kMax, 0, 1), none, scalar))[0].numbers[0],
            -std::numeric_limits<double>::infinity());
}

// Ties go to the first or to the last.
TEST(KernelEvaluator, ArgMaxTies) {
  const Type scalar = MakeStaticType(ElementType::kI64, {});
  const Array x = F32({4}, {1, 7, 7, 0});
  const auto position = [&](Combine combine) {
    return (*Evaluate(Reduction(combine, 4, 1, ElementType::kI64), x, scalar))[0].integers[0];
  };
  EXPECT_EQ(position(Combine::kArgMaxFirst), 1);
  EXPECT_EQ(position(Combine::kArgMaxLast), 2);
  EXPECT_EQ(position(Combine::kArgMinFirst), 3);
}

// %total: scan of %x[t]; reverse runs from the last step and stacks in time order.
void MakeRunningSum(OneOp& test, bool reverse) {
  const Dim t = Dim::Symbol("T");
  Value* x = test.Argument(MakeType(kF, {t}));
  const Type scalar = MakeStaticType(kF, {});
  Builder builder(test.function->Body());
  Operation* scan = builder.Create(OpKind::kScan, {test.Floats({}, {100})}, {MakeType(kF, {t}), scalar});
  scan->Set("n_each", int64_t{0});
  scan->Set("n_carry", int64_t{1});
  scan->Set("reverse", int64_t{reverse});
  scan->steps = t;
  scan->step_symbol = "t";
  Block& body = scan->MakeBody();
  Value* sum = body.AddArgument(scalar, "sum");
  Kernel kernel = MakeMap({});
  const int now = kernel.epilogue.AddRead(kF, 0, {IndexExpr(Dim::Symbol("t"))});
  kernel.epilogue.outputs = {
      kernel.epilogue.AddOp(ScalarOp::kAdd, kF, {kernel.epilogue.AddRead(kF, 1, {}), now})};
  Builder inner(body);
  Value* next = inner.KernelOp(std::move(kernel), {x, sum}, {scalar})->Result();
  inner.Create(OpKind::kYield, {next, next}, {})->Set("n_each", int64_t{1});
  builder.Create(OpKind::kReturn, scan->Results(), {});
}

TEST(KernelEvaluator, ScanCarriesAndStacks) {
  OneOp test(Stage::kKernels);
  MakeRunningSum(test, false);
  const auto results = test.Evaluate({F32({3}, {1, 2, 3})});
  ASSERT_TRUE(results.ok()) << Render(results.diagnostics());
  EXPECT_THAT((*results)[0].numbers, ElementsAre(101, 103, 106));
  EXPECT_THAT((*results)[1].numbers, ElementsAre(106));
  const auto none = test.Evaluate({F32({0}, {})});
  ASSERT_TRUE(none.ok()) << Render(none.diagnostics());
  EXPECT_THAT((*none)[1].numbers, ElementsAre(100));
}

TEST(KernelEvaluator, ReverseScanStacksInTimeOrder) {
  OneOp test(Stage::kKernels);
  MakeRunningSum(test, true);
  const auto results = test.Evaluate({F32({3}, {1, 2, 3})});
  ASSERT_TRUE(results.ok()) << Render(results.diagnostics());
  EXPECT_THAT((*results)[0].numbers, ElementsAre(106, 105, 103));
}

// Blocks of two over five steps: the last is shorter; offsets of a block forgotten show at once.
TEST(KernelEvaluator, BlocksJoinTheirOutputs) {
  OneOp test(Stage::kKernels);
  const Dim t = Dim::Symbol("T"), n = Dim::Symbol("N"), start = Dim::Symbol("t0");
  Value* x = test.Argument(MakeType(kF, {Dim(2), t}));
  const Type scalar = MakeStaticType(kF, {});
  Builder builder(test.function->Body());
  Operation* blocks =
      builder.Create(OpKind::kBlocks, {test.Floats({}, {0})}, {MakeType(kF, {Dim(2), t}), scalar});
  blocks->Set("n_carry", int64_t{1});
  blocks->Set("axes", std::vector<int64_t>{1});
  blocks->Set("max", int64_t{2});
  blocks->steps = t;
  blocks->step_symbol = "t0";
  blocks->count_symbol = "N";
  Block& body = blocks->MakeBody();
  Value* count = body.AddArgument(scalar, "count");
  Builder inner(body);
  Value* part = inner
                    .KernelOp(ReadingMap({Dim(2), n}, {V(0), V(1) + IndexExpr(start)}), {x},
                              {MakeType(kF, {Dim(2), n})})
                    ->Result();
  Kernel kernel = MakeMap({});
  const int before = kernel.epilogue.AddRead(kF, 0, {});
  kernel.epilogue.outputs = {
      kernel.epilogue.AddOp(ScalarOp::kAdd, kF, {before, kernel.epilogue.AddConst(kF, 1)})};
  Value* next = inner.KernelOp(std::move(kernel), {count}, {scalar})->Result();
  inner.Create(OpKind::kYield, {part, next}, {})->Set("n_each", int64_t{1});
  builder.Create(OpKind::kReturn, blocks->Results(), {});
  const Array input = F32({2, 5}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  const auto results = test.Evaluate({input});
  ASSERT_TRUE(results.ok()) << Render(results.diagnostics());
  EXPECT_EQ((*results)[0].numbers, input.numbers);
  EXPECT_THAT((*results)[1].numbers, ElementsAre(3));
}

// The update must be seen by the next call and not by this one.
TEST(KernelEvaluator, StatesAreUpdatedWhenTheFunctionReturns) {
  OneOp test(Stage::kKernels);
  const Type type = MakeStaticType(kF, {1});
  Value* state = test.module.AddState("s", type, MakeFloatTensor({1}, {5}));
  Kernel kernel = MakeMap(type.dims);
  const int old = kernel.epilogue.AddRead(kF, 0, {V(0)});
  kernel.epilogue.outputs = {kernel.epilogue.AddOp(ScalarOp::kAdd, kF, {old, old})};
  Builder builder(test.function->Body());
  Value* doubled = builder.KernelOp(std::move(kernel), {state}, {type})->Result();
  builder.Create(OpKind::kUpdate, {state, doubled}, {});
  builder.Create(OpKind::kReturn, {state}, {});
  std::map<std::string, Array> states;
  KernelEvaluation options;
  options.states = &states;
  EXPECT_THAT((*test.Evaluate({}, options))[0].numbers, ElementsAre(5));
  EXPECT_THAT((*test.Evaluate({}, options))[0].numbers, ElementsAre(10));
  EXPECT_THAT(states.at("s").numbers, ElementsAre(20));
}

TEST(KernelEvaluator, InputsMustFitTheTypes) {
  OneOp test;
  const Dim t = Dim::Symbol("T");
  Value* a = test.Argument(MakeType(kF, {t}), "a");
  Value* b = test.Argument(MakeType(kF, {t * Dim(2)}), "b");
  test.Make(OpKind::kIdentity, {a}, {a->type});
  static_cast<void>(b);
  EXPECT_TRUE(test.Evaluate({F32({1}, {1}), F32({2}, {1, 2})}).ok());
  EXPECT_THAT(Render(test.Evaluate({F32({1}, {1}), F32({3}, {1, 2, 3})}).diagnostics()),
              HasSubstr("b: axis 0"));
  EXPECT_FALSE(test.Evaluate({F32({1}, {1})}).ok());
}

}  // namespace
}  // namespace rnnc
