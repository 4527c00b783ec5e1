// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <array>
#include <cmath>

#include "compiler/import/operators.h"
#include "compiler/import/recurrent_meaning.h"
#include "compiler/import/suspicions.h"
#include "compiler/ir/shape_rules.h"
#include "compiler/support/strings.h"

// LSTM, GRU and RNN: attributes written out, and what of them is not computed, in one table.
namespace rnnc::import {
namespace {

struct ActivationName {
  std::string_view name;
  int parameters;              // how many of alpha and beta it takes
  bool has_default;            // for them
  double alpha = 0, beta = 0;  // then these
};
constexpr ActivationName kNames[] = {{"Relu", 0, true},
                                     {"Tanh", 0, true},
                                     {"Sigmoid", 0, true},
                                     {"Affine", 2, false},
                                     {"LeakyRelu", 1, true, 0.01},
                                     {"ScaledTanh", 2, false},
                                     {"ThresholdedRelu", 1, true, 1},
                                     {"HardSigmoid", 2, true, 0.2, 0.5},
                                     {"Elu", 1, true, 1},
                                     {"Softsign", 0, true},
                                     {"Softplus", 0, true}};

const ActivationName* FindActivation(const std::string& name) {
  for (const ActivationName& known : kNames) {
    if (ToLower(known.name) == ToLower(name)) return &known;
  }
  return nullptr;
}

// The name as ONNX spells it; exporters write any case.
std::string Canonical(const std::string& name) {
  const ActivationName* known = FindActivation(name);
  return known == nullptr ? name : std::string(known->name);
}

std::vector<std::string> DefaultActivations(std::string_view op) {
  if (op == "LSTM") return {"Sigmoid", "Tanh", "Tanh"};
  if (op == "GRU") return {"Sigmoid", "Tanh"};
  return {"Tanh"};
}

size_t Directions(const NodeAttributes& attributes) {
  return attributes.String("direction") == "bidirectional" ? 2 : 1;
}

std::vector<std::string> Activations(std::string_view op, const NodeAttributes& attributes) {
  std::vector<std::string> names;
  if (attributes.Given("activations") && !attributes.Strings("activations").empty()) {
    for (const std::string& name : attributes.Strings("activations")) names.push_back(Canonical(name));
    return names;
  }
  for (size_t i = 0; i < Directions(attributes); ++i) {
    for (const std::string& name : DefaultActivations(op)) names.push_back(name);
  }
  return names;
}

bool HasInput(const onnx::NodeProto& node, int i) { return i < node.input_size() && !node.input(i).empty(); }

std::vector<double> FloatsOf(const NodeAttributes& attributes, std::string_view name) {
  if (!attributes.Given(name)) return {};
  return std::get<std::vector<double>>(attributes.values.find(name)->second);
}

struct Subject {
  const onnx::NodeProto& node;
  const NodeAttributes& attributes;

  std::vector<std::string> Functions() const { return Activations(node.op_type(), attributes); }
  // How many functions take alpha (1) or beta (2).
  size_t Takers(int parameter) const {
    size_t count = 0;
    for (const std::string& name : Functions()) {
      const ActivationName* known = FindActivation(name);
      count += known != nullptr && known->parameters >= parameter ? 1 : 0;
    }
    return count;
  }
  // A function that has no default for a parameter that is not given: values are consumed in order.
  bool LacksParameter(int parameter, std::string_view attribute) const {
    size_t left = FloatsOf(attributes, attribute).size();
    for (const std::string& name : Functions()) {
      const ActivationName* known = FindActivation(name);
      if (known == nullptr || known->parameters < parameter) continue;
      if (left == 0 && !known->has_default) return true;
      if (left > 0) --left;
    }
    return false;
  }
  // The functions with the parameters that each takes.
  std::vector<UsedFunction> Used() const {
    const std::vector<double> given[2] = {FloatsOf(attributes, "activation_alpha"),
                                          FloatsOf(attributes, "activation_beta")};
    size_t next[2] = {0, 0};
    std::vector<UsedFunction> used;
    for (const std::string& name : Functions()) {
      const ActivationName* known = FindActivation(name);
      UsedFunction function{name, {}};
      for (size_t i = 0; known != nullptr && i < static_cast<size_t>(known->parameters); ++i) {
        const bool there = next[i] < given[i].size();
        if (!there && !known->has_default) continue;  // refused
        const double value = there ? given[i][next[i]++] : i == 0 ? known->alpha : known->beta;
        function.parameters.push_back({i == 0 ? "alpha" : "beta", value, there});
      }
      used.push_back(std::move(function));
    }
    return used;
  }
  int64_t IntOr(std::string_view name, int64_t otherwise) const {
    return attributes.Has(name) ? attributes.Int(name) : otherwise;
  }
};

// What cannot be computed: an attribute or operand, when it is met, and what to say.
struct Refusal {
  std::string_view name;
  bool (*met)(const Subject&);
  std::string_view reason;
};

bool IsNoFlag(const Subject& s, std::string_view name) {
  const int64_t value = s.IntOr(name, 0);
  return value != 0 && value != 1;
}

bool HasNan(const Subject& s, std::string_view name) {
  const std::vector<double> values = FloatsOf(s.attributes, name);
  return std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); });
}

