// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef RNNC_HPP
#define RNNC_HPP

// C++17 on top of rnnc.h: streams that reset themselves, copy their state and free their memory. Nothing
// throws but `Save`, whose vector may find no memory.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "rnnc.h"

namespace rnnc {

/// One stream of a model known at compile time. `T` and `Reset` are the struct and the function of NAME.h:
///
///     rnnc::Stream<kws, kws_reset> stream;
///     rnnc_status status = kws_step(stream, x, y);
///
/// The memory is inside the object (on the stack, in a member, in a pool): no allocation. A copy is a second
/// stream that goes on from the same state.
template <typename T, void (*ResetFunction)(T*)>
class Stream {
 public:
  Stream() noexcept { Reset(); }

  /// State back to its initial values.
  void Reset() noexcept { ResetFunction(&instance_); }

  T* get() noexcept { return &instance_; }
  operator T*() noexcept { return &instance_; }

 private:
  T instance_;
};

/// One stream of any model, by its descriptor: for tools and bindings. Allocates in `Create` and `Clone`
/// only; `Step` and `Run` are the model's own.
class Instance {
 public:
  /// An instance in its initial state; empty when `rnnc_check` refuses the model or memory is short. The
  /// model has to outlive the instance.
  static std::optional<Instance> Create(const rnnc_model& model) noexcept {
    if (rnnc_check(&model) != RNNC_OK) return std::nullopt;
    void* const bytes = Allocate(model);
    if (bytes == nullptr) return std::nullopt;
    Instance instance(model, bytes);
    instance.Reset();
    return instance;
  }

  Instance(Instance&& other) noexcept : model_(other.model_), bytes_(std::exchange(other.bytes_, nullptr)) {}
  Instance& operator=(Instance&& other) noexcept {
    std::swap(model_, other.model_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance() { ::operator delete(bytes_, std::align_val_t{RNNC_INSTANCE_ALIGN}); }

  /// A second stream that goes on from this one's state; empty when memory is short.
  std::optional<Instance> Clone() const noexcept {
    void* const bytes = Allocate(*model_);
    if (bytes == nullptr) return std::nullopt;
    std::memcpy(bytes, bytes_, static_cast<std::size_t>(model_->state_bytes));
    return Instance(*model_, bytes);
  }

  void Reset() noexcept { model_->reset(bytes_); }

  /// As rnnc_model::step and rnnc_model::run; RNNC_NOT_AVAILABLE when the model has no such function.
  rnnc_status Step(const void* const* inputs, void* const* outputs) noexcept {
    return model_->step == nullptr ? RNNC_NOT_AVAILABLE : model_->step(bytes_, inputs, outputs);
  }
  /// `sizes`: one for each of the model; `scratch`: as rnnc_model::run says.
  rnnc_status Run(const std::size_t* sizes, const void* const* inputs, void* const* outputs,
                  void* scratch = nullptr) noexcept {
    return model_->run == nullptr ? RNNC_NOT_AVAILABLE : model_->run(bytes_, sizes, inputs, outputs, scratch);
  }

  /// The state as bytes, and back: see rnnc_save and rnnc_restore.
  std::vector<std::uint8_t> Save() const {
    std::vector<std::uint8_t> saved(static_cast<std::size_t>(rnnc_saved_bytes(model_)));
    rnnc_save(model_, bytes_, saved.data(), saved.size());
    return saved;
  }
  rnnc_status Restore(const std::vector<std::uint8_t>& saved) noexcept {
    return rnnc_restore(model_, bytes_, saved.data(), saved.size());
  }

  const rnnc_model& model() const noexcept { return *model_; }
  void* data() noexcept { return bytes_; }
  const void* data() const noexcept { return bytes_; }

 private:
  Instance(const rnnc_model& model, void* bytes) noexcept : model_(&model), bytes_(bytes) {}

  static void* Allocate(const rnnc_model& model) noexcept {
    return ::operator new(static_cast<std::size_t>(model.instance_bytes),
                          std::align_val_t{RNNC_INSTANCE_ALIGN}, std::nothrow);
  }

  const rnnc_model* model_;
  void* bytes_;
};

}  // namespace rnnc

#endif
