// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Per function with a symbolic number of steps T:
// 1. The timed operations: those whose results have an axis of T, and scans of T steps. Each is checked to
// work
//    frame by frame: its time variable is the time index of everything it reads and stores.
// 2. What needs a timed operation's final result must not be needed by another: there is one loop only.
// 3. The loop is made where the last timed operation stands; they move into it, T becomes the block's count,
// the
//    time of values from outside the block's start plus the time inside.
// 4. Values used outside become the loop's outputs (T long) or its carried values (of scans).
// 5. A function that does not work frame by frame stays as it is; a step would not compute what its run does,
//    and goes.

#include "passes/block_frames.h"

#include <algorithm>
#include <set>

#include "passes/kernel_edit.h"
#include "passes/lifetimes.h"
#include "passes/time_symbol.h"

namespace rnnc::passes {
namespace {

using ir::Dim;
using ir::IndexExpr;
using ir::Operation;
using ir::OpKind;
using ir::Type;
using ir::Value;

class Blocker {
 public:
  Blocker(ir::Function& function, std::string symbol, const PassOptions& options)
      : body_(function.Body()), symbol_(std::move(symbol)), time_(Dim::Symbol(symbol_)), options_(options) {}

  Result<> Run() {
    for (const auto& operation : body_.Operations()) {
      if (IsTimed(*operation)) {
        timed_.push_back(operation.get());
      } else if (operation->HasBody() && HoldsTime(*operation)) {
        return Mixes(*operation, "loops over other steps than those of time");
      }
    }
    if (timed_.empty()) return Ok();
    for (Operation* operation : timed_) {
      if (operation->Kind() == OpKind::kScan) {
        RNNC_TRY(CheckScan(*operation));
      } else if (operation->HasKernel()) {
        RNNC_TRY(CheckKernel(*operation, 1));
      }
    }
    RNNC_TRY(CheckOneLoop());
    MakeLoop();
    return Ok();
  }

 private:
  // The time axis of a type: the only one that is T; nullopt when there is none.
  std::optional<size_t> TimeAxis(const Type& type) const {
    for (size_t axis = 0; axis < type.dims.size(); ++axis) {
      if (type.dims[axis] == time_) return axis;
    }
    return std::nullopt;
  }
  bool UsesTime(const Type& type) const {
    return std::any_of(type.dims.begin(), type.dims.end(), [&](const Dim& dim) { return dim.Uses(symbol_); });
  }
  bool IsTimed(const Operation& operation) const {
    if (operation.Kind() == OpKind::kScan && operation.steps.Uses(symbol_)) return true;
    if (operation.Kind() == OpKind::kUndefined) return UsesTime(operation.Result()->type);
    if (!operation.HasKernel()) return false;
    const ir::Kernel& kernel = operation.GetKernel();
    bool timed = false;
    ir::ForEachProgram(kernel, [&](const ir::Program&, const std::vector<Dim>& extents) {
      for (const Dim& extent : extents) timed = timed || extent.Uses(symbol_);
    });
    for (const Value* result : operation.Results()) timed = timed || UsesTime(result->type);
    return timed;
  }
  // A loop over something else, with values of all frames inside.
  bool HoldsTime(const Operation& loop) const {
    bool holds = false;
    const auto look = [&](const Operation& operation) {
      for (const Value* result : operation.Results()) holds = holds || UsesTime(result->type);
    };
    look(loop);
    ir::Walk(static_cast<const ir::Block&>(loop.Body()), look);
    return holds;
  }
  bool IsTimedOperation(const Operation* operation) const {
    return std::find(timed_.begin(), timed_.end(), operation) != timed_.end();
  }

  Diagnostic Mixes(const Operation& operation, std::string_view what) const {
    return Note(operation.location, "{}, so the whole sequence is computed at once, not frame by frame",
                what);
  }

