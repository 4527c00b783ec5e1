// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/recurrent_to_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "passes/lower_to_kernels.h"
#include "tests/support/ir_helpers.h"
#include "tests/support/kernel_helpers.h"

namespace rnnc {
namespace {

using namespace ir;
using rnnc::testing::F32;
using rnnc::testing::OneOp;
using ::testing::HasSubstr;

constexpr ElementType kF = ElementType::kF32;

// ---- The cells once more, by the equations of the ONNX operator texts, one unit at a time ----

using Row = std::vector<double>;

// Asymmetric numbers that f32 holds exactly.
Row Numbers(size_t count, int seed) {
  Row values;
  uint32_t state = 12345u + 7919u * static_cast<uint32_t>(seed);
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    values.push_back((static_cast<double>(state >> 20) - 1500.0) / 2048.0);
  }
  return values;
}

struct Net {
  size_t steps, batch, inputs, hidden, gates;
  Row x, w, r, b, h0, c0;
  bool linear_before_reset = false;

  Net(size_t t, size_t bs, size_t i, size_t h, size_t g)
      : steps(t),
        batch(bs),
        inputs(i),
        hidden(h),
        gates(g),
        x(Numbers(t * bs * i, 1)),
        w(Numbers(g * h * i, 2)),
        r(Numbers(g * h * h, 3)),
        b(Numbers(2 * g * h, 4)),
        h0(Numbers(bs * h, 5)),
        c0(Numbers(bs * h, 6)) {}

  double Input(size_t gate, size_t t, size_t batch_row, size_t unit) const {
    double sum = 0;
    for (size_t k = 0; k < inputs; ++k) {
      sum += x[(t * batch + batch_row) * inputs + k] * w[(gate * hidden + unit) * inputs + k];
    }
    return sum + b[gate * hidden + unit];
  }
  // `scale` multiplies each h (GRU's r), null: none.
  double Recurrent(size_t gate, const double* h, size_t unit, const Row* scale = nullptr) const {
    double sum = 0;
    for (size_t k = 0; k < hidden; ++k) {
      sum += h[k] * (scale != nullptr ? (*scale)[k] : 1) * r[(gate * hidden + unit) * hidden + k];
    }
    return sum + b[(gates + gate) * hidden + unit];
  }
};

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

struct Expected {
  Row y, h, c;
};

template <typename Step>
Expected ForEachRow(const Net& net, const Step& step) {
  Expected e{{}, net.h0, net.c0};
  for (size_t t = 0; t < net.steps; ++t) {
    for (size_t row = 0; row < net.batch; ++row) step(t, row, &e.h[row * net.hidden], &e.c[row * net.hidden]);
    e.y.insert(e.y.end(), e.h.begin(), e.h.end());
  }
  return e;
}

Expected Lstm(const Net& net) {
  return ForEachRow(net, [&](size_t t, size_t row, double* h, double* c) {
    const Row old(h, h + net.hidden);
    for (size_t u = 0; u < net.hidden; ++u) {
      const auto z = [&](size_t gate) {
        return net.Input(gate, t, row, u) + net.Recurrent(gate, old.data(), u);
      };
      c[u] = Sigmoid(z(2)) * c[u] + Sigmoid(z(0)) * std::tanh(z(3));
      h[u] = Sigmoid(z(1)) * std::tanh(c[u]);
    }
  });
}

Expected Gru(const Net& net) {
  return ForEachRow(net, [&](size_t t, size_t row, double* h, double*) {
    const Row old(h, h + net.hidden);
    Row z, r;
    for (size_t u = 0; u < net.hidden; ++u) {
      z.push_back(Sigmoid(net.Input(0, t, row, u) + net.Recurrent(0, old.data(), u)));
      r.push_back(Sigmoid(net.Input(1, t, row, u) + net.Recurrent(1, old.data(), u)));
    }
    for (size_t u = 0; u < net.hidden; ++u) {
      const double recurrent = net.linear_before_reset ? r[u] * net.Recurrent(2, old.data(), u)
                                                       : net.Recurrent(2, old.data(), u, &r);
      h[u] = (1 - z[u]) * std::tanh(net.Input(2, t, row, u) + recurrent) + z[u] * old[u];
    }
  });
}

Expected Rnn(const Net& net, bool relu) {
  return ForEachRow(net, [&](size_t t, size_t row, double* h, double*) {
    const Row old(h, h + net.hidden);
    for (size_t u = 0; u < net.hidden; ++u) {
      const double z = net.Input(0, t, row, u) + net.Recurrent(0, old.data(), u);
      h[u] = relu ? std::max(z, 0.0) : std::tanh(z);
    }
  });
}

// ---- The module under test ----

struct Recurrent {
  OneOp test{Stage::kGraph};
  const Net& net;
  Operation* op = nullptr;
  std::vector<Array> inputs;

