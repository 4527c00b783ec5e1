// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/support/file.h"
#include "tests/import/import_test.h"

// What exporters leave in files beside the computation. Each test says what it catches.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

void Declare(onnx::ValueInfoProto& value, const std::string& name, int type,
             const std::vector<int64_t>& dims) {
  value.set_name(name);
  value.mutable_type()->mutable_tensor_type()->set_elem_type(type);
  for (int64_t dim : dims) {
    value.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(dim);
  }
}

// Catches trust in annotations: every value, initialiser and output is declared wrongly.
TEST(Exporters, WrongAnnotationsAreNotRead) {
  OnnxBuilder model(17);
  model.Input("x", {"T", 1, 2}).FloatsOf("W", {1, 12, 2}).FloatsOf("R", {1, 12, 3}).Ints("axes", {1});
  model.Node("LSTM", {"x", "W", "R"}, {"ys", "h", "c"}, "lstm").Node("Squeeze", {"ys", "axes"}, {"y"});
  for (const char* name : {"ys", "W", "axes", "nowhere"}) {
    Declare(*model.Graph().add_value_info(), name, onnx::TensorProto::INT32, {7, 7});
  }
  Declare(*model.Graph().add_output(), "y", onnx::TensorProto::FLOAT, {6, 1, 9});
  Declare(*model.Graph().add_output(), "h", onnx::TensorProto::DOUBLE, {5});
  model.Graph().add_output()->set_name("c");
  std::unique_ptr<ir::Module> module = Imported(model);
  ASSERT_NE(module, nullptr);
  std::vector<std::string> types;
  for (const ir::Type& type : module->FindFunction("main")->ResultTypes()) types.push_back(type.ToText());
  EXPECT_THAT(types, ElementsAre("f32[T,1,3]", "f32[1,1,3]", "f32[1,1,3]"));
}

// Catches: domains nobody uses, the default domain by its other name, metadata, training graphs.
TEST(Exporters, WhatIsNotUsedDoesNotMatter) {
  OnnxBuilder model(17);
  model.Input("x", {2}).Node("Neg", {"x"}, {"y"}).Domain("ai.onnx").Output("y");
  for (const char* domain : {"com.microsoft", "ai.onnx.ml", "pkg.torch", "ai.onnx"}) {
    onnx::OperatorSetIdProto& import = *model.Model().add_opset_import();
    import.set_domain(domain);
    import.set_version(std::string(domain) == "ai.onnx" ? 17 : 1);
  }
  model.Model().add_training_info()->mutable_algorithm()->add_node()->set_op_type("Adam");
  model.Model().set_doc_string("*/");
  onnx::StringStringEntryProto& entry = *model.Model().add_metadata_props();
  entry.set_key("key");
  entry.set_value("value");
  std::unique_ptr<ir::Module> module = Imported(model);
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{1, -2}}), ElementsAre(-1, 2));
}

// Catches: nodes judged that no output needs (what an exporter left behind), with the weights they read.
TEST(Exporters, NodesThatNobodyNeeds) {
  OnnxBuilder model(17);
  model.Input("x", {2}).Node("Neg", {"x"}, {"y"}).Node("Frobnicate", {"y", "text"}, {"z"}).Output("y");
  model.Node("LSTM", {"z", "z", "z"}, {"", "h"});
  onnx::TensorProto& text = *model.Graph().add_initializer();
  text.set_name("text");
  text.set_data_type(onnx::TensorProto::STRING);
  ImportNotes notes;
  std::unique_ptr<ir::Module> module = Imported(model, {}, &notes);
  ASSERT_NE(module, nullptr);
  EXPECT_TRUE(notes.recurrent.empty());
  // But the file must hold together.
  model.Node("Relu", {"nothing"}, {"w"}, "n");
  EXPECT_EQ(Refusal(model),
            "m.onnx: n: input 'nothing': nothing of that name is there; export the model again");
}

