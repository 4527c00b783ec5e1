// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/kernel_evaluator.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "compiler/ir/builder.h"
#include "compiler/ir/kernel_evaluator_kernel.h"
#include "compiler/ir/kernel_evaluator_scratch.h"
#include "compiler/ir/lowering.h"
#include "compiler/support/check.h"

// 1. Symbols are solved from the inputs.
// 2. Operations run in order; an environment holds the value of each. Loops bind their symbols and run
//    their body once a step.
// 3. An operator of the lowering table is lowered, with the sizes of this call in place of symbols, into a
//    scratch function, which then runs. Scratch functions are kept: a loop's body lowers once.
namespace rnnc::ir {
namespace {

using evaluation::Buffer;
using evaluation::BufferOf;
using evaluation::KernelInput;
using evaluation::LowerAlone;
using evaluation::MakeBuffer;
using evaluation::Scratch;
using evaluation::Symbols;
using BufferPtr = std::shared_ptr<const Buffer>;

// ---- Step 1 ----

// A dim that is a symbol alone defines it.
Result<> BindSymbols(const Value& argument, const Array& input, Symbols& symbols) {
  const Type& type = argument.type;
  if (input.element != type.element || input.dims.size() != type.dims.size()) {
    return Error({}, "{}: the input does not have the type {}", argument.name, type.ToText());
  }
  for (size_t i = 0; i < type.dims.size(); ++i) {
    const std::vector<std::string> names = type.dims[i].Symbols();
    if (names.size() == 1 && type.dims[i] == Dim::Symbol(names[0])) symbols.emplace(names[0], input.dims[i]);
  }
  return Ok();
}

Result<> CheckDims(const Value& argument, const Array& input, const Symbols& symbols) {
  for (size_t i = 0; i < input.dims.size(); ++i) {
    const auto size = argument.type.dims[i].Evaluate(symbols);
    if (!size || *size != input.dims[i]) {
      return Error({}, "{}: axis {} of the input has {} elements and the type is {}", argument.name, i,
                   input.dims[i], argument.type.ToText());
    }
  }
  return Ok();
}

// ---- Step 2 ----

class Evaluator {
 public:
  Evaluator(const KernelEvaluation& options, Symbols symbols)
      : options_(options), symbols_(std::move(symbols)) {}

  Result<std::vector<Array>> RunFunction(const Function& function, const std::vector<Array>& inputs) {
    const Block& body = function.Body();
    for (size_t i = 0; i < inputs.size(); ++i) {
      environment_[body.Arguments()[i].get()] = std::make_shared<Buffer>(BufferOf(inputs[i]));
    }
    RNNC_TRY(RunBlock(body));
    std::vector<Array> results;
    for (const Value* value : body.Terminator()->Operands()) {
      RNNC_ASSIGN(const BufferPtr result, Get(value));
      if (!result->IsWhole()) {
        return Error(body.Terminator()->location, "%{}: returned with elements that nobody has written",
                     value->name);
      }
      results.push_back(*result);
    }
    if (options_.states != nullptr) {
      for (auto& [name, value] : updates_) (*options_.states)[name] = *value;
    }
    return results;
  }

 private:
  Result<> RunBlock(const Block& block) {
    for (const auto& operation : block.Operations()) RNNC_TRY(Run(*operation));
    return Ok();
  }

  // The terminators only list values: whoever runs the block reads them.
  Result<> Run(const Operation& op) {
    switch (op.Kind()) {
      case OpKind::kReturn:
      case OpKind::kYield:
        return Ok();
      case OpKind::kMap:
      case OpKind::kReduce:
      case OpKind::kContract:
        return RunKernelOp(op);
      case OpKind::kScan:
        return RunScan(op);
      case OpKind::kBlocks:
        return RunBlocks(op);
      case OpKind::kUndefined: {
        RNNC_ASSIGN(const std::vector<int64_t> dims, DimsOf(op, op.Result()->type));
        Bind(op.Result(), MakeBuffer(op.Result()->type.element, dims, false));
        return Ok();
      }
      case OpKind::kCheckIndex:
        return CheckIndex(op);
      case OpKind::kCheckLengths:
        return CheckLengths(op);
      case OpKind::kCheckSteps: {
        const auto steps = symbols_.find(op.String("symbol"));
        if (steps == symbols_.end()) return Error(op.location, "{} has no value", op.String("symbol"));
        if (steps->second < op.Int("min"))
          return Error(op.location, "empty_sequence: {} steps", steps->second);
        return Ok();
      }
      case OpKind::kUpdate: {
        RNNC_ASSIGN(updates_[op.Operand("state")->name], Get(op.Operand("value")));
        return Ok();
      }
      default:
        return RunLowered(op);
    }
  }

