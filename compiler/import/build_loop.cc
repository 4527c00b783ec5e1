// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <map>

#include "compiler/import/scan_parts.h"
#include "compiler/import/trip_count.h"

// ONNX Loop, where the number of its steps is a size. Steps:
//   1. Carried values that a step gives on as they are, are their initial values; in the body the condition
//      is true. The others are arguments of the draft.
//   2. The body's nodes are built; a carried sequence only knows what a step appends to it.
//   3. Carried integers that grow by a constant are known at every step; so is the trip count (trip_count.h).
//   4. gather(x, step) of an x from outside, where it is within x at every step, is a slice of a sequence,
//      and so is x[step:step+1] (build_step_row.cc). This is how exporters read what Scan would be given.
//   5. The step's own number, where it is still needed, is a slice of 0, 1, 2 ..
namespace rnnc::import {
namespace {

using ir::Dim;
using ir::Operation;
using ir::OpKind;
using ir::Value;

constexpr size_t kBeforeCarried = 2;  // M and cond; the step's number and the condition

class LoopBuild {
 public:
  LoopBuild(BuildState& state, const CheckedNode& node)
      : state_(state),
        node_(node),
        body_(*node.branches.front()),
        carried_(static_cast<size_t>(node.proto->input_size()) - kBeforeCarried),
        initial_(carried_),
        is_sequence_(carried_),
        emit_(*state.built.module, *state.block, state.ints, node.location),
        known_(state.ints.Least(), state.compare) {}

  // False: something that it depends on is refused, and said already.
  Result<bool> Run() {
    RNNC_ASSIGN(const bool complete, ReadInputs());
    if (!complete) return false;
    RNNC_ASSIGN(const bool built, BuildDraft());
    if (!built) return false;
    KnowCounters();
    RNNC_ASSIGN(parts_.steps, TripCount(condition_, known_, parts_.draft->step_symbol, node_.location));
    NoteLoopSymbols(state_, parts_);
    RNNC_TRY(TakeSlices());
    RNNC_ASSIGN(const Values results, FinishScan(state_, parts_));
    SetOutputs(results);
    return true;
  }

 private:
  // Where a carried value's next value is.
  struct Output {
    enum { kUnchanged, kCarried, kStacked } kind = kUnchanged;
    size_t index = 0;
  };

  std::string InputName(size_t i) const {
    const auto at = static_cast<int>(i);
    return at < node_.proto->input_size() ? node_.proto->input(at) : std::string();
  }
  std::string BodyInput(size_t i) const { return body_.proto->input(static_cast<int>(i)).name(); }
  std::string BodyOutput(size_t i) const { return body_.proto->output(static_cast<int>(i)).name(); }

  Result<bool> ReadInputs() {
    for (size_t i = 0; i < kBeforeCarried; ++i) {
      Value*& value = i == 0 ? condition_.most : condition_.first;
      if (InputName(i).empty()) continue;
      value = FindValue(state_, InputName(i));
      if (value == nullptr) return false;
      const bool fits = value->type.ElementCount().Is(1) && !ir::IsFloat(value->type.element) &&
                        (value->type.element == ir::ElementType::kBool) == (i == 1);
      if (fits) continue;
      return Error(node_.location, "{}: '{}' is {}, must be one {}", i == 0 ? "M" : "cond", InputName(i),
                   value->type.ToText(), i == 0 ? "integer" : "bool");
    }
    for (size_t i = 0; i < carried_; ++i) {
      const std::string name = InputName(kBeforeCarried + i);
      is_sequence_[i] = FindSequence(state_, name) != nullptr;
      initial_[i] = is_sequence_[i] ? nullptr : FindValue(state_, name);
      if (!is_sequence_[i] && initial_[i] == nullptr) return false;
    }
    return true;
  }

  // Step 1. The name that `output` of the body is another one for.
  std::string Through(std::string output) const {
    for (bool changed = true; changed;) {
      changed = false;
      for (const CheckedNode& node : body_.nodes) {
        if (node.proto->op_type() != "Identity" || node.proto->output(0) != output) continue;
        output = node.proto->input(0);
        changed = true;
        break;
      }
    }
    return output;
  }
  bool IsUnchanged(size_t i) const { return Through(BodyOutput(1 + i)) == BodyInput(kBeforeCarried + i); }

