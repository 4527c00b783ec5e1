// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "compiler/import/operators.h"

// Conv, ConvTranspose and pooling: every attribute written out, auto_pad included.
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

// A known mode, and no pads beside it.
Result<> CheckAutoPad(const NodeContext& context) {
  const std::string& mode = context.attributes.String("auto_pad");
  if (mode == "NOTSET") return Ok();
  if (mode != "VALID" && mode != "SAME_UPPER" && mode != "SAME_LOWER") {
    return context.emit.Refuse("auto_pad: '{}' is none of NOTSET, SAME_UPPER, SAME_LOWER, VALID", mode);
  }
  if (!context.attributes.Has("pads")) return Ok();
  const std::vector<int64_t>& pads = context.attributes.Ints("pads");
  if (std::all_of(pads.begin(), pads.end(), [](int64_t pad) { return pad == 0; })) return Ok();
  return context.emit.Refuse("pads: auto_pad is {} too; only one of them may be", mode);
}

Result<std::vector<int64_t>> Pads(const NodeContext& context, const ConvShape& shape) {
  RNNC_TRY(CheckAutoPad(context));
  const std::string& mode = context.attributes.String("auto_pad");
  const size_t axes = shape.kernel.size();
  if (mode == "NOTSET") return ListOr(context, "pads", 2 * axes, 0, 0);
  if (mode == "VALID") return std::vector<int64_t>(2 * axes, 0);
  return SamePads(context, shape, mode == "SAME_UPPER");
}

}  // namespace

namespace {

// Strides and dilations; `w`: the weights, whose last axes the kernel is.
Result<ConvShape> ShapeOfConv(const NodeContext& context) {
  const ir::Type& x = context.Input(0)->type;
  const ir::Type& w = context.Input(1)->type;
  if (x.Rank() < 3) return context.emit.Refuse("x: must have at least 3 dimensions, is {}", x.ToText());
  if (w.Rank() != x.Rank()) return context.emit.Refuse("w: is {} for an operand {}", w.ToText(), x.ToText());
  ConvShape shape;
  const auto axes = static_cast<size_t>(x.Rank() - 2);
  for (size_t i = 0; i < axes; ++i) {
    if (!w.dims[i + 2].IsConstant())
      return context.emit.Refuse("w: {} has a symbolic kernel; bind its size with --dim", w.ToText());
    shape.kernel.push_back(w.dims[i + 2].Value());
  }
  RNNC_ASSIGN(shape.strides, ListOr(context, "strides", axes, 1, 1));
  RNNC_ASSIGN(shape.dilations, ListOr(context, "dilations", axes, 1, 1));
  if (context.attributes.Has("kernel_shape") && context.attributes.Ints("kernel_shape") != shape.kernel) {
    return context.emit.Refuse("kernel_shape: is not that of the weights, {}", w.ToText());
  }
  return shape;
}

// The pads that leave `wanted` elements of axis i: of an odd number the greater half behind for SAME_UPPER.
// Until opset 10 the text had it the other way round.
Result<> TransposedPads(const NodeContext& context, ConvShape& shape, const std::vector<int64_t>& padding,
                        size_t i, const ir::Dim& wanted) {
  const ir::Dim total = (context.Input(0)->type.dims[i + 2] - 1) * ir::Dim(shape.strides[i]) +
                        ir::Dim(padding[i] + (shape.kernel[i] - 1) * shape.dilations[i] + 1) - wanted;
  if (!total.IsConstant()) {
    return context.emit.Refuse("output_shape: {} depends on a length; bind it with --dim", total.ToText());
  }
  if (total.Value() < 0) {
    return context.emit.Refuse("output_shape: {} elements more than there are; give output_padding",
                               -total.Value());
  }
  if (total.Value() % 2 != 0 && context.opset < 11) {
    return context.emit.Refuse(
        "output_shape: an odd number of pads, {}: versions of ONNX disagree on the side; convert to opset 11",
        total.Value());
  }
  const bool upper = context.attributes.String("auto_pad") == "SAME_UPPER";
  const int64_t half = total.Value() / 2;
  shape.pads[i] = upper ? half : total.Value() - half;
  shape.pads[i + shape.kernel.size()] = total.Value() - shape.pads[i];
  return Ok();
}

}  // namespace

