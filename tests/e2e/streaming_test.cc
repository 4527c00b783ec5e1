// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A stream is the same however it is cut: to the last bit, on every row of the target table.
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "compiler/driver/phases.h"
#include "tests/support/native/compare.h"
#include "tests/support/native/model_files.h"
#include "tests/support/native/rows.h"
#include "tests/support/native/stream.h"

namespace rnnc::test {
namespace {

struct StreamedModel {
  std::string name;
  std::string file;
  std::vector<std::string> states;
};

std::vector<StreamedModel> Models() {
  return {{"stacked_lstm", OwnModel("stacked_lstm"), {"h0=hn", "c0=cn"}},
          {"stacked_gru", OwnModel("stacked_gru"), {"h0=hn"}},
          {"language_id", OwnModel("examples/language_id"), {"h=hn"}},
          {"gru2", SharedModel("exports/gru2.legacy"), {"h0=hn"}},
          {"scan_gru", SharedModel("exports/scan_gru.dynamo"), {"h0=hn"}},
          {"layernorm_lstm", SharedModel("exports/layernorm_lstm.legacy"), {"h0=hn", "c0=cn"}}};
}

// Longer than two blocks of frames, and a multiple of nothing.
constexpr int64_t kFrames = 101;

class Streaming : public ::testing::TestWithParam<std::tuple<StreamedModel, TestRow>> {
 protected:
  void SetUp() override {
    const auto& [file, row] = GetParam();
    if (const std::string why = WhyMissing(file.file); !why.empty()) GTEST_SKIP() << why;
    if (const std::string why = WhyNot(row); !why.empty()) GTEST_SKIP() << why;
    driver::ModelOptions options;
    options.model = file.file;
    options.states = file.states;
    options.target = row.request;
    const auto compiled = driver::CompileModel(options);
    ASSERT_TRUE(compiled.ok()) << Render(compiled.diagnostics());
    auto program = RowProgram::Load(row, compiled->object.object, compiled->planned->name);
    ASSERT_TRUE(program.ok()) << Render(program.diagnostics());
    program_ = *std::move(program);
    ASSERT_NE(Model().run, nullptr);
    ASSERT_NE(Model().step, nullptr);
    ASSERT_EQ(Model().n_states, static_cast<int32_t>(file.states.size()));
    input_ = Sequence(1);
    Stream stream(*program_);
    stream.Reset();
    whole_ = stream.Run(kFrames, input_);
    ASSERT_EQ(whole_.status, RNNC_OK);
    state_ = stream.State();
  }

  const rnnc_model& Model() const { return program_->Model(); }

  std::vector<ir::Tensor> Sequence(uint64_t seed) const {
    std::vector<ir::Tensor> inputs;
    for (int32_t i = 0; i < Model().n_inputs; ++i) {
      const ir::Type type = TypeOf(Model().inputs[i], kFrames);
      inputs.push_back(RandomTensor(type.element, type.StaticDims(), seed + static_cast<uint64_t>(i), 20));
    }
    return inputs;
  }

  // Frames first .. of the answer are those of the whole.
  void ExpectPart(const Stream::Answer& part, int64_t first, int64_t frames) const {
    ASSERT_EQ(part.status, RNNC_OK);
    for (size_t i = 0; i < part.outputs.size(); ++i) {
      const ir::Tensor expected = Frames(Model().outputs[i], whole_.outputs[i], first, frames);
      ASSERT_TRUE(SameBits(part.outputs[i], expected)) << "frames " << first << ", " << frames << " of them";
    }
  }

  std::vector<ir::Tensor> Frame(int64_t t) const {
    std::vector<ir::Tensor> inputs;
    for (int32_t i = 0; i < Model().n_inputs; ++i) {
      inputs.push_back(Frames(Model().inputs[i], input_[static_cast<size_t>(i)], t, 1));
    }
    return inputs;
  }

  std::unique_ptr<RowProgram> program_;
  std::vector<ir::Tensor> input_;
  Stream::Answer whole_;
  std::vector<std::byte> state_;
};

// Catches an order of additions that depends on T: a hoisted product summed otherwise than a step's, a tail
// with other instructions than the block, a fused multiply-add in one of them only.
TEST_P(Streaming, RunIsThatManySteps) {
  Stream stream(*program_);
  stream.Reset();
  for (int64_t t = 0; t < kFrames; ++t) {
    ExpectPart(stream.Step(Frame(t)), t, 1);
    ASSERT_FALSE(HasFatalFailure());
  }
  EXPECT_EQ(stream.State(), state_);
}

// Catches carries that are read from or written to the wrong place at the ends of a call or a block, and a
// call of no frames that touches the state.
TEST_P(Streaming, AnySplitGivesTheWhole) {
  std::mt19937 generator(7);
  for (int round = 0; round < 20; ++round) {
    Stream stream(*program_);
    stream.Reset();
    std::uniform_int_distribution<int64_t> length(0, round < 10 ? 12 : 70);
    for (int64_t first = 0; first < kFrames;) {
      const int64_t frames = std::min(length(generator), kFrames - first);
      ExpectPart(stream.RunPart(input_, first, frames), first, frames);
      ASSERT_FALSE(HasFatalFailure()) << "round " << round;
      first += frames;
    }
    ASSERT_EQ(stream.State(), state_);
  }
}

// Catches an epilogue that runs although there was no step: state from scratch memory.
TEST_P(Streaming, NoFramesChangeNothing) {
  Stream stream(*program_);
  stream.Reset();
  const std::vector<std::byte> initial = stream.State();
  EXPECT_EQ(stream.RunPart(input_, 0, 0).status, RNNC_OK);
  EXPECT_EQ(stream.State(), initial);
  (void)stream.RunPart(input_, 0, 9);
  const std::vector<std::byte> later = stream.State();
  EXPECT_NE(later, initial);
  EXPECT_EQ(stream.RunPart(input_, 9, 0).status, RNNC_OK);
  EXPECT_EQ(stream.State(), later);
}

// Catches a variable of the object that streams share.
TEST_P(Streaming, InstancesDoNotDisturbEachOther) {
  Stream one(*program_), other(*program_);
  one.Reset();
  other.Reset();
  const std::vector<ir::Tensor> noise = Sequence(99);
  for (int64_t t = 0; t < kFrames; ++t) {
    ExpectPart(one.RunPart(input_, t, 1), t, 1);
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_EQ(other.RunPart(noise, t, 1).status, RNNC_OK);
  }
  EXPECT_EQ(one.State(), state_);
  EXPECT_NE(other.State(), state_);
}

// Catches a state that `reset` forgets, and one that it never writes.
TEST_P(Streaming, ResetBeginsAnew) {
  Stream stream(*program_);
  stream.Reset();
  (void)stream.Run(kFrames, Sequence(99));
  stream.Reset();
  ExpectPart(stream.Run(kFrames, input_), 0, kFrames);
  EXPECT_EQ(stream.State(), state_);
}

INSTANTIATE_TEST_SUITE_P(, Streaming,
                         ::testing::Combine(::testing::ValuesIn(Models()), ::testing::ValuesIn(TestRows())),
                         [](const auto& info) {
                           return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
                         });

}  // namespace
}  // namespace rnnc::test
