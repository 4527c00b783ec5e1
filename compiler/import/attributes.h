// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/op.h"
#include "compiler/support/result.h"

namespace rnnc::import {

using AttributeMap = std::map<std::string, ir::Attribute, std::less<>>;

// The attributes of one node as its operator's rule lists them, ONNX defaults filled in.
struct NodeAttributes {
  AttributeMap values;
  std::map<std::string, const onnx::TensorProto*, std::less<>> tensors;
  std::map<std::string, const onnx::GraphProto*, std::less<>> graphs;
  std::set<std::string, std::less<>> given;  // names that the node itself has

  bool Has(std::string_view name) const { return values.find(name) != values.end(); }
  bool Given(std::string_view name) const { return given.find(name) != given.end(); }
  int64_t Int(std::string_view name) const;
  double Float(std::string_view name) const;
  const std::string& String(std::string_view name) const;
  const std::vector<int64_t>& Ints(std::string_view name) const;
  const std::vector<std::string>& Strings(std::string_view name) const;
};

// Reads a node's attributes by a list such as "axis:i=-1 perm:I? to:i!": name, kind (i f s I F S as in
// ops.def, t a tensor, g a graph), then "!" required, "?" may be absent, "=x" the ONNX default. Every
// attribute of the node must be in the list and of its kind. All mistakes are reported, not only the first.
Result<NodeAttributes> ReadAttributes(const onnx::NodeProto& node, std::string_view list, int64_t opset,
                                      const Location& location);

}  // namespace rnnc::import