  // `variables`: how many parallel variables must run over time (1, or 0 inside a scan).
  Result<> CheckKernel(const Operation& operation, int variables) const {
    const ir::Kernel& kernel = operation.GetKernel();
    int found = 0;
    for (const ir::IndexVariable& variable : kernel.parallel) {
      if (!variable.extent.Uses(symbol_)) continue;
      if (!(variable.extent == time_)) return Mixes(operation, "joins time with another axis");
      ++found;
    }
    if (found != variables) return Mixes(operation, "reads or writes whole sequences");
    for (const ir::Accumulator& accumulator : kernel.accumulators) {
      for (const ir::IndexVariable& variable : accumulator.reduced) {
        if (variable.extent.Uses(symbol_)) return Mixes(operation, "reduces over time");
      }
    }
    const IndexExpr now = variables == 1 ? IndexExpr::Variable(TimeVariable(kernel)) : IndexExpr(step_);
    for (size_t r = 0; r < kernel.stores.size(); ++r) {
      RNNC_TRY(CheckIndices(operation, *operation.Result(r), kernel.stores[r], now));
    }
    Result<> result = Ok();
    for (size_t i = 0; i < operation.Operands().size(); ++i) {
      const Value* operand = operation.Operand(i);
      if (!UsesTime(operand->type)) continue;
      if (kernel.into == static_cast<int>(i) && !TimeAxis(operand->type)) {
        return Mixes(operation, "writes into a whole sequence");
      }
      ForEachRead(kernel, static_cast<int>(i), [&](const ir::ScalarNode& read, const std::vector<Dim>&) {
        if (result.ok()) result = CheckIndices(operation, *operand, read.indices, now);
      });
    }
    if (!result.ok()) return result;
    ir::ForEachProgram(kernel, [&](const ir::Program& program, const std::vector<Dim>&) {
      for (const ir::ScalarNode& node : program.nodes) {
        for (const IndexExpr& index : node.indices) {
          if (result.ok() && index.UsesSymbol(symbol_))
            result = Mixes(operation, "reads at a place counted from the end of time");
        }
      }
    });
    return result;
  }

  Result<> CheckIndices(const Operation& operation, const Value& value, const std::vector<IndexExpr>& indices,
                        const IndexExpr& now) const {
    const auto axis = TimeAxis(value.type);
    if (!UsesTime(value.type)) return Ok();
    const auto uses = std::count_if(value.type.dims.begin(), value.type.dims.end(),
                                    [&](const Dim& dim) { return dim.Uses(symbol_); });
    if (!axis || uses != 1) return Mixes(operation, "has time in more than one axis");
    if (!(indices[*axis] == now)) return Mixes(operation, "reads frames at another time");
    return Ok();
  }

  Result<> CheckScan(const Operation& scan) {
    if (!(scan.steps == time_)) return Mixes(scan, "runs over part of the time");
    if (scan.Int("reverse") != 0) return Mixes(scan, "runs backward in time");
    step_ = Dim::Symbol(scan.step_symbol);
    Result<> result = Ok();
    ir::Walk(static_cast<const ir::Block&>(scan.Body()), [&](const Operation& inner) {
      if (result.ok() && inner.HasKernel()) result = CheckKernel(inner, 0);
      if (result.ok() && inner.HasBody() && inner.steps.Uses(symbol_))
        result = Mixes(inner, "loops over time inside of time");
    });
    return result;
  }

  Result<> CheckOneLoop() const {
    // Values that are known only when the loop has ended.
    std::set<const Value*> late;
    for (const Operation* operation : timed_) {
      for (const Value* result : operation->Results()) {
        if (!UsesTime(result->type)) late.insert(result);
      }
    }
    for (const auto& operation : body_.Operations()) {
      bool needs_late = false;
      auto look = [&](const Operation& user) {
        for (const Value* operand : user.Operands()) needs_late = needs_late || late.count(operand) != 0;
      };
      look(*operation);
      if (operation->HasBody()) ir::Walk(static_cast<const ir::Block&>(operation->Body()), look);
      if (!needs_late) continue;
      if (IsTimedOperation(operation.get()))
        return Mixes(*operation, "needs what is known at the end of time only");
      for (const Value* result : operation->Results()) late.insert(result);
    }
    return Ok();
  }

  int TimeVariable(const ir::Kernel& kernel) const {
    for (size_t v = 0; v < kernel.parallel.size(); ++v) {
      if (kernel.parallel[v].extent.Uses(symbol_)) return static_cast<int>(v);
    }
    return -1;
  }

  // ---- 3, 4 ----

