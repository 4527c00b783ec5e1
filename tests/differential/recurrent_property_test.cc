// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recurrent operators with any legal attributes: native code against the oracle, which is written from the
// ONNX text alone.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <sstream>

#include "compiler/driver/native.h"
#include "compiler/driver/phases.h"
#include "compiler/ir/array.h"
#include "compiler/ir/graph_evaluator.h"
#include "tests/support/native/compare.h"
#include "tests/support/native/recurrent_case.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

// max(1e-5, ten times what float32 costs the oracle itself) + 1e-5 |expected|.
Bound BoundFor(const ir::Array& exact, const ir::Array& rounded) {
  Bound bound;
  for (int64_t i = 0; i < exact.Count(); ++i) {
    bound.atol = std::fmax(bound.atol, 10 * std::fabs(exact.NumberAt(i) - rounded.NumberAt(i)));
  }
  return bound;
}

// The native outputs of a case, each within its bound of the oracle's.
void ExpectAgreement(const RecurrentCase& c) {
  const TempFolder folder;
  driver::ModelOptions options;
  options.model = ModelOf(c).Save((folder.path() / "case.onnx").string());
  if (c.open_batch) options.open_dims["B"] = {};
  const auto compiled = driver::CompileModel(options);
  if (!compiled.ok()) RC_FAIL(Render(compiled.diagnostics()));
  auto native = driver::NativeModel::Load(compiled->object.object, compiled->planned->name);
  if (!native.ok()) RC_FAIL(Render(native.diagnostics()));
  std::vector<ir::Tensor> inputs;
  std::vector<ir::Array> arrays;
  for (const driver::NamedTensor& input : InputsOf(c)) {
    inputs.push_back(input.tensor);
    arrays.push_back(ir::ArrayOf(input.tensor));
  }
  const auto got = (*native)->Call(inputs);
  if (!got.ok()) RC_FAIL(Render(got.diagnostics()));
  const ir::Function& graph = *compiled->graph->FindFunction("main");
  const auto exact = ir::EvaluateGraph(graph, arrays);
  const auto rounded = ir::EvaluateGraph(graph, arrays, {.round = true});
  RC_ASSERT(exact.ok() && rounded.ok());
  // Unbounded activations can make a recurrence explode: float says nothing about it then.
  for (const ir::Array& output : *exact) {
    for (const double value : output.numbers) RC_PRE(std::fabs(value) < 1e4);
  }
  for (size_t i = 0; i < exact->size(); ++i) {
    const auto close = Close((*got)[i], ir::TensorOf((*exact)[i]), BoundFor((*exact)[i], (*rounded)[i]));
    if (!close) {
      std::ostringstream text;
      text << c << "\noutput " << graph.result_names[i] << ": " << close.message();
      RC_FAIL(text.str());
    }
  }
}

// Catches gates in another order, a bias on the wrong side of the reset, clip after the activation, a
// peephole that sees the wrong step, alpha and beta by position, directions or layouts mixed up, lanes beyond
// the hidden size, a batch in place of time.
RC_GTEST_PROP(RecurrentProperty, NativeIsTheOracle, ()) { ExpectAgreement(*rc::gen::exec(AnyRecurrentCase)); }

}  // namespace
}  // namespace rnnc::test
