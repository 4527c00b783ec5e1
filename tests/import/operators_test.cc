// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gmock/gmock.h>

#include "compiler/ir/graph_evaluator.h"
#include "tests/import/import_test.h"

// Operators that become others when imported, by the values that their pages give; versions that differ; what
// is refused. Catches a version rule or a composition that changes the meaning.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pointwise;

constexpr int kBool = onnx::TensorProto::BOOL;
using L = std::vector<int64_t>;

std::string TextOf(const OnnxBuilder& model) {
  std::unique_ptr<ir::Module> module = Imported(model);
  return module == nullptr ? "" : ir::Print(*module, {.locations = false});
}

// The only output, computed by the oracle for one float input.
std::vector<double> ValuesOf(const OnnxBuilder& model, const std::vector<double>& x) {
  std::unique_ptr<ir::Module> module = Imported(model);
  if (module == nullptr) return {};
  const ir::Function& main = *module->FindFunction("main");
  ir::Array input = ir::MakeArray(main.Body().Arguments().front()->type.element,
                                  main.Body().Arguments().front()->type.StaticDims());
  for (size_t i = 0; i < x.size(); ++i) input.SetNumber(static_cast<int64_t>(i), x[i]);
  Result<std::vector<ir::Array>> results = ir::EvaluateGraph(main, {input});
  EXPECT_TRUE(results.ok()) << Render(results.diagnostics());
  std::vector<double> values;
  for (int64_t i = 0; results.ok() && i < results->front().Count(); ++i) {
    values.push_back(results->front().NumberAt(i));
  }
  return values;
}

OnnxBuilder Unary(const std::string& op, int opset, const OnnxBuilder::Dims& dims) {
  OnnxBuilder model(opset);
  model.Input("x", dims).Node(op, {"x"}, {"y"}, "n").Output("y");
  return model;
}

TEST(OperatorVersions, ArgMaxGotAnAttribute) {
  EXPECT_THAT(TextOf(Unary("ArgMax", 7, {2, 3}).Attribute("axis", 1)),
              HasSubstr("%y: i64[2,1] = arg_max %x {axis=1, keepdims=1, select_last_index=0}"));
  EXPECT_THAT(TextOf(Unary("ArgMin", 12, {2, 3}).Attribute("select_last_index", 1).Attribute("keepdims", 0)),
              HasSubstr("%y: i64[3] = arg_min %x {axis=0, keepdims=0, select_last_index=1}"));
  EXPECT_THAT(Refusal(Unary("ArgMax", 11, {2, 3}).Attribute("select_last_index", 1)),
              HasSubstr("m.onnx: n: select_last_index: ArgMax has no such attribute at opset 11"));
}

