// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// How a model is verified:
//  1. The cases: the data sets given, else those beside the model, else random input.
//  2. Sizes that the user and goldens.json leave open come from the data set. A time axis stays symbolic, so
//     that one object serves every length; a model that cannot is compiled for the length of the set.
//  3. Native code runs on the inputs; the expected outputs are the data set's, else the oracle's in double.
//  4. The bound: --atol and --rtol, else goldens.json, else max(1e-5, ten times what rounding to the model's
//     types costs the oracle) + 1e-5 |expected|; of a model in double 1e-11, and a cost by that of float.
//     Elements that are not larger than the cost, as of states that grow from step to step, are not counted.
//  5. Where state is bound, sets that follow one another are one stream: the state is carried, by the code
//     and by the oracle, and compared after every set.
#include "compiler/driver/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>

#include "compiler/driver/comparison.h"
#include "compiler/driver/data_set.h"
#include "compiler/driver/native.h"
#include "compiler/driver/notes.h"
#include "compiler/driver/phases.h"
#include "compiler/driver/random_sets.h"
#include "compiler/driver/streams.h"
#include "compiler/ir/graph_evaluator.h"
#include "compiler/support/strings.h"

namespace rnnc::driver {
namespace {

constexpr double kDefaultTolerance = 1e-5;
constexpr double kDefaultToleranceOfDoubles = 1e-11;

// A model that computes in nothing but double.
bool IsDouble(const ir::Module& module) {
  bool is_double = true;
  const auto look = [&](const ir::Value& value) {
    is_double =
        is_double && (!ir::IsFloat(value.type.element) || value.type.element == ir::ElementType::kF64);
  };
  for (const auto& constant : module.Consts()) look(*constant);
  for (const auto& function : module.Functions()) {
    for (const auto& argument : function->Body().Arguments()) look(*argument);
    ir::Walk(static_cast<const ir::Block&>(function->Body()), [&](const ir::Operation& operation) {
      for (const ir::Value* result : operation.Results()) look(*result);
    });
  }
  return is_double;
}

// A model specialised for some sizes, with its stream.
struct Specialised {
  CompiledModel compiled;
  std::unique_ptr<NativeModel> native;
};

// What one call gave: its outputs, and the bound states after it. Of the oracle these are doubles.
struct Outcome {
  std::vector<NamedTensor> outputs;
  std::vector<NamedTensor> states;
};

// One call on a data set.
struct Case {
  const DataSet* set = nullptr;
  Specialised* model = nullptr;
  Case* before = nullptr;  // whose stream this one continues
  Outcome got;
  // The oracle in double and rounded to float32, once they were asked for, and where its states then stand.
  std::array<std::optional<Outcome>, 2> oracle;
  std::array<std::map<std::string, ir::Array>, 2> oracle_states;
};

class Verifier {
 public:
  explicit Verifier(const VerifyOptions& options) : options_(options) {}
  Result<VerifyReport> Run();

 private:
  Result<std::vector<DataSet>> Cases();
  ModelOptions WithGoldens(import::ImportNotes& notes) const;
  ModelOptions OptionsFor(const DataSet& set, bool bind_time) const;
  Result<Specialised*> SpecialisedFor(const DataSet& set);
  Result<Specialised*> Specialise(const ModelOptions& options);
  Result<> VerifyCase(Case& current);
  Result<> CompareStates(Case& current);
  Result<> Native(Case& current);
  Result<const Outcome*> Oracle(Case& current, bool round);
  void Compare(const DataSet& set, const NamedTensor& got, const ir::Tensor& expected, double atol);
  Result<double> Bound(Case& current, const std::string& output, const std::string& state = "");
  double Rtol() const { return options_.rtol.value_or(goldens_ ? goldens_->rtol : tolerance_); }

