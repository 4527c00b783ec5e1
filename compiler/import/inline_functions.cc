// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/inline_functions.h"

#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

// ONNX IR.md, "Functions". Steps:
//   1. functions by domain, name and overload; every name of a value that is taken
//   2. nodes in order: a call becomes its function's nodes, each copied, renamed, its attribute references
//      replaced by the call's attributes, and expanded in turn; others stay, and so do the graphs in them
namespace rnnc::import {
namespace {

using onnx::AttributeProto;
using onnx::FunctionProto;
using onnx::GraphProto;
using onnx::NodeProto;
using Nodes = google::protobuf::RepeatedPtrField<NodeProto>;

// Calls and subgraphs within each other; and what a file of some bytes may expand to.
constexpr int kMaxDepth = 100;
constexpr size_t kMaxNodes = size_t{1} << 17;
constexpr size_t kMaxBytes = size_t{1} << 28;  // beside those of the file, of nodes with their names

// Fields of onnx.proto that are newer than the library: they arrive as unknown fields.
constexpr int kNodeOverload = 8, kFunctionOverload = 13, kFunctionAttributeProto = 11;

// The contents of a string or message field by its number, whether the library knows it or not.
std::vector<std::string> FieldBytes(const google::protobuf::Message& message, int number) {
  std::vector<std::string> found;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (const auto* field = message.GetDescriptor()->FindFieldByNumber(number); field != nullptr) {
    if (field->type() == google::protobuf::FieldDescriptor::TYPE_STRING) {
      found.push_back(reflection.GetString(message, field));
    } else {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i)
        found.push_back(reflection.GetRepeatedMessage(message, field, i).SerializeAsString());
    }
    return found;
  }
  const google::protobuf::UnknownFieldSet& unknown = reflection.GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i) {
    const google::protobuf::UnknownField& field = unknown.field(i);
    if (field.number() == number && field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      found.push_back(field.length_delimited());
  }
  return found;
}

std::string Overload(const google::protobuf::Message& message, int number) {
  const std::vector<std::string> found = FieldBytes(message, number);
  return found.empty() ? std::string() : found.back();
}

// Domain, name, overload.
using Key = std::tuple<std::string, std::string, std::string>;

Key KeyOf(const std::string& domain, const std::string& name, std::string overload) {
  return {IsDefaultDomain(domain) ? std::string() : domain, name, std::move(overload)};
}

struct LocalFunction {
  const FunctionProto* proto = nullptr;
  std::map<std::string, std::optional<AttributeProto>> attributes;  // with the default, where it has one
  int64_t opset = 0;                                                // 0: imports no ONNX operators
  bool twice = false;
  bool open = false;  // a call of it is being expanded
};

// What names mean inside of one call, or of a subgraph in it.
struct Scope {
  const Scope* outer = nullptr;
  std::string prefix;
  std::map<std::string, std::string> names;
  std::map<std::string, const AttributeProto*> attributes;  // null: absent

  const std::string* Find(const std::string& name) const {
    for (const Scope* scope = this; scope != nullptr; scope = scope->outer) {
      if (auto found = scope->names.find(name); found != scope->names.end()) return &found->second;
    }
    return nullptr;
  }
};

struct State {
  ModelFile& model;
  std::map<Key, LocalFunction> functions = {};
  std::set<std::string> taken = {};
  std::map<std::string, int> suffixes = {};  // of names that were taken, the last one tried
  size_t nodes = 0;
  size_t bytes = 0;
  size_t max_bytes = 0;
  int depth = 0;
  std::vector<Diagnostic> errors = {};
  bool stopped = false;  // at a limit: no sense in going on

