// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cstring>
#include <filesystem>
#include <functional>
#include <random>

#include "compiler/support/file.h"
#include "tests/import/import_test.h"

// Files that are broken by accident or on purpose: one clear line, no crash, nothing outside the model's
// folder. Catches sizes that are trusted before they are checked.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using test::TempFolder;
using testing::HasSubstr;

std::string RefusalOfBytes(const std::string& bytes) {
  const TempFolder folder;
  const std::string path = folder / "m.onnx";
  WriteFile(path, bytes).value();
  Result<std::unique_ptr<ir::Module>> module = ImportOnnx(path);
  return module ? "imported" : Render(module.diagnostics()).substr(path.size() + 2);
}

OnnxBuilder Small() {
  OnnxBuilder model(17);
  model.Input("x", {2, 3}).FloatsOf("w", {3, 4}).Node("MatMul", {"x", "w"}, {"y"}, "mm").Output("y");
  return model;
}

onnx::TensorProto& Weights(OnnxBuilder& model) { return *model.Graph().mutable_initializer(0); }

void External(onnx::TensorProto& tensor, const std::string& location, const std::string& offset = "",
              const std::string& length = "") {
  tensor.clear_raw_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto add = [&](const char* key, const std::string& value) {
    if (value.empty()) return;
    auto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  };
  add("location", location);
  add("offset", offset);
  add("length", length);
}

TEST(Hostile, EmptyTextTruncated) {
  EXPECT_EQ(RefusalOfBytes(""), "the file is empty");
  EXPECT_THAT(RefusalOfBytes("This is a text, and no model at all.\n"),
              HasSubstr("not an ONNX model, or cut short"));
  EXPECT_THAT(RefusalOfBytes("{\"json\": 1}"), HasSubstr("ONNX model"));
  const std::string bytes = Small().Bytes();
  for (size_t length = 1; length < bytes.size(); ++length) {
    EXPECT_NE(RefusalOfBytes(bytes.substr(0, length)), "imported") << length;
  }
  EXPECT_THAT(Render(ImportOnnx("/no/such/file.onnx").diagnostics()),
              HasSubstr("/no/such/file.onnx: cannot read"));
  EXPECT_THAT(Render(ImportOnnx("/").diagnostics()), HasSubstr("/: cannot read"));
}

// Flipped bytes: whatever comes out, it comes out by the door.
TEST(Hostile, FlippedBytes) {
  const std::string bytes = Small().Bytes();
  std::minstd_rand random(1);
  for (int round = 0; round < 600; ++round) {
    std::string broken = bytes;
    for (int i = 0; i < 3; ++i) broken[random() % broken.size()] = static_cast<char>(random());
    RefusalOfBytes(broken);
  }
}

TEST(Hostile, Nesting) {
  // A graph in an attribute in a graph, 5000 deep, written from the inside: fields graph (7), node (1),
  // attribute (5), g (6), each with its length.
  std::string inner;
  const auto wrap = [](int field, const std::string& body) {
    std::string out(1, static_cast<char>(field << 3 | 2));
    size_t length = body.size();
    for (; length >= 128; length >>= 7) out += static_cast<char>((length & 127) | 128);
    return out + static_cast<char>(length) + body;
  };
  for (int i = 0; i < 5000; ++i) inner = wrap(1, wrap(5, wrap(6, inner)));
  EXPECT_THAT(RefusalOfBytes(wrap(7, inner)), HasSubstr("not an ONNX model"));
}

