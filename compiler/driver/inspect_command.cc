// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "compiler/driver/commands.h"
#include "compiler/driver/data_set.h"
#include "compiler/import/import.h"

namespace rnnc::driver {
namespace {

std::string ShapeText(const import::DeclaredTensor& tensor) {
  std::string text(ir::ToText(tensor.element));
  text += '[';
  for (size_t i = 0; i < tensor.dims.size(); ++i) {
    const import::DeclaredDim& dim = tensor.dims[i];
    if (i > 0) text += ',';
    text += dim.size >= 0 ? std::to_string(dim.size) : dim.symbol.empty() ? "?" : dim.symbol;
  }
  return text + ']';
}

nlohmann::ordered_json ToJson(const std::vector<import::DeclaredTensor>& tensors) {
  auto list = nlohmann::ordered_json::array();
  for (const import::DeclaredTensor& tensor : tensors) {
    auto dims = nlohmann::ordered_json::array();
    for (const import::DeclaredDim& dim : tensor.dims) {
      if (dim.size >= 0) {
        dims.push_back(dim.size);
      } else {
        dims.push_back(dim.symbol.empty() ? "?" : dim.symbol);
      }
    }
    list.push_back({{"name", tensor.name}, {"type", ir::ToText(tensor.element)}, {"dims", dims}});
  }
  return list;
}

void PrintJson(const std::string& model, const import::Inspection& inspection) {
  nlohmann::ordered_json root;
  const import::ImportReport& report = inspection.report;
  root["model"] = model;
  root["producer"] = report.producer;
  root["ir_version"] = report.ir_version;
  root["opset"] = report.opset;
  root["nodes"] = report.node_count;
  root["inputs"] = ToJson(inspection.inputs);
  root["outputs"] = ToJson(inspection.outputs);
  root["bound"] = report.bound;
  root["time"] = report.time_symbol;
  root["recurrent"] = nlohmann::ordered_json::array();
  for (const import::RecurrentNode& node : report.recurrent) {
    nlohmann::ordered_json entry = {{"node", node.node}, {"op", node.op}, {"supported", node.supported}};
    for (const import::RecurrentAttribute& attribute : node.attributes) {
      entry["attributes"].push_back({{"name", attribute.name},
                                     {"value", attribute.value},
                                     {"origin", attribute.origin},
                                     {"meaning", attribute.meaning},
                                     {"supported", attribute.supported}});
    }
    root["recurrent"].push_back(std::move(entry));
  }
  root["refused"] = nlohmann::ordered_json::array();
  for (const Diagnostic& refusal : inspection.refusals) root["refused"].push_back(Render(refusal));
  fmt::print("{}\n", root.dump(2));
}

void PrintText(const std::string& model, const import::Inspection& inspection) {
  const import::ImportReport& report = inspection.report;
  fmt::print("{}: {}, IR version {}, opset {}, {} nodes\n", model,
             report.producer.empty() ? "no producer named" : report.producer, report.ir_version, report.opset,
             report.node_count);
  for (const auto& tensor : inspection.inputs)
    fmt::print("  input   {:<16} {}\n", tensor.name, ShapeText(tensor));
  for (const auto& tensor : inspection.outputs)
    fmt::print("  output  {:<16} {}  (as declared)\n", tensor.name, ShapeText(tensor));
  for (const std::string& bound : report.bound) fmt::print("  bound   {}\n", bound);
  if (!report.time_symbol.empty())
    fmt::print("  time    {} stays open: `run` takes any number of frames\n", report.time_symbol);
  for (const import::RecurrentNode& node : report.recurrent) {
    fmt::print("\n{} {}{}\n", node.op, node.node, node.supported ? "" : "  (refused)");
    for (const import::RecurrentAttribute& attribute : node.attributes) {
      fmt::print("  {:<20} {:<24} {:<14} {}{}\n", attribute.name, attribute.value, attribute.origin,
                 attribute.meaning, attribute.supported ? "" : "  NOT SUPPORTED");
    }
  }
  if (inspection.refusals.empty()) {
    fmt::print("\nevery node is supported\n");
  } else {
    fmt::print("\nrefused:\n");
    for (const Diagnostic& refusal : inspection.refusals) fmt::print("  {}\n", Render(refusal));
  }
}

}  // namespace

Result<> InspectCommand(const InspectOptions& options) {
  import::ImportOptions wanted;
  wanted.dims = options.model.dims;
  wanted.symbolic_dims = options.model.symbolic_dims;
  wanted.shapes = options.model.shapes;
  RNNC_ASSIGN(const import::Inspection inspection, import::InspectOnnx(options.model.model, wanted));
  if (options.json) {
    PrintJson(options.model.model, inspection);
  } else {
    PrintText(options.model.model, inspection);
  }
  return Ok();
}

}  // namespace rnnc::driver
