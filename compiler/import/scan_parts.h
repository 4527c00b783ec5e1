// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/import/build_state.h"

// From the body of an ONNX loop to a scan. The body's nodes are built into a draft, with an argument for
// whatever changes from step to step; what is a slice and what is carried is only known afterwards.
namespace rnnc::import {

struct ScanParts {
  struct Slice {
    ir::Value* value;                  // of the draft: an argument, or a result that is not computed any more
    ir::Value* sequence;               // with the steps in front
    std::optional<int64_t> unit_axis;  // `value` has an axis of one element here that a slice has not
  };
  struct Carried {
    ir::Value* argument;
    ir::Value* initial;
    ir::Value* next;
  };
  ir::Operation* draft = nullptr;  // the last operation of the block that the scan will be in
  std::vector<Slice> slices;       // those that nothing needs are left out
  std::vector<Carried> carried;
  Values stacked;  // of the draft
  ir::Dim steps;
  bool reverse = false;
};

// A scan with an empty body at the end of the state's block, which is the body from now on.
ir::Operation* BeginDraft(BuildState& state, const Location& location);
// The nodes of a body. False where one was refused, or depends on one that was.
bool BuildBody(BuildState& state, const CheckedGraph& body);

// The values of the draft's body that what it yields is computed from, without what only slices need.
std::set<const ir::Value*> Needed(const ScanParts& parts);

// The scan; its stacked results, then the final values of what is carried. The draft is gone.
Result<Values> FinishScan(BuildState& state, const ScanParts& parts);

// The steps' sizes are time, those of carried values batch.
void NoteLoopSymbols(BuildState& state, const ScanParts& parts);

// `value` with `axis` in front of the others, and back; with the elements along the first axis backwards.
Result<ir::Value*> AxisToFront(Emitter& emit, ir::Value* value, int64_t axis);
Result<ir::Value*> FrontToAxis(Emitter& emit, ir::Value* value, int64_t axis);
Result<ir::Value*> Flipped(Emitter& emit, ir::Value* value);

}  // namespace rnnc::import
