// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/remove_dead.h"

#include <gtest/gtest.h>

#include "tests/passes/pass_helpers.h"

namespace rnnc::passes {
namespace {

// Catches dead results that keep their work alive: of a kernel, of a loop, and a value carried for itself
// alone.
TEST(RemoveDeadTest, ResultsAndCarries) {
  ExpectPass(RemoveDead, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @a: f32[2] = [1, 2]
      const @unused: f32[2] = [3, 4]
      func @main(%x: f32[3,2]) -> (%y: f32[3,2]) {
        %d: f32[3,2], %e: f32[3,2] = map (i<3, n<2) {
          t0 = exp(%x[i, n])
          yield t0, neg(t0)
        } loc("/d")
        %y: f32[3,2], %z: f32[3,2], %h1: f32[2], %g1: f32[2] = scan t<3 carry(%h: f32[2] = @a, %g: f32[2] = @a) {
          %n: f32[2] = map (n<2) { yield add(%h[n], %d[t, n]) } loc("/n")
          %m: f32[2] = map (n<2) { yield mul(%g[n], %h[n]) } loc("/n")
          yield each(%n, %m) carry(%n, %m) loc("/n")
        } loc("/n")
        return %y
      }
    }
)",
             R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @a: f32[2] = [1.0, 2.0]
      func @main(%x: f32[3,2]) -> (%y: f32[3,2]) {
        %d: f32[3,2] = map (i<3, n<2) { yield exp(%x[i, n]) } loc("/d")
        %y: f32[3,2], %h1: f32[2] = scan t<3 carry(%h: f32[2] = @a) {
          %n: f32[2] = map (n<2) { yield add(%h[n], %d[t, n]) } loc("/n")
          yield each(%n) carry(%n) loc("/n")
        } loc("/n")
        return %y
      }
    }
)");
}

// A value carried for the sake of another stays.
TEST(RemoveDeadTest, Unchanged) {
  ExpectUnchanged(RemoveDead, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @a: f32[2] = [1.0, 2.0]
      func @main(%x: f32[3,2]) -> (%y: f32[3,2]) {
        %y: f32[3,2], %g1: f32[2] = scan t<3 carry(%g: f32[2] = @a) {
          %n: f32[2] = map (n<2) { yield add(%g[n], %x[t, n]) } loc("/n")
          yield each(%n) carry(%n) loc("/n")
        } loc("/n")
        return %y
      }
    }
)");
}

}  // namespace
}  // namespace rnnc::passes
