// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/printer.h"

#include <gtest/gtest.h>

#include "compiler/ir/builder.h"

namespace rnnc::ir {
namespace {

Type F32(std::vector<Dim> dims) { return MakeType(ElementType::kF32, std::move(dims)); }

// Catches operands or attributes that are lost, absent results that are forgotten, names that clash.
TEST(Printer, GraphStage) {
  Module module;
  module.name = "kws";
  module.source = "kws.onnx";
  module.opset = 17;
  Value* w = module.AddConst("W", MakeFloatTensor({1, 2, 2}, {1, 0.1, -0.0, 1e-5}));
  Value* axes = module.AddConst("axes", MakeIntTensor({1}));
  module.AddState("h 0", F32({1, 64}), nullptr);
  Function* function = module.AddFunction("main");
  Value* x = function->Body().AddArgument(F32({Dim::Symbol("T"), 1, 40}), "x");
  function->result_names = {"odd name"};
  Builder builder(function->Body());
  builder.location = {"kws.onnx", {"/rnn/RNN"}};
  Operation* rnn = builder.Create(OpKind::kRnn, {x, w, w}, {F32({Dim::Symbol("T"), 1, 1, 1}), {}});
  rnn->Result(0)->name = "x";
  rnn->Result(1)->name = "_";
  rnn->Set("activation_alpha", std::vector<double>{0.1});
  rnn->Set("hidden_size", int64_t{1});
  rnn->Set("activations", std::vector<std::string>{"Tanh"});
  Value* y =
      builder.Op(OpKind::kSqueeze, {rnn->Result(0), axes}, F32({Dim::Symbol("T"), Dim::Symbol("T") * 2 + 1}));
  builder.Create(OpKind::kReturn, {y}, {})->location = {};
  EXPECT_EQ(Print(module), R"(module @kws {stage=graph, source="kws.onnx", opset=17} {
  const @W: f32[1,2,2] = [1.0, 0.1, -0.0, 1e-05]
  const @axes: i64[1] = [1]
  state @"h 0": f32[1,64] = zeros
  func @main(%x: f32[T,1,40]) -> (%"odd name": f32[T,2*T+1]) {
    %x_1: f32[T,1,1,1], _ = rnn X: %x, W: @W, R: @W {activation_alpha=[0.1], activations=["Tanh"], hidden_size=1} loc("/rnn/RNN")
    %0: f32[T,2*T+1] = squeeze x: %x_1, axes: @axes loc("/rnn/RNN")
    return %0
  }
}
)");
}

// Catches gates, shared nodes, reads with a fill, and stores that print wrongly.
TEST(Printer, Kernel) {
  Module module;
  Function* function = module.AddFunction("main");
  Value* x = function->Body().AddArgument(F32({1, 4}), "x");
  Value* w = function->Body().AddArgument(F32({6, 4}), "w");
  Kernel kernel;
  kernel.parallel = {{"b", 1}, {"n", 3}};
  Accumulator sum;
  sum.name = "z";
  sum.gate = {"g", 2};
  sum.reduced = {{"k", 4}};
  const IndexExpr b = IndexExpr::Variable(0), n = IndexExpr::Variable(1), g = IndexExpr::Variable(2),
                  k = IndexExpr::Variable(3);
  const int left = sum.element.AddRead(ElementType::kF32, 0, {b, k - 1});
  sum.element.nodes[0].fill = 0.0;
  const int right = sum.element.AddRead(ElementType::kF32, 1, {g * 3 + n, k});
  sum.element.outputs = {sum.element.AddOp(ScalarOp::kMul, ElementType::kF32, {left, right})};
  kernel.accumulators = {sum};
  Program& e = kernel.epilogue;
  const int t = e.AddOp(ScalarOp::kTanh, ElementType::kF32, {e.AddAccumulator(ElementType::kF32, 0, 1)});
  e.outputs = {e.AddOp(ScalarOp::kMul, ElementType::kF32, {t, e.AddAccumulator(ElementType::kF32, 0, 0)}), t};
  kernel.stores = {IdentityIndices(2), {IndexExpr(0), n * 2}};
  Builder builder(function->Body());
  Operation* operation = builder.KernelOp(kernel, {x, w}, {F32({1, 3}), F32({1, 6})});
  EXPECT_EQ(PrintOperation(*operation),
            R"(%0: f32[1,3], %1: f32[1,6] = contract (b<1, n<3) {
  z[g<2] = sum(k<4) mul(%x[b, k-1 | 0.0], %w[n+3*g, k])
  t0 = tanh(z[1])
  yield mul(t0, z[0]), t0 at [0, 2*n]
})");
}

}  // namespace
}  // namespace rnnc::ir
