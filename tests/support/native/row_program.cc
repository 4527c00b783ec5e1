// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/native/row_program.h"

#include <gtest/gtest.h>

#include <deque>
#include <span>

#include "compiler/support/check.h"
#include "tests/support/native/scratch_call.h"

namespace rnnc::test {
namespace {

// No status of the ABI's: the call did not come to its end.
constexpr auto kBroken = static_cast<rnnc_status>(15);

// A copy of bytes at the edge of a page.
class EdgeCopy {
 public:
  EdgeCopy(const std::byte* from, size_t bytes, bool at_end) : memory_(edge_new(bytes, at_end)) {
    RNNC_CHECK(memory_.data != nullptr, "no memory");
    if (bytes != 0) std::memcpy(memory_.data, from, bytes);
  }
  ~EdgeCopy() { edge_free(&memory_); }
  EdgeCopy(const EdgeCopy&) = delete;
  EdgeCopy& operator=(const EdgeCopy&) = delete;
  void* Data() const { return memory_.data; }
  void Protect() const { RNNC_CHECK(edge_protect(&memory_) == 0); }
  void CopyTo(std::byte* to) const {
    if (memory_.bytes != 0) std::memcpy(to, memory_.data, memory_.bytes);
    EXPECT_TRUE(edge_intact(&memory_)) << "something was written beside its bytes";
  }

 private:
  edge_memory memory_;
};

rnnc_status CallGuest(Guest& guest, size_t model, Entry entry, std::byte* instance, const Sizes& sizes,
                      const std::vector<ir::Tensor>& inputs, std::vector<ir::Tensor>& outputs) {
  const guest_op op = entry == Entry::kReset ? GUEST_RESET : entry == Entry::kStep ? GUEST_STEP : GUEST_RUN;
  std::vector<std::span<const std::byte>> read;
  std::vector<std::span<std::byte>> written;
  for (const ir::Tensor& input : inputs) read.emplace_back(input.bytes);
  for (ir::Tensor& output : outputs) written.emplace_back(output.bytes);
  const uint64_t status =
      guest.Call(op, model, sizes, {instance, guest.Model(model).instance_bytes}, read, written);
  EXPECT_EQ(guest.Failure(), "");
  return guest.Failure().empty() ? static_cast<rnnc_status>(status) : kBroken;
}

}  // namespace

rnnc_status CallHere(const rnnc_model& model, Entry entry, std::byte* instance, const Sizes& sizes,
                     const std::vector<ir::Tensor>& inputs, std::vector<ir::Tensor>& outputs, bool at_end) {
  const EdgeCopy memory(instance, model.instance_bytes, at_end);
  std::deque<EdgeCopy> read, written;
  std::vector<const void*> input_pointers;
  std::vector<void*> output_pointers;
  for (const ir::Tensor& input : inputs) {
    input_pointers.push_back(read.emplace_back(input.bytes.data(), input.bytes.size(), at_end).Data());
    read.back().Protect();
  }
  for (const ir::Tensor& output : outputs) {
    output_pointers.push_back(written.emplace_back(output.bytes.data(), output.bytes.size(), at_end).Data());
  }
  rnnc_status status = RNNC_OK;
  uint64_t damaged = 0;
  switch (entry) {
    case Entry::kReset:
      model.reset(memory.Data());
      break;
    case Entry::kStep:
      status = model.step(memory.Data(), input_pointers.data(), output_pointers.data());
      break;
    case Entry::kRun:
      status = run_with_scratch(&model, memory.Data(), sizes.data(), input_pointers.data(),
                                output_pointers.data(), at_end, &damaged);
      break;
  }
  EXPECT_EQ(damaged, 0u) << "scratch memory was written beside its bytes";
  memory.CopyTo(instance);
  for (size_t i = 0; i < outputs.size(); ++i) written[i].CopyTo(outputs[i].bytes.data());
  return status;
}

Result<std::unique_ptr<RowProgram>> RowProgram::Load(const TestRow& row,
                                                     const std::vector<ProgramObject>& objects) {
  auto program = std::make_unique<RowProgram>();
  if (IsForeign(row)) {
    RNNC_ASSIGN(program->guest_, Guest::Start(row, objects));
    return program;
  }
  for (const ProgramObject& object : objects) {
    RNNC_ASSIGN(auto loaded, codegen::LoadedObject::Load(object.bytes, object.model));
    program->loaded_.push_back(std::move(loaded));
  }
  return program;
}

Result<std::unique_ptr<RowProgram>> RowProgram::Load(const TestRow& row, const std::string& object,
                                                     const std::string& name) {
  return Load(row, {{object, name, {}}});
}

const rnnc_model& RowProgram::Model(size_t index) const {
  return guest_ != nullptr ? guest_->Model(index) : loaded_[index]->Model();
}

rnnc_status RowProgram::Call(size_t model, Entry entry, std::byte* instance, const Sizes& sizes,
                             const std::vector<ir::Tensor>& inputs, std::vector<ir::Tensor>& outputs) {
  if (guest_ != nullptr) return CallGuest(*guest_, model, entry, instance, sizes, inputs, outputs);
  const bool at_end = calls_ % 2 == 0;
  calls_ += entry != Entry::kReset;
  return CallHere(Model(model), entry, instance, sizes, inputs, outputs, at_end);
}

}  // namespace rnnc::test
