// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <limits>

#include "tests/import/refusal_cases.h"

// Operators that move elements, and that make tensors of positions and shapes: each attribute value and
// operand that is refused. Catches places outside of a tensor that are read, and sizes that are guessed.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using testing::StartsWith;

constexpr int kBool = onnx::TensorProto::BOOL, kInt32 = onnx::TensorProto::INT32,
              kInt64 = onnx::TensorProto::INT64;

const RefusalCase kLayout[] = {
    {"Transpose", [] { return One("Transpose", {In({2, 3})}).Attribute("perm", Longs{0, 0}); },
     "m.onnx: n: perm: no permutation of the 2 axes of the operand"},
    {"Flatten", [] { return One("Flatten", {In({2, 3})}).Attribute("axis", 3); },
     "m.onnx: n: axis: 3 is outside the 2 axes of the operand"},
    {"Squeeze of an open size", [] { return One("Squeeze", {In({1, "T"})}); },
     "m.onnx: n: axes: absent, and whether T of f32[1,T] is 1 is not known; bind it with --dim T=N",
     Open({"T"})},
    {"Unsqueeze", [] { return One("Unsqueeze", {In({2}), Ints({0, 0})}); },
     "m.onnx: n: axes: an axis is named twice"},
    {"Concat of shapes", [] { return One("Concat", {In({2, 3}), In({4, 2})}).Attribute("axis", 0); },
     "m.onnx: n: inputs: cannot join f32[2,3] and f32[4,2] along axis 0"},
    {"Concat of sizes that only calls know",
     [] { return One("Concat", {In({2, "T"}), In({2, 3})}).Attribute("axis", 0); },
     "m.onnx: n: inputs: cannot join f32[2,T] and f32[2,3] along axis 0; bind it with --dim T=N",
     Open({"T"})},
    {"Concat of too much",
     [] {
       const int64_t huge = int64_t{1} << 62;
       return One("Concat", {In({0, huge}), In({0, huge})}).Attribute("axis", 1);
     },
     "m.onnx: n: the size of a result overflows 64 bits"},
    {"Split by both", [] { return One("Split", {In({4}), Ints({2, 2})}, 18, 2).Attribute("num_outputs", 2); },
     "m.onnx: n: num_outputs: the operand split is there too; only one of them may be"},
    {"Split of an open size", [] { return One("Split", {In({"T"})}, 18, 2).Attribute("num_outputs", 2); },
     "m.onnx: n: num_outputs: 2 does not divide T; bind it with --dim T=N", Open({"T"})},
    {"Slice", [] { return One("Slice", {In({4}), Ints({0}), Ints({4}), Ints({0}), Ints({0})}); },
     "m.onnx: n: steps: 0 for axis 0"},
    {"Slice along one axis twice",
     [] { return One("Slice", {In({4, 2}), Ints({0, 0}), Ints({4, 2}), Ints({0, -2})}); },
     "m.onnx: n: axes: an axis is named twice"},
    {"Pad every axis", [] { return One("Pad", {In({2, 3}), Ints({1, 1})}); },
     "m.onnx: n: pads: 2 of them, must be 4"},
    {"Pad some axes", [] { return One("Pad", {In({2, 3}), Ints({1, 1, 1}), nullptr, Ints({0})}, 18); },
     "m.onnx: n: pads: 3 of them, must be even"},
    {"Pad with a value of another type", [] { return One("Pad", {In({2}), Ints({1, 1}), Int(0)}); },
     "m.onnx: n: value: must be a scalar f32, is i64"},
    {"Trilu of a vector", [] { return One("Trilu", {In({2})}); },
     "m.onnx: n: x: must have at least 2 dimensions, is f32[2]"},
    {"Trilu of two diagonals", [] { return One("Trilu", {In({2, 2}), Ints({0, 1})}); },
     "m.onnx: n: k: must be a scalar i64, is i64[2]"},
    {"DepthToSpace", [] { return One("DepthToSpace", {In({1, 3, 2, 2})}).Attribute("blocksize", 2); },
     "m.onnx: n: blocksize: 2 for f32[1,3,2,2]"},
    {"DepthToSpace of open channels",
     [] { return One("DepthToSpace", {In({1, "C", 2, 2})}).Attribute("blocksize", 2); },
     "m.onnx: n: blocksize: 2 for f32[1,C,2,2]; bind it with --dim C=N", Open({"C"})},
    {"SpaceToDepth", [] { return One("SpaceToDepth", {In({1, 1, 2, "W"})}).Attribute("blocksize", 2); },
     "m.onnx: n: blocksize: 2 for f32[1,1,2,W]; bind it with --dim W=N", Open({"W"})},
};

