// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "compiler/import/scan_parts.h"

// ONNX Scan. Axes of scan become transposes around the scan, and a direction that is not the scan's a flip.
namespace rnnc::import {
namespace {

using ir::Value;

// One entry a scan input or output; zeros where the node has no such attribute.
Result<std::vector<int64_t>> ListOf(const CheckedNode& node, std::string_view name, size_t count) {
  if (!node.attributes.Has(name)) return std::vector<int64_t>(count, 0);
  std::vector<int64_t> list = node.attributes.Ints(name);
  if (list.size() != count) return Error(node.location, "{}: {} entries for {}", name, list.size(), count);
  return list;
}

Result<std::vector<int64_t>> DirectionsOf(const CheckedNode& node, std::string_view name, size_t count) {
  RNNC_ASSIGN(std::vector<int64_t> list, ListOf(node, name, count));
  for (const int64_t direction : list) {
    if (direction != 0 && direction != 1)
      return Error(node.location, "{}: {} is neither 0 nor 1", name, direction);
  }
  return list;
}

Result<int64_t> AxisWithin(const CheckedNode& node, std::string_view name, int64_t axis, const Value& value) {
  const int64_t rank = value.type.Rank();
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  return Error(node.location, "{}: {} is no axis of {}", name, axis, value.type.ToText());
}

class ScanBuild {
 public:
  ScanBuild(BuildState& state, const CheckedNode& node)
      : state_(state),
        node_(node),
        body_(*node.branches.front()),
        inputs_(static_cast<size_t>(node.attributes.Int("num_scan_inputs"))),
        carried_(static_cast<size_t>(node.proto->input_size()) - inputs_),
        emit_(*state.built.module, *state.block, state.ints, node.location) {}

  // False: something that it depends on is refused, and said already.
  Result<bool> Run() {
    Values values;
    for (const std::string& name : node_.proto->input()) {
      if (FindSequence(state_, name) != nullptr) {
        return Error(node_.location, "input '{}': is a sequence, must be a tensor", name);
      }
      values.push_back(FindValue(state_, name));
      if (values.back() == nullptr) return false;
    }
    RNNC_TRY(ReadSequences({values.begin() + static_cast<std::ptrdiff_t>(carried_), values.end()}));
    if (!BuildDraft(values)) return false;
    NoteLoopSymbols(state_, parts_);
    RNNC_ASSIGN(const Values results, FinishScan(state_, parts_));
    RNNC_TRY(SetOutputs(results));
    return true;
  }

 private:
  Result<> ReadSequences(const Values& inputs) {
    RNNC_ASSIGN(const std::vector<int64_t> directions, DirectionsOf(node_, "scan_input_directions", inputs_));
    RNNC_ASSIGN(const std::vector<int64_t> axes, ListOf(node_, "scan_input_axes", inputs_));
    parts_.reverse = std::all_of(directions.begin(), directions.end(), [](int64_t d) { return d == 1; });
    for (size_t i = 0; i < inputs_; ++i) {
      RNNC_ASSIGN(const int64_t axis, AxisWithin(node_, "scan_input_axes", axes[i], *inputs[i]));
      RNNC_ASSIGN(Value * sequence, AxisToFront(emit_, inputs[i], axis));
      const ir::Dim& steps = sequence->type.dims[0];
      if (i == 0) parts_.steps = steps;
      if (!(steps == parts_.steps)) {
        return Error(node_.location, "input '{}': has {} steps, the first scan input {}",
                     node_.proto->input(static_cast<int>(carried_ + i)), steps.ToText(),
                     parts_.steps.ToText());
      }
      if ((directions[i] == 1) != parts_.reverse) {
        RNNC_ASSIGN(sequence, Flipped(emit_, sequence));
      }
      parts_.slices.push_back({nullptr, sequence, std::nullopt});
    }
    return Ok();
  }

  bool BuildDraft(const Values& inputs) {
    ir::Block* outside = state_.block;
    parts_.draft = BeginDraft(state_, node_.location);
    state_.scopes.push_back({body_, {}, {}});
    const auto name_of = [&](size_t i) { return body_.proto->input(static_cast<int>(i)).name(); };
    for (size_t i = 0; i < carried_; ++i) {
      Value* argument = state_.block->AddArgument(inputs[i]->type, name_of(i));
      state_.Set(name_of(i), argument);
      parts_.carried.push_back({argument, inputs[i], nullptr});
    }
    for (size_t i = 0; i < inputs_; ++i) {
      ir::Type type = parts_.slices[i].sequence->type;
      type.dims.erase(type.dims.begin());
      parts_.slices[i].value = state_.block->AddArgument(type, name_of(carried_ + i));
      state_.Set(name_of(carried_ + i), parts_.slices[i].value);
    }
    bool complete = BuildBody(state_, body_);
    for (int i = 0; complete && i < body_.proto->output_size(); ++i) {
      const std::string& name = body_.proto->output(i).name();
      Value* value = FindValue(state_, name);
      if (value == nullptr) {
        state_.Refuse(
            Error(node_.location, "output '{}' of the body: is a sequence, must be a tensor", name));
        complete = false;
      } else if (static_cast<size_t>(i) < carried_) {
        parts_.carried[static_cast<size_t>(i)].next = value;
      } else {
        parts_.stacked.push_back(value);
      }
    }
    state_.scopes.pop_back();
    state_.block = outside;
    return complete;
  }

  Result<> SetOutputs(const Values& results) {
    const size_t stacked = parts_.stacked.size();
    RNNC_ASSIGN(const std::vector<int64_t> directions,
                DirectionsOf(node_, "scan_output_directions", stacked));
    RNNC_ASSIGN(const std::vector<int64_t> axes, ListOf(node_, "scan_output_axes", stacked));
    for (size_t i = 0; i < carried_; ++i) SetOutput(i, results[stacked + i]);
    for (size_t i = 0; i < stacked; ++i) {
      RNNC_ASSIGN(const int64_t axis, AxisWithin(node_, "scan_output_axes", axes[i], *results[i]));
      Value* value = results[i];
      if ((directions[i] == 1) != parts_.reverse) {
        RNNC_ASSIGN(value, Flipped(emit_, value));
      }
      RNNC_ASSIGN(value, FrontToAxis(emit_, value, axis));
      SetOutput(carried_ + i, value);
    }
    return Ok();
  }

  void SetOutput(size_t i, Value* value) {
    const auto output = static_cast<int>(i);
    if (output >= node_.proto->output_size()) return;
    const std::string& name = node_.proto->output(output);
    if (value->kind == ir::ValueKind::kResult && value->name.empty()) value->name = name;
    state_.Set(name, value);
  }

  BuildState& state_;
  const CheckedNode& node_;
  const CheckedGraph& body_;
  size_t inputs_;  // scan inputs
  size_t carried_;
  Emitter emit_;
  ScanParts parts_;
};

}  // namespace

void BuildScan(BuildState& state, const CheckedNode& node) {
  state.built.branches.push_back(node.branches.front());
  const Result<bool> built = ScanBuild(state, node).Run();
  for (const Diagnostic& diagnostic : built.diagnostics()) state.Refuse(diagnostic);
  if (!built || !*built) LeaveOut(state, node);
}

}  // namespace rnnc::import
