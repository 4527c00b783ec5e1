// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <limits>

#include "tests/differential/operator_cases.h"

// Cases of normalisations, windows, arg reductions, and operators about places.
namespace rnnc::testing {

using namespace ir;
using E = ElementType;

namespace {

int64_t I(int64_t value) { return value; }
using L = std::vector<int64_t>;
using Attributes = std::vector<std::pair<std::string, Attribute>>;

}  // namespace

std::vector<OperatorCase> ArgReductionCases() {
  std::vector<OperatorCase> cases;
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const char* op : {"arg_max", "arg_min"}) {
    for (int64_t keep : {0, 1}) {
      for (int64_t last : {0, 1}) {
        const auto add = [&](CaseOperand x, int64_t axis) {
          cases.push_back(
              {op, {std::move(x)}, {{"axis", axis}, {"keepdims", keep}, {"select_last_index", last}}, 0});
        };
        add(In({3, 4, 5}), 1);
        add(In(E::kI32, {3, 40}, -2, 2), -1);  // many equal ones
        add(In(E::kU8, {5, 3}, 0, 255), 0);
        add(In(E::kF16, {4, 3}), 1);
        add(In({kT, 9}), 1);
        add(Const(E::kF32, {3, 4}, {1, nan, 5, nan, inf, -inf, inf, -inf, 0, -0.0, 0, -0.0}), 1);
      }
    }
  }
  for (int64_t axis : {0, 1, -1}) cases.push_back({"hardmax", {In({3, 4, 5})}, {{"axis", axis}}, 0});
  cases.push_back({"hardmax", {In({kT, 4})}, {{"axis", I(1)}}, 0});
  cases.push_back({"hardmax", {In(E::kF16, {4, 3}, -1, 1)}, {{"axis", I(0)}}, 0});
  for (int64_t exclusive : {0, 1}) {
    for (int64_t reverse : {0, 1}) {
      const Attributes way = {{"exclusive", exclusive}, {"reverse", reverse}};
      cases.push_back({"cum_sum", {In({3, 4, 5}), Const(E::kI32, {}, {-2})}, way, 0});
      cases.push_back({"cum_sum", {In({kT, 9}), Const(E::kI64, {}, {1})}, way, 0});
      cases.push_back({"cum_sum", {In(E::kI8, {40}, -90, 90), Const(E::kI64, {1}, {0})}, way, 0});
    }
  }
  for (const char* op : {"reduce_mean", "reduce_l2", "reduce_log_sum", "reduce_log_sum_exp"}) {
    cases.push_back({op,
                     {In(E::kI32, {3, 4}, 1, 9), Ints({1})},
                     {{"keepdims", I(0)}, {"noop_with_empty_axes", I(0)}},
                     0});
  }
  for (const char* op : {"reduce_max", "reduce_min"}) {
    for (E element : {E::kBool, E::kU8, E::kI8, E::kI16}) {
      cases.push_back({op,
                       {In(element, {5, 4}, 0, element == E::kBool ? 1 : 99), Ints({0})},
                       {{"keepdims", I(1)}, {"noop_with_empty_axes", I(0)}},
                       0});
    }
  }
  return cases;
}