const RefusalCase kPlaces[] = {
    {"Gather", [] { return One("Gather", {In({2}), In({1})}); },
     "m.onnx: n: indices: must be i32 or i64, is f32[1]"},
    {"GatherElements by floats", [] { return One("GatherElements", {In({2}), In({1})}); },
     "m.onnx: n: indices: must be i32 or i64, is f32[1]"},
    {"GatherElements with more rows", [] { return One("GatherElements", {In({2, 3}), In({2, 4}, kInt64)}); },
     "m.onnx: n: indices: axis 1 is 4, which is not known to lie within 3"},
    {"GatherElements with a row for each step",
     [] { return One("GatherElements", {In({2, 3}), In({2, "T"}, kInt64)}); },
     "m.onnx: n: indices: axis 1 is T, which is not known to lie within 3; bind it with --dim T=N",
     Open({"T"})},
    {"GatherElements from an open size", [] { return One("GatherElements", {In({"T"}), In({1}, kInt64)}); },
     "m.onnx: n: indices: into axis 0 of T; bind it with --dim T=N", Open({"T"})},
    {"GatherND by floats", [] { return One("GatherND", {In({2}), Weights({1})}); },
     "m.onnx: n: indices: must be i32 or i64, is f32[1]"},
    {"GatherND by input", [] { return One("GatherND", {In({2, 2}), In({1, 1}, kInt64)}); },
     "m.onnx: n: indices: %b depends on the input 'b'; give its value with --const b=VALUE"},
    {"GatherND from an open size", [] { return One("GatherND", {In({"T", 2}), Table({1, 1}, {0})}); },
     "m.onnx: n: indices: into axis 0 of f32[T,2]; bind its size with --dim", Open({"T"})},
    {"GatherND with fewer batches than there are",
     [] { return One("GatherND", {In({2, 3}), Table({1, 1}, {0})}).Attribute("batch_dims", 1); },
     "m.onnx: n: batch_dims: axis 0 of indices i64[1,1] is not that of f32[2,3]"},
    {"ScatterElements by floats", [] { return One("ScatterElements", {In({2}), Weights({1}), In({1})}); },
     "m.onnx: n: indices: must be i32 or i64, is f32[1]"},
    {"ScatterND by 32 bits", [] { return One("ScatterND", {In({2}), In({1, 1}, kInt32), In({1})}); },
     "m.onnx: n: indices: must be i64, is i32[1,1]"},
    {"ScatterND by input", [] { return One("ScatterND", {In({2}), In({1, 1}, kInt64), In({1})}); },
     "m.onnx: n: indices: %b depends on the input 'b'; give its value with --const b=VALUE"},
    {"ScatterND into an open size", [] { return One("ScatterND", {In({"T"}), Table({1, 1}, {0}), In({1})}); },
     "m.onnx: n: indices: into axis 0 of T; bind it with --dim T=N", Open({"T"})},
    {"ScatterND updates", [] { return One("ScatterND", {In({2}), Table({1, 1}, {0}), In({2})}); },
     "m.onnx: n: updates: must be f32[1], is f32[2]"},
    {"ScatterND updates of an open size",
     [] { return One("ScatterND", {In({2}), Table({1, 1}, {0}), In({"T"})}); },
     "m.onnx: n: updates: must be f32[1], is f32[T]; bind it with --dim T=N", Open({"T"})},
    {"ScatterElements updates of an open size",
     [] { return One("ScatterElements", {In({2}), Ints({0}), In({"T"})}); },
     "m.onnx: n: indices: i64[1] for f32[2], updates f32[T], along axis 0; bind it with --dim T=N",
     Open({"T"})},
    {"ScatterND reduction",
     [] {
       return One("ScatterND", {In({2}), Table({1, 1}, {0}), In({1})}, 18).Attribute("reduction", "mean");
     },
     "m.onnx: n: reduction: 'mean' is not computed; none, add, mul, max and min are"},
    {"ScatterND of bools",
     [] {
       return One("ScatterND", {In({2}, kBool), Table({1, 1}, {0}), In({1}, kBool)}, 18)
           .Attribute("reduction", "add");
     },
     "m.onnx: n: reduction: 'add' of bool[2]; insert a Cast"},
    {"Compress by a matrix", [] { return One("Compress", {In({2}), In({1, 2}, kBool)}); },
     "m.onnx: n: condition: must be bools in 1 dimension, is bool[1,2]"},
    {"Compress by integers", [] { return One("Compress", {In({2}), Ints({1, 0})}); },
     "m.onnx: n: condition: must be bools in 1 dimension, is i64[2]"},
    {"Compress by input", [] { return One("Compress", {In({2}), In({2}, kBool)}); },
     "m.onnx: n: condition: %b depends on the input 'b'; give its value with --const b=VALUE"},
    {"OneHot of an input's depth",
     [] { return One("OneHot", {In({2}, kInt64), In({}, kInt64), Weights({2})}); },
     "m.onnx: n: depth: %b depends on the input 'b'; give its value with --const b=VALUE"},
    {"OneHot of no depth",
     [] {
       return One("OneHot", {In({2}, kInt64),
                             [](OnnxBuilder& model, const std::string& name) {
                               model.Floats(name, {}, {std::numeric_limits<float>::quiet_NaN()});
                             },
                             Weights({2})});
     },
     "m.onnx: n: depth: nan is no size"},
    {"OneHot values", [] { return One("OneHot", {In({2}, kInt64), Int(3), Weights({3})}); },
     "m.onnx: n: values: must have 2 elements, is f32[3]"},
    {"OneHot axis",
     [] { return One("OneHot", {In({2}, kInt64), Int(3), Weights({2})}).Attribute("axis", 2); },
     "m.onnx: n: axis: 2 is outside the 2 axes of the result"},
};

