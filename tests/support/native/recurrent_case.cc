// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/native/recurrent_case.h"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <random>

#include "compiler/support/strings.h"
#include "tests/support/even_choice.h"

namespace rnnc::test {
namespace {

// Around the vector widths, and what embedded nets have.
const std::vector<int64_t> kSizes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 100};
const std::vector<int64_t> kSteps = {1, 0, 2, 3, 17, 40};
const std::vector<int64_t> kBatches = {1, 2, 3, 5};

struct Function {
  const char* name;
  int parameters;
  bool has_default;
};
constexpr Function kFunctions[] = {
    {"Tanh", 0, true},      {"Sigmoid", 0, true},     {"Relu", 0, true},           {"Affine", 2, false},
    {"LeakyRelu", 1, true}, {"ScaledTanh", 2, false}, {"HardSigmoid", 2, true},    {"Elu", 1, true},
    {"Softsign", 0, true},  {"Softplus", 0, true},    {"ThresholdedRelu", 1, true}};

int ParametersOf(const std::string& activation) {
  for (const Function& function : kFunctions) {
    if (ToLower(function.name) == ToLower(activation)) return function.parameters;
  }
  return 0;
}

bool Maybe() { return *rc::gen::arbitrary<bool>(); }
// True once in so many cases.
bool Rarely(int often) { return EvenlyFrom(0, often) == often - 1; }

// Exporters write any case.
std::string AnyCase(std::string name) {
  const int which = EvenlyFrom(0, 3);
  for (char& c : name) {
    if (which == 1) c = static_cast<char>(std::tolower(c));
    if (which == 2) c = static_cast<char>(std::toupper(c));
  }
  return name;
}

// alpha and beta for all functions that take them, or for the first few with the others at their defaults.
void ChooseActivations(RecurrentCase& c) {
  const int count = (c.op == "LSTM" ? 3 : c.op == "GRU" ? 2 : 1) * c.Directions();
  bool alphas = true, betas = true;  // still given
  std::vector<const Function*> functions;
  for (int i = 0; i < count; ++i) functions.push_back(&kFunctions[EvenlyFrom(0, 11)]);
  for (size_t i = 0; i < functions.size(); ++i) {
    // Once values stop, every later function must have a default.
    bool needed = false;
    for (size_t k = i; k < functions.size(); ++k) needed = needed || !functions[k]->has_default;
    const Function& f = *functions[i];
    c.activations.push_back(AnyCase(f.name));
    if (f.parameters > 0) {
      alphas = alphas && (needed || Maybe());
      // The thresholded ReLU without a jump that float and double could fall on different sides of: at 0
      // there is none, and nothing comes near the others.
      const bool jumps = std::string(f.name) == "ThresholdedRelu";
      const auto alpha =
          EvenlyOneOf<float>(jumps ? std::vector{0.0f, -256.0f, 256.0f} : std::vector{0.3f, 0.75f, 1.25f});
      if (alphas) c.alphas.push_back(alpha);
      if (!alphas && std::string(f.name) == "ThresholdedRelu") c.activations.back() = "Tanh";
    }
    if (f.parameters > 1 && c.activations.back() != "Tanh") {
      betas = betas && (needed || Maybe());
      if (betas) c.betas.push_back(EvenlyOneOf<float>({0.25f, 0.5f, 0.9f}));
    }
  }
}

}  // namespace

void ChooseLengths(RecurrentCase& c) {
  c.lengths.clear();
  for (int64_t i = 0; i < c.batch; ++i) {
    c.lengths.push_back(EvenlyFrom<int32_t>(0, static_cast<int32_t>(c.steps) + 1));
  }
}