  // ---- Values ----

  Result<BufferPtr> Get(const Value* value) {
    if (auto found = environment_.find(value); found != environment_.end()) return found->second;
    BufferPtr made;
    if (value->kind == ValueKind::kConst) {
      made = std::make_shared<Buffer>(BufferOf(ArrayOf(*value->tensor)));
    } else if (value->kind == ValueKind::kState) {
      made = InitialState(*value);
    } else {
      return Error({}, "%{}: read before it is computed", value->name);
    }
    environment_[value] = made;
    return made;
  }

  BufferPtr InitialState(const Value& state) const {
    if (options_.states != nullptr) {
      if (auto found = options_.states->find(state.name); found != options_.states->end()) {
        return std::make_shared<Buffer>(BufferOf(found->second));
      }
    }
    if (state.tensor) return std::make_shared<Buffer>(BufferOf(ArrayOf(*state.tensor)));
    return std::make_shared<Buffer>(MakeBuffer(state.type.element, state.type.StaticDims(), true));
  }

  void Bind(const Value* value, Buffer buffer) {
    environment_[value] = std::make_shared<Buffer>(std::move(buffer));
  }

  Result<std::vector<int64_t>> DimsOf(const Operation& op, const Type& type) const {
    std::vector<int64_t> dims;
    for (const Dim& dim : type.dims) {
      const auto size = dim.Evaluate(symbols_);
      if (!size || *size < 0)
        return Error(op.location, "{}: the size {} has no value", type.ToText(), dim.ToText());
      dims.push_back(*size);
    }
    return dims;
  }

  // ---- The primitives ----

  Result<> RunKernelOp(const Operation& op) {
    KernelInput input;
    input.kernel = &op.GetKernel();
    input.symbols = &symbols_;
    input.round = options_.round;
    std::vector<BufferPtr> held;
    for (const Value* operand : op.Operands()) {
      RNNC_ASSIGN(BufferPtr value, Get(operand));
      input.operands.push_back(value.get());
      held.push_back(std::move(value));
    }
    for (const Value* result : op.Results()) {
      RNNC_ASSIGN(std::vector<int64_t> dims, DimsOf(op, result->type));
      input.results.push_back(MakeBuffer(result->type.element, std::move(dims), false));
    }
    Result<std::vector<Buffer>> results = RunKernel(std::move(input));
    if (!results.ok()) return Placed(op, results.diagnostics());
    for (size_t i = 0; i < results->size(); ++i) {
      Buffer& result = (*results)[i];
      if (result.IsWhole()) result.defined.clear();
      Bind(op.Result(i), std::move(result));
    }
    return Ok();
  }

  static Result<> Placed(const Operation& op, const std::vector<Diagnostic>& diagnostics) {
    std::vector<Diagnostic> placed = diagnostics;
    for (Diagnostic& diagnostic : placed) {
      diagnostic.location = op.location;
      diagnostic.message = fmt::format("{}: {}", op.Info().text, diagnostic.message);
    }
    return placed;
  }

  Result<> CheckLengths(const Operation& op) {
    RNNC_ASSIGN(const BufferPtr x, Get(op.Operand("x")));
    int64_t most = op.Int("max");
    if (const std::string& symbol = op.String("symbol"); !symbol.empty()) {
      const auto found = symbols_.find(symbol);
      if (found == symbols_.end()) return Error(op.location, "{} has no value", symbol);
      most = found->second;
    }
    for (int64_t length : x->integers) {
      if (length < 0 || length > most)
        return Error(op.location, "bad_length: {} is outside 0..{}", length, most);
    }
    return Ok();
  }

