// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expected values are worked out by hand from the ONNX operator pages (or taken from their examples).

#include "compiler/ir/graph_evaluator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "compiler/ir/builder.h"
#include "tests/support/ir_helpers.h"

namespace rnnc::ir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pointwise;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Array Floats(std::vector<int64_t> dims, std::vector<double> values) {
  Array array = MakeArray(ElementType::kF32, std::move(dims));
  EXPECT_EQ(array.numbers.size(), values.size());
  array.numbers = std::move(values);
  return array;
}

Array Integers(std::vector<int64_t> dims, const std::vector<int64_t>& values,
               ElementType element = ElementType::kI64) {
  Array array = MakeArray(element, std::move(dims));
  EXPECT_EQ(array.integers.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) array.SetInteger(static_cast<int64_t>(i), values[i]);
  return array;
}

Array List(const std::vector<int64_t>& values) {
  return Integers({static_cast<int64_t>(values.size())}, values);
}

using Attributes = std::map<std::string, Attribute>;

// Runs a function of one operation. Null operands are absent. The declared result types are
// wrong on purpose: the oracle does not need them.
Result<std::vector<Array>> Call(OpKind kind, const std::vector<const Array*>& inputs,
                                const Attributes& attributes = {}, size_t results = 1,
                                EvaluateOptions options = {}) {
  Module module;
  Function* function = module.AddFunction("main");
  std::vector<Value*> operands;
  std::vector<Array> given;
  for (const Array* input : inputs) {
    operands.push_back(input == nullptr
                           ? nullptr
                           : function->Body().AddArgument(MakeStaticType(input->element, input->dims), "x"));
    if (input != nullptr) given.push_back(*input);
  }
  Builder builder(function->Body());
  builder.location = {"m.onnx", {"node"}};
  Operation* operation = builder.Create(kind, operands, std::vector<Type>(results, Type{}));
  for (const auto& [name, value] : attributes) operation->Set(name, value);
  builder.Create(OpKind::kReturn, operation->Results(), {});
  options.check_types = false;
  return EvaluateGraph(*function, given, options);
}

Array Of(OpKind kind, const std::vector<Array>& inputs, const Attributes& attributes = {}) {
  std::vector<const Array*> pointers;
  for (const Array& input : inputs) pointers.push_back(&input);
  Result<std::vector<Array>> results = Call(kind, pointers, attributes);
  EXPECT_TRUE(results.ok()) << Render(results.diagnostics());
  return results.ok() ? (*results)[0] : Array{};
}

std::string ErrorOf(OpKind kind, const std::vector<Array>& inputs, const Attributes& attributes = {}) {
  std::vector<const Array*> pointers;
  for (const Array& input : inputs) pointers.push_back(&input);
  const Result<std::vector<Array>> results = Call(kind, pointers, attributes);
  return results.ok() ? "" : Render(results.diagnostics());
}

void ExpectNumbers(const Array& array, const std::vector<double>& expected) {
  EXPECT_THAT(array.numbers, Pointwise(::testing::NanSensitiveDoubleNear(1e-9), expected))
      << array.ShapeText();
}

// An operator without an oracle could be compiled without ever being held against anything.
TEST(GraphEvaluator, KnowsEveryOperatorOfItsStage) {
  for (const OpInfo& info : AllOps()) {
    if (info.LegalIn(Stage::kGraph)) {
      EXPECT_TRUE(HasOracle(info.kind)) << info.text;
    }
  }
}

