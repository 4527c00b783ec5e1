// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/fuzz/fuzz_targets.h"

#include <string>

#include "compiler/import/import.h"
#include "compiler/ir/parser.h"
#include "compiler/ir/printer.h"
#include "compiler/ir/verifier.h"
#include "compiler/support/check.h"
#include "passes/fold_constants.h"

namespace rnnc::fuzz {
namespace {

void CheckReadsBack(const ir::Module& module) {
  const ir::Printed printed = ir::Serialize(module);
  const CheckContext context([&] { return printed.text; });
  const auto again = ir::Parse(printed.text, "printed", printed.blob);
  RNNC_CHECK(again.ok(), "{}", Render(again.diagnostics()));
  const ir::Printed second = ir::Serialize(**again);
  RNNC_CHECK(second.text == printed.text, "reads back as\n{}", second.text);
  RNNC_CHECK(second.blob == printed.blob);
}

void CheckVerifies(const ir::Module& module) {
  const CheckContext context([&] { return ir::Print(module); });
  const Result<> verified = ir::Verify(module);
  RNNC_CHECK(verified.ok(), "{}", Render(verified.diagnostics()));
}

void CheckFolds(ir::Module& module) {
  const Result<> folded = passes::FoldConstants(module, {});
  RNNC_CHECK(folded.ok(), "{}", Render(folded.diagnostics()));
  CheckVerifies(module);
}

}  // namespace

void FuzzOnnx(std::string_view bytes) {
  // There is no such folder: external data is refused (tests/import/hostile_test.cc has its cases).
  auto module = import::ImportOnnxBytes(std::string(bytes), "/no/such/folder/fuzz.onnx");
  if (!module) {
    RNNC_CHECK(!Render(module.diagnostics()).empty());
    return;
  }
  CheckVerifies(**module);
  CheckReadsBack(**module);
  CheckFolds(**module);
}

void FuzzIr(std::string_view bytes) {
  // Blob offsets find something: a blob of as many bytes as a text of this size may ask for.
  static const std::string blob(4096, '\x3f');
  const auto module = ir::Parse(bytes, "fuzz.rnn", blob);
  if (!module) {
    RNNC_CHECK(Render(module.diagnostics()).starts_with("fuzz.rnn:"), "{}", Render(module.diagnostics()));
    return;
  }
  if (!ir::Verify(**module)) {
    ir::Print(**module);
    return;
  }
  CheckReadsBack(**module);
  if ((*module)->stage == ir::Stage::kGraph) CheckFolds(**module);
}

}  // namespace rnnc::fuzz
