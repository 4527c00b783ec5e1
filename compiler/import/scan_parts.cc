// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/scan_parts.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "compiler/ir/shape_rules.h"

namespace rnnc::import {
namespace {

using ir::Dim;
using ir::Operation;
using ir::OpKind;
using ir::Value;

// A symbol that no size has: those of inputs are known from the beginning, and steps are counted.
std::string NewStepSymbol(BuildState& state) {
  std::set<std::string> taken;
  for (const auto& argument : state.built.module->FindFunction("main")->Body().Arguments()) {
    for (const Dim& dim : argument->type.dims) {
      for (const std::string& symbol : dim.Symbols()) taken.insert(symbol);
    }
  }
  for (;;) {
    const std::string symbol = state.loops == 0 ? "t" : "t" + std::to_string(state.loops);
    ++state.loops;
    if (taken.count(symbol) == 0) return symbol;
  }
}

// The operation of `body` that the value is computed in; null when it comes from elsewhere.
const Operation* MakerIn(const ir::Block& body, const Value* value) {
  if (value == nullptr || value->kind != ir::ValueKind::kResult) return nullptr;
  return value->definition->Parent() == &body ? value->definition : nullptr;
}

ir::Type WithSteps(ir::Type type, const Dim& steps) {
  type.dims.insert(type.dims.begin(), steps);
  return type;
}

void EraseDraft(BuildState& state, const ScanParts& parts) {
  const auto forget = [&](const ir::Block& block) {
    for (const auto& argument : block.Arguments()) state.ints.Forget(argument.get());
  };
  ir::Block& body = parts.draft->Body();
  forget(body);
  ir::Walk(body, [&](Operation& operation) {
    for (const Value* result : operation.Results()) state.ints.Forget(result);
    if (operation.HasBody()) forget(operation.Body());
  });
  parts.draft->Parent()->Erase(parts.draft);
}

// ONNX: without a step, stacked outputs are empty and carried values are those at first.
Result<Values> WithoutSteps(BuildState& state, const ScanParts& parts) {
  Values results;
  for (const Value* value : parts.stacked) {
    const ir::Type type = WithSteps(value->type, 0);
    if (!type.IsStatic()) {
      return Error(parts.draft->location, "no steps, and outputs of {}; bind its sizes with --dim",
                   type.ToText());
    }
    results.push_back(
        state.built.module->AddConst("empty", std::make_shared<const ir::Tensor>(ir::ZeroTensor(type))));
  }
  for (const ScanParts::Carried& carried : parts.carried) results.push_back(carried.initial);
  EraseDraft(state, parts);
  return results;
}

// Fills the scan's body from the draft's; what changes from step to step is in `values` already.
void CopyBody(const ScanParts& parts, ir::Block& body, std::map<const Value*, Value*>& values,
              const std::set<const Value*>& needed) {
  for (const auto& operation : parts.draft->Body().Operations()) {
    const std::vector<Value*> results = operation->Results();
    const bool is_needed = std::any_of(results.begin(), results.end(), [&](const Value* result) {
      return needed.count(result) != 0 && values.count(result) == 0;
    });
    if (is_needed) ir::CloneOperation(*operation, body, nullptr, values);
  }
  ir::Builder builder(body);
  builder.location = parts.draft->location;
  const auto mapped = [&](Value* value) {
    const auto found = values.find(value);
    return found == values.end() ? value : found->second;
  };
  Values yielded;
  for (Value* value : parts.stacked) yielded.push_back(mapped(value));
  for (const ScanParts::Carried& carried : parts.carried) yielded.push_back(mapped(carried.next));
  Operation* yield = builder.Create(OpKind::kYield, yielded, {});
  yield->Set("n_each", static_cast<int64_t>(parts.stacked.size()));
}

std::vector<int64_t> Permutation(const Value& value, int64_t from, int64_t to) {
  std::vector<int64_t> perm(value.type.dims.size());
  std::iota(perm.begin(), perm.end(), 0);
  perm.erase(perm.begin() + from);
  perm.insert(perm.begin() + to, from);
  return perm;
}

}  // namespace

Operation* BeginDraft(BuildState& state, const Location& location) {
  const std::string symbol = NewStepSymbol(state);
  Operation* draft = state.block->Insert(OpKind::kScan);
  draft->location = location;
  draft->step_symbol = symbol;
  state.block = &draft->MakeBody();
  return draft;
}

bool BuildBody(BuildState& state, const CheckedGraph& body) {
  const size_t before = state.built.errors.size();
  for (const CheckedNode& node : body.nodes) BuildNode(state, node);
  bool complete = state.built.errors.size() == before;
  for (const onnx::ValueInfoProto& output : body.proto->output()) {
    complete = complete &&
               (FindValue(state, output.name()) != nullptr || FindSequence(state, output.name()) != nullptr);
  }
  return complete;
}

std::set<const Value*> Needed(const ScanParts& parts) {
  const ir::Block& body = parts.draft->Body();
  std::set<const Value*> replaced;
  for (const ScanParts::Slice& slice : parts.slices) replaced.insert(slice.value);
  std::set<const Value*> needed;
  std::vector<const Value*> open;
  const auto need = [&](const Value* value) {
    if (value != nullptr && needed.insert(value).second) open.push_back(value);
  };
  for (const Value* value : parts.stacked) need(value);
  for (const ScanParts::Carried& carried : parts.carried) need(carried.next);
  while (!open.empty()) {
    const Value* value = open.back();
    open.pop_back();
    const Operation* maker = replaced.count(value) == 0 ? MakerIn(body, value) : nullptr;
    if (maker == nullptr) continue;
    const auto take = [&](const Operation& operation) {
      for (const Value* operand : operation.Operands()) need(operand);
    };
    take(*maker);
    if (maker->HasBody()) ir::Walk(static_cast<const ir::Block&>(maker->Body()), take);
  }
  return needed;
}

Result<Values> FinishScan(BuildState& state, const ScanParts& parts) {
  for (const ScanParts::Carried& carried : parts.carried) {
    if (carried.initial->type == carried.next->type) continue;
    return Error(
        parts.draft->location,
        "carried value '{}': is {} at first and {} after a step; only values of one type are computed",
        carried.argument->name, carried.initial->type.ToText(), carried.next->type.ToText());
  }
  for (const Value* value : parts.stacked) {
    const ir::Type type = WithSteps(value->type, parts.steps);
    if (ir::IsTooLarge(type)) {
      return Error(parts.draft->location, "output '{}': {} is too large to be computed; bind fewer steps",
                   value->name, type.ToText());
    }
  }
  if (parts.steps.Is(0)) return WithoutSteps(state, parts);
  const std::set<const Value*> needed = Needed(parts);
  ir::Builder builder(*parts.draft->Parent());
  builder.location = parts.draft->location;
  Operation* scan = builder.Create(OpKind::kScan, {}, {});
  ir::Block& body = scan->MakeBody();
  std::map<const Value*, Value*> values;
  std::vector<const ScanParts::Slice*> with_unit_axis;
  for (const ScanParts::Slice& slice : parts.slices) {
    if (needed.count(slice.value) == 0) continue;
    ir::Type type = slice.sequence->type;
    type.dims.erase(type.dims.begin());
    scan->AddOperand(slice.sequence);
    values[slice.value] = body.AddArgument(type, slice.value->name);
    if (slice.unit_axis) with_unit_axis.push_back(&slice);
  }
  scan->Set("n_each", static_cast<int64_t>(scan->Operands().size()));
  scan->Set("n_carry", static_cast<int64_t>(parts.carried.size()));
  scan->Set("reverse", int64_t{parts.reverse});
  scan->steps = parts.steps;
  scan->step_symbol = parts.draft->step_symbol;
  for (const ScanParts::Carried& carried : parts.carried) {
    scan->AddOperand(carried.initial);
    values[carried.argument] = body.AddArgument(carried.initial->type, carried.argument->name);
  }
  for (const ScanParts::Slice* slice : with_unit_axis) {
    Emitter emit(*state.built.module, body, state.ints, parts.draft->location);
    RNNC_ASSIGN(values[slice->value],
                emit.One(OpKind::kUnsqueeze, {values[slice->value], emit.Ints("axis", {*slice->unit_axis})}));
  }
  CopyBody(parts, body, values, needed);
  for (const Value* value : parts.stacked) scan->AddResult(WithSteps(value->type, parts.steps));
  for (const ScanParts::Carried& carried : parts.carried) scan->AddResult(carried.initial->type);
  EraseDraft(state, parts);
  return scan->Results();
}

void NoteLoopSymbols(BuildState& state, const ScanParts& parts) {
  RecurrentSymbols& symbols = state.built.symbols;
  for (const std::string& symbol : parts.steps.Symbols()) symbols.time.insert(symbol);
  for (const ScanParts::Carried& carried : parts.carried) {
    for (const Dim& dim : carried.initial->type.dims) {
      for (const std::string& symbol : dim.Symbols()) {
        if (!parts.steps.Uses(symbol)) symbols.batch.insert(symbol);
      }
    }
  }
}

Result<Value*> AxisToFront(Emitter& emit, Value* value, int64_t axis) {
  if (axis == 0) return value;
  return emit.One(OpKind::kTranspose, {value}, {{"perm", Permutation(*value, axis, 0)}});
}

Result<Value*> FrontToAxis(Emitter& emit, Value* value, int64_t axis) {
  if (axis == 0) return value;
  return emit.One(OpKind::kTranspose, {value}, {{"perm", Permutation(*value, 0, axis)}});
}

Result<Value*> Flipped(Emitter& emit, Value* value) {
  return emit.One(OpKind::kSlice, {value, emit.Ints("last", {-1}),
                                   emit.Ints("before_first", {std::numeric_limits<int64_t>::min()}),
                                   emit.Ints("axis", {0}), emit.Ints("backwards", {-1})});
}

}  // namespace rnnc::import
