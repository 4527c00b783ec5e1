// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compiler/support/result.h"
#include "runtime/rnnc.h"
#include "tests/support/native/guest_protocol.h"
#include "tests/support/native/rows.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {

/// What goes into a program: an object file and what a test wants of it.
struct ProgramObject {
  std::string bytes;
  std::string model;                   // NAME of the NAME_model in it; empty: it has none
  std::vector<std::string> functions;  // symbols of functions (a, b, y, count), see guest.c
};

/// guest.c linked with objects of a foreign row and run by an emulator: one process for as long as this
/// lives. Once it has ended, for instance by a segmentation fault, every answer is empty and Failure() says
/// why.
class Guest {
 public:
  /// WhyNot(row) must be empty.
  static Result<std::unique_ptr<Guest>> Start(const TestRow& row, const std::vector<ProgramObject>& objects);
  ~Guest();
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  /// The descriptors in the order of the objects, with pointers that hold here; those to functions are the
  /// guest's addresses.
  const rnnc_model& Model(size_t index) const { return models_[index]; }

  /// Performs the request with copies of this memory; instance and outputs are those after the call. The
  /// result is the status.
  uint64_t Call(guest_op op, size_t which, const std::vector<size_t>& sizes, std::span<std::byte> instance,
                const std::vector<std::span<const std::byte>>& inputs,
                const std::vector<std::span<std::byte>>& outputs);
  /// What went wrong beside statuses; empty when nothing did.
  const std::string& Failure() const { return failure_; }

 private:
  Guest() = default;
  Result<> Build(const TestRow& row, const std::vector<ProgramObject>& objects);
  Result<> Launch(const Toolchain& toolchain);
  Result<> ReadModels(size_t count);
  bool Send(const void* data, size_t bytes);
  bool Receive(void* data, size_t bytes);
  void Fail(const std::string& what);
  std::vector<std::byte> Read(const void* address, size_t bytes);
  const char* Text(const char* address);
  template <class T>
  const T* Array(const T* address, int32_t count);
  const rnnc_tensor* Tensors(const rnnc_tensor* address, int32_t count);

  TempFolder folder_;
  pid_t child_ = -1;
  int socket_ = -1;
  std::string failure_;
  std::vector<rnnc_model> models_;
  std::deque<std::string> texts_;                // what the descriptors point to
  std::deque<std::vector<std::byte>> memories_;  // the same, arrays
};

}  // namespace rnnc::test