// A formula with the wrong constant, sign or branch.
TEST(GraphEvaluator, PointwiseFormulas) {
  struct Case {
    OpKind kind;
    Attributes attributes;
    double x, y;
  };
  const std::vector<Case> cases = {
      {OpKind::kReciprocal, {}, 4, 0.25},
      {OpKind::kRound, {}, 2.5, 2},
      {OpKind::kRound, {}, -1.5, -2},
      {OpKind::kSign, {}, -3, -1},
      {OpKind::kRelu, {}, kNan, kNan},
      {OpKind::kSoftplus, {}, 1000, 1000},
      {OpKind::kSoftplus, {}, 0, std::log(2.0)},
      {OpKind::kSoftsign, {}, -3, -0.75},
      {OpKind::kMish, {}, 0, 0},
      {OpKind::kMish, {}, 1, std::tanh(std::log(1 + std::exp(1.0)))},
      {OpKind::kLeakyRelu, {{"alpha", 0.5}}, -3, -1.5},
      {OpKind::kElu, {{"alpha", 2.0}}, -1, 2 * (std::exp(-1.0) - 1)},
      {OpKind::kSelu, {{"alpha", 2.0}, {"gamma", 3.0}}, -1, 3 * (2 * std::exp(-1.0) - 2)},
      {OpKind::kSelu, {{"alpha", 2.0}, {"gamma", 3.0}}, 2, 6},
      {OpKind::kCelu, {{"alpha", 2.0}}, -2, 2 * (std::exp(-1.0) - 1)},
      {OpKind::kThresholdedRelu, {{"alpha", 2.0}}, 2, 0},
      {OpKind::kThresholdedRelu, {{"alpha", 2.0}}, 2.5, 2.5},
      {OpKind::kHardSigmoid, {{"alpha", 0.25}, {"beta", 0.5}}, 1, 0.75},
      {OpKind::kHardSigmoid, {{"alpha", 0.25}, {"beta", 0.5}}, 5, 1},
      {OpKind::kHardSwish, {}, 1.5, 1.5 * 0.75},
      {OpKind::kHardSwish, {}, -4, 0},
      {OpKind::kGelu, {{"approximate", std::string("none")}}, 1, 0.5 * (1 + std::erf(1 / std::sqrt(2.0)))},
      {OpKind::kGelu,
       {{"approximate", std::string("tanh")}},
       1,
       0.5 * (1 + std::tanh(std::sqrt(2 / M_PI) * 1.044715))},
      {OpKind::kShrink, {{"lambd", 1.0}, {"bias", 0.5}}, -2, -1.5},
      {OpKind::kShrink, {{"lambd", 1.0}, {"bias", 0.5}}, 1, 0},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(InfoOf(c.kind).text));
    ExpectNumbers(Of(c.kind, {Floats({1}, {c.x})}, c.attributes), {c.y});
  }
}

// Casts that round to nearest, wrap where ONNX saturates, or trap on NaN.
TEST(GraphEvaluator, Cast) {
  const auto cast = [](const Array& x, const std::string& to) {
    return Of(OpKind::kCast, {x}, {{"to", to}});
  };
  EXPECT_THAT(cast(Floats({5}, {1.9, -1.9, 1e30, -kInf, kNan}), "i32").integers,
              ElementsAre(1, -1, 2147483647, -2147483648, 0));
  EXPECT_THAT(cast(Floats({3}, {0.0, 0.25, kNan}), "bool").integers, ElementsAre(0, 1, 1));
  EXPECT_THAT(cast(List({300, -1}), "u8").integers, ElementsAre(44, 255));
  EXPECT_THAT(cast(List({(int64_t{1} << 24) + 1}), "f32").numbers, ElementsAre(16777216.0));
  EXPECT_THAT(cast(Floats({1}, {1.0 + 0x1p-12}), "f16").numbers, ElementsAre(1.0));
}

// Integer arithmetic in floating point, or rounding the wrong way.
TEST(GraphEvaluator, IntegerArithmetic) {
  const Array a = List({-7, 7, -7, 7, 5});
  const Array b = List({2, -2, -2, 2, 0});
  EXPECT_THAT(Of(OpKind::kDiv, {a, b}).integers, ElementsAre(-3, -3, 3, 3, 0));
  EXPECT_THAT(Of(OpKind::kMod, {a, b}, {{"fmod", int64_t{0}}}).integers, ElementsAre(1, -1, -1, 1, 0));
  EXPECT_THAT(Of(OpKind::kMod, {a, b}, {{"fmod", int64_t{1}}}).integers, ElementsAre(-1, 1, -1, 1, 0));
  EXPECT_THAT(Of(OpKind::kPow, {List({3, 2, -2}), List({4, -1, 3})}).integers, ElementsAre(81, 0, -8));
  EXPECT_THAT(Of(OpKind::kPow, {List({4, 2}), Floats({}, {0.5})}).integers, ElementsAre(2, 1));
  const Array big = Integers({1}, {127}, ElementType::kI8);
  EXPECT_THAT(Of(OpKind::kAdd, {big, big}).integers, ElementsAre(-2));
}

