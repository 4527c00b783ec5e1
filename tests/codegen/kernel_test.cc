// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Kernels on every row of the target table that runs here, against sums written out here in double.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "codegen/codegen.h"
#include "compiler/ir/builder.h"
#include "compiler/ir/parser.h"
#include "tests/support/native/rows.h"
#include "tests/support/native/stream.h"

namespace rnnc {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::IndexExpr;
using ir::Kernel;
using ir::Program;
using ir::ScalarOp;

constexpr ElementType kF32 = ElementType::kF32;
IndexExpr V(int id) { return IndexExpr::Variable(id); }
size_t At(int64_t index) { return static_cast<size_t>(index); }

// A planned module with function main: arguments are inputs, returned values are outputs in place.
struct Fixture {
  ir::Module module;
  ir::Function* main;
  ir::Builder builder;

  Fixture() : main(module.AddFunction("main")), builder(main->Body()) {
    module.name = "m";
    module.stage = ir::Stage::kPlanned;
  }
  ir::Value* Input(const std::vector<int64_t>& dims, ElementType element = kF32) {
    ir::Value* value = main->Body().AddArgument(ir::MakeStaticType(element, dims), "x");
    value->place = ir::Place{ir::Space::kInput, value->index, Dim(0), Dim(value->type.Bytes())};
    return value;
  }
  void Return(const std::vector<ir::Value*>& values) {
    for (size_t i = 0; i < values.size(); ++i) {
      if (!values[i]->place)
        values[i]->place =
            ir::Place{ir::Space::kOutput, static_cast<int>(i), Dim(0), Dim(values[i]->type.Bytes())};
      main->result_names.push_back("y" + std::to_string(i));
    }
    builder.Create(ir::OpKind::kReturn, values, {});
  }
};

std::vector<float> Random(size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(count);
  for (float& value : values) value = uniform(generator) + 0.1f;
  return values;
}

class OnRow : public testing::TestWithParam<test::TestRow> {
 protected:
  void SetUp() override {
    if (const std::string why = test::WhyNot(GetParam()); !why.empty()) GTEST_SKIP() << why;
    options_.target = test::TargetOf(GetParam());
  }
  void Run(const Fixture& fixture, const std::vector<const void*>& inputs,
           const std::vector<void*>& outputs) {
    Run(fixture.module, inputs, outputs);
  }
  void Run(const ir::Module& module, const std::vector<const void*>& inputs,
           const std::vector<void*>& outputs) {
    auto object = codegen::GenerateObject(module, options_);
    ASSERT_TRUE(object.ok()) << Render(object.diagnostics());
    auto program = test::RowProgram::Load(GetParam(), object->object, module.name);
    ASSERT_TRUE(program.ok()) << Render(program.diagnostics());
    const rnnc_model& model = (*program)->Model();
    std::vector<ir::Tensor> tensors;
    for (size_t i = 0; i < inputs.size(); ++i) {
      tensors.push_back(ir::ZeroTensor(test::TypeOf(model.inputs[i], 1)));
      std::memcpy(tensors.back().bytes.data(), inputs[i], tensors.back().bytes.size());
    }
    // Twice: the caller's memory ends at the edge of a page, and then begins there.
    test::Stream stream(**program);
    for (int round = 0; round < 2; ++round) {
      stream.Reset();
      const test::Stream::Answer answer = stream.Step(tensors);
      ASSERT_EQ(answer.status, RNNC_OK);
      for (size_t i = 0; i < outputs.size(); ++i) {
        const std::vector<std::byte>& bytes = answer.outputs[i].bytes;
        if (round > 0) {
          EXPECT_EQ(std::memcmp(outputs[i], bytes.data(), bytes.size()), 0);
        }
        std::memcpy(outputs[i], bytes.data(), bytes.size());
      }
    }
  }
  codegen::CodegenOptions options_;
};

// Whole vectors of every row and parts of them.
constexpr int kTailLengths[] = {1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 15, 17, 22, 31};

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// Catches a wrong gate stride, a lost tail of the vector axis, a bias added twice.
TEST_P(OnRow, ContractWithGatesAndEpilogue) {
  for (const int n : {1, 3, 8, 16, 20, 37}) {
    const int k = 13;
    const int rows = 5;
    Fixture f;
    ir::Value* x = f.Input({rows, k});
    const auto weights = Random(At(2 * n * k), 1);
    const auto bias = Random(At(2 * n), 2);
    ir::Value* w = f.module.AddConst("w", ir::MakeFloatTensor({2, k, n}, {weights.begin(), weights.end()}));
    ir::Value* b = f.module.AddConst("b", ir::MakeFloatTensor({2, n}, {bias.begin(), bias.end()}));
    Kernel kernel;
    kernel.parallel = {{"r", Dim(rows)}, {"n", Dim(n)}};
    ir::Accumulator sum;
    sum.name = "a";
    sum.gate.extent = Dim(2);
    sum.reduced = {{"k", Dim(k)}};
    sum.init.outputs = {sum.init.AddRead(kF32, 2, {V(2), V(1)})};
    const int left = sum.element.AddRead(kF32, 0, {V(0), V(3)});
    const int right = sum.element.AddRead(kF32, 1, {V(2), V(3), V(1)});
    sum.element.outputs = {sum.element.AddOp(ScalarOp::kMul, kF32, {left, right})};
    kernel.accumulators = {sum};
    Program& e = kernel.epilogue;
    const int tanh = e.AddOp(ScalarOp::kTanh, kF32, {e.AddAccumulator(kF32, 0, 0)});
    const int sigmoid = e.AddOp(ScalarOp::kSigmoid, kF32, {e.AddAccumulator(kF32, 0, 1)});
    e.outputs = {e.AddOp(ScalarOp::kMul, kF32, {tanh, sigmoid})};
    kernel.stores = {ir::IdentityIndices(2)};
    ir::Operation* op = f.builder.KernelOp(kernel, {x, w, b}, {ir::MakeStaticType(kF32, {rows, n})});
    EXPECT_EQ(op->Kind(), ir::OpKind::kContract);
    f.Return({op->Result()});

    const auto in = Random(At(rows * k), 3);
    std::vector<float> out(static_cast<size_t>(rows * n) + 1, 77);
    Run(f, {in.data()}, {out.data()});
    for (int r = 0; r < rows; ++r) {
      for (int j = 0; j < n; ++j) {
        double acc[2];
        for (int g = 0; g < 2; ++g) {
          acc[g] = bias[At(g * n + j)];
          for (int i = 0; i < k; ++i) {
            acc[g] += double{in[At(r * k + i)]} * weights[At((g * k + i) * n + j)];
          }
        }
        EXPECT_NEAR(out[static_cast<size_t>(r * n + j)], std::tanh(acc[0]) * Sigmoid(acc[1]), 2e-6)
            << n << " " << r << " " << j;
      }
    }
    EXPECT_EQ(out.back(), 77) << "wrote behind the end";
  }
}

// Catches a wrong join of split chains, a tail lane that takes part.
TEST_P(OnRow, SplitChains) {
  for (const int k : {5, 16, 33, 64}) {
    Fixture f;
    ir::Value* x = f.Input({3, k});
    const auto weights = Random(static_cast<size_t>(k), 4);
    ir::Value* w = f.module.AddConst("w", ir::MakeFloatTensor({k}, {weights.begin(), weights.end()}));
    Kernel kernel;
    kernel.parallel = {{"r", Dim(3)}};
    ir::Accumulator sum;
    sum.chains = 8;
    sum.reduced = {{"k", Dim(k)}};
    const int left = sum.element.AddRead(kF32, 0, {V(0), V(2)});
    const int right = sum.element.AddRead(kF32, 1, {V(2)});
    sum.element.outputs = {sum.element.AddOp(ScalarOp::kMul, kF32, {left, right})};
    kernel.accumulators = {sum};
    kernel.epilogue.outputs = {kernel.epilogue.AddAccumulator(kF32, 0, 0)};
    kernel.stores = {ir::IdentityIndices(1)};
    f.Return({f.builder.KernelOp(kernel, {x, w}, {ir::MakeStaticType(kF32, {3})})->Result()});
    const auto in = Random(At(3 * k), 5);
    float out[3];
    Run(f, {in.data()}, {out});
    for (int r = 0; r < 3; ++r) {
      double acc = 0;
      for (int i = 0; i < k; ++i) acc += double{in[At(r * k + i)]} * weights[static_cast<size_t>(i)];
      EXPECT_NEAR(out[r], acc, 1e-5) << k;
    }
  }
}

// Catches a transposed access taken as contiguous, reversed reads, fill values at the wrong side.
TEST_P(OnRow, LayoutMaps) {
  const int rows = 5;
  const int columns = 19;
  Fixture f;
  ir::Value* x = f.Input({rows, columns});
  Kernel transpose = ir::MakeMap({columns, rows});
  transpose.epilogue.outputs = {transpose.epilogue.AddRead(kF32, 0, {V(1), V(0)})};
  Kernel reverse = ir::MakeMap({rows, columns});
  reverse.epilogue.outputs = {reverse.epilogue.AddRead(kF32, 0, {V(0), IndexExpr(columns - 1) - V(1)})};
  Kernel pad = ir::MakeMap({rows, columns + 3});
  const int read = pad.epilogue.AddRead(kF32, 0, {V(0), V(1) - IndexExpr(2)});
  pad.epilogue.nodes[static_cast<size_t>(read)].fill = 9;
  pad.epilogue.outputs = {read};
  Kernel flat = ir::MakeMap({rows * columns});
  flat.epilogue.outputs = {
      flat.epilogue.AddRead(kF32, 0, {IndexExpr::FloorDiv(V(0), columns), IndexExpr::Mod(V(0), columns)})};
  auto add = [&](const Kernel& kernel) {
    std::vector<int64_t> dims;
    for (const Dim& dim : kernel.ParallelExtents()) dims.push_back(dim.Value());
    return f.builder.KernelOp(kernel, {x}, {ir::MakeStaticType(kF32, dims)})->Result();
  };
  f.Return({add(transpose), add(reverse), add(pad), add(flat)});
  const auto in = Random(rows * columns, 6);
  std::vector<float> t(rows * columns), r(rows * columns), p(rows * (columns + 3)), fl(rows * columns);
  Run(f, {in.data()}, {t.data(), r.data(), p.data(), fl.data()});
  EXPECT_EQ(fl, in);
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) {
      EXPECT_EQ(t[static_cast<size_t>(j * rows + i)], in[static_cast<size_t>(i * columns + j)]);
      EXPECT_EQ(r[static_cast<size_t>(i * columns + columns - 1 - j)],
                in[static_cast<size_t>(i * columns + j)]);
    }
    for (int j = 0; j < columns + 3; ++j) {
      const bool inside = j >= 2 && j < columns + 2;
      EXPECT_EQ(p[static_cast<size_t>(i * (columns + 3) + j)],
                inside ? in[static_cast<size_t>(i * columns + j - 2)] : 9)
          << i << j;
    }
  }
}