std::vector<OperatorCase> NormalizationCases() {
  std::vector<OperatorCase> cases;
  const Attributes epsilon = {{"epsilon", 1e-3}};
  cases.push_back(
      {"batch_normalization", {In({2, 3, 4}), In({3}), In({3}), In({3}), In({3}, 0.1, 2)}, epsilon, 0});
  cases.push_back(
      {"batch_normalization", {In({1, 1, kT}), In({1}), In({1}), In({1}), In({1}, 0.1, 2)}, epsilon, 0});
  cases.push_back(
      {"batch_normalization",
       {In({kT, 2}), Const(E::kF32, {2}, {2, -3}), In({2}), In({2}), Const(E::kF32, {2}, {0.5, 4})},
       epsilon,
       0});
  cases.push_back(
      {"batch_normalization", {In(E::kF16, {2, 3}), In({3}), In({3}), In({3}), In({3}, 0.1, 2)}, epsilon, 0});
  cases.push_back({"batch_normalization",
                   {In(E::kF64, {4}), In(E::kF64, {1}), In({1}), In({1}), In({1}, 0.1, 2)},
                   epsilon,
                   0});
  const auto layer = [&](std::vector<CaseOperand> operands, int64_t axis, const char* stash = "f32") {
    cases.push_back({"layer_normalization",
                     std::move(operands),
                     {{"axis", axis}, {"epsilon", 1e-3}, {"stash", std::string(stash)}},
                     0});
  };
  layer({In({2, 3, 4}), In({4}), In({4})}, -1);
  layer({In({2, 3, 4}), In({3, 4})}, 1);
  layer({In({2, 3, 4}), In({3, 1}), In({4})}, 0);
  layer({In({kT, 1, 8}), In({8}), In({8})}, 2);
  layer({In({2, 3}), None(), In({3})}, 1);
  layer({In({2, 3})}, 1);
  layer({In(E::kF16, {3, 4}), In(E::kF16, {4}), In(E::kF16, {4})}, 1);
  layer({In(E::kF64, {3, 4}), In(E::kF64, {4}), In(E::kF64, {4})}, 1, "f64");  // f64 through f32: by hand
  return cases;
}

