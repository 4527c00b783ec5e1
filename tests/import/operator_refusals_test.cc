// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/import/refusal_cases.h"

// Operators that compute: each attribute value and operand that is refused, with its node and what is wrong.
// Catches values that are computed as if they were others, and messages that name another operand.
namespace rnnc::import {
namespace {

using testing::StartsWith;

constexpr int kBool = onnx::TensorProto::BOOL, kInt32 = onnx::TensorProto::INT32,
              kHalf = onnx::TensorProto::FLOAT16;

const RefusalCase kPointwise[] = {
    {"Clip bounds", [] { return One("Clip", {In({2}), Weights({2})}); },
     "m.onnx: n: min: must be a scalar f32, is f32[2]"},
    {"Mod of floats", [] { return One("Mod", {In({2}), In({2})}); }, "m.onnx: n: fmod: must be 1 for f32[2]"},
    {"Gelu", [] { return One("Gelu", {In({2})}, 20).Attribute("approximate", "erf"); },
     "m.onnx: n: approximate: 'erf' is neither none nor tanh"},
    {"BitShift direction",
     [] {
       return One("BitShift", {In({2}, onnx::TensorProto::UINT8), In({2}, onnx::TensorProto::UINT8)})
           .Attribute("direction", "UP");
     },
     "m.onnx: n: direction: 'UP' is neither LEFT nor RIGHT"},
    {"BitShift of signed integers",
     [] { return One("BitShift", {In({2}, kInt32), In({2}, kInt32)}).Attribute("direction", "LEFT"); },
     "m.onnx: n: a: must be unsigned, is i32[2]"},
    {"Celu", [] { return One("Celu", {In({2})}).Attribute("alpha", 0.0); },
     "m.onnx: n: alpha: 0 has no meaning; use Relu"},
    {"PRelu", [] { return One("PRelu", {In({1}), In({3})}); },
     "m.onnx: n: slope: f32[3] does not broadcast to f32[1]"},
    {"EyeLike", [] { return One("EyeLike", {In({2, 2})}).Attribute("dtype", int64_t{1} << 32 | 1); },
     "m.onnx: n: dtype: data type 4294967297 is not computed"},
    {"Cast", [] { return One("Cast", {In({2})}).Attribute("to", int64_t{1} << 32 | 1); },
     "m.onnx: n: to: data type 4294967297 is not computed"},
    {"Dropout", [] { return One("Dropout", {In({2}), nullptr, In({}, kBool)}); },
     "m.onnx: n: training_mode: is not known when compiled; bind it with --const, or export for inference"},
    {"Constant without a value", [] { return One("Constant", {}); },
     "m.onnx: n: value: a Constant has exactly one value attribute, this one 0"},
    {"Constant with two",
     [] { return One("Constant", {}).Attribute("value_int", 1).Attribute("value_float", 1.0); },
     "m.onnx: n: value: a Constant has exactly one value attribute, this one 2"},
    {"Constant with an empty list of no kind",
     [] {
       test::OnnxBuilder model = One("Constant", {});
       model.LastNode().add_attribute()->set_name("value_ints");
       return model;
     },
     "m.onnx: n: value: a Constant has exactly one value attribute, this one 0"},
};

const RefusalCase kReductions[] = {
    {"axis", [] { return One("Softmax", {In({2, 3})}).Attribute("axis", 2); },
     "m.onnx: n: axis: 2 is outside the 2 axes of the operand"},
    {"axis before opset 13", [] { return One("Softmax", {In({2, 3})}, 12).Attribute("axis", 3); },
     "m.onnx: n: axis: 3 is outside the 2 axes of the operand"},
    {"axis twice", [] { return One("ReduceSum", {In({2, 3}), Ints({1, -1})}); },
     "m.onnx: n: axes: an axis is named twice"},
    {"axes as a matrix", [] { return One("ReduceSum", {In({2, 3}), Table({1, 1}, {0})}); },
     "m.onnx: n: axes: must be a vector, is i64[1,1]"},
    {"keepdims", [] { return One("ReduceSum", {In({2, 3})}).Attribute("keepdims", 2); },
     "m.onnx: n: keepdims: 2 is neither 0 nor 1"},
    {"sum of bools", [] { return One("ReduceSum", {In({2}, kBool)}); },
     "m.onnx: n: x: must be a number, is bool[2]"},
    {"place of a bool", [] { return One("ArgMax", {In({2}, kBool)}); },
     "m.onnx: n: x: must be a number, is bool[2]"},
    {"place in nothing", [] { return One("ArgMax", {In({0, 2})}); },
     "m.onnx: n: axis: 0 of f32[0,2] is empty"},
    {"sums of bools", [] { return One("CumSum", {In({2}, kBool), Int(0)}); },
     "m.onnx: n: x: must be a number, is bool[2]"},
    {"sums along two axes", [] { return One("CumSum", {In({2, 2}), Ints({0, 1})}); },
     "m.onnx: n: axis: 2 of them, must be 1"},
};

const RefusalCase kNormalizations[] = {
    {"LayerNormalization scale", [] { return One("LayerNormalization", {In({2, 3}), Weights({2, 2, 3})}); },
     "m.onnx: n: scale: f32[2,2,3] does not broadcast to f32[2,3]"},
    {"LayerNormalization of another type",
     [] { return One("LayerNormalization", {In({2, 3}, kHalf), Weights({3})}); },
     "m.onnx: n: scale is f32[3] and x is f16[2,3]; insert a Cast"},
    {"LayerNormalization statistics",
     [] { return One("LayerNormalization", {In({2, 3}), Weights({3})}).Attribute("stash_type", 11); },
     "m.onnx: n: stash_type: double is not computed; 1 (float) is"},
    {"BatchNormalization of a scalar",
     [] {
       return One("BatchNormalization", {In({}), Weights({1}), Weights({1}), Weights({1}), Weights({1})});
     },
     "m.onnx: n: x: must have dimensions, is f32"},
    {"InstanceNormalization without spatial axes",
     [] { return One("InstanceNormalization", {In({1, 2}), Weights({2}), Weights({2})}); },
     "m.onnx: n: input: must have at least 3 dimensions, is f32[1,2]"},
    {"InstanceNormalization channels",
     [] { return One("InstanceNormalization", {In({1, 2, 3}), Weights({2}), Weights({3})}); },
     "m.onnx: n: B: must be one for each of 2 channels, is f32[3]"},
    {"InstanceNormalization of open channels",
     [] { return One("InstanceNormalization", {In({1, "C", 3}), Weights({2}), Weights({2})}); },
     "m.onnx: n: scale: must be one for each of C channels, is f32[2]; bind it with --dim C=N", Open({"C"})},
    {"BatchNormalization of open channels",
     [] {
       return One("BatchNormalization",
                  {In({1, "C"}), Weights({2}), Weights({2}), Weights({2}), Weights({2})});
     },
     "m.onnx: n: scale: must be a float for each of C channels, is f32[2]; bind it with --dim C=N",
     Open({"C"})},
    {"GroupNormalization of open channels",
     [] {
       return One("GroupNormalization", {In({1, "C", 3}), Weights({2}), Weights({2})}, 21)
           .Attribute("num_groups", 2);
     },
     "m.onnx: n: num_groups: 2 groups of f32[1,C,3]; bind it with --dim C=N", Open({"C"})},
    {"GroupNormalization of sizes that are open",
     [] {
       return One("GroupNormalization", {In({1, 2, "S", "T"}), Weights({2}), Weights({2})}, 21)
           .Attribute("num_groups", 1);
     },
     "m.onnx: n: groups: f32[1,2,S,T] as f32[1,1,2,S,T] has several sizes that are not known; bind them with "
     "--dim",
     Open({"S", "T"})},
    {"RMSNormalization axis",
     [] { return One("RMSNormalization", {In({2, 3}), Weights({3})}, 23).Attribute("axis", 2); },
     "m.onnx: n: axis: 2 is outside the 2 axes of the operand"},
    {"RMSNormalization scale", [] { return One("RMSNormalization", {In({2, 3}), Weights({2, 2, 3})}, 23); },
     "m.onnx: n: scale: f32[2,2,3] does not broadcast to f32[2,3]"},
};

const RefusalCase kProducts[] = {
    {"MatMul of a scalar", [] { return One("MatMul", {In({}), In({2})}); },
     "m.onnx: n: operands must have dimensions, one is a scalar"},
    {"Gemm bias", [] { return One("Gemm", {In({1, 2}), Weights({2, 3}), Weights({4, 3})}); },
     "m.onnx: n: c: f32[4,3] does not broadcast to [1,3]"},
    {"Einsum terms", [] { return One("Einsum", {In({2}), In({2})}).Attribute("equation", "i->i"); },
     "m.onnx: n: equation: 1 terms for 2 inputs"},
    {"Einsum result", [] { return One("Einsum", {In({2})}).Attribute("equation", "i->j"); },
     "m.onnx: n: equation: no operand has axis j"},
    {"Conv without spatial axes", [] { return One("Conv", {In({1, 2}), Weights({3, 2, 1})}); },
     "m.onnx: n: x: must have at least 3 dimensions, is f32[1,2]"},
    {"Conv weights", [] { return One("Conv", {In({1, 2, 5}), Weights({3, 2, 1, 1})}); },
     "m.onnx: n: w: is f32[3,2,1,1] for an operand f32[1,2,5]"},
    {"Conv with a kernel of open size", [] { return One("Conv", {In({1, 2, 5}), In({3, 2, "K"})}); },
     "m.onnx: n: w: f32[3,2,K] has a symbolic kernel; bind its size with --dim", Open({"K"})},
    {"Conv kernel_shape",
     [] { return One("Conv", {In({1, 2, 5}), Weights({3, 2, 1})}).Attribute("kernel_shape", Longs{2}); },
     "m.onnx: n: kernel_shape: is not that of the weights, f32[3,2,1]"},
    {"Conv strides",
     [] { return One("Conv", {In({1, 2, 5}), Weights({3, 2, 1})}).Attribute("strides", Longs{1, 1}); },
     "m.onnx: n: strides: 2 numbers, must be 1"},
    {"Conv dilations",
     [] { return One("Conv", {In({1, 2, 5}), Weights({3, 2, 1})}).Attribute("dilations", Longs{0}); },
     "m.onnx: n: dilations: 0 is out of range"},
    {"Conv pads",
     [] { return One("Conv", {In({1, 2, 5}), Weights({3, 2, 1})}).Attribute("pads", Longs{-1, 0}); },
     "m.onnx: n: pads: -1 is out of range"},
    {"Conv auto_pad and pads",
     [] {
       return One("Conv", {In({1, 2, 5}), Weights({3, 2, 1})})
           .Attribute("auto_pad", "SAME_UPPER")
           .Attribute("pads", Longs{1, 0});
     },
     "m.onnx: n: pads: auto_pad is SAME_UPPER too; only one of them may be"},
    {"Conv auto_pad",
     [] { return One("Conv", {In({1, 2, 5}), Weights({3, 2, 1})}).Attribute("auto_pad", "SAME"); },
     "m.onnx: n: auto_pad: 'SAME' is none of NOTSET, SAME_UPPER, SAME_LOWER, VALID"},
    {"Conv group", [] { return One("Conv", {In({1, 2, 5}), Weights({3, 2, 1})}).Attribute("group", 0); },
     "m.onnx: n: group: 0 is not positive"},
    {"Conv bias", [] { return One("Conv", {In({1, 2, 5}), Weights({3, 2, 1}), Weights({2})}); },
     "m.onnx: n: b: must be [3], is f32[2]"},
    {"ConvTranspose auto_pad",
     [] { return One("ConvTranspose", {In({1, 2, 5}), Weights({2, 3, 1})}).Attribute("auto_pad", "SAME"); },
     "m.onnx: n: auto_pad: 'SAME' is none of NOTSET, SAME_UPPER, SAME_LOWER, VALID"},
    {"ConvTranspose auto_pad and pads",
     [] {
       return One("ConvTranspose", {In({1, 2, 5}), Weights({2, 3, 1})})
           .Attribute("auto_pad", "VALID")
           .Attribute("pads", Longs{1, 0});
     },
     "m.onnx: n: pads: auto_pad is VALID too; only one of them may be"},
    {"ConvTranspose of open channels",
     [] { return One("ConvTranspose", {In({1, "C", 5}), Weights({2, 3, 1})}); },
     "m.onnx: n: input channels: C and 2 differ; bind it with --dim C=N", Open({"C"})},
    {"ConvTranspose group",
     [] { return One("ConvTranspose", {In({1, 2, 5}), Weights({2, 3, 1})}).Attribute("group", 0); },
     "m.onnx: n: group: 0 is not positive"},
    {"ConvTranspose groups",
     [] { return One("ConvTranspose", {In({1, 2, 5}), Weights({2, 3, 1})}).Attribute("group", 3); },
     "m.onnx: n: group: 3 does not divide the 2 input channels"},
    {"ConvTranspose bias",
     [] { return One("ConvTranspose", {In({1, 2, 5}), Weights({2, 3, 1}), Weights({2})}); },
     "m.onnx: n: b: must be f32[3], is f32[2]"},
    {"Conv without a kernel", [] { return One("Conv", {In({1, 2, 5}), Weights({3, 2, 0})}); },
     "m.onnx: n: w: f32[3,2,0] has a kernel without elements"},
    {"ConvTranspose without a kernel",
     [] { return One("ConvTranspose", {In({1, 2, 5}), Weights({2, 3, 0})}); },
     "m.onnx: n: w: f32[2,3,0] has a kernel without elements"},
};

test::OnnxBuilder Pool(const test::OnnxBuilder::Dims& x, const char* op = "MaxPool") {
  return One(op, {In(x)}).Attribute("kernel_shape", Longs{2});
}

const RefusalCase kPools[] = {
    {"without spatial axes", [] { return Pool({1, 2}); },
     "m.onnx: n: x: must have at least 3 dimensions, is f32[1,2]"},
    {"global, without spatial axes", [] { return One("GlobalAveragePool", {In({1, 2})}); },
     "m.onnx: n: x: must have at least 3 dimensions, is f32[1,2]"},
    {"kernel_shape", [] { return Pool({1, 2, 3, 3}); }, "m.onnx: n: kernel_shape: 1 numbers, must be 2"},
    {"kernel_shape that nobody wrote",
     [] {
       test::OnnxBuilder model = One("MaxPool", {In({1, 2, 3})});
       model.LastNode().add_attribute()->set_name("kernel_shape");
       return model;
     },
     "m.onnx: n: kernel_shape: is required and not there"},
    {"strides", [] { return Pool({1, 2, 5}).Attribute("strides", Longs{0}); },
     "m.onnx: n: strides: 0 is out of range"},
    {"strides over an open size", [] { return Pool({1, 2, "T"}).Attribute("strides", Longs{2}); },
     "m.onnx: n: strides: windows every 2 over T elements are no polynomial; bind it with --dim T=N",
     Open({"T"})},
    {"pads", [] { return Pool({1, 2, 5}).Attribute("pads", Longs{2, 0}); },
     "m.onnx: n: pads: 2 and 0 leave a window of 2 without elements"},
    {"dilations over an open size",
     [] { return Pool({1, 2, "T"}).Attribute("dilations", Longs{100}).Attribute("pads", Longs{1, 0}); },
     "m.onnx: n: dilations: 100 over T padded elements: a window may miss all of them; bind it with --dim "
     "T=N",
     Open({"T"})},
    {"indices", [] { return One("MaxPool", {In({1, 2, 5})}, 17, 2).Attribute("kernel_shape", Longs{2}); },
     "m.onnx: n: output Indices: is not computed; export without it"},
};

class OperatorRefusals : public testing::TestWithParam<RefusalCase> {};

TEST_P(OperatorRefusals, AreClear) {
  EXPECT_THAT(Refusal(GetParam().model(), GetParam().options), StartsWith(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(Pointwise, OperatorRefusals, testing::ValuesIn(kPointwise));
INSTANTIATE_TEST_SUITE_P(Reductions, OperatorRefusals, testing::ValuesIn(kReductions));
INSTANTIATE_TEST_SUITE_P(Normalizations, OperatorRefusals, testing::ValuesIn(kNormalizations));
INSTANTIATE_TEST_SUITE_P(Products, OperatorRefusals, testing::ValuesIn(kProducts));
INSTANTIATE_TEST_SUITE_P(Pools, OperatorRefusals, testing::ValuesIn(kPools));

}  // namespace
}  // namespace rnnc::import