constexpr Refusal kRefusals[] = {
    {"direction",
     [](const Subject& s) {
       const std::string& direction = s.attributes.String("direction");
       return direction != "forward" && direction != "reverse" && direction != "bidirectional";
     },
     "must be forward, reverse or bidirectional"},
    {"layout", [](const Subject& s) { return IsNoFlag(s, "layout"); }, "must be 0 or 1"},
    {"clip",
     [](const Subject& s) {
       return s.attributes.Given("clip") && !(std::get<double>(s.attributes.values.find("clip")->second) > 0);
     },
     "must be above 0; leave it out where nothing is clipped"},
    {"input_forget", [](const Subject& s) { return IsNoFlag(s, "input_forget"); }, "must be 0 or 1"},
    {"linear_before_reset", [](const Subject& s) { return IsNoFlag(s, "linear_before_reset"); },
     "must be 0 or 1"},
    {"activations",
     [](const Subject& s) {
       const std::vector<std::string> names = s.Functions();
       return names.size() != DefaultActivations(s.node.op_type()).size() * Directions(s.attributes);
     },
     "LSTM takes three functions a direction, GRU two, RNN one"},
    {"activations",
     [](const Subject& s) {
       const std::vector<std::string> names = s.Functions();
       return std::any_of(names.begin(), names.end(),
                          [](const std::string& name) { return FindActivation(name) == nullptr; });
     },
     "known are Relu, Tanh, Sigmoid, Affine, LeakyRelu, ThresholdedRelu, ScaledTanh, HardSigmoid, Elu, "
     "Softsign, Softplus"},
    {"activation_alpha", [](const Subject& s) { return HasNan(s, "activation_alpha"); },
     "must be numbers; export the model again"},
    {"activation_beta", [](const Subject& s) { return HasNan(s, "activation_beta"); },
     "must be numbers; export the model again"},
    {"activation_alpha", [](const Subject& s) { return s.LacksParameter(1, "activation_alpha"); },
     "Affine and ScaledTanh have no default; give each of them its alpha and beta"},
    {"activation_beta", [](const Subject& s) { return s.LacksParameter(2, "activation_beta"); },
     "Affine and ScaledTanh have no default; give each of them its alpha and beta"},
    {"activation_alpha",
     [](const Subject& s) { return FloatsOf(s.attributes, "activation_alpha").size() > s.Takers(1); },
     "more values than functions that take alpha; which belongs to which cannot be told"},
    {"activation_beta",
     [](const Subject& s) { return FloatsOf(s.attributes, "activation_beta").size() > s.Takers(2); },
     "more values than functions that take beta; which belongs to which cannot be told"},
};

// The text of an attribute as the IR would print it.
std::string Text(const ir::Attribute& attribute) {
  const auto list = [](const auto& values) { return fmt::format("[{}]", fmt::join(values, ", ")); };
  switch (attribute.index()) {
    case 0:
      return std::to_string(std::get<int64_t>(attribute));
    case 1:
      return fmt::format("{}", std::get<double>(attribute));
    case 2:
      return std::get<std::string>(attribute);
    case 3:
      return list(std::get<std::vector<int64_t>>(attribute));
    case 4:
      return list(std::get<std::vector<double>>(attribute));
    default:
      return list(std::get<std::vector<std::string>>(attribute));
  }
}

bool IsOperand(AttributeSource source) {
  return source == AttributeSource::kConstant || source == AttributeSource::kInput ||
         source == AttributeSource::kComputed;
}

void NoteAttribute(RecurrentNode& note, const Subject& subject, const std::string& name, std::string value,
                   AttributeSource source) {
  RecurrentAttribute attribute{name, std::move(value), source, true, "", ""};
  attribute.meaning = name == "activations" ? MeaningOfFunctions(subject.node.op_type(), subject.Used())
                                            : MeaningOf(name, IsOperand(source) ? "given" : attribute.value);
  for (const Refusal& refusal : kRefusals) {
    if (refusal.name != name || !refusal.met(subject)) continue;
    attribute.supported = false;
    attribute.reason = refusal.reason;
  }
  note.attributes.push_back(std::move(attribute));
}

}  // namespace

std::string_view ToText(AttributeSource source) {
  constexpr std::array<std::string_view, 6> texts = {"attribute", "ONNX default", "inferred",
                                                     "constant",  "input",        "computed"};
  return texts[static_cast<size_t>(source)];
}

bool RecurrentNode::Supported() const {
  return std::all_of(attributes.begin(), attributes.end(),
                     [](const auto& attribute) { return attribute.supported; });
}

