// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/graph_evaluator.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "compiler/ir/graph_evaluator_ops.h"
#include "compiler/support/check.h"

namespace rnnc::ir {
namespace {

using oracle::Call;
using oracle::Handler;

Handler FindHandler(OpKind kind) {
  static const std::map<OpKind, Handler> handlers = [] {
    std::map<OpKind, Handler> all;
    for (const auto entries :
         {oracle::PointwiseEntries(), oracle::ElementwiseEntries(), oracle::ReductionEntries(),
          oracle::LayoutEntries(), oracle::SelectionEntries(), oracle::ProductEntries(),
          oracle::RecurrentEntries(), oracle::IndexingEntries(), oracle::WindowEntries(),
          oracle::NormalizationEntries()}) {
      for (const oracle::Entry& entry : entries) {
        RNNC_CHECK(all.emplace(entry.kind, entry.handler).second, "{} is in two tables",
                   InfoOf(entry.kind).text);
      }
    }
    return all;
  }();
  const auto found = handlers.find(kind);
  return found == handlers.end() ? nullptr : found->second;
}

class Evaluation {
 public:
  Evaluation(const Function& function, const EvaluateOptions& options)
      : function_(function), options_(options) {}

  Result<std::vector<Array>> Run(const std::vector<Array>& inputs);

 private:
  Result<> Bind(const Value& argument, const Array& input);
  Result<> Execute(const Operation& operation);
  bool HasNoFrames() const;
  void Round(Array& array) const;  // as the options want it
  Result<> CheckIndex(const Operation& operation);
  Result<> CheckSteps(const Operation& operation);
  Result<> Compute(const Operation& operation);
  Result<> Loop(const Operation& scan);
  Result<Array> Joined(const Operation& scan, const Value& result, const std::vector<Array>& rows) const;
  Result<> CheckType(const Operation& operation, const Value& value, const Array& array) const;
  // The array of any value; constants and states are converted once.
  const Array& ValueOf(const Value* value);
  Array InitialState(const Value& state) const;

