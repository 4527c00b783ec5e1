// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// How a model is verified:
//  1. The cases: the data sets given, else those beside the model, else random input.
//  2. Sizes that the user and goldens.json leave open come from the data set. A time axis stays symbolic, so
//     that one object serves every length; a model that cannot is compiled for the length of the set.
//  3. Native code runs on the inputs; the expected outputs are the data set's, else the oracle's in double.
//  4. The bound: --atol and --rtol, else goldens.json, else max(1e-5, ten times what float32 costs the
//  oracle)
//     + 1e-5 |expected|.
#include "compiler/driver/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "compiler/driver/data_set.h"
#include "compiler/driver/native.h"
#include "compiler/driver/notes.h"
#include "compiler/driver/phases.h"
#include "compiler/ir/graph_evaluator.h"
#include "compiler/support/strings.h"

namespace rnnc::driver {
namespace {

constexpr double kDefaultTolerance = 1e-5;

// A model specialised for some sizes, with its stream.
struct Specialised {
  CompiledModel compiled;
  std::unique_ptr<NativeModel> native;
};

class Verifier {
 public:
  explicit Verifier(const VerifyOptions& options) : options_(options) {}
  Result<VerifyReport> Run();

 private:
  Result<std::vector<DataSet>> Cases();
  Result<std::vector<DataSet>> RandomCases();
  ModelOptions OptionsFor(const DataSet& set, bool bind_time) const;
  Result<Specialised*> SpecialisedFor(const DataSet& set);
  Result<Specialised*> Specialise(const ModelOptions& options);
  Result<> VerifySet(const DataSet& set);
  Result<std::vector<NamedTensor>> Native(Specialised& model, const DataSet& set);
  Result<std::vector<NamedTensor>> Oracle(Specialised& model, const DataSet& set, bool round);
  void Compare(const DataSet& set, const NamedTensor& got, const NamedTensor& expected, double atol);
  Result<std::pair<double, double>> Bound(Specialised& model, const DataSet& set, const std::string& output);