// Catches tails that touch what lies beside the caller's memory, on either side: a whole vector loaded for a
// part, a guarded read that goes where it must not, a store of more lanes than there are. (The memory of Run
// ends at the edge of a page, then begins there.)
TEST_P(OnRow, TailsOfEveryLengthAndType) {
  for (const ElementType element : {kF32, ElementType::kF64, ElementType::kF16, ElementType::kBool,
                                    ElementType::kI32, ElementType::kI64}) {
    Fixture f;
    std::vector<ir::Tensor> inputs, outputs;
    std::vector<ir::Value*> results;
    for (const int n : kTailLengths) {
      ir::Value* x = f.Input({n}, element);
      Kernel copy = ir::MakeMap({n});
      copy.epilogue.outputs = {copy.epilogue.AddRead(element, 0, {V(0)})};
      Kernel reverse = ir::MakeMap({n});
      reverse.epilogue.outputs = {reverse.epilogue.AddRead(element, 0, {IndexExpr(n - 1) - V(0)})};
      Kernel shifted = ir::MakeMap({3, n});  // row r moved by r to the right: all fill where n <= r
      const int read = shifted.epilogue.AddRead(element, 0, {V(1) - V(0)});
      shifted.epilogue.nodes[static_cast<size_t>(read)].fill = 1;
      shifted.epilogue.outputs = {read};
      auto add = [&](const Kernel& kernel, const std::vector<int64_t>& dims) {
        const ir::Type type = ir::MakeStaticType(element, dims);
        results.push_back(f.builder.KernelOp(kernel, {x}, {type})->Result());
        outputs.push_back(ir::ZeroTensor(type));
      };
      add(copy, {n});
      add(reverse, {n});
      add(shifted, {3, n});
      inputs.push_back(ir::ZeroTensor(x->type));
      for (int i = 0; i < n; ++i)
        inputs.back().SetNumber(i, element == ElementType::kBool ? i % 3 == 0 : i * 0.5 - 2);
    }
    f.Return(results);
    std::vector<const void*> from;
    std::vector<void*> to;
    for (const ir::Tensor& input : inputs) from.push_back(input.bytes.data());
    for (ir::Tensor& output : outputs) to.push_back(output.bytes.data());
    Run(f, from, to);
    if (HasFatalFailure()) return;
    for (size_t k = 0; k < inputs.size(); ++k) {
      const ir::Tensor& in = inputs[k];
      const int n = kTailLengths[k];
      for (int i = 0; i < n; ++i) {
        SCOPED_TRACE(std::string(ir::ToText(element)) + ", " + std::to_string(n) + ", " + std::to_string(i));
        EXPECT_EQ(outputs[3 * k].NumberAt(i), in.NumberAt(i));
        EXPECT_EQ(outputs[3 * k + 1].NumberAt(i), in.NumberAt(n - 1 - i));
        for (int r = 0; r < 3; ++r)
          EXPECT_EQ(outputs[3 * k + 2].NumberAt(r * n + i), i < r ? 1 : in.NumberAt(i - r)) << "row " << r;
      }
    }
  }
}

