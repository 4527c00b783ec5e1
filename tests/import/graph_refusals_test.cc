// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/support/file.h"
#include "tests/import/refusal_cases.h"

// What is refused of files, options, functions, branches, loops and sequences. Catches a file that is read as
// if it said something else, and advice that is not there.
namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using testing::StartsWith;

constexpr int kBool = onnx::TensorProto::BOOL, kInt64 = onnx::TensorProto::INT64;
constexpr const char* kOwn = "own.functions";

// ---- Loops ----

// x[3,1] and s0[1] to their sums.
OnnxBuilder Scan(const OnnxBuilder::Dims& x = {3, 1}) {
  OnnxBuilder body(17), model(17);
  body.Input("s", {1}).Input("xt", {1}).Node("Add", {"s", "xt"}, {"t"}).Output("t").Output("t");
  model.Input("x", x).Input("s0", {1}).Node("Scan", {"s0", "x"}, {"y", "z"}, "n").Output("y").Output("z");
  return model.Attribute("num_scan_inputs", 1).Attribute("body", body);
}

// A Loop that carries the sequence q, given to `node` in each step; q is what `next` names afterwards.
OnnxBuilder Collect(const std::function<void(OnnxBuilder&)>& nodes, const char* next = "r",
                    const char* condition = "c") {
  OnnxBuilder body(17), model(17);
  body.Input("i", {}, kInt64).Input("c", {}, kBool).Input("q", {});
  nodes(body);
  model.Input("x", {2}).Int("m", 3).Node("SequenceEmpty", {}, {"e"}, "empty");
  model.Node("Loop", {"m", "", "e"}, {"s"}, "n").Attribute("body", body.Output(condition).Output(next));
  return model.Node("ConcatFromSequence", {"s"}, {"y"}, "join").Attribute("axis", 0).Output("y");
}

const RefusalCase kLoops[] = {
    {"scan_input_directions", [] { return Scan().Attribute("scan_input_directions", Longs{0, 0}); },
     "m.onnx: n: scan_input_directions: 2 entries for 1"},
    {"scan_output_directions", [] { return Scan().Attribute("scan_output_directions", Longs{2}); },
     "m.onnx: n: scan_output_directions: 2 is neither 0 nor 1"},
    {"scan_input_axes", [] { return Scan().Attribute("scan_input_axes", Longs{2}); },
     "m.onnx: n: scan_input_axes: 2 is no axis of f32[3,1]"},
    {"scan_output_axes", [] { return Scan().Attribute("scan_output_axes", Longs{-3}); },
     "m.onnx: n: scan_output_axes: -3 is no axis of f32[3,1]"},
    {"a condition that is a sequence",
     [] {
       return Collect([](OnnxBuilder& body) { body.Node("SequenceInsert", {"q", "x"}, {"r"}, "insert"); },
                      "r", "r");
     },
     "m.onnx: n: cond: is a sequence, must be one bool"},
    {"a sequence measured in the loop",
     [] { return Collect([](OnnxBuilder& body) { body.Node("SequenceLength", {"q"}, {"r"}, "length"); }); },
     "m.onnx: length: a sequence that a Loop carries: only SequenceInsert without a position is computed on "
     "it; "
     "give out what a step computes as a scan output"},
    {"a sequence filled from the front",
     [] {
       return Collect([](OnnxBuilder& body) {
         body.Int("first", 0).Node("SequenceInsert", {"q", "x", "first"}, {"r"}, "insert");
       });
     },
     "m.onnx: insert: a sequence that a Loop carries: only SequenceInsert without a position is computed on "
     "it; "
     "give out what a step computes as a scan output"},
    {"nothing stacked of an open size",
     [] {
       OnnxBuilder body(17), model(17);
       body.Input("i", {}, kInt64).Input("c", {}, kBool).Node("Neg", {"x"}, {"t"}).Output("c").Output("t");
       model.Input("x", {"N"}).Int("m", 0).Node("Loop", {"m", ""}, {"y"}, "n").Attribute("body", body);
       return model.Output("y");
     },
     "m.onnx: n: no steps, and outputs of f32[0,N]; bind its sizes with --dim", Open({"N"})},
};

// ---- Sequences ----

// q holds x and z; "n" is `op` on it and what else is there.
OnnxBuilder OfSequence(const char* op, const std::vector<std::string>& more = {}) {
  OnnxBuilder model(17);
  model.Input("x", {2}).Input("z", {2}).Input("at", {}, kInt64).Int("two", 2);
  model.Node("SequenceConstruct", {"x", "z"}, {"q"}, "construct");
  std::vector<std::string> inputs = {"q"};
  inputs.insert(inputs.end(), more.begin(), more.end());
  return model.Node(op, inputs, {"y"}, "n").Output("y");
}

