// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recurrent operators with any legal attributes: native code against the oracle, which is written from the
// ONNX text alone.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/support/even_choice.h"
#include "tests/support/native/recurrent_program.h"

namespace rnnc::test {
namespace {

// The native outputs of a case, each within its bound of the oracle's.
void ExpectAgreement(const std::string& name, const RecurrentCase& c) {
  const CaseModel model{c, TensorsOf(c)};
  const RecurrentProgram program(FindTestRow("native"), {model});
  const OracleAnswer oracle = AskOracle(program.Graph(0), model);
  RC_PRE(!oracle.explodes);
  for (const auto& [output, tensor] : program.Call(0)) {
    const auto close = Close(tensor, oracle.outputs.at(output), oracle.bounds.at(output));
    if (!close) FailCase(name, model, output + ": " + close.message());
  }
}

// Catches gates in another order, a bias on the wrong side of the reset, clip after the activation, a
// peephole that sees the wrong step, alpha and beta by position, directions or layouts mixed up, lanes beyond
// the hidden size, a batch in place of time, the initial values of a sequence without steps.
TEST(RecurrentProperty, NativeIsTheOracle) {
  CheckProperty(
      [] { ExpectAgreement("native_is_the_oracle", *rc::gen::exec([] { return AnyRecurrentCase(); })); });
}

// The same in the other element types: catches constants and carried values that are f32, and 16-bit tensors
// read as something else.
TEST(RecurrentProperty, NativeIsTheOracleInOtherTypes) {
  CheckProperty([] {
    ExpectAgreement("other_types", *rc::gen::exec([] {
                      RecurrentCase c = AnyRecurrentCase();
                      c.element = EvenlyOneOf<ir::ElementType>(
                          {ir::ElementType::kF64, ir::ElementType::kF16, ir::ElementType::kBF16});
                      return c;
                    }));
  });
}

}  // namespace
}  // namespace rnnc::test
