// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <filesystem>

#include "compiler/import/graph.h"
#include "compiler/support/strings.h"

namespace rnnc::import {
namespace {

struct State {
  const ModelFile& model;
  const CheckedGraph& graph;
  ImportNotes* notes;
  BuiltGraph built;
  ir::Block* block = nullptr;
  ir::KnownInts ints;
  std::map<std::string, ir::Value*> values;  // null: of a refused node
};

// "kws" of kws.onnx; of a file called model.onnx, its folder's name.
std::string ModuleName(const std::string& path) {
  const std::filesystem::path file = std::filesystem::absolute(path).lexically_normal();
  const std::string stem = file.stem().string();
  return CIdentifier(stem == "model" ? file.parent_path().filename().stem().string() : stem);
}

ir::Value* FindValue(State& state, const std::string& name) {
  if (name.empty()) return nullptr;
  if (auto found = state.values.find(name); found != state.values.end()) return found->second;
  auto initialiser = state.graph.initialisers.find(name);
  if (initialiser == state.graph.initialisers.end()) return nullptr;
  ir::Value* value = state.built.module->AddConst(name, initialiser->second);
  state.values[name] = value;
  return value;
}

void AddInputs(State& state, const std::vector<GraphInput>& inputs) {
  for (const GraphInput& input : inputs) {
    state.values[input.name] = input.value != nullptr ? state.built.module->AddConst(input.name, input.value)
                                                      : state.block->AddArgument(input.type, input.name);
  }
}

void NoteSymbols(State& state, const CheckedNode& node, const Values& inputs) {
  RecurrentSymbols& symbols = state.built.symbols;
  const auto add = [](std::set<std::string>& to, const ir::Value* value, size_t axis) {
    if (value == nullptr || axis >= value->type.dims.size()) return;
    for (const std::string& symbol : value->type.dims[axis].Symbols()) to.insert(symbol);
  };
  if (inputs.empty() || inputs[0] == nullptr) {
    symbols.complete = false;
    return;
  }
  const bool batch_first = node.attributes.Has("layout") && node.attributes.Int("layout") != 0;
  add(symbols.time, inputs[0], batch_first ? 1 : 0);
  add(symbols.batch, inputs[0], batch_first ? 0 : 1);
  for (size_t i : {size_t{5}, size_t{6}}) {
    if (i < inputs.size()) add(symbols.batch, inputs[i], batch_first ? 0 : 1);
  }
}

void SetOutputs(State& state, const CheckedNode& node, const Values& outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const bool named =
        static_cast<int>(i) < node.proto->output_size() && !node.proto->output(static_cast<int>(i)).empty();
    ir::Value* value = outputs[i];
    if (value->kind == ir::ValueKind::kResult) {
      value->name = named ? node.proto->output(static_cast<int>(i)) : "_";
    }
    if (named) state.values[node.proto->output(static_cast<int>(i))] = value;
    // Asked for now, so that long chains of shape arithmetic are never followed all at once.
    if (!ir::IsFloat(value->type.element)) state.ints.Of(value);
  }
}

void BuildNode(State& state, const CheckedNode& node) {
  bool known = true;
  Values inputs;
  for (const std::string& name : node.proto->input()) {
    inputs.push_back(FindValue(state, name));
    known = known && (name.empty() || inputs.back() != nullptr);
  }
  if (node.rule->convert == ConvertRecurrent) NoteSymbols(state, node, inputs);
  if (known) {
    Emitter emit(*state.built.module, *state.block, state.ints, node.location);
    const NodeContext context{
        *node.proto, *node.rule,        node.attributes,    inputs,
        emit,        state.model.opset, state.model.folder, state.model.proto->producer_name(),
        state.notes};
    Result<Values> outputs = node.rule->convert(context);
    if (outputs && static_cast<int>(outputs->size()) < node.proto->output_size()) {
      for (int i = static_cast<int>(outputs->size()); i < node.proto->output_size(); ++i) {
        if (context.HasOutput(i)) outputs = emit.Refuse("output {}: is not computed; export without it", i);
        if (!outputs) break;
      }
    }
    if (outputs) return SetOutputs(state, node, *outputs);
    for (const Diagnostic& diagnostic : outputs.diagnostics()) state.built.errors.push_back(diagnostic);
  }
  for (const std::string& name : node.proto->output()) {
    if (!name.empty()) state.values[name] = nullptr;
  }
}

void AddReturn(State& state, ir::Function& function) {
  Values results;
  for (const onnx::ValueInfoProto& output : state.model.proto->graph().output()) {
    ir::Value* value = FindValue(state, output.name());
    if (value == nullptr) return;  // refused before
    results.push_back(value);
    function.result_names.push_back(output.name());
  }
  ir::Builder(*state.block).Create(ir::OpKind::kReturn, results, {});
}

}  // namespace

BuiltGraph BuildGraph(const ModelFile& model, const CheckedGraph& graph,
                      const std::vector<GraphInput>& inputs, const std::vector<ir::RuntimeSize>& sizes,
                      ImportNotes* notes) {
  State state{model, graph, notes, {}, nullptr, ir::KnownInts(), {}};
  state.built.module = std::make_unique<ir::Module>();
  ir::Module& module = *state.built.module;
  // One size without bounds goes without saying.
  if (sizes.size() > 1 || (sizes.size() == 1 && (sizes[0].low != 0 || sizes[0].high))) module.sizes = sizes;
  state.ints = ir::KnownInts(ir::LeastSizesOf(module));
  module.name = ModuleName(model.path);
  module.source = std::filesystem::path(model.path).filename().string();
  module.opset = model.opset;
  module.stage = ir::Stage::kGraph;
  ir::Function* function = module.AddFunction("main");
  state.block = &function->Body();
  AddInputs(state, inputs);
  for (const CheckedNode& node : graph.nodes) BuildNode(state, node);
  AddReturn(state, *function);
  module.RemoveUnusedConsts();
  return std::move(state.built);
}

}  // namespace rnnc::import