const RefusalCase kSequences[] = {
    {"axis", [] { return OfSequence("ConcatFromSequence").Attribute("axis", 1); },
     "m.onnx: n: axis: 1 is outside the 1 axes"},
    {"position outside", [] { return OfSequence("SequenceAt", {"two"}); },
     "m.onnx: n: position: 2 is outside a sequence of 2"},
    {"position of an input", [] { return OfSequence("SequenceAt", {"at"}); },
     "m.onnx: n: position: 'at' depends on the input 'at'; give its value with --const at=VALUE"},
    {"nothing joined",
     [] {
       OnnxBuilder model(17);
       model.Input("x", {2}).Node("SequenceEmpty", {}, {"q"}, "empty");
       return model.Node("ConcatFromSequence", {"q"}, {"y"}, "n").Attribute("axis", 0).Output("y");
     },
     "m.onnx: n: the sequence is empty, there is nothing to join"},
    {"split into longer parts",
     [] {
       OnnxBuilder model(17);
       model.Input("x", {4}).Int("two", 2).Node("SplitToSequence", {"x", "two"}, {"q"}, "n");
       return model.Node("ConcatFromSequence", {"q"}, {"y"}, "join").Attribute("axis", 0).Output("y");
     },
     "m.onnx: n: split: only elements of one position each are computed; use Split for others"},
    {"insert into rows",
     [] {
       OnnxBuilder model(17);
       model.Input("x", {4}).Input("z", {1}).Node("SplitToSequence", {"x"}, {"q"}, "split");
       model.Node("SequenceInsert", {"q", "z"}, {"r"}, "n");
       return model.Node("ConcatFromSequence", {"r"}, {"y"}, "join").Attribute("axis", 0).Output("y");
     },
     "m.onnx: n: into the parts of a SplitToSequence, or what a Loop has collected; join them, then Concat"},
};

// ---- Functions and branches ----

// The function F(x) = `op`(x), with one attribute `k`, called by the node "n".
OnnxBuilder CallOf(const std::function<void(OnnxBuilder&)>& nodes) {
  OnnxBuilder body(17), model(17);
  body.Input("x", {});
  nodes(body);
  model.Function(kOwn, "F", body.Output("y")).add_attribute("k");
  return model.Input("x", {2}).Node("F", {"x"}, {"y"}, "n").Domain(kOwn).Output("y");
}

// Functions F0 .. F99, each of which calls the next; the last holds an If.
OnnxBuilder CallsAroundAnIf() {
  OnnxBuilder model(17);
  for (int i = 0; i < 100; ++i) {
    OnnxBuilder body(17), branch(17);
    body.Input("x", {});
    if (i < 99) {
      body.Node("F" + std::to_string(i + 1), {"x"}, {"y"}, "f").Domain(kOwn);
    } else {
      branch.Node("Neg", {"x"}, {"b"}).Output("b");
      body.Node("If", {"x"}, {"y"}, "if").Attribute("then_branch", branch);
    }
    model.Function(kOwn, "F" + std::to_string(i), body.Output("y"));
  }
  return model.Input("x", {2}).Node("F0", {"x"}, {"y"}, "n").Domain(kOwn).Output("y");
}

const RefusalCase kFunctions[] = {
    {"reference outside of a function", [] { return One("Elu", {In({2})}).AttributeReference("alpha", "k"); },
     "m.onnx: n: alpha: refers to an attribute of a function, and is in none"},
    {"reference in a call outside of a function",
     [] {
       return CallOf([](OnnxBuilder& body) { body.Node("Neg", {"x"}, {"y"}, "neg"); })
           .AttributeReference("k", "k");
     },
     "m.onnx: n: k: refers to an attribute of a function, and is in none"},
    {"reference to another attribute",
     [] {
       return CallOf(
           [](OnnxBuilder& body) { body.Node("Elu", {"x"}, {"y"}, "elu").AttributeReference("alpha", "q"); });
     },
     "m.onnx: n/elu: alpha: refers to 'q', which is no attribute of the function"},
    {"a graph from the call",
     [] {
       OnnxBuilder branch(17);
       branch.Node("Neg", {"x"}, {"b"}).Output("b");
       return CallOf([](OnnxBuilder& body) {
                body.Node("If", {"x"}, {"y"}, "if").AttributeReference("then_branch", "k");
              })
           .Attribute("k", branch);
     },
     "m.onnx: n/if: then_branch: is a graph that the call gives, which is not computed; export without it"},
    {"branch with fewer outputs",
     [] {
       OnnxBuilder one(17), two(17);
       one.Node("Neg", {"x"}, {"b"}).Output("b");
       two.Node("Neg", {"x"}, {"b"}).Output("b").Output("b");
       OnnxBuilder model = One("If", {In({}, kBool)}, 17, 2).Input("x", {2});
       return model.Attribute("then_branch", two).Attribute("else_branch", one);
     },
     "m.onnx: n: else_branch: has 1 outputs, the node 2", With({{"a", 0.0}})},
};