const RefusalCase kShapes[] = {
    {"Range of a bool", [] { return One("Range", {In({}, kBool), In({}, kBool), In({}, kBool)}); },
     "m.onnx: n: start: must be a scalar number like the others, is bool"},
    {"Range of two types", [] { return One("Range", {Int(0), Int(3), Weights({})}); },
     "m.onnx: n: delta: must be a scalar number like the others, is f32"},
    {"Range in no steps", [] { return One("Range", {Int(0), Int(3), Int(0)}); },
     "m.onnx: n: delta: 0 is no step"},
    {"ConstantOfShape",
     [] {
       return One("ConstantOfShape", {Ints({2})}).Attribute("value", test::FloatTensor("v", {2}, {1, 2}));
     },
     "m.onnx: n: value: must have one element, is f32[2]"},
    {"tensor in segments",
     [] {
       onnx::TensorProto tensor = test::FloatTensor("b", {1}, {1});
       tensor.mutable_segment()->set_begin(0);
       return One("Add",
                  {In({1}), [=](OnnxBuilder& model, const std::string&) { model.Initialiser(tensor); }});
     },
     "m.onnx: initialiser 'b': is cut into segments, which are not computed; export the model again"},
    {"half of more than 16 bits",
     [] {
       onnx::TensorProto tensor;
       tensor.set_data_type(onnx::TensorProto::FLOAT16);
       tensor.add_dims(1);
       tensor.add_int32_data(0x10000);
       return One("Constant", {}).Attribute("value", tensor);
     },
     "m.onnx: n: value: 65536 is no 16-bit pattern"},
};

const RefusalCase kRecurrent[] = {
    {"R", [] { return One("LSTM", {In({5, 1, 2}), Weights({1, 12, 2}), Weights({12, 3})}); },
     "m.onnx: n: R: must have 3 fixed dimensions, is f32[12,3]"},
    {"R of an open size", [] { return One("GRU", {In({5, 1, 2}), Weights({1, 9, 2}), In({1, 9, "H"})}); },
     "m.onnx: n: R: must have 3 fixed dimensions, is f32[1,9,H]; bind it with --dim H=N", Open({"H"})},
    {"X", [] { return One("RNN", {In({5, 1, 2}, kInt32), Weights({1, 3, 2}), Weights({1, 3, 3})}); },
     "m.onnx: n: X: must be a float, is i32[5,1,2]"},
};

class LayoutRefusals : public testing::TestWithParam<RefusalCase> {};

TEST_P(LayoutRefusals, AreClear) {
  EXPECT_THAT(Refusal(GetParam().model(), GetParam().options), StartsWith(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(Layout, LayoutRefusals, testing::ValuesIn(kLayout));
INSTANTIATE_TEST_SUITE_P(Places, LayoutRefusals, testing::ValuesIn(kPlaces));
INSTANTIATE_TEST_SUITE_P(Shapes, LayoutRefusals, testing::ValuesIn(kShapes));
INSTANTIATE_TEST_SUITE_P(Recurrent, LayoutRefusals, testing::ValuesIn(kRecurrent));

// Catches a list of no kind, which is an empty one, that is taken for one that is there: the default is
// meant.
TEST(EmptyLists, AreDefaults) {
  const std::string plain =
      Body(*Imported(One("RNN", {In({5, 1, 2}), Weights({1, 3, 2}), Weights({1, 3, 3})})));
  for (const char* name : {"activations", "activation_alpha", "activation_beta"}) {
    OnnxBuilder model = One("RNN", {In({5, 1, 2}), Weights({1, 3, 2}), Weights({1, 3, 3})});
    model.LastNode().add_attribute()->set_name(name);
    const std::unique_ptr<ir::Module> module = Imported(model);
    ASSERT_NE(module, nullptr) << name;
    EXPECT_EQ(Body(*module), plain) << name;
  }
}

}  // namespace
}  // namespace rnnc::import
