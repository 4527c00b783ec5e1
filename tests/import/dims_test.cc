// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/import/import_test.h"

// Which symbolic dims are bound to what. Catches defaults that guess, and options that are dropped.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using testing::HasSubstr;

// x[batch, time, 2] as PyTorch writes it: transposed, an RNN, its last step.
OnnxBuilder BatchFirst(const OnnxBuilder::Dim& batch, const OnnxBuilder::Dim& time) {
  OnnxBuilder model(17);
  model.Input("x", {batch, time, 2}).FloatsOf("W", {1, 3, 2}).FloatsOf("R", {1, 3, 3}).Int("last", -1);
  model.Node("Transpose", {"x"}, {"xt"}, "t").Attribute("perm", std::vector<int64_t>{1, 0, 2});
  model.Node("RNN", {"xt", "W", "R"}, {"ys"}, "rnn").Node("Gather", {"ys", "last"}, {"y"}, "g").Output("y");
  return model;
}

std::string Argument(const OnnxBuilder& model, const ImportOptions& options = {},
                     ImportNotes* notes = nullptr) {
  std::unique_ptr<ir::Module> module = Imported(model, options, notes);
  return module == nullptr ? "" : module->FindFunction("main")->Body().Arguments().at(0)->type.ToText();
}

ImportOptions Dims(std::map<std::string, int64_t> dims) {
  ImportOptions options;
  options.dims = std::move(dims);
  return options;
}

TEST(Dims, BatchIsOneAndTimeStays) {
  ImportNotes notes;
  EXPECT_EQ(Argument(BatchFirst("N", "T"), {}, &notes), "f32[1,T,2]");
  ASSERT_EQ(notes.dims.size(), 2u);
  EXPECT_EQ(notes.dims[0].bound, std::optional<int64_t>(1));
  EXPECT_EQ(notes.dims[0].reason, "batch axis of recurrent nodes");
  EXPECT_EQ(notes.dims[1].bound, std::nullopt);
  EXPECT_EQ(notes.inputs[0].declared, "f32[N,T,2]");
  EXPECT_EQ(notes.outputs[0].type->ToText(), "f32[1,1,3]");
}

TEST(Dims, Options) {
  EXPECT_EQ(Argument(BatchFirst("N", "T"), Dims({{"N", 4}})), "f32[4,T,2]");
  EXPECT_EQ(Argument(BatchFirst("N", "T"), Dims({{"T", 7}})), "f32[1,7,2]");
  ImportOptions shape;
  shape.shapes["x"] = {3, -1, 2};
  EXPECT_EQ(Argument(BatchFirst("N", "T"), shape), "f32[3,T,2]");
  ImportOptions keep;
  keep.open_dims = {{"N", {}}};
  EXPECT_EQ(Argument(BatchFirst("N", "T"), keep), "f32[N,T,2]");
}

TEST(Dims, Names) {
  EXPECT_EQ(Argument(BatchFirst(-1, -1)), "f32[1,x_1,2]");
  EXPECT_EQ(Argument(BatchFirst("batch size", "seq len")), "f32[1,seq_len,2]");
  EXPECT_EQ(Argument(BatchFirst("batch size", "seq len"), Dims({{"seq len", 3}})), "f32[1,3,2]");
  EXPECT_EQ(Argument(BatchFirst("batch size", "seq len"), Dims({{"seq_len", 3}})), "f32[1,3,2]");
}

TEST(Dims, WrongOptions) {
  EXPECT_THAT(Refusal(BatchFirst("batch", "T"), Dims({{"bacth", 1}})),
              HasSubstr("m.onnx: --dim bacth: no input has a dim of that name; did you mean 'batch'?"));
  EXPECT_THAT(Refusal(BatchFirst("N", "T"), Dims({{"N", 0}})), HasSubstr("--dim N: 0 is no size"));
  ImportOptions options;
  options.shapes["x"] = {1, 5, 3};
  EXPECT_THAT(Refusal(BatchFirst("N", "T"), options),
              HasSubstr("--shape x: size 3 of axis 2 is not 2, which the model declares"));
  options.shapes["x"] = {1, 5};
  EXPECT_THAT(Refusal(BatchFirst("N", "T"), options), HasSubstr("--shape x: 2 sizes for f32[N,T,2]"));
  options.shapes = {{"z", {1}}};
  EXPECT_THAT(Refusal(BatchFirst("N", "T"), options),
              HasSubstr("--shape z: the model has no input of that name"));
  options.shapes = {{"x", {2, -1, -1}}};
  options.dims = {{"N", 3}};
  EXPECT_THAT(Refusal(BatchFirst("N", "T"), options), HasSubstr("dim 'N': is bound to 2 and to 3"));
}