// Broadcasting aligned at the wrong end; a minimum that forgets NaN.
TEST(GraphEvaluator, Broadcasting) {
  const Array sum = Of(OpKind::kAdd, {Floats({2, 1}, {10, 20}), Floats({3}, {1, 2, 3})});
  EXPECT_THAT(sum.dims, ElementsAre(2, 3));
  ExpectNumbers(sum, {11, 12, 13, 21, 22, 23});
  ExpectNumbers(Of(OpKind::kMin, {Floats({2}, {1, kNan}), Floats({}, {0.5})}), {0.5, kNan});
  ExpectNumbers(Of(OpKind::kMean, {Floats({1}, {1}), Floats({1}, {2}), Floats({1}, {6})}), {3});
  EXPECT_THAT(ErrorOf(OpKind::kAdd, {Floats({2}, {1, 2}), Floats({3}, {1, 2, 3})}),
              HasSubstr("m.onnx: node: add: sizes 2 and 3 do not broadcast"));
  const Array chosen = Of(
      OpKind::kWhere, {Integers({2, 1}, {1, 0}, ElementType::kBool), Floats({2}, {1, 2}), Floats({}, {9})});
  ExpectNumbers(chosen, {1, 2, 9, 9});
}

// "All values become max" when the bounds cross; integer bounds.
TEST(GraphEvaluator, Clip) {
  ExpectNumbers(Of(OpKind::kClip, {Floats({3}, {-5, 0, 5}), Floats({}, {2}), Floats({}, {1})}), {1, 1, 1});
  EXPECT_THAT(Of(OpKind::kClip, {List({-5, 0, 5}), Integers({}, {-1})}).integers, ElementsAre(-1, 0, 5));
}

// Axes that count from the wrong end, kept or dropped wrongly; empty axes.
TEST(GraphEvaluator, Reductions) {
  const Array x = Floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto attributes = [](int64_t keep, int64_t noop) {
    return Attributes{{"keepdims", keep}, {"noop_with_empty_axes", noop}};
  };
  const Array columns = Of(OpKind::kReduceSum, {x, List({-2})}, attributes(0, 0));
  EXPECT_THAT(columns.dims, ElementsAre(3));
  ExpectNumbers(columns, {5, 7, 9});
  const Array rows = Of(OpKind::kReduceMean, {x, List({1})}, attributes(1, 0));
  EXPECT_THAT(rows.dims, ElementsAre(2, 1));
  ExpectNumbers(rows, {2, 5});
  ExpectNumbers(Of(OpKind::kReduceMax, {x}, attributes(1, 0)), {6});
  ExpectNumbers(Of(OpKind::kReduceProd, {x, List({})}, attributes(0, 0)), {720});
  ExpectNumbers(Of(OpKind::kReduceSum, {x, List({})}, attributes(0, 1)), {1, 2, 3, 4, 5, 6});
  ExpectNumbers(Of(OpKind::kReduceL2, {Floats({2}, {3, -4})}, attributes(0, 0)), {5});
  ExpectNumbers(Of(OpKind::kReduceLogSumExp, {Floats({2}, {1000, 1000})}, attributes(0, 0)),
                {1000 + std::log(2.0)});
  ExpectNumbers(Of(OpKind::kReduceMin, {MakeArray(ElementType::kF32, {0, 2}), List({0})}, attributes(0, 0)),
                {kInf, kInf});
  const Array soft = Of(OpKind::kSoftmax, {Floats({2, 2}, {0, 0, 1000, -1000})}, {{"axis", int64_t{-1}}});
  ExpectNumbers(soft, {0.5, 0.5, 1, 0});
  const Array other = Of(OpKind::kSoftmax, {Floats({2, 1}, {0, std::log(3.0)})}, {{"axis", int64_t{0}}});
  ExpectNumbers(other, {0.25, 0.75});
}

