// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <onnx/defs/schema.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "compiler/import/model_file.h"
#include "compiler/import/operators.h"
#include "tests/import/refusal_cases.h"

// Everything that is not computed is refused with file, node and attribute. Catches attributes that are
// read and dropped, and operators that come through because nobody thought of them.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using testing::HasSubstr;

OnnxBuilder Recurrent(const std::string& op, int opset = 17) {
  const int gates = op == "LSTM" ? 4 : op == "GRU" ? 3 : 1;
  OnnxBuilder model(opset);
  model.Input("x", {5, 1, 2})
      .FloatsOf("W", {1, gates * 3, 2})
      .FloatsOf("R", {1, gates * 3, 3})
      .FloatsOf("B", {1, gates * 6})
      .Ints("lens", {5})
      .FloatsOf("P", {1, 9})
      .Node(op, {"x", "W", "R", "B"}, {"y"}, "rnn")
      .Output("y");
  return model;
}

OnnxBuilder Unary(const char* op, int opset = 17) {
  OnnxBuilder model(opset);
  model.Input("x", {2, 3}).Node(op, {"x"}, {"y"}, "n").Output("y");
  return model;
}

const RefusalCase kCases[] = {
    {"direction", [] { return Recurrent("LSTM").Attribute("direction", "backward"); },
     "m.onnx: rnn: direction: backward: must be forward, reverse or bidirectional"},
    {"bidirectional with the weights of one direction",
     [] { return Recurrent("GRU").Attribute("direction", "bidirectional"); },
     "m.onnx: rnn: W: must be f32[2,9,2], is f32[1,9,2]"},
    {"clip", [] { return Recurrent("RNN").Attribute("clip", 0.0); }, "m.onnx: rnn: clip: 0: must be above 0"},
    {"layout", [] { return Recurrent("LSTM").Attribute("layout", 2); },
     "m.onnx: rnn: layout: 2: must be 0 or 1"},
    {"input_forget", [] { return Recurrent("LSTM").Attribute("input_forget", 2); },
     "m.onnx: rnn: input_forget: 2: must be 0 or 1"},
    {"linear_before_reset", [] { return Recurrent("GRU").Attribute("linear_before_reset", 2); },
     "m.onnx: rnn: linear_before_reset: 2: must be 0 or 1"},
    {"activations",
     [] {
       return Recurrent("LSTM").Attribute("activations",
                                          std::vector<std::string>{"Sigmoid", "Swish", "Tanh"});
     },
     "m.onnx: rnn: activations: [Sigmoid, Swish, Tanh]: known are Relu, Tanh, "},
    {"number of activations",
     [] { return Recurrent("GRU").Attribute("activations", std::vector<std::string>{"Sigmoid"}); },
     "m.onnx: rnn: activations: [Sigmoid]: LSTM takes three functions a direction, GRU two, RNN one"},
    {"activations without a default",
     [] { return Recurrent("RNN").Attribute("activations", std::vector<std::string>{"Affine"}); },
     "m.onnx: rnn: activation_alpha: absent: Affine and ScaledTanh have no default"},
    {"activation_alpha",
     [] { return Recurrent("RNN").Attribute("activation_alpha", std::vector<float>{0.5f}); },
     "m.onnx: rnn: activation_alpha: [0.5]: more values than functions that take alpha"},
    {"activation_beta",
     [] { return Recurrent("RNN").Attribute("activation_beta", std::vector<float>{0.5f}); },
     "m.onnx: rnn: activation_beta: [0.5]: more values than functions that take beta"},
    {"activation_alpha that is no number",
     [] {
       return Recurrent("RNN")
           .Attribute("activations", std::vector<std::string>{"Elu"})
           .Attribute("activation_alpha", std::vector<float>{std::nanf("")});
     },
     "m.onnx: rnn: activation_alpha: [nan]: must be numbers"},
    {"hidden_size", [] { return Recurrent("LSTM").Attribute("hidden_size", 4); },
     "m.onnx: rnn: hidden_size: is 4, R is f32[1,12,3]"},
    {"layout before opset 14", [] { return Recurrent("LSTM", 13).Attribute("layout", 0); },
     "m.onnx: rnn: layout: LSTM has no such attribute at opset 13"},
    {"output_sequence of opset 1", [] { return Recurrent("LSTM", 7).Attribute("output_sequence", 1); },
     "m.onnx: rnn: output_sequence: LSTM has no such attribute at opset 7"},
    {"unknown attribute", [] { return Unary("Relu").Attribute("slope", 1); },
     "m.onnx: n: slope: Relu has no such attribute at opset 17"},
    {"attribute of another kind", [] { return Unary("LeakyRelu").Attribute("alpha", 1); },
     "m.onnx: n: alpha: must be a float"},
    {"attribute twice", [] { return Unary("Softmax").Attribute("axis", 1).Attribute("axis", 0); },
     "m.onnx: n: axis: is there twice"},
    {"missing attribute", [] { return Unary("Concat"); }, "m.onnx: n: axis: is required and not there"},
    {"optional values", [] { return Unary("Optional"); },
     "m.onnx: n: operator Optional: optional values are not computed"},
    {"sequences", [] { return Unary("SequenceMap"); },
     "m.onnx: n: operator SequenceMap: of values that are sequences, only"},
    {"too old for the operator", [] { return Unary("Mish", 17); },
     "m.onnx: n: operator Mish: is not computed at opset 17, only from 18 on"},
    {"made up", [] { return Unary("Frobnicate"); }, "m.onnx: n: operator Frobnicate: is not computed"},
    {"without a name",
     [] {
       OnnxBuilder model(17);
       return model.Input("x", {2}).Node("Frobnicate", {"x"}, {"out"}).Output("out");
     },
     "m.onnx: Frobnicate_out: operator Frobnicate"},
    {"foreign domain",
     [] {
       OnnxBuilder model = Unary("Relu");
       model.LastNode().set_domain("com.microsoft");
       return model;
     },
     "m.onnx: n: operator Relu of domain 'com.microsoft': is not computed"},
    {"cast to string", [] { return Unary("Cast").Attribute("to", int64_t{onnx::TensorProto::STRING}); },
     "m.onnx: n: to: string is not computed"},
    {"padding of a later version",
     [] {
       OnnxBuilder model(17);
       return model.Input("x", {2})
           .Ints("p", {1, 1})
           .Node("Pad", {"x", "p"}, {"y"}, "n")
           .Attribute("mode", "wrap")
           .Output("y");
     },
     "m.onnx: n: mode: 'wrap' is not computed at opset 17"},
    {"random numbers", [] { return Unary("Bernoulli"); },
     "m.onnx: n: operator Bernoulli: random numbers are not computed"},
    {"losses", [] { return Unary("SoftmaxCrossEntropyLoss"); },
     "m.onnx: n: operator SoftmaxCrossEntropyLoss: losses are for training"},
    {"training",
     [] {
       OnnxBuilder model(17);
       onnx::TensorProto& yes = *model.Graph().add_initializer();
       yes.set_name("t");
       yes.set_data_type(onnx::TensorProto::BOOL);
       yes.add_int32_data(1);
       return model.Input("x", {2}).Node("Dropout", {"x", "", "t"}, {"y"}, "n").Output("y");
     },
     "m.onnx: n: training_mode: is true"},
    {"float and integer",
     [] {
       OnnxBuilder model(17);
       return model.Input("x", {2}).Ints("i", {1, 2}).Node("Add", {"x", "i"}, {"y"}, "n").Output("y");
     },
     "m.onnx: n: operands are f32[2] and i64[2]; insert a Cast"},
    {"shapes",
     [] {
       OnnxBuilder model(17);
       return model.Input("x", {2}).Input("z", {3}).Node("Add", {"x", "z"}, {"y"}, "n").Output("y");
     },
     "m.onnx: n: shapes [2] and [3] do not broadcast"},
    {"wrong rank",
     [] {
       OnnxBuilder model(17);
       return model.Input("x", {2, 3, 4})
           .FloatsOf("w", {4, 2})
           .Node("Gemm", {"x", "w"}, {"y"}, "n")
           .Output("y");
     },
     "m.onnx: n: a: must have 2 dimensions, is f32[2,3,4]"},
    {"weights that do not fit",
     [] {
       OnnxBuilder model(17);
       return model.Input("x", {5, 1, 2})
           .FloatsOf("W", {1, 12, 3})
           .FloatsOf("R", {1, 12, 3})
           .Node("LSTM", {"x", "W", "R"}, {"y"}, "n")
           .Output("y");
     },
     "m.onnx: n: W: must be f32[1,12,2], is f32[1,12,3]"},
    {"too few inputs",
     [] {
       OnnxBuilder model(17);
       return model.Input("x", {2}).Node("Add", {"x"}, {"y"}, "n").Output("y");
     },
     "m.onnx: n: Add has 1 inputs at opset 17, must have 2"},
    {"absent input",
     [] {
       OnnxBuilder model(17);
       return model.Input("x", {2}).Node("Add", {"", "x"}, {"y"}, "n").Output("y");
     },
     "m.onnx: n: input 0: is absent and must be there"},
    {"too many outputs",
     [] {
       OnnxBuilder model(17);
       return model.Input("x", {2}).Node("Relu", {"x"}, {"y", "z"}, "n").Output("y");
     },
     "m.onnx: n: Relu has 2 outputs, must have 1"},
    {"computed shape",
     [] {
       OnnxBuilder model(17);
       return model.Input("x", {2})
           .Input("s", {1}, OnnxBuilder::kInt64)
           .Node("Reshape", {"x", "s"}, {"y"}, "n")
           .Output("y");
     },
     "m.onnx: n: shape: %s depends on the input 's'; give its value with --const s=VALUE"},
    {"index outside",
     [] {
       OnnxBuilder model(17);
       return model.Input("x", {2}).Int("i", 2).Node("Gather", {"x", "i"}, {"y"}, "n").Output("y");
     },
     "m.onnx: n: indices: 2 is outside axis 0, which is 2"},
    {"length of the export",
     [] {
       OnnxBuilder model = Recurrent("RNN");
       model.Graph()
           .mutable_input(0)
           ->mutable_type()
           ->mutable_tensor_type()
           ->mutable_shape()
           ->mutable_dim(0)
           ->set_dim_param("T");
       model.Graph().clear_output();
       return model.Ints("s", {6, 3}).Node("Reshape", {"y", "s"}, {"z"}, "n").Output("z");
     },
     "m.onnx: n: shape: f32[T,1,1,3] cannot become [6,3] for every 3*T; the length was fixed when the model "
     "was "
     "exported: --dim T=6 compiles"},
};

