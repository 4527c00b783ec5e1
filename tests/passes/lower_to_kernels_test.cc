// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/lower_to_kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/ir/kernel_evaluator.h"
#include "tests/support/ir_helpers.h"
#include "tests/support/kernel_helpers.h"

namespace rnnc {
namespace {

using namespace ir;
using rnnc::testing::F32;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

std::unique_ptr<Module> Lowered(std::string_view before) {
  std::unique_ptr<Module> module = ParseOrDie(before);
  Result<> done = passes::LowerToKernels(*module, {});
  EXPECT_TRUE(done.ok()) << Render(done.diagnostics());
  ExpectValid(*module);
  return module;
}

std::vector<double> Evaluated(const Module& module, const std::vector<Array>& inputs) {
  Result<std::vector<Array>> results = EvaluateKernels(*module.Functions()[0], inputs);
  EXPECT_TRUE(results.ok()) << Render(results.diagnostics());
  return results.ok() ? (*results)[0].numbers : std::vector<double>();
}

constexpr std::string_view kScan = R"(
module @m {stage=recurrence} {
  const @zero: f32[2] = [0.0, 0.0]
  func @main(%x: f32[T,2]) -> (%y: f32[T,2]) {
    %ys: f32[T,2], %last: f32[2] = scan t<T each(%xt: f32[2] = %x) carry(%h: f32[2] = @zero) {
      %z: f32[2] = add %xt, %h
      yield each(%z) carry(%z)
    }
    return %ys
  }
}
)";

// A slice that is copied before the loop, or read at a fixed step.
TEST(LowerToKernels, ScansReadTheirSequencesAtTheStep) {
  const std::unique_ptr<Module> module = Lowered(kScan);
  ExpectPrints(*module, R"(
module @m {stage=kernels} {
  const @zero: f32[2] = [0.0, 0.0]
  func @main(%x: f32[T,2]) -> (%y: f32[T,2]) {
    %ys: f32[T,2], %last: f32[2] = scan t<T carry(%h: f32[2] = @zero) {
      %xt: f32[2] = map (i0<2) { yield %x[t, i0] }
      %z: f32[2] = map (i0<2) { yield add(%xt[i0], %h[i0]) }
      yield each(%z) carry(%z)
    }
    return %ys
  }
}
)");
  const Array x = F32({3, 2}, {1, 10, 2, 20, 3, 30});
  EXPECT_EQ(Evaluated(*module, {x}), Evaluated(*ParseOrDie(kScan), {x}));
  EXPECT_THAT(Evaluated(*module, {x}), ElementsAre(1, 10, 3, 30, 6, 60));
}

// The operators that only compute a shape must still be there when the reshape asks what the shape is, and
// leave nothing behind.
TEST(LowerToKernels, AComputedShapeIsKnownAndGone) {
  const std::unique_ptr<Module> module = Lowered(R"(
module @m {stage=recurrence} {
  const @zero: i64[1] = [0]
  const @one: i64[1] = [1]
  const @rest: i64[1] = [6]
  func @main(%x: f32[T,2,3]) -> (%y: f32[T,6]) {
    %s: i64[3] = shape %x {start=0}
    %t: i64[1] = slice x: %s, starts: @zero, ends: @one
    %shape: i64[2] = concat %t, @rest {axis=0}
    %r: f32[T,6] = reshape %x, %shape {allowzero=0}
    return %r
  }
}
)");
  ExpectPrints(*module, R"(
module @m {stage=kernels} {
  func @main(%x: f32[T,2,3]) -> (%y: f32[T,6]) {
    %r: f32[T,6] = map (i0<T, i1<6) { yield %x[i0, i1/3, i1%3] }
    return %r
  }
}
)");
  const std::vector<double> values = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  EXPECT_THAT(Evaluated(*module, {F32({2, 2, 3}, values)}), ElementsAreArray(values));
}

// What is legal in both stages stays as it is.
TEST(LowerToKernels, ChecksAndUpdatesStay) {
  const std::unique_ptr<Module> module = Lowered(R"(
module @m {stage=recurrence} {
  state @s: f32[1] = zeros
  func @main(%x: f32[1]) -> (%y: f32[1]) {
    update @s, %x
    return @s
  }
}
)");
  ExpectPrints(*module, R"(
module @m {stage=kernels} {
  state @s: f32[1] = zeros
  func @main(%x: f32[1]) -> (%y: f32[1]) {
    update @s, %x
    return @s
  }
}
)");
}

// All refusals at once, in the order of the program.
TEST(LowerToKernels, RefusalsAreGathered) {
  const std::unique_ptr<Module> module = ParseOrDie(R"(
module @m {stage=recurrence, source="m.onnx"} {
  const @five: i64[1] = [5]
  const @six: i64[1] = [6]
  func @main(%x: f32[4]) -> (%a: f32[1], %b: f32[1]) {
    %g: f32[1] = gather %x, @five {axis=0} loc("/first")
    %h: f32[1] = gather %x, @six {axis=0} loc("/second")
    return %g, %h
  }
}
)");
  Result<> done = passes::LowerToKernels(*module, {});
  ASSERT_EQ(done.diagnostics().size(), 2u);
  EXPECT_EQ(done.diagnostics()[0].message, "indices: 5 is outside an axis of 4; export the model again");
  EXPECT_EQ(done.diagnostics()[1].message, "indices: 6 is outside an axis of 4; export the model again");
}

}  // namespace
}  // namespace rnnc
