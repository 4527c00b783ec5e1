// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/driver/data_set.h"
#include "compiler/ir/array.h"
#include "compiler/ir/module.h"
#include "compiler/support/result.h"

// The operator tests of ONNX (Debian: libonnx-testdata), for whoever can run a module.
namespace rnnc::conformance {

// Names of all folders, sorted; empty when the package is not installed.
std::vector<std::string> NodeTestNames();

struct NodeTest {
  std::unique_ptr<ir::Module> module;  // stage graph
  std::vector<ir::Array> inputs;       // of `main`
  std::vector<ir::Array> expected;     // its results
};
// Imports a test. Operands that must be known when compiled are inputs in these tests: what decides a shape,
// an axis or a flag becomes a constant when the model is refused without.
Result<NodeTest> LoadNodeTest(const std::string& name);

// What is wrong with results, by the tolerance of ONNX's own runner: |got - expected| <= atol + 1e-3 *
// |expected|. Empty when nothing is.
std::string Compare(const std::vector<ir::Array>& got, const std::vector<ir::Array>& expected, double atol);

using Runner = std::function<Result<std::vector<ir::Array>>(const NodeTest&)>;

struct Tally {
  std::vector<std::string> passed, refused, failed;  // "name" or "name: reason"
};

// Why tests are refused: for each reason (without file, node and the name of the tensor) the names, without
// "test_".
using Refusals = std::map<std::string, std::vector<std::string>>;
Refusals RefusedNodeTests();
// Runs them all and writes the three lists to `list_file`. Only the import may refuse.
Tally RunNodeTests(const Runner& run, double atol, const std::string& list_file);

}  // namespace rnnc::conformance