// Catches results that must be results of operations, or that nobody else may use.
TEST(Exporters, OutputsOfEveryKind) {
  OnnxBuilder model(17);
  model.Input("x", {2}).Floats("w", {2}, {5, 6}).Node("Neg", {"x"}, {"y"}).Node("Neg", {"y"}, {"z"});
  model.Output("w").Output("x").Output("y").Output("z");
  std::unique_ptr<ir::Module> module = Imported(model);
  ASSERT_NE(module, nullptr);
  EXPECT_THAT(Computed(*module, {{1, 2}}), ElementsAre(5, 6));
  EXPECT_THAT(Body(*module), HasSubstr("return @w, %x, %y, %z"));
  EXPECT_EQ(Refusal(model.Output("y")), "m.onnx: output 'y': is there twice; names must be unique");
}

TEST(Exporters, SparseWeightsAreRefusedInOneLine) {
  OnnxBuilder model(17);
  model.Input("x", {2}).Node("Add", {"x", "s"}, {"y"}).Output("y");
  onnx::SparseTensorProto& sparse = *model.Graph().add_sparse_initializer();
  *sparse.mutable_values() = test::FloatTensor("s", {1}, {1});
  EXPECT_EQ(Refusal(model), "m.onnx: sparse initialiser 's': is not computed; store it as a dense one");
}

// Catches weights of a Constant node that are looked for in the file only; several files; a file for nothing.
TEST(Exporters, ExternalDataEverywhere) {
  const test::TempFolder folder;
  const float values[] = {1, 2, 3, 4};
  const std::string bytes(reinterpret_cast<const char*>(values), sizeof(values));
  const auto external = [](onnx::TensorProto& tensor, const char* file, const char* offset) {
    tensor.clear_raw_data();
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    const std::pair<const char*, const char*> entries[] = {{"location", file}, {"offset", offset}};
    for (const auto& [key, value] : entries) {
      onnx::StringStringEntryProto& entry = *tensor.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
  };
  WriteFile(folder / "m.onnx.data", bytes).value();
  WriteFile(folder / "größe 2.bin", bytes).value();
  WriteFile(folder / "empty", "").value();
  onnx::TensorProto inner = test::FloatTensor("", {2}, {0, 0});
  external(inner, "m.onnx.data", "8");
  OnnxBuilder model(17);
  model.Input("x", {2}).Floats("a", {2}, {0, 0}).Floats("none", {0}, {});
  external(*model.Graph().mutable_initializer(0), "größe 2.bin", "4");
  external(*model.Graph().mutable_initializer(1), "empty", "0");
  model.Node("Constant", {}, {"b"}).Attribute("value", inner);
  model.Node("Add", {"x", "a"}, {"s"}).Node("Mul", {"s", "b"}, {"p"});
  model.Node("Concat", {"none", "p"}, {"y"}).Attribute("axis", 0).Output("y");
  auto module = ImportOnnx(model.Save(folder / "m.onnx"));
  ASSERT_TRUE(module.ok()) << Render(module.diagnostics());
  EXPECT_THAT(Computed(**module, {{10, 20}}), ElementsAre((10 + 2) * 3, (20 + 3) * 4));
}

// Catches a name of a file that breaks the line, or reaches the terminal as it is.
TEST(Exporters, NamesDoNotBreakMessages) {
  OnnxBuilder model(17);
  model.Input("x", {2}).Node("Frobnicate", {"x"}, {"y"}, "a\nb\x1b[2J").Output("y");
  EXPECT_EQ(Refusal(model),
            "m.onnx: a\\x0ab\\x1b[2J: operator Frobnicate: is not computed; export the model without it");
}

// Catches names that a C string cuts short.
TEST(Exporters, NamesWithAZeroByte) {
  const std::string name("a\0b", 3);
  EXPECT_EQ(Refusal(OnnxBuilder(17).Input(name, {2}).Node("Neg", {name}, {"y"}).Output("y")),
            "m.onnx: input 'a\\x00b': holds a zero byte; give it another name");
}

}  // namespace
}  // namespace rnnc::import
