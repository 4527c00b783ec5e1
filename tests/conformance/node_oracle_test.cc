// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//
// The oracle against the operator tests of ONNX. What would be wrong in the oracle would be accepted
// everywhere else.

#include <gtest/gtest.h>

#include <iostream>

#include "compiler/ir/graph_evaluator.h"
#include "tests/conformance/node_tests.h"

namespace rnnc::conformance {
namespace {

TEST(NodeTests, Oracle) {
  if (NodeTestNames().empty()) GTEST_SKIP() << "libonnx-testdata is not installed";
  const Runner oracle = [](const NodeTest& test) {
    return ir::EvaluateGraph(*test.module->FindFunction("main"), test.inputs);
  };
  const std::string list = RNNC_BINARY_DIR "/node_tests_oracle.txt";
  const Tally tally = RunNodeTests(oracle, 1e-6, list);
  for (const std::string& line : tally.failed) ADD_FAILURE() << line;
  EXPECT_GE(tally.passed.size(), 600u);
  std::cout << "node tests by the oracle: " << tally.passed.size() << " passed, " << tally.refused.size()
            << " refused, " << tally.failed.size() << " failed (listed in node_tests_oracle.txt)\n";
}

}  // namespace
}  // namespace rnnc::conformance
