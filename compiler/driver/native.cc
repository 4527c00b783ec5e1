// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/driver/native.h"

#include <algorithm>
#include <cstring>

#include "compiler/support/check.h"

namespace rnnc::driver {
namespace {

std::string ShapeText(const std::vector<int64_t>& dims) {
  std::string text;
  for (int64_t dim : dims) text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text.empty() ? "scalar" : text;
}

std::string DeclaredText(const rnnc_tensor& tensor) {
  std::string text;
  for (int32_t i = 0; i < tensor.rank; ++i) {
    const rnnc_dim& dim = tensor.dims[i];
    text += (i == 0 ? "" : "x") + (dim.size < 0 ? std::string(dim.symbol) : std::to_string(dim.size));
  }
  return text.empty() ? "scalar" : text;
}

constexpr size_t kGuard = 64;
constexpr std::byte kPattern{0xa5};

// Memory of one tensor between two guards. It begins where only its element type is aligned: the interface
// promises the code no more.
class GuardedBuffer {
 public:
  explicit GuardedBuffer(const ir::Tensor& tensor)
      : begin_(kGuard + static_cast<size_t>(ir::BytesOf(tensor.type.element))),
        bytes_(tensor.bytes.size()),
        memory_(begin_ + bytes_ + kGuard, kPattern) {
    std::copy(tensor.bytes.begin(), tensor.bytes.end(), Data());
  }
  std::byte* Data() { return memory_.data() + begin_; }
  void CopyTo(ir::Tensor& tensor) { std::copy_n(Data(), bytes_, tensor.bytes.begin()); }
  bool Intact() const {
    for (size_t i = 0; i < memory_.size(); ++i) {
      const bool inside = i >= begin_ && i < begin_ + bytes_;
      if (!inside && memory_[i] != kPattern) return false;
    }
    return true;
  }

 private:
  size_t begin_;
  size_t bytes_;
  std::vector<std::byte> memory_;
};

// Scratch memory as a program would hold it, aligned, full of NaN, with a guard behind.
class Scratch {
 public:
  explicit Scratch(uint64_t bytes)
      : bytes_(bytes), memory_(bytes + RNNC_INSTANCE_ALIGN + kGuard, std::byte{0xff}) {
    const auto address = reinterpret_cast<uintptr_t>(memory_.data());
    begin_ = (RNNC_INSTANCE_ALIGN - address % RNNC_INSTANCE_ALIGN) % RNNC_INSTANCE_ALIGN;
  }
  std::byte* Data() { return memory_.data() + begin_; }
  bool Intact() const {
    return std::all_of(memory_.begin() + static_cast<std::ptrdiff_t>(begin_ + bytes_), memory_.end(),
                       [](std::byte b) { return b == std::byte{0xff}; });
  }

