// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "compiler/ir/shape_rules_common.h"

// Windows that slide over the spatial axes (all but the first two): pooling, and ConvTranspose.
namespace rnnc::ir::shape_rules {
namespace {

// Sizes of the spatial axes behind the pads and the window's reach, checked.
struct Window {
  Dim padded;  // the operand's size with both pads
  Dim reach;   // (kernel - 1) * dilation + 1
};

Result<> RequireCount(const Query& query, std::string_view name, size_t count, int64_t least) {
  const std::vector<int64_t>& values = query.op.Ints(name);
  if (values.size() != count) return query.Refuse("{}: {} numbers, must be {}", name, values.size(), count);
  for (int64_t value : values) {
    if (value < least || value > (int64_t{1} << 40))
      return query.Refuse("{}: {} is out of range", name, value);
  }
  return Ok();
}

// ceil_mode counts a last window that is cut off, unless it would begin in the pads behind the operand.
Result<Dim> CountWindows(const Query& query, const Window& window, const Dim& begun_before, int64_t stride) {
  const Dim span = window.padded - window.reach;
  const bool ceil = query.op.Int("ceil_mode") != 0;
  const std::optional<Dim> steps = FloorDivide(ceil ? span + Dim(stride - 1) : span, stride);
  if (!steps) {
    return query.Refuse("strides: windows every {} over {} elements are no polynomial{}", stride,
                        window.padded.ToText(), BindingHint(window.padded));
  }
  Dim count = *steps + 1;
  if (ceil && stride > 1) {
    if (!count.IsConstant() || !begun_before.IsConstant()) {
      return query.Refuse("ceil_mode: 1 over {} elements{}", window.padded.ToText(),
                          BindingHint(window.padded));
    }
    if ((count.Value() - 1) * stride >= begun_before.Value()) count = count - 1;
  }
  if (count.IsConstant() && count.Value() <= 0) {
    return query.Refuse("kernel_shape: a window of {} does not fit into {}", window.reach.ToText(),
                        window.padded.ToText());
  }
  return count;
}

Result<Types> Pool(const Query& query) {
  const Type& x = query.TypeOf("x");
  const bool average = query.op.Kind() == OpKind::kAveragePool;
  if (average ? !IsFloat(x.element) : x.element == ElementType::kBool) {
    return query.Refuse("x: must be a {}, is {}", average ? "float" : "number", x.ToText());
  }
  if (x.Rank() < 3) return query.Refuse("x: must have at least 3 dimensions, is {}", x.ToText());
  const auto axes = static_cast<size_t>(x.Rank() - 2);
  RNNC_TRY(RequireCount(query, "kernel_shape", axes, 1));
  RNNC_TRY(RequireCount(query, "strides", axes, 1));
  RNNC_TRY(RequireCount(query, "dilations", axes, 1));
  RNNC_TRY(RequireCount(query, "pads", 2 * axes, 0));
  Dims dims = {x.dims[0], x.dims[1]};
  for (size_t i = 0; i < axes; ++i) {
    const int64_t before = query.op.Ints("pads")[i];
    const int64_t reach = (query.op.Ints("kernel_shape")[i] - 1) * query.op.Ints("dilations")[i] + 1;
    if (before >= reach || query.op.Ints("pads")[i + axes] >= reach) {
      return query.Refuse("pads: {} and {} leave a window of {} without elements", before,
                          query.op.Ints("pads")[i + axes], reach);
    }
    // Taps further apart than the operand is long may all miss it.
    const int64_t dilation = query.op.Ints("dilations")[i];
    if (dilation > 1 && before > 0 && !IsAtMost(Dim(dilation), x.dims[i + 2])) {
      return query.Refuse("dilations: {} over {} padded elements: a window may miss all of them{}", dilation,
                          x.dims[i + 2].ToText(), BindingHint(x.dims[i + 2]));
    }
    const Dim begun_before = x.dims[i + 2] + Dim(before);
    const Window window{begun_before + Dim(query.op.Ints("pads")[i + axes]), Dim(reach)};
    RNNC_ASSIGN(Dim count, CountWindows(query, window, begun_before, query.op.Ints("strides")[i]));
    dims.push_back(count);
  }
  return Types{MakeType(x.element, dims)};
}

Result<> CheckTransposedChannels(const Query& query) {
  const Dims& x = query.TypeOf("x").dims;
  const Dims& w = query.TypeOf("w").dims;
  const int64_t group = query.op.Int("group");
  if (group < 1) return query.Refuse("group: {} is not positive", group);
  if (!(x[1] == w[0])) {
    return query.Refuse("input channels: {} and {} differ{}", x[1].ToText(), w[0].ToText(),
                        BindingHint(x[1] + w[0]));
  }
  if (!w[0].IsConstant() || !w[1].IsConstant() || w[0].Value() % group != 0) {
    return query.Refuse("group: {} does not divide the {} input channels", group, w[0].ToText());
  }
  const Value* bias = query.Find("b");
  if (bias == nullptr) return Ok();
  const Type wanted = MakeType(query.TypeOf("x").element, {w[1] * Dim(group)});
  if (bias->type == wanted) return Ok();
  return query.Refuse("b: must be {}, is {}", wanted.ToText(), bias->type.ToText());
}

// size = stride * (in - 1) + output_padding + reach - pads.
Result<Types> ConvTranspose(const Query& query) {
  const Type& x = query.TypeOf("x");
  const Type& w = query.TypeOf("w");
  if (!IsFloat(x.element)) return query.Refuse("x: must be a float, is {}", x.ToText());
  if (w.element != x.element)
    return query.Refuse("x is {} and w is {}; insert a Cast", x.ToText(), w.ToText());
  if (x.Rank() < 3) return query.Refuse("x: must have at least 3 dimensions, is {}", x.ToText());
  RNNC_TRY(query.RequireRank("w", x.Rank()));
  const auto axes = static_cast<size_t>(x.Rank() - 2);
  RNNC_TRY(RequireCount(query, "strides", axes, 1));
  RNNC_TRY(RequireCount(query, "dilations", axes, 1));
  RNNC_TRY(RequireCount(query, "output_padding", axes, 0));
  RNNC_TRY(RequireCount(query, "pads", 2 * axes, 0));
  RNNC_TRY(CheckTransposedChannels(query));
  Dims dims = {x.dims[0], w.dims[1] * Dim(query.op.Int("group"))};
  for (size_t i = 0; i < axes; ++i) {
    const Dim& kernel = w.dims[i + 2];
    if (!kernel.IsConstant() || kernel.Value() < 1) {
      return query.Refuse("w: {} has a kernel without elements", w.ToText());
    }
    const Dim reach = (kernel - 1) * Dim(query.op.Ints("dilations")[i]) + 1;
    dims.push_back((x.dims[i + 2] - 1) * Dim(query.op.Ints("strides")[i]) +
                   Dim(query.op.Ints("output_padding")[i]) + reach - Dim(query.op.Ints("pads")[i]) -
                   Dim(query.op.Ints("pads")[i + axes]));
  }
  return Types{MakeType(x.element, dims)};
}

}  // namespace

const std::map<OpKind, Rule>& WindowRules() {
  static const std::map<OpKind, Rule> table = {
      {OpKind::kMaxPool, Pool}, {OpKind::kAveragePool, Pool}, {OpKind::kConvTranspose, ConvTranspose}};
  return table;
}

}  // namespace rnnc::ir::shape_rules