std::vector<OperatorCase> WindowCases() {
  std::vector<OperatorCase> cases;
  const auto pool = [&](const char* op, CaseOperand x, L kernel, L strides, L pads, L dilations, int64_t ceil,
                        int64_t with_pads) {
    Attributes attributes = {{"kernel_shape", kernel},
                             {"strides", strides},
                             {"pads", pads},
                             {"dilations", dilations},
                             {"ceil_mode", ceil}};
    if (std::string(op) == "average_pool") attributes.emplace_back("count_include_pad", with_pads);
    cases.push_back({op, {std::move(x)}, std::move(attributes), 0});
  };
  for (const char* op : {"max_pool", "average_pool"}) {
    for (int64_t with_pads : {0, 1}) {
      pool(op, In({2, 3, 9}), {3}, {2}, {0, 0}, {1}, 0, with_pads);
      pool(op, In({1, 2, 10}), {3}, {2}, {2, 1}, {1}, 1, with_pads);
      pool(op, In({1, 2, 12}), {3}, {3}, {1, 3}, {2}, 1, with_pads);
      pool(op, In({1, 2, 5, 6}), {2, 3}, {1, 2}, {1, 0, 0, 2}, {1, 1}, 0, with_pads);
    }
    pool(op, In({kT, 2, 8}), {2}, {2}, {0, 0}, {1}, 0, 0);
    pool(op, In({1, 2, kT}), {2}, {1}, {1, 0}, {1}, 0, 0);
    pool(op, In(E::kF16, {1, 2, 6}), {3}, {1}, {1, 1}, {1}, 0, 0);
  }
  for (E element : {E::kU8, E::kI8, E::kI64})
    pool("max_pool", In(element, {1, 2, 6}, -9, 9), {3}, {1}, {1, 1}, {1}, 0, 0);
  const auto transposed = [&](std::vector<CaseOperand> operands, L strides, L pads, L dilations, L padding,
                              int64_t group) {
    cases.push_back({"conv_transpose",
                     std::move(operands),
                     {{"strides", strides},
                      {"pads", pads},
                      {"dilations", dilations},
                      {"output_padding", padding},
                      {"group", group}},
                     0});
  };
  transposed({In({2, 3, 5}), In({3, 4, 3}), In({4})}, {1}, {0, 0}, {1}, {0}, 1);
  transposed({In({1, 3, 5}), In({3, 4, 3})}, {2}, {1, 2}, {1}, {1}, 1);
  transposed({In({1, 2, 5}), In({2, 2, 2})}, {2}, {0, 0}, {1}, {0}, 1);
  transposed({In({1, 2, 5}), In({2, 2, 2})}, {5}, {0, 0}, {1}, {3}, 1);
  transposed({In({1, 4, 5}), In({4, 3, 3}), In({6})}, {3}, {0, 1}, {1}, {0}, 2);
  transposed({In({1, 4, 5}), In({4, 1, 3}), In({4})}, {2}, {1, 0}, {1}, {0}, 4);
  transposed({In({1, 2, 5}), In({2, 3, 3})}, {1}, {1, 1}, {3}, {0}, 1);
  transposed({In({1, 1, 4}), Const(E::kF32, {1, 2, 3}, {1, 2, 3, 4, 5, 6})}, {2}, {0, 1}, {2}, {0}, 1);
  transposed({In({1, 1, 4}), In({1, 2, 3})}, {3}, {1, 1}, {2}, {0}, 1);
  transposed({In({1, 2, 3, 4}), In({2, 3, 2, 3}), In({3})}, {2, 1}, {1, 0, 0, 1}, {1, 2}, {1, 0}, 1);
  transposed({In({kT, 2, 4}), In({2, 3, 4}), In({3})}, {2}, {1, 1}, {1}, {0}, 1);
  transposed({In({1, 2, kT}), In({2, 3, 3})}, {2}, {0, 0}, {1}, {1}, 1);
  transposed({In(E::kF16, {1, 2, 3}, -1, 1), In(E::kF16, {2, 2, 2}, -1, 1)}, {2}, {0, 0}, {1}, {0}, 1);
  const auto einsum = [&](const char* equation, std::vector<CaseOperand> operands) {
    cases.push_back({"einsum", std::move(operands), {{"equation", std::string(equation)}}, 0});
  };
  einsum("bij,bjk->bik", {In({2, 3, 4}), In({2, 4, 5})});
  einsum("tk,nk->tn", {In({kT, 3}), In({5, 3})});
  einsum("ii->i", {In({4, 4})});
  einsum("ii->", {In({4, 4})});
  einsum("ij->ji", {In({3, 4})});
  einsum("i,j->ij", {In({3}), In({4})});
  einsum("i,i->", {In({7}), In({7})});
  einsum("ij,jk,kl->il", {In({2, 3}), In({3, 4}), In({4, 2})});
  einsum("ij,ij->j", {In({3, 4}), In({1, 4})});
  einsum("ij,j->i", {In(E::kI32, {3, 4}, -9, 9), In(E::kI32, {4}, -9, 9)});
  einsum("ij,jk->ik", {In(E::kF16, {3, 4}), In(E::kF16, {4, 2})});
  return cases;
}