class Refusals : public testing::TestWithParam<RefusalCase> {};

TEST_P(Refusals, AreClear) { EXPECT_THAT(Refusal(GetParam().model()), HasSubstr(GetParam().expected)); }

INSTANTIATE_TEST_SUITE_P(, Refusals, testing::ValuesIn(kCases));

// All of it at once: a model with three mistakes says three things.
TEST(RefusalList, IsComplete) {
  OnnxBuilder model(17);
  model.Input("x", {2})
      .Node("Foo", {"x"}, {"a"}, "first")
      .Node("Relu", {"a"}, {"b"}, "second")
      .Attribute("k", 1)
      .Node("Optional", {"b"}, {"y"}, "third")
      .Output("y");
  const std::string said = Refusal(model);
  EXPECT_THAT(said, HasSubstr("first: operator Foo"));
  EXPECT_THAT(said, HasSubstr("second: k:"));
  EXPECT_THAT(said, HasSubstr("third: operator Optional"));
}

// The same thing of many nodes is one line.
TEST(RefusalList, IsShort) {
  OnnxBuilder model(17);
  model.Input("x", {2});
  for (int i = 0; i < 9; ++i) {
    const std::string y = "y" + std::to_string(i);
    model.Node("Foo", {"x"}, {y}, "n" + std::to_string(i)).Output(y);
  }
  EXPECT_EQ(Refusal(model),
            "m.onnx: n0, n1, n2, and 6 more: operator Foo: is not computed; export the model without it");
}

