// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/interface.h"

#include <algorithm>

#include "compiler/import/tensor.h"
#include "compiler/ir/shape_rules.h"
#include "compiler/support/strings.h"

namespace rnnc::import {
namespace {

struct State {
  const ModelFile& model;
  const ImportOptions& options;
  ImportNotes& notes;
  Interface interface;
  std::vector<Diagnostic> errors;

  template <typename... Args>
  void Refuse(fmt::format_string<Args...> format, Args&&... args) {
    errors.push_back(Error(model.At(), format, std::forward<Args>(args)...));
  }
};

using Declared = onnx::TensorShapeProto::Dimension;

std::string UniqueSymbol(const State& state, const std::string& wanted) {
  std::string candidate = wanted;
  const auto taken = [&] {
    const auto& symbols = state.interface.symbols;
    return std::any_of(symbols.begin(), symbols.end(),
                       [&](const Symbol& s) { return s.symbol == candidate; });
  };
  for (int i = 1; taken(); ++i) candidate = wanted + "_" + std::to_string(i);
  return candidate;
}

Symbol& SymbolFor(State& state, const std::string& name, const std::string& input, size_t axis) {
  for (Symbol& symbol : state.interface.symbols) {
    if (!name.empty() && symbol.name == name) {
      if (symbol.inputs.back() != input) symbol.inputs.push_back(input);
      return symbol;
    }
  }
  Symbol symbol;
  symbol.name = name;
  symbol.symbol =
      UniqueSymbol(state, name.empty() ? CIdentifier(input) + "_" + std::to_string(axis) : CIdentifier(name));
  symbol.inputs = {input};
  state.interface.symbols.push_back(symbol);
  return state.interface.symbols.back();
}

ir::Dim DeclaredDim(State& state, const Declared& dim, const std::string& input, size_t axis) {
  // Some exporters write -1 for "any".
  if (dim.has_dim_value() && dim.dim_value() >= 0) return ir::Dim(dim.dim_value());
  Symbol& symbol = SymbolFor(state, dim.dim_param(), input, axis);
  symbol.leads = symbol.leads || axis == 0;
  return ir::Dim::Symbol(symbol.symbol);
}

void BindTo(State& state, Symbol& symbol, int64_t value, const std::string& reason) {
  if (value < 1) {
    state.Refuse("{}: {} is no size; give at least 1", reason, value);
  } else if (symbol.bound && *symbol.bound != value) {
    state.Refuse("dim '{}': is bound to {} and to {}", symbol.symbol, *symbol.bound, value);
  } else {
    symbol.bound = value;
    symbol.reason = reason;
  }
}

void ApplyShape(State& state, const std::vector<int64_t>& shape, GraphInput& input, bool has_shape) {
  const std::string option = "--shape " + input.name;
  if (!has_shape) {
    for (int64_t size : shape) {
      if (size < 0) return state.Refuse("{}: the model declares no shape; give every size", option);
      input.type.dims.emplace_back(size);
    }
    return;
  }
  if (shape.size() != input.type.dims.size()) {
    return state.Refuse("{}: {} sizes for {}", option, shape.size(), input.type.ToText());
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    const ir::Dim& dim = input.type.dims[i];
    if (shape[i] == -1 || dim.Is(shape[i])) continue;
    if (dim.IsConstant()) {
      state.Refuse("{}: size {} of axis {} is not {}, which the model declares", option, shape[i], i,
                   dim.ToText());
      continue;
    }
    for (Symbol& symbol : state.interface.symbols) {
      if (dim == ir::Dim::Symbol(symbol.symbol)) BindTo(state, symbol, shape[i], option);
    }
  }
}

std::string DeclaredText(const onnx::TypeProto& type) {
  const onnx::TypeProto::Tensor& tensor = type.tensor_type();
  const std::optional<ir::ElementType> element = ElementTypeOf(tensor.elem_type());
  std::string text = element ? std::string(ir::ToText(*element)) : DataTypeName(tensor.elem_type());
  if (!tensor.has_shape()) return text + "[...]";
  text += '[';
  for (int i = 0; i < tensor.shape().dim_size(); ++i) {
    const Declared& dim = tensor.shape().dim(i);
    if (i > 0) text += ',';
    // Some exporters write a negative number for a size that they do not know.
    const bool known = dim.has_dim_value() && dim.dim_value() >= 0;
    text += known ? std::to_string(dim.dim_value()) : dim.dim_param().empty() ? "?" : dim.dim_param();
  }
  return text + ']';
}

void ReadInput(State& state, const onnx::ValueInfoProto& proto) {
  GraphInput input;
  input.name = proto.name();
  if (!proto.type().has_tensor_type()) {
    return state.Refuse("input '{}': is no tensor; sequences, maps and optional values are not computed",
                        proto.name());
  }
  const onnx::TypeProto::Tensor& tensor = proto.type().tensor_type();
  const std::optional<ir::ElementType> element = ElementTypeOf(tensor.elem_type());
  if (!element) {
    return state.Refuse("input '{}': {} is not computed; convert the model to a float or integer type",
                        proto.name(), DataTypeName(tensor.elem_type()));
  }
  input.type.element = *element;
  for (int i = 0; i < tensor.shape().dim_size(); ++i) {
    input.type.dims.push_back(
        DeclaredDim(state, tensor.shape().dim(i), proto.name(), static_cast<size_t>(i)));
  }
  auto shape = state.options.shapes.find(proto.name());
  if (shape != state.options.shapes.end()) {
    ApplyShape(state, shape->second, input, tensor.has_shape());
  } else if (!tensor.has_shape()) {
    state.Refuse("input '{}': the model declares no shape; give one with --shape {}=AxBx...", proto.name(),
                 proto.name());
  }
  state.interface.inputs.push_back(std::move(input));
}

// ---- options that name what is not there ----

std::vector<std::string> InputNames(const State& state) {
  std::vector<std::string> names;
  for (const GraphInput& input : state.interface.inputs) names.push_back(input.name);
  return names;
}

Symbol* FindSymbol(State& state, const std::string& name, const char* option) {
  std::vector<std::string> names;
  for (Symbol& symbol : state.interface.symbols) {
    if ((!name.empty() && symbol.name == name) || symbol.symbol == name) return &symbol;
    names.push_back(symbol.name.empty() ? symbol.symbol : symbol.name);
  }
  state.Refuse("{} {}: no input has a dim of that name{}", option, name, DidYouMean(name, names));
  return nullptr;
}

void CheckInputName(State& state, const std::string& name, const char* option) {
  const std::vector<std::string> names = InputNames(state);
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  state.Refuse("{} {}: the model has no input of that name{}", option, name, DidYouMean(name, names));
}

void ApplyOptions(State& state) {
  for (const auto& [name, value] : state.options.dims) {
    if (Symbol* symbol = FindSymbol(state, name, "--dim")) BindTo(state, *symbol, value, "--dim " + name);
  }
  for (const auto& [name, bounds] : state.options.open_dims) {
    Symbol* symbol = FindSymbol(state, name, "--dim");
    if (symbol == nullptr) continue;
    if (symbol->bound) state.Refuse("--dim {}: is bound to {}, and to stay open", name, *symbol->bound);
    if (bounds.low < 0 || (bounds.high && *bounds.high < bounds.low)) {
      state.Refuse("--dim {}: no size is possible between the bounds {} and {}", name, bounds.low,
                   bounds.high.value_or(bounds.low));
    }
    if (bounds.high == bounds.low) {
      BindTo(state, *symbol, bounds.low, "--dim " + name);
    } else {
      symbol->open = bounds;
    }
  }
  for (const auto& [name, shape] : state.options.shapes) CheckInputName(state, name, "--shape");
  for (const auto& [name, value] : state.options.constants) CheckInputName(state, name, "--const");
}

// ---- constants ----

Result<ir::TensorPtr> ConstantFor(const GraphInput& input, const std::variant<double, ir::TensorPtr>& value,
                                  const Location& at) {
  if (const ir::TensorPtr* tensor = std::get_if<ir::TensorPtr>(&value)) {
    if ((*tensor)->type == input.type) return *tensor;
    return Error(at, "--const {}: is {}, must be {}", input.name, (*tensor)->type.ToText(),
                 input.type.ToText());
  }
  if (!input.type.IsStatic()) {
    return Error(at, "--const {}: the input is {}; give its sizes with --dim or --shape", input.name,
                 input.type.ToText());
  }
  const double number = std::get<double>(value);
  const ir::Dim bytes = input.type.ElementCount() * ir::Dim(ir::BytesOf(input.type.element));
  if (!bytes.IsConstant() || bytes.Value() > (int64_t{1} << 32)) {
    return Error(at, "--const {}: {} is too large for a constant", input.name, input.type.ToText());
  }
  ir::Tensor tensor = ir::ZeroTensor(input.type);
  for (int64_t i = 0; i < tensor.ElementCount(); ++i) tensor.SetNumber(i, number);
  if (!ir::IsFloat(input.type.element) && tensor.ElementCount() > 0 && tensor.NumberAt(0) != number) {
    return Error(at, "--const {}: {} does not fit {}", input.name, number, ir::ToText(input.type.element));
  }
  return std::make_shared<const ir::Tensor>(std::move(tensor));
}

}  // namespace

Result<Interface> ReadInterface(const ModelFile& model, const ImportOptions& options, ImportNotes& notes) {
  State state{model, options, notes, {}, {}};
  std::set<std::string> initialisers;
  for (const onnx::TensorProto& tensor : model.proto->graph().initializer())
    initialisers.insert(tensor.name());
  for (const onnx::ValueInfoProto& input : model.proto->graph().input()) {
    // An initialiser of the same name is the input's value, unless another one is given.
    if (initialisers.count(input.name()) != 0 && options.constants.count(input.name()) == 0) continue;
    notes.inputs.push_back({input.name(), DeclaredText(input.type()), {}});
    ReadInput(state, input);
  }
  for (const onnx::ValueInfoProto& output : model.proto->graph().output()) {
    notes.outputs.push_back({output.name(), DeclaredText(output.type()), {}});
  }
  if (state.errors.empty()) ApplyOptions(state);
  state.interface.constants = options.constants;
  for (const auto& [name, value] : options.constants) notes.constants.push_back(name);
  if (!state.errors.empty()) return state.errors;
  return std::move(state.interface);
}

Result<std::vector<GraphInput>> Interface::Resolved(const Location& at) const {
  std::map<std::string, ir::Dim> bound;
  for (const Symbol& symbol : symbols) {
    if (symbol.bound) bound[symbol.symbol] = ir::Dim(*symbol.bound);
  }
  std::vector<GraphInput> resolved = inputs;
  std::vector<Diagnostic> errors;
  for (GraphInput& input : resolved) {
    if (input.type.Rank() > ir::kMaxRank) {
      errors.push_back(
          Error(at, "input '{}': has {} axes; {} are the most", input.name, input.type.Rank(), ir::kMaxRank));
      continue;
    }
    for (ir::Dim& dim : input.type.dims) dim = dim.Substitute(bound);
    if (ir::IsTooLarge(input.type)) {
      errors.push_back(
          Error(at, "input '{}': {} is too large to be computed", input.name, input.type.ToText()));
      continue;
    }
    auto constant = constants.find(input.name);
    if (constant == constants.end() || (!AllBound() && !input.type.IsStatic())) continue;
    Result<ir::TensorPtr> tensor = ConstantFor(input, constant->second, at);
    if (tensor) {
      input.value = *tensor;
    } else {
      errors.insert(errors.end(), tensor.diagnostics().begin(), tensor.diagnostics().end());
    }
  }
  if (!errors.empty()) return errors;
  return resolved;
}

bool Interface::AllBound() const {
  return std::all_of(symbols.begin(), symbols.end(),
                     [](const Symbol& symbol) { return symbol.bound.has_value() || !symbol.reason.empty(); });
}

std::vector<ir::RuntimeSize> Interface::Open() const {
  std::vector<ir::RuntimeSize> sizes;
  for (const bool time : {true, false}) {
    for (const Symbol& symbol : symbols) {
      if (symbol.bound || symbol.is_time != time) continue;
      const DimBounds bounds = symbol.open.value_or(DimBounds{});
      sizes.push_back({symbol.symbol, bounds.low, bounds.high});
    }
  }
  return sizes;
}

void Interface::SetLeast(const std::string& name, int64_t least) {
  for (Symbol& symbol : symbols) {
    if (symbol.symbol != name) continue;
    symbol.open = DimBounds{least, std::nullopt};
    symbol.reason += fmt::format(", at least {}", least);
  }
}

Result<> BindDefaults(Interface& interface, const RecurrentSymbols& found, bool has_recurrent, bool final,
                      const Location& at) {
  std::vector<Diagnostic> errors;
  std::string time;
  for (Symbol& symbol : interface.symbols) {
    const auto bind = [&](const char* reason, int64_t size = 1) {
      symbol.bound = size;
      symbol.reason = reason;
    };
    const bool is_time = found.time.count(symbol.symbol) != 0 && found.batch.count(symbol.symbol) == 0;
    symbol.is_time = is_time;
    if (symbol.bound) continue;
    if (symbol.open) {
      symbol.reason = symbol.open->high ? fmt::format("{} to {}", symbol.open->low, *symbol.open->high)
                                        : std::string("asked to stay open");
      if (is_time && time.empty()) time = symbol.symbol;
    } else if (const auto fixed = found.fixed.find(symbol.symbol); fixed != found.fixed.end()) {
      bind("batch of a constant initial state", fixed->second);
    } else if (found.batch.count(symbol.symbol) != 0) {
      bind("batch axis of recurrent nodes");
    } else if (is_time && (time.empty() || !final)) {
      time = symbol.symbol;
      if (final) symbol.reason = "time axis of recurrent nodes";
    } else if (is_time) {
      errors.push_back(
          Error(at, "dim '{}': a second time axis beside '{}' is not computed; bind one with --dim {}=N",
                symbol.symbol, time, symbol.symbol));
    } else if (symbol.name.empty() && (found.complete || final)) {
      bind("without a name");
    } else if (!has_recurrent && symbol.leads) {
      bind("leading dim");
    } else if (final) {
      errors.push_back(Error(at, "dim '{}' of input '{}': is symbolic; bind it with --dim {}=N", symbol.name,
                             symbol.inputs.front(), symbol.symbol));
    }
  }
  if (!errors.empty()) return errors;
  return Ok();
}

}  // namespace rnnc::import
