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

std::vector<std::byte> Stream::State() const {
  const std::byte* begin = memory_.data() + offset_;
  return {begin, begin + model_.state_bytes};
}

Stream::Answer Stream::Run(int64_t frames, const std::vector<ir::Tensor>& inputs) {
  return Call(SizesOf(frames), inputs, true);
}
Stream::Answer Stream::Run(const Sizes& sizes, const std::vector<ir::Tensor>& inputs) {
  return Call(sizes, inputs, true);
}

Stream::Answer Stream::Step(const std::vector<ir::Tensor>& inputs) { return Call(SizesOf(1), inputs, false); }

Stream::Answer Stream::RunPart(const std::vector<ir::Tensor>& wholes, int64_t first, int64_t frames) {
  std::vector<ir::Tensor> inputs;
  for (size_t i = 0; i < wholes.size(); ++i) {
    inputs.push_back(Frames(model_.inputs[i], wholes[i], first, frames));
  }
  return Run(frames, inputs);
}

Stream::Answer Stream::Call(const Sizes& sizes, const std::vector<ir::Tensor>& inputs, bool run) {
  RNNC_CHECK(inputs.size() == static_cast<size_t>(model_.n_inputs));
  std::byte none{};
  std::vector<const void*> input_pointers;
  for (int32_t i = 0; i < model_.n_inputs; ++i) {
    const ir::Tensor& input = inputs[static_cast<size_t>(i)];
    RNNC_CHECK(input.type == TypeOf(model_.inputs[i], sizes), "input {} is {}", i, input.type.ToText());
    input_pointers.push_back(input.bytes.empty() ? &none : input.bytes.data());
  }
  Answer answer;
  for (int32_t i = 0; i < model_.n_outputs; ++i) {
    answer.outputs.push_back(ir::ZeroTensor(TypeOf(model_.outputs[i], sizes)));
  }
  std::vector<void*> output_pointers;
  for (ir::Tensor& output : answer.outputs) {
    std::fill(output.bytes.begin(), output.bytes.end(), kGarbage);
    output_pointers.push_back(output.bytes.empty() ? &none : output.bytes.data());
  }
  if (!run) {
    answer.status = model_.step(Instance(), input_pointers.data(), output_pointers.data());
    return answer;
  }
  const size_t needed = model_.scratch_bytes == nullptr ? 0 : model_.scratch_bytes(sizes.data());
  std::vector<std::byte> memory(needed + 2 * RNNC_INSTANCE_ALIGN, kGarbage);
  const auto misaligned = reinterpret_cast<uintptr_t>(memory.data()) % RNNC_INSTANCE_ALIGN;
  std::byte* scratch = memory.data() + (RNNC_INSTANCE_ALIGN - misaligned) % RNNC_INSTANCE_ALIGN;
  answer.status =
      model_.run(Instance(), sizes.data(), input_pointers.data(), output_pointers.data(), scratch);
  const std::byte* end = memory.data() + memory.size();
  RNNC_CHECK(std::all_of(static_cast<const std::byte*>(scratch) + needed, end,
                         [](std::byte b) { return b == kGarbage; }),
             "scratch memory was written behind its end");
  return answer;
}

}  // namespace rnnc::test
