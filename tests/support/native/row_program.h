// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codegen/codegen.h"
#include "compiler/ir/tensor.h"
#include "compiler/support/result.h"
#include "tests/support/native/guest.h"
#include "tests/support/native/rows.h"

namespace rnnc::test {

enum class Entry { kReset, kStep, kRun };

/// The sizes of a call, RNNC_MAX_SIZES of them: those beyond the model's are 1.
using Sizes = std::vector<size_t>;

/// A call of an entry of a descriptor of this process, with the scratch memory that it needs. It works on
/// copies of the caller's memory that end (else begin) where no page is; what is written beside them is a
/// failure of the test that calls. The outputs have their types; what they hold is there before the call.
rnnc_status CallHere(const rnnc_model& model, Entry entry, std::byte* instance, const Sizes& sizes,
                     const std::vector<ir::Tensor>& inputs, std::vector<ir::Tensor>& outputs, bool at_end);

/// Compiled models of one row where they can run: in this process, or in an emulated one.
class RowProgram {
 public:
  /// WhyNot(row) must be empty.
  static Result<std::unique_ptr<RowProgram>> Load(const TestRow& row,
                                                  const std::vector<ProgramObject>& objects);
  /// Of one model.
  static Result<std::unique_ptr<RowProgram>> Load(const TestRow& row, const std::string& object,
                                                  const std::string& name);

  const rnnc_model& Model(size_t index = 0) const;

  /// As CallHere; the memory ends where no page is, every second time it begins there.
  rnnc_status Call(size_t model, Entry entry, std::byte* instance, const Sizes& sizes,
                   const std::vector<ir::Tensor>& inputs, std::vector<ir::Tensor>& outputs);

 private:
  std::unique_ptr<Guest> guest_;  // null in this process
  std::vector<std::unique_ptr<codegen::LoadedObject>> loaded_;
  unsigned calls_ = 0;  // resets aside
};

}  // namespace rnnc::test
