// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One object serves every length of a sequence.
#include <gtest/gtest.h>

#include <cmath>

#include "compiler/driver/phases.h"
#include "compiler/ir/array.h"
#include "compiler/ir/graph_evaluator.h"
#include "tests/support/native/compare.h"
#include "tests/support/native/model_files.h"
#include "tests/support/native/stream.h"

namespace rnnc::test {
namespace {

// Around the vector widths and the block of frames, and far beyond both.
constexpr int64_t kLengths[] = {1, 2, 7, 33, 1000};

struct OpenModel {
  std::string name;
  std::string file;
  int64_t batch = 0;  // --dim B=batch, 0: the model has no such dim
};

std::vector<OpenModel> Models() {
  std::vector<OpenModel> models;
  for (const std::string& name : DataModels()) {
    if (name != "mlp" && name != "conv_lstm_static") models.push_back({name, OwnModel(name)});
  }
  models.push_back({"language_id", OwnModel("examples/language_id")});
  models.push_back({"gru2", SharedModel("exports/gru2.legacy")});
  for (const std::string name : {"lstm1", "rnn_tanh", "rnn_relu"}) {
    for (const int64_t batch : {1, 2, 3}) {
      models.push_back(
          {name + "_B" + std::to_string(batch), SharedModel("exports/" + name + ".legacy"), batch});
    }
  }
  return models;
}

std::vector<ir::Array> ArraysOf(const std::vector<ir::Tensor>& tensors) {
  std::vector<ir::Array> arrays;
  for (const ir::Tensor& tensor : tensors) arrays.push_back(ir::ArrayOf(tensor));
  return arrays;
}

// max(1e-5, ten times what float32 costs the oracle itself) + 1e-5 |expected|.
Bound BoundFor(const ir::Array& exact, const ir::Array& rounded) {
  Bound bound;
  for (int64_t i = 0; i < exact.Count(); ++i) {
    bound.atol = std::fmax(bound.atol, 10 * std::fabs(exact.NumberAt(i) - rounded.NumberAt(i)));
  }
  return bound;
}

class Lengths : public ::testing::TestWithParam<std::tuple<OpenModel, TestRow>> {};

// Catches a length taken for granted anywhere: the last step read at a fixed place, a tail of a block left
// out or read behind its end, carries lost between two blocks, batch and time swapped.
TEST_P(Lengths, OneObjectServesAll) {
  const auto& [file, row] = GetParam();
  if (const std::string why = WhyMissing(file.file) + WhyNot(row); !why.empty()) GTEST_SKIP() << why;
  driver::ModelOptions options;
  options.model = file.file;
  options.target = row.request;
  if (file.batch != 0) options.dims["B"] = file.batch;
  const auto compiled = driver::CompileModel(options);
  ASSERT_TRUE(compiled.ok()) << Render(compiled.diagnostics());
  const auto program = RowProgram::Load(row, compiled->object.object, compiled->planned->name);
  ASSERT_TRUE(program.ok()) << Render(program.diagnostics());
  const rnnc_model& model = (*program)->Model();
  ASSERT_NE(model.run, nullptr);
  for (const int64_t frames : kLengths) {
    std::vector<ir::Tensor> inputs;
    for (int32_t i = 0; i < model.n_inputs; ++i) {
      const ir::Type type = TypeOf(model.inputs[i], frames);
      inputs.push_back(
          RandomTensor(type.element, type.StaticDims(), static_cast<uint64_t>(31 * frames + i), 20));
    }
    Stream stream(**program);
    stream.Reset();
    const Stream::Answer answer = stream.Run(frames, inputs);
    ASSERT_EQ(answer.status, RNNC_OK) << "T = " << frames;
    const ir::Function& graph = *compiled->graph->FindFunction("main");
    const auto exact = ir::EvaluateGraph(graph, ArraysOf(inputs));
    const auto rounded = ir::EvaluateGraph(graph, ArraysOf(inputs), {.round = true});
    ASSERT_TRUE(exact.ok()) << Render(exact.diagnostics());
    ASSERT_TRUE(rounded.ok()) << Render(rounded.diagnostics());
    ASSERT_EQ(exact->size(), answer.outputs.size());
    for (size_t i = 0; i < exact->size(); ++i) {
      EXPECT_TRUE(Close(answer.outputs[i], ir::TensorOf((*exact)[i]), BoundFor((*exact)[i], (*rounded)[i])))
          << "T = " << frames << ", output " << model.outputs[i].name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Lengths,
                         ::testing::Combine(::testing::ValuesIn(Models()),
                                            ::testing::Values(FindTestRow("native"), FindTestRow("aarch64"))),
                         [](const auto& info) {
                           return TestName(std::get<0>(info.param).name) + "_" + std::get<1>(info.param).name;
                         });

}  // namespace
}  // namespace rnnc::test
