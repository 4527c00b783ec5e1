// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "compiler/import/operators.h"

// Conv: every attribute written out, auto_pad included.
namespace rnnc::import {
namespace {

struct ConvShape {
  std::vector<int64_t> kernel, strides, dilations, pads;
};

// The list that was given, or `fallback` for each axis.
Result<std::vector<int64_t>> ListOr(const NodeContext& context, const char* name, size_t count,
                                    int64_t fallback, int64_t least) {
  if (!context.attributes.Has(name)) return std::vector<int64_t>(count, fallback);
  const std::vector<int64_t>& list = context.attributes.Ints(name);
  if (list.size() != count)
    return context.emit.Refuse("{}: {} numbers, must be {}", name, list.size(), count);
  for (int64_t value : list) {
    if (value < least || value > (int64_t{1} << 40))
      return context.emit.Refuse("{}: {} is out of range", name, value);
  }
  return list;
}

// SAME_UPPER and SAME_LOWER: as many outputs as strides fit (rounded up), the odd pad behind or before.
Result<std::vector<int64_t>> SamePads(const NodeContext& context, const ConvShape& shape, bool upper) {
  const size_t axes = shape.kernel.size();
  std::vector<int64_t> pads(2 * axes, 0);
  for (size_t i = 0; i < axes; ++i) {
    const int64_t reach = (shape.kernel[i] - 1) * shape.dilations[i] + 1;
    const ir::Dim& size = context.Input(0)->type.dims[i + 2];
    int64_t total = reach - 1;
    if (shape.strides[i] != 1) {
      if (!size.IsConstant()) {
        return context.emit.Refuse("auto_pad: the padding depends on {}; bind it with --dim", size.ToText());
      }
      const int64_t outputs = (size.Value() + shape.strides[i] - 1) / shape.strides[i];
      total = std::max<int64_t>((outputs - 1) * shape.strides[i] + reach - size.Value(), 0);
    }
    pads[i] = upper ? total / 2 : total - total / 2;
    pads[i + axes] = total - pads[i];
  }
  return pads;
}

Result<std::vector<int64_t>> Pads(const NodeContext& context, const ConvShape& shape) {
  const std::string& mode = context.attributes.String("auto_pad");
  const size_t axes = shape.kernel.size();
  if (mode == "NOTSET") return ListOr(context, "pads", 2 * axes, 0, 0);
  if (context.attributes.Has("pads")) {
    const std::vector<int64_t>& pads = context.attributes.Ints("pads");
    if (std::any_of(pads.begin(), pads.end(), [](int64_t pad) { return pad != 0; })) {
      return context.emit.Refuse("pads: auto_pad is {} too; only one of them may be", mode);
    }
  }
  if (mode == "VALID") return std::vector<int64_t>(2 * axes, 0);
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER") return SamePads(context, shape, mode == "SAME_UPPER");
  return context.emit.Refuse("auto_pad: '{}' is none of NOTSET, SAME_UPPER, SAME_LOWER, VALID", mode);
}

}  // namespace

Result<Values> ConvertConv(const NodeContext& context) {
  const ir::Type& x = context.Input(0)->type;
  const ir::Type& w = context.Input(1)->type;
  if (x.Rank() < 3) return context.emit.Refuse("x: must have at least 3 dimensions, is {}", x.ToText());
  if (w.Rank() != x.Rank()) return context.emit.Refuse("w: is {} for an operand {}", w.ToText(), x.ToText());
  ConvShape shape;
  const auto axes = static_cast<size_t>(x.Rank() - 2);
  for (size_t i = 0; i < axes; ++i) {
    if (!w.dims[i + 2].IsConstant()) return context.emit.Refuse("w: {} has a symbolic kernel", w.ToText());
    shape.kernel.push_back(w.dims[i + 2].Value());
  }
  RNNC_ASSIGN(shape.strides, ListOr(context, "strides", axes, 1, 1));
  RNNC_ASSIGN(shape.dilations, ListOr(context, "dilations", axes, 1, 1));
  if (context.attributes.Has("kernel_shape") && context.attributes.Ints("kernel_shape") != shape.kernel) {
    return context.emit.Refuse("kernel_shape: is not that of the weights, {}", w.ToText());
  }
  RNNC_ASSIGN(shape.pads, Pads(context, shape));
  const AttributeMap attributes = {{"strides", shape.strides},
                                   {"dilations", shape.dilations},
                                   {"pads", shape.pads},
                                   {"group", context.attributes.Int("group")}};
  return context.emit.Op(ir::OpKind::kConv, context.inputs, attributes);
}

}  // namespace rnnc::import
