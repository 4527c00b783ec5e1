// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codegen/codegen.h"
#include "compiler/ir/tensor.h"
#include "compiler/support/result.h"

namespace rnnc::driver {

/// One stream of a model, running the very bytes of its object in this process.
class NativeModel {
 public:
  static Result<std::unique_ptr<NativeModel>> Load(const std::string& object, const std::string& name);

  const rnnc_model& Model() const { return object_->Model(); }
  void Reset() { Model().reset(instance_); }
  /// Sets a state tensor (by index in the descriptor) from bytes of its size.
  void SetState(int state, const ir::Tensor& value);
  ir::Tensor GetState(int state) const;

  /// One call: `run` when the model has one, else `step`. Inputs in the descriptor's order; their types must
  /// be those of the descriptor, and their sizes agree on the sizes of the call. Outputs in the descriptor's
  /// order.
  Result<std::vector<ir::Tensor>> Call(const std::vector<ir::Tensor>& inputs);
  /// The same by `step`, whatever else the model has.
  Result<std::vector<ir::Tensor>> Step(const std::vector<ir::Tensor>& inputs);

 private:
  NativeModel() = default;
  Result<std::vector<size_t>> SizesOf(const std::vector<ir::Tensor>& inputs, bool run) const;
  Result<std::vector<ir::Tensor>> CallWith(const std::vector<ir::Tensor>& inputs, bool run);
  std::unique_ptr<codegen::LoadedObject> object_;
  std::vector<std::byte> memory_;
  void* instance_ = nullptr;
};

/// The element type of an rnnc_dtype.
ir::ElementType ElementOf(int32_t dtype);

}  // namespace rnnc::driver
