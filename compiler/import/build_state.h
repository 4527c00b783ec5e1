// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/import/graph.h"

// Inside of the graph's build: what its files share. Nothing here is for other users.
namespace rnnc::import {

// A value of an ONNX sequence type, which the IR has not.
struct Elements {  // of a number known when compiled
  std::vector<ir::Value*> values;
};
struct Stacked {  // one for each position of the leading axis
  ir::Value* rows = nullptr;
};
struct Growing {  // in the body of a Loop: carried value `index`, and what this step has appended to it
  const CheckedNode* loop = nullptr;
  size_t index = 0;
  std::vector<ir::Value*> appended;
};
using Sequence = std::variant<Elements, Stacked, Growing>;

// The values of the model's graph, of the branch of an If, or of the body of a loop.
struct Scope {
  const CheckedGraph& graph;
  std::map<std::string, ir::Value*> values;  // null: of a refused node
  std::map<std::string, Sequence> sequences;
};

// The body of a Loop that is being built, and the rows of outer tensors that it cuts out at places which
// change from step to step. Whether they lie inside is known when the steps are counted.
struct StepRows {
  const ir::Block* body;
  std::map<const ir::Value*, Location> slices;  // lookups that stand for the Slice of a node
};

struct BuildState {
  const ModelFile& model;
  ImportNotes* notes;
  bool compare = true;  // whether least sizes decide comparisons (see KnownInts)
  BuiltGraph built;
  ir::Block* block = nullptr;
  ir::KnownInts ints;
  std::vector<Scope> scopes;  // innermost last
  int loops = 0;              // so far, for the names of their steps
  StepRows* rows = nullptr;   // of the innermost Loop

  void Set(const std::string& name, ir::Value* value) {
    if (!name.empty()) scopes.back().values[name] = value;
  }
  void SetSequence(const std::string& name, Sequence sequence) {
    if (!name.empty()) scopes.back().sequences[name] = std::move(sequence);
  }
  void Refuse(Diagnostic diagnostic) { built.errors.push_back(std::move(diagnostic)); }
};

// Null where the name is empty, of a refused node, or a sequence.
ir::Value* FindValue(BuildState& state, const std::string& name);
// Null where the name is no sequence.
const Sequence* FindSequence(const BuildState& state, const std::string& name);

void BuildNode(BuildState& state, const CheckedNode& node);
// What is not known of a node's results, or of the recurrent nodes in it.
void LeaveOut(BuildState& state, const CheckedNode& node);

// Nodes that are not operations: they decide which ones there are. An error is noted in the state.
void BuildScan(BuildState& state, const CheckedNode& node);
void BuildLoop(BuildState& state, const CheckedNode& node);
// Whether the value is an argument or a result of the block itself.
bool IsMadeIn(const ir::Block& body, const ir::Value& value);
// A Slice that is x[s:s+1] along one axis, with an s that changes from step to step and an x from outside the
// Loop's body, as the lookup x[s]; none for any other.
std::optional<Result<Values>> BuildStepRow(BuildState& state, const CheckedNode& node, const Values& inputs,
                                           Emitter& emit);
void BuildSequenceNode(BuildState& state, const CheckedNode& node);

// A size as an i64 of one element (rank 0), computed from the shapes of arguments where it is not a number.
Result<ir::Value*> EmitSize(BuildState& state, Emitter& emit, const ir::Dim& size);

}  // namespace rnnc::import