TEST(GraphEvaluator, Shapes) {
  const Array x = Floats({2, 3}, {1, 2, 3, 4, 5, 6});
  ExpectNumbers(Of(OpKind::kTranspose, {x}, {{"perm", std::vector<int64_t>{1, 0}}}), {1, 4, 2, 5, 3, 6});
  const Attributes zero_copies = {{"allowzero", int64_t{0}}};
  EXPECT_THAT(Of(OpKind::kReshape, {x, List({0, -1, 1})}, zero_copies).dims, ElementsAre(2, 3, 1));
  EXPECT_THAT(ErrorOf(OpKind::kReshape, {x, List({4, -1})}, zero_copies), HasSubstr("6 elements"));
  EXPECT_THAT(Of(OpKind::kFlatten, {x}, {{"axis", int64_t{0}}}).dims, ElementsAre(1, 6));
  EXPECT_THAT(Of(OpKind::kUnsqueeze, {x, List({0, -1})}).dims, ElementsAre(1, 2, 3, 1));
  EXPECT_THAT(ErrorOf(OpKind::kSqueeze, {x, List({0})}), HasSubstr("axis 0 of f32[2,3] is not 1"));
  EXPECT_THAT(Of(OpKind::kShape, {x}, {{"start", int64_t{-1}}}).integers, ElementsAre(3));
  EXPECT_THAT(Of(OpKind::kExpand, {Floats({2, 1}, {1, 2}), List({3, 1, 2})}).dims, ElementsAre(3, 2, 2));
  const Array same = Of(OpKind::kConstantOfShape, {List({2}), Integers({1}, {7})});
  EXPECT_THAT(same.integers, ElementsAre(7, 7));
  EXPECT_THAT(ErrorOf(OpKind::kConstantOfShape, {List({int64_t{1} << 40}), Floats({1}, {0})}),
              HasSubstr("more than"));
}

TEST(GraphEvaluator, Selections) {
  const Array x = Floats({5}, {0, 1, 2, 3, 4});
  const int64_t far = std::numeric_limits<int64_t>::max();
  const int64_t low = std::numeric_limits<int64_t>::min();
  ExpectNumbers(Of(OpKind::kSlice, {x, List({1}), List({far}), List({0}), List({2})}), {1, 3});
  ExpectNumbers(Of(OpKind::kSlice, {x, List({-1}), List({low}), List({-1}), List({-2})}), {4, 2, 0});
  ExpectNumbers(Of(OpKind::kSlice, {x, List({3}), List({1})}), {});
  ExpectNumbers(Of(OpKind::kGather, {x, List({-1, 0})}, {{"axis", int64_t{0}}}), {4, 0});
  EXPECT_THAT(ErrorOf(OpKind::kGather, {x, List({5})}, {{"axis", int64_t{0}}}), HasSubstr("index 5"));
  const Attributes reflect = {{"mode", std::string("reflect")}};
  ExpectNumbers(Of(OpKind::kPad, {Floats({3}, {0, 1, 2}), List({2, 1})}, reflect), {2, 1, 0, 1, 2, 1});
  const Attributes constant = {{"mode", std::string("constant")}};
  ExpectNumbers(Of(OpKind::kPad, {Floats({3}, {0, 1, 2}), List({-1, 2}), Floats({}, {9})}, constant),
                {1, 2, 9, 9});
  const Array two = Floats({1, 2}, {5, 6});
  const Array joined = Of(OpKind::kConcat, {Floats({1, 1}, {4}), two}, {{"axis", int64_t{-1}}});
  ExpectNumbers(joined, {4, 5, 6});
  const auto parts = Call(OpKind::kSplit, {&x}, {{"axis", int64_t{0}}, {"num_outputs", int64_t{2}}}, 2);
  ASSERT_TRUE(parts.ok());
  ExpectNumbers((*parts)[0], {0, 1, 2});
  ExpectNumbers((*parts)[1], {3, 4});
}

