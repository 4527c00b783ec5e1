// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "passes/pass.h"

namespace rnnc::passes {

struct PassEntry {
  std::string_view name;  // "fuse-gates": of --print-ir-after and of PassOptions::disabled
  PassFunction function = nullptr;
  ir::Stage before = ir::Stage::kGraph;
  ir::Stage after = ir::Stage::kGraph;
  bool optional = false;    // only makes the code better: may be disabled, by name, in all its places
  std::string_view reason;  // why it stands where it stands
};

// All passes, in order.
const std::vector<PassEntry>& Pipeline();
const PassEntry* FindPass(std::string_view name);
// Refuses a name that is neither a pass's nor one of `others`, with the nearest one.
Result<> CheckPassName(const std::string& name, std::vector<std::string> others = {});
// Refuses what is neither a pass nor a stage.
Result<> CheckUntil(const std::string& until);
// Refuses a name that is not an optional pass's.
Result<> CheckDisabled(const std::set<std::string>& names);
// Passes by name, to be run one after the other on a module of stage `from`. Refused: a name that is none,
// and a pass whose stage is not the one that those before it leave.
Result<std::vector<PassEntry>> FindPasses(const std::vector<std::string>& names, ir::Stage from);
// The part of the pipeline from stage `from` on up to `until`: a stage (all of its passes) or a pass (with
// it; its first place from there on).
Result<std::vector<PassEntry>> FindPassesUntil(const std::string& until, ir::Stage from);

// What a caller may want to see. Every member may be empty.
struct Observer {
  std::function<void(const PassEntry&)> before;
  std::function<void(const PassEntry&, const ir::Module&)> after;
  std::function<void(const PassEntry&, double seconds)> timed;
};

// Runs one pass over a module that verifies, and verifies it again. A module that does not verify after a
// pass aborts with the name of the pass and the module's text: that is a mistake of the pass.
Result<> RunPass(const PassEntry& pass, ir::Module& module, const PassOptions& options);

// Verifies the module (a failure is an error: it comes from an importer or a file), then runs every pass from
// the module's stage on until all of stage `last` have run. Names in `options.disabled` must be those of
// optional passes.
Result<> RunPipeline(ir::Module& module, const PassOptions& options, const Observer& observer = {},
                     ir::Stage last = ir::Stage::kPlanned);

}  // namespace rnnc::passes
