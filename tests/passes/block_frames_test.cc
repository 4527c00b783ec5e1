// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/block_frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/passes/pass_helpers.h"

namespace rnnc::passes {
namespace {

// Catches memory that grows with the number of frames.
TEST(BlockFramesTest, ProductAndScan) {
  PassOptions options;
  options.block_steps = 2;
  ExpectPass(BlockFrames, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @W: f32[2,3] = [1, 2, 3, 4, 5, 6]
      const @h0: f32[2] = [0, 0]
      func @main(%x: f32[T,3]) -> (%y: f32[T,2], %hT: f32[2]) {
        %p: f32[T,2] = contract (i<T, n<2) {
          acc = sum(k<3) mul(%x[i, k], @W[n, k])
          yield acc
        } loc("/p")
        %y: f32[T,2], %hT: f32[2] = scan t<T carry(%h: f32[2] = @h0) {
          %n: f32[2] = map (n<2) { yield add(%h[n], mul(%p[t, n], %x[t, 0])) } loc("/n")
          yield each(%n) carry(%n) loc("/n")
        } loc("/n")
        return %y, %hT
      }
    }
)",
             R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @W: f32[2,3] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
      const @h0: f32[2] = [0.0, 0.0]
      func @main(%x: f32[T,3]) -> (%y: f32[T,2], %hT: f32[2]) {
        %y: f32[T,2], %hT: f32[2] = blocks t0 by N<=2 of T axes(0) carry(%h: f32[2] = @h0) {
          %p: f32[N,2] = contract (i<N, n<2) {
            acc = sum(k<3) mul(%x[i+t0, k], @W[n, k])
            yield acc
          } loc("/p")
          %y_1: f32[N,2], %hT_1: f32[2] = scan t<N carry(%h_1: f32[2] = %h) {
            %n: f32[2] = map (n<2) { yield add(%h_1[n], mul(%p[t, n], %x[t+t0, 0])) } loc("/n")
            yield each(%n) carry(%n) loc("/n")
          } loc("/n")
          yield block(%y_1) carry(%hT_1) loc("/p", "/n")
        } loc("/p", "/n")
        return %y, %hT
      }
    }
)",
             options);
}

// A static number of frames needs no blocks.
TEST(BlockFramesTest, Unchanged) {
  ExpectUnchanged(BlockFrames, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      func @main(%x: f32[7,3]) -> (%y: f32[7,3]) {
        %y: f32[7,3] = map (i<7, n<3) { yield exp(%x[i, n]) } loc("/e")
        return %y
      }
    }
)");
}

// Catches frames silently computed from those of one block only: what mixes frames keeps its text, and the
// reason is said.
TEST(BlockFramesTest, LeavesWhatMixesFrames) {
  auto reason = [](const std::string& body) {
    std::string said;
    PassOptions options;
    options.note = [&](const Diagnostic& note) { said += Render(note); };
    const std::string text = R"(
module @m {stage=kernels, source="m.onnx", opset=17} {
  func @main(%x: f32[T,3]) -> (%y: f32[T,3]) {
)" + body + R"(    return %y
  }
}
)";
    ExpectUnchanged(BlockFrames, text, options);
    return said;
  };
  EXPECT_THAT(reason("    %y: f32[T,3] = map (i<T, n<3) { yield %x[i-1, n | 0.0] } loc(\"/shift\")\n"),
              ::testing::HasSubstr("/shift: note: reads frames at another time"));
  EXPECT_THAT(reason(R"(    %s: f32[3] = reduce (n<3) {
      acc = sum(i<T) %x[i, n]
      yield acc
    } loc("/mean")
    %y: f32[T,3] = map (i<T, n<3) { yield sub(%x[i, n], %s[n]) } loc("/sub")
)"),
              ::testing::HasSubstr("/mean: note: "));
  EXPECT_THAT(reason(R"(    %h0: f32[3] = map (n<3) { yield 0.0 } loc("/h0")
    %y: f32[T,3], %hT: f32[3] = scan reverse t<T carry(%h: f32[3] = %h0) {
      %n: f32[3] = map (n<3) { yield add(%h[n], %x[t, n]) } loc("/back")
      yield each(%n) carry(%n) loc("/back")
    } loc("/back")
)"),
              ::testing::HasSubstr("/back: note: runs backward in time"));
}

// Catches a step kept beside a run that looks ahead: it would compute something else.
TEST(BlockFramesTest, AStepGoesWhenItsRunIsWhole) {
  ExpectPass(BlockFrames, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      func @run(%x: f32[T,3]) -> (%y: f32[T,3]) {
        %y: f32[T,3] = map (i<T, n<3) { yield %x[i-1, n | 0.0] } loc("/shift")
        return %y
      }
      func @step(%x: f32[1,3]) -> (%y: f32[1,3]) {
        %y: f32[1,3] = map (i<1, n<3) { yield %x[i-1, n | 0.0] } loc("/shift")
        return %y
      }
    }
)",
             R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      func @run(%x: f32[T,3]) -> (%y: f32[T,3]) {
        %y: f32[T,3] = map (i<T, n<3) { yield %x[i-1, n | 0.0] } loc("/shift")
        return %y
      }
    }
)");
}

}  // namespace
}  // namespace rnnc::passes