  const VerifyOptions& options_;
  std::optional<Goldens> goldens_;
  std::vector<passes::StatePair> states_;
  std::map<std::string, std::unique_ptr<Specialised>> models_;
  bool is_double_ = false;  // the model computes in nothing else
  double tolerance_ = kDefaultTolerance;
  VerifyReport report_;
};

const ir::Tensor* Find(const std::vector<NamedTensor>& tensors, const std::string& name, size_t position) {
  if (const ir::Tensor* named = FindByName(tensors, name)) return named;
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
  if (folders.empty()) {
    import::ImportNotes notes;
    return RandomSets(WithGoldens(notes), options_);
  }
  std::vector<DataSet> sets;
  for (const std::string& folder : folders) {
    RNNC_ASSIGN(DataSet set, ReadDataSet(folder));
    sets.push_back(std::move(set));
  }
  return sets;
}

ModelOptions Verifier::WithGoldens(import::ImportNotes& notes) const {
  ModelOptions options = options_.model;
  if (goldens_) {
    for (const auto& [name, size] : goldens_->dims) {
      if (options.open_dims.count(name) == 0) options.dims.emplace(name, size);
    }
    for (const auto& [name, value] : goldens_->constants) options.constants.emplace(name, value);
  }
  // Which dims are open, and which of them is time, the importer says; that it refuses some does not matter.
  (void)import::ImportOnnx(options.model, {}, &notes).ok();
  if (goldens_) {
    for (const auto& [name, dims] : goldens_->shapes) {
      options.shapes.emplace(name, WithOpenDims(dims, notes, name, options));
    }
  }
  return options;
}

ModelOptions Verifier::OptionsFor(const DataSet& set, bool bind_time) const {
  import::ImportNotes notes;
  ModelOptions options = WithGoldens(notes);
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

// The stream goes on where the set before ended; else states begin with the set's inputs of their names.
Result<> Verifier::Native(Case& current) {
  if (options_.interpret) {
    RNNC_ASSIGN(const Outcome* outcome, Oracle(current, false));
    current.got = *outcome;
    return Ok();
  }
  const DataSet& set = *current.set;
  NativeModel& native = *current.model->native;
  const rnnc_model& info = native.Model();
  if (current.before == nullptr || current.before->model != current.model) {
    native.Reset();
    for (int32_t s = 0; s < info.n_states; ++s) {
      const std::string name = info.states[s].name;
      const ir::Tensor* begin = FindByName(current.before ? current.before->got.states : set.inputs, name);
      if (begin == nullptr) continue;
      const ir::Type wanted = native.GetState(s).type;
      if (begin->type != wanted)
        return Error({set.path, {}}, "input {}: is {}, the state {}", name, begin->type.ToText(),
                     wanted.ToText());
      native.SetState(s, *begin);
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
  for (size_t i = 0; i < outputs.size(); ++i)
    current.got.outputs.push_back({info.outputs[i].name, std::move(outputs[i])});
  for (int32_t s = 0; s < info.n_states; ++s)
    current.got.states.push_back({info.states[s].name, native.GetState(s)});
  return Ok();
}

Result<const Outcome*> Verifier::Oracle(Case& current, bool round) {
  std::optional<Outcome>& outcome = current.oracle[round ? 1 : 0];
  if (outcome) return &*outcome;
  const DataSet& set = *current.set;
  const ir::Module& graph = *current.model->compiled.graph;
  const ir::Function& main = *graph.FindFunction("main");
  std::vector<ir::Array> inputs;
  for (size_t i = 0; i < main.Body().Arguments().size(); ++i) {
    const ir::Value& argument = *main.Body().Arguments()[i];
    const ir::Tensor* tensor = Find(set.inputs, argument.name, i);
    if (tensor == nullptr) return Error({set.path, {}}, "input {}: is not in the data set", argument.name);
    inputs.push_back(ir::ArrayOf(*tensor));
  }
  std::map<std::string, ir::Array>& states = current.oracle_states[round ? 1 : 0];
  if (current.before != nullptr) {
    RNNC_TRY(Oracle(*current.before, round));
    states = current.before->oracle_states[round ? 1 : 0];
  } else {
    for (const auto& state : graph.States()) {
      const ir::Tensor* begin = FindByName(set.inputs, state->name);
      if (begin != nullptr) states[state->name] = ir::ArrayOf(*begin);
    }
  }
  ir::EvaluateOptions options;
  options.round = round;
  options.round_doubles_to_floats = is_double_;
  options.states = &states;
  options.progress = EvaluatorProgress(options_.model, set.path + ": ");
  RNNC_ASSIGN(const std::vector<ir::Array> outputs, ir::EvaluateGraph(main, inputs, options));
  // Kept in double: the expected value is not rounded to the model's type.
  const auto kept = [&](ir::Array array) {
    if (array.IsFloat() && !round) array.element = ir::ElementType::kF64;
    return ir::TensorOf(array);
  };
  outcome.emplace();
  for (size_t i = 0; i < outputs.size(); ++i)
    outcome->outputs.push_back({main.result_names[i], kept(outputs[i])});
  for (const auto& state : graph.States())
    outcome->states.push_back({state->name, kept(states.at(state->name))});
  return &*outcome;
}

// The absolute bound of an output, or of the state that stands in its place.
Result<double> Verifier::Bound(Case& current, const std::string& output, const std::string& state) {
  if (options_.atol) {
    report_.bound_source = "--atol";
    return *options_.atol;
  }
  if (goldens_) {
    report_.bound_source = "goldens.json";
    auto found = goldens_->outputs.find(output);
    if (found != goldens_->outputs.end()) {
      return current.before == nullptr ? found->second.atol : found->second.atol_chained;
    }
  }
  report_.bound_source =
      fmt::format("max({0:.0e}, 10 x the cost of rounding) + {0:.0e} |expected|", tolerance_);
  RNNC_ASSIGN(const Outcome* rounded, Oracle(current, true));
  RNNC_ASSIGN(const Outcome* exact, Oracle(current, false));
  const double cost =
      state.empty()
          ? LargestDifference(FindByName(rounded->outputs, output), FindByName(exact->outputs, output))
          : LargestDifference(FindByName(rounded->states, state), FindByName(exact->states, state));
  return std::max(tolerance_, 10 * (is_double_ ? std::ldexp(cost, -29) : cost));
}

void Verifier::Compare(const DataSet& set, const NamedTensor& got, const ir::Tensor& expected, double atol) {
  OutputComparison row;
  row.data_set = set.path;
  row.output = got.name;
  row.atol = atol;
  row.rtol = Rtol();
  row.shape = got.tensor.type.ToText();
  if (goldens_ && goldens_->not_compared.count(got.name) != 0) {
    row.compared = false;
    row.excluded = true;
    row.why = "goldens.json says so";
  } else if (got.tensor.type.dims != expected.type.dims) {
    row.within = false;
    row.largest_absolute = row.largest_relative = std::numeric_limits<double>::infinity();
    row.shape += ", expected " + expected.type.ToText();
  } else {
    const bool is_cost = !options_.atol && !goldens_ && atol > tolerance_;
    CompareElements(got.tensor, expected, is_cost, row);
    if (row.below > 0 && row.elements == 0 && row.within) {
      row.compared = false;
      row.why = fmt::format("rounding alone makes a difference of {:.1e}", atol / 10);
    }
  }
  report_.outputs.push_back(std::move(row));
}

Result<> Verifier::VerifyCase(Case& current) {
  RNNC_ASSIGN(current.model, SpecialisedFor(*current.set));
  is_double_ = IsDouble(*current.model->compiled.graph);
  tolerance_ = is_double_ ? kDefaultToleranceOfDoubles : kDefaultTolerance;
  RNNC_TRY(Native(current));
  const std::vector<NamedTensor>* expected = &current.set->outputs;
  if (expected->empty()) {
    RNNC_ASSIGN(const Outcome* outcome, Oracle(current, false));
    expected = &outcome->outputs;
  }
  for (size_t i = 0; i < current.got.outputs.size(); ++i) {
    const NamedTensor& got = current.got.outputs[i];
    const ir::Tensor* tensor = Find(*expected, got.name, i);
    if (tensor == nullptr)
      return Error({current.set->path, {}}, "output {}: is not in the data set", got.name);
    RNNC_ASSIGN(const double atol, Bound(current, got.name));
    Compare(*current.set, got, *tensor, atol);
  }
  return CompareStates(current);
}

// A state is held against the output that it was bound to, as the data set has it, else against the oracle's.
Result<> Verifier::CompareStates(Case& current) {
  for (const NamedTensor& got : current.got.states) {
    const auto pair =
        std::find_if(states_.begin(), states_.end(), [&](const auto& p) { return p.input == got.name; });
    if (pair == states_.end()) continue;
    std::optional<ir::Tensor> expected = StateAfter(*current.set, *pair, got.tensor.type);
    if (!expected) {
      RNNC_ASSIGN(const Outcome* outcome, Oracle(current, false));
      expected = *FindByName(outcome->states, got.name);
    }
    RNNC_ASSIGN(const double atol, Bound(current, pair->output, got.name));
    Compare(*current.set, got, *expected, atol);
    report_.outputs.back().state = true;
  }
  return Ok();
}

Result<VerifyReport> Verifier::Run() {
  RNNC_ASSIGN(goldens_, ReadGoldens(options_.model.model));
  RNNC_ASSIGN(states_, StatePairsOf(options_.model));
  RNNC_ASSIGN(std::vector<DataSet> sets, Cases());
  if (!states_.empty()) {
    // The place of an input or output without a name is that in the file, before states were bound.
    import::ImportNotes notes;
    (void)import::ImportOnnx(options_.model.model, {}, &notes).ok();
    for (DataSet& set : sets) {
      NameByPosition(set.inputs, notes.inputs);
      NameByPosition(set.outputs, notes.outputs);
    }
  }
  std::vector<Case> cases(sets.size());
  for (size_t i = 0; i < sets.size(); ++i) {
    cases[i].set = &sets[i];
    if (i > 0 && Continues(sets[i - 1], sets[i], states_)) cases[i].before = &cases[i - 1];
    if (options_.model.progress) options_.model.progress(sets[i].path);
    RNNC_TRY(VerifyCase(cases[i]));
    if (cases[i].before != nullptr) report_.continued.insert(sets[i].path);
  }
  return report_;
}

}  // namespace

int64_t VerifyReport::Compared() const {
  return std::accumulate(outputs.begin(), outputs.end(), int64_t{0},
                         [](int64_t sum, const OutputComparison& row) { return sum + row.elements; });
}

bool VerifyReport::AllCompared() const {
  return std::all_of(outputs.begin(), outputs.end(), [&](const OutputComparison& row) {
    return row.compared || row.excluded ||
           std::any_of(outputs.begin(), outputs.end(), [&](const OutputComparison& other) {
             return other.compared && other.output == row.output && other.state == row.state;
           });
  });
}

bool VerifyReport::WithinBounds() const {
  return std::all_of(outputs.begin(), outputs.end(), [](const OutputComparison& row) { return row.within; });
}

bool VerifyReport::Passed() const { return Compared() > 0 && AllCompared() && WithinBounds(); }

Result<VerifyReport> Verify(const VerifyOptions& options) { return Verifier(options).Run(); }

}  // namespace rnnc::driver