  Result<> NameArguments() {
    number_ = state_.block->AddArgument({ir::ElementType::kI64, {}}, BodyInput(0));
    state_.Set(BodyInput(0), number_);
    state_.Set(BodyInput(1),
               state_.built.module->AddConst("true", ir::MakeScalar(ir::ElementType::kBool, 1)));
    outputs_.resize(carried_);
    for (size_t i = 0; i < carried_; ++i) {
      const std::string name = BodyInput(kBeforeCarried + i);
      const std::string outer = InputName(kBeforeCarried + i);
      if (is_sequence_[i]) {
        const Sequence sequence = *FindSequence(state_, outer);
        if (IsUnchanged(i)) {
          state_.SetSequence(name, sequence);
          continue;
        }
        const Elements* elements = std::get_if<Elements>(&sequence);
        if (elements == nullptr || !elements->values.empty()) {
          return Error(
              node_.location,
              "carried sequence '{}': is not empty at first; only sequences that collect one element a step "
              "are computed",
              outer);
        }
        state_.SetSequence(name, Growing{&node_, i, {}});
      } else if (IsUnchanged(i)) {
        state_.Set(name, initial_[i]);
      } else {
        Value* argument = state_.block->AddArgument(initial_[i]->type, name);
        state_.Set(name, argument);
        outputs_[i] = {Output::kCarried, parts_.carried.size()};
        parts_.carried.push_back({argument, initial_[i], nullptr});
      }
    }
    return Ok();
  }

  // Step 2.
  Result<bool> BuildDraft() {
    ir::Block* outside = state_.block;
    parts_.draft = BeginDraft(state_, node_.location);
    state_.scopes.push_back({body_, {}, {}});
    StepRows* const rows_outside = state_.rows;
    state_.rows = &rows_;
    rows_.body = state_.block;
    Result<> named = NameArguments();
    const bool complete = named && BuildBody(state_, body_);
    Result<> read = complete ? ReadOutputs() : Ok();
    state_.scopes.pop_back();
    state_.block = outside;
    state_.rows = rows_outside;
    RNNC_TRY(named);
    RNNC_TRY(read);
    return complete;
  }

  Result<> ReadOutputs() {
    condition_.next = FindValue(state_, BodyOutput(0));
    if (condition_.next == nullptr) return Error(node_.location, "cond: is a sequence, must be one bool");
    for (size_t i = 0; i < carried_; ++i) {
      if (IsUnchanged(i)) continue;
      const std::string name = BodyOutput(1 + i);
      if (is_sequence_[i]) {
        RNNC_TRY(ReadGrown(i, name));
      } else if (Value* next = FindValue(state_, name)) {
        parts_.carried[outputs_[i].index].next = next;
      } else {
        return Error(node_.location, "carried value '{}': is a sequence after a step", name);
      }
    }
    for (size_t i = 1 + carried_; i < static_cast<size_t>(body_.proto->output_size()); ++i) {
      Value* value = FindValue(state_, BodyOutput(i));
      if (value == nullptr) {
        return Error(node_.location, "scan output '{}': is a sequence, must be a tensor", BodyOutput(i));
      }
      scan_outputs_.push_back(parts_.stacked.size());
      parts_.stacked.push_back(value);
    }
    return Ok();
  }

  Result<> ReadGrown(size_t i, const std::string& name) {
    const Sequence* sequence = FindSequence(state_, name);
    const Growing* growing = sequence == nullptr ? nullptr : std::get_if<Growing>(sequence);
    if (growing == nullptr || growing->loop != &node_ || growing->index != i ||
        growing->appended.size() != 1) {
      return Error(
          node_.location,
          "carried sequence '{}': a step must append one element to it (SequenceInsert without a position) "
          "and do nothing else with it; give out what a step computes as a scan output",
          name);
    }
    outputs_[i] = {Output::kStacked, parts_.stacked.size()};
    parts_.stacked.push_back(growing->appended.front());
    return Ok();
  }

  // Step 3.
  void KnowCounters() {
    const Dim step = Dim::Symbol(parts_.draft->step_symbol);
    known_.Know(number_, {step});
    for (const ScanParts::Carried& carried : parts_.carried) {
      if (!carried.argument->type.ElementCount().Is(1)) continue;
      const auto first = state_.ints.Of(carried.initial);
      if (!first || first->size() != 1) continue;
      // Next is the argument plus what?
      ir::KnownInts one(state_.ints.Least(), state_.compare);
      one.Know(carried.argument, {step});
      const auto next = one.Of(carried.next);
      if (!next || next->size() != 1) continue;
      const Dim growth = next->front() - step;
      if (growth.IsConstant()) known_.Know(carried.argument, {first->front() + growth * step});
    }
  }