  Recurrent(const Net& n, OpKind kind, const std::vector<std::string>& activations,
            bool constant_weights = true, const Dim& steps = Dim::Symbol("T"))
      : net(n) {
    const auto size = [](size_t s) { return static_cast<int64_t>(s); };
    const int64_t h = size(n.hidden), i = size(n.inputs), b = size(n.batch), g = size(n.gates);
    const auto input = [&](const std::vector<int64_t>& dims, const Row& values, const std::string& name) {
      inputs.push_back(F32(dims, values));
      return test.Argument(MakeStaticType(kF, dims), name);
    };
    const auto weights = [&](const std::vector<int64_t>& dims, const Row& values, const std::string& name) {
      return constant_weights ? test.Floats(dims, values) : input(dims, values, name);
    };
    Value* x = test.Argument(MakeType(kF, {steps, Dim(b), Dim(i)}), "x");
    inputs.push_back(F32({size(n.steps), b, i}, n.x));
    std::vector<Value*> operands = {x,
                                    weights({1, g * h, i}, n.w, "W"),
                                    weights({1, g * h, h}, n.r, "R"),
                                    weights({1, 2 * g * h}, n.b, "B"),
                                    nullptr,
                                    input({1, b, h}, n.h0, "h0")};
    std::vector<Type> results = {MakeType(kF, {steps, Dim(1), Dim(b), Dim(h)}),
                                 MakeStaticType(kF, {1, b, h})};
    if (kind == OpKind::kLstm) {
      operands.push_back(input({1, b, h}, n.c0, "c0"));
      results.push_back(results[1]);
    }
    op = test.Make(kind, operands, results);
    op->Set("hidden_size", h);
    op->Set("direction", std::string("forward"));
    op->Set("layout", int64_t{0});
    op->Set("activations", activations);
    if (kind == OpKind::kLstm) op->Set("input_forget", int64_t{0});
    if (kind == OpKind::kGru) op->Set("linear_before_reset", int64_t{n.linear_before_reset});
  }

  // At the stage recurrence, and again when all is kernels.
  void Expect(const Expected& expected) {
    ASSERT_TRUE(passes::RecurrentToScan(test.module, {}).ok());
    ExpectNow(expected);
    ASSERT_TRUE(passes::LowerToKernels(test.module, {}).ok());
    ExpectNow(expected);
  }

