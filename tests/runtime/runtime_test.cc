// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/rnnc.hpp"
#include "tests/runtime/leaky.h"

float StepTwiceInCxx17();

namespace {

// Catches a field that moves: objects compiled earlier would be misread. The numbers are those of a 64-bit
// machine, worked out by hand from the header.
TEST(Abi, LayoutStays) {
  if (sizeof(void*) != 8) GTEST_SKIP() << "the numbers are those of 64-bit machines";
  EXPECT_EQ(sizeof(rnnc_dim), 32u);
  EXPECT_EQ(sizeof(rnnc_tensor), 48u);
  EXPECT_EQ(sizeof(rnnc_model), 176u);
  EXPECT_EQ(offsetof(rnnc_tensor, dims), 16u);
  EXPECT_EQ(offsetof(rnnc_tensor, bytes), 32u);
  EXPECT_EQ(offsetof(rnnc_model, abi_version), 0u);
  EXPECT_EQ(offsetof(rnnc_model, name), 8u);
  EXPECT_EQ(offsetof(rnnc_model, fingerprint), 48u);
  EXPECT_EQ(offsetof(rnnc_model, n_inputs), 56u);
  EXPECT_EQ(offsetof(rnnc_model, inputs), 72u);
  EXPECT_EQ(offsetof(rnnc_model, instance_bytes), 96u);
  EXPECT_EQ(offsetof(rnnc_model, sizes), 136u);
  EXPECT_EQ(offsetof(rnnc_model, reset), 144u);
  EXPECT_EQ(offsetof(rnnc_model, run), 160u);
  EXPECT_EQ(offsetof(rnnc_model, scratch_bytes), 168u);
  EXPECT_EQ(sizeof(rnnc_size), 24u);
  EXPECT_EQ(sizeof(rnnc_term), 16u);
}

// Catches a model read through the wrong header.
TEST(Abi, ChecksTheVersion) {
  EXPECT_EQ(rnnc_check(&leaky_model), RNNC_OK);
  EXPECT_EQ(rnnc_check(nullptr), RNNC_NULL_ARGUMENT);
  rnnc_model other = leaky_model;
  other.abi_version = RNNC_ABI_VERSION + 1;
  EXPECT_EQ(rnnc_check(&other), RNNC_ABI_MISMATCH);
  EXPECT_FALSE(rnnc::Instance::Create(other).has_value());
}

// Catches a status without a text of its own.
TEST(Status, EachHasItsText) {
  std::vector<std::string> seen;
  for (int status = RNNC_OK; status <= RNNC_LENGTH_BELOW_BOUND; ++status) {
    const std::string text = rnnc_status_text(static_cast<rnnc_status>(status));
    EXPECT_NE(text, "unknown status") << status;
    for (const std::string& earlier : seen) EXPECT_NE(text, earlier);
    seen.push_back(text);
  }
}

// Catches a dtype without a size, and reads beyond the table.
TEST(Dtype, NamesAndSizes) {
  EXPECT_STREQ(rnnc_dtype_name(RNNC_BF16), "bf16");
  EXPECT_EQ(rnnc_dtype_bytes(RNNC_BF16), 2u);
  EXPECT_EQ(rnnc_dtype_bytes(RNNC_I64), 8u);
  EXPECT_EQ(rnnc_dtype_bytes(RNNC_BOOL), 1u);
  for (const int32_t none : {-1, 0, 14, INT32_MAX}) {
    EXPECT_STREQ(rnnc_dtype_name(none), "?");
    EXPECT_EQ(rnnc_dtype_bytes(none), 0u);
  }
}

// Catches a lookup among the wrong tensors, and a size that overflows.
TEST(Tensor, FoundAndMeasured) {
  EXPECT_EQ(rnnc_find_input(&leaky_model, "x"), 0);
  EXPECT_EQ(rnnc_find_input(&leaky_model, "y"), -1);
  EXPECT_EQ(rnnc_find_output(&leaky_model, "y"), 0);
  EXPECT_EQ(rnnc_find_state(&leaky_model, "s"), 0);
  EXPECT_EQ(rnnc_find_state(&leaky_model, nullptr), -1);
  const size_t three[] = {3, 0, 0, 0, 0, 0, 0, 0}, most[] = {SIZE_MAX, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(rnnc_tensor_bytes(leaky_model.inputs, three), 24u);
  EXPECT_EQ(rnnc_tensor_bytes(leaky_model.inputs, most), 0u);
  EXPECT_EQ(rnnc_tensor_bytes(leaky_model.states, three), 8u);
}

// Catches a size read from one term, a sign lost, and powers taken of the wrong size: 2*T*B - 3 at T = 5, B
// = 7.
TEST(Tensor, SizesAreSumsOfTerms) {
  const rnnc_term terms[] = {{2, {1, 1}}, {-3, {0}}};
  const rnnc_dim dim{-1, "2*T*B-3", terms, 2};
  const size_t sizes[] = {5, 7};
  EXPECT_EQ(rnnc_dim_size(&dim, sizes), 67);
  const size_t none[] = {0, 7};
  EXPECT_EQ(rnnc_dim_size(&dim, none), -1);
  const size_t huge[] = {SIZE_MAX / 4, SIZE_MAX / 4};
  EXPECT_EQ(rnnc_dim_size(&dim, huge), -1);
}

class Streams : public testing::Test {
 protected:
  static float Step(rnnc::Instance& instance, float value) {
    const float x[2] = {value, value};
    float y[2] = {0, 0};
    const void* inputs[] = {x};
    void* outputs[] = {y};
    EXPECT_EQ(instance.Step(inputs, outputs), RNNC_OK);
    return y[0];
  }

  std::optional<rnnc::Instance> stream_ = rnnc::Instance::Create(leaky_model);
};

// Catches an instance that is misaligned, not reset, or steps nothing.
TEST_F(Streams, StepAndReset) {
  ASSERT_TRUE(stream_.has_value());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(stream_->data()) % RNNC_INSTANCE_ALIGN, 0u);
  EXPECT_EQ(Step(*stream_, 1), 1.0f);
  EXPECT_EQ(Step(*stream_, 1), 1.5f);
  stream_->Reset();
  EXPECT_EQ(Step(*stream_, 1), 1.0f);
}

// Catches streams that share state.
TEST_F(Streams, CloneGoesItsOwnWay) {
  Step(*stream_, 2);
  std::optional<rnnc::Instance> twin = stream_->Clone();
  ASSERT_TRUE(twin.has_value());
  Step(*stream_, 100);
  EXPECT_EQ(Step(*twin, 0), 1.0f);
}

// Catches a restore that accepts the state of another model, or touches the instance before it refuses.
TEST_F(Streams, SaveAndRestore) {
  Step(*stream_, 2);
  const std::vector<uint8_t> saved = stream_->Save();
  EXPECT_EQ(saved.size(), rnnc_saved_bytes(&leaky_model));
  Step(*stream_, 100);
  EXPECT_EQ(stream_->Restore(saved), RNNC_OK);
  EXPECT_EQ(Step(*stream_, 0), 1.0f);

  std::vector<uint8_t> short_one(saved.begin(), saved.end() - 1);
  EXPECT_EQ(stream_->Restore(short_one), RNNC_BAD_SIZE);
  for (const size_t flipped : {0u, 8u, 16u}) {
    std::vector<uint8_t> damaged = saved;
    damaged[flipped] ^= 1;
    EXPECT_EQ(stream_->Restore(damaged), RNNC_BAD_SIZE) << flipped;
  }
  EXPECT_EQ(Step(*stream_, 0), 0.5f);
  EXPECT_EQ(rnnc_save(&leaky_model, stream_->data(), short_one.data(), short_one.size()), RNNC_BAD_SIZE);
}

// Catches a call through a null entry point.
TEST_F(Streams, MissingEntryPointIsAStatus) {
  rnnc_model no_step = leaky_model;
  no_step.step = nullptr;
  std::optional<rnnc::Instance> stream = rnnc::Instance::Create(no_step);
  ASSERT_TRUE(stream.has_value());
  EXPECT_EQ(stream->Step(nullptr, nullptr), RNNC_NOT_AVAILABLE);
}

// Catches headers that need C++20.
TEST(Cxx17, HeadersWork) { EXPECT_EQ(StepTwiceInCxx17(), 1.5f); }

}  // namespace