 private:
  size_t bytes_;
  size_t begin_ = 0;
  std::vector<std::byte> memory_;
};

}  // namespace

ir::ElementType ElementOf(int32_t dtype) {
  switch (dtype) {
    case RNNC_F32:
      return ir::ElementType::kF32;
    case RNNC_F64:
      return ir::ElementType::kF64;
    case RNNC_F16:
      return ir::ElementType::kF16;
    case RNNC_BF16:
      return ir::ElementType::kBF16;
    case RNNC_I8:
      return ir::ElementType::kI8;
    case RNNC_I16:
      return ir::ElementType::kI16;
    case RNNC_I32:
      return ir::ElementType::kI32;
    case RNNC_I64:
      return ir::ElementType::kI64;
    case RNNC_U8:
      return ir::ElementType::kU8;
    default:
      return ir::ElementType::kBool;
  }
}

Result<std::unique_ptr<NativeModel>> NativeModel::Load(const std::string& object, const std::string& name) {
  std::unique_ptr<NativeModel> model(new NativeModel);
  RNNC_ASSIGN(model->object_, codegen::LoadedObject::Load(object, name));
  const uint64_t align = model->Model().instance_align;
  // What `reset` leaves alone must not matter: all ones is NaN, which would show.
  model->memory_.assign(model->Model().instance_bytes + align, std::byte{0xff});
  const auto address = reinterpret_cast<uintptr_t>(model->memory_.data());
  model->instance_ = model->memory_.data() + (align - address % align) % align;
  model->Reset();
  return model;
}

void NativeModel::SetState(int state, const ir::Tensor& value) {
  const rnnc_tensor& info = Model().states[state];
  RNNC_CHECK(value.bytes.size() == info.bytes, "state {} has {} bytes", info.name, info.bytes);
  std::memcpy(static_cast<std::byte*>(instance_) + info.offset, value.bytes.data(), value.bytes.size());
}

ir::Tensor NativeModel::GetState(int state) const {
  const rnnc_tensor& info = Model().states[state];
  std::vector<int64_t> dims;
  for (int32_t i = 0; i < info.rank; ++i) dims.push_back(info.dims[i].size);
  ir::Tensor tensor = ir::ZeroTensor(ir::MakeStaticType(ElementOf(info.dtype), dims));
  std::memcpy(tensor.bytes.data(), static_cast<const std::byte*>(instance_) + info.offset,
              tensor.bytes.size());
  return tensor;
}

Result<std::vector<ir::Tensor>> NativeModel::Call(const std::vector<ir::Tensor>& inputs) {
  return CallWith(inputs, Model().run != nullptr);
}

Result<std::vector<ir::Tensor>> NativeModel::Step(const std::vector<ir::Tensor>& inputs) {
  RNNC_CHECK(Model().step != nullptr, "the model has no step");
  return CallWith(inputs, false);
}

// The sizes of the call, from axes that are one of them and nothing else; every axis of the inputs must
// agree.
Result<std::vector<size_t>> NativeModel::SizesOf(const std::vector<ir::Tensor>& inputs, bool run) const {
  const rnnc_model& model = Model();
  const Location here{model.source, {}};
  if (static_cast<int32_t>(inputs.size()) != model.n_inputs) {
    return Error(here, "{} inputs given, {} wanted", inputs.size(), model.n_inputs);
  }
  std::vector<size_t> sizes(RNNC_MAX_SIZES, 1);
  for (int32_t i = 0; run && i < model.n_inputs; ++i) {
    const std::vector<int64_t> dims = inputs[static_cast<size_t>(i)].type.StaticDims();
    for (size_t axis = 0; axis < dims.size() && static_cast<int32_t>(axis) < model.inputs[i].rank; ++axis) {
      const rnnc_dim& dim = model.inputs[i].dims[axis];
      for (int32_t k = 0; dim.symbol != nullptr && k < model.n_sizes; ++k) {
        if (std::strcmp(dim.symbol, model.sizes[k].symbol) == 0)
          sizes[static_cast<size_t>(k)] = static_cast<size_t>(dims[axis]);
      }
    }
  }
  for (int32_t i = 0; i < model.n_inputs; ++i) {
    const rnnc_tensor& wanted = model.inputs[i];
    const ir::Tensor& given = inputs[static_cast<size_t>(i)];
    const std::vector<int64_t> dims = given.type.StaticDims();
    bool fits =
        given.type.element == ElementOf(wanted.dtype) && static_cast<int32_t>(dims.size()) == wanted.rank;
    for (int32_t axis = 0; fits && axis < wanted.rank; ++axis) {
      fits = dims[static_cast<size_t>(axis)] == rnnc_dim_size(&wanted.dims[axis], sizes.data());
    }
    if (!fits) {
      return Error(here, "input {}: {} {} given, {} {} wanted; --dim and --shape set sizes", wanted.name,
                   ir::ToText(given.type.element), ShapeText(dims), ir::ToText(ElementOf(wanted.dtype)),
                   DeclaredText(wanted));
    }
  }
  return sizes;
}

Result<std::vector<ir::Tensor>> NativeModel::CallWith(const std::vector<ir::Tensor>& inputs, bool run) {
  const rnnc_model& model = Model();
  const Location here{model.source, {}};
  RNNC_ASSIGN(const std::vector<size_t> sizes, SizesOf(inputs, run));
  std::vector<GuardedBuffer> input_buffers(inputs.begin(), inputs.end());
  std::vector<ir::Tensor> outputs;
  for (int32_t i = 0; i < model.n_outputs; ++i) {
    const rnnc_tensor& info = model.outputs[i];
    std::vector<int64_t> dims;
    for (int32_t axis = 0; axis < info.rank; ++axis) {
      dims.push_back(rnnc_dim_size(&info.dims[axis], sizes.data()));
      if (dims.back() < 0)
        return Error(here, "output {}: a size of {} is not possible for this input", info.name,
                     info.dims[axis].symbol);
    }
    outputs.push_back(ir::ZeroTensor(ir::MakeStaticType(ElementOf(info.dtype), dims)));
  }
  std::vector<GuardedBuffer> output_buffers(outputs.begin(), outputs.end());
  std::vector<const void*> input_pointers;
  std::vector<void*> output_pointers;
  for (GuardedBuffer& buffer : input_buffers) input_pointers.push_back(buffer.Data());
  for (GuardedBuffer& buffer : output_buffers) output_pointers.push_back(buffer.Data());
  const uint64_t needed = run && model.scratch_bytes != nullptr ? model.scratch_bytes(sizes.data()) : 0;
  Scratch scratch(needed);
  const rnnc_status status =
      run ? model.run(instance_, sizes.data(), input_pointers.data(), output_pointers.data(), scratch.Data())
          : model.step(instance_, input_pointers.data(), output_pointers.data());
  if (status != RNNC_OK)
    return Error(here, "status {}: {}", static_cast<int>(status), rnnc_status_text(status));
  RNNC_CHECK(scratch.Intact(), "{}: scratch memory was written beside its bytes", model.source);
  for (size_t i = 0; i < outputs.size(); ++i) {
    RNNC_CHECK(output_buffers[i].Intact(), "{}: output {} was written beside its bytes", model.source,
               model.outputs[i].name);
    output_buffers[i].CopyTo(outputs[i]);
  }
  return outputs;
}

}  // namespace rnnc::driver