  const Function& function_;
  const EvaluateOptions& options_;
  std::map<const Value*, Array> values_;
  std::map<std::string, int64_t> symbols_;
  std::map<std::string, Array> updates_;  // take effect when the function returns
};

void Evaluation::Round(Array& array) const {
  if (!options_.round) return;
  if (!options_.round_doubles_to_floats || array.element != ElementType::kF64) return RoundElements(array);
  for (double& number : array.numbers) number = RoundTo(ElementType::kF32, number);
}

Array Evaluation::InitialState(const Value& state) const {
  if (options_.states != nullptr) {
    const auto found = options_.states->find(state.name);
    if (found != options_.states->end()) return found->second;
  }
  if (state.tensor != nullptr) return ArrayOf(*state.tensor);
  return MakeArray(state.type.element, state.type.StaticDims());
}

const Array& Evaluation::ValueOf(const Value* value) {
  const auto found = values_.find(value);
  if (found != values_.end()) return found->second;
  RNNC_CHECK(value->kind == ValueKind::kConst || value->kind == ValueKind::kState,
             "value '{}' is read before it is computed", value->name);
  Array array = value->IsConst() ? ArrayOf(*value->tensor) : InitialState(*value);
  return values_.emplace(value, std::move(array)).first->second;
}

Result<> Evaluation::Bind(const Value& argument, const Array& input) {
  const Type& type = argument.type;
  const Location place{function_.Parent()->source, {}};
  if (input.element != type.element || input.Rank() != type.Rank()) {
    return Error(place, "input '{}': {} given, {} wanted", argument.name, input.ShapeText(), type.ToText());
  }
  for (size_t i = 0; i < type.dims.size(); ++i) {
    const Dim& dim = type.dims[i];
    const std::vector<std::string> symbols = dim.Symbols();
    if (symbols.size() == 1 && dim == Dim::Symbol(symbols[0])) symbols_.emplace(symbols[0], input.dims[i]);
    const std::optional<int64_t> wanted = dim.Evaluate(symbols_);
    if (wanted && *wanted != input.dims[i]) {
      return Error(place, "input '{}': {} given, {} wanted", argument.name, input.ShapeText(), type.ToText());
    }
  }
  values_.emplace(&argument, input);
  Round(values_.at(&argument));
  return Ok();
}

Result<> Evaluation::CheckIndex(const Operation& operation) {
  const Array& indices = ValueOf(operation.Operand(size_t{0}));
  for (const int64_t index : indices.integers) {
    if (index < operation.Int("low") || index >= operation.Int("high")) {
      return Error(operation.location, "index {} lies outside {}..{}", index, operation.Int("low"),
                   operation.Int("high") - 1);
    }
  }
  return Ok();
}

Result<> Evaluation::CheckSteps(const Operation& operation) {
  const auto found = symbols_.find(operation.String("symbol"));
  if (found != symbols_.end() && found->second < operation.Int("min")) {
    return Error(operation.location, "the sequence is empty: {} is {}, at least {} wanted", found->first,
                 found->second, operation.Int("min"));
  }
  return Ok();
}

Result<> Evaluation::CheckType(const Operation& operation, const Value& value, const Array& array) const {
  bool same = array.element == value.type.element && array.Rank() == value.type.Rank();
  for (size_t i = 0; same && i < array.dims.size(); ++i) {
    const std::optional<int64_t> declared = value.type.dims[i].Evaluate(symbols_);
    same = !declared || *declared == array.dims[i];
  }
  if (same) return Ok();
  return Error(operation.location, "{}: the result is {}, not {} as declared", operation.Info().text,
               array.ShapeText(), value.type.ToText());
}

Result<> Evaluation::Compute(const Operation& operation) {
  const Handler handler = FindHandler(operation.Kind());
  RNNC_CHECK(handler != nullptr, "the oracle has no {}", operation.Info().text);
  Call call{operation, {}, options_.round, options_.round_doubles_to_floats, options_.max_elements};
  for (const Value* operand : operation.Operands()) {
    call.operands.push_back(operand == nullptr ? nullptr : &ValueOf(operand));
  }
  RNNC_ASSIGN(std::vector<Array> results, handler(call));
  RNNC_CHECK(results.size() >= operation.ResultCount(), "{}: {} results", operation.Info().text,
             results.size());
  for (size_t i = 0; i < operation.ResultCount(); ++i) {
    const Value* value = operation.Result(i);
    if (options_.check_types && (value->HasUsers() || value->name != "_")) {
      RNNC_TRY(CheckType(operation, *value, results[i]));
    }
    Round(results[i]);
    values_.insert_or_assign(value, std::move(results[i]));
  }
  return Ok();
}

// ONNX Scan: the rows along a new leading axis.
Result<Array> Evaluation::Joined(const Operation& scan, const Value& result,
                                 const std::vector<Array>& rows) const {
  const Call call{scan, {}, options_.round, options_.round_doubles_to_floats, options_.max_elements};
  std::vector<int64_t> dims;
  if (rows.empty()) {
    for (const Dim& dim : result.type.dims) {
      const std::optional<int64_t> size = dim.Evaluate(symbols_);
      if (!size) return call.Fail("no steps, and {} has no value", dim.ToText());
      dims.push_back(*size);
    }
  } else {
    dims = rows.front().dims;
    dims.insert(dims.begin(), static_cast<int64_t>(rows.size()));
  }
  RNNC_ASSIGN(Array whole, call.Make(result.type.element, dims));
  int64_t at = 0;
  for (const Array& row : rows) {
    if (row.dims != rows.front().dims) {
      return call.Fail("steps give {} and {}", rows.front().ShapeText(), row.ShapeText());
    }
    for (int64_t i = 0; i < row.Count(); ++i) whole.CopyElement(at++, row, i);
  }
  return whole;
}

// ONNX Scan: state variables from one iteration to the next; iteration k takes element k of every scan input,
// or the k-th from the end, and its outputs are appended, or prepended.
Result<> Evaluation::Loop(const Operation& scan) {
  const Block& body = scan.Body();
  const auto inputs = static_cast<size_t>(scan.Int("n_each"));
  const auto outputs = static_cast<size_t>(body.Terminator()->Int("n_each"));
  const std::optional<int64_t> count = scan.steps.Evaluate(symbols_);
  if (!count || *count < 0) return Error(scan.location, "scan: {} steps", scan.steps.ToText());
  std::vector<Array> states;
  for (size_t i = inputs; i < scan.Operands().size(); ++i) states.push_back(ValueOf(scan.Operand(i)));
  std::vector<std::vector<Array>> rows(outputs);
  for (int64_t k = 0; k < *count; ++k) {
    const int64_t element = scan.Int("reverse") == 0 ? k : *count - 1 - k;
    symbols_[scan.step_symbol] = element;
    for (size_t i = 0; i < inputs; ++i) {
      const Array& whole = ValueOf(scan.Operand(i));
      if (whole.dims.empty() || whole.dims[0] != *count) {
        return Error(scan.location, "scan: {} steps of {}", *count, whole.ShapeText());
      }
      Array slice = MakeArray(whole.element, {whole.dims.begin() + 1, whole.dims.end()});
      const int64_t size = slice.Count();
      for (int64_t at = 0; at < size; ++at) slice.CopyElement(at, whole, element * size + at);
      values_.insert_or_assign(body.Arguments()[i].get(), std::move(slice));
    }
    for (size_t i = 0; i < states.size(); ++i) {
      values_.insert_or_assign(body.Arguments()[inputs + i].get(), std::move(states[i]));
    }
    for (const auto& operation : body.Operations()) RNNC_TRY(Execute(*operation));
    const std::vector<Value*>& next = body.Terminator()->Operands();
    for (size_t i = 0; i < outputs; ++i) rows[i].push_back(ValueOf(next[i]));
    for (size_t i = 0; i < states.size(); ++i) states[i] = ValueOf(next[outputs + i]);
  }
  symbols_.erase(scan.step_symbol);
  for (size_t i = 0; i < outputs; ++i) {
    if (scan.Int("reverse") != 0) std::reverse(rows[i].begin(), rows[i].end());
    RNNC_ASSIGN(Array whole, Joined(scan, *scan.Result(i), rows[i]));
    values_.insert_or_assign(scan.Result(i), std::move(whole));
  }
  for (size_t i = 0; i < states.size(); ++i) {
    values_.insert_or_assign(scan.Result(outputs + i), std::move(states[i]));
  }
  return Ok();
}

Result<> Evaluation::Execute(const Operation& operation) {
  switch (operation.Kind()) {
    case OpKind::kYield:  // read by the loop
    case OpKind::kReturn:
      return Ok();
    case OpKind::kCheckIndex:
      return CheckIndex(operation);
    case OpKind::kCheckSteps:
      return CheckSteps(operation);
    case OpKind::kUpdate:
      updates_.insert_or_assign(operation.Operand(size_t{0})->name, ValueOf(operation.Operand(size_t{1})));
      return Ok();
    case OpKind::kScan:
      return Loop(operation);
    default:
      return Compute(operation);
  }
}

// A call without frames leaves the states alone. Time is the first size that a call gives.
bool Evaluation::HasNoFrames() const {
  const std::vector<RuntimeSize> sizes = SizesOf(function_);
  if (sizes.empty()) return false;
  const auto frames = symbols_.find(sizes[0].symbol);
  return frames != symbols_.end() && frames->second == 0;
}

Result<std::vector<Array>> Evaluation::Run(const std::vector<Array>& inputs) {
  const Block& body = function_.Body();
  const Location place{function_.Parent()->source, {}};
  if (inputs.size() != body.Arguments().size()) {
    return Error(place, "{} inputs given, {} wanted", inputs.size(), body.Arguments().size());
  }
  for (size_t i = 0; i < inputs.size(); ++i) RNNC_TRY(Bind(*body.Arguments()[i], inputs[i]));
  size_t done = 0;
  for (const auto& operation : body.Operations()) {
    if (options_.progress) options_.progress(done++, body.Operations().size());
    RNNC_TRY(Execute(*operation));
  }
  std::vector<Array> results;
  const Operation* terminator = body.Terminator();
  RNNC_CHECK(terminator != nullptr && terminator->Kind() == OpKind::kReturn, "a function without `return`");
  for (const Value* value : terminator->Operands()) results.push_back(ValueOf(value));
  if (options_.states != nullptr && !HasNoFrames()) {
    for (auto& [name, array] : updates_) options_.states->insert_or_assign(name, std::move(array));
  }
  return results;
}

}  // namespace

bool HasOracle(OpKind kind) {
  constexpr std::array kOther = {OpKind::kReturn,     OpKind::kUpdate, OpKind::kCheckIndex,
                                 OpKind::kCheckSteps, OpKind::kScan,   OpKind::kYield};
  return FindHandler(kind) != nullptr || std::find(kOther.begin(), kOther.end(), kind) != kOther.end();
}

Result<std::vector<Array>> EvaluateGraph(const Function& function, const std::vector<Array>& inputs,
                                         const EvaluateOptions& options) {
  return Evaluation(function, options).Run(inputs);
}

}  // namespace rnnc::ir
