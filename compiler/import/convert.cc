// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <numeric>

#include "compiler/import/operators.h"
#include "compiler/import/tensor.h"
#include "compiler/ir/shape_rules.h"

// Conversions that bring older forms of an operator into the newest, and constants.
namespace rnnc::import {

using ir::OpKind;

std::string NodeContext::HelperName(std::string_view what) const {
  const std::string base =
      node.output_size() > 0 && !node.output(0).empty() ? node.output(0) : node.op_type();
  return base + "_" + std::string(what);
}

Result<Values> Emitter::Op(OpKind kind, Values operands, const AttributeMap& attributes) {
  while (!operands.empty() && operands.back() == nullptr) operands.pop_back();
  ir::Builder builder(block_);
  builder.location = location_;
  ir::Operation* operation = builder.Create(kind, operands, {});
  for (const auto& [name, value] : attributes) operation->Set(name, value);
  Result<std::vector<ir::Type>> types = ir::InferTypes(*operation, ints_);
  if (!types) {
    block_.Erase(operation);
    return std::move(types).diagnostics();
  }
  for (const ir::Type& type : *types) operation->AddResult(type);
  return operation->Results();
}

Result<ir::Value*> Emitter::One(OpKind kind, Values operands, const AttributeMap& attributes) {
  RNNC_ASSIGN(Values results, Op(kind, std::move(operands), attributes));
  return results.front();
}

ir::Value* Emitter::Const(const std::string& name, ir::TensorPtr tensor) {
  return module_.AddConst(name, std::move(tensor));
}

ir::Value* Emitter::Ints(const std::string& name, const std::vector<int64_t>& values) {
  return Const(name, ir::MakeIntTensor(values));
}

Result<Values> Direct(const NodeContext& context) {
  return context.emit.Op(context.rule.kind, context.inputs, context.attributes.values);
}

Result<Values> AxesToOperand(const NodeContext& context) {
  AttributeMap attributes = context.attributes.values;
  attributes.erase("axes");
  if (context.rule.kind != OpKind::kSqueeze && context.rule.kind != OpKind::kUnsqueeze) {
    attributes["noop_with_empty_axes"] = int64_t{0};
  }
  ir::Value* axes = nullptr;
  if (context.attributes.Has("axes")) {
    axes = context.emit.Ints(context.HelperName("axes"), context.attributes.Ints("axes"));
  }
  return context.emit.Op(context.rule.kind, {context.Input(0), axes}, attributes);
}

Result<Values> ConvertTranspose(const NodeContext& context) {
  AttributeMap attributes = context.attributes.values;
  if (!context.attributes.Has("perm")) {  // default: all axes reversed
    std::vector<int64_t> perm(context.Input(0)->type.dims.size());
    std::iota(perm.rbegin(), perm.rend(), 0);
    attributes["perm"] = perm;
  }
  return context.emit.Op(OpKind::kTranspose, context.inputs, attributes);
}

Result<Values> ConvertShape(const NodeContext& context) {
  AttributeMap attributes = context.attributes.values;
  attributes.try_emplace("start", int64_t{0});
  return context.emit.Op(OpKind::kShape, context.inputs, attributes);
}

Result<Values> ConvertReshape(const NodeContext& context) {
  AttributeMap attributes = context.attributes.values;
  attributes.try_emplace("allowzero", int64_t{0});
  return context.emit.Op(OpKind::kReshape, context.inputs, attributes);
}

Result<Values> ConvertCast(const NodeContext& context) {
  const int64_t to = context.attributes.Int("to");
  const std::optional<ir::ElementType> element = ElementTypeOf(to);
  if (!element) {
    return context.emit.Refuse("to: {} is not computed; convert the model to a float or integer type",
                               DataTypeName(to));
  }
  return context.emit.Op(OpKind::kCast, context.inputs, {{"to", std::string(ir::ToText(*element))}});
}

Result<Values> ClipBoundsToOperands(const NodeContext& context) {
  Values operands = {context.Input(0), nullptr, nullptr};
  const char* names[] = {"min", "max"};
  for (size_t i = 0; i < 2; ++i) {
    if (!context.attributes.Has(names[i])) continue;
    operands[i + 1] = context.emit.Const(
        context.HelperName(names[i]),
        ir::MakeScalar(context.Input(0)->type.element, context.attributes.Float(names[i])));
  }
  return context.emit.Op(OpKind::kClip, operands);
}

// When the model runs, Dropout is the identity (unless training_mode says otherwise) and its mask is true.
Result<Values> ConvertDropout(const NodeContext& context) {
  if (const ir::Value* training = context.Input(2); training != nullptr) {
    const auto known = context.emit.Ints().IntegersOf(training);
    if (!known || known->size() != 1) {
      return context.emit.Refuse(
          "training_mode: is not known when compiled; bind it with --const, or export for inference");
    }
    if (known->front() != 0) return context.emit.Refuse("training_mode: is true; export for inference");
  }
  RNNC_ASSIGN(ir::Value * data, context.emit.One(OpKind::kIdentity, {context.Input(0)}));
  if (!context.HasOutput(1)) return Values{data};
  if (context.opset < 12) return context.emit.Refuse("mask: is not defined for inference; export without it");
  RNNC_ASSIGN(ir::Value * shape,
              context.emit.One(OpKind::kShape, {context.Input(0)}, {{"start", int64_t{0}}}));
  ir::Value* value =
      context.emit.Const(context.HelperName("true"), ir::MakeScalar(ir::ElementType::kBool, 1));
  RNNC_ASSIGN(ir::Value * mask, context.emit.One(OpKind::kConstantOfShape, {shape, value}));
  return Values{data, mask};
}

// Until opset 12: softmax over all elements from `axis` on. Same as today's for the last axis.
Result<Values> CoercedSoftmax(const NodeContext& context) {
  ir::Value* x = context.Input(0);
  const int64_t rank = x->type.Rank();
  int64_t axis = context.attributes.Int("axis");
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > rank) {
    return context.emit.Refuse("axis: {} is outside the {} axes of the operand",
                               context.attributes.Int("axis"), rank);
  }
  if (axis == rank - 1) return context.emit.Op(context.rule.kind, {x}, {{"axis", axis}});
  RNNC_ASSIGN(ir::Value * matrix, context.emit.One(OpKind::kFlatten, {x}, {{"axis", axis}}));
  RNNC_ASSIGN(ir::Value * y, context.emit.One(context.rule.kind, {matrix}, {{"axis", int64_t{1}}}));
  RNNC_ASSIGN(ir::Value * shape, context.emit.One(OpKind::kShape, {x}, {{"start", int64_t{0}}}));
  // allowzero: the sizes are real ones, 0 included.
  return context.emit.Op(OpKind::kReshape, {y, shape}, {{"allowzero", int64_t{1}}});
}

