// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/passes/models.h"

#include "compiler/ir/builder.h"

namespace rnnc::passes {
namespace {

using ir::Attribute;
using ir::Dim;
using ir::ElementType;
using ir::Operation;
using ir::OpKind;
using ir::Type;
using ir::Value;

Type F32(std::vector<Dim> dims) { return ir::MakeType(ElementType::kF32, std::move(dims)); }

struct Maker {
  const CellModel& model;
  ir::Module& module;
  ir::Builder builder;
  uint64_t seed = 1;

  Value* Weights(const std::string& name, const std::vector<int64_t>& dims) {
    return module.AddConst(name, std::make_shared<ir::Tensor>(RandomTensor(dims, seed++)));
  }
  int64_t Gates() const { return model.kind == OpKind::kLstm ? 4 : model.kind == OpKind::kGru ? 3 : 1; }

  // One recurrent operator with its states; gives Y without the axis of directions.
  Value* Layer(Value* x, int64_t inputs, int layer) {
    const std::string number = std::to_string(layer);
    const int64_t rows = Gates() * model.hidden;
    const bool lstm = model.kind == OpKind::kLstm;
    std::vector<Value*> operands = {x, Weights("W" + number, {1, rows, inputs}),
                                    Weights("R" + number, {1, rows, model.hidden}),
                                    Weights("B" + number, {1, 2 * rows}), nullptr};
    const Type state = F32({1, model.batch, model.hidden});
    std::vector<Value*> states;
    if (model.states) {
      states.push_back(module.AddState("h" + number, state, nullptr));
      if (lstm) states.push_back(module.AddState("c" + number, state, nullptr));
      operands.insert(operands.end(), states.begin(), states.end());
    }
    builder.location = {"test.onnx", {"/layer" + number}};
    std::vector<Type> results = {F32({model.steps, 1, model.batch, model.hidden}), state};
    if (lstm) results.push_back(state);
    Operation* cell = builder.Create(model.kind, operands, results);
    cell->Set("hidden_size", model.hidden);
    cell->Set("direction", std::string("forward"));
    cell->Set("layout", int64_t{0});
    std::vector<std::string> activations = {"Tanh"};
    if (lstm) activations = {"Sigmoid", "Tanh", "Tanh"};
    if (model.kind == OpKind::kGru) activations = {"Sigmoid", "Tanh"};
    cell->Set("activations", activations);
    if (lstm) cell->Set("input_forget", int64_t{0});
    if (model.kind == OpKind::kGru) cell->Set("linear_before_reset", int64_t{model.linear_before_reset});
    for (size_t i = 0; i < states.size(); ++i) {
      builder.Create(OpKind::kUpdate, {states[i], cell->Result(i + 1)}, {});
    }
    return builder.Op(OpKind::kSqueeze, {cell->Result(), module.AddConst("axes", ir::MakeIntTensor({1}))},
                      F32({model.steps, model.batch, model.hidden}));
  }

  Value* LastStep(Value* y) {
    Value* last = module.AddConst("last", ir::MakeScalar(ElementType::kI64, -1));
    Operation* gather = builder.Create(OpKind::kGather, {y, last}, {F32({model.batch, model.hidden})});
    gather->Set("axis", int64_t{0});
    return gather->Result();
  }

  Value* Head(Value* y) {
    builder.location = {"test.onnx", {"/head"}};
    Type type = y->type;
    type.dims.back() = 3;
    Value* product = builder.Op(OpKind::kMatmul, {y, Weights("V", {model.hidden, 3})}, type);
    return builder.Op(OpKind::kAdd, {product, Weights("v", {3})}, type);
  }
};

}  // namespace

std::unique_ptr<ir::Module> MakeCellModel(const CellModel& model) {
  auto module = std::make_unique<ir::Module>();
  module->name = "test";
  module->source = "test.onnx";
  module->opset = 17;
  ir::Function* function = module->AddFunction("main");
  Value* y = function->Body().AddArgument(F32({model.steps, model.batch, model.inputs}), "x");
  Maker maker{model, *module, ir::Builder(function->Body()), 1};
  int64_t inputs = model.inputs;
  for (int layer = 0; layer < model.layers; ++layer) {
    y = maker.Layer(y, inputs, layer);
    inputs = model.hidden;
  }
  if (model.last_step) y = maker.LastStep(y);
  if (model.head) y = maker.Head(y);
  y->name = "y";
  maker.builder.location = {};
  maker.builder.Create(OpKind::kReturn, {y}, {});
  function->result_names = {"y"};
  return module;
}

ir::Tensor RandomTensor(const std::vector<int64_t>& dims, uint64_t seed) {
  ir::Tensor tensor = ir::ZeroTensor(ir::MakeStaticType(ElementType::kF32, dims));
  uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  for (int64_t i = 0; i < tensor.ElementCount(); ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    tensor.SetNumber(i, static_cast<double>(state >> 40) / double{1 << 23} - 1.0);
  }
  return tensor;
}

ir::Array RandomArray(const std::vector<int64_t>& dims, uint64_t seed) {
  return ir::ArrayOf(RandomTensor(dims, seed));
}

}  // namespace rnnc::passes