namespace {

std::vector<float> Numbers(int64_t count, int seed, double scale) {
  std::mt19937 generator(static_cast<unsigned>(seed) * 2654435761u + 17u);
  std::uniform_real_distribution<float> uniform(-0.9f, 1.1f);
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(uniform(generator) * static_cast<float>(scale));
  return values;
}

struct Shapes {
  std::vector<int64_t> x, w, r, b, p, state;
};
Shapes ShapesOf(const RecurrentCase& c) {
  const int64_t d = c.Directions(), g = c.Gates(), h = c.hidden;
  return {c.batch_first ? std::vector<int64_t>{c.batch, c.steps, c.inputs}
                        : std::vector<int64_t>{c.steps, c.batch, c.inputs},
          {d, g * h, c.inputs},
          {d, g * h, h},
          {d, 2 * g * h},
          {d, 3 * h},
          c.batch_first ? std::vector<int64_t>{c.batch, d, h} : std::vector<int64_t>{d, c.batch, h}};
}

struct Operand {
  std::string name;
  std::vector<int64_t> dims;
  double scale;
  int salt;
  bool is_input;
};
// In the order of the operator's inputs; an empty name where there is none.
std::vector<Operand> OperandsOf(const RecurrentCase& c) {
  const Shapes s = ShapesOf(c);
  const double w = 1.5 / std::sqrt(static_cast<double>(c.inputs));
  const double r = 0.9 / std::sqrt(static_cast<double>(c.hidden));
  const bool weights = !c.constant_weights;
  std::vector<Operand> operands = {{"X", s.x, 1.5, 1, true},
                                   {"W", s.w, w, 2, weights},
                                   {"R", s.r, r, 3, weights},
                                   {c.bias ? "B" : "", s.b, 0.5, 4, weights},
                                   {c.lengths.empty() ? "" : "lens", {c.batch}, 0, 0, true},
                                   {c.initial_h ? "h0" : "", s.state, 0.8, 5, true}};
  if (c.op != "LSTM") return operands;
  operands.push_back({c.initial_c ? "c0" : "", s.state, 0.7, 6, true});
  operands.push_back({c.peepholes ? "P" : "", s.p, 0.6, 7, weights});
  return operands;
}

OnnxBuilder::Dims DeclaredDims(const RecurrentCase& c, const Operand& operand) {
  OnnxBuilder::Dims dims(operand.dims.begin(), operand.dims.end());
  const int batch = BatchAxis(c, operand.name), time = TimeAxis(c, operand.name);
  if (time >= 0 && c.open_steps) dims[static_cast<size_t>(time)] = "T";
  if (batch >= 0 && c.open_batch) dims[static_cast<size_t>(batch)] = "B";
  return dims;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const RecurrentCase& c) {
  out << fmt::format(
      "{} {} {} T={} B={} I={} H={} layout={} bias={} h0={} c0={} P={} input_forget={} "
      "linear_before_reset={} "
      "clip={} activations=[{}] alpha=[{}] beta=[{}] lengths=[{}] outputs={} constant_weights={} open={}{} "
      "opset={} seed={}",
      c.op, ir::ToText(c.element), c.direction, c.steps, c.batch, c.inputs, c.hidden, c.batch_first, c.bias,
      c.initial_h, c.initial_c, c.peepholes, c.input_forget, c.linear_before_reset, c.clip,
      fmt::join(c.activations, ","), fmt::join(c.alphas, ","), fmt::join(c.betas, ","),
      fmt::join(c.lengths, ","), c.outputs, c.constant_weights, c.open_steps ? "T" : "",
      c.open_batch ? "B" : "", c.opset, c.seed);
  return out;
}

RecurrentCase AnyRecurrentCase(const std::string& direction) {
  RecurrentCase c;
  c.op = EvenlyOneOf<std::string>({"RNN", "GRU", "LSTM"});
  c.direction =
      direction.empty() ? EvenlyOneOf<std::string>({"forward", "reverse", "bidirectional"}) : direction;
  c.steps = EvenlyOneOf(kSteps);
  c.batch = EvenlyOneOf(kBatches);
  c.inputs = EvenlyOneOf(kSizes);
  c.hidden = EvenlyOneOf(kSizes);
  c.batch_first = Maybe();
  c.bias = Maybe();
  c.initial_h = Maybe();
  c.initial_c = c.op == "LSTM" && Maybe();
  c.peepholes = c.op == "LSTM" && Maybe();
  c.input_forget = c.op == "LSTM" && Maybe();
  c.linear_before_reset = c.op == "GRU" && Maybe();
  if (Maybe()) c.clip = EvenlyOneOf<double>({0.25, 0.75, 2.0});
  if (Maybe()) ChooseActivations(c);
  if (Rarely(3)) ChooseLengths(c);
  c.outputs = static_cast<unsigned>(EvenlyFrom(1, c.op == "LSTM" ? 8 : 4));
  c.constant_weights = !Rarely(4);
  c.open_steps = c.steps == 0 || Maybe();
  c.open_batch = Rarely(3);
  c.opset = EvenlyOneOf<int64_t>({7, 13, 14, 17, 22});
  c.seed = EvenlyFrom(1, 1000);
  return c;
}

void UseOnnxSpelling(RecurrentCase& c) {
  for (std::string& name : c.activations) {
    for (const Function& function : kFunctions) {
      if (ToLower(function.name) == ToLower(name)) name = function.name;
    }
  }
}

CaseTensors TensorsOf(const RecurrentCase& c) {
  CaseTensors tensors;
  for (const Operand& operand : OperandsOf(c)) {
    if (operand.name.empty() || operand.name == "lens") continue;
    ir::Tensor tensor = ir::ZeroTensor(ir::MakeStaticType(c.element, operand.dims));
    const std::vector<float> values =
        Numbers(tensor.ElementCount(), c.seed * 10 + operand.salt, operand.scale);
    for (size_t i = 0; i < values.size(); ++i) tensor.SetNumber(static_cast<int64_t>(i), values[i]);
    tensors[operand.name] = std::move(tensor);
  }
  if (!c.lengths.empty()) {
    ir::Tensor lens = ir::ZeroTensor(ir::MakeStaticType(ir::ElementType::kI32, {c.batch}));
    for (size_t i = 0; i < c.lengths.size(); ++i) lens.SetInteger(static_cast<int64_t>(i), c.lengths[i]);
    tensors["lens"] = std::move(lens);
  }
  return tensors;
}

OnnxBuilder ModelOf(const RecurrentCase& c, const CaseTensors& tensors) {
  const int64_t least = c.element == ir::ElementType::kBF16 ? 22 : c.batch_first ? 14 : 7;
  OnnxBuilder model(static_cast<int>(std::max(c.opset, least)));
  std::vector<std::string> inputs, outputs;
  for (const Operand& operand : OperandsOf(c)) {
    inputs.push_back(operand.name);
    if (operand.name.empty()) continue;
    const ir::Tensor& tensor = tensors.at(operand.name);
    if (operand.is_input) {
      model.Input(operand.name, DeclaredDims(c, operand), OnnxType(tensor.type.element));
    } else {
      model.Initialiser(RawTensor(operand.name, OnnxType(tensor.type.element), operand.dims, tensor.bytes));
    }
  }
  while (inputs.back().empty()) inputs.pop_back();
  const char* names[] = {"Y", "Y_h", "Y_c"};
  for (unsigned i = 0; i < (c.op == "LSTM" ? 3u : 2u); ++i) {
    outputs.push_back((c.outputs >> i & 1) != 0 ? names[i] : "");
  }
  while (outputs.back().empty()) outputs.pop_back();
  model.Node(c.op, inputs, outputs, "node")
      .Attribute("hidden_size", c.hidden)
      .Attribute("direction", c.direction);
  if (c.batch_first) model.Attribute("layout", 1);
  if (c.input_forget) model.Attribute("input_forget", 1);
  if (c.linear_before_reset) model.Attribute("linear_before_reset", 1);
  if (c.clip > 0) model.Attribute("clip", c.clip);
  if (!c.activations.empty()) model.Attribute("activations", c.activations);
  if (!c.alphas.empty()) model.Attribute("activation_alpha", c.alphas);
  if (!c.betas.empty()) model.Attribute("activation_beta", c.betas);
  for (const std::string& name : outputs) {
    if (!name.empty()) model.Output(name, OnnxType(c.element));
  }
  return model;
}

std::vector<driver::NamedTensor> InputsOf(const RecurrentCase& c, const CaseTensors& tensors) {
  std::vector<driver::NamedTensor> inputs;
  for (const Operand& operand : OperandsOf(c)) {
    if (operand.is_input && !operand.name.empty()) inputs.push_back({operand.name, tensors.at(operand.name)});
  }
  return inputs;
}

OnnxBuilder ModelOf(const RecurrentCase& c) { return ModelOf(c, TensorsOf(c)); }
std::vector<driver::NamedTensor> InputsOf(const RecurrentCase& c) { return InputsOf(c, TensorsOf(c)); }

int OnnxType(ir::ElementType element) {
  static const std::map<ir::ElementType, int> types = {{ir::ElementType::kF32, onnx::TensorProto::FLOAT},
                                                       {ir::ElementType::kF64, onnx::TensorProto::DOUBLE},
                                                       {ir::ElementType::kF16, onnx::TensorProto::FLOAT16},
                                                       {ir::ElementType::kBF16, onnx::TensorProto::BFLOAT16},
                                                       {ir::ElementType::kI32, onnx::TensorProto::INT32}};
  return types.at(element);
}

RecurrentCase DirectionOf(const RecurrentCase& c, int direction) {
  RecurrentCase one = c;
  one.direction = direction == 0 ? "forward" : "reverse";
  one.activations.clear();
  one.alphas.clear();
  one.betas.clear();
  const size_t half = c.activations.size() / 2;
  size_t alpha = 0, beta = 0;
  for (size_t i = 0; i < c.activations.size(); ++i) {
    const bool mine = (i < half) == (direction == 0);
    const int parameters = ParametersOf(c.activations[i]);
    if (mine) one.activations.push_back(c.activations[i]);
    if (parameters > 0 && alpha < c.alphas.size()) {
      if (mine) one.alphas.push_back(c.alphas[alpha]);
      ++alpha;
    }
    if (parameters > 1 && beta < c.betas.size()) {
      if (mine) one.betas.push_back(c.betas[beta]);
      ++beta;
    }
  }
  return one;
}

int BatchAxis(const RecurrentCase& c, const std::string& tensor) {
  if (tensor == "lens") return 0;
  if (tensor == "Y") return c.batch_first ? 0 : 2;
  const bool has = tensor == "X" || tensor == "h0" || tensor == "c0" || tensor == "Y_h" || tensor == "Y_c";
  return has ? (c.batch_first ? 0 : 1) : -1;
}

int TimeAxis(const RecurrentCase& c, const std::string& tensor) {
  return tensor == "X" || tensor == "Y" ? (c.batch_first ? 1 : 0) : -1;
}

int DirectionAxis(const RecurrentCase& c, const std::string& tensor) {
  if (tensor == "X" || tensor == "lens") return -1;
  if (tensor == "Y") return c.batch_first ? 2 : 1;
  const bool state = tensor == "h0" || tensor == "c0" || tensor == "Y_h" || tensor == "Y_c";
  return state && c.batch_first ? 1 : 0;
}

}  // namespace rnnc::test