// Catches a gather that is not clamped, wrong lane extraction, a bool kept as more than one byte.
TEST_P(OnRow, GatherByData) {
  Fixture f;
  ir::Value* table = f.Input({7, 21});
  ir::Value* index = f.Input({4}, ElementType::kI64);
  Kernel rows = ir::MakeMap({4, 21});
  const int at = rows.epilogue.AddRead(ElementType::kI64, 1, {V(0)});
  rows.epilogue.outputs = {rows.epilogue.AddRead(kF32, 0, {IndexExpr::Node(at), V(1)})};
  Kernel picks = ir::MakeMap({4});
  const int at2 = picks.epilogue.AddRead(ElementType::kI64, 1, {V(0)});
  picks.epilogue.outputs = {picks.epilogue.AddRead(kF32, 0, {IndexExpr::Node(at2), IndexExpr(3)})};
  f.Return({f.builder.KernelOp(rows, {table, index}, {ir::MakeStaticType(kF32, {4, 21})})->Result(),
            f.builder.KernelOp(picks, {table, index}, {ir::MakeStaticType(kF32, {4})})->Result()});
  const auto in = Random(7 * 21, 7);
  const int64_t indices[] = {6, 0, 99, 2};
  std::vector<float> all(4 * 21);
  float some[4];
  Run(f, {in.data(), indices}, {all.data(), some});
  const int64_t expected[] = {6, 0, 0, 2};
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(some[i], in[static_cast<size_t>(expected[i] * 21 + 3)]);
    for (int j = 0; j < 21; ++j)
      EXPECT_EQ(all[static_cast<size_t>(i * 21 + j)], in[static_cast<size_t>(expected[i] * 21 + j)]);
  }
}

