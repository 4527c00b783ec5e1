// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "compiler/import/graph.h"
#include "compiler/import/tensor.h"

// Steps: what the outputs need is found; then for each node in order
//   1. names: each defined once, before it is used; a use before is a cycle or a graph out of order
//   2. domain, operator and version, attributes, numbers of inputs and outputs; the branches of an If and the
//      bodies of loops, which see the names defined so far
// and then
//   3. initialisers that are used: read, from the file or from beside it
namespace rnnc::import {
namespace {

// One graph: the model's, or a branch in `outer`.
struct State {
  const ModelFile& model;
  const onnx::GraphProto& graph;
  State* outer = nullptr;
  CheckedGraph checked = {};
  std::set<std::string> defined = {};  // so far
  std::set<std::string> used = {};
  std::map<std::string, const onnx::NodeProto*> producers = {};
  std::map<std::string, const onnx::TensorProto*> tensors = {};  // initialisers

  Location At(const onnx::NodeProto& node) const { return {model.path, {NodeName(node)}}; }
  void Refuse(Diagnostic diagnostic) { checked.errors.push_back(std::move(diagnostic)); }
};

// Of one graph; more of them say nothing new, and a search for a cycle may stand behind each.
constexpr size_t kMaxErrors = 1000;

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

// The innermost graph that has the name by now, or will have it.
State* Holder(State& state, const std::string& name) {
  for (State* holder = &state; holder != nullptr; holder = holder->outer) {
    if (holder->defined.count(name) != 0 || holder->producers.count(name) != 0) return holder;
  }
  return nullptr;
}

void CheckUse(State& state, const onnx::NodeProto& node, const std::string& name, bool needed) {
  if (name.empty()) return;
  State* holder = Holder(state, name);
  if (holder == nullptr) {
    return state.Refuse(
        Error(state.At(node), "input '{}': nothing of that name is there; export the model again", name));
  }
  if (needed) holder->used.insert(name);
  if (holder->defined.count(name) != 0) return;
  const onnx::NodeProto& producer = *holder->producers.at(name);
  if (holder == &state && (&producer == &node || IsOnCycle(state.producers, node))) {
    state.Refuse(
        Error(state.At(node), "input '{}': depends on the node's own output; the graph has a cycle", name));
  } else {
    state.Refuse(Error(state.At(node), "input '{}': is computed by the later node '{}'; sort the nodes", name,
                       NodeName(producer)));
  }
}

void Define(State& state, const std::string& name, const Location& at, std::string_view what) {
  if (!name.empty() && !state.defined.insert(name).second) {
    state.Refuse(Error(at, "{} '{}': the name is taken already; names must be unique", what, name));
  }
}

// Headers and descriptors hold the names of inputs and outputs as C strings.
void CheckIsText(State& state, const std::string& name, std::string_view what) {
  if (name.find('\0') == std::string::npos) return;
  state.Refuse(Error(state.model.At(), "{} '{}': holds a zero byte; give it another name", what, name));
}

// Names that are there before the first node.
void DefineInputs(State& state) {
  for (const onnx::TensorProto& tensor : state.graph.initializer()) {
    Define(state, tensor.name(), state.model.At(), "initialiser");
    state.tensors.emplace(tensor.name(), &tensor);
  }
  for (const onnx::SparseTensorProto& tensor : state.graph.sparse_initializer()) {
    Define(state, tensor.values().name(), state.model.At(), "initialiser");
  }
  std::set<std::string> inputs;
  for (const onnx::ValueInfoProto& input : state.graph.input()) {
    if (input.name().empty()) state.Refuse(Error(state.model.At(), "an input has no name"));
    CheckIsText(state, input.name(), "input");
    if (!inputs.insert(input.name()).second) {
      state.Refuse(Error(state.model.At(), "input '{}': the name is taken already; names must be unique",
                         input.name()));
    }
    state.defined.insert(input.name());  // an initialiser of the same name is its value
  }
  for (const onnx::NodeProto& node : state.graph.node()) {
    for (const std::string& output : node.output()) {
      if (!output.empty()) state.producers.emplace(output, &node);
    }
  }
}

void CheckOutputs(State& state) {
  if (state.graph.output().empty()) state.Refuse(Error(state.model.At(), "the graph has no outputs"));
  std::set<std::string> outputs;
  for (const onnx::ValueInfoProto& output : state.graph.output()) {
    if (state.outer == nullptr && !outputs.insert(output.name()).second) {
      state.Refuse(
          Error(state.model.At(), "output '{}': is there twice; names must be unique", output.name()));
    }
    CheckIsText(state, output.name(), "output");
    if (State* holder = Holder(state, output.name());
        holder != nullptr && holder->defined.count(output.name()) != 0) {
      holder->used.insert(output.name());
    } else {
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
  const bool is_loop = rule.name == "Loop";  // M and cond may be absent
  for (int i = 0; i < proto.input_size(); ++i) {
    if (!proto.input(i).empty() || (i >= rule.min_inputs && !variadic) || (is_loop && i < 2)) continue;
    state.Refuse(Error(node.location, "input {}: is absent and must be there", i));
  }
  if (proto.input_size() < rule.min_inputs || proto.input_size() > rule.max_inputs) {
    state.Refuse(Error(node.location, "{} has {} inputs at opset {}, must have {}", proto.op_type(),
                       proto.input_size(), node.opset,
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

std::optional<int64_t> HiddenSizeOf(const State& state, const onnx::NodeProto& node) {
  if (node.input_size() < 3) return std::nullopt;
  for (const State* scope = &state; scope != nullptr; scope = scope->outer) {
    const auto tensor = scope->tensors.find(node.input(2));
    if (tensor != scope->tensors.end() && tensor->second->dims_size() == 3) return tensor->second->dims(2);
  }
  return std::nullopt;
}

// Of a tensor that a node reads.
AttributeSource OriginOf(const State& state, const std::string& name) {
  for (const State* scope = &state; scope != nullptr; scope = scope->outer) {
    if (scope->tensors.count(name) != 0) return AttributeSource::kConstant;
    if (const auto made = scope->producers.find(name); made != scope->producers.end()) {
      return made->second->op_type() == "Constant" ? AttributeSource::kConstant : AttributeSource::kComputed;
    }
    const auto& inputs = scope->graph.input();
    const bool is_input =
        std::any_of(inputs.begin(), inputs.end(), [&](const auto& input) { return input.name() == name; });
    if (is_input) return scope->outer == nullptr ? AttributeSource::kInput : AttributeSource::kComputed;
  }
  return AttributeSource::kComputed;
}

CheckedGraph Check(State& state);

void CheckBranches(State& state, CheckedNode& node) {
  for (const char* name : {"then_branch", "else_branch"}) {
    auto graph = node.attributes.graphs.find(name);
    if (graph == node.attributes.graphs.end()) continue;
    State branch{.model = state.model, .graph = *graph->second, .outer = &state};
    CheckedGraph checked = Check(branch);
    if (graph->second->input_size() > 0) {
      checked.errors.push_back(Error(node.location, "{}: has inputs and must have none", name));
    }
    if (graph->second->output_size() < node.proto->output_size()) {
      checked.errors.push_back(Error(node.location, "{}: has {} outputs, the node {}", name,
                                     graph->second->output_size(), node.proto->output_size()));
    }
    state.checked.has_recurrent = state.checked.has_recurrent || checked.has_recurrent;
    node.branches.push_back(std::make_shared<const CheckedGraph>(std::move(checked)));
  }
}

// The inputs and outputs of a body are those of the node, but for what is particular to the operator.
void CheckBodyCounts(State& state, const CheckedNode& node, const onnx::GraphProto& body) {
  const bool is_loop = node.rule->name == "Loop";
  const int inputs = node.proto->input_size();
  const int64_t sequences = is_loop ? 0 : node.attributes.Int("num_scan_inputs");
  if (!is_loop && (sequences < 1 || sequences > inputs)) {
    return state.Refuse(Error(node.location, "num_scan_inputs: is {} of {} inputs", sequences, inputs));
  }
  // A Loop has M and cond, its body the step's number and the condition and gives the next condition.
  const int64_t carried = is_loop ? inputs - 2 : inputs - sequences;
  const int64_t before = is_loop ? 1 : 0;
  if (body.input_size() != inputs) {
    state.Refuse(Error(node.location, "body: has {} inputs for {} of the node", body.input_size(), inputs));
  }
  if (body.output_size() < before + carried || body.output_size() - before < node.proto->output_size()) {
    state.Refuse(Error(node.location, "body: has {} outputs for {} carried values and {} outputs of the node",
                       body.output_size(), carried, node.proto->output_size()));
  }
}

void CheckBody(State& state, CheckedNode& node) {
  auto graph = node.attributes.graphs.find("body");
  if (graph == node.attributes.graphs.end()) return;
  CheckBodyCounts(state, node, *graph->second);
  State body{state.model, *graph->second, &state, {}, {}, {}, {}};
  CheckedGraph checked = Check(body);
  for (const Diagnostic& diagnostic : checked.errors) state.Refuse(diagnostic);
  state.checked.has_recurrent = true;
  node.branches.push_back(std::make_shared<const CheckedGraph>(std::move(checked)));
}

void CheckNode(State& state, const onnx::NodeProto& proto) {
  CheckedNode node{&proto, nullptr, state.model.OpsetOf(proto), {}, state.At(proto), {}};
  state.checked.operators[proto.op_type()] += 1;
  if (!IsDefaultDomain(proto.domain())) {
    return state.Refuse(Error(node.location,
                              "operator {} of domain '{}': is not computed; export with ONNX operators only",
                              proto.op_type(), proto.domain()));
  }
  node.rule = FindRule(proto.op_type(), node.opset);
  if (node.rule == nullptr) {
    return state.Refuse(Error(node.location, "{}", WhyNotComputed(proto.op_type(), node.opset)));
  }
  CheckCounts(state, node);
  Result<NodeAttributes> attributes = ReadAttributes(proto, node.rule->attributes, node.opset, node.location);
  if (!attributes) {
    for (const Diagnostic& diagnostic : attributes.diagnostics()) state.Refuse(diagnostic);
    return;
  }
  node.attributes = *std::move(attributes);
  if (node.rule->convert == ConvertRecurrent) {
    CheckRecurrent(proto, node.attributes, node.location, state.checked.errors);
    state.checked.recurrent.push_back(
        DescribeRecurrent(proto, node.attributes, HiddenSizeOf(state, proto),
                          [&](const std::string& name) { return OriginOf(state, name); }));
    state.checked.has_recurrent = true;
  }
  CheckBranches(state, node);
  CheckBody(state, node);
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

// Names that the nodes and outputs of a graph read, those in subgraphs included.
void AddReads(const onnx::NodeProto& node, std::set<std::string>& names) {
  names.insert(node.input().begin(), node.input().end());
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    for (const onnx::NodeProto& inner : attribute.g().node()) AddReads(inner, names);
    for (const onnx::ValueInfoProto& output : attribute.g().output()) names.insert(output.name());
  }
}

// The nodes that outputs are computed from.
std::set<const onnx::NodeProto*> NeededNodes(const onnx::GraphProto& graph) {
  std::set<std::string> names;
  for (const onnx::ValueInfoProto& output : graph.output()) names.insert(output.name());
  std::set<const onnx::NodeProto*> needed;
  for (auto node = graph.node().rbegin(); node != graph.node().rend(); ++node) {
    const bool is_read =
        std::any_of(node->output().begin(), node->output().end(),
                    [&](const std::string& name) { return !name.empty() && names.count(name) != 0; });
    if (!is_read) continue;
    needed.insert(&*node);
    AddReads(*node, names);
  }
  return needed;
}

CheckedGraph Check(State& state) {
  state.checked.proto = &state.graph;
  const std::set<const onnx::NodeProto*> needed = NeededNodes(state.graph);
  DefineInputs(state);
  for (const onnx::NodeProto& node : state.graph.node()) {
    if (state.checked.errors.size() >= kMaxErrors) return std::move(state.checked);
    const bool is_needed = needed.count(&node) != 0;
    for (const std::string& input : node.input()) CheckUse(state, node, input, is_needed);
    if (is_needed) CheckNode(state, node);
    for (const std::string& output : node.output()) Define(state, output, state.At(node), "output");
  }
  CheckOutputs(state);
  ReadInitialisers(state);
  return std::move(state.checked);
}

}  // namespace

void CheckedGraph::AddTo(ImportNotes& notes) const {
  for (const auto& [name, times] : operators) notes.operators[name] += times;
  notes.recurrent.insert(notes.recurrent.end(), recurrent.begin(), recurrent.end());
}

CheckedGraph CheckGraph(const ModelFile& model) {
  State state{.model = model, .graph = model.proto->graph()};
  return Check(state);
}

}  // namespace rnnc::import