  template <typename... Args>
  void Refuse(const NodeProto& call, fmt::format_string<Args...> format, Args&&... args) {
    errors.push_back(Error({model.path, {NodeName(call)}}, format, std::forward<Args>(args)...));
  }
  // True when the expansion of `node` has come to a limit, now or before.
  bool AtLimit(const NodeProto& node) {
    if (!stopped && (nodes > kMaxNodes || bytes > max_bytes)) {
      stopped = true;
      Refuse(node, "functions: their calls expand to more than {} nodes or {} MiB; export without them",
             kMaxNodes, max_bytes >> 20);
    }
    return stopped;
  }
  LocalFunction* Find(const NodeProto& node) {
    auto found = functions.find(KeyOf(node.domain(), node.op_type(), Overload(node, kNodeOverload)));
    return found == functions.end() ? nullptr : &found->second;
  }
};

// ---- 1. functions and names ----

void ReadFunctions(State& state) {
  for (const FunctionProto& proto : state.model.proto->functions()) {
    LocalFunction function;
    function.proto = &proto;
    for (const std::string& name : proto.attribute()) function.attributes[name] = std::nullopt;
    for (const std::string& bytes : FieldBytes(proto, kFunctionAttributeProto)) {
      AttributeProto attribute;
      if (attribute.ParseFromString(bytes)) function.attributes[attribute.name()] = attribute;
    }
    for (const onnx::OperatorSetIdProto& import : proto.opset_import()) {
      if (IsDefaultDomain(import.domain())) function.opset = import.version();
    }
    const Key key = KeyOf(proto.domain(), proto.name(), Overload(proto, kFunctionOverload));
    if (!state.functions.emplace(key, std::move(function)).second) state.functions[key].twice = true;
  }
}

void TakeNames(const GraphProto& graph, std::set<std::string>& taken) {
  for (const onnx::ValueInfoProto& value : graph.input()) taken.insert(value.name());
  for (const onnx::TensorProto& tensor : graph.initializer()) taken.insert(tensor.name());
  for (const NodeProto& node : graph.node()) {
    taken.insert(node.output().begin(), node.output().end());
    for (const AttributeProto& attribute : node.attribute()) {
      if (attribute.has_g()) TakeNames(attribute.g(), taken);
    }
  }
}

std::string FreshName(State& state, const std::string& wanted) {
  std::string name = wanted;
  while (!state.taken.insert(name).second) name = wanted + "_" + std::to_string(++state.suffixes[wanted]);
  return name;
}

// ---- 2. calls ----

// A name that the function has not defined before it is used stays undefined, and is refused with the graph.
std::string Renamed(State& state, Scope& scope, const std::string& name) {
  if (name.empty() || state.bytes > state.max_bytes) return name;
  const std::string* found = scope.Find(name);
  if (found == nullptr) found = &(scope.names[name] = FreshName(state, scope.prefix + name));
  state.bytes += found->size();
  return *found;
}

void RenameGraph(State& state, const Scope& outer, GraphProto& graph);

// The node as it is in the call. Attributes that refer to one the call leaves out are left out.
void RenameNode(State& state, Scope& scope, NodeProto& node) {
  node.set_name(scope.prefix + NodeName(node));
  state.bytes += node.name().size();
  for (std::string& input : *node.mutable_input()) input = Renamed(state, scope, input);
  for (std::string& output : *node.mutable_output()) output = Renamed(state, scope, output);
  google::protobuf::RepeatedPtrField<AttributeProto> attributes;
  attributes.Swap(node.mutable_attribute());
  for (AttributeProto& attribute : attributes) {
    if (attribute.ref_attr_name().empty()) {
      AttributeProto* kept = node.add_attribute();
      kept->Swap(&attribute);
      if (kept->has_g()) RenameGraph(state, scope, *kept->mutable_g());
      continue;
    }
    const Scope* call = &scope;
    while (call->outer != nullptr) call = call->outer;
    auto given = call->attributes.find(attribute.ref_attr_name());
    if (given == call->attributes.end()) {
      state.Refuse(node, "{}: refers to '{}', which is no attribute of the function", attribute.name(),
                   attribute.ref_attr_name());
    } else if (given->second != nullptr && (given->second->has_g() || given->second->graphs_size() > 0)) {
      state.Refuse(node, "{}: is a graph that the call gives, which is not computed; export without it",
                   attribute.name());
    } else if (given->second != nullptr) {
      AttributeProto* bound = node.add_attribute();
      *bound = *given->second;
      state.bytes += bound->ByteSizeLong();
      bound->set_name(attribute.name());
    }
  }
}

// What a subgraph defines hides what is outside of it, so it gets names of its own.
void RenameGraph(State& state, const Scope& outer, GraphProto& graph) {
  Scope scope;
  scope.outer = &outer;
  scope.prefix = outer.prefix;
  const auto define = [&](const std::string& name) {
    if (name.empty() || state.bytes > state.max_bytes) return;
    const std::string& fresh = scope.names.emplace(name, FreshName(state, scope.prefix + name)).first->second;
    state.bytes += fresh.size();
  };
  for (const onnx::ValueInfoProto& input : graph.input()) define(input.name());
  for (const onnx::TensorProto& tensor : graph.initializer()) define(tensor.name());
  for (const NodeProto& node : graph.node()) {
    for (const std::string& output : node.output()) define(output);
  }
  for (onnx::ValueInfoProto& input : *graph.mutable_input())
    input.set_name(Renamed(state, scope, input.name()));
  for (onnx::TensorProto& tensor : *graph.mutable_initializer())
    tensor.set_name(Renamed(state, scope, tensor.name()));
  for (NodeProto& node : *graph.mutable_node()) RenameNode(state, scope, node);
  for (onnx::ValueInfoProto& output : *graph.mutable_output())
    output.set_name(Renamed(state, scope, output.name()));
  graph.clear_value_info();
}

void Expand(State& state, NodeProto node, int64_t opset, Nodes& out);

void AddIdentity(const NodeProto& call, const std::string& from, const std::string& to, Nodes& out) {
  NodeProto& node = *out.Add();
  node.set_op_type("Identity");
  node.set_name(NodeName(call) + "/" + to);
  node.add_input(from);
  node.add_output(to);
}

// The call's attributes, else the function's defaults.
bool BindAttributes(State& state, const NodeProto& call, const LocalFunction& function, Scope& scope) {
  const size_t before = state.errors.size();
  for (const auto& [name, fallback] : function.attributes) {
    scope.attributes[name] = fallback ? &*fallback : nullptr;
  }
  std::set<std::string> given;
  for (const AttributeProto& attribute : call.attribute()) {
    auto known = scope.attributes.find(attribute.name());
    if (known == scope.attributes.end()) {
      state.Refuse(call, "{}: the function {} has no such attribute; export the model again",
                   attribute.name(), call.op_type());
    } else if (!given.insert(attribute.name()).second) {
      state.Refuse(call, "{}: is there twice", attribute.name());
    } else if (!attribute.ref_attr_name().empty()) {
      state.Refuse(call, "{}: refers to an attribute of a function, and is in none", attribute.name());
    } else {
      known->second = &attribute;
    }
  }
  return state.errors.size() == before;
}

// Inputs and outputs of the function are the call's values. An output that is an input, or is there twice,
// needs a node.
bool BindValues(State& state, const NodeProto& call, const FunctionProto& function, Scope& scope) {
  if (call.input_size() > function.input_size() || call.output_size() > function.output_size()) {
    state.Refuse(call, "has {} inputs and {} outputs, the function {} has {} and {}; export the model again",
                 call.input_size(), call.output_size(), call.op_type(), function.input_size(),
                 function.output_size());
    return false;
  }
  for (int i = 0; i < function.input_size(); ++i) {
    const std::string& actual = i < call.input_size() ? call.input(i) : std::string();
    if (!scope.names.emplace(function.input(i), actual).second) {
      state.Refuse(call, "the function {} has two inputs '{}'; names must be unique", call.op_type(),
                   function.input(i));
      return false;
    }
  }
  for (int i = 0; i < call.output_size(); ++i) {
    if (!call.output(i).empty()) scope.names.emplace(function.output(i), call.output(i));
  }
  return true;
}

// Why a call cannot be expanded; empty when it can.
std::string WhyNot(const State& state, const NodeProto& call, const LocalFunction& function) {
  if (function.twice) return fmt::format("function {}: is there twice; names must be unique", call.op_type());
  if (function.open)
    return fmt::format("function {}: calls itself; export the model without it", call.op_type());
  if (function.opset != 0 && (function.opset < kOldestOpset || function.opset > kNewestOpset)) {
    return fmt::format("function {}: opset_import: {} is outside {} to {}; export with another opset",
                       call.op_type(), function.opset, kOldestOpset, kNewestOpset);
  }
  if (state.depth >= kMaxDepth) {
    return fmt::format("function {}: calls and subgraphs are nested deeper than {}; inline some of them",
                       call.op_type(), kMaxDepth);
  }
  return {};
}

void ExpandCall(State& state, const NodeProto& call, LocalFunction& function, Nodes& out) {
  if (const std::string reason = WhyNot(state, call, function); !reason.empty()) {
    return state.Refuse(call, "{}", reason);
  }
  Scope scope;
  scope.prefix = NodeName(call) + "/";
  const FunctionProto& proto = *function.proto;
  const bool fits = BindAttributes(state, call, function, scope);
  if (!BindValues(state, call, proto, scope) || !fits) return;
  function.open = true;
  ++state.depth;
  for (const NodeProto& inner : proto.node()) {
    state.bytes += inner.ByteSizeLong();
    if (state.AtLimit(call)) break;
    NodeProto copy = inner;
    RenameNode(state, scope, copy);
    if (state.AtLimit(call)) break;
    const bool foreign = function.opset == 0 && IsDefaultDomain(copy.domain()) && state.Find(copy) == nullptr;
    if (foreign) {
      state.Refuse(copy, "function {}: imports no version of the ONNX operators; export the model again",
                   call.op_type());
    } else {
      Expand(state, std::move(copy), function.opset, out);
    }
  }
  --state.depth;
  function.open = false;
  for (int i = 0; i < call.output_size(); ++i) {
    const std::string* inside = scope.Find(proto.output(i));
    if (call.output(i).empty() || inside == nullptr || *inside == call.output(i)) continue;
    AddIdentity(call, *inside, call.output(i), out);
  }
}

void ExpandGraph(State& state, GraphProto& graph, int64_t opset) {
  Nodes before;
  before.Swap(graph.mutable_node());
  for (NodeProto& node : before) Expand(state, std::move(node), opset, *graph.mutable_node());
}

// Appends the node, or what its call expands to.
void Expand(State& state, NodeProto node, int64_t opset, Nodes& out) {
  ++state.nodes;
  if (state.AtLimit(node)) return;
  if (LocalFunction* function = state.Find(node)) return ExpandCall(state, node, *function, out);
  NodeProto& placed = *out.Add();
  placed = std::move(node);
  if (opset != state.model.opset) state.model.opsets[&placed] = opset;
  for (AttributeProto& attribute : *placed.mutable_attribute()) {
    if (!attribute.has_g()) continue;
    ++state.depth;
    if (state.depth > kMaxDepth) {
      state.Refuse(placed, "{}: calls and subgraphs are nested deeper than {}; inline some of them",
                   attribute.name(), kMaxDepth);
    } else {
      ExpandGraph(state, *attribute.mutable_g(), opset);
    }
    --state.depth;
  }
}

}  // namespace

Result<> InlineFunctions(ModelFile& model) {
  if (model.proto->functions().empty()) return Ok();
  State state{.model = model};
  state.max_bytes = kMaxBytes + model.proto->ByteSizeLong();
  ReadFunctions(state);
  TakeNames(model.proto->graph(), state.taken);
  ExpandGraph(state, *model.proto->mutable_graph(), model.opset);
  if (!state.errors.empty()) return state.errors;
  return Ok();
}

}  // namespace rnnc::import
