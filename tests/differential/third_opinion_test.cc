// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Native code and ONNX Runtime on the same random recurrent nodes.
#include "tests/support/native/third_opinion.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "tests/support/native/recurrent_program.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

// A case that ONNX Runtime runs as ONNX has it: it refuses layout 1, takes the activations of RNN in ONNX's
// spelling only, and does not survive every sequence without steps.
RecurrentCase AnyCaseForOnnxRuntime() {
  RecurrentCase c = AnyRecurrentCase();
  c.batch_first = false;
  UseOnnxSpelling(c);
  if (c.steps == 0) c.steps = 4;
  return c;
}

// Compiles and runs a case and writes it down with what native code computes.
void WriteCase(const std::filesystem::path& folder, const RecurrentCase& c) {
  const CaseModel model{c, TensorsOf(c)};
  const RecurrentProgram program(FindTestRow("native"), {model});
  const OracleAnswer oracle = AskOracle(program.Graph(0), model);
  RC_PRE(!oracle.explodes);
  std::filesystem::create_directories(folder);
  (void)ModelOf(c, model.tensors).Save((folder / "model.onnx").string());
  std::ofstream(folder / "case.txt") << c << "\n";
  const CaseTensors computed = program.Call(0);
  std::vector<BoundedOutput> outputs;
  for (const char* name : {"Y", "Y_h", "Y_c"}) {  // the model's order
    if (computed.count(name) == 0) continue;
    // Two implementations in f32: each may be off by the bound.
    const Bound bound = oracle.bounds.at(name);
    outputs.push_back({{name, computed.at(name)}, {2 * bound.atol, 2 * bound.rtol}});
  }
  SaveOpinionCase(folder, InputsOf(c, model.tensors), outputs);
}

// Catches what oracle and compiler have wrong together: a reading of the ONNX text that nobody else shares.
TEST(ThirdOpinion, OnnxRuntimeAgrees) {
  if (const std::string why = WhyNoThirdOpinion(); !why.empty()) GTEST_SKIP() << why;
  const TempFolder folder;
  int written = 0;
  CheckProperty(
      [&] {
        const RecurrentCase c = *rc::gen::exec(AnyCaseForOnnxRuntime);
        WriteCase(folder.path() / fmt::format("case_{:04}", written), c);
        ++written;
      },
      std::getenv("RNNC_LONG") != nullptr ? 500 : 100);
  const Opinion opinion = AskThirdOpinion(folder.path());
  for (const std::string& difference : opinion.differences) ADD_FAILURE() << difference;
  EXPECT_GE(opinion.agree, written * 9 / 10) << opinion.output;  // else it says little
  std::cout << fmt::format("ONNX Runtime: {} of {} cases agree, {} it does not run\n", opinion.agree, written,
                           opinion.not_run);
}

}  // namespace
}  // namespace rnnc::test