TEST(GraphEvaluator, Products) {
  const Array a = Floats({2, 2}, {1, 2, 3, 4});
  ExpectNumbers(Of(OpKind::kMatmul, {a, Floats({2}, {1, 10})}), {21, 43});
  ExpectNumbers(Of(OpKind::kMatmul, {Floats({2}, {1, 10}), a}), {31, 42});
  EXPECT_THAT(Of(OpKind::kMatmul, {Floats({3, 1, 1, 1}, {1, 2, 3}), Floats({2, 1, 1}, {1, 10})}).dims,
              ElementsAre(3, 2, 1, 1));
  const Attributes gemm = {{"alpha", 2.0}, {"beta", 0.5}, {"transA", int64_t{1}}, {"transB", int64_t{0}}};
  ExpectNumbers(Of(OpKind::kGemm, {a, Floats({2, 1}, {1, 1}), Floats({1}, {6})}, gemm), {11, 15});
  const auto conv = [](std::vector<int64_t> strides, std::vector<int64_t> pads,
                       std::vector<int64_t> dilations, int64_t group) {
    return Attributes{{"strides", strides}, {"pads", pads}, {"dilations", dilations}, {"group", group}};
  };
  const Array line = Floats({1, 1, 5}, {1, 2, 3, 4, 5});
  ExpectNumbers(
      Of(OpKind::kConv, {line, Floats({1, 1, 2}, {1, 10}), Floats({1}, {100})}, conv({2}, {1, 0}, {2}, 1)),
      {100 + 20, 100 + 2 + 40});
  // Two groups of one channel each: channel 1 sees only its own weights.
  const Array two = Floats({1, 2, 2}, {1, 2, 3, 4});
  ExpectNumbers(Of(OpKind::kConv, {two, Floats({2, 1, 1}, {10, 100})}, conv({1}, {0, 0}, {1}, 2)),
                {10, 20, 300, 400});
}

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// Gates taken in another order, or a bias half forgotten: every gate has its own weight.
TEST(GraphEvaluator, LstmStep) {
  const Attributes attributes = {{"hidden_size", int64_t{1}},
                                 {"direction", std::string("forward")},
                                 {"layout", int64_t{0}},
                                 {"activations", std::vector<std::string>{"Sigmoid", "Tanh", "Tanh"}},
                                 {"input_forget", int64_t{0}}};
  const Array x = Floats({1, 1, 1}, {0.5});
  const Array w = Floats({1, 4, 1}, {0.1, 0.2, 0.3, 0.4});
  const Array r = Floats({1, 4, 1}, {-0.5, 0.6, -0.7, 0.8});
  const Array b = Floats({1, 8}, {0.01, 0.02, 0.03, 0.04, 0.1, 0.2, 0.3, 0.4});
  const Array h0 = Floats({1, 1, 1}, {0.25});
  const Array c0 = Floats({1, 1, 1}, {-0.75});
  const auto results = Call(OpKind::kLstm, {&x, &w, &r, &b, nullptr, &h0, &c0}, attributes, 3);
  ASSERT_TRUE(results.ok()) << Render(results.diagnostics());
  const double i = Sigmoid(0.1 * 0.5 - 0.5 * 0.25 + 0.11);
  const double o = Sigmoid(0.2 * 0.5 + 0.6 * 0.25 + 0.22);
  const double f = Sigmoid(0.3 * 0.5 - 0.7 * 0.25 + 0.33);
  const double g = std::tanh(0.4 * 0.5 + 0.8 * 0.25 + 0.44);
  const double c = f * -0.75 + i * g;
  ExpectNumbers((*results)[0], {o * std::tanh(c)});
  ExpectNumbers((*results)[1], {o * std::tanh(c)});
  ExpectNumbers((*results)[2], {c});
}

// The two forms of GRU differ in where the recurrent bias and the reset gate stand.
TEST(GraphEvaluator, GruStep) {
  const Array x = Floats({1, 1, 1}, {0.5});
  const Array w = Floats({1, 3, 1}, {0.1, 0.2, 0.3});
  const Array r = Floats({1, 3, 1}, {-0.5, 0.6, -0.7});
  const Array b = Floats({1, 6}, {0.01, 0.02, 0.03, 0.1, 0.2, 0.3});
  const Array h0 = Floats({1, 1, 1}, {0.25});
  const double z = Sigmoid(0.1 * 0.5 - 0.5 * 0.25 + 0.11);
  const double reset = Sigmoid(0.2 * 0.5 + 0.6 * 0.25 + 0.22);
  for (const int64_t before : {0, 1}) {
    const Attributes attributes = {{"hidden_size", int64_t{1}},
                                   {"direction", std::string("forward")},
                                   {"layout", int64_t{0}},
                                   {"activations", std::vector<std::string>{"Sigmoid", "Tanh"}},
                                   {"linear_before_reset", before}};
    const auto results = Call(OpKind::kGru, {&x, &w, &r, &b, nullptr, &h0}, attributes, 2);
    ASSERT_TRUE(results.ok()) << Render(results.diagnostics());
    const double inner = before != 0 ? reset * (-0.7 * 0.25 + 0.3) : -0.7 * (reset * 0.25) + 0.3;
    const double candidate = std::tanh(0.3 * 0.5 + 0.03 + inner);
    ExpectNumbers((*results)[1], {(1 - z) * candidate + z * 0.25});
  }
}

