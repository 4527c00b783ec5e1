// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The models that the fuzzer of the importer begins with, one or a few for each kind of conversion. They are
// files, so that libFuzzer finds them; RNNC_UPDATE=1 in the environment writes them anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>

#include "compiler/support/file.h"
#include "tests/support/onnx_builder.h"

namespace rnnc::fuzz {
namespace {

using test::OnnxBuilder;

const std::string kFolder = RNNC_SOURCE_DIR "/tests/fuzz/corpus/onnx/";

// An operator on the input x and on initialisers of these contents, with attributes.
struct Seed {
  const char* op;
  std::vector<int64_t> x;                     // the input's sizes
  std::vector<std::vector<int64_t>> weights;  // operands behind x: floats of these sizes
  std::vector<std::vector<int64_t>> ints;     // then integer vectors
  std::function<void(OnnxBuilder&)> attributes = [](OnnxBuilder&) {};
  int opset = 18;
};

using B = OnnxBuilder;
using Ints = std::vector<int64_t>;

// NOLINTNEXTLINE(readability-function-size): a table
const std::vector<Seed>& Seeds() {
  static const std::vector<Seed> seeds = {
      {"MatMul", {2, 3}, {{3, 4}}, {}},
      {"Gemm", {2, 3}, {{4, 3}, {4}}, {}, [](B& b) { b.Attribute("transB", 1).Attribute("alpha", 0.5); }},
      {"Conv", {1, 2, 9}, {{4, 2, 3}, {4}}, {}, [](B& b) { b.Attribute("pads", Ints{2, 0}); }},
      {"Conv",
       {1, 2, 5, 4},
       {{2, 1, 3, 3}},
       {},
       [](B& b) { b.Attribute("group", 2).Attribute("auto_pad", "SAME_UPPER"); }},
      {"ConvTranspose", {1, 2, 5}, {{2, 2, 3}}, {}, [](B& b) { b.Attribute("strides", Ints{2}); }},
      {"Einsum", {2, 3}, {{3, 4}}, {}, [](B& b) { b.Attribute("equation", "ij,jk->ik"); }},
      {"LeakyRelu", {3}, {}, {}, [](B& b) { b.Attribute("alpha", 0.25); }},
      {"Cast", {3}, {}, {}, [](B& b) { b.Attribute("to", 7); }},
      {"Clip", {3}, {{}, {}}, {}},
      {"Where", {3}, {{3}, {3}}, {}},
      {"Softmax", {2, 3}, {}, {}, [](B& b) { b.Attribute("axis", 1); }, 11},
      {"ArgMax", {2, 3}, {}, {}, [](B& b) { b.Attribute("axis", 1); }},
      {"ReduceMean", {2, 3}, {}, {}, [](B& b) { b.Attribute("axes", Ints{1}); }, 13},
      {"ReduceSum", {2, 3}, {}, {{1}}},
      {"MaxPool",
       {1, 2, 6},
       {},
       {},
       [](B& b) { b.Attribute("kernel_shape", Ints{2}).Attribute("ceil_mode", 1); }},
      {"AveragePool",
       {1, 2, 6},
       {},
       {},
       [](B& b) { b.Attribute("kernel_shape", Ints{3}).Attribute("pads", Ints{1, 1}); }},
      {"GlobalAveragePool", {1, 2, 6}, {}, {}},
      {"BatchNormalization", {1, 2, 3}, {{2}, {2}, {2}, {2}}, {}},
      {"LayerNormalization", {2, 3}, {{3}, {3}}, {}},
      {"InstanceNormalization", {1, 2, 3}, {{2}, {2}}, {}},
      {"GroupNormalization", {1, 4, 3}, {{2}, {2}}, {}, [](B& b) { b.Attribute("num_groups", 2); }},
      {"Transpose", {2, 3, 4}, {}, {}, [](B& b) { b.Attribute("perm", Ints{2, 0, 1}); }},
      {"Reshape", {2, 6}, {}, {{3, -1}}},
      {"Squeeze", {1, 3}, {}, {{0}}},
      {"Unsqueeze", {3}, {}, {{0, 2}}},
      {"Concat", {2, 3}, {{2, 4}}, {}, [](B& b) { b.Attribute("axis", 1); }},
      {"Slice", {4, 6}, {}, {{0, -1}, {9, -7}, {0, 1}, {2, -1}}},
      {"Gather", {5, 3}, {}, {{0, -1, 2}}},
      {"GatherElements", {3}, {}, {{0, 2}}},
      {"GatherND", {3, 2}, {}, {{1, 0}}},
      {"Expand", {3, 1}, {}, {{2, 3, 4}}},
      {"Tile", {2, 3}, {}, {{2, 2}}},
      {"Pad", {2, 3}, {}, {{1, 0, 0, 2}}},
      {"Trilu", {3, 3}, {}, {}},
      {"CumSum", {4}, {}, {{0}}},
      {"DepthToSpace", {1, 8, 2, 3}, {}, {}, [](B& b) { b.Attribute("blocksize", 2); }},
      {"EyeLike", {3, 4}, {}, {}, [](B& b) { b.Attribute("k", 1); }},
      {"Shape", {2, 3}, {}, {}, [](B& b) { b.Attribute("start", -1); }},
      {"Dropout", {3}, {}, {}, [](B& b) { b.Attribute("ratio", 0.5); }, 11},
      {"LSTM", {5, 1, 3}, {{1, 8, 3}, {1, 8, 2}, {1, 16}}, {}, [](B& b) { b.Attribute("hidden_size", 2); }},
      {"GRU",
       {5, 1, 3},
       {{2, 6, 3}, {2, 6, 2}},
       {},
       [](B& b) {
         b.Attribute("hidden_size", 2)
             .Attribute("direction", "bidirectional")
             .Attribute("linear_before_reset", 1);
       }},
      {"RNN",
       {5, 1, 3},
       {{1, 2, 3}, {1, 2, 2}},
       {},
       [](B& b) {
         b.Attribute("direction", "reverse")
             .Attribute("activations", std::vector<std::string>{"Elu"})
             .Attribute("activation_alpha", std::vector<float>{0.5f});
       }},
      {"LSTM",
       {1, 5, 3},
       {{1, 8, 3}, {1, 8, 2}},
       {},
       [](B& b) { b.Attribute("layout", 1).Attribute("clip", 2.0).Attribute("input_forget", 1); }},
  };
  return seeds;
}

// Both with x as an input, of symbolic leading size, and with everything constant, which folds.
OnnxBuilder Model(const Seed& seed, bool constant) {
  OnnxBuilder model(seed.opset);
  if (constant) {
    model.FloatsOf("x", seed.x);
  } else {
    model.Input("x", OnnxBuilder::Dims(seed.x.begin(), seed.x.end()));
  }
  std::vector<std::string> inputs = {"x"};
  for (const auto& dims : seed.weights) {
    inputs.push_back("w" + std::to_string(inputs.size()));
    model.FloatsOf(inputs.back(), dims);
  }
  for (const auto& values : seed.ints) {
    inputs.push_back("i" + std::to_string(inputs.size()));
    model.Ints(inputs.back(), values);
  }
  model.Node(seed.op, inputs, {"y"}, "n");
  seed.attributes(model);
  return model.Output("y");
}

// What one operator does not show: sizes on their way through shapes, branches, functions, constants.
OnnxBuilder Shapes() {
  OnnxBuilder model(17);
  model.Input("x", {"T", 1, 4}).Node("Shape", {"x"}, {"s"}).Int("zero", 0).Ints("tail", {1, 2});
  model.Node("Gather", {"s", "zero"}, {"t"}).Node("Mul", {"t", "t"}, {"tt"}).Ints("axes", {0});
  model.Node("Unsqueeze", {"t", "axes"}, {"u"}).Node("Concat", {"u", "tail"}, {"c"}).Attribute("axis", 0);
  model.Node("ConstantOfShape", {"c"}, {"h"})
      .Node("Expand", {"h", "c"}, {"e"})
      .Node("Range", {"zero", "t", "zero"}, {"r"});
  return model.Output("e").Output("tt");
}

OnnxBuilder Branches() {
  OnnxBuilder then(17), otherwise(17), model(17);
  then.Node("Constant", {}, {"one"}).Attribute("value", test::FloatTensor("", {1}, {1}));
  then.Node("Add", {"x", "one"}, {"r"}).Output("r");
  otherwise.Node("Neg", {"x"}, {"r"}).Output("r");
  model.Input("x", {2}).Int("a", 1).Int("b", 1).Node("Equal", {"a", "b"}, {"is"}, "eq");
  model.Node("If", {"is"}, {"y"}, "if").Attribute("then_branch", then).Attribute("else_branch", otherwise);
  return model.Output("y");
}

OnnxBuilder Functions() {
  OnnxBuilder inner(17), outer(17), model(17);
  inner.Input("a", {}).Node("LeakyRelu", {"a"}, {"b"}, "l").AttributeReference("alpha", "slope").Output("b");
  outer.Input("a", {}).Node("Inner", {"a"}, {"t"}, "i1").Domain("own").Attribute("slope", 0.5);
  outer.Node("Inner", {"t"}, {"b"}, "i2").Domain("own").Output("b");
  model.Function("own", "Inner", inner).add_attribute("slope");
  model.Function("own", "Outer", outer);
  model.Input("x", {2}).Node("Outer", {"x"}, {"u"}, "o").Domain("own");
  return model.Node("Outer", {"u"}, {"y"}, "o").Domain("own").Output("y");
}

// Sizes, counts and depths that no file's size pays for.
OnnxBuilder HugeConstant() {
  OnnxBuilder model(17);
  model.Ints("s", {1000, 1000, 1000}).Node("ConstantOfShape", {"s"}, {"c"}).Node("Neg", {"c"}, {"y"});
  return model.Output("y");
}

OnnxBuilder PowersOfT() {
  OnnxBuilder model(17);
  model.Input("x", {"T", 2}).Node("Size", {"x"}, {"s0"}).Int("one", 1).Node("Add", {"s0", "one"}, {"v0"});
  for (int i = 0; i < 40; ++i) {
    const std::string v = "v" + std::to_string(i);
    model.Node("Mul", {v, v}, {"v" + std::to_string(i + 1)});
  }
  return model.Output("v40");
}

OnnxBuilder DoublingFunctions() {
  OnnxBuilder model(17);
  for (int i = 0; i < 40; ++i) {
    OnnxBuilder body(17);
    const std::string called = i == 0 ? "Neg" : "F" + std::to_string(i - 1);
    const std::string domain = i == 0 ? "" : "own";
    body.Input("a", {}).Node(called, {"a"}, {"t"}, "n").Domain(domain);
    body.Node(called, {"t"}, {"b"}, "n").Domain(domain).Output("b");
    model.Function("own", "F" + std::to_string(i), body);
  }
  return model.Input("x", {2}).Node("F39", {"x"}, {"y"}, "call").Domain("own").Output("y");
}

std::map<std::string, std::string> Corpus() {
  std::map<std::string, std::string> files;
  int number = 0;
  for (const Seed& seed : Seeds()) {
    const std::string stem = std::string(seed.op) + "_" + std::to_string(number++);
    files[stem + ".onnx"] = Model(seed, false).Bytes();
    files[stem + "_folds.onnx"] = Model(seed, true).Bytes();
  }
  files["shapes.onnx"] = Shapes().Bytes();
  files["branches.onnx"] = Branches().Bytes();
  files["functions.onnx"] = Functions().Bytes();
  files["huge_constant.onnx"] = HugeConstant().Bytes();
  files["powers_of_t.onnx"] = PowersOfT().Bytes();
  files["doubling_functions.onnx"] = DoublingFunctions().Bytes();
  return files;
}

TEST(Corpus, FilesAreWhatIsWrittenHere) {
  const bool update = std::getenv("RNNC_UPDATE") != nullptr;
  if (update) std::filesystem::remove_all(kFolder);
  if (update) std::filesystem::create_directories(kFolder);
  const std::map<std::string, std::string> corpus = Corpus();
  for (const auto& [name, bytes] : corpus) {
    if (update) WriteFile(kFolder + name, bytes).value();
    const Result<std::string> file = ReadFile(kFolder + name);
    EXPECT_TRUE(file.ok() && *file == bytes)
        << name << ": RNNC_UPDATE=1 in the environment writes the corpus";
  }
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    EXPECT_TRUE(corpus.count(entry.path().filename())) << entry.path() << ": findings go to regressions/";
  }
}

}  // namespace
}  // namespace rnnc::fuzz
