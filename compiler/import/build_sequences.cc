// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <map>

#include "compiler/import/scan_parts.h"

// ONNX's operators on sequences, as far as they only gather tensors: while the graph is built a sequence is
// the list of its elements, or one tensor that holds them along its leading axis.
namespace rnnc::import {
namespace {

using ir::Dim;
using ir::OpKind;
using ir::Value;

struct Call {
  BuildState& state;
  const CheckedNode& node;
  const Sequence* sequence = nullptr;  // the first input, where it is one
  Values inputs;                       // null: absent, or a sequence
  Emitter emit;

  std::string OutputName() const { return node.proto->output(0); }
  Result<> SetSequence(Sequence made) {
    state.SetSequence(OutputName(), std::move(made));
    return Ok();
  }
  Result<> Set(Value* value) {
    if (value->kind == ir::ValueKind::kResult && value->name.empty()) value->name = OutputName();
    state.Set(OutputName(), value);
    return Ok();
  }
  Diagnostic OnlyAppends() const {
    return emit.Refuse(
        "a sequence that a Loop carries: only SequenceInsert without a position is computed on it; give out "
        "what a step computes as a scan output");
  }
};

Result<int64_t> AxisOf(const Call& call, int64_t rank) {
  const int64_t axis = call.node.attributes.Int("axis");
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  return call.emit.Refuse("axis: {} is outside the {} axes", axis, rank);
}

// A position among `count`, or `count` itself where one may be inserted there.
Result<size_t> PositionOf(Call& call, const Value& position, size_t count, bool insert) {
  const auto known = call.state.ints.IntegersOf(&position);
  if (!known || known->size() != 1) {
    return call.emit.Refuse("position: '{}' {}", position.name, ir::WhyUnknown(position, call.state.ints));
  }
  const auto size = static_cast<int64_t>(count);
  const int64_t at = known->front() < 0 ? known->front() + size : known->front();
  if (at < 0 || at >= size + (insert ? 1 : 0)) {
    return call.emit.Refuse("position: {} is outside a sequence of {}", known->front(), count);
  }
  return static_cast<size_t>(at);
}

Result<> Empty(Call& call) { return call.SetSequence(Elements{}); }

Result<> Construct(Call& call) { return call.SetSequence(Elements{call.inputs}); }

Result<> Insert(Call& call) {
  Value* position = call.inputs.size() > 2 ? call.inputs[2] : nullptr;
  Sequence made = *call.sequence;
  if (auto* growing = std::get_if<Growing>(&made)) {
    if (position != nullptr) return call.OnlyAppends();
    growing->appended.push_back(call.inputs[1]);
  } else if (auto* elements = std::get_if<Elements>(&made)) {
    size_t at = elements->values.size();
    if (position != nullptr) {
      RNNC_ASSIGN(at, PositionOf(call, *position, elements->values.size(), true));
    }
    elements->values.insert(elements->values.begin() + static_cast<std::ptrdiff_t>(at), call.inputs[1]);
  } else {
    return call.emit.Refuse(
        "into the parts of a SplitToSequence, or what a Loop has collected; join them, then Concat");
  }
  return call.SetSequence(std::move(made));
}

Result<> At(Call& call) {
  if (const auto* elements = std::get_if<Elements>(call.sequence)) {
    RNNC_ASSIGN(const size_t at, PositionOf(call, *call.inputs[1], elements->values.size(), false));
    return call.Set(elements->values[at]);
  }
  const auto* stacked = std::get_if<Stacked>(call.sequence);
  if (stacked == nullptr) return call.OnlyAppends();
  RNNC_ASSIGN(Value * element,
              call.emit.One(OpKind::kGather, {stacked->rows, call.inputs[1]}, {{"axis", int64_t{0}}}));
  return call.Set(element);
}

Result<> Length(Call& call) {
  Dim length;
  if (const auto* elements = std::get_if<Elements>(call.sequence)) {
    length = Dim(static_cast<int64_t>(elements->values.size()));
  } else if (const auto* stacked = std::get_if<Stacked>(call.sequence)) {
    length = stacked->rows->type.dims[0];
  } else {
    return call.OnlyAppends();
  }
  RNNC_ASSIGN(Value * value, EmitSize(call.state, call.emit, length));
  return call.Set(value);
}

// One element for each position of the axis.
Result<> SplitApart(Call& call) {
  Value* x = call.inputs[0];
  bool keeps = call.node.attributes.Int("keepdims") != 0;
  if (call.inputs.size() > 1 && call.inputs[1] != nullptr) {
    const auto split = call.state.ints.IntegersOf(call.inputs[1]);
    if (!split || call.inputs[1]->type.Rank() != 0 || split->front() != 1) {
      return call.emit.Refuse("split: only elements of one position each are computed; use Split for others");
    }
    keeps = true;  // ONNX: keepdims is ignored then
  }
  RNNC_ASSIGN(const int64_t axis, AxisOf(call, x->type.Rank()));
  RNNC_ASSIGN(Value * rows, AxisToFront(call.emit, x, axis));
  if (keeps) {
    RNNC_ASSIGN(rows, call.emit.One(OpKind::kUnsqueeze, {rows, call.emit.Ints("axis", {axis + 1})}));
  }
  return call.SetSequence(Stacked{rows});
}

Result<> JoinElements(Call& call, const Elements& elements, bool new_axis) {
  if (elements.values.empty()) return call.emit.Refuse("the sequence is empty, there is nothing to join");
  const int64_t rank = elements.values.front()->type.Rank() + (new_axis ? 1 : 0);
  RNNC_ASSIGN(const int64_t axis, AxisOf(call, rank));
  Values parts = elements.values;
  for (Value*& part : parts) {
    if (!new_axis) break;
    RNNC_ASSIGN(part, call.emit.One(OpKind::kUnsqueeze, {part, call.emit.Ints("axis", {axis})}));
  }
  RNNC_ASSIGN(Value * joined, call.emit.One(OpKind::kConcat, parts, {{"axis", axis}}));
  return call.Set(joined);
}

Result<> JoinRows(Call& call, Value* rows, bool new_axis) {
  RNNC_ASSIGN(const int64_t axis, AxisOf(call, rows->type.Rank() - (new_axis ? 0 : 1)));
  RNNC_ASSIGN(Value * moved, FrontToAxis(call.emit, rows, axis));
  if (new_axis) return call.Set(moved);
  // [.., N, n, ..] -> [.., N*n, ..]
  std::vector<Dim> dims = moved->type.dims;
  dims[static_cast<size_t>(axis)] *= dims[static_cast<size_t>(axis) + 1];
  dims.erase(dims.begin() + axis + 1);
  Values sizes;
  for (const Dim& dim : dims) {
    RNNC_ASSIGN(Value * size, EmitSize(call.state, call.emit, dim));
    RNNC_ASSIGN(size, call.emit.One(OpKind::kUnsqueeze, {size, call.emit.Ints("axis", {0})}));
    sizes.push_back(size);
  }
  RNNC_ASSIGN(Value * shape, call.emit.One(OpKind::kConcat, sizes, {{"axis", int64_t{0}}}));
  RNNC_ASSIGN(Value * joined, call.emit.One(OpKind::kReshape, {moved, shape}, {{"allowzero", int64_t{1}}}));
  return call.Set(joined);
}

Result<> Join(Call& call) {
  const bool new_axis = call.node.attributes.Int("new_axis") != 0;
  if (const auto* elements = std::get_if<Elements>(call.sequence))
    return JoinElements(call, *elements, new_axis);
  if (const auto* stacked = std::get_if<Stacked>(call.sequence))
    return JoinRows(call, stacked->rows, new_axis);
  return call.OnlyAppends();
}

struct Entry {
  Result<> (*compute)(Call&);
  bool of_sequence;  // the first input is one
};
const std::map<std::string_view, Entry>& Entries() {
  static const std::map<std::string_view, Entry> table = {
      {"SequenceEmpty", {Empty, false}},    {"SequenceConstruct", {Construct, false}},
      {"SequenceInsert", {Insert, true}},   {"SequenceAt", {At, true}},
      {"SequenceLength", {Length, true}},   {"SplitToSequence", {SplitApart, false}},
      {"ConcatFromSequence", {Join, true}},
  };
  return table;
}

// False: it depends on what is refused.
Result<bool> Compute(BuildState& state, const CheckedNode& node) {
  const Entry& entry = Entries().at(node.rule->name);
  Call call{state, node, nullptr, {}, Emitter(*state.built.module, *state.block, state.ints, node.location)};
  for (int i = 0; i < node.proto->input_size(); ++i) {
    const std::string& name = node.proto->input(i);
    Value* value = FindValue(state, name);
    const Sequence* sequence = FindSequence(state, name);
    const bool wants_sequence = i == 0 && entry.of_sequence;
    if (!name.empty() && value == nullptr && sequence == nullptr) return false;
    if (!name.empty() && (sequence != nullptr) != wants_sequence) {
      return Error(node.location, "input '{}': {}", name,
                   wants_sequence ? "is a tensor, must be a sequence" : "is a sequence, must be a tensor");
    }
    if (wants_sequence) call.sequence = sequence;
    call.inputs.push_back(value);
  }
  RNNC_TRY(entry.compute(call));
  return true;
}

}  // namespace

void BuildSequenceNode(BuildState& state, const CheckedNode& node) {
  const Result<bool> computed = Compute(state, node);
  for (const Diagnostic& diagnostic : computed.diagnostics()) state.Refuse(diagnostic);
  if (!computed || !*computed) LeaveOut(state, node);
}

}  // namespace rnnc::import
