// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For every scan, inner ones first:
// 1. Each slice has its sequence. Forward through the body: an operation all of whose operands are from
// outside
//    moves out; one whose operands are slices with known sequences (and values from outside) is made again
//    outside over the sequences, where its kind has such a form (the table kLifted). Products of one or two
//    terms stay.
// 2. The results so made are new sequences; the body takes slices of those that it still uses.

#include "passes/hoist_inputs.h"

#include <algorithm>
#include <set>

#include "compiler/ir/builder.h"

namespace rnnc::passes {
namespace {

using ir::Dim;
using ir::Operation;
using ir::OpKind;
using ir::Type;
using ir::Value;

// How an operation is written over all steps: time is a new leading axis.
enum class Form {
  kRows,       // the last axes count: linear, matmul by a matrix
  kPointwise,  // with broadcasting, which aligns the last axes
  kAxis,       // has an attribute `axis` that moves by one
  kPerm,       // transpose
  kReshape     // any change of shape within a step
};

std::optional<Form> FormOf(OpKind kind) {
  static const std::map<OpKind, Form> kLifted = {
      {OpKind::kLinear, Form::kRows},     {OpKind::kMatmul, Form::kRows},
      {OpKind::kSplit, Form::kAxis},      {OpKind::kConcat, Form::kAxis},
      {OpKind::kSoftmax, Form::kAxis},    {OpKind::kLogSoftmax, Form::kAxis},
      {OpKind::kTranspose, Form::kPerm},  {OpKind::kReshape, Form::kReshape},
      {OpKind::kSqueeze, Form::kReshape}, {OpKind::kUnsqueeze, Form::kReshape},
      {OpKind::kFlatten, Form::kReshape},
  };
  auto found = kLifted.find(kind);
  if (found != kLifted.end()) return found->second;
  // The pointwise operators stand together in the list of operations.
  const bool pointwise = kind >= OpKind::kIdentity && kind <= OpKind::kMean;
  return pointwise ? std::optional<Form>(Form::kPointwise) : std::nullopt;
}

class Hoister {
 public:
  Hoister(ir::Module& module, Operation& scan)
      : module_(module), scan_(scan), builder_(ir::Builder::Before(&scan)) {}

  void Run() {
    ir::Block& body = scan_.Body();
    for (size_t i = 0; i < static_cast<size_t>(scan_.Int("n_each")); ++i) {
      sequence_[body.Arguments()[i].get()] = scan_.Operand(i);
    }
    for (Operation* operation : body.Snapshot()) {
      if (operation == body.Terminator() || operation->HasBody()) continue;
      if (operation->ResultCount() == 0) continue;
      if (IsOutside(*operation)) {
        scan_.Parent()->MoveHere(operation, &scan_);
      } else if (MayLift(*operation)) {
        Lift(*operation);
      }
    }
    if (lifted_.empty()) return;
    Rebuild();
  }

 private:
  bool IsOutside(const Value& value) const {
    const ir::Block* block = value.kind == ir::ValueKind::kResult     ? value.definition->Parent()
                             : value.kind == ir::ValueKind::kArgument ? value.block
                                                                      : nullptr;
    return block != &scan_.Body();
  }
  bool IsOutside(const Operation& operation) const {
    return std::all_of(operation.Operands().begin(), operation.Operands().end(),
                       [&](const Value* operand) { return operand == nullptr || IsOutside(*operand); });
  }
  bool HasSequence(const Value* value) const { return value != nullptr && sequence_.count(value) != 0; }

  // A product of so few terms is cheaper made in the step than written to memory and read back.
  static bool HasFewTerms(const Value& x) {
    constexpr int64_t kFewTerms = 2;
    const Dim& terms = x.type.dims.back();
    return terms.IsConstant() && terms.Value() <= kFewTerms;
  }

  bool MayLift(const Operation& operation) const {
    const auto form = FormOf(operation.Kind());
    if (!form) return false;
    const auto& operands = operation.Operands();
    const auto rank = operation.Result()->type.dims.size();
    for (const Value* operand : operands) {
      if (operand != nullptr && !HasSequence(operand) && !IsOutside(*operand)) return false;
    }
    auto only_first = [&] {
      return HasSequence(operands[0]) && std::none_of(operands.begin() + 1, operands.end(),
                                                      [&](const Value* value) { return HasSequence(value); });
    };
    switch (*form) {
      case Form::kRows:
        return only_first() && !HasFewTerms(*operands[0]) && operands[1]->type.dims.size() == 2 &&
               (operation.Operand(size_t{2}) == nullptr ||
                operation.Operand(size_t{2})->type.dims.size() == 1);
      case Form::kPointwise:
        return std::all_of(operands.begin(), operands.end(), [&](const Value* operand) {
          return operand == nullptr || !HasSequence(operand) || operand->type.dims.size() == rank;
        });
      case Form::kAxis:
        if (operation.Kind() == OpKind::kConcat) {
          return std::all_of(operands.begin(), operands.end(),
                             [&](const Value* value) { return HasSequence(value); });
        }
        return only_first();
      case Form::kPerm:
        return only_first();
      case Form::kReshape:
        return only_first() && operation.Result()->type.IsStatic();
    }
    return false;
  }

