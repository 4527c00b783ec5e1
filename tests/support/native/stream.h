// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <vector>

#include "compiler/ir/tensor.h"
#include "runtime/rnnc.h"
#include "tests/support/native/row_program.h"

namespace rnnc::test {

Sizes SizesOf(int64_t frames, int64_t second = 1);

/// The type of a tensor of the descriptor in a call with these sizes, or of `frames` frames.
ir::Type TypeOf(const rnnc_tensor& tensor, const Sizes& sizes);
ir::Type TypeOf(const rnnc_tensor& tensor, int64_t frames);

/// `frames` steps of a tensor from step `first` on, along its time axis; a tensor without one as it is.
ir::Tensor Frames(const rnnc_tensor& info, const ir::Tensor& whole, int64_t first, int64_t frames);

/// One instance of a model in memory of its own, as a program would hold it. The memory holds garbage before
/// `reset`, and so does every output before a call: what is not written shows.
class Stream {
 public:
  /// A model of this process; it must live longer.
  explicit Stream(const rnnc_model& model);
  /// A model of a program, which must live longer.
  explicit Stream(RowProgram& program, size_t index = 0);

  void Reset();
  struct Answer {
    rnnc_status status = RNNC_OK;
    std::vector<ir::Tensor> outputs;
  };
  Answer Run(int64_t frames, const std::vector<ir::Tensor>& inputs);
  Answer Run(const Sizes& sizes, const std::vector<ir::Tensor>& inputs);
  Answer Step(const std::vector<ir::Tensor>& inputs);
  /// Frames first .. first + frames of whole sequences, by `run`.
  Answer RunPart(const std::vector<ir::Tensor>& wholes, int64_t first, int64_t frames);
  std::byte* Instance() { return memory_.data() + offset_; }
  /// The bytes of the state.
  std::vector<std::byte> State() const;

 private:
  Answer Call(const Sizes& sizes, const std::vector<ir::Tensor>& inputs, Entry entry);
  rnnc_status Perform(Entry entry, const Sizes& sizes, const std::vector<ir::Tensor>& inputs,
                      std::vector<ir::Tensor>& outputs);
  const rnnc_model& model_;
  RowProgram* program_ = nullptr;  // null: a model of this process
  size_t index_ = 0;
  unsigned calls_ = 0;  // resets aside
  std::vector<std::byte> memory_;
  size_t offset_ = 0;
};

}  // namespace rnnc::test
