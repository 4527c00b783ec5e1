// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For every scan of a static length, inner ones first:
// 1. Its code per step is estimated from its operations; more than one step is unrolled within the limit of
//    --unroll, or the budget of bytes.
// 2. For each step in the order of the loop: slices by gather, then the body with carried values replaced.
// 3. The per-step outputs get their axis of time and are joined in time order.

#include "passes/unroll_scans.h"

#include "compiler/ir/builder.h"

namespace rnnc::passes {
namespace {

using ir::Operation;
using ir::OpKind;
using ir::Value;

// What one operator of a recurrent body becomes, roughly.
constexpr int64_t kBytesOfOperation = 160;

// More than this is nobody's wish: compilers would take minutes for it.
constexpr int64_t kMostOperations = 20000;

Result<bool> IsWorthIt(const Operation& scan, const PassOptions& options) {
  if (!scan.steps.IsConstant()) return false;
  const int64_t steps = scan.steps.Value();
  if (steps == 1) return true;
  if (steps == 0) return false;
  int64_t operations = 0;
  ir::Walk(static_cast<const ir::Block&>(scan.Body()), [&](const Operation&) { ++operations; });
  if (options.unroll_steps < 0) return steps <= options.unroll_bytes / (operations * kBytesOfOperation);
  if (steps > options.unroll_steps) return false;
  if (steps > kMostOperations / operations) {
    return Error(scan.location,
                 "unroll: {} steps of {} operations are too much code; ask for at most {} steps", steps,
                 operations, kMostOperations / operations);
  }
  return true;
}

class Unroller {
 public:
  Unroller(ir::Module& module, Operation& scan)
      : module_(module),
        scan_(scan),
        builder_(ir::Builder::Before(&scan)),
        each_(static_cast<size_t>(scan.Int("n_each"))),
        carry_(static_cast<size_t>(scan.Int("n_carry"))) {}

  void Run() {
    const int64_t steps = scan_.steps.Value();
    const size_t stacked = scan_.ResultCount() - carry_;
    std::vector<Value*> carried(scan_.Operands().begin() + static_cast<std::ptrdiff_t>(each_),
                                scan_.Operands().end());
    std::vector<std::vector<Value*>> outputs(stacked, std::vector<Value*>(static_cast<size_t>(steps)));
    const bool reverse = scan_.Int("reverse") != 0;
    for (int64_t i = 0; i < steps; ++i) {
      const int64_t t = reverse ? steps - 1 - i : i;
      const std::vector<Value*> yielded = Step(t, carried);
      for (size_t k = 0; k < stacked; ++k) outputs[k][static_cast<size_t>(t)] = yielded[k];
      carried.assign(yielded.begin() + static_cast<std::ptrdiff_t>(stacked), yielded.end());
    }
    for (size_t k = 0; k < stacked; ++k)
      ir::ReplaceAllUses(scan_.Result(k), Stack(outputs[k], *scan_.Result(k)));
    for (size_t k = 0; k < carry_; ++k) ir::ReplaceAllUses(scan_.Result(stacked + k), carried[k]);
    scan_.Parent()->Erase(&scan_);
  }

 private:
  // The values that one step yields.
  std::vector<Value*> Step(int64_t t, const std::vector<Value*>& carried) {
    const ir::Block& body = scan_.Body();
    std::map<const Value*, Value*> values;
    for (size_t i = 0; i < each_; ++i) {
      const Value* slice = body.Arguments()[i].get();
      if (!slice->HasUsers()) continue;
      Value* at = module_.AddConst("step", ir::MakeScalar(ir::ElementType::kI64, static_cast<double>(t)));
      Operation* gather = builder_.Create(OpKind::kGather, {scan_.Operand(i), at}, {slice->type});
      gather->Set("axis", int64_t{0});
      gather->Result()->name = slice->name;
      values[slice] = gather->Result();
    }
    for (size_t i = 0; i < carry_; ++i) values[body.Arguments()[each_ + i].get()] = carried[i];
    ir::CloneInto(body, *scan_.Parent(), &scan_, values, {{scan_.step_symbol, ir::Dim(t)}});
    std::vector<Value*> yielded;
    for (Value* value : body.Terminator()->Operands()) {
      auto copy = values.find(value);
      yielded.push_back(copy == values.end() ? value : copy->second);
    }
    return yielded;
  }

  Value* Stack(const std::vector<Value*>& steps, const Value& whole) {
    Value* axes = module_.AddConst("axes", ir::MakeIntTensor({0}));
    std::vector<Value*> rows;
    for (Value* step : steps) {
      ir::Type type = step->type;
      type.dims.insert(type.dims.begin(), ir::Dim(1));
      rows.push_back(builder_.Op(OpKind::kUnsqueeze, {step, axes}, type));
    }
    if (rows.size() > 1) {
      Operation* concat = builder_.Create(OpKind::kConcat, rows, {whole.type});
      concat->Set("axis", int64_t{0});
      rows = {concat->Result()};
    }
    rows[0]->name = whole.name;
    return rows[0];
  }

  ir::Module& module_;
  Operation& scan_;
  ir::Builder builder_;
  size_t each_;
  size_t carry_;
};

Result<> UnrollInBlock(ir::Module& module, ir::Block& block, const PassOptions& options) {
  for (Operation* operation : block.Snapshot()) {
    if (operation->HasBody()) RNNC_TRY(UnrollInBlock(module, operation->Body(), options));
    if (operation->Kind() != OpKind::kScan) continue;
    RNNC_ASSIGN(const bool worth_it, IsWorthIt(*operation, options));
    if (worth_it) Unroller(module, *operation).Run();
  }
  return Ok();
}

}  // namespace

Result<> UnrollScans(ir::Module& module, const PassOptions& options) {
  for (const auto& function : module.Functions()) RNNC_TRY(UnrollInBlock(module, function->Body(), options));
  module.RemoveUnusedConsts();
  return Ok();
}

}  // namespace rnnc::passes
