// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scan, Loop and sequences as native code, on lengths around the vector widths and the block of frames.
#include <gtest/gtest.h>

#include <cmath>

#include "compiler/driver/phases.h"
#include "compiler/ir/array.h"
#include "compiler/ir/graph_evaluator.h"
#include "tests/support/native/compare.h"
#include "tests/support/native/row_program.h"
#include "tests/support/native/rows.h"
#include "tests/support/native/stream.h"
#include "tests/support/native/third_opinion.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

constexpr int kBool = onnx::TensorProto::BOOL;

struct LoopModel {
  std::string name;
  OnnxBuilder (*build)();
};

// Backwards, time in the last axis of x, stacked along the last axis of y.
OnnxBuilder ReverseOtherAxis() {
  OnnxBuilder body(17), model(17);
  body.Input("s", {5}).Input("xt", {5}).Node("Add", {"s", "xt"}, {"a"}).Node("Tanh", {"a"}, {"n"});
  body.Output("n").Output("n");
  model.Input("x", {5, "T"})
      .Input("s0", {5})
      .Node("Scan", {"s0", "x"}, {"last", "y"})
      .Attribute("body", body);
  model.Attribute("num_scan_inputs", 1).Attribute("scan_input_axes", std::vector<int64_t>{1});
  model.Attribute("scan_input_directions", std::vector<int64_t>{1});
  model.Attribute("scan_output_directions", std::vector<int64_t>{1});
  return model.Attribute("scan_output_axes", std::vector<int64_t>{-1}).Output("y").Output("last");
}

// Two sequences, one of them backwards, and an output that is only stacked.
OnnxBuilder MixedDirections() {
  OnnxBuilder body(17), model(17);
  body.Input("s", {6}).Input("at", {6}).Input("bt", {6}).Node("Mul", {"at", "bt"}, {"p"});
  body.Node("Sub", {"p", "s"}, {"d"}).Node("Sigmoid", {"d"}, {"n"}).Output("n").Output("p").Output("s");
  model.Input("a", {"T", 6}).Input("b", {"T", 6}).Input("s0", {6});
  model.Node("Scan", {"s0", "a", "b"}, {"last", "p", "s"})
      .Attribute("body", body)
      .Attribute("num_scan_inputs", 2);
  model.Attribute("scan_input_directions", std::vector<int64_t>{0, 1});
  model.Attribute("scan_output_directions", std::vector<int64_t>{1, 0});
  return model.Output("p").Output("s").Output("last");
}

// A scan over 4 rows inside of every step.
OnnxBuilder Nested() {
  OnnxBuilder inner(17), outer(17), model(17);
  inner.Input("u", {3}).Input("r", {3}).Node("Mul", {"u", "o"}, {"v"}).Node("Add", {"v", "r"}, {"w"});
  inner.Node("Tanh", {"w"}, {"n"}).Output("n").Output("n");
  outer.Input("o", {3}).Input("m", {4, 3}).FloatsOf("k", {3});
  outer.Node("Scan", {"k", "m"}, {"next", "rows"}).Attribute("num_scan_inputs", 1).Attribute("body", inner);
  outer.Output("next").Output("rows");
  model.Input("x", {"T", 4, 3}).Input("s0", {3});
  model.Node("Scan", {"s0", "x"}, {"last", "y"}).Attribute("num_scan_inputs", 1).Attribute("body", outer);
  return model.Output("y").Output("last");
}

// An LSTM over 3 frames inside of every step; its last h is what the steps carry.
OnnxBuilder LstmInStep() {
  OnnxBuilder body(17), model(17);
  body.Input("h", {1, 1, 4}).Input("f", {3, 1, 2}).FloatsOf("W", {1, 16, 2}).FloatsOf("R", {1, 16, 4});
  body.Node("LSTM", {"f", "W", "R", "", "", "h", ""}, {"y", "n"}).Attribute("hidden_size", 4);
  body.Output("n").Output("y");
  model.Input("x", {"T", 3, 1, 2}).Input("h0", {1, 1, 4});
  model.Node("Scan", {"h0", "x"}, {"last", "ys"}).Attribute("num_scan_inputs", 1).Attribute("body", body);
  return model.Output("ys").Output("last");
}