TEST(Hostile, Versions) {
  OnnxBuilder model = Small();
  model.Model().set_ir_version(2);
  EXPECT_THAT(Refusal(model), HasSubstr("m.onnx: ir_version: 2 is outside 3 to 14"));
  model.Model().set_ir_version(15);
  EXPECT_THAT(Refusal(model), HasSubstr("m.onnx: ir_version: 15 is outside 3 to 14"));
  model.Model().set_ir_version(14);
  model.Model().mutable_opset_import(0)->set_version(28);
  EXPECT_NE(Imported(model), nullptr);
  model.Model().mutable_opset_import(0)->set_version(29);
  EXPECT_THAT(Refusal(model), HasSubstr("m.onnx: opset_import: 29 is outside 7 to 28"));
  model.Model().mutable_opset_import(0)->set_version(6);
  EXPECT_THAT(Refusal(model), HasSubstr("m.onnx: opset_import: 6 is outside 7 to 28"));
  model.Model().clear_opset_import();
  EXPECT_THAT(Refusal(model), HasSubstr("m.onnx: opset_import: no version"));
}

TEST(Hostile, Names) {
  EXPECT_THAT(Refusal(OnnxBuilder(17)
                          .Input("x", {2})
                          .Node("Add", {"x", "b"}, {"a"}, "one")
                          .Node("Relu", {"a"}, {"b"}, "two")
                          .Output("b")),
              HasSubstr("m.onnx: one: input 'b': depends on the node's own output; the graph has a cycle"));
  EXPECT_THAT(Refusal(OnnxBuilder(17)
                          .Input("x", {2})
                          .Node("Relu", {"a"}, {"b"}, "one")
                          .Node("Relu", {"x"}, {"a"}, "two")
                          .Output("b")),
              HasSubstr("m.onnx: one: input 'a': is computed by the later node 'two'; sort the nodes"));
  EXPECT_THAT(Refusal(OnnxBuilder(17).Node("Relu", {"x"}, {"y"}, "one").Output("y")),
              HasSubstr("m.onnx: one: input 'x': nothing of that name is there"));
  EXPECT_THAT(Refusal(OnnxBuilder(17)
                          .Input("x", {2})
                          .Node("Relu", {"x"}, {"y"}, "one")
                          .Node("Abs", {"x"}, {"y"}, "two")
                          .Output("y")),
              HasSubstr("m.onnx: two: output 'y': the name is taken already"));
  EXPECT_THAT(Refusal(OnnxBuilder(17).Input("x", {2}).Output("z")),
              HasSubstr("m.onnx: output 'z': nothing computes it"));
  EXPECT_THAT(Refusal(OnnxBuilder(17).Input("x", {2})), HasSubstr("m.onnx: the graph has no outputs"));
}

TEST(Hostile, Initialisers) {
  const auto refused = [](const std::function<void(onnx::TensorProto&)>& edit) {
    OnnxBuilder model = Small();
    edit(Weights(model));
    return Refusal(model);
  };
  EXPECT_THAT(refused([](auto& w) { w.mutable_raw_data()->resize(47); }),
              HasSubstr("m.onnx: initialiser 'w': f32[3,4] needs 48 bytes, the file has 47"));
  EXPECT_THAT(refused([](auto& w) { w.set_dims(0, int64_t{1} << 40); }), HasSubstr("the file has 48"));
  EXPECT_THAT(refused([](auto& w) { w.set_dims(0, int64_t{1} << 62); }),
              HasSubstr("its 2 sizes overflow 64 bits"));
  EXPECT_THAT(refused([](auto& w) { w.set_dims(0, -3); }), HasSubstr("size -3 is negative"));
  EXPECT_THAT(refused([](auto& w) { w.set_data_type(onnx::TensorProto::UINT64); }),
              HasSubstr("uint64 is not computed"));
  EXPECT_THAT(refused([](auto& w) { w.set_data_type(17); }), HasSubstr("float8e4m3fn is not computed"));
  EXPECT_THAT(refused([](auto& w) { w.set_data_type(99); }), HasSubstr("data type 99 is not computed"));
  EXPECT_THAT(refused([](auto& w) {
                w.clear_raw_data();
                w.add_float_data(1);
              }),
              HasSubstr("f32[3,4] needs 12 elements, the file has 1"));
  OnnxBuilder sparse = Small();
  sparse.Graph().add_sparse_initializer()->mutable_values()->set_name("s");
  EXPECT_THAT(Refusal(sparse), HasSubstr("m.onnx: sparse initialiser 's'"));
}

