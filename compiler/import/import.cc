// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/import.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "compiler/import/graph.h"
#include "compiler/import/inline_functions.h"
#include "compiler/import/interface.h"
#include "compiler/import/suspicions.h"
#include "compiler/import/tensor.h"
#include "compiler/support/file.h"

// Steps:
//   1. read the file, inline its functions
//   2. check the graph and the inputs; everything that is wrong with either is reported together
//   3. bind symbolic dims: build once with all of them symbolic, look which are the recurrent nodes' batch
//      and time axes, and give the others their defaults
//   4. build the module
namespace rnnc::import {
namespace {

void Append(std::vector<Diagnostic>& errors, const std::vector<Diagnostic>& more) {
  errors.insert(errors.end(), more.begin(), more.end());
}

constexpr size_t kShownNodes = 4;

// The same thing said of many nodes is said once, with the nodes' names.
std::vector<Diagnostic> Grouped(const std::vector<Diagnostic>& errors) {
  std::vector<Diagnostic> grouped;
  std::map<std::pair<std::string, std::string>, size_t> groups;  // by file and message
  std::vector<std::set<std::string>> nodes;                      // that a group has named
  for (const Diagnostic& error : errors) {
    const auto [group, first] = groups.emplace(std::pair(error.location.file, error.message), grouped.size());
    if (first) {
      grouped.push_back(error);
      nodes.emplace_back(error.location.nodes.begin(), error.location.nodes.end());
      continue;
    }
    for (const std::string& node : error.location.nodes) {
      if (nodes[group->second].insert(node).second) grouped[group->second].location.nodes.push_back(node);
    }
  }
  for (Diagnostic& diagnostic : grouped) {
    std::vector<std::string>& names = diagnostic.location.nodes;
    if (names.size() <= kShownNodes) continue;
    const std::string more = "and " + std::to_string(names.size() - kShownNodes + 1) + " more";
    names.resize(kShownNodes - 1);
    names.push_back(more);
  }
  return grouped;
}

// The same sizes, all long enough for any window: recurrent nodes behind one are reached.
std::vector<ir::RuntimeSize> LongEnough(std::vector<ir::RuntimeSize> sizes) {
  constexpr int64_t kLong = 1 << 16;
  for (ir::RuntimeSize& size : sizes) {
    if (!size.high) size.low = std::max(size.low, kLong);
  }
  return sizes;
}

// The module is only looked at for the symbols of its recurrent nodes; what does not fit with every dim
// symbolic may fit later.
Result<> BindSymbols(const ModelFile& model, const CheckedGraph& graph, Interface& interface,
                     ImportNotes& notes) {
  RecurrentSymbols found;
  std::vector<Diagnostic> errors;
  // A second look, with the batch bound, sees time axes behind operators that need the batch.
  for (int look = 0; look < 2 && !interface.AllBound(); ++look) {
    RNNC_ASSIGN(const std::vector<GraphInput> inputs, interface.Resolved(model.At()));
    BuiltGraph built = BuildGraph(model, graph, inputs, LongEnough(interface.Open()), nullptr, true);
    found.time.insert(built.symbols.time.begin(), built.symbols.time.end());
    found.batch.insert(built.symbols.batch.begin(), built.symbols.batch.end());
    found.fixed.insert(built.symbols.fixed.begin(), built.symbols.fixed.end());
    found.complete = built.symbols.complete;
    if (look == 0) notes.warnings = built.symbols.warnings;
    errors = std::move(built.errors);
    if (found.complete) break;
    RNNC_TRY(BindDefaults(interface, found, graph.has_recurrent, false, model.At()));
  }
  Result<> bound = BindDefaults(interface, found, graph.has_recurrent, true, model.At());
  // A time axis that no recurrent node was reached with: what stopped it says more than its being symbolic.
  if (!bound && !found.complete && !errors.empty()) return errors;
  return bound;
}

// Least lengths that are tried for an open size that nobody has bound.
constexpr int64_t kLeastLengths[] = {1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64};

// The graph for every value of the open sizes, or for every one from some least length on: the last step of a
// sequence, or a window over it, is only there when the sequence is long enough.
BuiltGraph BuildForOpenSizes(const ModelFile& model, const CheckedGraph& graph, Interface& interface,
                             const std::vector<GraphInput>& inputs, ImportNotes& notes) {
  const std::vector<ir::RuntimeSize> sizes = interface.Open();
  const std::vector<Diagnostic> warnings = notes.warnings;
  BuiltGraph built = BuildGraph(model, graph, inputs, sizes, &notes);
  for (size_t i = 0; i < sizes.size() && !built.errors.empty(); ++i) {
    if (sizes[i].low != 0 || sizes[i].high) continue;
    for (const int64_t least : kLeastLengths) {
      std::vector<ir::RuntimeSize> bounded = sizes;
      bounded[i].low = least;
      notes.warnings = warnings;
      BuiltGraph other = BuildGraph(model, graph, inputs, bounded, &notes, true);
      if (!other.errors.empty()) continue;
      interface.SetLeast(bounded[i].symbol, least);
      return other;
    }
  }
  return built;
}

void NoteDims(const Interface& interface, ImportNotes& notes) {
  for (const Symbol& symbol : interface.symbols) {
    notes.dims.push_back({symbol.name, symbol.symbol, symbol.inputs, symbol.bound,
                          symbol.open.value_or(DimBounds{}), symbol.is_time, symbol.reason});
  }
}

void NoteTypes(const ir::Module& module, const std::vector<GraphInput>& inputs, ImportNotes& notes) {
  for (TensorNote& note : notes.inputs) {
    auto input =
        std::find_if(inputs.begin(), inputs.end(), [&](const auto& i) { return i.name == note.name; });
    if (input != inputs.end()) note.type = input->type;
  }
  const std::vector<ir::Type> results = module.FindFunction("main")->ResultTypes();
  for (size_t i = 0; i < results.size() && i < notes.outputs.size(); ++i) notes.outputs[i].type = results[i];
}

}  // namespace

Result<std::unique_ptr<ir::Module>> ImportOnnx(const std::string& path, const ImportOptions& options,
                                               ImportNotes* notes) {
  if (notes != nullptr) *notes = {};
  RNNC_ASSIGN(const std::string bytes, ReadFile(path));
  return ImportOnnxBytes(bytes, path, options, notes);
}

Result<std::unique_ptr<ir::Module>> ImportOnnxBytes(const std::string& bytes, const std::string& path,
                                                    const ImportOptions& options, ImportNotes* notes) {
  ImportNotes unread;
  ImportNotes& said = notes != nullptr ? *notes : unread;
  said = {};
  RNNC_ASSIGN(ModelFile model, ReadModel(bytes, path));
  said.ir_version = model.proto->ir_version();
  said.opset = model.opset;
  said.producer = model.proto->producer_name();

  std::vector<Diagnostic> errors;
  RNNC_TRY(InlineFunctions(model));
  const CheckedGraph graph = CheckGraph(model);
  graph.AddTo(said);
  Append(errors, graph.errors);
  Result<Interface> interface = ReadInterface(model, options, said);
  Append(errors, interface.diagnostics());
  if (!errors.empty()) return Grouped(errors);

  Result<> bound = BindSymbols(model, graph, *interface, said);
  if (!bound) {
    NoteDims(*interface, said);
    return Grouped(bound.diagnostics());
  }
  RNNC_ASSIGN(const std::vector<GraphInput> inputs, interface->Resolved(model.At()));
  BuiltGraph built = BuildForOpenSizes(model, graph, *interface, inputs, said);
  NoteDims(*interface, said);
  for (const auto& branch : built.branches) branch->AddTo(said);
  if (!built.errors.empty()) return Grouped(built.errors);
  NoteTypes(*built.module, inputs, said);
  // One step that somebody asked for says nothing of the model.
  if (options.dims.empty() && options.shapes.empty()) Append(said.warnings, SuspectLostState(*built.module));
  return std::move(built.module);
}

Result<NamedTensor> ReadTensorPb(const std::string& path) {
  RNNC_ASSIGN(const std::string bytes, ReadFile(path));
  onnx::TensorProto proto;
  const Location at{path, {}};
  if (!ParseMessage(bytes, proto)) return Error(at, "no serialised tensor, or cut short");
  RNNC_ASSIGN(ir::TensorPtr tensor, ReadTensor(proto, std::filesystem::path(path).parent_path().string(), at,
                                               "tensor '" + proto.name() + "'"));
  return NamedTensor{proto.name(), tensor};
}

}  // namespace rnnc::import
