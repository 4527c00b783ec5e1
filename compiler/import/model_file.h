// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <memory>
#include <string>

#include "compiler/support/result.h"

namespace rnnc::import {

inline constexpr int64_t kOldestIr = 3, kNewestIr = 14;
inline constexpr int64_t kOldestOpset = 7, kNewestOpset = 28;

// A parsed model whose versions are in range. Nothing of its graph is checked yet.
struct ModelFile {
  std::string path;
  std::string folder;  // external data lies here
  std::unique_ptr<onnx::ModelProto> proto;
  int64_t opset = 0;  // of the default domain
  // Nodes of functions that import another version than the model.
  std::map<const onnx::NodeProto*, int64_t> opsets;

  Location At() const { return {path, {}}; }
  int64_t OpsetOf(const onnx::NodeProto& node) const {
    auto own = opsets.find(&node);
    return own == opsets.end() ? opset : own->second;
  }
};

// The model in `bytes`; `path` is the file that they come from, for messages and external data.
Result<ModelFile> ReadModel(const std::string& bytes, const std::string& path);

// Parses a protobuf message quietly; false when the bytes are none.
bool ParseMessage(const std::string& bytes, google::protobuf::MessageLite& message);

// True for "" and "ai.onnx".
bool IsDefaultDomain(const std::string& domain);

// The name that people know a node by: its own, else "Op_output".
std::string NodeName(const onnx::NodeProto& node);

}  // namespace rnnc::import