  Result<> CheckIndex(const Operation& op) {
    RNNC_ASSIGN(const BufferPtr x, Get(op.Operand("x")));
    for (int64_t index : x->integers) {
      if (index < op.Int("low") || index >= op.Int("high")) {
        return Error(op.location, "bad_index: {} is outside {}..{}", index, op.Int("low"),
                     op.Int("high") - 1);
      }
    }
    return Ok();
  }

  // ---- Loops ----

  // Copies `part` into `whole` behind `offset` along `axis`.
  static void Join(Buffer& whole, const Buffer& part, size_t axis, int64_t offset) {
    int64_t inner = 1, outer = 1;
    for (size_t i = 0; i < axis; ++i) outer *= whole.dims[i];
    for (size_t i = axis + 1; i < whole.dims.size(); ++i) inner *= whole.dims[i];
    const int64_t run = part.Count() / std::max<int64_t>(outer, 1);
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t i = 0; i < run; ++i) {
        if (!part.IsDefined(o * run + i)) continue;
        whole.Set((o * whole.dims[axis] + offset) * inner + i, part.At(o * run + i));
      }
    }
  }

  static Buffer SliceAt(const Buffer& sequence, int64_t step) {
    Buffer slice = MakeBuffer(sequence.element, {sequence.dims.begin() + 1, sequence.dims.end()}, false);
    const int64_t count = slice.Count();
    for (int64_t i = 0; i < count; ++i) {
      if (sequence.IsDefined(step * count + i)) slice.Set(i, sequence.At(step * count + i));
    }
    return slice;
  }

  // The results of a loop before its first step: joined ones empty, carried ones the initial values.
  Result<std::vector<Buffer>> EmptyResults(const Operation& op, size_t count) {
    std::vector<Buffer> joined;
    for (size_t i = 0; i < count; ++i) {
      RNNC_ASSIGN(std::vector<int64_t> dims, DimsOf(op, op.Result(i)->type));
      joined.push_back(MakeBuffer(op.Result(i)->type.element, std::move(dims), false));
    }
    return joined;
  }

  Result<std::vector<BufferPtr>> GetAll(const std::vector<Value*>& values, size_t first) {
    std::vector<BufferPtr> all;
    for (size_t i = first; i < values.size(); ++i) {
      RNNC_ASSIGN(BufferPtr value, Get(values[i]));
      all.push_back(std::move(value));
    }
    return all;
  }

  void BindResults(const Operation& op, std::vector<Buffer> joined, const std::vector<BufferPtr>& carried) {
    const size_t count = joined.size();
    for (size_t i = 0; i < count; ++i) Bind(op.Result(i), std::move(joined[i]));
    for (size_t i = 0; i < carried.size(); ++i) environment_[op.Result(count + i)] = carried[i];
  }

  Result<> RunScan(const Operation& op) {
    const Block& body = op.Body();
    const auto sequences = static_cast<size_t>(op.Int("n_each"));
    const auto stacked = static_cast<size_t>(body.Terminator()->Int("n_each"));
    RNNC_ASSIGN(const std::vector<int64_t> length, DimsOf(op, {ElementType::kF32, {op.steps}}));
    RNNC_ASSIGN(std::vector<Buffer> joined, EmptyResults(op, stacked));
    RNNC_ASSIGN(std::vector<BufferPtr> inputs, GetAll(op.Operands(), 0));
    std::vector<BufferPtr> carried(inputs.begin() + static_cast<std::ptrdiff_t>(sequences), inputs.end());
    for (int64_t i = 0; i < length[0]; ++i) {
      const int64_t step = op.Int("reverse") != 0 ? length[0] - 1 - i : i;
      symbols_[op.step_symbol] = step;
      for (size_t k = 0; k < sequences; ++k) Bind(body.Arguments()[k].get(), SliceAt(*inputs[k], step));
      for (size_t k = 0; k < carried.size(); ++k)
        environment_[body.Arguments()[sequences + k].get()] = carried[k];
      RNNC_TRY(RunBlock(body));
      RNNC_ASSIGN(std::vector<BufferPtr> values, GetAll(body.Terminator()->Operands(), 0));
      for (size_t k = 0; k < stacked; ++k) {
        Buffer slice = *values[k];
        slice.dims.insert(slice.dims.begin(), 1);
        Join(joined[k], slice, 0, step);
      }
      carried.assign(values.begin() + static_cast<std::ptrdiff_t>(stacked), values.end());
    }
    symbols_.erase(op.step_symbol);
    BindResults(op, std::move(joined), carried);
    return Ok();
  }