  Type OverAllSteps(Type type) const {
    type.dims.insert(type.dims.begin(), scan_.steps);
    return type;
  }

  void Lift(Operation& operation) {
    std::vector<Value*> operands = operation.Operands();
    for (Value*& operand : operands) {
      if (HasSequence(operand)) operand = sequence_.at(operand);
    }
    std::vector<Type> types;
    for (const Value* result : operation.Results()) types.push_back(OverAllSteps(result->type));
    builder_.location = operation.location;
    OpKind kind = operation.Kind();
    const Form form = *FormOf(kind);
    if (form == Form::kReshape) {
      kind = OpKind::kReshape;
      std::vector<int64_t> shape = operation.Result()->type.StaticDims();
      shape.insert(shape.begin(), 0);  // time as it is
      operands = {operands[0], module_.AddConst("shape", ir::MakeIntTensor(shape))};
    }
    Operation* lifted = builder_.Create(kind, operands, types);
    if (form == Form::kReshape) {
      lifted->Set("allowzero", int64_t{0});
    } else {
      for (const auto& [name, attribute] : operation.Attributes()) lifted->Set(name, attribute);
    }
    const auto rank = static_cast<int64_t>(operation.Operand(size_t{0})->type.dims.size());
    if (form == Form::kAxis) {
      const int64_t axis = operation.Int("axis");
      lifted->Set("axis", (axis < 0 ? axis + rank : axis) + 1);
    }
    if (form == Form::kPerm) {
      std::vector<int64_t> perm = {0};
      for (const int64_t axis : operation.Ints("perm")) perm.push_back(axis + 1);
      lifted->Set("perm", perm);
    }
    for (size_t i = 0; i < lifted->ResultCount(); ++i) {
      lifted->Result(i)->name = operation.Result(i)->name;
      sequence_[operation.Result(i)] = lifted->Result(i);
    }
    lifted_.insert(&operation);
  }

  // The scan again, without the lifted operations, over the sequences that it still needs.
  void Rebuild() {
    ir::Block& old_body = scan_.Body();
    std::set<const Value*> needed;
    ir::Walk(static_cast<const ir::Block&>(old_body), [&](const Operation& operation) {
      if (lifted_.count(&operation) == 0)
        needed.insert(operation.Operands().begin(), operation.Operands().end());
    });
    builder_.location = scan_.location;
    Operation* scan = builder_.Create(OpKind::kScan, {}, {});
    for (const auto& [name, attribute] : scan_.Attributes()) scan->Set(name, attribute);
    scan->steps = scan_.steps;
    scan->step_symbol = scan_.step_symbol;
    ir::Block& body = scan->MakeBody();
    std::map<const Value*, Value*> values;
    auto take = [&](const Value* slice) {
      if (!HasSequence(slice) || needed.count(slice) == 0) return;
      scan->AddOperand(sequence_.at(slice));
      values[slice] = body.AddArgument(slice->type, slice->name);
    };
    const auto each = static_cast<size_t>(scan_.Int("n_each"));
    for (size_t i = 0; i < each; ++i) take(old_body.Arguments()[i].get());
    for (const auto& operation : old_body.Operations()) {
      for (const Value* result : operation->Results()) take(result);
    }
    scan->Set("n_each", static_cast<int64_t>(scan->Operands().size()));
    for (size_t i = each; i < scan_.Operands().size(); ++i) {
      scan->AddOperand(scan_.Operand(i));
      const Value* argument = old_body.Arguments()[i].get();
      values[argument] = body.AddArgument(argument->type, argument->name);
    }
    for (const auto& operation : old_body.Operations()) {
      if (lifted_.count(operation.get()) == 0) ir::CloneOperation(*operation, body, nullptr, values);
    }
    for (Value* result : scan_.Results()) {
      ir::ReplaceAllUses(result, scan->AddResult(result->type, result->name));
    }
    scan_.Parent()->Erase(&scan_);
  }

  ir::Module& module_;
  Operation& scan_;
  ir::Builder builder_;
  std::map<const Value*, Value*> sequence_;  // of slices: what they are slices of
  std::set<const Operation*> lifted_;
};

void HoistInBlock(ir::Module& module, ir::Block& block) {
  for (Operation* operation : block.Snapshot()) {
    if (operation->HasBody()) HoistInBlock(module, operation->Body());
    if (operation->Kind() == OpKind::kScan) Hoister(module, *operation).Run();
  }
}

}  // namespace

Result<> HoistInputs(ir::Module& module, const PassOptions&) {
  for (const auto& function : module.Functions()) HoistInBlock(module, function->Body());
  return Ok();
}

}  // namespace rnnc::passes