// Every operator of ONNX is either in the version table or refused by its name, at every opset.
TEST(Operators, AreImportedOrRefusedByName) {
  std::set<std::string> known;
  for (const OperatorRule& rule : OperatorRules()) known.insert(std::string(rule.name));
  std::set<std::string> all;
  for (const onnx::OpSchema& schema : onnx::OpSchemaRegistry::get_all_schemas()) {
    if (IsDefaultDomain(schema.domain())) all.insert(schema.Name());
  }
  EXPECT_GT(all.size(), 150u);
  int refused = 0;
  for (const std::string& op : all) {
    const std::string said = Refusal(Unary(op.c_str()).Attribute("no_such_attribute", 1));
    const std::string by_name = "m.onnx: n: operator " + op + ": ";
    if (FindRule(op, 17) != nullptr) {
      EXPECT_THAT(said, testing::Not(HasSubstr(by_name))) << op;
    } else {
      EXPECT_THAT(said, HasSubstr(by_name)) << op;
      ++refused;
    }
  }
  EXPECT_GT(refused, 40);
  for (const std::string& op : known) {
    static const std::set<std::string> kNewer = {
        // than the library's schemas
        "Mish",       "Gelu",  "BitwiseNot",         "BitwiseAnd",      "BitwiseOr",
        "BitwiseXor", "Swish", "GroupNormalization", "RMSNormalization"};
    const bool newer = kNewer.count(op) != 0;
    EXPECT_TRUE(all.count(op) != 0 || newer) << op;
  }
}