  std::string FreshSymbol(const std::string& wanted) const {
    std::set<std::string> used = {symbol_};
    for (const auto& function : body_.Parent()->Parent()->Functions()) {
      ir::Walk(function->Body(), [&](Operation& operation) {
        used.insert(operation.step_symbol);
        used.insert(operation.count_symbol);
        for (const Value* result : operation.Results()) {
          for (const Dim& dim : result->type.dims) {
            for (const std::string& name : dim.Symbols()) used.insert(name);
          }
        }
      });
    }
    std::string name = wanted;
    for (int i = 1; used.count(name) != 0; ++i) name = wanted + std::to_string(i);
    return name;
  }

  // Steps of a block: what its steps need at the same time should stay in the second cache.
  int64_t BlockSteps() const {
    if (options_.block_steps > 0) return options_.block_steps;
    int64_t bytes = 1;
    for (const Operation* operation : timed_) {
      for (const Value* result : operation->Results()) {
        if (!UsesTime(result->type)) continue;
        const Dim step = result->type.ElementCount().Substitute({{symbol_, Dim(1)}});
        if (step.IsConstant()) bytes += step.Value() * ir::BytesOf(result->type.element);
      }
    }
    int64_t steps = 32;
    while (steps > 4 && steps * bytes > options_.target.l2_bytes / 2) steps /= 2;
    return steps;
  }

  void MakeLoop() {
    Operation* after = body_.Operations()[body_.IndexOf(timed_.back()) + 1].get();
    ir::Builder place(body_, after);
    for (const Operation* operation : timed_) place.location = Unite(place.location, operation->location);
    Operation* loop = place.Create(OpKind::kBlocks, {}, {});
    loop->steps = time_;
    loop->step_symbol = FreshSymbol("t0");
    loop->count_symbol = FreshSymbol("N");
    loop->Set("max", BlockSteps());
    ir::Block& inside = loop->MakeBody();
    // Users outside, before anything moves.
    std::vector<Value*> outputs, carried;
    for (Operation* operation : timed_) {
      for (Value* result : operation->Results()) {
        const bool is_carried = operation->Kind() == OpKind::kScan && !IsStacked(*operation, *result);
        const bool used = std::any_of(result->Users().begin(), result->Users().end(), [&](Operation* user) {
          return !IsTimedOperation(AncestorIn(body_, user));
        });
        if (is_carried) carried.push_back(result);
        if (!is_carried && used) outputs.push_back(result);
      }
    }
    RedirectOutside(*loop, outputs, carried);
    for (Operation* operation : timed_) {
      AddCarries(*loop, *operation);
      inside.MoveHere(operation);
    }
    ir::Builder end(inside);
    end.location = loop->location;
    Operation* yield = end.Create(OpKind::kYield, outputs, {});
    for (Value* value : carried) yield->AddOperand(value);
    yield->Set("n_each", static_cast<int64_t>(outputs.size()));
    loop->Set("n_carry", static_cast<int64_t>(carried.size()));
    for (Operation* operation : timed_) Rewrite(*operation, *loop);
    MoveUsersBehind(*loop);
  }

  static bool IsStacked(const Operation& scan, const Value& result) {
    return result.index < static_cast<int>(scan.ResultCount()) - static_cast<int>(scan.Int("n_carry"));
  }

  void RedirectOutside(Operation& loop, const std::vector<Value*>& outputs,
                       const std::vector<Value*>& carried) {
    std::vector<int64_t> axes;
    auto redirect = [&](Value* value) {
      Value* whole = loop.AddResult(value->type, value->name);
      for (Operation* user : std::vector<Operation*>(value->Users())) {
        if (!IsTimedOperation(AncestorIn(body_, user))) user->ReplaceOperand(value, whole);
      }
    };
    for (Value* value : outputs) {
      axes.push_back(static_cast<int64_t>(*TimeAxis(value->type)));
      redirect(value);
    }
    for (Value* value : carried) redirect(value);
    loop.Set("axes", axes);
  }