  // Steps 4 and 5.
  Result<> TakeSlices() {
    const std::set<const Value*> needed = Needed(parts_);
    for (const auto& operation : parts_.draft->Body().Operations()) {
      if (operation->Kind() == OpKind::kGather && needed.count(operation->Result()) != 0) {
        RNNC_TRY(TakeGather(*operation));
        RNNC_TRY(RequireTaken(*operation));
      }
    }
    if (Needed(parts_).count(number_) == 0) return Ok();
    RNNC_ASSIGN(Value * limit, EmitSize(state_, emit_, parts_.steps));
    const auto number = [&](double value) {
      return emit_.Const("number", ir::MakeScalar(ir::ElementType::kI64, value));
    };
    RNNC_ASSIGN(Value * numbers, emit_.One(OpKind::kRange, {number(0), limit, number(1)}));
    parts_.slices.push_back({number_, numbers, std::nullopt});
    return Ok();
  }

  Result<> TakeGather(const Operation& gather) {
    Value* x = gather.Operand("x");
    const Value* indices = gather.Operand("indices");
    const auto index = known_.Of(indices);
    if (IsMadeIn(parts_.draft->Body(), *x) || !index || index->size() != 1) return Ok();
    const int64_t axis = gather.Int("axis") < 0 ? gather.Int("axis") + x->type.Rank() : gather.Int("axis");
    const Dim& size = x->type.dims[static_cast<size_t>(axis)];
    const std::string& symbol = parts_.draft->step_symbol;
    const Dim at_first = index->front().Substitute({{symbol, Dim(0)}});
    const bool forward = index->front() - at_first == Dim::Symbol(symbol);
    const bool backward = at_first - index->front() == Dim::Symbol(symbol);
    if (!forward && !backward) return Ok();
    Dim start = forward ? at_first : at_first - parts_.steps + 1;
    const ir::LeastSizes& least = known_.Least();
    // A Slice to -0 would be empty.
    const bool counts_from_end = rows_.slices.count(gather.Result()) == 0;
    if (counts_from_end && ir::IsNeverNegative(Dim(-1) - start - parts_.steps + 1, least))
      start = start + size;
    if (!ir::IsNeverNegative(start, least) || !ir::IsAtMost(start + parts_.steps, size, least)) return Ok();
    const auto rank = indices->type.dims.size();
    if (rank > 1) return Ok();
    RNNC_ASSIGN(Value * sequence, SequenceOf(x, axis, start, backward));
    parts_.slices.push_back(
        {gather.Result(), sequence, rank == 1 ? std::optional<int64_t>(axis) : std::nullopt});
    return Ok();
  }

  // A lookup beyond x is an error when it runs; a Slice has fewer elements there.
  Result<> RequireTaken(const Operation& gather) {
    const auto slice = rows_.slices.find(gather.Result());
    const auto is_it = [&](const ScanParts::Slice& taken) { return taken.value == gather.Result(); };
    if (slice == rows_.slices.end() || std::any_of(parts_.slices.begin(), parts_.slices.end(), is_it))
      return Ok();
    return Error(
        slice->second,
        "starts: '{}' changes from step to step; only one row a step, that lies within '{}' ({}) in all "
        "{} steps and goes up or down by one, is computed",
        gather.Operand("indices")->name, gather.Operand("x")->name, gather.Operand("x")->type.ToText(),
        parts_.steps.ToText());
  }

  // `steps` elements of x along the axis, from `start` on; the same ones only once.
  Result<Value*> SequenceOf(Value* x, int64_t axis, const Dim& start, bool backward) {
    Value*& made = sequences_[{x, axis, start.ToText(), backward}];
    if (made != nullptr) return made;
    RNNC_ASSIGN(Value * sequence, AxisToFront(emit_, x, axis));
    if (!(sequence->type.dims[0] == parts_.steps)) {
      RNNC_ASSIGN(Value * first, SizeVector(start));
      RNNC_ASSIGN(Value * end, SizeVector(start + parts_.steps));
      RNNC_ASSIGN(sequence, emit_.One(OpKind::kSlice, {sequence, first, end, emit_.Ints("axis", {0})}));
    }
    if (backward) {
      RNNC_ASSIGN(sequence, Flipped(emit_, sequence));
    }
    return made = sequence;
  }
  Result<Value*> SizeVector(const Dim& size) {
    RNNC_ASSIGN(Value * scalar, EmitSize(state_, emit_, size));
    return emit_.One(OpKind::kUnsqueeze, {scalar, emit_.Ints("axis", {0})});
  }