Result<Values> ConvertSplit(const NodeContext& context) {
  AttributeMap attributes = context.attributes.values;
  ir::Value* sizes = context.Input(1);
  if (context.attributes.Has("split")) {
    sizes = context.emit.Ints(context.HelperName("split"), context.attributes.Ints("split"));
    attributes.erase("split");
  }
  const int64_t outputs = context.node.output_size();
  if (sizes != nullptr && context.attributes.Has("num_outputs")) {
    return context.emit.Refuse("num_outputs: the operand split is there too; only one of them may be");
  }
  if (context.attributes.Has("num_outputs") && context.attributes.Int("num_outputs") != outputs) {
    return context.emit.Refuse("num_outputs: is {}, the node has {} outputs",
                               context.attributes.Int("num_outputs"), outputs);
  }
  if (sizes == nullptr) attributes["num_outputs"] = outputs;
  RNNC_ASSIGN(Values parts, context.emit.Op(OpKind::kSplit, {context.Input(0), sizes}, attributes));
  if (static_cast<int64_t>(parts.size()) != outputs) {
    return context.emit.Refuse("split: gives {} parts, the node has {} outputs", parts.size(), outputs);
  }
  // Before 18 the parts had to be equal.
  if (context.opset < 18 && sizes == nullptr && !(parts.front()->type == parts.back()->type)) {
    return context.emit.Refuse("split: is absent, and {} parts of {} are not equal", outputs,
                               context.Input(0)->type.ToText());
  }
  return parts;
}