  // A timed scan starts from what the loop carries.
  static void AddCarries(Operation& loop, Operation& scan) {
    if (scan.Kind() != OpKind::kScan) return;
    const auto count = static_cast<size_t>(scan.Int("n_carry"));
    const size_t first = scan.Operands().size() - count;
    for (size_t i = 0; i < count; ++i) {
      Value* initial = scan.Operand(first + i);
      loop.AddOperand(initial);
      const std::string& name = scan.Body().Arguments()[first + i]->name;
      scan.SetOperand(first + i, loop.Body().AddArgument(initial->type, name));
    }
  }

  void Rewrite(Operation& operation, const Operation& loop) {
    const std::map<std::string, Dim> count = {{symbol_, Dim::Symbol(loop.count_symbol)}};
    const Dim start = Dim::Symbol(loop.step_symbol);
    for (Value* result : operation.Results()) {
      for (Dim& dim : result->type.dims) dim = dim.Substitute(count);
    }
    if (operation.Kind() == OpKind::kScan) {
      operation.steps = operation.steps.Substitute(count);
      const std::map<std::string, Dim> later = {
          {operation.step_symbol, Dim::Symbol(operation.step_symbol) + start}};
      ir::Walk(operation.Body(), [&](Operation& inner) {
        if (!inner.HasKernel()) return;
        MoveTime(inner, loop, [&](IndexExpr& index) { index = index.SubstituteSymbols(later); });
      });
      return;
    }
    if (!operation.HasKernel()) return;
    ir::Kernel& kernel = operation.GetKernel();
    const int variable = TimeVariable(kernel);
    for (ir::IndexVariable& v : kernel.parallel) v.extent = v.extent.Substitute(count);
    MoveTime(operation, loop, [&](IndexExpr& index) {
      index = index.SubstituteVariables([&](int v) -> std::optional<IndexExpr> {
        if (v != variable) return std::nullopt;
        return IndexExpr::Variable(v) + IndexExpr(start);
      });
    });
  }

  // Applies `later` to every index but those of values that are themselves of one block.
  void MoveTime(Operation& operation, const Operation& loop,
                const std::function<void(IndexExpr&)>& later) const {
    const std::string& count = loop.count_symbol;
    ir::ForEachProgram(operation.GetKernel(), [&](ir::Program& program, const std::vector<Dim>&) {
      for (ir::ScalarNode& node : program.nodes) {
        if (node.op == ir::ScalarOp::kRead) {
          const Type& type = operation.Operand(static_cast<size_t>(node.operand))->type;
          const bool inner = std::any_of(type.dims.begin(), type.dims.end(),
                                         [&](const Dim& dim) { return dim.Uses(count); });
          if (inner) continue;
        }
        for (IndexExpr& index : node.indices) later(index);
      }
    });
  }

  // What stood between the timed operations and uses the loop's results now stands before it: moves it
  // behind.
  void MoveUsersBehind(Operation& loop) {
    Operation* place = body_.Operations()[body_.IndexOf(&loop) + 1].get();
    std::set<const Operation*> late = {&loop};
    for (Operation* operation : body_.Snapshot()) {
      if (operation == &loop) break;
      bool depends = false;
      auto look = [&](const Operation& user) {
        for (const Value* operand : user.Operands()) {
          depends = depends || (operand != nullptr && operand->kind == ir::ValueKind::kResult &&
                                late.count(operand->definition) != 0);
        }
      };
      look(*operation);
      if (operation->HasBody()) ir::Walk(static_cast<const ir::Block&>(operation->Body()), look);
      if (!depends) continue;
      late.insert(operation);
      body_.MoveHere(operation, place);
    }
  }

  ir::Block& body_;
  std::string symbol_;
  Dim time_;
  const PassOptions& options_;
  Dim step_;  // of the scan being checked
  std::vector<Operation*> timed_;
};

}  // namespace

Result<> BlockFrames(ir::Module& module, const PassOptions& options) {
  bool whole = false;
  for (const auto& function : module.Functions()) {
    const auto symbol = TimeSymbol(*function);
    if (!symbol) continue;
    const Result<> blocked = Blocker(*function, *symbol, options).Run();
    if (blocked) continue;
    whole = true;
    for (const Diagnostic& reason : blocked.diagnostics()) {
      if (options.note) options.note(reason);
    }
  }
  ir::Function* step = module.FindFunction("step");
  if (whole && step != nullptr) module.EraseFunction(step);
  return Ok();
}

}  // namespace rnnc::passes
