// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/sink_readers.h"

#include <gtest/gtest.h>

#include "tests/passes/pass_helpers.h"

namespace rnnc::passes {
namespace {

// Catches an output layer that waits for the whole sequence, and the sequence kept in memory for it.
TEST(SinkReadersTest, OutputLayerOfALoop) {
  ExpectPass(SinkReaders, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @h0: f32[4] = [0, 0, 0, 0]
      const @W: f32[2,4] = [1, 2, 3, 4, 5, 6, 7, 8]
      func @main(%x: f32[T,4]) -> (%y: f32[T,2], %hT: f32[4]) {
        %h: f32[T,4], %hT: f32[4] = scan t<T carry(%h1: f32[4] = @h0) {
          %n: f32[4] = map (n<4) { yield tanh(add(%h1[n], %x[t, n])) } loc("/n")
          yield each(%n) carry(%n) loc("/n")
        } loc("/n")
        %y: f32[T,2] = contract (i<T, m<2) {
          acc = sum(k<4) mul(%h[i, k], @W[m, k])
          yield add(acc, %x[i, m]) at [i, m]
        } loc("/y")
        return %y, %hT
      }
    }
)",
             R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @h0: f32[4] = [0.0, 0.0, 0.0, 0.0]
      const @W: f32[2,4] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
      func @main(%x: f32[T,4]) -> (%y: f32[T,2], %hT: f32[4]) {
        %y: f32[T,2], %hT: f32[4] = scan t<T carry(%h1: f32[4] = @h0) {
          %n: f32[4] = map (n<4) { yield tanh(add(%h1[n], %x[t, n])) } loc("/n")
          %y_1: f32[2] = contract (m<2) {
            acc = sum(k<4) mul(%n[k], @W[m, k])
            yield add(acc, %x[t, m])
          } loc("/y")
          yield each(%y_1) carry(%n) loc("/n")
        } loc("/n", "/y")
        return %y, %hT
      }
    }
)");
}

// Time is the second axis of what is sunk, the loop runs backward, and another kernel reads the sequence too.
TEST(SinkReadersTest, TimeInAnotherAxisOfAReverseLoop) {
  ExpectPass(SinkReaders, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @h0: f32[4] = [0, 0, 0, 0]
      const @W: f32[4] = [1, 2, 3, 4]
      func @main(%x: f32[T,4]) -> (%y: f32[1,T,1], %z: f32[T,4]) {
        %h: f32[T,4], %hT: f32[4] = scan reverse t<T carry(%h1: f32[4] = @h0) {
          %n: f32[4] = map (n<4) { yield tanh(add(%h1[n], %x[t, n])) } loc("/n")
          yield each(%n) carry(%n) loc("/n")
        } loc("/n")
        %y: f32[1,T,1] = contract (i<T) {
          acc = sum(k<4) mul(%h[i, k], @W[k])
          yield acc at [0, i, 0]
        } loc("/y")
        %z: f32[T,4] = map (i<T, n<4) { yield neg(%h[i, n]) at [i, n] } loc("/z")
        return %y, %z
      }
    }
)",
             R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @h0: f32[4] = [0.0, 0.0, 0.0, 0.0]
      const @W: f32[4] = [1.0, 2.0, 3.0, 4.0]
      func @main(%x: f32[T,4]) -> (%y: f32[1,T,1], %z: f32[T,4]) {
        %h: f32[T,4], %y: f32[T,1,1], %hT: f32[4] = scan reverse t<T carry(%h1: f32[4] = @h0) {
          %n: f32[4] = map (n<4) { yield tanh(add(%h1[n], %x[t, n])) } loc("/n")
          %y_1: f32[1,1] = contract (i<1) {
            acc = sum(k<4) mul(%n[k], @W[k])
            yield acc at [0, 0]
          } loc("/y")
          yield each(%n, %y_1) carry(%n) loc("/n")
        } loc("/n", "/y")
        %y_2: f32[1,T,1] = map (i1<T) { yield %y[i1, 0, 0] at [0, i1, 0] } loc("/y")
        %z: f32[T,4] = map (i<T, n<4) { yield neg(%h[i, n]) } loc("/z")
        return %y_2, %z
      }
    }
)");
}

// A sum over time, one of a neighbouring frame, one of many terms, and one that needs the last state.
TEST(SinkReadersTest, Unchanged) {
  ExpectUnchanged(SinkReaders, R"(
    module @m {stage=kernels, source="m.onnx", opset=17} {
      const @h0: f32[4] = [0.0, 0.0, 0.0, 0.0]
      const @W: f32[4] = [1.0, 2.0, 3.0, 4.0]
      func @main(%x: f32[6,4], %wide: f32[4,65]) -> (%a: f32[4,1], %b: f32[6,1], %c: f32[6,65], %d: f32[6,1]) {
        %h: f32[6,4], %hT: f32[4] = scan t<6 carry(%h1: f32[4] = @h0) {
          %n: f32[4] = map (n<4) { yield tanh(add(%h1[n], %x[t, n])) } loc("/n")
          yield each(%n) carry(%n) loc("/n")
        } loc("/n")
        %a: f32[4,1] = reduce (n<4) {
          acc = sum(i<6) %h[i, n]
          yield acc at [n, 0]
        } loc("/a")
        %b: f32[6,1] = contract (i<6) {
          acc = sum(k<4) mul(%h[-i+5, k], @W[k])
          yield acc at [i, 0]
        } loc("/b")
        %c: f32[6,65] = contract (i<6, m<65) {
          acc = sum(k<4) mul(%h[i, k], %wide[k, m])
          yield acc
        } loc("/c")
        %d: f32[6,1] = contract (i<6) {
          acc = sum(k<4) mul(%h[i, k], %hT[k])
          yield acc at [i, 0]
        } loc("/d")
        return %a, %b, %c, %d
      }
    }
)");
}

}  // namespace
}  // namespace rnnc::passes
