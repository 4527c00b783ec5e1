// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <numeric>

#include "compiler/import/operators.h"
#include "compiler/import/tensor.h"
#include "compiler/ir/shape_rules.h"

// Operators that others say: ONNX's own function bodies, and reshapes around a simpler operator.
namespace rnnc::import {

using ir::Dim;
using ir::ElementType;
using ir::OpKind;

namespace {

const AttributeMap kRealSizes = {{"allowzero", int64_t{1}}};
const AttributeMap kKept = {{"keepdims", int64_t{1}}, {"noop_with_empty_axes", int64_t{0}}};

// `x` in dims that hold as many elements; sizes that are not known yet are taken from x's own shape.
Result<ir::Value*> Reshaped(const NodeContext& context, ir::Value* x, const std::vector<Dim>& dims,
                            std::string_view what) {
  std::vector<int64_t> sizes;
  std::vector<ir::Value*> parts;
  bool open = false;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i].IsConstant()) {
      sizes.push_back(dims[i].Value());
    } else if (i < x->type.dims.size() && x->type.dims[i] == dims[i]) {
      sizes.push_back(0);
    } else if (!open) {
      sizes.push_back(-1);
      open = true;
    } else {
      return context.emit.Refuse("{}: {} as {} has several sizes that are not known; bind them with --dim",
                                 what, x->type.ToText(), ir::MakeType(x->type.element, dims).ToText());
    }
  }
  return context.emit.One(OpKind::kReshape, {x, context.emit.Ints(context.HelperName(what), sizes)},
                          {{"allowzero", int64_t{0}}});
}

// All axes from `first` on.
std::vector<int64_t> AxesFrom(const ir::Value* x, int64_t first) {
  std::vector<int64_t> axes;
  for (int64_t axis = first; axis < x->type.Rank(); ++axis) axes.push_back(axis);
  return axes;
}

Result<ir::Value*> Scalar(const NodeContext& context, std::string_view what, ElementType element,
                          double value) {
  return context.emit.Const(context.HelperName(what), ir::MakeScalar(element, value));
}

Result<ir::Value*> CastTo(const NodeContext& context, ir::Value* x, ElementType element) {
  if (x->type.element == element) return x;
  return context.emit.One(OpKind::kCast, {x}, {{"to", std::string(ir::ToText(element))}});
}

// What a normalisation computes its statistics in: f64 for f64, else f32.
ElementType StatisticsOf(const ir::Value* x) {
  return x->type.element == ElementType::kF64 ? ElementType::kF64 : ElementType::kF32;
}

// Over all axes from `axis` on.
Result<ir::Value*> Normalized(const NodeContext& context, const Values& operands, int64_t axis,
                              ElementType stash) {
  return context.emit.One(OpKind::kLayerNormalization, operands,
                          {{"axis", axis},
                           {"epsilon", context.attributes.Float("epsilon")},
                           {"stash", std::string(ir::ToText(stash))}});
}

Result<> CheckStash(const NodeContext& context) {
  if (!context.attributes.Has("stash_type") || context.attributes.Int("stash_type") == 1) return Ok();
  return context.emit.Refuse("stash_type: {} is not computed; 1 (float) is",
                             DataTypeName(context.attributes.Int("stash_type")));
}

}  // namespace

// ---- Normalisations ----

Result<Values> ConvertBatchNormalization(const NodeContext& context) {
  if (context.attributes.Has("training_mode") && context.attributes.Int("training_mode") != 0) {
    return context.emit.Refuse("training_mode: is {}; export for inference",
                               context.attributes.Int("training_mode"));
  }
  if (context.attributes.Has("spatial") && context.attributes.Int("spatial") != 1) {
    return context.emit.Refuse("spatial: is {}; only 1 is computed", context.attributes.Int("spatial"));
  }
  return context.emit.Op(OpKind::kBatchNormalization, context.inputs,
                         {{"epsilon", context.attributes.Float("epsilon")}});
}

