// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "compiler/import/import.h"
#include "compiler/import/model_file.h"
#include "compiler/import/operators.h"

namespace rnnc::import {

struct CheckedGraph;

// A node whose operator and attributes are computed.
struct CheckedNode {
  const onnx::NodeProto* proto = nullptr;
  const OperatorRule* rule = nullptr;
  int64_t opset = 0;
  NodeAttributes attributes;
  Location location;
  std::vector<std::shared_ptr<const CheckedGraph>> branches;  // If: then, else; Scan, Loop: body
};

// A graph in which every name is defined before it is used, and every node is computed, unless there are
// errors. Those of a branch are held against the model when the branch is chosen, those of a
// body always.
struct CheckedGraph {
  const onnx::GraphProto* proto = nullptr;
  std::vector<CheckedNode> nodes;
  std::map<std::string, ir::TensorPtr> initialisers;  // those that are used
  std::vector<Diagnostic> errors;
  std::map<std::string, int> operators;  // for the notes, without those of branches
  std::vector<RecurrentNode> recurrent;
  bool has_recurrent = false;  // here or in a branch

  void AddTo(ImportNotes& notes) const;
};

// Everything that can be said before the first type is known, all of it at once.
CheckedGraph CheckGraph(const ModelFile& model);

// An argument of `main`, or a constant when there is a value (of a static type).
struct GraphInput {
  std::string name;
  ir::Type type;
  ir::TensorPtr value;
};

// The symbols in the axes of recurrent nodes.
struct RecurrentSymbols {
  std::set<std::string> time;
  std::set<std::string> batch;
  std::map<std::string, int64_t> fixed;  // batches of constant states
  bool complete = true;                  // the types of all recurrent nodes are known
  std::vector<Diagnostic> warnings;      // see SuspectFixedSizes
};

struct BuiltGraph {
  std::unique_ptr<ir::Module> module;
  std::vector<Diagnostic> errors;  // empty: the module is whole
  RecurrentSymbols symbols;
  std::vector<std::shared_ptr<const CheckedGraph>> branches;  // chosen, for the notes
};

// The graph with types inferred from the inputs. Nodes that depend on a refused one are left out. `sizes`:
// the symbols of the inputs, with their bounds; `trying`: the first one's least value is only tried.
BuiltGraph BuildGraph(const ModelFile& model, const CheckedGraph& graph,
                      const std::vector<GraphInput>& inputs, const std::vector<ir::RuntimeSize>& sizes,
                      ImportNotes* notes, bool trying = false);

}  // namespace rnnc::import