Result<Values> SliceAttributesToOperands(const NodeContext& context) {
  Values operands = {context.Input(0)};
  for (const char* name : {"starts", "ends", "axes"}) {
    operands.push_back(context.attributes.Has(name)
                           ? context.emit.Ints(context.HelperName(name), context.attributes.Ints(name))
                           : nullptr);
  }
  return context.emit.Op(OpKind::kSlice, operands);
}

namespace {

// What each version knows: constant, reflect and edge always, wrap from 19 on.
Result<> CheckPadMode(const NodeContext& context) {
  const std::string& mode = context.attributes.String("mode");
  if (mode == "constant" || mode == "reflect" || mode == "edge") return Ok();
  if (mode == "wrap" && context.opset >= 19) return Ok();
  return context.emit.Refuse("mode: '{}' is not computed at opset {}; constant, reflect and edge are", mode,
                             context.opset);
}

}  // namespace

Result<Values> PadAttributesToOperands(const NodeContext& context) {
  RNNC_TRY(CheckPadMode(context));
  ir::Value* pads = context.emit.Ints(context.HelperName("pads"), context.attributes.Ints("pads"));
  ir::Value* value =
      context.emit.Const(context.HelperName("value"),
                         ir::MakeScalar(context.Input(0)->type.element, context.attributes.Float("value")));
  return context.emit.Op(OpKind::kPad, {context.Input(0), pads, value},
                         {{"mode", context.attributes.String("mode")}});
}

Result<Values> ConvertPad(const NodeContext& context) {
  RNNC_TRY(CheckPadMode(context));
  return Direct(context);
}

Result<Values> ConvertConstant(const NodeContext& context) {
  const NodeAttributes& attributes = context.attributes;
  if (attributes.given.size() != 1) {
    return context.emit.Refuse("value: a Constant has exactly one value attribute, this one {}",
                               attributes.given.size());
  }
  const std::string name = context.HasOutput(0) ? context.node.output(0) : "constant";
  const std::string& given = *attributes.given.begin();
  ir::TensorPtr tensor;
  if (given == "value") {
    RNNC_ASSIGN(tensor,
                ReadTensor(*attributes.tensors.at("value"), context.folder, context.emit.At(), "value"));
  } else if (given == "value_float") {
    tensor = ir::MakeScalar(ir::ElementType::kF32, attributes.Float(given));
  } else if (given == "value_floats") {
    const auto& values = std::get<std::vector<double>>(attributes.values.at(given));
    tensor = ir::MakeFloatTensor({static_cast<int64_t>(values.size())}, values);
  } else if (given == "value_int") {
    ir::Tensor scalar = ir::ZeroTensor(ir::MakeType(ir::ElementType::kI64, {}));
    scalar.SetInteger(0, attributes.Int(given));
    tensor = std::make_shared<const ir::Tensor>(std::move(scalar));
  } else {
    tensor = ir::MakeIntTensor(attributes.Ints(given));
  }
  return Values{context.emit.Const(name, tensor)};
}

Result<Values> ConvertConstantOfShape(const NodeContext& context) {
  ir::TensorPtr value;
  if (auto given = context.attributes.tensors.find("value"); given != context.attributes.tensors.end()) {
    RNNC_ASSIGN(value, ReadTensor(*given->second, context.folder, context.emit.At(), "value"));
  } else {
    value = ir::MakeFloatTensor({1}, {0});
  }
  ir::Value* operand = context.emit.Const(context.HelperName("value"), value);
  return context.emit.Op(OpKind::kConstantOfShape, {context.Input(0), operand});
}

}  // namespace rnnc::import
