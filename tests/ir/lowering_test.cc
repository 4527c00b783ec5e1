// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/lowering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passes/lower_to_kernels.h"
#include "tests/support/kernel_helpers.h"

namespace rnnc {
namespace {

using namespace ir;
using rnnc::testing::F32;
using rnnc::testing::I64;
using rnnc::testing::OneOp;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

constexpr ElementType kF = ElementType::kF32;

// Evaluates through the scratch function (sizes known) and after the pass (sizes as they are): both must
// agree, so that a symbolic size is not lowered differently from its value.
std::vector<Array> Lowered(OneOp& test, const std::vector<Array>& inputs) {
  Result<std::vector<Array>> direct = test.Evaluate(inputs);
  EXPECT_TRUE(direct.ok()) << Render(direct.diagnostics());
  Result<> lowered = passes::LowerToKernels(test.module, {});
  EXPECT_TRUE(lowered.ok()) << Render(lowered.diagnostics());
  if (!direct.ok() || !lowered.ok()) return {};
  Result<std::vector<Array>> after = test.Evaluate(inputs);
  EXPECT_TRUE(after.ok()) << Render(after.diagnostics());
  if (!after.ok()) return {};
  for (size_t i = 0; i < after->size(); ++i) {
    EXPECT_EQ((*after)[i].numbers, (*direct)[i].numbers);
    EXPECT_EQ((*after)[i].integers, (*direct)[i].integers);
    EXPECT_EQ((*after)[i].dims, (*direct)[i].dims);
  }
  return *after;
}

std::string Refusal(OneOp& test) {
  Result<> lowered = passes::LowerToKernels(test.module, {});
  return lowered.ok() ? "" : Render(lowered.diagnostics());
}

MATCHER_P(NearBy, tolerance, "") { return std::abs(std::get<0>(arg) - std::get<1>(arg)) <= tolerance; }

// Operands of a product read with rows and columns swapped.
TEST(Lowering, MatmulBroadcastsBatches) {
  OneOp test;
  Value* a = test.Argument(MakeStaticType(kF, {2, 1, 3}), "a");
  Value* b = test.Floats({3, 2}, {1, 2, 3, 4, 5, 6});
  test.Make(OpKind::kMatmul, {a, b}, {MakeStaticType(kF, {2, 1, 2})});
  EXPECT_THAT(Lowered(test, {F32({2, 1, 3}, {1, 0, 2, -1, 1, 0})})[0].numbers, ElementsAre(11, 14, 2, 2));
}

// The axis that a vector lacks left in the result, or taken from the wrong side.
TEST(Lowering, MatmulOfVectors) {
  OneOp test;
  Value* a = test.Argument(MakeStaticType(kF, {2}), "a");
  Value* b = test.Floats({2, 3}, {1, 2, 3, 10, 20, 30});
  test.Make(OpKind::kMatmul, {a, b}, {MakeStaticType(kF, {3})});
  EXPECT_THAT(Lowered(test, {F32({2}, {2, 1})})[0].numbers, ElementsAre(12, 24, 36));
}

// Weights of linear read as [K,N]; the bias left out.
TEST(Lowering, LinearReadsRowsOfTheWeights) {
  OneOp test;
  Value* x = test.Argument(MakeType(kF, {Dim::Symbol("T"), 2}));
  Value* w = test.Floats({3, 2}, {1, 2, 3, 4, 5, 6});
  Value* b = test.Floats({3}, {100, 200, 300});
  test.Make(OpKind::kLinear, {x, w, b}, {MakeType(kF, {Dim::Symbol("T"), 3})});
  EXPECT_THAT(Lowered(test, {F32({2, 2}, {1, 0, 1, -1})})[0].numbers,
              ElementsAre(101, 203, 305, 99, 199, 299));
}

// Scales applied to the wrong term, or to the bias inside the sum.
TEST(Lowering, GemmScalesBothTerms) {
  OneOp test;
  Value* a = test.Argument(MakeStaticType(kF, {2, 1}), "a");  // transposed: [1,2]
  Value* b = test.Floats({2, 2}, {1, 2, 3, 4});
  Value* c = test.Floats({2}, {10, 20});
  Operation* op = test.Make(OpKind::kGemm, {a, b, c}, {MakeStaticType(kF, {1, 2})});
  op->Set("alpha", 0.5);
  op->Set("beta", 2.0);
  op->Set("transA", int64_t{1});
  op->Set("transB", int64_t{1});
  EXPECT_THAT(Lowered(test, {F32({2, 1}, {2, 4})})[0].numbers, ElementsAre(25, 51));
}

Operation* MakeConv(OneOp& test, const std::vector<Value*>& operands, const Type& result,
                    std::vector<int64_t> strides, std::vector<int64_t> pads, std::vector<int64_t> dilations,
                    int64_t groups) {
  Operation* op = test.Make(OpKind::kConv, operands, {result});
  op->Set("strides", std::move(strides));
  op->Set("pads", std::move(pads));
  op->Set("dilations", std::move(dilations));
  op->Set("group", groups);
  return op;
}

// Padding on the wrong side, strides and dilations exchanged.
TEST(Lowering, ConvPadsStridesAndDilates) {
  OneOp test;
  Value* x = test.Argument(MakeStaticType(kF, {1, 1, 5}));
  Value* w = test.Floats({1, 1, 2}, {1, 10});
  Value* b = test.Floats({1}, {1000});
  MakeConv(test, {x, w, b}, MakeStaticType(kF, {1, 1, 3}), {2}, {2, 1}, {3}, 1);
  // positions -2, 0, 2; taps at +0 and +3
  EXPECT_THAT(Lowered(test, {F32({1, 1, 5}, {1, 2, 3, 4, 5})})[0].numbers, ElementsAre(1020, 1041, 1003));
}

// A group that reads another group's channels or weights.
TEST(Lowering, ConvKeepsGroupsApart) {
  OneOp test;
  Value* x = test.Argument(MakeStaticType(kF, {1, 4, 1}));
  Value* w = test.Floats({4, 2, 1}, {1, 2, 3, 4, 5, 6, 7, 8});
  MakeConv(test, {x, w}, MakeStaticType(kF, {1, 4, 1}), {1}, {0, 0}, {1}, 2);
  EXPECT_THAT(Lowered(test, {F32({1, 4, 1}, {1, 10, 100, 1000})})[0].numbers,
              ElementsAre(21, 43, 6500, 8700));
}

TEST(Lowering, ConvDepthwise) {
  OneOp test;
  Value* x = test.Argument(MakeStaticType(kF, {1, 2, 2, 1}));
  Value* w = test.Floats({2, 1, 1, 1}, {3, 5});
  MakeConv(test, {x, w}, MakeStaticType(kF, {1, 2, 2, 1}), {1, 1}, {0, 0, 0, 0}, {1, 1}, 2);
  EXPECT_THAT(Lowered(test, {F32({1, 2, 2, 1}, {1, 2, 3, 4})})[0].numbers, ElementsAre(3, 6, 15, 20));
}

// Broadcasting from the left, as C programmers would expect and numpy does not do.
TEST(Lowering, AddBroadcastsFromTheRight) {
  OneOp test;
  Value* a = test.Argument(MakeStaticType(kF, {2, 3}), "a");
  Value* b = test.Argument(MakeStaticType(kF, {2, 1}), "b");
  test.Make(OpKind::kAdd, {a, b}, {MakeStaticType(kF, {2, 3})});
  EXPECT_THAT(Lowered(test, {F32({2, 3}, {1, 2, 3, 4, 5, 6}), F32({2, 1}, {10, 20})})[0].numbers,
              ElementsAre(11, 12, 13, 24, 25, 26));
}

TEST(Lowering, ClipWithoutMin) {
  OneOp test;
  Value* x = test.Argument(MakeStaticType(kF, {3}));
  test.Make(OpKind::kClip, {x, nullptr, test.Const(*MakeScalar(kF, 2))}, {MakeStaticType(kF, {3})});
  EXPECT_THAT(Lowered(test, {F32({3}, {-5, 1, 3})})[0].numbers, ElementsAre(-5, 1, 2));
}

// Integer division rounding down, remainder with the sign of the dividend.
TEST(Lowering, IntegersDivideTowardZeroAndModFollowsTheDivisor) {
  const Type type = MakeStaticType(ElementType::kI64, {3});
  OneOp div;
  div.Make(OpKind::kDiv, {div.Argument(type, "a"), div.Argument(type, "b")}, {type});
  EXPECT_THAT(Lowered(div, {I64({3}, {-7, 7, 5}), I64({3}, {2, -2, 0})})[0].integers, ElementsAre(-3, -3, 0));
  OneOp mod;
  mod.Make(OpKind::kMod, {mod.Argument(type, "a"), mod.Argument(type, "b")}, {type})->Set("fmod", int64_t{0});
  EXPECT_THAT(Lowered(mod, {I64({3}, {-7, 7, 6}), I64({3}, {3, -3, 3})})[0].integers, ElementsAre(2, -2, 0));
}

// The maximum left in, so that large inputs overflow.
TEST(Lowering, SoftmaxOfLargeNumbers) {
  OneOp test;
  const Type type = MakeStaticType(kF, {2, 2});
  test.Make(OpKind::kSoftmax, {test.Argument(type)}, {type})->Set("axis", int64_t{-2});
  EXPECT_THAT(Lowered(test, {F32({2, 2}, {1000, 0, 1000, std::log(3.0)})})[0].numbers,
              ::testing::Pointwise(NearBy(1e-12), {0.5, 0.25, 0.5, 0.75}));
}

TEST(Lowering, LogSumExpOfInfinities) {
  OneOp test;
  Operation* op =
      test.Make(OpKind::kReduceLogSumExp, {test.Argument(MakeStaticType(kF, {2, 2})), test.Ints({1})},
                {MakeStaticType(kF, {2})});
  op->Set("keepdims", int64_t{0});
  op->Set("noop_with_empty_axes", int64_t{0});
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(Lowered(test, {F32({2, 2}, {-infinity, -infinity, infinity, 1})})[0].numbers,
              ElementsAre(-infinity, infinity));
}

Operation* MakeReduce(OneOp& test, OpKind kind, const Type& x, const std::vector<int64_t>& axes, bool keep,
                      const Type& result) {
  Operation* op = test.Make(kind, {test.Argument(x), axes.empty() ? nullptr : test.Ints(axes)}, {result});
  op->Set("keepdims", int64_t{keep});
  op->Set("noop_with_empty_axes", int64_t{0});
  return op;
}

// The wrong axes summed; the mean divided by the wrong count.
TEST(Lowering, ReduceMeanOverTwoAxes) {
  OneOp test;
  MakeReduce(test, OpKind::kReduceMean, MakeStaticType(kF, {2, 2, 3}), {0, -1}, true,
             MakeStaticType(kF, {1, 2, 1}));
  EXPECT_THAT(Lowered(test, {F32({2, 2, 3}, {1, 2, 3, 40, 50, 60, 7, 8, 9, 100, 110, 120})})[0].numbers,
              ElementsAre(5, 80));
}

TEST(Lowering, ReduceAllWithoutAxes) {
  OneOp test;
  MakeReduce(test, OpKind::kReduceL2, MakeStaticType(kF, {1, 2}), {}, false, MakeStaticType(kF, {}));
  EXPECT_THAT(Lowered(test, {F32({1, 2}, {3, 4})})[0].numbers, ElementsAre(5));
}

// A permutation applied in the other direction.
TEST(Lowering, TransposeOfThreeAxes) {
  OneOp test;
  test.Make(OpKind::kTranspose, {test.Argument(MakeStaticType(kF, {2, 1, 3}))},
            {MakeStaticType(kF, {3, 2, 1})})
      ->Set("perm", std::vector<int64_t>{2, 0, 1});
  EXPECT_THAT(Lowered(test, {F32({2, 1, 3}, {1, 2, 3, 4, 5, 6})})[0].numbers, ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(Lowering, ReshapeRegroupsInRowMajorOrder) {
  OneOp test;
  test.Make(OpKind::kReshape, {test.Argument(MakeType(kF, {Dim::Symbol("T"), 2, 3})), test.Ints({-1, 3, 2})},
            {MakeType(kF, {Dim::Symbol("T"), 3, 2})})
      ->Set("allowzero", int64_t{0});
  std::vector<double> values;
  for (int i = 0; i < 12; ++i) values.push_back(i);
  EXPECT_THAT(Lowered(test, {F32({2, 2, 3}, values)})[0].numbers, ElementsAreArray(values));
}

// Arithmetic on a leading dim that both sides share.
TEST(Lowering, ReshapeLeavesASharedSymbolAlone) {
  OneOp test;
  const Dim t = Dim::Symbol("T");
  Operation* op =
      test.Make(OpKind::kReshape, {test.Argument(MakeType(kF, {t, 1, 4, 16})), test.Ints({-1, 64})},
                {MakeType(kF, {t, 64})});
  op->Set("allowzero", int64_t{0});
  ASSERT_EQ(Refusal(test), "");
  const Operation* map = test.function->Body().Operations()[0].get();
  const ScalarNode& read = map->GetKernel().epilogue.nodes[0];
  ASSERT_EQ(read.indices.size(), 4u);
  EXPECT_TRUE(read.indices[0].IsVariable(0));
  EXPECT_EQ(read.indices[1], IndexExpr(0));
  EXPECT_EQ(read.indices[2].ToText({"t", "n"}), "n/16");
  EXPECT_EQ(read.indices[3].ToText({"t", "n"}), "n%16");
}

TEST(Lowering, ReshapeRefusesDivisionByASymbol) {
  OneOp test;
  const Dim t = Dim::Symbol("T");
  Operation* op = test.Make(OpKind::kReshape, {test.Argument(MakeType(kF, {3, t})), test.Ints({-1})},
                            {MakeType(kF, {t * Dim(3)})});
  op->Set("allowzero", int64_t{0});
  EXPECT_THAT(Refusal(test), HasSubstr("model.onnx: /op: shape: f32[3,T] as f32[3*T] needs a division"));
}

TEST(Lowering, ConcatPutsPartsBehindOneAnother) {
  OneOp test;
  Value* a = test.Argument(MakeStaticType(kF, {2, 1}), "a");
  Value* b = test.Argument(MakeStaticType(kF, {2, 2}), "b");
  test.Make(OpKind::kConcat, {a, b, a}, {MakeStaticType(kF, {2, 4})})->Set("axis", int64_t{-1});
  EXPECT_THAT(Lowered(test, {F32({2, 1}, {1, 2}), F32({2, 2}, {3, 4, 5, 6})})[0].numbers,
              ElementsAre(1, 3, 4, 1, 2, 5, 6, 2));
}

TEST(Lowering, SplitIntoUnequalParts) {
  OneOp test;
  test.Make(OpKind::kSplit, {test.Argument(MakeStaticType(kF, {3, 2})), test.Ints({1, 2})},
            {MakeStaticType(kF, {1, 2}), MakeStaticType(kF, {2, 2})})
      ->Set("axis", int64_t{0});
  const std::vector<Array> parts = Lowered(test, {F32({3, 2}, {1, 2, 3, 4, 5, 6})});
  EXPECT_THAT(parts[0].numbers, ElementsAre(1, 2));
  EXPECT_THAT(parts[1].numbers, ElementsAre(3, 4, 5, 6));
}

// Negative starts and steps taken literally.
TEST(Lowering, SliceBackwards) {
  OneOp test;
  test.Make(OpKind::kSlice,
            {test.Argument(MakeStaticType(kF, {2, 5})), test.Ints({100}), test.Ints({-100}), test.Ints({1}),
             test.Ints({-2})},
            {MakeStaticType(kF, {2, 3})});
  EXPECT_THAT(Lowered(test, {F32({2, 5}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})})[0].numbers,
              ElementsAre(4, 2, 0, 9, 7, 5));
}

TEST(Lowering, SliceBackwardsOverASymbolicLength) {
  OneOp test;
  const Type type = MakeType(kF, {Dim::Symbol("T"), 2});
  test.Make(OpKind::kSlice,
            {test.Argument(type), test.Ints({-1}), test.Ints({INT64_MIN}), test.Ints({0}), test.Ints({-1})},
            {type});
  EXPECT_THAT(Lowered(test, {F32({3, 2}, {1, 2, 3, 4, 5, 6})})[0].numbers, ElementsAre(5, 6, 3, 4, 1, 2));
}

// The last step of T has a length of 1, or of 0 when T is 0: no polynomial says that.
TEST(Lowering, SliceOfTheLastStepOfASymbolicLengthIsRefused) {
  OneOp test;
  test.Make(OpKind::kSlice,
            {test.Argument(MakeType(kF, {Dim::Symbol("T"), 2})), test.Ints({-1}), test.Ints({INT64_MAX}),
             test.Ints({0})},
            {MakeStaticType(kF, {1, 2})});
  EXPECT_THAT(Refusal(test), HasSubstr("model.onnx: /op: starts, ends: -1 to"));
}

Operation* MakeGather(OneOp& test, Value* x, Value* indices, int64_t axis, const Type& result) {
  Operation* op = test.Make(OpKind::kGather, {x, indices}, {result});
  op->Set("axis", axis);
  return op;
}

// Constant indices with a regular stride need no table; negative ones count from the end.
TEST(Lowering, GatherByARegularStrideIsAffine) {
  OneOp test;
  MakeGather(test, test.Argument(MakeStaticType(kF, {2, 4})), test.Ints({-1, 1}), 1,
             MakeStaticType(kF, {2, 2}));
  EXPECT_THAT(Lowered(test, {F32({2, 4}, {0, 1, 2, 3, 4, 5, 6, 7})})[0].numbers, ElementsAre(3, 1, 7, 5));
  const Operation* map = test.function->Body().Operations()[0].get();
  EXPECT_EQ(map->Operands().size(), 1u);
}

TEST(Lowering, GatherByATable) {
  OneOp test;
  MakeGather(test, test.Argument(MakeStaticType(kF, {4})), test.Ints({0, 3, -3}), 0, MakeStaticType(kF, {3}));
  EXPECT_THAT(Lowered(test, {F32({4}, {10, 11, 12, 13})})[0].numbers, ElementsAre(10, 13, 11));
}

TEST(Lowering, GatherByIndicesOfTheCall) {
  OneOp test;
  Value* table = test.Floats({3, 2}, {1, 2, 3, 4, 5, 6});
  Value* indices = test.Argument(MakeStaticType(ElementType::kI64, {2, 1}), "i");
  MakeGather(test, table, indices, 0, MakeStaticType(kF, {2, 1, 2}));
  EXPECT_THAT(Lowered(test, {I64({2, 1}, {-1, 1})})[0].numbers, ElementsAre(5, 6, 3, 4));
  EXPECT_THAT(Render(test.Evaluate({I64({2, 1}, {0, 3})}).diagnostics()),
              HasSubstr("bad_index: 3 is outside -3..2"));
}

TEST(Lowering, GatherRefusesAWrongConstant) {
  OneOp test;
  MakeGather(test, test.Argument(MakeStaticType(kF, {4})), test.Ints({4}), 0, MakeStaticType(kF, {1}));
  EXPECT_EQ(Refusal(test), "model.onnx: /op: indices: 4 is outside an axis of 4; export the model again");
}

// The last step of no steps is a status, not whatever lies before the array.
TEST(Lowering, GatherOfTheLastStepNeedsOne) {
  OneOp test;
  MakeGather(test, test.Argument(MakeType(kF, {Dim::Symbol("T"), 2})),
             test.Const(*MakeScalar(ElementType::kI64, -1)), 0, MakeStaticType(kF, {2}));
  EXPECT_THAT(Lowered(test, {F32({2, 2}, {1, 2, 3, 4})})[0].numbers, ElementsAre(3, 4));
  EXPECT_THAT(Render(test.Evaluate({F32({0, 2}, {})}).diagnostics()), HasSubstr("empty_sequence"));
}

Operation* MakePad(OneOp& test, const std::vector<int64_t>& pads, const std::string& mode, int64_t size,
                   const Type& result) {
  Operation* op =
      test.Make(OpKind::kPad, {test.Argument(MakeStaticType(kF, {1, size})), test.Ints(pads)}, {result});
  op->Set("mode", mode);
  return op;
}

TEST(Lowering, PadModes) {
  const Array x = F32({1, 3}, {1, 2, 3});
  struct Case {
    std::string mode;
    std::vector<int64_t> pads;
    std::vector<double> expected;
  };
  const Case cases[] = {
      {"constant", {0, 1, 0, 2}, {0, 1, 2, 3, 0, 0}}, {"constant", {0, -1, 0, 1}, {2, 3, 0}},
      {"reflect", {0, 2, 0, 1}, {3, 2, 1, 2, 3, 2}},  {"reflect", {0, 0, 0, 5}, {1, 2, 3, 2, 1, 2, 3, 2}},
      {"edge", {0, 2, 0, 1}, {1, 1, 1, 2, 3, 3}},     {"wrap", {0, 1, 0, 2}, {3, 1, 2, 3, 1, 2}},
  };
  for (const Case& c : cases) {
    OneOp test;
    MakePad(test, c.pads, c.mode, 3, MakeStaticType(kF, {1, static_cast<int64_t>(c.expected.size())}));
    EXPECT_THAT(Lowered(test, {x})[0].numbers, ElementsAreArray(c.expected)) << c.mode;
  }
}

TEST(Lowering, ShapeWithASymbol) {
  OneOp test;
  Operation* op = test.Make(OpKind::kShape, {test.Argument(MakeType(kF, {Dim::Symbol("T"), 3}))},
                            {MakeStaticType(ElementType::kI64, {2})});
  op->Set("start", int64_t{0});
  EXPECT_THAT(Lowered(test, {F32({4, 3}, std::vector<double>(12))})[0].integers, ElementsAre(4, 3));
}

TEST(Lowering, ValuesComputedAtRunTimeAreRefused) {
  OneOp test;
  Value* x = test.Argument(MakeStaticType(kF, {2, 3}));
  Value* axes = test.Argument(MakeStaticType(ElementType::kI64, {1}), "axes");
  Operation* op = test.Make(OpKind::kReduceSum, {x, axes}, {MakeStaticType(kF, {2, 1})});
  op->Set("keepdims", int64_t{1});
  op->Set("noop_with_empty_axes", int64_t{0});
  EXPECT_EQ(Refusal(test), "model.onnx: /op: axes: its value is computed at run time; bind it with --const");
}

// f16 is computed in f32 and rounded once at the operator's end.
TEST(Lowering, HalfIsRoundedOnce) {
  OneOp test;
  const Type type = MakeStaticType(ElementType::kF16, {1});
  test.Make(OpKind::kHardSwish, {test.Argument(type)}, {type});
  Array x = MakeArray(ElementType::kF16, {1});
  x.numbers = {1.0};
  KernelEvaluation options;
  options.round = true;
  Result<std::vector<Array>> y = test.Evaluate({x}, options);
  ASSERT_TRUE(y.ok());
  EXPECT_EQ((*y)[0].numbers[0], DoubleFromHalf(HalfFromDouble(2.0 / 3)));
}

// An operator of ops.def that nobody lowers.
TEST(Lowering, EveryOperatorHasARule) {
  for (const OpInfo& info : AllOps()) {
    if (info.LegalIn(Stage::kKernels) || !info.LegalIn(Stage::kRecurrence)) continue;
    EXPECT_TRUE(HasLowering(info.kind)) << info.text;
  }
}

}  // namespace
}  // namespace rnnc