std::vector<OperatorCase> PlaceCases() {
  std::vector<OperatorCase> cases = {
      {"tile", {In({2, 3}), Ints({2, 3})}, {}, 0},
      {"tile", {In({2, 3}), Ints({1, 1})}, {}, 0},
      {"tile", {In({2, 3}), Ints({0, 2})}, {}, 0},
      {"tile", {In({kT, 1}), Ints({1, 4})}, {}, 0},
      {"tile", {In({kT, 2}), Ints({3, 2})}, {}, 0},
      {"tile", {In(E::kI64, {3}), Ints({2})}, {}, 0},
      {"gather_elements", {In({3, 4}), Const(E::kI64, {2, 2}, {0, -1, 2, 1})}, {{"axis", I(0)}}, 0},
      {"gather_elements", {In({3, 4}), In(E::kI32, {3, 6}, -4, 3)}, {{"axis", I(-1)}}, 0},
      {"gather_elements", {In({kT, 4}), In(E::kI64, {kT, 2}, -4, 3)}, {{"axis", I(1)}}, 0},
      {"range", {Const(E::kI64, {}, {3}), Const(E::kI64, {}, {12}), Const(E::kI64, {}, {4})}, {}, 0},
      {"range", {Const(E::kI32, {}, {3}), Const(E::kI32, {}, {-6}), Const(E::kI32, {}, {-2})}, {}, 0},
      {"range", {Const(E::kI64, {}, {3}), Const(E::kI64, {}, {3}), Const(E::kI64, {}, {1})}, {}, 0},
      {"range", {Const(E::kF32, {}, {1.5}), Const(E::kF32, {}, {4}), Const(E::kF32, {}, {0.5})}, {}, 0},
      {"range", {Const(E::kF64, {1}, {1}), Const(E::kF64, {1}, {-4}), Const(E::kF64, {1}, {-1.5})}, {}, 0},
  };
  for (int64_t upper : {0, 1}) {
    const Attributes half = {{"upper", upper}};
    cases.push_back({"trilu", {In({4, 5})}, half, 0});
    cases.push_back({"trilu", {In({2, 4, 3}), Const(E::kI64, {}, {-1})}, half, 0});
    cases.push_back({"trilu", {In(E::kI64, {5, 4}), In(E::kI64, {1}, -3, 3)}, half, 0});
    cases.push_back({"trilu", {In(E::kBool, {kT, 3, 3}, 0, 1)}, half, 0});
  }
  for (const char* dtype : {"f32", "i64", "bool"}) {
    for (int64_t k : {-2, 0, 1}) {
      cases.push_back({"eye_like", {In({3, 4})}, {{"dtype", std::string(dtype)}, {"k", k}}, 0});
    }
  }
  cases.push_back({"eye_like", {In({kT, 4})}, {{"dtype", std::string("f32")}, {"k", I(0)}}, 0});
  const auto scatter = [&](std::vector<CaseOperand> operands, const char* reduction) {
    cases.push_back({"scatter_nd", std::move(operands), {{"reduction", std::string(reduction)}}, 0});
  };
  scatter({In({4, 3}), Const(E::kI64, {2, 1}, {2, -4}), In({2, 3})}, "none");
  scatter({In({4, 3}), Const(E::kI64, {2, 2, 2}, {0, 0, 3, -1, 1, 2, 2, 1}), In({2, 2})}, "none");
  scatter({In({2, 4, kT}), Const(E::kI64, {1, 2}, {1, 3}), In({1, kT})}, "none");
  scatter({In(E::kF16, {5}), Const(E::kI64, {0, 1}, {}), In(E::kF16, {0})}, "none");
  for (const char* reduction : {"add", "mul", "max", "min"}) {
    scatter({In({5}), Const(E::kI64, {4, 1}, {1, 3, 1, 1}), In({4})}, reduction);
    scatter({In(E::kI64, {5, 2}), Const(E::kI64, {2, 1}, {4, 0}), In(E::kI64, {2, 2})}, reduction);
  }
  for (const char* op : {"bitwise_and", "bitwise_or", "bitwise_xor"}) {
    cases.push_back({op, {In(E::kI32, {3, 4}, -99, 99), In(E::kI32, {4}, -99, 99)}, {}, 0});
    cases.push_back({op, {In(E::kU8, {kT}, 0, 255), In(E::kU8, {1}, 0, 255)}, {}, 0});
  }
  cases.push_back({"bitwise_not", {In(E::kU8, {7}, 0, 255)}, {}, 0});
  cases.push_back({"bitwise_not", {In(E::kI64, {7}, -99, 99)}, {}, 0});
  for (const char* direction : {"LEFT", "RIGHT"}) {
    cases.push_back({"bit_shift",
                     {In(E::kU8, {3, 9}, 0, 255), In(E::kU8, {9}, 0, 12)},
                     {{"direction", std::string(direction)}},
                     0});
  }
  return cases;
}

}  // namespace rnnc::testing