Result<Values> ConvertConv(const NodeContext& context) {
  RNNC_ASSIGN(ConvShape shape, ShapeOfConv(context));
  RNNC_ASSIGN(shape.pads, Pads(context, shape));
  const AttributeMap attributes = {{"strides", shape.strides},
                                   {"dilations", shape.dilations},
                                   {"pads", shape.pads},
                                   {"group", context.attributes.Int("group")}};
  return context.emit.Op(ir::OpKind::kConv, context.inputs, attributes);
}

Result<Values> ConvertConvTranspose(const NodeContext& context) {
  RNNC_ASSIGN(ConvShape shape, ShapeOfConv(context));
  const size_t axes = shape.kernel.size();
  RNNC_ASSIGN(const std::vector<int64_t> padding, ListOr(context, "output_padding", axes, 0, 0));
  const std::string& mode = context.attributes.String("auto_pad");
  RNNC_TRY(CheckAutoPad(context));
  const bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  shape.pads.assign(2 * axes, 0);
  if (context.attributes.Has("output_shape")) {
    RNNC_ASSIGN(const std::vector<int64_t> wanted, ListOr(context, "output_shape", axes, 0, 1));
    for (size_t i = 0; i < axes; ++i) {
      RNNC_TRY(TransposedPads(context, shape, padding, i, ir::Dim(wanted[i])));
    }
  } else if (same) {  // output = input * stride
    for (size_t i = 0; i < axes; ++i) {
      const ir::Dim wanted = context.Input(0)->type.dims[i + 2] * ir::Dim(shape.strides[i]);
      RNNC_TRY(TransposedPads(context, shape, padding, i, wanted));
    }
  } else if (mode == "NOTSET") {
    RNNC_ASSIGN(shape.pads, ListOr(context, "pads", 2 * axes, 0, 0));
  }
  const AttributeMap attributes = {{"strides", shape.strides},
                                   {"dilations", shape.dilations},
                                   {"pads", shape.pads},
                                   {"output_padding", padding},
                                   {"group", context.attributes.Int("group")}};
  return context.emit.Op(ir::OpKind::kConvTranspose, context.inputs, attributes);
}

Result<Values> ConvertPool(const NodeContext& context) {
  const ir::Type& x = context.Input(0)->type;
  if (x.Rank() < 3) return context.emit.Refuse("x: must have at least 3 dimensions, is {}", x.ToText());
  if (context.attributes.Has("storage_order") && context.HasOutput(1)) {
    return context.emit.Refuse("output Indices: is not computed; export without it");
  }
  ConvShape shape;
  const auto axes = static_cast<size_t>(x.Rank() - 2);
  RNNC_ASSIGN(shape.kernel, ListOr(context, "kernel_shape", axes, 1, 1));
  RNNC_ASSIGN(shape.strides, ListOr(context, "strides", axes, 1, 1));
  RNNC_ASSIGN(shape.dilations, ListOr(context, "dilations", axes, 1, 1));
  RNNC_ASSIGN(shape.pads, Pads(context, shape));
  const bool ceil = context.attributes.Has("ceil_mode") && context.attributes.Int("ceil_mode") != 0;
  AttributeMap attributes = {{"kernel_shape", shape.kernel},
                             {"strides", shape.strides},
                             {"dilations", shape.dilations},
                             {"pads", shape.pads},
                             {"ceil_mode", int64_t{ceil}}};
  if (context.rule.kind == ir::OpKind::kAveragePool) {
    attributes["count_include_pad"] = context.attributes.Int("count_include_pad");
  }
  return context.emit.Op(context.rule.kind, {context.Input(0)}, attributes);
}

}  // namespace rnnc::import
