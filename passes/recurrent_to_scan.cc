// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/recurrent_to_scan.h"

#include <memory>
#include <set>

#include "compiler/ir/builder.h"
#include "passes/recurrent_cells.h"
#include "passes/recurrent_no_steps.h"
#include "passes/recurrent_weights.h"

// 1. Refuse what is not computed, by name.
// 2. Cut W, R, B and P into one piece a gate (recurrent_weights.h).
// 3. Build the scan: X is its sequence, the states are carried; the body is the cell's equations
//    (recurrent_cells.h).
//    With lengths a step behind a sequence's end changes nothing; backward in time, that is what comes first.
//    A sequence of no steps ends with 0 (recurrent_no_steps.h).
// 4. One scan a direction, the second one backward in time; their results are joined along the axis of
//    directions. With layout 1, transposes stand around it all.
namespace rnnc::passes {
namespace {

using namespace ir;

size_t Directions(const Operation& op) { return op.String("direction") == "bidirectional" ? 2 : 1; }

// Of initial and final values: [D,B,H], or [B,D,H] with layout 1.
int64_t DirectionAxis(const Operation& op) { return op.Int("layout") != 0 ? 1 : 0; }

// ---- Step 1 ----

Result<> Refuse(const Operation& op, const Cell& cell) {
  const Location& at = op.location;
  const size_t wanted = cell.activations * Directions(op);
  if (op.Strings("activations").size() != wanted) {
    return Error(at, "activations: {} given; {} takes {}", op.Strings("activations").size(), op.Info().text,
                 wanted);
  }
  if (!ActivationsOf(op, 0, cell.activations)) {
    return Error(at, "activations: {}: one is unknown, or has no alpha and beta",
                 fmt::join(op.Strings("activations"), ", "));
  }
  const Dim& steps = op.Operand("X")->type.dims[op.Int("layout") != 0 ? 1 : 0];
  const bool single =
      steps.IsConstant() || (steps.Symbols().size() == 1 && steps == Dim::Symbol(steps.Symbols()[0]));
  if (op.Operand("sequence_lens") != nullptr && !single) {
    return Error(at, "sequence_lens: with {} steps; bind them with --dim", steps.ToText());
  }
  const Dim& inputs = op.Operand("X")->type.dims[2];
  if (!inputs.IsConstant()) {
    return Error(at, "X: axis 2 has the symbolic size {}; bind it with --dim", inputs.ToText());
  }
  return Ok();
}

// ---- Steps 3 and 4 ----

// A name for the step that no size, and no other loop of the function, has.
std::string StepSymbol(Function& function) {
  std::set<std::string> taken;
  const auto take = [&](const Type& type) {
    for (const Dim& dim : type.dims) {
      for (const std::string& symbol : dim.Symbols()) taken.insert(symbol);
    }
  };
  for (const auto& argument : function.Body().Arguments()) take(argument->type);
  Walk(function.Body(), [&](Operation& operation) {
    for (const Value* result : operation.Results()) take(result->type);
    taken.insert(operation.step_symbol);
    taken.insert(operation.count_symbol);
  });
  std::string symbol = "t";
  for (int i = 1; taken.count(symbol) != 0; ++i) symbol = "t" + std::to_string(i);
  return symbol;
}

Value* Zeros(Builder& builder, const Type& type) {
  return builder.GetBlock().Parent()->Parent()->AddConst("zero", std::make_shared<Tensor>(ZeroTensor(type)));
}

// The initial state [B,H] of an operator that has none; a batch known only in a call is taken from x [T,B,I].
Value* ZeroState(Builder& builder, Value* x, const Type& state) {
  if (state.IsStatic()) return Zeros(builder, state);
  Module& module = *builder.GetBlock().Parent()->Parent();
  const auto list = [](int64_t count) { return MakeType(ElementType::kI64, {Dim(count)}); };
  Operation* batch = builder.Create(OpKind::kShape, {x}, {list(1)});
  batch->Set("start", int64_t{1});
  batch->Set("end", int64_t{2});
  Value* hidden = module.AddConst("hidden", MakeIntTensor({state.dims[1].Value()}));
  Operation* sizes = builder.Create(OpKind::kConcat, {batch->Result(), hidden}, {list(2)});
  sizes->Set("axis", int64_t{0});
  Value* zero = module.AddConst("zero", MakeScalar(state.element, 0));
  return builder.Op(OpKind::kExpand, {zero, sizes->Result()}, state);
}

Value* Unsqueeze(Builder& builder, Value* x, int64_t axis) {
  Type type = x->type;
  type.dims.insert(type.dims.begin() + axis, Dim(1));
  Module& module = *builder.GetBlock().Parent()->Parent();
  return builder.Op(OpKind::kUnsqueeze, {x, module.AddConst("axes", MakeIntTensor({axis}))}, type);
}

Value* Transpose(Builder& builder, Value* x, const std::vector<int64_t>& perm) {
  Type type = x->type;
  for (size_t i = 0; i < perm.size(); ++i) type.dims[i] = x->type.dims[static_cast<size_t>(perm[i])];
  Operation* transpose = builder.Create(OpKind::kTranspose, {x}, {type});
  transpose->Set("perm", perm);
  return transpose->Result();
}

// ---- Lengths ----

// What a loop over sequences of different lengths reads.
struct Lengths {
  Value* each = nullptr;     // i64 [B,1], null: all sequences are as long as the loop
  Value* counter = nullptr;  // i64 [T]: the number of the step, 0 ..
};

// The caller's tensor that a value is a reshaped form of, or the same numbers in i32 or i64, else the value:
// it is checked before anything is written, and the user knows it.
Value* AsGiven(Value* value) {
  static const std::set<OpKind> kForms = {OpKind::kCast, OpKind::kIdentity, OpKind::kSqueeze,
                                          OpKind::kUnsqueeze, OpKind::kReshape};
  const auto is_wide = [](const Value& x) {
    return x.type.element == ElementType::kI32 || x.type.element == ElementType::kI64;
  };
  Value* source = value;
  while (source->kind == ValueKind::kResult && kForms.count(source->definition->Kind()) != 0 &&
         is_wide(*source->definition->Operand(size_t{0}))) {
    source = source->definition->Operand(size_t{0});
  }
  return source->kind == ValueKind::kArgument && source->block->Owner() == nullptr ? source : value;
}

Lengths LengthsOf(Builder& builder, const Operation& op, Value* x) {
  Value* lens = op.Operand("sequence_lens");
  if (lens == nullptr) return {};
  Module& module = *builder.GetBlock().Parent()->Parent();
  const Dim& steps = x->type.dims[0];
  Operation* check = builder.Create(OpKind::kCheckLengths, {AsGiven(lens)}, {});
  check->Set("max", steps.IsConstant() ? steps.Value() : int64_t{0});
  check->Set("symbol", steps.IsConstant() ? std::string() : steps.Symbols()[0]);
  Operation* wide = builder.Create(OpKind::kCast, {lens}, {{ElementType::kI64, lens->type.dims}});
  wide->Set("to", std::string("i64"));
  const auto scalar = [&](double value) {
    return module.AddConst("count", MakeScalar(ElementType::kI64, value));
  };
  Value* limit = nullptr;
  if (steps.IsConstant()) {
    limit = scalar(static_cast<double>(steps.Value()));
  } else {
    Operation* length = builder.Create(OpKind::kShape, {x}, {MakeType(ElementType::kI64, {Dim(1)})});
    length->Set("start", int64_t{0});
    length->Set("end", int64_t{1});
    limit = length->Result();
  }
  Value* counter =
      builder.Op(OpKind::kRange, {scalar(0), limit, scalar(1)}, MakeType(ElementType::kI64, {steps}));
  return {Unsqueeze(builder, wide->Result(), 1), counter};
}

Value* Where(Builder& builder, Value* condition, Value* a, Value* b) {
  return builder.Op(OpKind::kWhere, {condition, a, b}, a->type);
}

Value* Scalar(Builder& builder, ElementType element, double value) {
  return builder.GetBlock().Parent()->Parent()->AddConst("zero", MakeScalar(element, value));
}

// Behind its end a sequence keeps its carried values, and its output is 0.
void HoldBehindTheEnd(CellBody& body, const Lengths& lengths, Value* counter, std::vector<Value*>& next,
                      Value*& output) {
  Value* inside =
      body.builder.Op(OpKind::kLess, {counter, lengths.each}, {ElementType::kBool, lengths.each->type.dims});
  output = Where(body.builder, inside, next[0], Scalar(body.builder, body.type.element, 0));
  for (size_t i = 0; i < next.size(); ++i) next[i] = Where(body.builder, inside, next[i], body.carried[i]);
}

// An empty sequence ends with 0, not with its initial state; but of a state of the instance (`x`: of which)
// where the call has no steps at all.
Value* ZeroWhereEmpty(Builder& builder, const Lengths& lengths, Value* x, Value* final_value) {
  const Type truth{ElementType::kBool, lengths.each->type.dims};
  Value* some = builder.Op(OpKind::kGreater, {lengths.each, Scalar(builder, ElementType::kI64, 0)}, truth);
  if (x != nullptr && MayHaveNoSteps(*x)) {
    Value* has_none =
        builder.Op(OpKind::kNot, {HasSteps(builder, x)}, MakeType(ElementType::kBool, {Dim(1)}));
    some = builder.Op(OpKind::kOr, {some, has_none}, truth);
  }
  return Where(builder, some, final_value, Scalar(builder, final_value->type.element, 0));
}

// The scan of one direction over `x` [T,B,I]; its results are the stacked output [T,B,H] (when `stacked`) and
// the final carried values [B,H].
Operation* MakeScan(Builder& builder, const Operation& op, const Cell& cell, Value* x, const Lengths& lengths,
                    size_t direction, bool stacked) {
  const Type state{op.Operand("X")->type.element, {x->type.dims[1], Dim(op.Int("hidden_size"))}};
  std::vector<Value*> operands = {x};
  if (lengths.each != nullptr) operands.push_back(lengths.counter);
  std::vector<Type> results;
  if (stacked) results.push_back({state.element, {x->type.dims[0], state.dims[0], state.dims[1]}});
  std::vector<Gate> gates = CutGates(builder, op, cell, direction);
  for (const std::string& name : cell.initial) {
    Value* initial = op.Operand(name);
    operands.push_back(initial != nullptr ? EntryOf(builder, initial, DirectionAxis(op), direction)
                                          : ZeroState(builder, x, state));
    results.push_back(state);
  }
  const std::string symbol = StepSymbol(*builder.GetBlock().Parent());
  Operation* scan = builder.Create(OpKind::kScan, operands, results);
  scan->Set("n_each", int64_t{lengths.each != nullptr ? 2 : 1});
  scan->Set("n_carry", static_cast<int64_t>(cell.initial.size()));
  scan->Set("reverse", int64_t{direction == 1 || op.String("direction") == "reverse"});
  scan->steps = x->type.dims[0];
  scan->step_symbol = symbol;

  Block& block = scan->MakeBody();
  CellBody body{Builder(block),
                op,
                std::move(gates),
                *ActivationsOf(op, direction, cell.activations),
                nullptr,
                {},
                {ComputeType(state.element), state.dims}};
  body.builder.location = op.location;
  body.x = block.AddArgument({x->type.element, {x->type.dims[1], x->type.dims[2]}}, "xt");
  Value* counter = nullptr;
  if (lengths.each != nullptr) counter = block.AddArgument(MakeType(ElementType::kI64, {}), "step");
  for (const std::string& name : cell.initial) {
    Value* carried = block.AddArgument(state, name.substr(name.size() - 1));  // h, c
    body.carried.push_back(Computed(body.builder, carried));
  }
  std::vector<Value*> next = cell.equations(body);
  Value* output = next[0];
  if (lengths.each != nullptr) HoldBehindTheEnd(body, lengths, counter, next, output);
  const bool apart = output != next[0];
  for (Value*& value : next) value = CastTo(body.builder, value, state.element);
  if (stacked) next.insert(next.begin(), apart ? CastTo(body.builder, output, state.element) : next[0]);
  Operation* yield = body.builder.Create(OpKind::kYield, next, {});
  yield->Set("n_each", int64_t{stacked ? 1 : 0});
  return scan;
}

// One value a direction, each without the axis of directions -> one with it.
Value* JoinDirections(Builder& builder, const std::vector<Value*>& parts, int64_t axis) {
  std::vector<Value*> rows;
  for (Value* part : parts) rows.push_back(Unsqueeze(builder, part, axis));
  if (rows.size() == 1) return rows[0];
  Type type = rows[0]->type;
  type.dims[static_cast<size_t>(axis)] = Dim(static_cast<int64_t>(rows.size()));
  Operation* concat = builder.Create(OpKind::kConcat, rows, {type});
  concat->Set("axis", axis);
  return concat->Result();
}

void ReplaceNamed(Value* old, Value* made) {
  made->name = old->name;
  ReplaceAllUses(old, made);
}

// Final value `i` of every direction, for updates of the state that it began with (`for_update`), or for
// others.
struct Final {
  std::vector<Value*> last, initial;  // a direction
};
Value* JoinedFinal(Builder& builder, const Operation& op, const Final& final, const Lengths& lengths,
                   Value* x, bool for_update) {
  std::vector<Value*> parts;
  for (size_t d = 0; d < final.last.size(); ++d) {
    Value* last = final.last[d];
    if (lengths.each != nullptr) {
      last = ZeroWhereEmpty(builder, lengths, for_update ? x : nullptr, last);
    } else if (!for_update) {
      last = ZeroWithoutSteps(builder, x, final.initial[d], last);
    }
    parts.push_back(last);
  }
  return JoinDirections(builder, parts, DirectionAxis(op));
}

// `for_updates`: see SeparateUpdates.
Result<> Expand(Operation& op, const Cell& cell, const std::set<const Operation*>& for_updates) {
  RNNC_TRY(Refuse(op, cell));
  Builder builder = Builder::Before(&op);
  const bool batch_first = op.Int("layout") != 0;
  if (op.Operand("X")->type.dims[batch_first ? 1 : 0].Is(0)) {
    for (Value* result : op.Results()) {
      if (!result->type.IsStatic()) {
        return Error(op.location, "X: no steps for a batch known only in a call; bind it with --dim");
      }
      if (result->HasUsers()) ReplaceAllUses(result, Zeros(builder, result->type));
    }
    op.Parent()->Erase(&op);
    return Ok();
  }
  Value* x = op.Operand("X");
  if (batch_first) x = Transpose(builder, x, {1, 0, 2});
  x = Computed(builder, x);
  Value* y = op.Result("Y");
  const bool stacked = y->HasUsers();
  const Lengths lengths = LengthsOf(builder, op, x);
  std::vector<Value*> outputs;  // a direction
  std::vector<Final> finals(cell.final_values.size());
  for (size_t direction = 0; direction < Directions(op); ++direction) {
    Operation* scan = MakeScan(builder, op, cell, x, lengths, direction, stacked);
    if (stacked) outputs.push_back(scan->Result(0));
    for (size_t i = 0; i < finals.size(); ++i) {
      finals[i].last.push_back(scan->Result(i + (stacked ? 1 : 0)));
      finals[i].initial.push_back(scan->Operand(static_cast<size_t>(scan->Int("n_each")) + i));
    }
  }
  if (stacked) {
    Value* joined = JoinDirections(builder, outputs, 1);
    ReplaceNamed(y, batch_first ? Transpose(builder, joined, {2, 0, 1, 3}) : joined);
  }
  for (size_t i = 0; i < finals.size(); ++i) {
    Value* old = op.Result(cell.final_values[i]);
    Value* kept = nullptr;
    for (Operation* user : std::vector<Operation*>(old->Users())) {
      if (for_updates.count(user) == 0) continue;
      if (kept == nullptr) kept = JoinedFinal(builder, op, finals[i], lengths, x, true);
      for (size_t k = 0; k < user->Operands().size(); ++k) {
        if (user->Operand(k) == old) user->SetOperand(k, kept);
      }
    }
    if (old->HasUsers()) ReplaceNamed(old, JoinedFinal(builder, op, finals[i], lengths, x, false));
  }
  op.Parent()->Erase(&op);
  return Ok();
}

}  // namespace

Result<> RecurrentToScan(Module& module, const PassOptions&) {
  std::vector<Diagnostic> refused;
  for (const auto& function : module.Functions()) {
    const std::set<const Operation*> for_updates = SeparateUpdates(*function);
    std::vector<Operation*> recurrent;
    Walk(function->Body(), [&](Operation& operation) {
      if (FindCell(operation.Kind()) != nullptr) recurrent.push_back(&operation);
    });
    for (Operation* operation : recurrent) {
      Result<> done = Expand(*operation, *FindCell(operation->Kind()), for_updates);
      refused.insert(refused.end(), done.diagnostics().begin(), done.diagnostics().end());
    }
  }
  if (!refused.empty()) return refused;
  module.stage = Stage::kRecurrence;
  for (const auto& function : module.Functions()) LeaveStateWithoutFrames(*function);
  module.RemoveUnusedConsts();
  return Ok();
}

}  // namespace rnnc::passes
