// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/fuse_epilogues.h"

#include <gtest/gtest.h>

#include "tests/passes/pass_helpers.h"

namespace rnnc::passes {
namespace {

// Catches a cell update that reads its gates from memory.
TEST(FuseEpiloguesTest, GatesBecomeAccumulators) {
  ExpectPass(FuseEpilogues, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @R: f32[4,2] = [1, 2, 3, 4, 5, 6, 7, 8]
      const @b: f32[4] = [1, 2, 3, 4]
      func @main(%h: f32[2], %c: f32[2]) -> (%h1: f32[2], %c1: f32[2]) {
        %z: f32[4] = contract (m<4) {
          acc = @b[m] + sum(k<2) mul(%h[k], @R[m, k])
          yield acc
        } loc("/z")
        %i: f32[2] = map (n<2) { yield sigmoid(%z[n]) } loc("/i")
        %c1: f32[2] = map (n<2) { yield mul(%i[n], %c[n]) } loc("/c")
        %h1: f32[2] = map (n<2) { yield mul(tanh(%c1[n]), %z[n+2]) } loc("/h")
        return %h1, %c1
      }
    }
)",
             R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @R: f32[4,2] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
      const @b: f32[4] = [1.0, 2.0, 3.0, 4.0]
      func @main(%h: f32[2], %c: f32[2]) -> (%h1: f32[2], %c1: f32[2]) {
        %c1: f32[2], %h1: f32[2] = contract (n<2) {
          acc[g<2] = @b[n+2*g] + sum(k<2) mul(%h[k], @R[n+2*g, k])
          t0 = mul(sigmoid(acc[0]), %c[n])
          yield t0, mul(tanh(t0), acc[1])
        } loc("/z", "/i", "/c", "/h")
        return %h1, %c1
      }
    }
)");
}

// An activation is not computed again for every element that reads it.
TEST(FuseEpiloguesTest, Unchanged) {
  ExpectUnchanged(FuseEpilogues, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      func @main(%x: f32[1,2]) -> (%y: f32[3,2]) {
        %e: f32[1,2] = map (b<1, n<2) { yield exp(%x[b, n]) } loc("/e")
        %y: f32[3,2] = map (i<3, n<2) { yield add(%e[0, n], 1.0) } loc("/y")
        return %y
      }
    }
)");
}

}  // namespace
}  // namespace rnnc::passes