// The rows of one operator follow one another without gap or overlap, and each holds what ONNX allows: the
// attributes of the schema in force.
TEST(Operators, RowsAgreeWithTheSchemas) {
  for (const OperatorRule& rule : OperatorRules()) {
    for (int64_t opset = std::max<int64_t>(rule.first, 7); opset <= std::min<int64_t>(rule.last, 17);
         ++opset) {
      EXPECT_EQ(FindRule(rule.name, opset), &rule) << rule.name << " at " << opset;
      const onnx::OpSchema* schema =
          onnx::OpSchemaRegistry::Schema(std::string(rule.name), static_cast<int>(opset), "");
      if (schema == nullptr) continue;
      std::set<std::string> listed;
      std::string_view list = rule.attributes;
      for (size_t at = 0; at < list.size();) {
        const size_t end = std::min(list.find(' ', at), list.size());
        listed.insert(std::string(list.substr(at, list.find(':', at) - at)));
        at = end + 1;
      }
      for (const std::string& name : listed) {
        const bool newer = name == "noop_with_empty_axes" || opset > 17;
        EXPECT_TRUE(schema->attributes().count(name) != 0 || newer)
            << rule.name << " at " << opset << ": " << name;
      }
      for (const auto& [name, attribute] : schema->attributes()) {
        const bool refused = name.rfind("value_string", 0) == 0 || name == "sparse_value";
        EXPECT_TRUE(listed.count(name) != 0 || refused) << rule.name << " at " << opset << ": " << name;
      }
      EXPECT_EQ(rule.min_inputs, schema->min_input()) << rule.name << " at " << opset;
      if (rule.max_inputs != kAny) {
        EXPECT_EQ(rule.max_inputs, schema->max_input()) << rule.name << " at " << opset;
      }
    }
  }
}

}  // namespace
}  // namespace rnnc::import