Result<Values> ConvertLayerNormalization(const NodeContext& context) {
  RNNC_TRY(CheckStash(context));
  return context.emit.Op(OpKind::kLayerNormalization, context.inputs,
                         {{"axis", context.attributes.Int("axis")},
                          {"epsilon", context.attributes.Float("epsilon")},
                          {"stash", std::string("f32")}});
}

// Over the spatial axes of each instance and channel, with a scale and a bias of each channel.
Result<Values> ConvertInstanceNormalization(const NodeContext& context) {
  ir::Value* x = context.Input(0);
  if (x->type.Rank() < 3) {
    return context.emit.Refuse("input: must have at least 3 dimensions, is {}", x->type.ToText());
  }
  Values operands = {x};
  std::vector<int64_t> spatial(static_cast<size_t>(x->type.Rank() - 2));
  std::iota(spatial.begin(), spatial.end(), 1);
  ir::Value* axes = context.emit.Ints(context.HelperName("axes"), spatial);
  for (size_t i : {size_t{1}, size_t{2}}) {
    if (!(context.Input(i)->type == ir::MakeType(x->type.element, {x->type.dims[1]}))) {
      return context.emit.Refuse("{}: must be one for each of {} channels, is {}{}", i == 1 ? "scale" : "B",
                                 x->type.dims[1].ToText(), context.Input(i)->type.ToText(),
                                 ir::BindingHint({x->type.dims[1]}, context.Input(i)->type.dims));
    }
    RNNC_ASSIGN(ir::Value * each, context.emit.One(OpKind::kUnsqueeze, {context.Input(i), axes}));
    operands.push_back(each);
  }
  RNNC_ASSIGN(ir::Value * y, Normalized(context, operands, 2, StatisticsOf(x)));
  return Values{y};
}

// [N,C,..] as [N,G,C/G,..], normalised over all but the first two axes. Scale and bias were of a group until
// opset 20 and are of a channel since.
Result<Values> ConvertGroupNormalization(const NodeContext& context) {
  RNNC_TRY(CheckStash(context));
  ir::Value* x = context.Input(0);
  const int64_t groups = context.attributes.Int("num_groups");
  if (x->type.Rank() < 2 || groups < 1 || !x->type.dims[1].IsConstant() ||
      x->type.dims[1].Value() % groups != 0) {
    return context.emit.Refuse("num_groups: {} groups of {}{}", groups, x->type.ToText(),
                               x->type.Rank() < 2 ? "" : ir::BindingHint(x->type.dims[1]));
  }
  const bool of_channels = context.opset >= 21;
  const int64_t width = x->type.dims[1].Value() / groups;
  std::vector<Dim> dims = {x->type.dims[0], Dim(groups), Dim(width)};
  dims.insert(dims.end(), x->type.dims.begin() + 2, x->type.dims.end());
  std::vector<Dim> each = {Dim(groups), Dim(of_channels ? width : 1)};
  each.resize(dims.size() - 1, Dim(1));
  RNNC_ASSIGN(ir::Value * grouped, Reshaped(context, x, dims, "groups"));
  Values operands = {grouped};
  for (size_t i : {size_t{1}, size_t{2}}) {
    const Dim wanted(of_channels ? groups * width : groups);
    if (!(context.Input(i)->type == ir::MakeType(x->type.element, {wanted}))) {
      return context.emit.Refuse("{}: must have {} elements, is {}", i == 1 ? "scale" : "bias",
                                 wanted.ToText(), context.Input(i)->type.ToText());
    }
    RNNC_ASSIGN(ir::Value * factor, Reshaped(context, context.Input(i), each, "each"));
    operands.push_back(factor);
  }
  RNNC_ASSIGN(ir::Value * y,
              Normalized(context, operands, 2, context.opset >= 21 ? ElementType::kF32 : StatisticsOf(x)));
  RNNC_ASSIGN(ir::Value * shape, context.emit.One(OpKind::kShape, {x}, {{"start", int64_t{0}}}));
  return context.emit.Op(OpKind::kReshape, {y, shape}, kRealSizes);
}

