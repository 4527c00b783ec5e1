// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/import.h"

#include <algorithm>
#include <filesystem>

#include "compiler/import/graph.h"
#include "compiler/import/interface.h"
#include "compiler/import/tensor.h"
#include "compiler/support/file.h"

// Steps:
//   1. read the file
//   2. check the graph and the inputs; everything that is wrong with either is reported together
//   3. bind symbolic dims: build once with all of them symbolic, look which are the recurrent nodes' batch
//      and time axes, and give the others their defaults
//   4. build the module
namespace rnnc::import {
namespace {

void Append(std::vector<Diagnostic>& errors, const std::vector<Diagnostic>& more) {
  errors.insert(errors.end(), more.begin(), more.end());
}

// The module is only looked at for the symbols of its recurrent nodes; what does not fit with every dim
// symbolic may fit later.
Result<> BindSymbols(const ModelFile& model, const CheckedGraph& graph, bool has_recurrent,
                     Interface& interface) {
  RecurrentSymbols found;
  // A second look, with the batch bound, sees time axes behind operators that need the batch.
  for (int look = 0; look < 2 && !interface.AllBound(); ++look) {
    RNNC_ASSIGN(const std::vector<GraphInput> inputs, interface.Resolved(model.At()));
    BuiltGraph built = BuildGraph(model, graph, inputs, nullptr);
    found.time.insert(built.symbols.time.begin(), built.symbols.time.end());
    found.batch.insert(built.symbols.batch.begin(), built.symbols.batch.end());
    found.complete = built.symbols.complete;
    if (found.complete) break;
    RNNC_TRY(BindDefaults(interface, found, has_recurrent, false, model.At()));
  }
  return BindDefaults(interface, found, has_recurrent, true, model.At());
}

void NoteDims(const Interface& interface, ImportNotes& notes) {
  for (const Symbol& symbol : interface.symbols) {
    notes.dims.push_back({symbol.name, symbol.symbol, symbol.inputs, symbol.bound, symbol.reason});
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
  ImportNotes unread;
  ImportNotes& said = notes != nullptr ? *notes : unread;
  said = {};
  RNNC_ASSIGN(const ModelFile model, ReadModel(path));
  said.ir_version = model.proto->ir_version();
  said.opset = model.opset;
  said.producer = model.proto->producer_name();

  std::vector<Diagnostic> errors;
  Result<CheckedGraph> graph = CheckGraph(model, said);
  Append(errors, graph.diagnostics());
  Result<Interface> interface = ReadInterface(model, options, said);
  Append(errors, interface.diagnostics());
  if (!errors.empty()) return errors;

  const bool has_recurrent = !said.recurrent.empty();
  Result<> bound = BindSymbols(model, *graph, has_recurrent, *interface);
  NoteDims(*interface, said);
  RNNC_TRY(std::move(bound));
  RNNC_ASSIGN(const std::vector<GraphInput> inputs, interface->Resolved(model.At()));
  BuiltGraph built = BuildGraph(model, *graph, inputs, &said);
  if (!built.errors.empty()) return std::move(built.errors);
  NoteTypes(*built.module, inputs, said);
  return std::move(built.module);
}

Result<NamedTensor> ReadTensorPb(const std::string& path) {
  RNNC_ASSIGN(const std::string bytes, ReadFile(path));
  onnx::TensorProto proto;
  const Location at{path, {}};
  if (!ParseMessage(bytes, proto)) return Error(at, "no serialised tensor, or cut short");
  RNNC_ASSIGN(ir::TensorPtr tensor, ReadTensor(proto, std::filesystem::path(path).parent_path().string(), at, "tensor '" + proto.name() + "'"));
  return NamedTensor{proto.name(), tensor};
}

}  // namespace rnnc::import
