// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/pipeline.h"

#include <algorithm>
#include <chrono>

#include "compiler/support/check.h"
#include "compiler/support/strings.h"
#include "passes/choose_layouts.h"
#include "passes/order_sums.h"
#include "passes/pack_weights.h"
#include "passes/plan_memory.h"

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
      {"order-sums", OrderSums, kKernels, kKernels, kNeeded,
       "while shapes are still those of the model, so that step and run agree bit for bit"},
      {"choose-layouts", ChooseLayouts, kKernels, kKernels, kOptional,
       "after fusion: only tensors that still exist want a layout"},
      {"pack-weights", PackWeights, kKernels, kKernels, kOptional,
       "after fusion: gates and accumulators are final"},
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

Result<> RunPass(const PassEntry& pass, ir::Module& module, const PassOptions& options) {
  CheckContext context([&] { return fmt::format("in pass {}", pass.name); });
  RNNC_CHECK(module.stage == pass.before, "{} got a module of stage {}", pass.name, ToText(module.stage));
  RNNC_TRY(pass.function(module, options));
  RNNC_CHECK(module.stage == pass.after, "{} left a module of stage {}", pass.name, ToText(module.stage));
  return Ok();
}

Result<> RunPipeline(ir::Module& module, const PassOptions& options, const Observer& observer,
                     ir::Stage last) {
  for (const std::string& name : options.disabled) {
    const PassEntry* pass = FindPass(name);
    if (pass == nullptr) return Error({}, "pass `{}`: there is no such pass", name);
    if (!pass->optional) return Error({}, "pass `{}`: is needed and cannot be disabled", name);
  }
  for (const PassEntry& pass : Pipeline()) {
    if (pass.after > last || pass.before < module.stage ||
        options.disabled.count(std::string(pass.name)) != 0)
      continue;
    const auto start = std::chrono::steady_clock::now();
    RNNC_TRY(RunPass(pass, module, options));
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    if (observer.timed) observer.timed(pass, taken.count());
    if (observer.after) observer.after(pass, module);
  }
  return Ok();
}

}  // namespace rnnc::passes