// ---- Files and options ----

OnnxBuilder External(const std::function<void(onnx::TensorProto&)>& entries) {
  onnx::TensorProto tensor;
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(1);
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  entries(tensor);
  return One("Add", {In({1}), [=](OnnxBuilder& model, const std::string& name) {
                       onnx::TensorProto named = tensor;
                       named.set_name(name);
                       model.Initialiser(named);
                     }});
}

ImportOptions Between(const char* dim, int64_t low, int64_t high) {
  ImportOptions options;
  options.open_dims[dim] = {low, high};
  return options;
}

const RefusalCase kFiles[] = {
    {"input without a name",
     [] {
       OnnxBuilder model = One("Neg", {In({2})});
       return model.Input("", {2});
     },
     "m.onnx: an input has no name"},
    {"external data nowhere", [] { return External([](onnx::TensorProto&) {}); },
     "m.onnx: initialiser 'b': external data: no file is named"},
    {"external data that is not there",
     [] {
       return External([](onnx::TensorProto& tensor) {
         auto& entry = *tensor.add_external_data();
         entry.set_key("location");
         entry.set_value("weights.bin");
       });
     },
     "m.onnx: initialiser 'b': external data: there is no file 'weights.bin' beside the model; copy it "
     "there"},
    {"two versions of the operators",
     [] {
       OnnxBuilder model = One("Neg", {In({2})});
       model.Model().add_opset_import()->set_version(18);
       return model;
     },
     "m.onnx: opset_import: versions 17 and 18 of the same operators"},
    {"a model without a graph",
     [] {
       OnnxBuilder model(17);
       model.Model().clear_graph();
       return model;
     },
     "m.onnx: holds no graph; is it an ONNX model?"},
    {"a size of 0", [] { return One("Neg", {In({"N", "M"})}); },
     "m.onnx: --dim M: 0 is no size; give at least 1", Bound({{"M", 0}})},
    {"bounds the wrong way round", [] { return One("Neg", {In({"N"})}); },
     "m.onnx: --dim N: no size is possible between the bounds 3 and 2", Between("N", 3, 2)},
    {"two time axes",
     [] {
       OnnxBuilder model(17);
       model.FloatsOf("W", {1, 3, 2}).FloatsOf("R", {1, 3, 3});
       for (const char* x : {"a", "b"}) {
         const std::string name(x);
         model.Input(name, {"T" + name, 1, 2}).Node("RNN", {name, "W", "R"}, {"y" + name}, "r" + name);
         model.Output("y" + name);
       }
       return model;
     },
     "m.onnx: dim 'Tb': a second time axis beside 'Ta' is not computed; bind one with --dim Tb=N"},
};

class GraphRefusals : public testing::TestWithParam<RefusalCase> {};

TEST_P(GraphRefusals, AreClear) {
  EXPECT_THAT(Refusal(GetParam().model(), GetParam().options), StartsWith(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(Loops, GraphRefusals, testing::ValuesIn(kLoops));
INSTANTIATE_TEST_SUITE_P(Sequences, GraphRefusals, testing::ValuesIn(kSequences));
INSTANTIATE_TEST_SUITE_P(Functions, GraphRefusals, testing::ValuesIn(kFunctions));
INSTANTIATE_TEST_SUITE_P(Files, GraphRefusals, testing::ValuesIn(kFiles));

// Catches a limit that only calls count towards: subgraphs in them are expanded by recursion too.
TEST(NestedGraphs, OfSubgraphsBelowCalls) {
  EXPECT_THAT(Refusal(CallsAroundAnIf()),
              testing::HasSubstr(
                  "/if: then_branch: calls and subgraphs are nested deeper than 100; inline some of them"));
}

// Catches data sets that are read as far as they go.
TEST(TensorFiles, CutShortAreRefused) {
  const test::TempFolder folder;
  WriteFile(folder / "x.pb", test::FloatTensor("x", {2}, {1, 2}).SerializeAsString().substr(0, 9)).value();
  const Result<NamedTensor> read = ReadTensorPb(folder / "x.pb");
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(Render(read.diagnostics()), testing::EndsWith("x.pb: no serialised tensor, or cut short"));
}

}  // namespace
}  // namespace rnnc::import
