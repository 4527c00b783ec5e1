// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/differential/operator_cases.h"

#include <limits>

namespace rnnc::testing {

using namespace ir;
using E = ElementType;

CaseOperand In(ElementType element, const std::vector<Dim>& dims, double low, double high) {
  return {CaseOperand::Kind::kInput, {element, dims}, low, high, {}};
}
CaseOperand In(const std::vector<Dim>& dims, double low, double high) { return In(E::kF32, dims, low, high); }
CaseOperand None() { return {}; }
CaseOperand Const(ElementType element, const std::vector<int64_t>& dims, const std::vector<double>& values) {
  return {CaseOperand::Kind::kConst, MakeStaticType(element, dims), 0, 0, values};
}
CaseOperand Ints(const std::vector<double>& values) {
  return Const(E::kI64, {static_cast<int64_t>(values.size())}, values);
}

namespace {

int64_t I(int64_t value) { return value; }
using L = std::vector<int64_t>;

void AddOneOperandCases(std::vector<OperatorCase>& cases) {
  for (const char* op :
       {"identity", "neg",  "abs",      "sign",     "exp",  "floor",      "ceil",  "round",
        "erf",      "sin",  "cos",      "atan",     "sinh", "cosh",       "asinh", "tanh",
        "sigmoid",  "relu", "softplus", "softsign", "mish", "hard_swish", "tan",   "reciprocal"}) {
    cases.push_back({op, {In({kT, 3})}, {}, 0});
    cases.push_back({op, {In(E::kF64, {5})}, {}, 0});
  }
  for (const char* op : {"sigmoid", "hard_swish", "exp", "neg"})
    cases.push_back({op, {In(E::kF16, {3, 3})}, {}, 0});
  for (const char* op : {"sqrt", "log"}) cases.push_back({op, {In({7}, 0.01, 9)}, {}, 0});
  for (const char* op : {"asin", "acos", "atanh"}) cases.push_back({op, {In({7}, -0.95, 0.95)}, {}, 0});
  cases.push_back({"acosh", {In({7}, 1.01, 5)}, {}, 0});
  cases.push_back({"softplus", {In({7}, -900, 900)}, {}, 0});
  cases.push_back({"round", {Const(E::kF32, {6}, {0.5, 1.5, 2.5, -0.5, -1.5, -2.5})}, {}, 0});
  for (const char* op : {"neg", "abs", "sign"}) cases.push_back({op, {In(E::kI32, {5}, -9, 9)}, {}, 0});
  for (const char* op : {"leaky_relu", "elu", "celu", "thresholded_relu"}) {
    cases.push_back({op, {In({2, 7})}, {{"alpha", 0.7}}, 0});
  }
  cases.push_back({"selu", {In({9})}, {{"alpha", 1.5}, {"gamma", 1.25}}, 0});
  cases.push_back({"hard_sigmoid", {In({9})}, {{"alpha", 0.3}, {"beta", 0.45}}, 0});
  cases.push_back({"gelu", {In({9})}, {{"approximate", std::string("none")}}, 0});
  cases.push_back({"gelu", {In({9})}, {{"approximate", std::string("tanh")}}, 0});
  cases.push_back({"shrink", {In({9})}, {{"lambd", 1.0}, {"bias", 0.25}}, 0});
  cases.push_back({"not", {In(E::kBool, {5}, 0, 1)}, {}, 0});
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  cases.push_back({"is_nan", {Const(E::kF32, {4}, {nan, 1, inf, -inf})}, {}, 0});
  for (int64_t positive : {0, 1}) {
    for (int64_t negative : {0, 1}) {
      cases.push_back({"is_inf",
                       {Const(E::kF32, {4}, {nan, 1, inf, -inf})},
                       {{"detect_positive", positive}, {"detect_negative", negative}},
                       0});
    }
  }
  for (const char* to : {"f32", "f64", "f16", "bf16", "i8", "i32", "i64", "u8", "bool"}) {
    cases.push_back({"cast", {In({9}, 0, 99)}, {{"to", std::string(to)}}, 0});
    cases.push_back({"cast", {In(E::kI64, {9}, 0, 99)}, {{"to", std::string(to)}}, 0});
    cases.push_back({"cast", {In(E::kBool, {9}, 0, 1)}, {{"to", std::string(to)}}, 0});
  }
  for (const char* to : {"i8", "i32", "i64"})
    cases.push_back({"cast", {In({9}, -99, 99)}, {{"to", std::string(to)}}, 0});
  const CaseOperand low = Const(E::kF32, {}, {-1}), high = Const(E::kF32, {}, {0.5});
  cases.push_back({"clip", {In({9}), low, high}, {}, 0});
  cases.push_back({"clip", {In({9}), None(), high}, {}, 0});
  cases.push_back({"clip", {In({9}), low}, {}, 0});
  cases.push_back({"clip", {In({9}), high, low}, {}, 0});
  cases.push_back(
      {"clip", {In(E::kI32, {9}, -9, 9), Const(E::kI32, {}, {-2}), Const(E::kI32, {}, {3})}, {}, 0});
}

}  // namespace

std::vector<OperatorCase> PointwiseCases() {
  std::vector<OperatorCase> cases;
  AddOneOperandCases(cases);
  for (const char* op :
       {"add", "sub", "mul", "div", "equal", "less", "less_or_equal", "greater", "greater_or_equal"}) {
    cases.push_back({op, {In({2, 1, 3}), In({kT, 1})}, {}, 0});
    cases.push_back({op, {In({3}), In({})}, {}, 0});
    cases.push_back({op, {In(E::kI64, {5, 3}, -4, 4), In(E::kI64, {3}, 1, 3)}, {}, 0});
    cases.push_back({op, {In(E::kF16, {5, 3}), In(E::kF16, {3})}, {}, 0});
  }
  cases.push_back({"equal", {In(E::kBool, {9}, 0, 1), In(E::kBool, {9}, 0, 1)}, {}, 0});
  cases.push_back({"div", {In(E::kI32, {20}, -9, 9), In(E::kI32, {20}, -4, -1)}, {}, 0});
  cases.push_back({"pow", {In({2, 3}, 0.1, 3), In({3})}, {}, 0});
  cases.push_back({"pow", {In({2, 3}), In(E::kI64, {3}, -2, 3)}, {}, 0});
  cases.push_back({"pow", {In(E::kI64, {2, 3}, 1, 5), In(E::kI64, {3}, 0, 3)}, {}, 0});
  cases.push_back({"pow", {In(E::kI32, {2, 3}, 1, 5), In({3}, 0, 3)}, {}, 0});
  cases.push_back({"mod", {In(E::kI64, {20}, -9, 9), In(E::kI64, {20}, -4, -1)}, {{"fmod", I(0)}}, 0});
  cases.push_back({"mod", {In(E::kI64, {20}, -9, 9), In(E::kI64, {20}, 1, 4)}, {{"fmod", I(1)}}, 0});
  cases.push_back({"mod", {In({20}, -9, 9), In({20}, 0.5, 4)}, {{"fmod", I(1)}}, 0});
  cases.push_back({"prelu", {In({2, 3, 4}), In({3, 1})}, {}, 0});
  for (const char* op : {"and", "or", "xor"}) {
    cases.push_back({op, {In(E::kBool, {3, 5}, 0, 1), In(E::kBool, {5}, 0, 1)}, {}, 0});
  }
  cases.push_back({"where", {In(E::kBool, {3, 1}, 0, 1), In({1, 4}), In({})}, {}, 0});
  cases.push_back({"where", {In(E::kBool, {5}, 0, 1), In(E::kI64, {5}), In(E::kI64, {5})}, {}, 0});
  for (const char* op : {"min", "max", "sum", "mean"}) {
    cases.push_back({op, {In({2, 3})}, {}, 0});
    cases.push_back({op, {In({2, 3}), In({3}), In({kT, 1, 1})}, {}, 0});
  }
  cases.push_back({"max", {In(E::kI32, {5}, -9, 9), In(E::kI32, {5}, -9, 9)}, {}, 0});
  return cases;
}

std::vector<OperatorCase> ProductCases() {
  std::vector<OperatorCase> cases = {
      {"matmul", {In({kT, 3}), In({3, 5})}, {}, 0},
      {"matmul", {In({2, 1, 4, 3}), In({5, 3, 2})}, {}, 0},
      {"matmul", {In({3}), In({3})}, {}, 0},
      {"matmul", {In({3}), In({2, 3, 4})}, {}, 0},
      {"matmul", {In({2, 4, 3}), In({3})}, {}, 0},
      {"matmul", {In(E::kI32, {4, 3}, -9, 9), In(E::kI32, {3, 2}, -9, 9)}, {}, 0},
      {"matmul", {In(E::kF16, {4, 3}), In(E::kF16, {3, 2})}, {}, 0},
      {"matmul", {In({4, 0}), In({0, 2})}, {}, 0},
  };
  for (int64_t a : {0, 1}) {
    for (int64_t b : {0, 1}) {
      for (const auto& [alpha, beta] : {std::pair(1.0, 1.0), std::pair(0.5, 2.0), std::pair(2.0, 0.0)}) {
        const CaseOperand x = a != 0 ? In({3, kT}) : In({kT, 3});
        const CaseOperand y = b != 0 ? In({5, 3}) : In({3, 5});
        cases.push_back(
            {"gemm", {x, y, In({5})}, {{"alpha", alpha}, {"beta", beta}, {"transA", a}, {"transB", b}}, 0});
      }
    }
  }
  cases.push_back({"gemm",
                   {In({4, 3}), In({3, 5}), In({4, 1})},
                   {{"alpha", 1.0}, {"beta", 1.0}, {"transA", I(0)}, {"transB", I(0)}},
                   0});
  cases.push_back({"gemm",
                   {In({4, 3}), In({3, 5})},
                   {{"alpha", 1.5}, {"beta", 1.0}, {"transA", I(0)}, {"transB", I(0)}},
                   0});
  const auto conv = [&](std::vector<CaseOperand> operands, L strides, L pads, L dilations, int64_t group) {
    cases.push_back({"conv",
                     std::move(operands),
                     {{"strides", strides}, {"pads", pads}, {"dilations", dilations}, {"group", group}},
                     0});
  };
  conv({In({2, 3, 9}), In({5, 3, 4}), In({5})}, {1}, {0, 0}, {1}, 1);
  conv({In({1, 3, 9}), In({5, 3, 4})}, {2}, {3, 1}, {2}, 1);
  conv({In({1, 4, 9}), In({6, 2, 3}), In({6})}, {1}, {1, 1}, {1}, 2);
  conv({In({1, 4, 9}), In({4, 1, 3}), In({4})}, {1}, {2, 0}, {1}, 4);
  conv({In({1, 4, 9}), In({8, 1, 3}), In({8})}, {3}, {0, 0}, {1}, 4);
  conv({In({1, 6, 9}), In({3, 2, 3}), In({3})}, {1}, {0, 0}, {1}, 3);
  conv({In({2, 3, 5, 7}), In({4, 3, 2, 3}), In({4})}, {1, 2}, {1, 0, 2, 1}, {2, 1}, 1);
  conv({In({1, 2, 3, 4, 3}), In({2, 2, 2, 2, 2})}, {1, 1, 1}, {0, 1, 0, 1, 0, 1}, {1, 2, 1}, 1);
  return cases;
}

std::vector<OperatorCase> ReductionCases() {
  std::vector<OperatorCase> cases;
  for (const char* op : {"softmax", "log_softmax"}) {
    for (int64_t axis : {0, 1, -1}) cases.push_back({op, {In({3, 4, 5}, -30, 30)}, {{"axis", axis}}, 0});
    cases.push_back({op, {In({kT, 4})}, {{"axis", I(-1)}}, 0});
    cases.push_back({op, {In(E::kF16, {4, 3})}, {{"axis", I(-1)}}, 0});
  }
  for (const char* op : {"reduce_sum", "reduce_mean", "reduce_prod", "reduce_max", "reduce_min", "reduce_l1",
                         "reduce_l2", "reduce_log_sum", "reduce_log_sum_exp", "reduce_sum_square"}) {
    for (int64_t keep : {0, 1}) {
      const std::vector<std::pair<std::string, Attribute>> all = {{"keepdims", keep},
                                                                  {"noop_with_empty_axes", I(0)}};
      cases.push_back({op, {In({3, 4, 5}, 0.1, 3), Ints({1})}, all, 0});
      cases.push_back({op, {In({3, 4, 5}, 0.1, 3), Ints({-1, 0})}, all, 0});
      cases.push_back({op, {In({3, 4}, 0.1, 3)}, all, 0});
      cases.push_back({op, {In({kT, 4, 2}, 0.1, 3), Ints({1})}, all, 0});
    }
    cases.push_back({op,
                     {In(E::kF16, {3, 4}, 0.1, 2), Ints({1})},
                     {{"keepdims", I(1)}, {"noop_with_empty_axes", I(0)}},
                     0});
  }
  for (const char* op : {"reduce_sum", "reduce_mean", "reduce_max", "reduce_log_sum_exp"}) {
    cases.push_back({op, {In({3, 4}), Ints({})}, {{"keepdims", I(1)}, {"noop_with_empty_axes", I(1)}}, 0});
  }
  for (const char* op :
       {"reduce_sum", "reduce_prod", "reduce_max", "reduce_min", "reduce_l1", "reduce_sum_square"}) {
    cases.push_back({op,
                     {In(E::kI64, {3, 4}, -5, 5), Ints({1})},
                     {{"keepdims", I(1)}, {"noop_with_empty_axes", I(0)}},
                     0});
  }
  return cases;
}

std::vector<OperatorCase> LayoutCases() {
  std::vector<OperatorCase> cases = {
      {"transpose", {In({kT, 3, 2})}, {{"perm", L{2, 0, 1}}}, 0},
      {"transpose", {In(E::kI64, {4, 3})}, {{"perm", L{1, 0}}}, 0},
      {"reshape", {In({3, 4, 5}), Ints({5, -1})}, {{"allowzero", I(0)}}, 0},
      {"reshape", {In({2, 3, 4}), Ints({4, 3, 2})}, {{"allowzero", I(0)}}, 0},
      {"reshape", {In({6, 4}), Ints({3, 8})}, {{"allowzero", I(0)}}, 0},
      {"reshape", {In({kT, 2, 6}), Ints({0, 3, 4})}, {{"allowzero", I(0)}}, 0},
      {"reshape", {In({1, kT, 6}), Ints({-1, 2, 3})}, {{"allowzero", I(0)}}, 0},
      {"reshape", {In({kT, 6}), Ints({-1})}, {{"allowzero", I(0)}}, 0},
      {"reshape", {In({0, 6}), Ints({3, 0})}, {{"allowzero", I(1)}}, 0},
      {"flatten", {In({2, 3, 4})}, {{"axis", I(2)}}, 0},
      {"flatten", {In({2, 3, 4})}, {{"axis", I(0)}}, 0},
      {"flatten", {In({kT, 3, 4})}, {{"axis", I(1)}}, 0},
      {"flatten", {In({2, 3, 4})}, {{"axis", I(-1)}}, 0},
      {"squeeze", {In({1, kT, 1, 3}), Ints({0, -2})}, {}, 0},
      {"squeeze", {In({1, 2, 1})}, {}, 0},
      {"unsqueeze", {In({kT, 3}), Ints({-1, 0})}, {}, 0},
      {"concat", {In({2, 3}), In({2, 1}), In({2, 4})}, {{"axis", I(1)}}, 0},
      {"concat", {In({kT, 3}), In({1, 3})}, {{"axis", I(0)}}, 0},
      {"concat", {In(E::kI64, {2}), In(E::kI64, {0}), In(E::kI64, {1})}, {{"axis", I(-1)}}, 0},
      {"split", {In({7, 2}), Ints({3, 4})}, {{"axis", I(0)}}, 2},
      {"split", {In({kT, 7})}, {{"axis", I(-1)}, {"num_outputs", I(3)}}, 3},
      {"slice", {In({5, 6}), Ints({1, -4}), Ints({100, -1}), Ints({1, 0}), Ints({2, 1})}, {}, 0},
      {"slice", {In({5, 6}), Ints({4}), Ints({-100}), Ints({0}), Ints({-2})}, {}, 0},
      {"slice", {In({5, 6}), Ints({-2}), Ints({0}), Ints({1}), Ints({-1})}, {}, 0},
      {"slice", {In({5}), Ints({3}), Ints({1})}, {}, 0},
      {"slice", {In({kT, 6}), Ints({2}), Ints({5}), Ints({1})}, {}, 0},
      {"gather", {In({5, 3}), Ints({4, 0, -1, 2})}, {{"axis", I(0)}}, 0},
      {"gather", {In({5, 3}), Ints({2, 0})}, {{"axis", I(1)}}, 0},
      {"gather", {In({3, 5, 2}), Const(E::kI64, {2, 3}, {0, 2, 4, -1, 1, -2})}, {{"axis", I(1)}}, 0},
      {"gather", {In({kT, 5}), Const(E::kI64, {}, {-2})}, {{"axis", I(1)}}, 0},
      {"gather", {In({kT, 5}), Const(E::kI64, {}, {-1})}, {{"axis", I(0)}}, 0},
      {"gather", {In({5, 3}), In(E::kI64, {kT, 2}, -5, 4)}, {{"axis", I(0)}}, 0},
      {"gather", {In({2, 3}), In(E::kI32, {2}, 0, 2)}, {{"axis", I(-1)}}, 0},
      {"expand", {In({3, 1}), Ints({2, 1, 4})}, {}, 0},
      {"expand", {In({kT, 1}), Ints({1, 5})}, {}, 0},
      {"shape", {In({kT, 3, 2})}, {{"start", I(0)}}, 0},
      {"shape", {In({4, 3, 2})}, {{"start", I(-2)}, {"end", I(3)}}, 0},
      {"size", {In({kT, 3})}, {}, 0},
      {"size", {In({5, 3})}, {}, 0},
      {"constant_of_shape", {Ints({2, 3}), Const(E::kF32, {1}, {1.5})}, {}, 0},
      {"constant_of_shape", {Ints({3}), Const(E::kI64, {1}, {7})}, {}, 0},
      {"constant_of_shape", {Ints({}), Const(E::kBool, {1}, {1})}, {}, 0},
  };
  const auto pad = [&](std::vector<CaseOperand> operands, const char* mode) {
    cases.push_back({"pad", std::move(operands), {{"mode", std::string(mode)}}, 0});
  };
  pad({In({2, 3}), Ints({1, 0, 0, 2})}, "constant");
  pad({In({2, 5}), Ints({0, -1, 1, -2}), Const(E::kF32, {}, {2.5})}, "constant");
  pad({In({2, 3}), Ints({1, 2}), In({}), Ints({1})}, "constant");
  pad({In({kT, 3}), Ints({0, 1, 0, 1})}, "constant");
  pad({In(E::kI64, {3}), Ints({1, 1}), Const(E::kI64, {}, {-7})}, "constant");
  for (const char* mode : {"reflect", "edge", "wrap"}) {
    pad({In({3, 4}), Ints({2, 1, 1, 3})}, mode);
    pad({In({2, 5}), Ints({4, 2}), None(), Ints({-1})}, mode);
  }
  return cases;
}

std::vector<OperatorCase> RecurrentCases() {
  std::vector<OperatorCase> cases;
  const std::vector<std::pair<std::string, Attribute>> common = {
      {"hidden_size", I(3)}, {"direction", std::string("forward")}, {"layout", I(0)}};
  const auto add = [&](const char* op, int64_t gates, std::vector<std::pair<std::string, Attribute>> more,
                       bool full) {
    std::vector<CaseOperand> operands = {In({kT, 2, 5}), In({1, gates * 3, 5}, -1, 1),
                                         In({1, gates * 3, 3}, -1, 1)};
    if (full) {
      operands.push_back(In({1, 2 * gates * 3}, -1, 1));
      operands.push_back(None());
      operands.push_back(In({1, 2, 3}, -1, 1));
      if (std::string(op) == "lstm") operands.push_back(In({1, 2, 3}, -1, 1));
    }
    more.insert(more.end(), common.begin(), common.end());
    cases.push_back({op, std::move(operands), std::move(more), 0});
  };
  using S = std::vector<std::string>;
  for (bool full : {false, true}) {
    add("lstm", 4, {{"activations", S{"Sigmoid", "Tanh", "Tanh"}}, {"input_forget", I(0)}}, full);
    add("gru", 3, {{"activations", S{"Sigmoid", "Tanh"}}, {"linear_before_reset", I(0)}}, full);
    add("gru", 3, {{"activations", S{"Sigmoid", "Tanh"}}, {"linear_before_reset", I(1)}}, full);
    add("rnn", 1, {{"activations", S{"Tanh"}}}, full);
    add("rnn", 1, {{"activations", S{"Relu"}}}, full);
  }
  return cases;
}

}  // namespace rnnc::testing
