// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compiler/driver/commands.h"
#include "compiler/driver/notes.h"
#include "compiler/driver/phases.h"

namespace rnnc::driver {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const std::vector<import::TensorNote>& tensors) {
  Json list = Json::array();
  for (const import::TensorNote& tensor : tensors) {
    Json entry = {{"name", tensor.name}, {"declared", tensor.declared}};
    if (tensor.type) entry["type"] = tensor.type->ToText();
    list.push_back(std::move(entry));
  }
  return list;
}

void PrintJson(const std::string& model, const import::ImportNotes& notes,
               const std::vector<Diagnostic>& refusals) {
  Json root;
  root["model"] = model;
  root["producer"] = notes.producer;
  root["ir_version"] = notes.ir_version;
  root["opset"] = notes.opset;
  root["operators"] = notes.operators;
  root["inputs"] = ToJson(notes.inputs);
  root["outputs"] = ToJson(notes.outputs);
  root["bound"] = BoundLines(notes);
  root["time"] = TimeSymbol(notes);
  root["recurrent"] = Json::array();
  for (const import::RecurrentNode& node : notes.recurrent) {
    Json entry = {
        {"node", node.name}, {"op", node.op}, {"supported", node.Supported()}, {"attributes", Json::array()}};
    for (const import::RecurrentAttribute& attribute : node.attributes) {
      entry["attributes"].push_back({{"name", attribute.name},
                                     {"value", attribute.value},
                                     {"source", import::ToText(attribute.source)},
                                     {"meaning", attribute.meaning},
                                     {"supported", attribute.supported},
                                     {"reason", attribute.reason}});
    }
    root["recurrent"].push_back(std::move(entry));
  }
  root["warnings"] = Json::array();
  for (const Diagnostic& warning : notes.warnings) root["warnings"].push_back(Render(warning));
  root["refused"] = Json::array();
  for (const Diagnostic& refusal : refusals) root["refused"].push_back(Render(refusal));
  fmt::print("{}\n", root.dump(2));
}

void PrintTensors(std::string_view label, const std::vector<import::TensorNote>& tensors) {
  for (const import::TensorNote& tensor : tensors) {
    const std::string type = tensor.type ? tensor.type->ToText() : "";
    const std::string note =
        type.empty() || type == tensor.declared ? "" : fmt::format("  (declared {})", tensor.declared);
    fmt::print("  {:<8}{:<16} {}{}\n", label, tensor.name, type.empty() ? tensor.declared : type, note);
  }
}

void PrintText(const std::string& model, const import::ImportNotes& notes,
               const std::vector<Diagnostic>& refusals) {
  fmt::print("{}: {}, IR version {}, opset {}, {}\n", model,
             notes.producer.empty() ? "no producer named" : notes.producer, notes.ir_version, notes.opset,
             NodesText(notes));
  PrintTensors("input", notes.inputs);
  PrintTensors("output", notes.outputs);
  for (const std::string& bound : BoundLines(notes)) fmt::print("  dim     {}\n", bound);
  for (const Diagnostic& warning : notes.warnings) fmt::print("{}\n", Render(warning));
  for (const import::RecurrentNode& node : notes.recurrent) {
    fmt::print("\n{} {}{}\n", node.op, node.name, node.Supported() ? "" : "  (refused)");
    size_t width = 0;
    for (const import::RecurrentAttribute& attribute : node.attributes)
      width = std::max(width, attribute.value.size());
    for (const import::RecurrentAttribute& attribute : node.attributes) {
      const std::string said = attribute.supported ? attribute.meaning : "refused: " + attribute.reason;
      const std::string source(import::ToText(attribute.source));
      fmt::print("  {:<20} {:<{}}  {}\n", attribute.name, attribute.value, width,
                 said.empty() ? source : fmt::format("{:<13} {}", source, said));
    }
  }
  if (refusals.empty()) {
    fmt::print("\nevery node is supported\n");
    return;
  }
  fmt::print("\nrefused:\n");
  for (const Diagnostic& refusal : refusals) fmt::print("  {}\n", Render(refusal));
}

}  // namespace

Result<> InspectCommand(const InspectOptions& options) {
  RNNC_ASSIGN(const import::ImportOptions wanted, ImportOptionsFor(options.model));
  import::ImportNotes notes;
  const auto module = import::ImportOnnx(options.model.model, wanted, &notes);
  // A model that is refused is still shown; a file that is no model is an error.
  const std::vector<Diagnostic> refusals = module.ok() ? std::vector<Diagnostic>() : module.diagnostics();
  if (!module.ok() && notes.operators.empty()) return refusals;
  if (options.json) {
    PrintJson(options.model.model, notes, refusals);
  } else {
    PrintText(options.model.model, notes, refusals);
  }
  return Ok();
}

}  // namespace rnnc::driver