// X / sqrt(ReduceMean(X * X) + epsilon) in float (stash_type 1), then * scale.
Result<Values> ConvertRmsNormalization(const NodeContext& context) {
  RNNC_TRY(CheckStash(context));
  ir::Value* x = context.Input(0);
  int64_t axis = context.attributes.Int("axis");
  if (axis < 0) axis += x->type.Rank();
  if (axis < 0 || axis >= x->type.Rank()) {
    return context.emit.Refuse("axis: {} is outside the {} axes of the operand",
                               context.attributes.Int("axis"), x->type.Rank());
  }
  const Emitter& at = context.emit;
  RNNC_ASSIGN(ir::Value * wide, CastTo(context, x, ElementType::kF32));
  ir::Value* axes = context.emit.Ints(context.HelperName("axes"), AxesFrom(x, axis));
  RNNC_ASSIGN(ir::Value * squares, context.emit.One(OpKind::kMul, {wide, wide}));
  RNNC_ASSIGN(ir::Value * mean, context.emit.One(OpKind::kReduceMean, {squares, axes}, kKept));
  RNNC_ASSIGN(ir::Value * epsilon,
              Scalar(context, "epsilon", ElementType::kF32, context.attributes.Float("epsilon")));
  RNNC_ASSIGN(ir::Value * sum, context.emit.One(OpKind::kAdd, {mean, epsilon}));
  RNNC_ASSIGN(ir::Value * root, context.emit.One(OpKind::kSqrt, {sum}));
  RNNC_ASSIGN(ir::Value * quotient, context.emit.One(OpKind::kDiv, {wide, root}));
  RNNC_ASSIGN(ir::Value * normal, CastTo(context, quotient, x->type.element));
  RNNC_ASSIGN(ir::Value * y, context.emit.One(OpKind::kMul, {normal, context.Input(1)}));
  if (!(y->type == x->type)) {
    return at.Refuse("scale: {} does not broadcast to {}", context.Input(1)->type.ToText(), x->type.ToText());
  }
  return Values{y};
}

// (X - E[X]) / (sqrt(E[(X - E[X])^2]) + 1e-9).
Result<Values> ConvertMeanVarianceNormalization(const NodeContext& context) {
  ir::Value* x = context.Input(0);
  const std::vector<int64_t> given =
      context.attributes.Has("axes") ? context.attributes.Ints("axes") : std::vector<int64_t>{0, 2, 3};
  const ElementType element = StatisticsOf(x);
  RNNC_ASSIGN(ir::Value * wide, CastTo(context, x, element));
  ir::Value* axes = context.emit.Ints(context.HelperName("axes"), given);
  RNNC_ASSIGN(ir::Value * mean, context.emit.One(OpKind::kReduceMean, {wide, axes}, kKept));
  RNNC_ASSIGN(ir::Value * difference, context.emit.One(OpKind::kSub, {wide, mean}));
  RNNC_ASSIGN(ir::Value * squares, context.emit.One(OpKind::kMul, {difference, difference}));
  RNNC_ASSIGN(ir::Value * variance, context.emit.One(OpKind::kReduceMean, {squares, axes}, kKept));
  RNNC_ASSIGN(ir::Value * deviation, context.emit.One(OpKind::kSqrt, {variance}));
  RNNC_ASSIGN(ir::Value * epsilon, Scalar(context, "epsilon", element, 1e-9));
  RNNC_ASSIGN(ir::Value * divisor, context.emit.One(OpKind::kAdd, {deviation, epsilon}));
  RNNC_ASSIGN(ir::Value * y, context.emit.One(OpKind::kDiv, {difference, divisor}));
  RNNC_ASSIGN(ir::Value * result, CastTo(context, y, x->type.element));
  return Values{result};
}

