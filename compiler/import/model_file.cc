// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/model_file.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>

#include <filesystem>
#include <limits>

namespace rnnc::import {

bool IsDefaultDomain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

std::string NodeName(const onnx::NodeProto& node) {
  if (!node.name().empty()) return node.name();
  for (const std::string& output : node.output()) {
    if (!output.empty()) return node.op_type() + "_" + output;
  }
  return node.op_type();
}

bool ParseMessage(const std::string& bytes, google::protobuf::MessageLite& message) {
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) return false;
  const google::protobuf::LogSilencer silencer;
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
  // Nested deeper than any model's subgraphs is refused by the library, not followed.
  return message.ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage();
}

namespace {

Result<int64_t> OpsetOf(const onnx::ModelProto& proto, const Location& at) {
  int64_t opset = 0;
  for (const onnx::OperatorSetIdProto& import : proto.opset_import()) {
    if (!IsDefaultDomain(import.domain())) continue;
    if (opset != 0 && opset != import.version()) {
      return Error(at, "opset_import: versions {} and {} of the same operators", opset, import.version());
    }
    opset = import.version();
  }
  if (opset == 0) return Error(at, "opset_import: no version of the ONNX operators; is it an ONNX model?");
  if (opset < kOldestOpset || opset > kNewestOpset) {
    return Error(at, "opset_import: {} is outside {} to {}; convert the model with onnx.version_converter",
                 opset, kOldestOpset, kNewestOpset);
  }
  return opset;
}

}  // namespace

Result<ModelFile> ReadModel(const std::string& bytes, const std::string& path) {
  ModelFile model;
  model.path = path;
  model.folder = std::filesystem::path(path).parent_path().string();
  if (bytes.empty()) return Error(model.At(), "the file is empty");
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return Error(model.At(), "larger than 2 GiB; save the weights as external data");
  }
  model.proto = std::make_unique<onnx::ModelProto>();
  if (!ParseMessage(bytes, *model.proto)) {
    return Error(model.At(), "not an ONNX model, or cut short; export it again");
  }
  if (!model.proto->has_graph()) return Error(model.At(), "holds no graph; is it an ONNX model?");
  const int64_t ir = model.proto->ir_version();
  if (ir < kOldestIr || ir > kNewestIr) {
    return Error(model.At(),
                 "ir_version: {} is outside {} to {}; save the model with another version of onnx", ir,
                 kOldestIr, kNewestIr);
  }
  RNNC_ASSIGN(model.opset, OpsetOf(*model.proto, model.At()));
  return model;
}

}  // namespace rnnc::import
