// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <onnx/onnx_pb.h>

#include <string>

#include "compiler/ir/tensor.h"
#include "compiler/support/result.h"

namespace rnnc::import {

// The element type of an ONNX data type; none for those that are not computed.
std::optional<ir::ElementType> ElementTypeOf(int64_t onnx_type);
// "uint32", "float8e4m3fn", "data type 99": for messages.
std::string DataTypeName(int64_t onnx_type);

// The tensor of a message: raw or typed data, or data in a file below `folder`. Nothing is allocated before
// the announced size is known to be there. `what` is named in the diagnostics.
Result<ir::TensorPtr> ReadTensor(const onnx::TensorProto& proto, const std::string& folder,
                                 const Location& location, const std::string& what);

// The bytes that a tensor's external_data entries name, `wanted` of them. Refused: absolute paths, `..`,
// links that leave `folder`, ranges that the file does not have.
Result<std::string> ReadExternalData(const onnx::TensorProto& proto, const std::string& folder,
                                     uint64_t wanted, const Location& location, const std::string& what);

}  // namespace rnnc::import