// Reverse that also turns the output around; lengths that leave old values behind; an empty sequence.
TEST(GraphEvaluator, RnnReverseAndLengths) {
  Attributes attributes = {{"hidden_size", int64_t{1}},
                           {"direction", std::string("reverse")},
                           {"layout", int64_t{0}},
                           {"activations", std::vector<std::string>{"Affine"}},
                           {"activation_alpha", std::vector<double>{1.0}},
                           {"activation_beta", std::vector<double>{0.0}}};
  const Array x = Floats({3, 2, 1}, {1, 10, 2, 20, 4, 40});
  const Array w = Floats({1, 1, 1}, {1});
  const Array r = Floats({1, 1, 1}, {0.5});
  const Array lengths = Integers({2}, {2, 0}, ElementType::kI32);
  const auto results = Call(OpKind::kRnn, {&x, &w, &r, nullptr, &lengths}, attributes, 2);
  ASSERT_TRUE(results.ok()) << Render(results.diagnostics());
  ExpectNumbers((*results)[0], {2, 0, 2, 0, 0, 0});
  ExpectNumbers((*results)[1], {2, 0});
  const Array wrong = Integers({2}, {4, 0}, ElementType::kI32);
  EXPECT_FALSE(Call(OpKind::kRnn, {&x, &w, &r, nullptr, &wrong}, attributes, 2).ok());
}

// Rounded evaluation must show what single precision loses, and double must not.
TEST(GraphEvaluator, Rounding) {
  const Array x = Floats({3}, {1, 0x1p-25, 0x1p-25});
  const Attributes all = {{"keepdims", int64_t{0}}, {"noop_with_empty_axes", int64_t{0}}};
  ExpectNumbers(Of(OpKind::kReduceSum, {x}, all), {1 + 0x1p-24});
  EvaluateOptions options;
  options.round = true;
  const auto rounded = Call(OpKind::kReduceSum, {&x}, all, 1, options);
  ASSERT_TRUE(rounded.ok());
  EXPECT_EQ((*rounded)[0].numbers[0], 1.0);
}

// A state read after its own update within one call; updates lost between calls.
TEST(GraphEvaluator, States) {
  Module module;
  Value* state = module.AddState("s", MakeStaticType(ElementType::kF32, {1}), nullptr);
  Function* function = module.AddFunction("main");
  Value* x = function->Body().AddArgument(MakeStaticType(ElementType::kF32, {1}), "x");
  Builder builder(function->Body());
  Value* sum = builder.Op(OpKind::kAdd, {state, x}, x->type);
  builder.Create(OpKind::kUpdate, {state, sum}, {});
  builder.Create(OpKind::kReturn, {state, sum}, {});
  std::map<std::string, Array> states;
  EvaluateOptions options;
  options.states = &states;
  for (const double expected : {0.0, 2.0, 4.0}) {
    const auto results = EvaluateGraph(*function, {Floats({1}, {2})}, options);
    ASSERT_TRUE(results.ok());
    ExpectNumbers((*results)[0], {expected});
  }
  ExpectNumbers(states.at("s"), {6});
}