  void ExpectNow(const Expected& expected) {
    Result<std::vector<Array>> results = test.Evaluate(inputs);
    ASSERT_TRUE(results.ok()) << Render(results.diagnostics());
    const Row* wanted[] = {&expected.y, &expected.h, &expected.c};
    for (size_t r = 0; r < results->size(); ++r) {
      ASSERT_EQ((*results)[r].numbers.size(), wanted[r]->size());
      for (size_t k = 0; k < wanted[r]->size(); ++k) {
        // The sum of both biases is rounded to f32 once.
        EXPECT_NEAR((*results)[r].numbers[k], (*wanted[r])[k], 1e-6) << "result " << r << ", element " << k;
      }
    }
  }
};

// What the body looks like: one product a side, both biases on the side of x.
TEST(RecurrentToScan, TextOfAnRnn) {
  const std::unique_ptr<Module> module = ParseOrDie(R"(
module @m {stage=graph} {
  const @W: f32[1,2,1] = [1.0, 2.0]
  const @R: f32[1,2,2] = [1.0, 2.0, 3.0, 4.0]
  const @B: f32[1,4] = [1.0, 2.0, 0.25, 0.5]
  func @main(%x: f32[T,1,1]) -> (%y: f32[T,1,1,2]) {
    %y: f32[T,1,1,2], _ = rnn X: %x, W: @W, R: @R, B: @B {activations=["Tanh"], direction="forward", hidden_size=2, layout=0} loc("/rnn")
    return %y
  }
}
)");
  ASSERT_TRUE(passes::RecurrentToScan(*module, {}).ok());
  ExpectValid(*module);
  ExpectPrints(*module, R"(
module @m {stage=recurrence} {
  const @W_i: f32[2,1] = [1.0, 2.0]
  const @R_i: f32[2,2] = [1.0, 2.0, 3.0, 4.0]
  const @B_i: f32[2] = [1.25, 2.5]
  const @zero: f32[1,2] = [0.0, 0.0]
  const @axes: i64[1] = [1]
  func @main(%x: f32[T,1,1]) -> (%y: f32[T,1,1,2]) {
    %0: f32[T,1,2], %1: f32[1,2] = scan t<T each(%xt: f32[1,1] = %x) carry(%h: f32[1,2] = @zero) {
      %2: f32[1,2] = linear x: %xt, W: @W_i, b: @B_i loc("/rnn")
      %3: f32[1,2] = linear x: %h, W: @R_i loc("/rnn")
      %4: f32[1,2] = add %2, %3 loc("/rnn")
      %5: f32[1,2] = tanh %4 loc("/rnn")
      yield each(%5) carry(%5) loc("/rnn")
    } loc("/rnn")
    %y: f32[T,1,1,2] = unsqueeze %0, @axes loc("/rnn")
    return %y
  }
}
)");
}

// Gates in another order than i o f c, c from the wrong step.
TEST(RecurrentToScan, Lstm) {
  const Net net(3, 2, 5, 3, 4);
  Recurrent(net, OpKind::kLstm, {"Sigmoid", "Tanh", "Tanh"}).Expect(Lstm(net));
}

TEST(RecurrentToScan, LstmWithWeightsOfTheCall) {
  const Net net(2, 1, 3, 2, 4);
  Recurrent(net, OpKind::kLstm, {"sigmoid", "TANH", "Tanh"}, false).Expect(Lstm(net));
}

// z and 1-z exchanged; r applied behind the product.
TEST(RecurrentToScan, GruResetsBeforeTheProduct) {
  const Net net(3, 2, 4, 3, 3);
  Recurrent(net, OpKind::kGru, {"Sigmoid", "Tanh"}).Expect(Gru(net));
}

// The recurrent bias outside the reset product.
TEST(RecurrentToScan, GruLinearBeforeReset) {
  Net net(3, 2, 4, 3, 3);
  net.linear_before_reset = true;
  Recurrent(net, OpKind::kGru, {"Sigmoid", "Tanh"}).Expect(Gru(net));
  Recurrent(net, OpKind::kGru, {"Sigmoid", "Tanh"}, false).Expect(Gru(net));
}

TEST(RecurrentToScan, Rnn) {
  const Net net(4, 1, 3, 5, 1);
  Recurrent(net, OpKind::kRnn, {"Tanh"}).Expect(Rnn(net, false));
  Recurrent(net, OpKind::kRnn, {"Relu"}, false).Expect(Rnn(net, true));
}

// No steps: the operator's final state is zero, not the initial one.
TEST(RecurrentToScan, NoStepsOfAStaticLengthGiveZeros) {
  const Net net(0, 1, 2, 2, 1);
  Recurrent(net, OpKind::kRnn, {"Tanh"}, true, Dim(0)).Expect({{}, {0, 0}, {}});
}

// The same where only the call says that there are none: the scan would give the initial state.
TEST(RecurrentToScan, NoStepsOfAnOpenLengthGiveZeros) {
  const Net net(0, 1, 2, 2, 1);
  Recurrent(net, OpKind::kRnn, {"Tanh"}).Expect({{}, {0, 0}, {}});
}

size_t CountOf(const Module& module, OpKind kind) {
  size_t count = 0;
  for (const auto& function : module.Functions()) {
    Walk(static_cast<const Block&>(function->Body()),
         [&](const Operation& op) { count += op.Kind() == kind ? 1 : 0; });
  }
  return count;
}

// What costs every call something and can never matter: there is a step, the initial state is 0, or the final
// value only becomes the state that it began with.
TEST(RecurrentToScan, FinalStatesAreLeftAloneWhereTheyAreRight) {
  const Net net(2, 1, 2, 2, 1);
  Recurrent open(net, OpKind::kRnn, {"Tanh"});
  ASSERT_TRUE(passes::RecurrentToScan(open.test.module, {}).ok());
  EXPECT_EQ(CountOf(open.test.module, OpKind::kWhere), 1u);
  Recurrent least(net, OpKind::kRnn, {"Tanh"});
  least.test.module.sizes = {{"T", 1, std::nullopt}};
  ASSERT_TRUE(passes::RecurrentToScan(least.test.module, {}).ok());
  EXPECT_EQ(CountOf(least.test.module, OpKind::kWhere), 0u);
  const std::string text = R"(
module @m {stage=graph} {
  const @W: f32[1,2,1] = [1.0, 2.0]
  const @R: f32[1,2,2] = [1.0, 2.0, 3.0, 4.0]
  const @none: f32[1,1,2] = [0.0, 0.0]
  state @s: f32[1,1,2] = [0.0, 0.0]
  func @main(%x: f32[T,1,1]) -> (%k: f32[1,1,2]) {
    _, %h: f32[1,1,2] = rnn X: %x, W: @W, R: @R, initial_h: @s {activations=["Tanh"], direction="forward", hidden_size=2, layout=0} loc("/rnn")
    _, %k: f32[1,1,2] = rnn X: %x, W: @W, R: @R, initial_h: @none {activations=["Tanh"], direction="forward", hidden_size=2, layout=0} loc("/rnn2")
    update @s, %h
    return %k
  }
}
)";
  const std::unique_ptr<Module> module = ParseOrDie(text);
  ASSERT_TRUE(passes::RecurrentToScan(*module, {}).ok());
  EXPECT_EQ(CountOf(*module, OpKind::kWhere), 0u);
}