TEST(OperatorVersions, HardmaxWorkedOnAMatrix) {
  EXPECT_THAT(ValuesOf(Unary("Hardmax", 12, {1, 2, 2}), {1, 4, 2, 3}), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(ValuesOf(Unary("Hardmax", 13, {1, 2, 2}), {1, 4, 2, 3}), ElementsAre(0, 1, 0, 1));
}

TEST(OperatorVersions, BatchNormalization) {
  const auto model = [](int opset) {
    OnnxBuilder builder(opset);
    builder.Input("x", {1, 2, 3}).FloatsOf("s", {2}).FloatsOf("b", {2}).FloatsOf("m", {2}).FloatsOf("v", {2});
    builder.Node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y"}, "n").Output("y");
    return builder;
  };
  for (int opset : {7, 9, 14, 15}) {
    EXPECT_THAT(TextOf(model(opset)),
                HasSubstr("%y: f32[1,2,3] = batch_normalization %x, @s, @b, @m, @v {epsilon=1e-05}"));
  }
  EXPECT_THAT(Refusal(model(15).Attribute("training_mode", 1)),
              HasSubstr("m.onnx: n: training_mode: is 1; export for inference"));
  EXPECT_THAT(Refusal(model(7).Attribute("spatial", 0)), HasSubstr("m.onnx: n: spatial: is 0"));
}

TEST(OperatorVersions, GroupNormalizationScaledGroups) {
  const auto model = [](int opset, int64_t factors) {
    OnnxBuilder builder(opset);
    builder.Input("x", {1, 4, 1});
    builder.Floats("s", {factors}, {1, 2, 3, 4}).Floats("b", {factors}, {0, 0, 0, 10});
    builder.Node("GroupNormalization", {"x", "s", "b"}, {"y"}, "n");
    builder.Attribute("num_groups", 2).Attribute("epsilon", 0.0).Output("y");
    return builder;
  };
  OnnxBuilder old(18);
  old.Input("x", {1, 4, 1}).Floats("s", {2}, {1, 3}).Floats("b", {2}, {0, 10});
  old.Node("GroupNormalization", {"x", "s", "b"}, {"y"}, "n").Attribute("num_groups", 2);
  old.Attribute("epsilon", 0.0).Output("y");
  EXPECT_THAT(ValuesOf(old, {1, 3, 10, 30}), ElementsAre(-1, 1, 7, 13));
  EXPECT_THAT(ValuesOf(model(21, 4), {1, 3, 10, 30}), ElementsAre(-1, 2, -3, 14));
  EXPECT_THAT(Refusal(model(18, 4)), HasSubstr("m.onnx: n: scale: must have 2 elements, is f32[4]"));
}

TEST(ComposedOperators, Normalizations) {
  OnnxBuilder instance(17);
  instance.Input("x", {1, 2, 2}).Floats("s", {2}, {1, 2}).Floats("b", {2}, {0, 5});
  instance.Node("InstanceNormalization", {"x", "s", "b"}, {"y"}).Attribute("epsilon", 0.0).Output("y");
  EXPECT_THAT(ValuesOf(instance, {1, 3, 10, 30}), ElementsAre(-1, 1, 3, 7));
  OnnxBuilder rms(23, 10);
  rms.Input("x", {1, 2}).Floats("s", {2}, {1, 2});
  rms.Node("RMSNormalization", {"x", "s"}, {"y"}).Attribute("epsilon", 0.0).Output("y");
  EXPECT_THAT(ValuesOf(rms, {1, 7}), ElementsAre(0.2, 2.8));  // the mean of the squares is 25
  EXPECT_THAT(
      ValuesOf(Unary("MeanVarianceNormalization", 13, {2, 2}).Attribute("axes", L{0}), {1, 10, 3, 30}),
      Pointwise(testing::DoubleNear(1e-6), {-1, -1, 1, 1}));
  OnnxBuilder stash(17);
  stash.Input("x", {2, 3}).FloatsOf("s", {3}).Node("LayerNormalization", {"x", "s"}, {"y"}, "n");
  EXPECT_THAT(Refusal(stash.Attribute("stash_type", 16).Output("y")),
              HasSubstr("m.onnx: n: stash_type: bfloat16 is not computed"));
}

TEST(ComposedOperators, GlobalPoolsAndSwish) {
  EXPECT_THAT(ValuesOf(Unary("GlobalAveragePool", 17, {1, 2, 2}), {1, 3, 10, 30}), ElementsAre(2, 20));
  EXPECT_THAT(ValuesOf(Unary("GlobalMaxPool", 17, {1, 2, 2}), {1, 3, 10, 30}), ElementsAre(3, 30));
  OnnxBuilder swish(24, 10);
  swish.Input("x", {1}).Node("Swish", {"x"}, {"y"}).Attribute("alpha", 2.0).Output("y");
  EXPECT_THAT(ValuesOf(swish, {1}), Pointwise(testing::DoubleNear(1e-9), {1 / (1 + std::exp(-2.0))}));
}

// The page's own rearrangements: DCR reads blocks of depth, CRD columns first.
TEST(ComposedOperators, BlocksOfSpace) {
  const std::vector<double> depth = {0, 1, 2, 3, 4, 5, 6, 7};
  EXPECT_THAT(ValuesOf(Unary("DepthToSpace", 13, {1, 8, 1, 1}).Attribute("blocksize", 2), depth),
              ElementsAre(0, 2, 4, 6, 1, 3, 5, 7));
  EXPECT_THAT(
      ValuesOf(Unary("DepthToSpace", 13, {1, 8, 1, 1}).Attribute("blocksize", 2).Attribute("mode", "CRD"),
               depth),
      ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(ValuesOf(Unary("SpaceToDepth", 13, {1, 2, 2, 2}).Attribute("blocksize", 2), depth),
              ElementsAre(0, 4, 1, 5, 2, 6, 3, 7));
}

TEST(ComposedOperators, OneHotCountsFromTheEnd) {
  OnnxBuilder model(13);
  model.Input("x", {2}, OnnxBuilder::kInt64).Int("d", 3).Floats("v", {2}, {-1, 5});
  model.Node("OneHot", {"x", "d", "v"}, {"y"}).Attribute("axis", 0).Output("y");
  EXPECT_THAT(ValuesOf(model, {1, -1}), ElementsAre(-1, -1, 5, -1, -1, 5));
}

TEST(ComposedOperators, KnownPlaces) {
  OnnxBuilder compress(11);
  onnx::TensorProto& condition = *compress.Graph().add_initializer();
  condition.set_name("c");
  condition.set_data_type(kBool);
  condition.add_dims(3);
  for (int flag : {1, 0, 1}) condition.add_int32_data(flag);
  compress.Input("x", {3, 1}).Node("Compress", {"x", "c"}, {"y"}).Attribute("axis", -2).Output("y");
  EXPECT_THAT(ValuesOf(compress, {1, 2, 3}), ElementsAre(1, 3));

  const auto indexed = [](const char* op, const std::vector<std::string>& inputs, const L& dims,
                          const L& values) {
    OnnxBuilder model(16);
    onnx::TensorProto& indices = *model.Graph().add_initializer();
    indices = test::IntTensor("i", dims, values);
    model.Input("x", {2, 2}).Floats("u", {1, 2}, {50, 60}).Node(op, inputs, {"y"}, "n").Output("y");
    return model;
  };
  const std::vector<std::string> gather = {"x", "i"}, scatter = {"x", "i", "u"};
  const std::vector<double> x = {1, 2, 3, 4};
  EXPECT_THAT(ValuesOf(indexed("GatherND", gather, {2, 2}, {0, 0, 1, -1}), x), ElementsAre(1, 4));
  EXPECT_THAT(ValuesOf(indexed("GatherND", gather, {2, 1}, {1, 0}).Attribute("batch_dims", 1), x),
              ElementsAre(2, 3));
  EXPECT_THAT(ValuesOf(indexed("ScatterElements", scatter, {1, 2}, {1, 0}).Attribute("axis", 1), x),
              ElementsAre(60, 50, 3, 4));
  EXPECT_THAT(ValuesOf(indexed("ScatterElements", scatter, {1, 2}, {1, -2}).Attribute("reduction", "add"), x),
              ElementsAre(1, 62, 53, 4));
  EXPECT_THAT(ValuesOf(indexed("ScatterND", scatter, {1, 1}, {1}), x), ElementsAre(1, 2, 50, 60));
  EXPECT_THAT(Refusal(indexed("ScatterElements", scatter, {1, 2}, {1, 1}).Attribute("axis", 1)),
              HasSubstr("m.onnx: n: indices: name one place twice"));
}

TEST(ComposedOperators, EinsumIsBroughtIntoOneForm) {
  const auto model = [](const char* equation) {
    OnnxBuilder builder(12);
    builder.Input("x", {2, 3, 4}).FloatsOf("w", {2, 4, 5}).Node("Einsum", {"x", "w"}, {"y"}, "n");
    return builder.Attribute("equation", equation).Output("y");
  };
  EXPECT_THAT(TextOf(model("bij, bjk -> bik")),
              HasSubstr("%y: f32[2,3,5] = einsum %x, @w {equation=\"bij,bjk->bik\"}"));
  EXPECT_THAT(TextOf(model("bij,bjk")), HasSubstr("f32[3,5] = einsum %x, @w {equation=\"bij,bjk->ik\"}"));
  EXPECT_THAT(TextOf(model("...ij,...jk->...ik")), HasSubstr("{equation=\"Aij,Ajk->Aik\"}"));
  OnnxBuilder aligned(12);
  aligned.Input("x", {3, 2, 4}).FloatsOf("w", {2, 4, 5}).Node("Einsum", {"x", "w"}, {"y"}, "n");
  EXPECT_THAT(TextOf(aligned.Attribute("equation", "...j,...jk->k...").Output("y")),
              HasSubstr("f32[5,3,2] = einsum %x, @w {equation=\"ABj,Bjk->kAB\"}"));
  EXPECT_THAT(Refusal(model("bi,bjk->ik")), HasSubstr("m.onnx: n: equation: 'bi' for f32[2,3,4]"));
  EXPECT_THAT(Refusal(model("bij,bjk->ii")), HasSubstr("m.onnx: n: equation: the result 'ii'"));
}

TEST(Windows, EveryAttributeIsWrittenOut) {
  EXPECT_THAT(
      TextOf(Unary("MaxPool", 7, {1, 2, 9}).Attribute("kernel_shape", L{3})),
      HasSubstr("%y: f32[1,2,7] = max_pool %x {ceil_mode=0, dilations=[1], kernel_shape=[3], pads=[0, 0], "
                "strides=[1]}"));
  EXPECT_THAT(TextOf(Unary("AveragePool", 19, {1, 2, 9})
                         .Attribute("kernel_shape", L{3})
                         .Attribute("strides", L{2})
                         .Attribute("auto_pad", "SAME_UPPER")),
              HasSubstr("%y: f32[1,2,5] = average_pool %x {ceil_mode=0, count_include_pad=0, dilations=[1], "
                        "kernel_shape=[3], pads=[1, 1], strides=[2]}"));
  OnnxBuilder indices(12);
  indices.Input("x", {1, 1, 4}).Node("MaxPool", {"x"}, {"y", "i"}, "n").Attribute("kernel_shape", L{2});
  EXPECT_THAT(Refusal(indices.Output("y").Output("i")),
              HasSubstr("m.onnx: n: output Indices: is not computed"));
}

TEST(Windows, TransposedPadsFromAShape) {
  const auto model = [](int opset) {
    OnnxBuilder builder(opset);
    builder.Input("x", {1, 1, 4}).FloatsOf("w", {1, 1, 3}).Node("ConvTranspose", {"x", "w"}, {"y"}, "n");
    return builder.Attribute("strides", L{2}).Output("y");
  };
  EXPECT_THAT(TextOf(model(11).Attribute("output_shape", L{8})),
              HasSubstr("%y: f32[1,1,8] = conv_transpose x: %x, w: @w {dilations=[1], group=1, "
                        "output_padding=[0], pads=[1, 0], strides=[2]}"));
  EXPECT_THAT(TextOf(model(11).Attribute("auto_pad", "SAME_UPPER")), HasSubstr("pads=[0, 1]"));
  EXPECT_THAT(Refusal(model(10).Attribute("output_shape", L{8})),
              HasSubstr("m.onnx: n: output_shape: an odd number of pads, 1: versions of ONNX disagree"));
  EXPECT_THAT(Refusal(model(11).Attribute("output_shape", L{10})), HasSubstr("give output_padding"));
}

TEST(Generators, TypesAndLengths) {
  EXPECT_THAT(TextOf(Unary("EyeLike", 9, {2, 3}).Attribute("dtype", 7).Attribute("k", -1)),
              HasSubstr("%y: i64[2,3] = eye_like %x {dtype=\"i64\", k=-1}"));
  EXPECT_THAT(TextOf(Unary("EyeLike", 9, {2, 3})), HasSubstr("dtype=\"f32\""));
  OnnxBuilder like(15);
  like.Input("x", {2}).Ints("l", {1, 2, 3}).Node("CastLike", {"x", "l"}, {"y"}).Output("y");
  EXPECT_THAT(TextOf(like), HasSubstr("%y: i64[2] = cast %x {to=\"i64\"}"));
  OnnxBuilder range(11);
  range.Input("x", {}, OnnxBuilder::kInt64).Int("s", 0).Int("d", 1);
  range.Node("Range", {"s", "x", "d"}, {"y"}, "n").Output("y");
  EXPECT_THAT(Refusal(range), HasSubstr("m.onnx: n: limit: %x depends on the input 'x'; give its value with "
                                        "--const x=VALUE"));
}

}  // namespace
}  // namespace rnnc::import