// A carried value takes its next one as soon as nothing needs the old one. Catches it taken before a later
// kernel has read the old value (y would be 0), and while another value lives in its place (y would be twice
// h).
TEST_P(OnRow, CarriedValuesAreTakenWhenTheOldOnesAreDone) {
  const char* const later_reader = R"(
      %n: f32[4] at arena[64:16] = map (n<4) { yield add(%h[n], %x[t, n]) } loc("/n")
      %z: f32[4] at arena[128:16] = map (n<4) { yield sub(%n[n], mul(2.0, %h[n])) } loc("/z"))";
  const char* const other_in_place = R"(
      %n: f32[4] at arena[64:16] = map (n<4) { yield add(%h[n], %x[t, n]) } loc("/n")
      %z: f32[4] at arena[0:16] = map (n<4) { yield sub(%x[t, n], %h[n]) } loc("/z"))";
  for (const char* body : {later_reader, other_in_place}) {
    const std::string text = std::string(R"(
module @m {stage=planned, source="m.onnx", opset=17, arena_bytes=192} {
  const @h0: f32[4] = [1.0, 2.0, 3.0, 4.0]
  func @main(%x: f32[3,4] at input0[0:48]) -> (%y: f32[3,4], %hT: f32[4]) {
    %y: f32[3,4] at output0[0:48], %hT: f32[4] at output1[0:16] = scan t<3 carry(%h: f32[4] at arena[0:16] = @h0) {)") +
                             body + R"(
      %w: f32[4] at output0[16*t:16] = map (n<4) { yield add(%z[n], %n[n]) } loc("/w")
      yield each(%w) carry(%n) loc("/n")
    } loc("/n")
    return %y, %hT
  }
}
)";
    auto module = ir::Parse(text);
    ASSERT_TRUE(module.ok()) << Render(module.diagnostics());
    const std::vector<float> x = {1, -2, 3, 5, 2, 4, -8, 1, 3, 3, 7, -6};
    std::vector<float> y(12), last(4);
    Run(**module, {x.data()}, {y.data(), last.data()});
    for (size_t i = 0; i < 12; ++i) EXPECT_EQ(y[i], 2 * x[i]) << i << body;
    EXPECT_EQ(last, (std::vector<float>{7, 7, 5, 4}));
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, OnRow, testing::ValuesIn(test::TestRows()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace rnnc
