// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "codegen/frame.h"
#include "codegen/object_builder.h"

namespace rnnc::codegen {

/// The functions that the descriptor points to; null where the model has none.
struct DescriptorEntries {
  llvm::Function* reset = nullptr;
  llvm::Function* step = nullptr;
  llvm::Function* run = nullptr;
  llvm::Function* scratch_bytes = nullptr;
};

/// Adds the constant NAME_model, laid out as `rnnc_model` of runtime/rnnc.h.
void BuildDescriptor(ObjectContext& context, const EntryPoints& entries, const DescriptorEntries& functions);

/// rnnc_dtype of an element type.
int DtypeOf(ir::ElementType element);

/// A tensor as the caller sees it.
struct TensorInfo {
  std::string name;
  ir::Type type;
  int time_axis = -1;
  uint64_t bytes = 0;  // of one frame when there is a time axis
};
TensorInfo DescribeTensor(const std::string& name, const ir::Type& type, const std::string& time_symbol);
/// Inputs and outputs of the exported functions, in order.
std::vector<TensorInfo> DescribeInputs(const EntryPoints& entries);
std::vector<TensorInfo> DescribeOutputs(const EntryPoints& entries);

}  // namespace rnnc::codegen
