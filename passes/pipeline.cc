// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/pipeline.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "compiler/ir/printer.h"
#include "compiler/ir/printer_kernel.h"
#include "compiler/ir/verifier.h"
#include "compiler/support/check.h"
#include "compiler/support/strings.h"
#include "passes/block_frames.h"
#include "passes/choose_layouts.h"
#include "passes/compose_layouts.h"
#include "passes/drop_inexact_step.h"
#include "passes/fold_constants.h"
#include "passes/forward_last_step.h"
#include "passes/fuse_epilogues.h"
#include "passes/fuse_gates.h"
#include "passes/hoist_inputs.h"
#include "passes/keep_rows.h"
#include "passes/lower_to_kernels.h"
#include "passes/merge_contracts.h"
#include "passes/order_sums.h"
#include "passes/pack_weights.h"
#include "passes/plan_memory.h"
#include "passes/recurrent_to_scan.h"
#include "passes/remove_dead.h"
#include "passes/sink_readers.h"
#include "passes/specialise_step.h"
#include "passes/unroll_scans.h"

namespace rnnc::passes {
namespace {

constexpr ir::Stage kGraph = ir::Stage::kGraph;
constexpr ir::Stage kRecurrence = ir::Stage::kRecurrence;
constexpr ir::Stage kKernels = ir::Stage::kKernels;
constexpr ir::Stage kPlanned = ir::Stage::kPlanned;
constexpr bool kOptional = true;
constexpr bool kNeeded = false;

}  // namespace

const std::vector<PassEntry>& Pipeline() {
  // clang-format off
  static const std::vector<PassEntry> passes = {
      {"fold-constants", FoldConstants, kGraph, kGraph, kNeeded,
       "first: what is supported is judged by what is left, and later passes want weights as constants"},
      {"keep-rows", KeepRows, kGraph, kGraph, kNeeded,
       "after folding, which knows the shapes; it leaves the operations of shapes dead"},
      {"remove-dead", RemoveDead, kGraph, kGraph, kNeeded,
       "after folding: what only computed a shape must not be lowered, let alone refused"},
      {"specialise-step", SpecialiseStep, kGraph, kGraph, kNeeded,
       "before anything depends on the number of frames; a frame of its own fuses further than a frame of many"},
      {"recurrent-to-scan", RecurrentToScan, kGraph, kRecurrence, kNeeded,
       "the only pass that knows LSTM, GRU and RNN"},
      {"drop-inexact-step", DropInexactStep, kRecurrence, kRecurrence, kNeeded,
       "as soon as all memory is what scans carry, and before anything is made of the step"},
      {"fuse-gates", FuseGates, kRecurrence, kRecurrence, kOptional,
       "before hoisting, which then moves one product instead of one a gate"},
      {"hoist-inputs", HoistInputs, kRecurrence, kRecurrence, kOptional,
       "before unrolling: what leaves a loop must find one"},
      {"unroll-scans", UnrollScans, kRecurrence, kRecurrence, kNeeded,
       "before lowering: straight steps then fuse like any other kernels"},
      {"lower-to-kernels", LowerToKernels, kRecurrence, kKernels, kNeeded,
       "from here on there are four primitives"},
      {"compose-layouts", ComposeLayouts, kKernels, kKernels, kOptional,
       "before fusion: it sees through layout operators only when they are index expressions"},
      {"forward-last-step", ForwardLastStep, kKernels, kKernels, kOptional,
       "after composing: the last step is then an index, however it was written"},
      {"remove-dead", RemoveDead, kKernels, kKernels, kNeeded,
       "before fusion: a result that nothing reads must not keep its producer apart"},
      {"order-sums", OrderSums, kKernels, kKernels, kNeeded,
       "while shapes are still those of the model, so that step and run agree bit for bit"},
      {"fuse-epilogues", FuseEpilogues, kKernels, kKernels, kOptional,
       "after composing; gates come of it, which products can then join"},
      {"merge-contracts", MergeContracts, kKernels, kKernels, kOptional,
       "after epilogues: it is their reading of another product that it takes away"},
      {"sink-readers", SinkReaders, kKernels, kKernels, kOptional,
       "after merging: what is still a product of its own behind a loop may be a short one"},
      {"choose-layouts", ChooseLayouts, kKernels, kKernels, kOptional,
       "after fusion: only tensors that still exist want a layout"},
      {"block-frames", BlockFrames, kKernels, kKernels, kNeeded,
       "after fusion, which has removed what would have to cross a block's edge"},
      {"pack-weights", PackWeights, kKernels, kKernels, kOptional,
       "after fusion: gates and accumulators are final"},
      {"remove-dead", RemoveDead, kKernels, kKernels, kNeeded,
       "what all of them left behind"},
      {"plan-memory", PlanMemory, kKernels, kPlanned, kNeeded,
       "last: an address is only worth giving to what is left"},
  };
  // clang-format on
  return passes;
}

const PassEntry* FindPass(std::string_view name) {
  for (const PassEntry& pass : Pipeline()) {
    if (pass.name == name) return &pass;
  }
  return nullptr;
}

Result<> CheckPassName(const std::string& name, std::vector<std::string> others) {
  if (FindPass(name) != nullptr || std::find(others.begin(), others.end(), name) != others.end()) return Ok();
  for (const PassEntry& pass : Pipeline()) others.emplace_back(pass.name);
  return Error({}, "pass `{}`: there is no such pass{}", name, DidYouMean(name, others));
}

Result<> CheckUntil(const std::string& until) {
  return CheckPassName(until, {"graph", "recurrence", "kernels", "planned"});
}

Result<> CheckDisabled(const std::set<std::string>& names) {
  for (const std::string& name : names) {
    RNNC_TRY(CheckPassName(name));
    if (!FindPass(name)->optional) return Error({}, "pass `{}`: is needed and cannot be disabled", name);
  }
  return Ok();
}

namespace {

// Why `name` does not work on a module of stage `from`, and what to do.
Diagnostic WrongStage(const std::string& name, ir::Stage from) {
  const PassEntry& pass = *FindPass(name);
  const std::string wanted(ToText(pass.before));
  Diagnostic error =
      Error({}, "pass `{}`: works on stage {}, and the module is in stage {}", name, wanted, ToText(from));
  if (pass.before < from) return error;
  for (const PassEntry& other : Pipeline()) {
    if (other.before < other.after && other.after == pass.before)
      return Error({}, "{}; run {} first", error.message, other.name);
  }
  return error;
}

// What the text of a kernel does not say must not reach the code.
void PutInTextOrder(ir::Module& module) {
  for (const auto& function : module.Functions()) {
    ir::Walk(function->Body(), [](ir::Operation& operation) {
      if (operation.HasKernel()) ir::PutInTextOrder(operation);
    });
  }
}

}  // namespace

Result<std::vector<PassEntry>> FindPasses(const std::vector<std::string>& names, ir::Stage from) {
  std::vector<PassEntry> found;
  for (const std::string& name : names) {
    RNNC_TRY(CheckPassName(name));
    const auto here = std::find_if(Pipeline().begin(), Pipeline().end(), [&](const PassEntry& pass) {
      return pass.name == name && pass.before == from;
    });
    if (here == Pipeline().end()) return WrongStage(name, from);
    found.push_back(*here);
    from = here->after;
  }
  return found;
}

Result<std::vector<PassEntry>> FindPassesUntil(const std::string& until, ir::Stage from) {
  const std::optional<ir::Stage> stage = ir::ParseStage(until);
  RNNC_TRY(CheckUntil(until));
  if (stage && *stage < from)
    return Error({}, "stage {}: the module is in stage {} already", until, ToText(from));
  std::vector<PassEntry> found;
  for (const PassEntry& pass : Pipeline()) {
    if (pass.before < from) continue;
    if (stage && pass.after > *stage) return found;
    found.push_back(pass);
    if (pass.name == until) return found;
  }
  if (!stage) return WrongStage(until, from);
  return found;
}

Result<> RunPass(const PassEntry& pass, ir::Module& module, const PassOptions& options) {
  CheckContext context([&] { return fmt::format("in pass {}", pass.name); });
  RNNC_CHECK(module.stage == pass.before, "{} got a module of stage {}", pass.name, ToText(module.stage));
  RNNC_TRY(pass.function(module, options));
  PutInTextOrder(module);
  CheckContext after([&] { return ir::Print(module); });
  RNNC_CHECK(module.stage == pass.after, "{} left a module of stage {}", pass.name, ToText(module.stage));
  const Result<> verified = ir::Verify(module);
  RNNC_CHECK(verified.ok(), "after {}: {}", pass.name, Render(verified.diagnostics()));
  return Ok();
}

Result<> RunPipeline(ir::Module& module, const PassOptions& options, const Observer& observer,
                     ir::Stage last) {
  RNNC_TRY(CheckDisabled(options.disabled));
  RNNC_TRY(ir::Verify(module));
  for (const PassEntry& pass : Pipeline()) {
    if (pass.after > last || pass.before < module.stage ||
        options.disabled.count(std::string(pass.name)) != 0)
      continue;
    if (observer.before) observer.before(pass);
    const auto start = std::chrono::steady_clock::now();
    RNNC_TRY(RunPass(pass, module, options));
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    if (observer.timed) observer.timed(pass, taken.count());
    if (observer.after) observer.after(pass, module);
  }
  return Ok();
}

}  // namespace rnnc::passes
