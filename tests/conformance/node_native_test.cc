// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Native code against the operator tests of ONNX: the whole way, from the file to the object's own bytes.

#include <gtest/gtest.h>

#include <iostream>

#include "compiler/driver/native.h"
#include "compiler/driver/phases.h"
#include "tests/conformance/node_tests.h"

namespace rnnc::conformance {
namespace {

Result<std::vector<ir::Array>> RunNatively(const NodeTest& test) {
  driver::ImportedModel imported;
  imported.module = ir::CloneModule(*test.module);
  imported.module->name = "node";
  driver::ModelOptions options;
  options.name = "node";
  RNNC_ASSIGN(const driver::CompiledModel compiled, driver::CompileImported(std::move(imported), options));
  RNNC_ASSIGN(const auto native, driver::NativeModel::Load(compiled.object.object, "node"));
  std::vector<ir::Tensor> inputs;
  for (const ir::Array& input : test.inputs) inputs.push_back(ir::TensorOf(input));
  RNNC_ASSIGN(const std::vector<ir::Tensor> outputs, native->Call(inputs));
  std::vector<ir::Array> arrays;
  for (const ir::Tensor& output : outputs) arrays.push_back(ir::ArrayOf(output));
  return arrays;
}

// A wrong kernel, fold or layout shows here against numbers that are not ours.
TEST(NodeTests, NativeCode) {
  if (NodeTestNames().empty()) GTEST_SKIP() << "libonnx-testdata is not installed";
  const std::string list = RNNC_BINARY_DIR "/node_tests_native.txt";
  const Tally tally = RunNodeTests(RunNatively, 1e-5, list);
  for (const std::string& line : tally.failed) ADD_FAILURE() << line;
  EXPECT_GE(tally.passed.size(), 260u);
  std::cout << "node tests by native code: " << tally.passed.size() << " passed, " << tally.refused.size()
            << " refused, " << tally.failed.size() << " failed (listed in node_tests_native.txt)\n";
}

}  // namespace
}  // namespace rnnc::conformance