TEST(Hostile, HugeInputs) {
  OnnxBuilder model(17);
  model.Input("x", {int64_t{1} << 40, int64_t{1} << 40}).Node("Relu", {"x"}, {"y"}, "n").Output("y");
  EXPECT_THAT(Refusal(model), HasSubstr("m.onnx: input 'x': f32[1099511627776,1099511627776] is too large"));
  OnnxBuilder wide(17);
  wide.Input("x", {1})
      .Ints("s", {int64_t{1} << 40, int64_t{1} << 20})
      .Node("Expand", {"x", "s"}, {"y"}, "n")
      .Output("y");
  EXPECT_THAT(Refusal(wide), HasSubstr("m.onnx: n: the result is f32[1099511627776,1048576]: too large"));
}

// Chains as long as a file can make them are followed without recursion.
TEST(Hostile, LongChains) {
  OnnxBuilder model(17);
  model.Input("x", {2}).Node("Shape", {"x"}, {"v0"});
  for (int i = 0; i < 20000; ++i) {
    model.Node("Identity", {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)});
  }
  model.Node("Expand", {"x", "v20000"}, {"y"}, "n").Output("y");
  std::unique_ptr<ir::Module> module = Imported(model);
  ASSERT_NE(module, nullptr);
  EXPECT_EQ(module->FindFunction("main")->ResultTypes()[0].ToText(), "f32[2]");
}

// Catches constants as large as a file says, tables of coordinates with any number of axes, and polynomials
// of 2^40 terms: none of them is made, whatever the file says.
TEST(Hostile, NumbersThatTheFileDoesNotPayFor) {
  OnnxBuilder one_hot(17);
  one_hot.Input("x", {2}, OnnxBuilder::kInt64).Int("depth", int64_t{1} << 34).Floats("v", {2}, {0, 1});
  one_hot.Node("OneHot", {"x", "depth", "v"}, {"y"}, "n").Output("y");
  std::unique_ptr<ir::Module> module = Imported(one_hot);
  ASSERT_NE(module, nullptr);
  EXPECT_EQ(module->FindFunction("main")->ResultTypes()[0].ToText(), "f32[2,17179869184]");
  OnnxBuilder axes(17);
  axes.Input("x", {1})
      .Ints("s", std::vector<int64_t>(100, 1))
      .Node("Reshape", {"x", "s"}, {"y"}, "n")
      .Output("y");
  EXPECT_THAT(Refusal(axes), HasSubstr("m.onnx: n: the result has 100 axes; 64 are the most"));
  OnnxBuilder input(17);
  input.Input("x", OnnxBuilder::Dims(100, 1)).Node("Neg", {"x"}, {"y"}, "n").Output("y");
  EXPECT_THAT(Refusal(input), HasSubstr("m.onnx: input 'x': has 100 axes; 64 are the most"));
  OnnxBuilder powers(17);
  powers.Input("x", {"T", 2}).Node("Size", {"x"}, {"s"}).Int("one", 1).Node("Add", {"s", "one"}, {"v0"});
  for (int i = 0; i < 40; ++i) {
    const std::string v = "v" + std::to_string(i);
    powers.Node("Mul", {v, v}, {"v" + std::to_string(i + 1)});
  }
  powers.Ints("axes", {0})
      .Node("Unsqueeze", {"v40", "axes"}, {"u"})
      .Node("ConstantOfShape", {"u"}, {"y"}, "n");
  EXPECT_THAT(Refusal(powers.Output("y"), Open({"T"})), HasSubstr("m.onnx: n: "));
}

