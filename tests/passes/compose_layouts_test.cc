// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/compose_layouts.h"

#include <gtest/gtest.h>

#include "tests/passes/pass_helpers.h"

namespace rnnc::passes {
namespace {

// Catches a slice read through memory, and a result copied to get one more axis.
TEST(ComposeLayoutsTest, ReadersAndWriters) {
  ExpectPass(ComposeLayouts, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @R: f32[2,2] = [1, 2, 3, 4]
      func @main(%x: f32[1,5]) -> (%y: f32[1,1,2]) {
        %s: f32[1,2] = map (b<1, n<2) { yield %x[0, n+3] } loc("/slice")
        %p: f32[1,2] = contract (b<1, n<2) {
          acc = sum(k<2) mul(%s[b, k], @R[n, k])
          yield tanh(acc)
        } loc("/p")
        %y: f32[1,1,2] = map (i<1, b<1, n<2) { yield %p[b, n] } loc("/unsqueeze")
        return %y
      }
    }
)",
             R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @R: f32[2,2] = [1.0, 2.0, 3.0, 4.0]
      func @main(%x: f32[1,5]) -> (%y: f32[1,1,2]) {
        %y: f32[1,1,2] = contract (n<2) {
          acc = sum(k<2) mul(%x[0, k+3], @R[n, k])
          yield tanh(acc) at [0, 0, n]
        } loc("/p", "/slice", "/unsqueeze")
        return %y
      }
    }
)");
}

// Catches the parts of a concatenation written twice.
TEST(ComposeLayoutsTest, ConcatIsWrittenInPlace) {
  ExpectPass(ComposeLayouts, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      func @main(%x: f32[2]) -> (%y: f32[4]) {
        %a: f32[2] = map (n<2) { yield exp(%x[n]) } loc("/a")
        %b: f32[2] = map (n<2) { yield neg(%x[n]) } loc("/b")
        %u: f32[4] = undefined loc("/concat")
        %v: f32[4] = map (n<2) into %u { yield %a[n] at [n] } loc("/concat")
        %y: f32[4] = map (n<2) into %v { yield %b[n] at [n+2] } loc("/concat")
        return %y
      }
    }
)",
             R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      func @main(%x: f32[2]) -> (%y: f32[4]) {
        %u: f32[4] = undefined loc("/concat")
        %v: f32[4] = map (n<2) into %u { yield exp(%x[n]) } loc("/a", "/concat")
        %y: f32[4] = map (n<2) into %v { yield neg(%x[n]) at [n+2] } loc("/b", "/concat")
        return %y
      }
    }
)");
}

// A transposed read along the vector axis stays a copy.
TEST(ComposeLayoutsTest, Unchanged) {
  ExpectUnchanged(ComposeLayouts, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @c: f32[3] = [1.0, 2.0, 3.0]
      func @main(%x: f32[3,4]) -> (%y: f32[4,3]) {
        %s: f32[4,3] = map (i<4, n<3) { yield %x[n, i] } loc("/transpose")
        %y: f32[4,3] = map (i<4, n<3) { yield mul(%s[i, n], @c[n]) } loc("/mul")
        return %y
      }
    }
)");
}

}  // namespace
}  // namespace rnnc::passes
