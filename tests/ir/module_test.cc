// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/module.h"

#include <gtest/gtest.h>

#include "compiler/ir/printer.h"
#include "compiler/ir/verifier.h"
#include "compiler/support/file.h"
#include "tests/support/ir_helpers.h"

namespace rnnc::ir {
namespace {

std::unique_ptr<Module> Chain() {
  return ParseOrDie(R"(module @m {stage=graph} {
  func @main(%x: f32[4]) -> (%z: f32[4]) {
    %y: f32[4] = neg %x
    %z: f32[4] = add %y, %y
    return %z
  }
})");
}

// Catches use lists that forget a second use or keep one that is gone.
TEST(Module, UseLists) {
  auto module = Chain();
  Block& body = module->Functions()[0]->Body();
  Operation* neg = body.Operations()[0].get();
  Operation* add = body.Operations()[1].get();
  Value* x = body.Arguments()[0].get();
  Value* y = neg->Result();
  EXPECT_EQ(y->Users(), (std::vector<Operation*>{add, add}));
  add->SetOperand(0, x);
  EXPECT_EQ(y->Users(), std::vector<Operation*>{add});
  EXPECT_EQ(x->Users().size(), 2u);
  ReplaceAllUses(y, x);
  EXPECT_FALSE(y->HasUsers());
  body.Erase(neg);
  EXPECT_EQ(x->Users(), (std::vector<Operation*>{add, add}));
  ExpectValid(*module);
}

// Catches operations that are moved to the wrong place.
TEST(Module, MovesOperations) {
  auto module = Chain();
  Block& body = module->Functions()[0]->Body();
  Operation* extra = body.Insert(OpKind::kAbs, body.Terminator());
  extra->AddOperand(body.Arguments()[0].get());
  extra->AddResult(body.Arguments()[0]->type, "a");
  body.MoveHere(extra, body.Operations()[0].get());
  EXPECT_EQ(body.IndexOf(extra), 0u);
  EXPECT_EQ(body.Operations().size(), 4u);
  ExpectValid(*module);
}

// Catches names of constants that clash.
TEST(Module, ConstantsHaveTheirOwnNames) {
  Module module;
  EXPECT_EQ(module.AddConst("c", MakeIntTensor({1}))->name, "c");
  EXPECT_EQ(module.AddConst("c", MakeIntTensor({2}))->name, "c_1");
  EXPECT_EQ(module.AddState("c", MakeType(ElementType::kF32, {}), nullptr)->name, "c_2");
  module.RemoveUnusedConsts();
  EXPECT_TRUE(module.Consts().empty());
  EXPECT_EQ(module.AddConst("c", MakeIntTensor({3}))->name, "c");
}

// Catches a symbol that is not replaced in types, steps or indices, and a copy that shares with the original.
TEST(Module, ClonesWithSymbols) {
  auto module = ParseOrDie(ReadFile(RNNC_SOURCE_DIR "/tests/ir/samples/kernels_lstm.rnn").value());
  const std::string before = Print(*module);
  Function* run = module->FindFunction("run");
  Function* copy = module->AddFunction("seven");
  copy->result_names = run->result_names;
  std::map<const Value*, Value*> values;
  values[run->Body().Arguments()[0].get()] =
      copy->Body().AddArgument(MakeStaticType(ElementType::kF32, {7, 1, 3}), "x");
  const std::map<std::string, Dim> symbols = {{"T", Dim(7)}};
  CloneInto(run->Body(), copy->Body(), nullptr, values, symbols);
  CloneOperation(*run->Body().Terminator(), copy->Body(), nullptr, values, symbols);
  ExpectValid(*module);
  const std::string text = PrintFunction(*copy, {.locations = false});
  EXPECT_EQ(text.find('T'), std::string::npos) << text;
  EXPECT_NE(text.find("scan t<7 carry"), std::string::npos) << text;
  module->EraseFunction(copy);
  EXPECT_EQ(Print(*module), before);
}

}  // namespace
}  // namespace rnnc::ir