// Wrong shape rules are seen where they are wrong; inputs are held against their declaration.
TEST(GraphEvaluator, ChecksTypes) {
  Module module;
  module.source = "m.onnx";
  Function* function = module.AddFunction("main");
  Value* x = function->Body().AddArgument(MakeType(ElementType::kF32, {Dim::Symbol("T"), 2}), "x");
  Builder builder(function->Body());
  builder.location = {"m.onnx", {"node"}};
  Value* y = builder.Op(OpKind::kNeg, {x}, MakeType(ElementType::kF32, {Dim::Symbol("T") + Dim(1), 2}));
  builder.Create(OpKind::kReturn, {y}, {});
  const auto wrong_result = EvaluateGraph(*function, {MakeArray(ElementType::kF32, {3, 2})});
  ASSERT_FALSE(wrong_result.ok());
  EXPECT_EQ(Render(wrong_result.diagnostics()),
            "m.onnx: node: neg: the result is f32[3,2], not f32[T+1,2] as declared");
  const auto wrong_input = EvaluateGraph(*function, {MakeArray(ElementType::kF32, {3, 1})});
  ASSERT_FALSE(wrong_input.ok());
  EXPECT_EQ(Render(wrong_input.diagnostics()), "m.onnx: input 'x': f32[3,1] given, f32[T,2] wanted");
}

// scan, by hand: s' = 2 s + x, gives s. Catches slices or rows in the wrong order when it runs backwards,
// carries that leak from one call of an inner scan into the next, and no steps.
TEST(GraphEvaluator, Scan) {
  const auto run = [](const std::string& direction, const std::vector<double>& x) {
    const std::unique_ptr<Module> module = ParseOrDie(R"(module @scan {stage=graph} {
  const @two: f32[1] = [2.0]
  func @main(%x: f32[T,1], %s0: f32[1]) -> (%all: f32[T,1], %last: f32[1]) {
    %all: f32[T,1], %last: f32[1] = scan )" + direction +
                                                      R"( t<T each(%xt: f32[1] = %x) carry(%s: f32[1] = %s0) {
      %d: f32[1] = mul %s, @two
      %n: f32[1] = add %d, %xt
      yield each(%s) carry(%n)
    }
    return %all, %last
  }
})");
    const auto count = static_cast<int64_t>(x.size());
    const auto results =
        EvaluateGraph(*module->FindFunction("main"), {Floats({count, 1}, x), Floats({1}, {1})});
    EXPECT_TRUE(results.ok()) << Render(results.diagnostics());
    return results.ok() ? *results : std::vector<Array>(2);
  };
  std::vector<Array> forward = run("", {10, 20, 30});
  ExpectNumbers(forward[0], {1, 12, 44});
  ExpectNumbers(forward[1], {118});
  std::vector<Array> backward = run("reverse", {10, 20, 30});
  ExpectNumbers(backward[0], {84, 32, 1});
  ExpectNumbers(backward[1], {178});
  std::vector<Array> none = run("", {});
  EXPECT_EQ(none[0].dims, (std::vector<int64_t>{0, 1}));
  ExpectNumbers(none[1], {1});
}

// Integers and booleans through slices, carries and rows; an inner scan that starts anew at every outer step.
TEST(GraphEvaluator, ScanInScan) {
  const std::unique_ptr<Module> module = ParseOrDie(R"(module @scan {stage=graph} {
  func @main(%x: i64[2,3], %b: bool[2], %zero: i64[], %no: bool[]) -> (%sums: i64[2,3], %last: i64[], %any: bool[]) {
    %sums: i64[2,3], %last: i64[], %any: bool[] = scan t<2 each(%row: i64[3] = %x, %bt: bool[] = %b) carry(%o: i64[] = %zero, %a: bool[] = %no) {
      %inner: i64[3], %sum: i64[] = scan t1<3 each(%e: i64[] = %row) carry(%s: i64[] = %zero) {
        %n: i64[] = add %s, %e
        %m: i64[] = add %n, %o
        yield each(%n) carry(%m)
      }
      %either: bool[] = or %a, %bt
      yield each(%inner) carry(%sum, %either)
    }
    return %sums, %last, %any
  }
})");
  const auto results =
      EvaluateGraph(*module->FindFunction("main"),
                    {Integers({2, 3}, {1, 2, 3, 4, 5, 6}), Integers({2}, {0, 1}, ElementType::kBool),
                     Integers({}, {0}), Integers({}, {0}, ElementType::kBool)});
  ASSERT_TRUE(results.ok()) << Render(results.diagnostics());
  EXPECT_THAT((*results)[0].integers, ElementsAre(1, 3, 6, 4, 15, 27));
  EXPECT_THAT((*results)[1].integers, ElementsAre(33));
  EXPECT_THAT((*results)[2].integers, ElementsAre(1));
}

}  // namespace
}  // namespace rnnc::ir
