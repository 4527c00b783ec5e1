// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One object serves every length of a sequence, and every batch where that is left open.
#include <gtest/gtest.h>

#include <cmath>

#include "compiler/driver/native.h"
#include "compiler/driver/phases.h"
#include "compiler/ir/array.h"
#include "compiler/ir/graph_evaluator.h"
#include "tests/support/native/compare.h"
#include "tests/support/native/model_files.h"
#include "tests/support/native/stream.h"

namespace rnnc::test {
namespace {

// Around the vector widths and the block of frames, and far beyond both.
const std::vector<int64_t> kLengths = {1, 2, 7, 33, 1000};
const std::vector<int64_t> kModerate = {1, 2, 7, 33, 200};

struct OpenModel {
  std::string name;
  std::string file;
  std::map<std::string, int64_t> dims = {};
  std::map<std::string, import::DimBounds> open_dims = {};
  std::vector<int64_t> lengths = kLengths;
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
          {name + "_B" + std::to_string(batch), SharedModel("exports/" + name + ".legacy"), {{"B", batch}}});
    }
  }
  // Of both exporters, frame by frame and whole; with the batch fixed, open, and open within bounds.
  for (const std::string name : {"lstm1.dynamo", "rnn_tanh.legacy", "rnn_relu.legacy", "bilstm_tagger.legacy",
                                 "bilstm_tagger.dynamo", "seed_classifier.legacy", "seed_classifier.dynamo",
                                 "lstm2x96.legacy", "lstm2x96.dynamo", "lstm1_half.legacy"}) {
    const std::string file = SharedModel("exports/" + name);
    models.push_back({name + "_fixed", file, {{"B", 2}}, {}, kModerate});
    models.push_back({name + "_open", file, {}, {{"B", {}}}, kModerate});
    models.push_back({name + "_bounded", file, {}, {{"B", {1, 4}}, {"T", {1, 200}}}, kModerate});
  }
  for (const std::string name : {"conv_lstm_kws.legacy", "conv_lstm_kws.dynamo"}) {
    models.push_back({name, SharedModel("exports/" + name), {}, {}, kModerate});
  }
  models.push_back({"keras_lstm", SharedModel("exports/keras_lstm.keras"), {}, {{"unk__73", {}}}, kModerate});
  // Scan and Loop; without a frame their results are the initial values.
  for (const auto& [name, batch] :
       {std::pair("scan_gru.dynamo", "B"), std::pair("layernorm_lstm.legacy", "B"),
        std::pair("keras_gru_reset_before.keras", "unk__252")}) {
    const std::string file = SharedModel(std::string("exports/") + name);
    // Keras' Reshape to [B,T,3] means something else by ONNX when T is 0: that size is copied from the
    // operand.
    std::vector<int64_t> lengths = {1, 2, 7, 33};
    if (std::string(name).rfind("keras", 0) != 0) lengths.insert(lengths.begin(), 0);
    models.push_back({name + std::string("_one"), file, {{batch, 1}}, {}, lengths});
    models.push_back({name + std::string("_fixed"), file, {{batch, 2}}, {}, lengths});
    models.push_back({name + std::string("_open"), file, {}, {{batch, {}}}, lengths});
  }
  models.push_back({"nsnetv2_plc", SharedModel("models/nsnetv2_plc"), {}, {}, kModerate});
  models.push_back(
      {"byte_sb", SharedModel("models/tract_byte_sb_bidi_lstm"), {}, {{"batch", {1, 3}}}, kModerate});
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
// out or read behind its end, carries lost between two blocks, batch and time swapped, a step backward in
// time from the wrong end, more scratch memory than the model says (Stream::Run gives exactly that).
TEST_P(Lengths, OneObjectServesAll) {
  const auto& [file, row] = GetParam();
  if (const std::string why = WhyMissing(file.file) + WhyNot(row); !why.empty()) GTEST_SKIP() << why;
  driver::ModelOptions options;
  options.model = file.file;
  options.target = row.request;
  options.dims = file.dims;
  options.open_dims = file.open_dims;
  const auto compiled = driver::CompileModel(options);
  ASSERT_TRUE(compiled.ok()) << Render(compiled.diagnostics());
  const auto program = RowProgram::Load(row, compiled->object.object, compiled->planned->name);
  ASSERT_TRUE(program.ok()) << Render(program.diagnostics());
  const rnnc_model& model = (*program)->Model();
  ASSERT_NE(model.run, nullptr);
  int64_t batch = 3;
  for (const int64_t frames : file.lengths) {
    batch = 4 - batch;  // 1 and 3 in turn, where it is open
    const Sizes sizes = SizesOf(frames, batch);
    std::vector<ir::Tensor> inputs;
    for (int32_t i = 0; i < model.n_inputs; ++i) {
      const ir::Type type = TypeOf(model.inputs[i], sizes);
      inputs.push_back(
          RandomTensor(type.element, type.StaticDims(), static_cast<uint64_t>(31 * frames + i), 20));
    }
    Stream stream(**program);
    stream.Reset();
    const Stream::Answer answer = stream.Run(sizes, inputs);
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

// Catches a bound that is not checked, is checked after something was written, or is off by one, and memory
// inside the instance that is smaller than the bound asks for.
TEST(Bounds, AreStatuses) {
  driver::ModelOptions options;
  options.model = OwnModel("lstm_small");
  options.open_dims = {{"T", {2, 40}}};
  const auto compiled = driver::CompileModel(options);
  ASSERT_TRUE(compiled.ok()) << Render(compiled.diagnostics());
  const auto native = driver::NativeModel::Load(compiled->object.object, compiled->planned->name);
  ASSERT_TRUE(native.ok()) << Render(native.diagnostics());
  const rnnc_model& model = (*native)->Model();
  ASSERT_EQ(model.n_sizes, 1);
  EXPECT_EQ(model.sizes[0].low, 2u);
  EXPECT_EQ(model.sizes[0].high, 40u);
  EXPECT_EQ(model.scratch_bytes, nullptr);
  const std::pair<int64_t, rnnc_status> cases[] = {{0, RNNC_LENGTH_BELOW_BOUND},
                                                   {1, RNNC_LENGTH_BELOW_BOUND},
                                                   {2, RNNC_OK},
                                                   {40, RNNC_OK},
                                                   {41, RNNC_LENGTH_ABOVE_BOUND}};
  for (const auto& [frames, status] : cases) {
    std::vector<ir::Tensor> inputs;
    for (int32_t i = 0; i < model.n_inputs; ++i) {
      inputs.push_back(
          RandomTensor(ir::ElementType::kF32, TypeOf(model.inputs[i], frames).StaticDims(), 5, 20));
    }
    Stream stream(model);
    stream.Reset();
    const Stream::Answer answer = stream.Run(frames, inputs);
    EXPECT_EQ(answer.status, status) << frames;
    if (status == RNNC_OK || frames == 0) continue;
    for (const ir::Tensor& output : answer.outputs) {
      EXPECT_TRUE(std::isnan(output.NumberAt(0))) << "written although refused, T = " << frames;
    }
  }
}

// Catches a length so large that counts of bytes overflow: the largest that is taken is below that.
TEST(Bounds, WithoutOneThereStillIsALargest) {
  driver::ModelOptions options;
  options.model = OwnModel("lstm_small");
  const auto compiled = driver::CompileModel(options);
  ASSERT_TRUE(compiled.ok()) << Render(compiled.diagnostics());
  const auto native = driver::NativeModel::Load(compiled->object.object, compiled->planned->name);
  ASSERT_TRUE(native.ok());
  const rnnc_model& model = (*native)->Model();
  Stream stream(model);
  stream.Reset();
  const size_t sizes[RNNC_MAX_SIZES] = {SIZE_MAX / 8};
  std::vector<std::byte> bytes(64);
  const void* inputs[] = {bytes.data(), bytes.data(), bytes.data(), bytes.data()};
  void* outputs[] = {bytes.data(), bytes.data(), bytes.data(), bytes.data()};
  EXPECT_EQ(model.run(stream.Instance(), sizes, inputs, outputs, nullptr), RNNC_LENGTH_ABOVE_BOUND);
  EXPECT_LT(model.sizes[0].high, SIZE_MAX / 8);
}

INSTANTIATE_TEST_SUITE_P(, Lengths,
                         ::testing::Combine(::testing::ValuesIn(Models()),
                                            ::testing::Values(FindTestRow("native"), FindTestRow("aarch64"))),
                         [](const auto& info) {
                           return TestName(std::get<0>(info.param).name) + "_" + std::get<1>(info.param).name;
                         });

}  // namespace
}  // namespace rnnc::test