// Catches time that grows with the square of the file: 50000 nodes, each wrong in a way of its own, in
// reverse.
TEST(Hostile, ManyErrors) {
  OnnxBuilder model(17);
  model.Input("x", {2});
  for (int i = 50000; i > 0; --i) {
    model.Node("Neg", {i == 1 ? "x" : "v" + std::to_string(i - 1)}, {"v" + std::to_string(i)});
  }
  EXPECT_THAT(Refusal(model.Output("v50000")), HasSubstr("sort the nodes"));
}

struct ExternalCase {
  const char* location;
  const char* offset;
  const char* length;
  const char* expected;
};

TEST(ExternalData, StaysInTheFolder) {
  const TempFolder outer;
  const std::string inside = outer / "model";
  std::filesystem::create_directory(inside);
  std::string bytes(64, '\0');
  const float one = 1;
  for (size_t i = 0; i < bytes.size(); i += sizeof(one)) std::memcpy(bytes.data() + i, &one, sizeof(one));
  WriteFile(outer / "secret", bytes).value();
  WriteFile(inside + "/m.onnx.data", bytes).value();
  std::filesystem::create_symlink(outer / "secret", inside + "/link");
  std::filesystem::create_symlink("m.onnx.data", inside + "/good_link");
  std::filesystem::create_directory_symlink("..", inside + "/up");
  const std::string absolute = outer / "secret";
  const ExternalCase cases[] = {
      {"m.onnx.data", "0", "48", ""},
      {"m.onnx.data", "16", "", ""},
      {"./m.onnx.data", "", "", ""},
      {"good_link", "", "", ""},
      {"../secret", "", "", "'../secret' leaves the model's folder"},
      {"link", "", "", "'link' leaves the model's folder"},
      {"up/secret", "", "", "'up/secret' leaves the model's folder"},
      {absolute.c_str(), "", "", "leaves the model's folder"},
      {"missing", "", "", "there is no file 'missing' beside the model"},
      {"", "", "", "no file is named"},
      {".", "", "", "beside the model"},
      {"m.onnx.data", "17", "", "has 64 bytes, 48 at offset 17 are needed"},
      {"m.onnx.data", "18446744073709551600", "", "has 64 bytes"},
      {"m.onnx.data", "99999999999999999999", "", "is no number"},
      {"m.onnx.data", "-1", "", "is no number"},
      {"m.onnx.data", "0", "47", "47 bytes are named, 48 are needed"},
  };
  for (const ExternalCase& c : cases) {
    OnnxBuilder model = Small();
    External(Weights(model), c.location, c.offset, c.length);
    const Result<std::unique_ptr<ir::Module>> module = ImportOnnx(model.Save(inside + "/m.onnx"));
    const std::string said = module ? "" : Render(module.diagnostics());
    if (*c.expected == '\0') {
      EXPECT_EQ(said, "") << c.location;
    } else {
      EXPECT_THAT(said, HasSubstr("m.onnx: initialiser 'w': external data: ")) << c.location;
      EXPECT_THAT(said, HasSubstr(c.expected));
    }
  }
}

TEST(TensorPb, ReadsDataSets) {
  const TempFolder folder;
  WriteFile(folder / "input_0.pb", test::FloatTensor("x", {2}, {1.5f, -2}).SerializeAsString()).value();
  const Result<NamedTensor> read = ReadTensorPb(folder / "input_0.pb");
  ASSERT_TRUE(read.ok()) << Render(read.diagnostics());
  EXPECT_EQ(read->name, "x");
  EXPECT_EQ(read->tensor->type.ToText(), "f32[2]");
  EXPECT_EQ(read->tensor->NumberAt(1), -2);
  WriteFile(folder / "bad.pb", "no tensor").value();
  EXPECT_FALSE(ReadTensorPb(folder / "bad.pb").ok());
  EXPECT_FALSE(ReadTensorPb(folder / "none.pb").ok());
}

}  // namespace
}  // namespace rnnc::import
