// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/merge_contracts.h"

#include <gtest/gtest.h>

#include "tests/passes/pass_helpers.h"

namespace rnnc::passes {
namespace {

// Catches the product of the inputs kept in memory for the product of the state.
TEST(MergeContractsTest, SumOfTwoProducts) {
  ExpectPass(MergeContracts, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @W: f32[4,3] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
      const @R: f32[4,2] = [1, 2, 3, 4, 5, 6, 7, 8]
      func @main(%x: f32[3], %h: f32[2]) -> (%y: f32[2]) {
        %p: f32[4] = contract (m<4) {
          acc = sum(k<3) mul(%x[k], @W[m, k])
          yield acc
        } loc("/p")
        %y: f32[2] = contract (n<2) {
          acc[g<2] = sum(k<2) mul(%h[k], @R[2*g+n, k])
          yield mul(add(%p[n], acc[0]), add(%p[n+2], acc[1]))
        } loc("/y")
        return %y
      }
    }
)",
             R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @W: f32[4,3] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]
      const @R: f32[4,2] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
      func @main(%x: f32[3], %h: f32[2]) -> (%y: f32[2]) {
        %y: f32[2] = contract (n<2) {
          acc[g<2] = sum(k<2) mul(%h[k], @R[n+2*g, k])
          acc1[g<2] = sum(k<3) mul(%x[k], @W[n+2*g, k])
          yield mul(add(acc1[0], acc[0]), add(acc1[1], acc[1]))
        } loc("/p", "/y")
        return %y
      }
    }
)");
}

// A product that every output needs whole is not computed again for each.
TEST(MergeContractsTest, Unchanged) {
  ExpectUnchanged(MergeContracts, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @W: f32[2,3] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
      const @R: f32[4,2] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
      func @main(%x: f32[3]) -> (%y: f32[4]) {
        %p: f32[2] = contract (m<2) {
          acc = sum(k<3) mul(%x[k], @W[m, k])
          yield acc
        } loc("/p")
        %y: f32[4] = contract (n<4) {
          acc = sum(k<2) mul(%p[k], @R[n, k])
          yield acc
        } loc("/y")
        return %y
      }
    }
)");
}

}  // namespace
}  // namespace rnnc::passes