// Attributes read and dropped.
TEST(RecurrentToScan, RefusesByName) {
  const Net net(1, 1, 2, 2, 1);
  struct Case {
    std::string name;
    Attribute value;
    std::string message;
  };
  const Case cases[] = {
      {"activations", std::vector<std::string>{"Affine"},
       "model.onnx: /op: activations: Affine: one is unknown"},
      {"activations", std::vector<std::string>{"Tanh", "Tanh"}, "activations: 2 given; rnn takes 1"},
  };
  for (const Case& c : cases) {
    Recurrent recurrent(net, OpKind::kRnn, {"Tanh"});
    recurrent.op->Set(c.name, c.value);
    Result<> refused = passes::RecurrentToScan(recurrent.test.module, {});
    ASSERT_FALSE(refused.ok()) << c.name;
    EXPECT_THAT(Render(refused.diagnostics()), HasSubstr(c.message));
  }
}

// A loop symbol that is also a size.
TEST(RecurrentToScan, TheStepHasANameOfItsOwn) {
  const Net net(2, 1, 2, 2, 1);
  Recurrent recurrent(net, OpKind::kRnn, {"Tanh"}, true, Dim::Symbol("t"));
  recurrent.Expect(Rnn(net, false));
}

}  // namespace
}  // namespace rnnc