// A Loop that reads from both ends, uses its own number, and collects pieces that are joined to one.
OnnxBuilder Collecting() {
  OnnxBuilder body(17), model(17);
  body.Input("i", {}, OnnxBuilder::kInt64)
      .Input("c", {}, kBool)
      .Input("s", {2})
      .Input("ys", {})
      .Int("one", 1);
  body.Node("Sub", {"T", "i"}, {"j"}).Node("Sub", {"j", "one"}, {"k"}).Node("Gather", {"x", "k"}, {"back"});
  body.Node("Gather", {"x", "i"}, {"xt"}).Node("Cast", {"i"}, {"f"}).Attribute("to", 1);
  body.Node("Add", {"f", "back"}, {"a"}).Node("Sin", {"a"}, {"b"}).Node("Mul", {"b", "xt"}, {"d"});
  body.Node("Sub", {"d", "s"}, {"n"}).Node("SequenceInsert", {"ys", "n"}, {"more"});
  body.Output("c", kBool).Output("n").Output("more");
  for (auto* value : {body.Graph().mutable_input(3), body.Graph().mutable_output(2)}) {
    value->mutable_type()->mutable_sequence_type()->mutable_elem_type()->mutable_tensor_type()->set_elem_type(
        1);
  }
  model.Input("x", {"T", 2}).Input("s0", {2}).Int("zero", 0).Node("Shape", {"x"}, {"shape"});
  model.Node("Gather", {"shape", "zero"}, {"T"}).Node("SequenceEmpty", {}, {"none"});
  model.Node("Loop", {"T", "", "s0", "none"}, {"last", "seq"}).Attribute("body", body);
  model.Node("ConcatFromSequence", {"seq"}, {"y"}).Attribute("axis", 0);
  return model.Output("y").Output("last");
}

// What a step gives on is an argument, a slice, a value from outside, and the same value twice.
OnnxBuilder NothingComputed() {
  OnnxBuilder body(17), model(17);
  body.Input("a", {3}).Input("b", {3}).Input("xt", {3});
  body.Output("b").Output("xt").Output("a").Output("a").Output("w").Output("xt");
  model.Input("x", {"T", 3}).Input("a0", {3}).Input("b0", {3}).Input("w", {3});
  model.Node("Scan", {"a0", "b0", "x"}, {"a1", "b1", "p", "q", "r", "s"}).Attribute("num_scan_inputs", 1);
  model.Attribute("body", body);
  for (const char* name : {"a1", "b1", "p", "q", "r", "s"}) model.Output(name);
  return model;
}

const LoopModel kModels[] = {{"ReverseOtherAxis", ReverseOtherAxis},
                             {"MixedDirections", MixedDirections},
                             {"Nested", Nested},
                             {"LstmInStep", LstmInStep},
                             {"Collecting", Collecting},
                             {"NothingComputed", NothingComputed}};

std::vector<ir::Array> ArraysOf(const std::vector<ir::Tensor>& tensors) {
  std::vector<ir::Array> arrays;
  for (const ir::Tensor& tensor : tensors) arrays.push_back(ir::ArrayOf(tensor));
  return arrays;
}

class Loops : public ::testing::TestWithParam<std::tuple<LoopModel, int>> {};

// Catches carries that two values share, rows written where another is still read, an inner loop that goes on
// where the last step's ended, a first or last step taken for the other, and T = 0.
TEST_P(Loops, AgreeWithTheOracle) {
  const auto& [loop, level] = GetParam();
  const TempFolder folder;
  driver::ModelOptions options;
  options.model = loop.build().Save(folder / "m.onnx");
  options.open_dims = {{"T", {}}};
  options.optimization = level;
  const TestRow row = FindTestRow("native");
  options.target = row.request;
  const auto compiled = driver::CompileModel(options);
  ASSERT_TRUE(compiled.ok()) << Render(compiled.diagnostics());
  const auto program = RowProgram::Load(row, compiled->object.object, compiled->planned->name);
  ASSERT_TRUE(program.ok()) << Render(program.diagnostics());
  const rnnc_model& model = (*program)->Model();
  const ir::Function& graph = *compiled->graph->FindFunction("main");
  for (const int64_t frames : {0, 1, 2, 7, 33}) {
    std::vector<ir::Tensor> inputs;
    for (int32_t i = 0; i < model.n_inputs; ++i) {
      const ir::Type type = TypeOf(model.inputs[i], SizesOf(frames));
      inputs.push_back(RandomTensor(type.element, type.StaticDims(), static_cast<uint64_t>(31 * frames + i)));
    }
    Stream stream(**program);
    stream.Reset();
    const Stream::Answer answer = stream.Run(SizesOf(frames), inputs);
    ASSERT_EQ(answer.status, RNNC_OK) << "T = " << frames;
    const auto exact = ir::EvaluateGraph(graph, ArraysOf(inputs));
    ASSERT_TRUE(exact.ok()) << Render(exact.diagnostics());
    for (size_t i = 0; i < exact->size(); ++i) {
      EXPECT_TRUE(Close(answer.outputs[i], ir::TensorOf((*exact)[i])))
          << "T = " << frames << ", output " << model.outputs[i].name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Loops, ::testing::Combine(::testing::ValuesIn(kModels), ::testing::Values(0, 3)),
                         [](const auto& info) {
                           return std::get<0>(info.param).name + "_O" +
                                  std::to_string(std::get<1>(info.param));
                         });

// The same for ONNX Runtime, which gives garbage where a body's output is no value of its own: an input of
// the body, or one that is given out twice.
void SeparateOutputs(onnx::GraphProto& graph, bool is_body) {
  for (onnx::NodeProto& node : *graph.mutable_node()) {
    for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) SeparateOutputs(*attribute.mutable_g(), true);
    }
  }
  for (int i = 0; is_body && i < graph.output_size(); ++i) {
    onnx::NodeProto& copy = *graph.add_node();
    copy.set_op_type("Identity");
    copy.add_input(graph.output(i).name());
    graph.mutable_output(i)->set_name(fmt::format("{}_of_{}_{}", graph.output(i).name(), graph.name(), i));
    copy.add_output(graph.output(i).name());
  }
}

