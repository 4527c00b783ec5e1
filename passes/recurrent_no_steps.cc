// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/recurrent_no_steps.h"

#include "compiler/ir/known_ints.h"
#include "compiler/ir/known_zeros.h"
#include "passes/no_frames.h"
#include "passes/recurrent_cells.h"
#include "passes/time_symbol.h"

namespace rnnc::passes {
namespace {

using namespace ir;

// What the elements of a value are taken from, through operators that only move them; these too.
struct Origin {
  std::set<const Value*> sources;
  std::set<const Operation*> movers;
};
Origin OriginOf(const Value& value) {
  Origin origin;
  for (std::vector<const Value*> open = {&value}; !open.empty();) {
    const Value& next = *open.back();
    open.pop_back();
    if (next.IsConst()) continue;  // axes, sizes
    if (next.kind != ValueKind::kResult || !OnlyMoves(next.definition->Kind())) {
      origin.sources.insert(&next);
    } else if (origin.movers.insert(next.definition).second) {
      for (const Value* operand : next.definition->Operands()) {
        if (operand != nullptr) open.push_back(operand);
      }
    }
  }
  return origin;
}

// Whether a value is the final one of a recurrent operator that begins with elements of `state` alone.
bool GoesOnWith(const Value& value, const Value& state) {
  if (value.kind != ValueKind::kResult) return false;
  const Operation& made = *value.definition;
  const Cell* cell = FindCell(made.Kind());
  for (size_t i = 0; cell != nullptr && i < cell->final_values.size(); ++i) {
    const Value* initial = made.Operand(cell->initial[i]);
    if (made.Result(cell->final_values[i]) != &value || initial == nullptr) continue;
    return OriginOf(*initial).sources == std::set<const Value*>{&state};
  }
  return false;
}

}  // namespace

std::set<const Operation*> SeparateUpdates(Function& function) {
  std::set<const Operation*> separate;
  Block& body = function.Body();
  const std::vector<Operation*> operations = body.Snapshot();
  for (Operation* update : operations) {
    if (update->Kind() != OpKind::kUpdate) continue;
    const Value& state = *update->Operand(size_t{0});
    const Origin origin = OriginOf(*update->Operand("value"));
    const bool goes_on = std::any_of(origin.sources.begin(), origin.sources.end(),
                                     [&](const Value* source) { return GoesOnWith(*source, state); });
    if (goes_on) {
      separate.insert(update);
      std::map<const Value*, Value*> copies;
      for (const Operation* operation : operations) {
        if (origin.movers.count(operation) != 0)
          separate.insert(CloneOperation(*operation, body, update, copies));
      }
      const auto copy = copies.find(update->Operand("value"));
      if (copy != copies.end()) update->SetOperand(1, copy->second);
    }
  }
  return separate;
}

void LeaveStateWithoutFrames(Function& function) {
  const std::optional<std::string> time = TimeSymbol(function);
  const std::vector<Operation*> operations = function.Body().Snapshot();
  const bool updates = std::any_of(operations.begin(), operations.end(),
                                   [](const Operation* op) { return op->Kind() == OpKind::kUpdate; });
  if (!time || !updates) return;
  for (const auto& argument : function.Body().Arguments()) {
    const std::vector<Dim>& dims = argument->type.dims;
    const auto found = std::find(dims.begin(), dims.end(), Dim::Symbol(*time));
    if (found == dims.end()) continue;
    const auto axis = static_cast<size_t>(found - dims.begin());
    if (!MayHaveNoSteps(*argument, axis)) return;
    const auto changed = ChangedByNoFrames(function, *time);
    for (Operation* update : operations) {
      if (!changed || update->Kind() != OpKind::kUpdate) continue;
      Value* state = update->Operand(size_t{0});
      if (changed->count(state->name) == 0) continue;
      Builder builder = Builder::Before(update);
      Value* some = HasSteps(builder, argument.get(), axis);
      update->SetOperand(1, builder.Op(OpKind::kWhere, {some, update->Operand("value"), state}, state->type));
    }
    return;
  }
}

bool MayHaveNoSteps(const Value& x, size_t time) {
  const Module& module =
      *(x.kind == ValueKind::kResult ? x.definition->Parent() : x.block)->Parent()->Parent();
  return !IsAtMost(Dim(1), x.type.dims[time], LeastSizesOf(module));
}

Value* HasSteps(Builder& builder, Value* x, size_t time) {
  Operation* length = builder.Create(OpKind::kShape, {x}, {MakeType(ElementType::kI64, {Dim(1)})});
  length->Set("start", static_cast<int64_t>(time));
  length->Set("end", static_cast<int64_t>(time) + 1);
  Value* none = builder.GetBlock().Parent()->Parent()->AddConst("none", MakeScalar(ElementType::kI64, 0));
  return builder.Op(OpKind::kGreater, {length->Result(), none}, MakeType(ElementType::kBool, {Dim(1)}));
}

Value* ZeroWithoutSteps(Builder& builder, Value* x, const Value* initial, Value* final_value) {
  if (!MayHaveNoSteps(*x) || IsZero(*initial)) return final_value;
  Value* some = HasSteps(builder, x);
  Value* zero =
      builder.GetBlock().Parent()->Parent()->AddConst("zero", MakeScalar(final_value->type.element, 0));
  return builder.Op(OpKind::kWhere, {some, final_value, zero}, final_value->type);
}

}  // namespace rnnc::passes
