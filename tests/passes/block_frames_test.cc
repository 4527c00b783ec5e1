// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/block_frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/passes/pass_helpers.h"

namespace rnnc::passes {
namespace {

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

}  // namespace
}  // namespace rnnc::passes