Result<Values> ConvertGlobalPool(const NodeContext& context) {
  ir::Value* x = context.Input(0);
  if (x->type.Rank() < 3) {
    return context.emit.Refuse("x: must have at least 3 dimensions, is {}", x->type.ToText());
  }
  ir::Value* axes = context.emit.Ints(context.HelperName("axes"), AxesFrom(x, 2));
  return context.emit.Op(context.rule.kind, {x, axes}, kKept);
}

Result<Values> ConvertSwish(const NodeContext& context) {
  ir::Value* x = context.Input(0);
  RNNC_ASSIGN(ir::Value * alpha,
              Scalar(context, "alpha", x->type.element, context.attributes.Float("alpha")));
  RNNC_ASSIGN(ir::Value * scaled, context.emit.One(OpKind::kMul, {x, alpha}));
  RNNC_ASSIGN(ir::Value * gate, context.emit.One(OpKind::kSigmoid, {scaled}));
  return context.emit.Op(OpKind::kMul, {x, gate});
}

// ---- Blocks of space ----

namespace {

// x as [N, ..], its axes permuted, and as `to`.
Result<Values> Rearranged(const NodeContext& context, const std::vector<Dim>& from,
                          const std::vector<int64_t>& perm, const std::vector<Dim>& to) {
  RNNC_ASSIGN(ir::Value * split, Reshaped(context, context.Input(0), from, "split"));
  RNNC_ASSIGN(ir::Value * moved, context.emit.One(OpKind::kTranspose, {split}, {{"perm", perm}}));
  RNNC_ASSIGN(ir::Value * joined, Reshaped(context, moved, to, "joined"));
  return Values{joined};
}

}  // namespace

Result<Values> ConvertDepthToSpace(const NodeContext& context) {
  const std::vector<Dim>& x = context.Input(0)->type.dims;
  const int64_t b = context.attributes.Int("blocksize");
  const std::string mode = context.attributes.Has("mode") ? context.attributes.String("mode") : "DCR";
  if (mode != "DCR" && mode != "CRD") return context.emit.Refuse("mode: '{}' is neither DCR nor CRD", mode);
  const auto depth = x.size() == 4 && b > 0 && b < 1024 ? x[1].DividedBy(Dim(b * b)) : std::nullopt;
  if (!depth) {
    return context.emit.Refuse("blocksize: {} for {}{}", b, context.Input(0)->type.ToText(),
                               x.size() == 4 ? ir::BindingHint(x[1]) : "");
  }
  const std::vector<Dim> to = {x[0], *depth, x[2] * Dim(b), x[3] * Dim(b)};
  if (mode == "DCR") {
    return Rearranged(context, {x[0], Dim(b), Dim(b), *depth, x[2], x[3]}, {0, 3, 4, 1, 5, 2}, to);
  }
  return Rearranged(context, {x[0], *depth, Dim(b), Dim(b), x[2], x[3]}, {0, 1, 4, 2, 5, 3}, to);
}

Result<Values> ConvertSpaceToDepth(const NodeContext& context) {
  const std::vector<Dim>& x = context.Input(0)->type.dims;
  const int64_t b = context.attributes.Int("blocksize");
  if (x.size() != 4 || b < 1 || b > 1024 || !x[2].DividedBy(Dim(b)) || !x[3].DividedBy(Dim(b))) {
    return context.emit.Refuse("blocksize: {} for {}{}", b, context.Input(0)->type.ToText(),
                               x.size() == 4 ? ir::BindingHint(x[2] + x[3]) : "");
  }
  const Dim rows = *x[2].DividedBy(Dim(b)), columns = *x[3].DividedBy(Dim(b));
  return Rearranged(context, {x[0], x[1], rows, Dim(b), columns, Dim(b)}, {0, 3, 5, 1, 2, 4},
                    {x[0], x[1] * Dim(b * b), rows, columns});
}

}  // namespace rnnc::import