// Catches what the importer and so the oracle read wrongly: an axis, a direction, which value is carried.
TEST(LoopsOfOnnxRuntime, Agree) {
  if (const std::string why = WhyNoThirdOpinion(); !why.empty()) GTEST_SKIP() << why;
  const TempFolder folder;
  for (const LoopModel& loop : kModels) {
    const std::filesystem::path place = folder.path() / loop.name;
    std::filesystem::create_directories(place);
    driver::ModelOptions options;
    OnnxBuilder built = loop.build();
    options.model = built.Save((place / "model.onnx").string());
    const auto compiled = driver::CompileModel(options);
    SeparateOutputs(built.Graph(), false);
    (void)built.Save((place / "model.onnx").string());
    ASSERT_TRUE(compiled.ok()) << Render(compiled.diagnostics());
    const auto program =
        RowProgram::Load(FindTestRow("native"), compiled->object.object, compiled->planned->name);
    ASSERT_TRUE(program.ok()) << Render(program.diagnostics());
    const rnnc_model& model = (*program)->Model();
    std::vector<driver::NamedTensor> inputs;
    std::vector<ir::Tensor> tensors;
    for (int32_t i = 0; i < model.n_inputs; ++i) {
      const ir::Type type = TypeOf(model.inputs[i], SizesOf(7));
      tensors.push_back(
          RandomTensor(type.element, type.StaticDims(), uint64_t{31} + static_cast<uint64_t>(i)));
      inputs.push_back({model.inputs[i].name, tensors.back()});
    }
    Stream stream(**program);
    stream.Reset();
    const Stream::Answer answer = stream.Run(SizesOf(7), tensors);
    ASSERT_EQ(answer.status, RNNC_OK) << loop.name;
    std::vector<BoundedOutput> outputs;
    for (int32_t i = 0; i < model.n_outputs; ++i)
      outputs.push_back({{model.outputs[i].name, answer.outputs[static_cast<size_t>(i)]}, {2e-5, 2e-5}});
    SaveOpinionCase(place, inputs, outputs);
  }
  const Opinion opinion = AskThirdOpinion(folder.path());
  EXPECT_EQ(opinion.agree, static_cast<int>(std::size(kModels))) << opinion.output;
}

// Steps that read behind the end of a tensor are the model's fault: said, by node. Which step that is shows
// when the loop is unrolled; an index that is computed from the step's number, when that is folded.
TEST(LoopsThatReadOutside, AreRefused) {
  for (const bool computed : {false, true}) {
    OnnxBuilder body(17), model(17);
    body.Input("i", {}, OnnxBuilder::kInt64).Input("c", {}, kBool).Input("s", {2}).Int("one", 1);
    body.Node("Add", {"i", "one"}, {"j"}).Node("Gather", {"x", computed ? "j" : "i"}, {"xt"}, "read");
    body.Node("Add", {"s", "xt"}, {"n"}).Output("c").Output("n");
    model.Input("x", {"T", 2}).Floats("s0", {2}, {1, 2}).Int("M", computed ? 2 : 3);
    model.Node("Loop", {"M", "", "s0"}, {"y"}, "loop").Attribute("body", body).Output("y");
    const TempFolder folder;
    driver::ModelOptions options;
    options.model = model.Save(folder / "m.onnx");
    options.dims = {{"T", 2}};
    const auto compiled = driver::CompileModel(options);
    ASSERT_FALSE(compiled.ok());
    EXPECT_NE(Render(compiled.diagnostics()).find("indices: 2 is outside an axis of 2; "), std::string::npos)
        << Render(compiled.diagnostics());
  }
}

}  // namespace
}  // namespace rnnc::test
