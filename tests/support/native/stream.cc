// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/native/stream.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "compiler/driver/native.h"
#include "compiler/support/check.h"

namespace rnnc::test {
namespace {

// A NaN in every float type, and no bool.
constexpr std::byte kGarbage{0xFF};

}  // namespace

Sizes SizesOf(int64_t frames, int64_t second) {
  Sizes sizes(RNNC_MAX_SIZES, 1);
  sizes[0] = static_cast<size_t>(frames);
  sizes[1] = static_cast<size_t>(second);
  return sizes;
}

ir::Type TypeOf(const rnnc_tensor& tensor, const Sizes& sizes) {
  std::vector<int64_t> dims;
  for (int32_t axis = 0; axis < tensor.rank; ++axis) {
    dims.push_back(rnnc_dim_size(&tensor.dims[axis], sizes.data()));
  }
  return ir::MakeStaticType(driver::ElementOf(tensor.dtype), dims);
}

ir::Type TypeOf(const rnnc_tensor& tensor, int64_t frames) { return TypeOf(tensor, SizesOf(frames)); }

ir::Tensor Frames(const rnnc_tensor& info, const ir::Tensor& whole, int64_t first, int64_t frames) {
  if (info.time_axis < 0) return whole;
  ir::Tensor part = ir::ZeroTensor(TypeOf(info, frames));
  const std::vector<int64_t> dims = whole.type.StaticDims();
  int64_t outer = 1, inner = ir::BytesOf(whole.type.element);
  for (int32_t axis = 0; axis < info.rank; ++axis) {
    if (axis < info.time_axis) outer *= dims[static_cast<size_t>(axis)];
    if (axis > info.time_axis) inner *= dims[static_cast<size_t>(axis)];
  }
  const int64_t steps = dims[static_cast<size_t>(info.time_axis)];
  RNNC_CHECK(first + frames <= steps, "frames {}..{} of {}", first, first + frames, steps);
  for (int64_t row = 0; row < outer; ++row) {
    std::copy_n(whole.bytes.begin() + (row * steps + first) * inner, frames * inner,
                part.bytes.begin() + row * frames * inner);
  }
  return part;
}

Stream::Stream(const rnnc_model& model)
    : model_(model), memory_(model.instance_bytes + model.instance_align, kGarbage) {
  const auto address = reinterpret_cast<uintptr_t>(memory_.data());
  offset_ = (model.instance_align - address % model.instance_align) % model.instance_align;
}

Stream::Stream(RowProgram& program, size_t index) : Stream(program.Model(index)) {
  program_ = &program;
  index_ = index;
}

std::vector<std::byte> Stream::State() const {
  const std::byte* begin = memory_.data() + offset_;
  return {begin, begin + model_.state_bytes};
}

Stream::Answer Stream::Run(int64_t frames, const std::vector<ir::Tensor>& inputs) {
  return Call(SizesOf(frames), inputs, Entry::kRun);
}
Stream::Answer Stream::Run(const Sizes& sizes, const std::vector<ir::Tensor>& inputs) {
  return Call(sizes, inputs, Entry::kRun);
}

Stream::Answer Stream::Step(const std::vector<ir::Tensor>& inputs) {
  return Call(SizesOf(1), inputs, Entry::kStep);
}

Stream::Answer Stream::RunPart(const std::vector<ir::Tensor>& wholes, int64_t first, int64_t frames) {
  std::vector<ir::Tensor> inputs;
  for (size_t i = 0; i < wholes.size(); ++i) {
    inputs.push_back(Frames(model_.inputs[i], wholes[i], first, frames));
  }
  return Run(frames, inputs);
}

void Stream::Reset() {
  std::vector<ir::Tensor> none;
  (void)Perform(Entry::kReset, SizesOf(0), {}, none);
}

rnnc_status Stream::Perform(Entry entry, const Sizes& sizes, const std::vector<ir::Tensor>& inputs,
                            std::vector<ir::Tensor>& outputs) {
  if (program_ != nullptr) return program_->Call(index_, entry, Instance(), sizes, inputs, outputs);
  const bool at_end = calls_ % 2 == 0;
  calls_ += entry != Entry::kReset;
  return CallHere(model_, entry, Instance(), sizes, inputs, outputs, at_end);
}

Stream::Answer Stream::Call(const Sizes& sizes, const std::vector<ir::Tensor>& inputs, Entry entry) {
  RNNC_CHECK(inputs.size() == static_cast<size_t>(model_.n_inputs));
  for (int32_t i = 0; i < model_.n_inputs; ++i) {
    const ir::Tensor& input = inputs[static_cast<size_t>(i)];
    RNNC_CHECK(input.type == TypeOf(model_.inputs[i], sizes), "input {} is {}", i, input.type.ToText());
  }
  Answer answer;
  for (int32_t i = 0; i < model_.n_outputs; ++i) {
    answer.outputs.push_back(ir::ZeroTensor(TypeOf(model_.outputs[i], sizes)));
    std::vector<std::byte>& bytes = answer.outputs.back().bytes;
    std::fill(bytes.begin(), bytes.end(), kGarbage);
  }
  answer.status = Perform(entry, sizes, inputs, answer.outputs);
  return answer;
}

}  // namespace rnnc::test
