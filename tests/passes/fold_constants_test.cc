// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/fold_constants.h"

#include <gtest/gtest.h>

#include "tests/passes/pass_helpers.h"

namespace rnnc::passes {
namespace {

// Catches shapes and weights that stay run-time work.
TEST(FoldConstantsTest, ShapesAndWeights) {
  ExpectPass(FoldConstants, R"(
    module @m {stage=graph, source="m.onnx", opset=17} {
      const @zero: i64[] = [0]
      const @w: f32[2,3] = [1, 2, 3, 4, 5, 6]
      func @main(%x: f32[1,T,2]) -> (%y: f32[1,T,3], %n: i64[]) {
        %s: i64[3] = shape %x {start=0} loc("/s")
        %b: i64[] = gather %s, @zero {axis=0} loc("/b")
        %t: f32[3,2] = transpose @w {perm=[1, 0]} loc("/t")
        %r: f32[2,3] = transpose %t {perm=[1, 0]} loc("/r")
        %i: f32[1,T,2] = identity %x loc("/i")
        %y: f32[1,T,3] = matmul %i, %r loc("/m")
        return %y, %b
      }
    }
)",
             R"(
    module @m {stage=graph, source="m.onnx", opset=17} {
      const @zero: i64[] = 0
      const @w: f32[2,3] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
      const @b: i64[] = 1
      const @t: f32[3,2] = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]
      const @r: f32[2,3] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
      func @main(%x: f32[1,T,2]) -> (%y: f32[1,T,3], %n: i64[]) {
        %s: i64[3] = shape %x {start=0} loc("/s")
        %b: i64[] = gather %s, @zero {axis=0} loc("/b")
        %t: f32[3,2] = transpose @w {perm=[1, 0]} loc("/t")
        %r: f32[2,3] = transpose @t {perm=[1, 0]} loc("/r")
        %i: f32[1,T,2] = identity %x loc("/i")
        %y: f32[1,T,3] = matmul %x, @r loc("/m")
        return %y, @b
      }
    }
)");
}

// What depends on an input stays.
TEST(FoldConstantsTest, Unchanged) {
  ExpectUnchanged(FoldConstants, R"(
    module @m {stage=graph, source="m.onnx", opset=17} {
      const @w: f32[2] = [1.0, 2.0]
      func @main(%x: f32[T,2]) -> (%y: f32[T,2]) {
        %y: f32[T,2] = add %x, @w loc("/a")
        return %y
      }
    }
)");
}

}  // namespace
}  // namespace rnnc::passes
