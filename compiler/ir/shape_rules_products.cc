// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/shape_rules_common.h"
#include "compiler/support/strings.h"

// MatMul, Gemm, Conv, Einsum and `linear`.
namespace rnnc::ir::shape_rules {
namespace {

Result<> RequireSameElement(const Query& query, std::string_view a, std::string_view b) {
  if (query.TypeOf(a).element == query.TypeOf(b).element) return Ok();
  return query.Refuse("{} is {} and {} is {}; insert a Cast", a, query.TypeOf(a).ToText(), b,
                      query.TypeOf(b).ToText());
}

Result<> RequireNumber(const Query& query, std::string_view name, bool floating) {
  const Type& type = query.TypeOf(name);
  if (floating ? IsFloat(type.element) : type.element != ElementType::kBool) return Ok();
  return query.Refuse("{}: must be a {}, is {}", name, floating ? "float" : "number", type.ToText());
}

Result<> RequireEqual(const Query& query, std::string_view what, const Dim& a, const Dim& b) {
  if (a == b) return Ok();
  if (a.IsConstant() && b.IsConstant())
    return query.Refuse("{}: {} and {} differ", what, a.ToText(), b.ToText());
  return query.Refuse("{}: cannot prove that {} and {} are equal{}", what, a.ToText(), b.ToText(),
                      BindingHint(a.IsConstant() ? b : a));
}

Result<Types> Matmul(const Query& query) {
  RNNC_TRY(RequireNumber(query, "a", false));
  RNNC_TRY(RequireSameElement(query, "a", "b"));
  Dims a = query.TypeOf("a").dims;
  Dims b = query.TypeOf("b").dims;
  if (a.empty() || b.empty()) return query.Refuse("operands must have dimensions, one is a scalar");
  const bool row = a.size() == 1;
  const bool column = b.size() == 1;
  if (row) a.insert(a.begin(), Dim(1));
  if (column) b.emplace_back(1);
  RNNC_TRY(RequireEqual(query, "summed axis", a.back(), b[b.size() - 2]));
  RNNC_ASSIGN(Dims dims, Broadcast(query, Dims(a.begin(), a.end() - 2), Dims(b.begin(), b.end() - 2)));
  if (!row) dims.push_back(a[a.size() - 2]);
  if (!column) dims.push_back(b.back());
  return Types{MakeType(query.TypeOf("a").element, dims)};
}

Result<Types> Gemm(const Query& query) {
  RNNC_TRY(RequireNumber(query, "a", false));
  RNNC_TRY(RequireSameElement(query, "a", "b"));
  RNNC_TRY(query.RequireRank("a", 2));
  RNNC_TRY(query.RequireRank("b", 2));
  Dims a = query.TypeOf("a").dims;
  Dims b = query.TypeOf("b").dims;
  if (query.op.Int("transA") != 0) std::swap(a[0], a[1]);
  if (query.op.Int("transB") != 0) std::swap(b[0], b[1]);
  RNNC_TRY(RequireEqual(query, "summed axis", a[1], b[0]));
  const Dims dims = {a[0], b[1]};
  if (query.Find("c") != nullptr) {
    RNNC_TRY(RequireSameElement(query, "a", "c"));
    RNNC_ASSIGN(Dims joint, Broadcast(query, dims, query.TypeOf("c").dims));
    if (joint != dims) {
      return query.Refuse("c: {} does not broadcast to {}", query.TypeOf("c").ToText(), ToText(dims));
    }
  }
  return Types{MakeType(query.TypeOf("a").element, dims)};
}

Result<> RequireCount(const Query& query, std::string_view name, size_t count, int64_t least) {
  const std::vector<int64_t>& values = query.op.Ints(name);
  if (values.size() != count) return query.Refuse("{}: {} numbers, must be {}", name, values.size(), count);
  for (int64_t value : values) {
    // Far above any size, and small enough that sums of a few do not overflow.
    if (value < least || value > (int64_t{1} << 40))
      return query.Refuse("{}: {} is out of range", name, value);
  }
  return Ok();
}

Result<> CheckConvChannels(const Query& query) {
  const Dims& x = query.TypeOf("x").dims;
  const Dims& w = query.TypeOf("w").dims;
  const int64_t group = query.op.Int("group");
  if (group < 1) return query.Refuse("group: {} is not positive", group);
  if (!w[0].IsConstant() || w[0].Value() % group != 0) {
    return query.Refuse("group: {} does not divide the {} output channels", group, w[0].ToText());
  }
  RNNC_TRY(RequireEqual(query, "input channels", x[1], w[1] * Dim(group)));
  if (query.Find("b") == nullptr) return Ok();
  RNNC_TRY(RequireSameElement(query, "x", "b"));
  if (query.TypeOf("b").dims != Dims{w[0]}) {
    return query.Refuse("b: must be {}, is {}", ToText({w[0]}), query.TypeOf("b").ToText());
  }
  return Ok();
}

Result<Types> Conv(const Query& query) {
  const Type& x = query.TypeOf("x");
  const Type& w = query.TypeOf("w");
  RNNC_TRY(RequireNumber(query, "x", true));
  RNNC_TRY(RequireSameElement(query, "x", "w"));
  if (x.Rank() < 3) return query.Refuse("x: must have at least 3 dimensions, is {}", x.ToText());
  RNNC_TRY(query.RequireRank("w", x.Rank()));
  const auto axes = static_cast<size_t>(x.Rank() - 2);
  RNNC_TRY(RequireCount(query, "strides", axes, 1));
  RNNC_TRY(RequireCount(query, "dilations", axes, 1));
  RNNC_TRY(RequireCount(query, "pads", 2 * axes, 0));
  RNNC_TRY(CheckConvChannels(query));
  Dims dims = {x.dims[0], w.dims[0]};
  for (size_t i = 0; i < axes; ++i) {
    const int64_t stride = query.op.Ints("strides")[i];
    const Dim padded = x.dims[i + 2] + Dim(query.op.Ints("pads")[i]) + Dim(query.op.Ints("pads")[i + axes]);
    if (w.dims[i + 2].Is(0)) return query.Refuse("w: {} has a kernel without elements", w.ToText());
    const Dim reach = (w.dims[i + 2] - 1) * Dim(query.op.Ints("dilations")[i]);
    const std::optional<Dim> count = FloorDivide(padded - reach - 1, stride);
    if (!count) {
      return query.Refuse("strides: {} steps of {} over {} frames is no polynomial{}", "output", stride,
                          padded.ToText(), BindingHint(padded));
    }
    dims.push_back(*count + 1);
    if (dims.back().IsConstant() && dims.back().Value() <= 0) {
      return query.Refuse("w: a kernel that reaches over {} does not fit into {}", (reach + 1).ToText(),
                          padded.ToText());
    }
  }
  return Types{MakeType(x.element, dims)};
}

Result<Types> Linear(const Query& query) {
  const Type& x = query.TypeOf("x");
  RNNC_TRY(RequireSameElement(query, "x", "W"));
  RNNC_TRY(query.RequireRank("W", 2));
  if (x.dims.empty()) return query.Refuse("x: must have dimensions");
  RNNC_TRY(RequireEqual(query, "summed axis", x.dims.back(), query.TypeOf("W").dims[1]));
  Dims dims = x.dims;
  dims.back() = query.TypeOf("W").dims[0];
  if (query.Find("b") != nullptr) {
    RNNC_ASSIGN(Dims joint, Broadcast(query, dims, query.TypeOf("b").dims));
    if (joint != dims) return query.Refuse("b: {} does not broadcast", query.TypeOf("b").ToText());
  }
  return Types{MakeType(x.element, dims)};
}

// A letter is one size wherever it stands; 1 stretches to it.
Result<Types> Einsum(const Query& query) {
  const std::string& equation = query.op.String("equation");
  const size_t arrow = equation.find("->");
  const size_t count = query.op.Operands().size();
  const std::vector<std::string> terms = Split(equation.substr(0, arrow), ',');
  if (arrow == std::string::npos || terms.size() != count) {
    return query.Refuse("equation: '{}' for {} operands", equation, count);
  }
  std::map<char, Dim> sizes;
  const Type& first = query.op.Operand(size_t{0})->type;
  for (size_t i = 0; i < count; ++i) {
    const Type& type = query.op.Operand(i)->type;
    if (type.element != first.element || type.element == ElementType::kBool) {
      return query.Refuse("inputs: {} beside {}", type.ToText(), first.ToText());
    }
    if (terms[i].size() != type.dims.size()) {
      return query.Refuse("equation: '{}' for {}", terms[i], type.ToText());
    }
    for (size_t axis = 0; axis < terms[i].size(); ++axis) {
      const Dim& dim = type.dims[axis];
      const auto [place, is_new] = sizes.emplace(terms[i][axis], dim);
      if (is_new || dim.Is(1)) continue;
      if (place->second.Is(1)) place->second = dim;
      RNNC_TRY(RequireEqual(query, fmt::format("equation: axis {}", terms[i][axis]), place->second, dim));
    }
  }
  Dims dims;
  for (char letter : equation.substr(arrow + 2)) {
    const auto found = sizes.find(letter);
    if (found == sizes.end()) return query.Refuse("equation: no operand has axis {}", letter);
    dims.push_back(found->second);
  }
  return Types{MakeType(first.element, dims)};
}

}  // namespace

const std::map<OpKind, Rule>& ProductRules() {
  static const std::map<OpKind, Rule> table = {{OpKind::kMatmul, Matmul},
                                               {OpKind::kGemm, Gemm},
                                               {OpKind::kConv, Conv},
                                               {OpKind::kLinear, Linear},
                                               {OpKind::kEinsum, Einsum}};
  return table;
}

}  // namespace rnnc::ir::shape_rules