  Result<> RunBlocks(const Operation& op) {
    const Block& body = op.Body();
    const std::vector<int64_t>& axes = op.Ints("axes");
    RNNC_ASSIGN(const std::vector<int64_t> length, DimsOf(op, {ElementType::kF32, {op.steps}}));
    RNNC_ASSIGN(std::vector<Buffer> joined, EmptyResults(op, axes.size()));
    RNNC_ASSIGN(std::vector<BufferPtr> carried, GetAll(op.Operands(), 0));
    for (int64_t start = 0; start < length[0]; start += op.Int("max")) {
      symbols_[op.step_symbol] = start;
      symbols_[op.count_symbol] = std::min(op.Int("max"), length[0] - start);
      for (size_t k = 0; k < carried.size(); ++k) environment_[body.Arguments()[k].get()] = carried[k];
      RNNC_TRY(RunBlock(body));
      RNNC_ASSIGN(std::vector<BufferPtr> values, GetAll(body.Terminator()->Operands(), 0));
      for (size_t k = 0; k < axes.size(); ++k)
        Join(joined[k], *values[k], static_cast<size_t>(axes[k]), start);
      carried.assign(values.begin() + static_cast<std::ptrdiff_t>(axes.size()), values.end());
    }
    symbols_.erase(op.step_symbol);
    symbols_.erase(op.count_symbol);
    BindResults(op, std::move(joined), carried);
    return Ok();
  }

  // ---- Step 3 ----

  Result<> RunLowered(const Operation& op) {
    if (!HasLowering(op.Kind())) {
      return Error(op.location, "{}: cannot be evaluated before it is a scan", op.Info().text);
    }
    std::shared_ptr<Scratch> scratch;
    if (auto found = scratches_.find(&op); found != scratches_.end()) {
      scratch = found->second;
    } else {
      RNNC_ASSIGN(scratch, LowerAlone(op, symbols_, [this](const Value* value) { return Get(value); }));
      if (scratch->reusable) scratches_[&op] = scratch;
    }
    const Block& block = scratch->function->Body();
    for (size_t i = 0; i < scratch->operands.size(); ++i) {
      RNNC_ASSIGN(environment_[block.Arguments()[i].get()], Get(op.Operand(scratch->operands[i])));
    }
    RNNC_TRY(RunBlock(block));
    for (size_t i = 0; i < op.ResultCount(); ++i) {
      RNNC_ASSIGN(environment_[op.Result(i)], Get(block.Terminator()->Operand(i)));
    }
    if (!scratch->reusable) {  // its values go with it
      for (const auto& operation : block.Operations()) {
        for (const Value* result : operation->Results()) environment_.erase(result);
      }
      for (const auto& value : scratch->module.Consts()) environment_.erase(value.get());
      for (const auto& argument : block.Arguments()) environment_.erase(argument.get());
    }
    return Ok();
  }

  const KernelEvaluation& options_;
  Symbols symbols_;
  std::map<const Value*, BufferPtr> environment_;
  std::map<std::string, BufferPtr> updates_;
  std::map<const Operation*, std::shared_ptr<Scratch>> scratches_;
};

}  // namespace

Result<std::vector<Array>> EvaluateKernels(const Function& function, const std::vector<Array>& inputs,
                                           const KernelEvaluation& options) {
  const auto& arguments = function.Body().Arguments();
  if (inputs.size() != arguments.size()) {
    return Error({}, "{}: {} inputs given; it takes {}", function.name, inputs.size(), arguments.size());
  }
  Symbols symbols = options.symbols;
  for (size_t i = 0; i < inputs.size(); ++i) RNNC_TRY(BindSymbols(*arguments[i], inputs[i], symbols));
  for (size_t i = 0; i < inputs.size(); ++i) RNNC_TRY(CheckDims(*arguments[i], inputs[i], symbols));
  return Evaluator(options, std::move(symbols)).RunFunction(function, inputs);
}

}  // namespace rnnc::ir
