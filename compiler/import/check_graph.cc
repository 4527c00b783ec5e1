// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "compiler/import/graph.h"
#include "compiler/import/tensor.h"

// Steps:
//   1. names: each defined once, before it is used; a use before is a cycle or a graph out of order
//   2. nodes: domain, operator and version, attributes, numbers of inputs and outputs
//   3. initialisers that are used: read, from the file or from beside it
namespace rnnc::import {
namespace {

struct State {
  const ModelFile& model;
  const onnx::GraphProto& graph;
  ImportNotes& notes;
  CheckedGraph checked;
  std::vector<Diagnostic> errors;
  std::set<std::string> used;

  Location At(const onnx::NodeProto& node) const { return {model.path, {NodeName(node)}}; }
  void Refuse(Diagnostic diagnostic) { errors.push_back(std::move(diagnostic)); }
};

// ---- 1. names ----

// Whether following producers from `node` leads back to it. Only asked for graphs that are refused anyway.
bool IsOnCycle(const std::map<std::string, const onnx::NodeProto*>& producers, const onnx::NodeProto& start) {
  std::set<const onnx::NodeProto*> seen;
  std::vector<const onnx::NodeProto*> open = {&start};
  while (!open.empty()) {
    const onnx::NodeProto* node = open.back();
    open.pop_back();
    for (const std::string& input : node->input()) {
      auto producer = producers.find(input);
      if (producer == producers.end()) continue;
      if (producer->second == &start) return true;
      if (seen.insert(producer->second).second) open.push_back(producer->second);
    }
  }
  return false;
}

void CheckUse(State& state, const std::map<std::string, const onnx::NodeProto*>& producers,
              const std::set<std::string>& defined, const onnx::NodeProto& node, const std::string& name) {
  state.used.insert(name);
  if (name.empty() || defined.count(name) != 0) return;
  auto producer = producers.find(name);
  if (producer == producers.end()) {
    state.Refuse(
        Error(state.At(node), "input '{}': nothing of that name is there; export the model again", name));
  } else if (producer->second == &node || IsOnCycle(producers, node)) {
    state.Refuse(
        Error(state.At(node), "input '{}': depends on the node's own output; the graph has a cycle", name));
  } else {
    state.Refuse(Error(state.At(node), "input '{}': is computed by the later node '{}'; sort the nodes", name,
                       NodeName(*producer->second)));
  }
}

void CheckNames(State& state) {
  std::set<std::string> defined;
  const auto define = [&](const std::string& name, const Location& at, std::string_view what) {
    if (!name.empty() && !defined.insert(name).second) {
      state.Refuse(Error(at, "{} '{}': the name is taken already; names must be unique", what, name));
    }
  };
  for (const onnx::TensorProto& tensor : state.graph.initializer()) {
    define(tensor.name(), state.model.At(), "initialiser");
  }
  const std::set<std::string> initialisers = defined;
  std::set<std::string> inputs;
  for (const onnx::ValueInfoProto& input : state.graph.input()) {
    if (input.name().empty()) state.Refuse(Error(state.model.At(), "an input has no name"));
    if (!inputs.insert(input.name()).second) {
      state.Refuse(Error(state.model.At(), "input '{}': the name is taken already; names must be unique",
                         input.name()));
    }
    defined.insert(input.name());  // an initialiser of the same name is its value
  }
  std::map<std::string, const onnx::NodeProto*> producers;
  for (const onnx::NodeProto& node : state.graph.node()) {
    for (const std::string& output : node.output()) producers.emplace(output, &node);
  }
  for (const onnx::NodeProto& node : state.graph.node()) {
    for (const std::string& input : node.input()) CheckUse(state, producers, defined, node, input);
    for (const std::string& output : node.output()) define(output, state.At(node), "output");
  }
  if (state.graph.output().empty()) state.Refuse(Error(state.model.At(), "the graph has no outputs"));
  for (const onnx::ValueInfoProto& output : state.graph.output()) {
    state.used.insert(output.name());
    if (defined.count(output.name()) == 0) {
      state.Refuse(
          Error(state.model.At(), "output '{}': nothing computes it; export the model again", output.name()));
    }
  }
}

// ---- 2. nodes ----

void CheckCounts(State& state, const CheckedNode& node) {
  const onnx::NodeProto& proto = *node.proto;
  const OperatorRule& rule = *node.rule;
  const bool variadic = rule.max_inputs == kAny;
  for (int i = 0; i < proto.input_size(); ++i) {
    if (!proto.input(i).empty() || (i >= rule.min_inputs && !variadic)) continue;
    state.Refuse(Error(node.location, "input {}: is absent and must be there", i));
  }
  if (proto.input_size() < rule.min_inputs || proto.input_size() > rule.max_inputs) {
    state.Refuse(Error(node.location, "{} has {} inputs at opset {}, must have {}", proto.op_type(),
                       proto.input_size(), state.model.opset,
                       variadic ? fmt::format("at least {}", rule.min_inputs)
                       : rule.min_inputs == rule.max_inputs
                           ? std::to_string(rule.min_inputs)
                           : fmt::format("{} to {}", rule.min_inputs, rule.max_inputs)));
  }
  if (proto.output_size() < 1 || proto.output_size() > rule.max_outputs) {
    state.Refuse(Error(node.location, "{} has {} outputs, must have {}", proto.op_type(), proto.output_size(),
                       rule.max_outputs == 1 ? "1" : fmt::format("1 to {}", rule.max_outputs)));
  }
}

bool IsLocalFunction(const onnx::ModelProto& model, const onnx::NodeProto& node) {
  return std::any_of(model.functions().begin(), model.functions().end(),
                     [&](const onnx::FunctionProto& function) {
                       return function.name() == node.op_type() &&
                              (function.domain() == node.domain() ||
                               (IsDefaultDomain(function.domain()) && IsDefaultDomain(node.domain())));
                     });
}

std::optional<int64_t> HiddenSizeOf(const State& state, const onnx::NodeProto& node) {
  if (node.input_size() < 3) return std::nullopt;
  for (const onnx::TensorProto& tensor : state.graph.initializer()) {
    if (tensor.name() == node.input(2) && tensor.dims_size() == 3) return tensor.dims(2);
  }
  return std::nullopt;
}

void CheckNode(State& state, const onnx::NodeProto& proto) {
  CheckedNode node{&proto, nullptr, {}, state.At(proto)};
  state.notes.operators[proto.op_type()] += 1;
  if (IsLocalFunction(*state.model.proto, proto)) {
    state.Refuse(Error(node.location,
                       "operator {}: functions of the model are not computed; inline them (onnx.inliner)",
                       proto.op_type()));
    return;
  }
  if (!IsDefaultDomain(proto.domain())) {
    state.Refuse(Error(node.location,
                       "operator {} of domain '{}': is not computed; export with ONNX operators only",
                       proto.op_type(), proto.domain()));
    return;
  }
  node.rule = FindRule(proto.op_type(), state.model.opset);
  if (node.rule == nullptr) {
    state.Refuse(Error(node.location, "{}", WhyNotComputed(proto.op_type(), state.model.opset)));
    return;
  }
  CheckCounts(state, node);
  Result<NodeAttributes> attributes =
      ReadAttributes(proto, node.rule->attributes, state.model.opset, node.location);
  if (!attributes) {
    for (const Diagnostic& diagnostic : attributes.diagnostics()) state.Refuse(diagnostic);
    return;
  }
  node.attributes = *std::move(attributes);
  if (node.rule->convert == ConvertRecurrent) {
    CheckRecurrent(proto, node.attributes, node.location, state.errors);
    state.notes.recurrent.push_back(DescribeRecurrent(proto, node.attributes, HiddenSizeOf(state, proto)));
  }
  state.checked.nodes.push_back(std::move(node));
}

// ---- 3. initialisers ----

void ReadInitialisers(State& state) {
  for (const onnx::SparseTensorProto& sparse : state.graph.sparse_initializer()) {
    state.Refuse(Error(state.model.At(), "sparse initialiser '{}': is not computed; store it as a dense one",
                       sparse.values().name()));
  }
  for (const onnx::TensorProto& proto : state.graph.initializer()) {
    if (state.used.count(proto.name()) == 0) continue;
    Result<ir::TensorPtr> tensor =
        ReadTensor(proto, state.model.folder, state.model.At(), "initialiser '" + proto.name() + "'");
    if (tensor) {
      state.checked.initialisers[proto.name()] = *tensor;
    } else {
      for (const Diagnostic& diagnostic : tensor.diagnostics()) state.Refuse(diagnostic);
    }
  }
}

}  // namespace

Result<CheckedGraph> CheckGraph(const ModelFile& model, ImportNotes& notes) {
  State state{model, model.proto->graph(), notes, {}, {}, {}};
  CheckNames(state);
  for (const onnx::NodeProto& node : state.graph.node()) CheckNode(state, node);
  ReadInitialisers(state);
  if (!state.errors.empty()) return state.errors;
  return std::move(state.checked);
}

}  // namespace rnnc::import