  const VerifyOptions& options_;
  std::optional<Goldens> goldens_;
  std::map<std::string, std::unique_ptr<Specialised>> models_;
  std::map<std::string, std::vector<NamedTensor>> rounded_;  // the oracle in float32, by data set
  std::map<std::string, std::vector<NamedTensor>> exact_;
  VerifyReport report_;
};

const ir::Tensor* Find(const std::vector<NamedTensor>& tensors, const std::string& name, size_t position) {
  for (const NamedTensor& tensor : tensors) {
    if (!tensor.name.empty() && tensor.name == name) return &tensor.tensor;
  }
  if (position < tensors.size() && tensors[position].name.empty()) return &tensors[position].tensor;
  return nullptr;
}

// The dims of "f32[B,T,12]" as texts.
std::vector<std::string> DeclaredDims(const std::string& declared) {
  const size_t open = declared.find('[');
  if (open == std::string::npos || declared.size() < open + 2 || declared.back() != ']') return {};
  const std::string inner = declared.substr(open + 1, declared.size() - open - 2);
  return inner.empty() ? std::vector<std::string>() : Split(inner, ',');
}

bool IsNumber(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsTime(const import::ImportNotes& notes, const std::string& name) {
  return std::any_of(notes.dims.begin(), notes.dims.end(), [&](const import::DimNote& dim) {
    return !dim.bound && (dim.name == name || dim.symbol == name);
  });
}

// The shape of an input, with -1 for dims that the user asked to stay open.
std::vector<int64_t> WithOpenDims(std::vector<int64_t> shape, const import::ImportNotes& notes,
                                  const std::string& input, const ModelOptions& options) {
  for (const import::TensorNote& note : notes.inputs) {
    const std::vector<std::string> declared = DeclaredDims(note.declared);
    if (note.name != input || declared.size() != shape.size()) continue;
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      if (options.open_dims.count(declared[axis]) != 0) shape[axis] = -1;
    }
  }
  return shape;
}

std::string KeyOf(const ModelOptions& options) {
  std::string key;
  for (const auto& [name, size] : options.dims) key += fmt::format("{}={};", name, size);
  for (const auto& [name, dims] : options.shapes) key += fmt::format("{}={};", name, fmt::join(dims, "x"));
  return key;
}

Result<std::vector<DataSet>> Verifier::Cases() {
  std::vector<std::string> folders = options_.data_sets;
  if (folders.empty()) folders = DataSetsBeside(options_.model.model);
  if (folders.empty()) return RandomCases();
  std::vector<DataSet> sets;
  for (const std::string& folder : folders) {
    RNNC_ASSIGN(DataSet set, ReadDataSet(folder));
    sets.push_back(std::move(set));
  }
  return sets;
}

// Random numbers for every input: floats from a normal distribution, integers from the range that is checked.
Result<std::vector<DataSet>> Verifier::RandomCases() {
  RNNC_ASSIGN(ImportedModel imported, ImportModel(options_.model));
  const ir::Function& main = *imported.module->FindFunction("main");
  std::mt19937_64 generator(options_.seed);
  std::vector<DataSet> sets;
  for (int k = 0; k < options_.random_sets; ++k) {
    DataSet set;
    set.path = fmt::format("random input {}", k);
    for (const auto& argument : main.Body().Arguments()) {
      std::vector<int64_t> dims;
      for (const ir::Dim& dim : argument->type.dims) {
        dims.push_back(dim.IsConstant() ? dim.Value() : std::max<int64_t>(1, options_.random_steps + 5 * k));
      }
      ir::Tensor tensor = ir::ZeroTensor(ir::MakeStaticType(argument->type.element, dims));
      std::normal_distribution<double> normal(0.1, 1);
      std::uniform_int_distribution<int64_t> small(0, 1);
      for (int64_t i = 0; i < tensor.ElementCount(); ++i) {
        if (ir::IsFloat(argument->type.element)) {
          tensor.SetNumber(i, normal(generator));
        } else {
          tensor.SetInteger(i, small(generator));
        }
      }
      set.inputs.push_back({argument->name, std::move(tensor)});
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

ModelOptions Verifier::OptionsFor(const DataSet& set, bool bind_time) const {
  ModelOptions options = options_.model;
  if (goldens_) {
    for (const auto& [name, size] : goldens_->dims) {
      if (options.open_dims.count(name) == 0) options.dims.emplace(name, size);
    }
    for (const auto& [name, value] : goldens_->constants) options.constants.emplace(name, value);
  }
  // Which dims are open, and which of them is time, the importer says; that it refuses some does not matter.
  import::ImportNotes notes;
  (void)import::ImportOnnx(options.model, {}, &notes).ok();
  if (goldens_) {
    for (const auto& [name, dims] : goldens_->shapes) {
      options.shapes.emplace(name, WithOpenDims(dims, notes, name, options));
    }
  }
  for (size_t i = 0; i < notes.inputs.size(); ++i) {
    const import::TensorNote& input = notes.inputs[i];
    const ir::Tensor* tensor = Find(set.inputs, input.name, i);
    if (tensor == nullptr || options.shapes.count(input.name) != 0) continue;
    const std::vector<int64_t> sizes = tensor->type.StaticDims();
    const std::vector<std::string> declared = DeclaredDims(input.declared);
    if (sizes.size() != declared.size()) continue;
    std::vector<int64_t> shape(sizes.size(), -1);
    bool unnamed = false;
    for (size_t axis = 0; axis < sizes.size(); ++axis) {
      const std::string& dim = declared[axis];
      if (dim == "?") {
        unnamed = true;
        shape[axis] = sizes[axis];
      } else if (!IsNumber(dim) && options.open_dims.count(dim) == 0 && (bind_time || !IsTime(notes, dim))) {
        options.dims.emplace(dim, sizes[axis]);
      }
    }
    if (unnamed) options.shapes.emplace(input.name, shape);
  }
  return options;
}

Result<Specialised*> Verifier::Specialise(const ModelOptions& options) {
  std::unique_ptr<Specialised>& slot = models_[KeyOf(options)];
  if (slot) return slot.get();
  auto made = std::make_unique<Specialised>();
  RNNC_ASSIGN(made->compiled, CompileModel(options));
  if (!options_.interpret) {
    RNNC_ASSIGN(made->native, NativeModel::Load(made->compiled.object.object, made->compiled.planned->name));
  }
  ++report_.compilations;
  slot = std::move(made);
  return slot.get();
}

Result<Specialised*> Verifier::SpecialisedFor(const DataSet& set) {
  auto open = Specialise(OptionsFor(set, false));
  if (open.ok()) return open;
  auto bound = Specialise(OptionsFor(set, true));
  if (bound.ok()) return bound;
  return open;  // the first reason is the one for the model as it is
}

Result<std::vector<NamedTensor>> Verifier::Native(Specialised& model, const DataSet& set) {
  if (options_.interpret) return Oracle(model, set, false);
  NativeModel& native = *model.native;
  const rnnc_model& info = native.Model();
  native.Reset();
  // Bound state comes from the set's input of that name.
  for (int32_t s = 0; s < info.n_states; ++s) {
    for (const NamedTensor& input : set.inputs) {
      if (input.name == info.states[s].name) native.SetState(s, input.tensor);
    }
  }
  std::vector<ir::Tensor> inputs;
  for (int32_t i = 0; i < info.n_inputs; ++i) {
    const ir::Tensor* tensor = Find(set.inputs, info.inputs[i].name, static_cast<size_t>(i));
    if (tensor == nullptr)
      return Error({set.path, {}}, "input {}: is not in the data set", info.inputs[i].name);
    inputs.push_back(*tensor);
  }
  RNNC_ASSIGN(std::vector<ir::Tensor> outputs, native.Call(inputs));
  std::vector<NamedTensor> named;
  for (size_t i = 0; i < outputs.size(); ++i) named.push_back({info.outputs[i].name, std::move(outputs[i])});
  return named;
}

Result<std::vector<NamedTensor>> Verifier::Oracle(Specialised& model, const DataSet& set, bool round) {
  const ir::Function& main = *model.compiled.graph->FindFunction("main");
  std::vector<ir::Array> inputs;
  for (size_t i = 0; i < main.Body().Arguments().size(); ++i) {
    const ir::Value& argument = *main.Body().Arguments()[i];
    const ir::Tensor* tensor = Find(set.inputs, argument.name, i);
    if (tensor == nullptr) return Error({set.path, {}}, "input {}: is not in the data set", argument.name);
    inputs.push_back(ir::ArrayOf(*tensor));
  }
  std::map<std::string, ir::Array> states;
  for (const auto& state : model.compiled.graph->States()) {
    for (const NamedTensor& input : set.inputs) {
      if (input.name == state->name) states[state->name] = ir::ArrayOf(input.tensor);
    }
  }
  ir::EvaluateOptions options;
  options.round = round;
  options.states = &states;
  RNNC_ASSIGN(std::vector<ir::Array> outputs, ir::EvaluateGraph(main, inputs, options));
  std::vector<NamedTensor> named;
  for (size_t i = 0; i < outputs.size(); ++i) {
    // Kept in double: the expected value is not rounded to the model's type.
    ir::Array& output = outputs[i];
    if (output.IsFloat() && !round) output.element = ir::ElementType::kF64;
    named.push_back({main.result_names[i], ir::TensorOf(output)});
  }
  return named;
}

Result<std::pair<double, double>> Verifier::Bound(Specialised& model, const DataSet& set,
                                                  const std::string& output) {
  const double rtol = options_.rtol.value_or(goldens_ ? goldens_->rtol : kDefaultTolerance);
  if (options_.atol) {
    report_.bound_source = "--atol";
    return std::pair(*options_.atol, rtol);
  }
  if (goldens_) {
    report_.bound_source = "goldens.json";
    auto found = goldens_->outputs.find(output);
    if (found != goldens_->outputs.end()) return std::pair(found->second.atol, rtol);
  }
  report_.bound_source = "max(1e-5, 10 x the cost of float32) + 1e-5 |expected|";
  if (rounded_.count(set.path) == 0) {
    RNNC_ASSIGN(rounded_[set.path], Oracle(model, set, true));
    RNNC_ASSIGN(exact_[set.path], Oracle(model, set, false));
  }
  double largest = 0;
  for (size_t i = 0; i < rounded_[set.path].size(); ++i) {
    const NamedTensor& rounded = rounded_[set.path][i];
    if (rounded.name != output) continue;
    const ir::Tensor& exact = exact_[set.path][i].tensor;
    for (int64_t k = 0; k < exact.ElementCount(); ++k) {
      const double difference = std::fabs(rounded.tensor.NumberAt(k) - exact.NumberAt(k));
      if (std::isfinite(difference)) largest = std::max(largest, difference);
    }
  }
  return std::pair(std::max(kDefaultTolerance, 10 * largest), rtol);
}

void Verifier::Compare(const DataSet& set, const NamedTensor& got, const NamedTensor& expected, double atol) {
  OutputComparison row;
  row.data_set = set.path;
  row.output = got.name;
  row.atol = atol;
  row.rtol = options_.rtol.value_or(goldens_ ? goldens_->rtol : kDefaultTolerance);
  row.shape = got.tensor.type.ToText();
  if (goldens_ && goldens_->not_compared.count(got.name) != 0) {
    row.compared = false;
  } else if (got.tensor.type.dims != expected.tensor.type.dims) {
    row.within = false;
    row.largest_absolute = row.largest_relative = std::numeric_limits<double>::infinity();
    row.shape += ", expected " + expected.tensor.type.ToText();
  } else {
    const bool integer = !ir::IsFloat(got.tensor.type.element);
    for (int64_t i = 0; i < got.tensor.ElementCount(); ++i) {
      const double a = got.tensor.NumberAt(i);
      const double b = expected.tensor.NumberAt(i);
      if (a == b || (std::isnan(a) && std::isnan(b))) continue;
      double difference = std::fabs(a - b);
      if (std::isnan(difference)) difference = std::numeric_limits<double>::infinity();
      row.largest_absolute = std::max(row.largest_absolute, difference);
      row.largest_relative = std::max(row.largest_relative, b == 0 ? difference : difference / std::fabs(b));
      const bool close = !integer && difference <= row.atol + row.rtol * std::fabs(b);
      row.within &= close;
    }
  }
  report_.outputs.push_back(std::move(row));
}

Result<> Verifier::VerifySet(const DataSet& set) {
  RNNC_ASSIGN(Specialised * model, SpecialisedFor(set));
  RNNC_ASSIGN(const std::vector<NamedTensor> got, Native(*model, set));
  std::vector<NamedTensor> expected = set.outputs;
  if (expected.empty()) {
    RNNC_ASSIGN(expected, Oracle(*model, set, false));
  }
  for (size_t i = 0; i < got.size(); ++i) {
    const ir::Tensor* tensor = Find(expected, got[i].name, i);
    if (tensor == nullptr) return Error({set.path, {}}, "output {}: is not in the data set", got[i].name);
    RNNC_ASSIGN(const auto bound, Bound(*model, set, got[i].name));
    Compare(set, got[i], {got[i].name, *tensor}, bound.first);
  }
  return Ok();
}

Result<VerifyReport> Verifier::Run() {
  RNNC_ASSIGN(goldens_, ReadGoldens(options_.model.model));
  RNNC_ASSIGN(const std::vector<DataSet> sets, Cases());
  for (const DataSet& set : sets) RNNC_TRY(VerifySet(set));
  return report_;
}

}  // namespace

bool VerifyReport::Passed() const {
  return std::all_of(outputs.begin(), outputs.end(), [](const OutputComparison& row) { return row.within; });
}

Result<VerifyReport> Verify(const VerifyOptions& options) { return Verifier(options).Run(); }

}  // namespace rnnc::driver
