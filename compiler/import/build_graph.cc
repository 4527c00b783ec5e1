// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <filesystem>

#include "compiler/import/build_state.h"
#include "compiler/import/suspicions.h"
#include "compiler/support/strings.h"

namespace rnnc::import {
namespace {

// "kws" of kws.onnx; of a file called model.onnx, its folder's name.
std::string ModuleName(const std::string& path) {
  const std::filesystem::path file = std::filesystem::absolute(path).lexically_normal();
  const std::string stem = file.stem().string();
  return CIdentifier(stem == "model" ? file.parent_path().filename().stem().string() : stem);
}

using State = BuildState;

void AddInputs(State& state, const std::vector<GraphInput>& inputs) {
  for (const GraphInput& input : inputs) {
    state.Set(input.name, input.value != nullptr ? state.built.module->AddConst(input.name, input.value)
                                                 : state.block->AddArgument(input.type, input.name));
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
  SuspectFixedSizes(batch_first, inputs, node.location, symbols);
}

void SetOutputs(State& state, const CheckedNode& node, const Values& outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const bool named =
        static_cast<int>(i) < node.proto->output_size() && !node.proto->output(static_cast<int>(i)).empty();
    ir::Value* value = outputs[i];
    if (value->kind == ir::ValueKind::kResult) {
      value->name = named ? node.proto->output(static_cast<int>(i)) : "_";
    }
    if (named) state.Set(node.proto->output(static_cast<int>(i)), value);
    // Asked for now, so that long chains of shape arithmetic are never followed all at once.
    if (!ir::IsFloat(value->type.element)) state.ints.Of(value);
  }
}

// The nodes of the branch that the condition chooses, in place of the If. The other is as if it were not
// there.
void BuildBranch(State& state, const CheckedNode& node) {
  const std::string& name = node.proto->input(0);
  const ir::Value* condition = FindValue(state, name);
  if (condition == nullptr) return LeaveOut(state, node);
  if (condition->type.element != ir::ElementType::kBool || !condition->type.ElementCount().Is(1)) {
    state.built.errors.push_back(
        Error(node.location, "cond: '{}' is {}, must be one bool", name, condition->type.ToText()));
    return LeaveOut(state, node);
  }
  const auto known = state.ints.IntegersOf(condition);
  if (!known) {
    state.built.errors.push_back(
        Error(node.location, "cond: '{}' {}", name, ir::WhyUnknown(*condition, state.ints)));
    return LeaveOut(state, node);
  }
  const auto& chosen = node.branches[known->front() != 0 ? 0 : 1];
  const CheckedGraph& branch = *chosen;
  state.built.branches.push_back(chosen);
  if (!branch.errors.empty()) {
    state.built.errors.insert(state.built.errors.end(), branch.errors.begin(), branch.errors.end());
    return LeaveOut(state, node);
  }
  state.scopes.push_back({branch, {}, {}});
  for (const CheckedNode& inner : branch.nodes) BuildNode(state, inner);
  Values outputs;
  std::map<std::string, Sequence> sequences;
  for (int i = 0; i < node.proto->output_size(); ++i) {
    const std::string& result = branch.proto->output(i).name();
    outputs.push_back(FindValue(state, result));
    if (const Sequence* sequence = FindSequence(state, result)) sequences[node.proto->output(i)] = *sequence;
  }
  state.scopes.pop_back();
  for (int i = 0; i < node.proto->output_size(); ++i) {
    state.Set(node.proto->output(i), outputs[static_cast<size_t>(i)]);
  }
  for (auto& [result, sequence] : sequences) state.SetSequence(result, std::move(sequence));
}

// Nodes that decide what is built.
using Build = void (*)(State&, const CheckedNode&);
const std::map<std::string_view, Build>& Builds() {
  static const std::map<std::string_view, Build> table = {{"If", BuildBranch},
                                                          {"Scan", BuildScan},
                                                          {"Loop", BuildLoop},
                                                          {"SequenceEmpty", BuildSequenceNode},
                                                          {"SequenceConstruct", BuildSequenceNode},
                                                          {"SequenceInsert", BuildSequenceNode},
                                                          {"SequenceAt", BuildSequenceNode},
                                                          {"SequenceLength", BuildSequenceNode},
                                                          {"SplitToSequence", BuildSequenceNode},
                                                          {"ConcatFromSequence", BuildSequenceNode}};
  return table;
}

// True when the node has been dealt with: operators work on tensors, and Identity on anything.
bool BuildOnSequence(State& state, const CheckedNode& node) {
  for (const std::string& name : node.proto->input()) {
    const Sequence* sequence = FindSequence(state, name);
    if (sequence == nullptr) continue;
    if (node.proto->op_type() == "Identity") {
      state.SetSequence(node.proto->output(0), *sequence);
    } else {
      state.Refuse(Error(node.location, "input '{}': is a sequence, must be a tensor", name));
      LeaveOut(state, node);
    }
    return true;
  }
  return false;
}

}  // namespace

ir::Value* FindValue(BuildState& state, const std::string& name) {
  if (name.empty()) return nullptr;
  for (auto scope = state.scopes.rbegin(); scope != state.scopes.rend(); ++scope) {
    if (auto found = scope->values.find(name); found != scope->values.end()) return found->second;
    auto initialiser = scope->graph.initialisers.find(name);
    if (initialiser == scope->graph.initialisers.end()) continue;
    return scope->values[name] = state.built.module->AddConst(name, initialiser->second);
  }
  return nullptr;
}

const Sequence* FindSequence(const BuildState& state, const std::string& name) {
  for (auto scope = state.scopes.rbegin(); scope != state.scopes.rend(); ++scope) {
    if (auto found = scope->sequences.find(name); found != scope->sequences.end()) return &found->second;
    if (scope->values.count(name) != 0) return nullptr;
  }
  return nullptr;
}

void LeaveOut(BuildState& state, const CheckedNode& node) {
  const std::string& type = node.proto->op_type();
  if (type == "Scan" || type == "Loop") state.built.symbols.complete = false;
  for (const auto& branch : node.branches) {
    if (branch->has_recurrent) state.built.symbols.complete = false;
  }
  for (const std::string& name : node.proto->output()) state.Set(name, nullptr);
}

void BuildNode(BuildState& state, const CheckedNode& node) {
  if (node.rule->convert == nullptr) return Builds().at(node.rule->name)(state, node);
  if (BuildOnSequence(state, node)) return;
  bool known = true;
  Values inputs;
  for (const std::string& name : node.proto->input()) {
    inputs.push_back(FindValue(state, name));
    known = known && (name.empty() || inputs.back() != nullptr);
  }
  if (node.rule->convert == ConvertRecurrent) NoteSymbols(state, node, inputs);
  if (known) {
    Emitter emit(*state.built.module, *state.block, state.ints, node.location);
    const NodeContext context{*node.proto, *node.rule, node.attributes,    inputs,
                              emit,        node.opset, state.model.folder, state.model.proto->producer_name(),
                              state.notes};
    std::optional<Result<Values>> row = BuildStepRow(state, node, inputs, emit);
    Result<Values> outputs = row ? *std::move(row) : node.rule->convert(context);
    if (outputs && static_cast<int>(outputs->size()) < node.proto->output_size()) {
      for (int i = static_cast<int>(outputs->size()); i < node.proto->output_size(); ++i) {
        if (context.HasOutput(i)) outputs = emit.Refuse("output {}: is not computed; export without it", i);
        if (!outputs) break;
      }
    }
    if (outputs) return SetOutputs(state, node, *outputs);
    for (const Diagnostic& diagnostic : outputs.diagnostics()) state.built.errors.push_back(diagnostic);
  }
  LeaveOut(state, node);
}

namespace {

void AddReturn(State& state, ir::Function& function) {
  Values results;
  for (const onnx::ValueInfoProto& output : state.model.proto->graph().output()) {
    ir::Value* value = FindValue(state, output.name());
    if (FindSequence(state, output.name()) != nullptr) {
      return state.Refuse(Error(state.model.At(),
                                "output '{}': is a sequence; return its elements as tensors, or joined",
                                output.name()));
    }
    if (value == nullptr) return;  // refused before
    results.push_back(value);
    function.result_names.push_back(output.name());
  }
  ir::Builder(*state.block).Create(ir::OpKind::kReturn, results, {});
}

}  // namespace

BuiltGraph BuildGraph(const ModelFile& model, const CheckedGraph& graph,
                      const std::vector<GraphInput>& inputs, const std::vector<ir::RuntimeSize>& sizes,
                      ImportNotes* notes, bool trying) {
  State state{model, notes, !trying, {}, nullptr, ir::KnownInts(), {}};
  state.scopes.push_back({graph, {}, {}});
  state.built.module = std::make_unique<ir::Module>();
  ir::Module& module = *state.built.module;
  // One size without bounds goes without saying.
  if (sizes.size() > 1 || (sizes.size() == 1 && (sizes[0].low != 0 || sizes[0].high))) module.sizes = sizes;
  state.ints = ir::KnownInts(ir::LeastSizesOf(module), !trying);
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
