// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/pipeline.h"
#include "tests/import/refusal_cases.h"

// What the importer takes, since it means something, and no pass can compute: refused when it is lowered, by
// the same names. Catches kernels that are wrong for what nobody tried, and a location that is lost on the
// way.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;

constexpr int kInt32 = onnx::TensorProto::INT32, kInt64 = onnx::TensorProto::INT64;

// x twice, one behind the other: 2 T steps.
OnnxBuilder TwiceTheSteps() {
  OnnxBuilder model(17);
  model.Input("x", {"T", 1, 2}).Input("lens", {1}, kInt32).FloatsOf("W", {1, 3, 2}).FloatsOf("R", {1, 3, 3});
  model.Node("Concat", {"x", "x"}, {"xx"}, "twice").Attribute("axis", 0);
  return model.Node("RNN", {"xx", "W", "R", "", "lens"}, {"y"}, "n").Output("y");
}

// As many zeros behind x as it has elements.
OnnxBuilder PadByItsLength() {
  OnnxBuilder model(17);
  model.Input("x", {"T"}).Ints("zero", {0}).Node("Shape", {"x"}, {"size"}, "shape");
  model.Node("Concat", {"zero", "size"}, {"pads"}, "join").Attribute("axis", 0);
  return model.Node("Pad", {"x", "pads"}, {"y"}, "n").Output("y");
}

const RefusalCase kCases[] = {
    {"a pad of a value that is an input", [] { return One("Pad", {In({3}), Ints({-1, 1}), In({})}); },
     "m.onnx: n: value: not known when compiled, with negative pads; bind it with --const"},
    {"pads of an open size", PadByItsLength, "m.onnx: n: pads: T is symbolic; bind it with --dim",
     Open({"T"})},
    {"the edge of an open size",
     [] { return One("Pad", {In({"T"}), Ints({1, 1})}).Attribute("mode", "edge"); },
     "m.onnx: n: mode: edge of an axis of size T; bind it with --dim T=N", Open({"T"})},
    {"part of an integer product",
     [] { return One("Gemm", {In({1, 2}, kInt32), In({2, 1}, kInt32)}).Attribute("alpha", 0.5); },
     "m.onnx: n: alpha, beta: 0.5 and 1 on i32; only whole numbers scale integers, insert a Cast"},
    {"a norm over no axes",
     [] { return One("ReduceL2", {In({2})}, 18).Attribute("noop_with_empty_axes", 1); },
     "m.onnx: n: noop_with_empty_axes: 1 without axes: versions of ONNX disagree on what reduce_l2 then is; "
     "give axes"},
    {"elements of an open size by an input", [] { return One("Gather", {In({"T"}), In({1}, kInt64)}); },
     "m.onnx: n: indices: not known when compiled, in an axis of symbolic size T; bind it with --dim",
     Open({"T"})},
    {"several elements of an open size", [] { return One("Gather", {In({"T"}), Ints({0, 1})}); },
     "m.onnx: n: indices: 2 elements of an axis of symbolic size T; bind it with --dim", Open({"T"})},
    {"lengths of steps that are no length of an input", TwiceTheSteps,
     "m.onnx: n: sequence_lens: with 2*T steps; bind them with --dim"},
    {"no steps for any batch",
     [] { return One("RNN", {In({0, "B", 2}), Weights({1, 3, 2}), Weights({1, 3, 3})}); },
     "m.onnx: n: X: no steps for a batch known only in a call; bind it with --dim", Open({"B"})},
};

class CompileRefusals : public testing::TestWithParam<RefusalCase> {};

TEST_P(CompileRefusals, AreClear) {
  const std::unique_ptr<ir::Module> module = Imported(GetParam().model(), GetParam().options);
  ASSERT_NE(module, nullptr);
  const Result<> lowered = passes::RunPipeline(*module, {});
  ASSERT_FALSE(lowered.ok()) << ir::Print(*module);
  std::string text = Render(lowered.diagnostics());
  EXPECT_THAT(text.substr(text.rfind('/') + 1), testing::StartsWith(GetParam().expected)) << text;
}

INSTANTIATE_TEST_SUITE_P(, CompileRefusals, testing::ValuesIn(kCases));

}  // namespace
}  // namespace rnnc::import
