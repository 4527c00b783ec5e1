// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Native code against the operator tests of ONNX: the whole way, from the file to the object's own bytes.

#include <gtest/gtest.h>

#include <iostream>
#include <optional>

#include "compiler/driver/native.h"
#include "compiler/driver/phases.h"
#include "tests/conformance/node_tests.h"
#include "tests/support/native/rows.h"
#include "tests/support/native/stream.h"

namespace rnnc::conformance {
namespace {

Result<std::string> ObjectOf(const NodeTest& test, const std::string& name,
                             const codegen::TargetRequest& target = {}) {
  driver::ImportedModel imported;
  imported.module = ir::CloneModule(*test.module);
  imported.module->name = name;
  driver::ModelOptions options;
  options.name = name;
  options.target = target;
  RNNC_ASSIGN(const driver::CompiledModel compiled, driver::CompileImported(std::move(imported), options));
  return compiled.object.object;
}

std::vector<ir::Tensor> InputsOf(const NodeTest& test) {
  std::vector<ir::Tensor> inputs;
  for (const ir::Array& input : test.inputs) inputs.push_back(ir::TensorOf(input));
  return inputs;
}

std::vector<ir::Array> ArraysOf(const std::vector<ir::Tensor>& tensors) {
  std::vector<ir::Array> arrays;
  for (const ir::Tensor& tensor : tensors) arrays.push_back(ir::ArrayOf(tensor));
  return arrays;
}

Result<std::vector<ir::Array>> RunNatively(const NodeTest& test) {
  RNNC_ASSIGN(const std::string object, ObjectOf(test, "node"));
  RNNC_ASSIGN(const auto native, driver::NativeModel::Load(object, "node"));
  RNNC_ASSIGN(const std::vector<ir::Tensor> outputs, native->Call(InputsOf(test)));
  return ArraysOf(outputs);
}

// All models that can be compiled, in the order of RunNodeTests, in one emulated program: to link and to
// start one for each would take longer than all the rest.
class EmulatedModels {
 public:
  Result<> Load(const test::TestRow& row) {
    std::vector<test::ProgramObject> objects;
    for (const std::string& name : NodeTestNames()) {
      const auto loaded = LoadNodeTest(name);
      if (!loaded.ok()) continue;
      const std::string symbol = "node_" + std::to_string(indices_.size());
      auto object = ObjectOf(*loaded, symbol, row.request);
      indices_.emplace_back(std::nullopt);
      if (!object.ok()) {
        reasons_.push_back(std::move(object).diagnostics());
        continue;
      }
      reasons_.emplace_back();
      indices_.back() = objects.size();
      objects.push_back({*std::move(object), symbol, {}});
    }
    RNNC_ASSIGN(program_, test::RowProgram::Load(row, objects));
    return Ok();
  }

  // Of the next test.
  Result<std::vector<ir::Array>> Run(const NodeTest& test) {
    const size_t now = next_++;
    if (!indices_[now]) return reasons_[now];
    const rnnc_model& model = program_->Model(*indices_[now]);
    const std::vector<ir::Tensor> inputs = InputsOf(test);
    int64_t frames = 1;
    for (int32_t i = 0; i < model.n_inputs; ++i) {
      const int32_t axis = model.inputs[i].time_axis;
      const std::vector<int64_t> dims = inputs[static_cast<size_t>(i)].type.StaticDims();
      if (axis >= 0) frames = dims[static_cast<size_t>(axis)];
    }
    test::Stream stream(*program_, *indices_[now]);
    stream.Reset();
    const test::Stream::Answer answer =
        model.run != nullptr ? stream.Run(frames, inputs) : stream.Step(inputs);
    if (answer.status != RNNC_OK) return Error({}, "status {}", static_cast<int>(answer.status));
    return ArraysOf(answer.outputs);
  }

 private:
  std::vector<std::optional<size_t>> indices_;  // of the models in the program
  std::vector<std::vector<Diagnostic>> reasons_;
  std::unique_ptr<test::RowProgram> program_;
  size_t next_ = 0;
};

// A wrong kernel, fold or layout shows here against numbers that are not ours.
void ExpectAllToPass(const Runner& run, const std::string& list) {
  const Tally tally = RunNodeTests(run, 1e-5, RNNC_BINARY_DIR "/" + list);
  for (const std::string& line : tally.failed) ADD_FAILURE() << line;
  EXPECT_GE(tally.passed.size(), 600u);
  std::cout << "node tests by native code: " << tally.passed.size() << " passed, " << tally.refused.size()
            << " refused, " << tally.failed.size() << " failed (listed in " << list << ")\n";
}

TEST(NodeTests, NativeCode) {
  if (NodeTestNames().empty()) GTEST_SKIP() << "libonnx-testdata is not installed";
  ExpectAllToPass(RunNatively, "node_tests_native.txt");
}

TEST(NodeTests, EmulatedCode) {
  if (NodeTestNames().empty()) GTEST_SKIP() << "libonnx-testdata is not installed";
  const test::TestRow& row = test::FindTestRow("aarch64");
  if (const std::string why = test::WhyNot(row); !why.empty()) GTEST_SKIP() << why;
  EmulatedModels models;
  const Result<> loaded = models.Load(row);
  ASSERT_TRUE(loaded.ok()) << Render(loaded.diagnostics());
  ExpectAllToPass([&](const NodeTest& test) { return models.Run(test); }, "node_tests_aarch64.txt");
}

}  // namespace
}  // namespace rnnc::conformance