void CheckRecurrent(const onnx::NodeProto& node, const NodeAttributes& attributes, const Location& location,
                    std::vector<Diagnostic>& errors) {
  const Subject subject{node, attributes};
  for (const Refusal& refusal : kRefusals) {
    if (!refusal.met(subject)) continue;
    auto value = attributes.values.find(refusal.name);
    const std::string shown = refusal.name == "activations" ? Text(Activations(node.op_type(), attributes))
                              : value == attributes.values.end() ? "absent"
                                                                 : Text(value->second);
    errors.push_back(Error(location, "{}: {}: {}", refusal.name, shown, refusal.reason));
  }
}

RecurrentNode DescribeRecurrent(const onnx::NodeProto& node, const NodeAttributes& attributes,
                                std::optional<int64_t> inferred_hidden,
                                const std::function<AttributeSource(const std::string&)>& origin) {
  RecurrentNode note{node.op_type(), node.name().empty() ? std::string() : node.name(), {}};
  const Subject subject{node, attributes};
  const auto source = [&](std::string_view name) {
    return attributes.Given(name) ? AttributeSource::kAttribute : AttributeSource::kDefault;
  };
  NoteAttribute(note, subject, "direction", attributes.String("direction"), source("direction"));
  const bool has_size = attributes.Given("hidden_size");
  const std::string inferred = inferred_hidden ? std::to_string(*inferred_hidden) : "?";
  NoteAttribute(note, subject, "hidden_size",
                has_size ? std::to_string(attributes.Int("hidden_size")) : inferred,
                has_size ? AttributeSource::kAttribute : AttributeSource::kInferred);
  NoteAttribute(note, subject, "activations", Text(Activations(node.op_type(), attributes)),
                source("activations"));
  for (const char* name : {"activation_alpha", "activation_beta", "clip"}) {
    auto value = attributes.values.find(name);
    NoteAttribute(note, subject, name, value == attributes.values.end() ? "absent" : Text(value->second),
                  source(name));
  }
  for (const char* name : {"layout", "input_forget", "linear_before_reset"}) {
    auto value = attributes.values.find(name);
    if (value != attributes.values.end())
      NoteAttribute(note, subject, name, Text(value->second), source(name));
  }
  constexpr std::pair<const char*, int> operands[] = {
      {"B", 3}, {"sequence_lens", 4}, {"initial_h", 5}, {"initial_c", 6}, {"P", 7}};
  for (const auto& [name, index] : operands) {
    if (index >= 6 && node.op_type() != "LSTM") continue;
    const bool given = HasInput(node, index);
    NoteAttribute(note, subject, name, given ? node.input(index) : "absent",
                  given ? origin(node.input(index)) : AttributeSource::kDefault);
  }
  return note;
}

Result<Values> ConvertRecurrent(const NodeContext& context) {
  const ir::Type& r = context.Input(2)->type;
  if (r.Rank() != 3 || !r.dims[2].IsConstant()) {
    return context.emit.Refuse("R: must have 3 fixed dimensions, is {}{}", r.ToText(),
                               r.Rank() == 3 ? ir::BindingHint(r.dims[2]) : "");
  }
  const int64_t hidden = r.dims[2].Value();
  if (context.attributes.Given("hidden_size") && context.attributes.Int("hidden_size") != hidden) {
    return context.emit.Refuse("hidden_size: is {}, R is {}; the exporter wrote an invalid node",
                               context.attributes.Int("hidden_size"), r.ToText());
  }
  // What PyTorch's dynamo exporter makes of proj_size: R and initial_h have the projected size, C its own.
  if (const ir::Value* c = context.node.op_type() == "LSTM" ? context.Input(6) : nullptr;
      c != nullptr && c->type.Rank() == 3 && c->type.dims[2].IsConstant() && !c->type.dims[2].Is(hidden)) {
    return context.emit.Refuse(
        "initial_c: is {}, and R {} says a hidden size of {}; an LSTM with a projection (proj_size) has no "
        "ONNX "
        "operator, export its cell as single operators",
        c->type.ToText(), r.ToText(), hidden);
  }
  AttributeMap attributes = {{"hidden_size", hidden},
                             {"direction", context.attributes.String("direction")},
                             {"layout", int64_t{0}},
                             {"activations", Activations(context.node.op_type(), context.attributes)}};
  for (const char* name : {"layout", "input_forget", "linear_before_reset"}) {
    if (context.attributes.Has(name)) attributes[name] = context.attributes.Int(name);
  }
  for (const char* name : {"activation_alpha", "activation_beta", "clip"}) {
    const auto given = context.attributes.values.find(name);
    if (context.attributes.Given(name)) attributes[name] = given->second;
  }
  SuspectResetOrder(context);
  return context.emit.Op(context.rule.kind, context.inputs, attributes);
}

}  // namespace rnnc::import