TEST(Dims, WithoutRecurrentNodes) {
  OnnxBuilder model(17);
  model.Input("x", {"batch", 4}).Node("Relu", {"x"}, {"y"}).Output("y");
  EXPECT_EQ(Argument(model), "f32[1,4]");
  OnnxBuilder other(17);
  other.Input("x", {"batch", "width"}).Node("Relu", {"x"}, {"y"}).Output("y");
  EXPECT_EQ(Refusal(other), "m.onnx: dim 'width' of input 'x': is symbolic; bind it with --dim width=N");
}

TEST(Dims, EqualNamesAreOneSymbol) {
  OnnxBuilder model(17);
  model.Input("a", {"n", 2}).Input("b", {"n", 2}).Node("Add", {"a", "b"}, {"y"}).Output("y");
  ImportOptions keep;
  keep.open_dims = {{"n", {}}};
  EXPECT_EQ(Argument(model, keep), "f32[n,2]");
  OnnxBuilder two(17);
  two.Input("a", {"n", 2}).Input("b", {"m", 2}).Node("Add", {"a", "b"}, {"y"}, "sum").Output("y");
  keep.open_dims = {{"n", {}}, {"m", {}}};
  EXPECT_THAT(Refusal(two, keep),
              HasSubstr("m.onnx: sum: shapes [n,2] and [m,2]: cannot prove that n and m are equal"));
}

TEST(Dims, OfUnknownRank) {
  OnnxBuilder model(17);
  model.Input("x", {}).Node("Relu", {"x"}, {"y"}).Output("y");
  model.Graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  EXPECT_THAT(Refusal(model),
              HasSubstr("m.onnx: input 'x': the model declares no shape; give one with --shape x="));
  ImportOptions options;
  options.shapes["x"] = {2, 3};
  EXPECT_EQ(Argument(model, options), "f32[2,3]");
}

TEST(Constants, ReplaceInputs) {
  OnnxBuilder model(17);
  model.Input("x", {2})
      .Input("rate", {}, OnnxBuilder::kInt64)
      .Node("Cast", {"rate"}, {"r"})
      .Attribute("to", 1);
  model.Node("Mul", {"x", "r"}, {"y"}).Output("y");
  ImportOptions options;
  options.constants["rate"] = 16000.0;
  std::unique_ptr<ir::Module> module = Imported(model, options);
  ASSERT_NE(module, nullptr);
  EXPECT_EQ(module->FindFunction("main")->Body().Arguments().size(), 1u);
  EXPECT_THAT(ir::Print(*module), HasSubstr("const @rate: i64[] = 16000"));
  options.constants["rate"] = 0.5;
  EXPECT_THAT(Refusal(model, options), HasSubstr("--const rate: 0.5 does not fit i64"));
  options.constants["rate"] = ir::MakeFloatTensor({1}, {1});
  EXPECT_THAT(Refusal(model, options), HasSubstr("--const rate: is f32[1], must be i64[]"));
  options.constants = {{"rat", 1.0}};
  EXPECT_THAT(Refusal(model, options),
              HasSubstr("--const rat: the model has no input of that name; did you mean 'rate'?"));
}

// Before IR version 4 every initialiser was listed as an input too: it stays a constant.
TEST(Constants, InitialisersListedAsInputs) {
  OnnxBuilder model(8, 3);
  model.Input("x", {1, 2})
      .Input("w", {2, 2})
      .FloatsOf("w", {2, 2})
      .Node("MatMul", {"x", "w"}, {"y"})
      .Output("y");
  std::unique_ptr<ir::Module> module = Imported(model);
  ASSERT_NE(module, nullptr);
  EXPECT_EQ(module->FindFunction("main")->Body().Arguments().size(), 1u);
  EXPECT_EQ(module->Consts().at(0)->name, "w");
}

// Declared shapes of outputs and inner values are the exporter's opinion, not the model.
TEST(Dims, AnnotationsAreNotTrusted) {
  OnnxBuilder model(17);
  model.Input("x", {2, 3}).Node("Relu", {"x"}, {"h"}).Node("Abs", {"h"}, {"y"}).Output("y");
  onnx::ValueInfoProto& wrong = *model.Graph().add_value_info();
  wrong.set_name("h");
  wrong.mutable_type()->mutable_tensor_type()->set_elem_type(OnnxBuilder::kInt64);
  wrong.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(99);
  model.Graph()
      .mutable_output(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->add_dim()
      ->set_dim_value(7);
  std::unique_ptr<ir::Module> module = Imported(model);
  ASSERT_NE(module, nullptr);
  EXPECT_EQ(module->FindFunction("main")->ResultTypes().at(0).ToText(), "f32[2,3]");
}

}  // namespace
}  // namespace rnnc::import