  void SetOutputs(const Values& results) {
    const size_t stacked = parts_.stacked.size();
    for (size_t i = 0; i < carried_; ++i) {
      const Output& output = outputs_[i];
      if (output.kind == Output::kCarried) {
        SetOutput(i, results[stacked + output.index]);
      } else if (output.kind == Output::kStacked) {
        state_.SetSequence(OutputName(i), Stacked{results[output.index]});
      } else if (is_sequence_[i]) {
        state_.SetSequence(OutputName(i), *FindSequence(state_, InputName(kBeforeCarried + i)));
      } else {
        state_.Set(OutputName(i), initial_[i]);
      }
    }
    for (size_t i = 0; i < scan_outputs_.size(); ++i) SetOutput(carried_ + i, results[scan_outputs_[i]]);
  }
  std::string OutputName(size_t i) const {
    const auto at = static_cast<int>(i);
    return at < node_.proto->output_size() ? node_.proto->output(at) : std::string();
  }
  void SetOutput(size_t i, Value* value) {
    if (value->kind == ir::ValueKind::kResult && value->name.empty()) value->name = OutputName(i);
    state_.Set(OutputName(i), value);
  }

  BuildState& state_;
  const CheckedNode& node_;
  const CheckedGraph& body_;
  size_t carried_;
  Values initial_;                 // null: of a sequence
  std::vector<bool> is_sequence_;  // of carried values
  std::vector<Output> outputs_;    // of carried values
  std::vector<size_t> scan_outputs_;
  Emitter emit_;
  ir::KnownInts known_;  // at every step
  LoopCondition condition_;
  Value* number_ = nullptr;  // of the step
  ScanParts parts_;
  StepRows rows_ = {};
  std::map<std::tuple<Value*, int64_t, std::string, bool>, Value*> sequences_;
};

// coefficient * symbol * .., for one term of a size.
Result<Value*> EmitTerm(BuildState& state, Emitter& emit, const Dim::Monomial& symbols, int64_t coefficient) {
  Value* product = nullptr;
  const auto multiply = [&](Value* factor) -> Result<> {
    if (product == nullptr) {
      product = factor;
    } else {
      RNNC_ASSIGN(product, emit.One(OpKind::kMul, {product, factor}));
    }
    return Ok();
  };
  for (const std::string& symbol : symbols) {
    Value* size = nullptr;
    for (const auto& argument : state.built.module->FindFunction("main")->Body().Arguments()) {
      const std::vector<Dim>& dims = argument->type.dims;
      const auto axis = std::find(dims.begin(), dims.end(), Dim::Symbol(symbol)) - dims.begin();
      if (size != nullptr || axis == static_cast<std::ptrdiff_t>(dims.size())) continue;
      RNNC_ASSIGN(size,
                  emit.One(OpKind::kShape, {argument.get()},
                           {{"start", static_cast<int64_t>(axis)}, {"end", static_cast<int64_t>(axis + 1)}}));
    }
    if (size == nullptr) return emit.Refuse("the size {} is no axis of an input; bind it with --dim", symbol);
    RNNC_TRY(multiply(size));
  }
  if (coefficient != 1 || product == nullptr) RNNC_TRY(multiply(emit.Ints("count", {coefficient})));
  return product;
}

}  // namespace

Result<Value*> EmitSize(BuildState& state, Emitter& emit, const Dim& size) {
  if (size.IsConstant()) {
    ir::Tensor tensor = ir::ZeroTensor({ir::ElementType::kI64, {}});
    tensor.SetInteger(0, size.Value());
    return emit.Const("count", std::make_shared<const ir::Tensor>(std::move(tensor)));
  }
  Value* sum = nullptr;
  for (const auto& [symbols, coefficient] : size.Terms()) {
    RNNC_ASSIGN(Value * term, EmitTerm(state, emit, symbols, coefficient));
    if (sum == nullptr) {
      sum = term;
    } else {
      RNNC_ASSIGN(sum, emit.One(OpKind::kAdd, {sum, term}));
    }
  }
  return emit.One(OpKind::kSqueeze, {sum, emit.Ints("axis", {0})});
}

void BuildLoop(BuildState& state, const CheckedNode& node) {
  state.built.branches.push_back(node.branches.front());
  const Result<bool> built = LoopBuild(state, node).Run();
  for (const Diagnostic& diagnostic : built.diagnostics()) state.Refuse(diagnostic);
  if (!built || !*built) LeaveOut(state, node);
}

}  // namespace rnnc::import
