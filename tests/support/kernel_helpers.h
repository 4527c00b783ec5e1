// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/ir/builder.h"
#include "compiler/ir/kernel_evaluator.h"
#include "compiler/ir/module.h"

namespace rnnc::testing {

ir::Array F32(const std::vector<int64_t>& dims, const std::vector<double>& values);
ir::Array I64(const std::vector<int64_t>& dims, const std::vector<int64_t>& values);
ir::Array Bool(const std::vector<int64_t>& dims, const std::vector<int64_t>& values);

// A module with one function whose only operation (before `return`) is under test.
struct OneOp {
  ir::Module module;
  ir::Function* function = nullptr;
  ir::Operation* op = nullptr;

  explicit OneOp(ir::Stage stage = ir::Stage::kRecurrence);
  ir::Value* Argument(const ir::Type& type, const std::string& name = "x");
  ir::Value* Const(const ir::Tensor& tensor, const std::string& name = "k");
  ir::Value* Ints(const std::vector<int64_t>& values);
  ir::Value* Floats(const std::vector<int64_t>& dims, const std::vector<double>& values);
  // The operation and a `return` of its results.
  ir::Operation* Make(ir::OpKind kind, const std::vector<ir::Value*>& operands,
                      const std::vector<ir::Type>& results);
  Result<std::vector<ir::Array>> Evaluate(const std::vector<ir::Array>& inputs,
                                          const ir::KernelEvaluation& options = {}) const;
};

}  // namespace rnnc::testing
