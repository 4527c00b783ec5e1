// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/kernel.h"

#include <gtest/gtest.h>

namespace rnnc::ir {
namespace {

constexpr ElementType kF32 = ElementType::kF32;

// Catches equal nodes that stay apart, and different ones (0.0 and -0.0) that are joined.
TEST(Program, CleanedJoinsEqualNodes) {
  Program program;
  const int a = program.AddRead(kF32, 0, {IndexExpr::Variable(0)});
  const int b = program.AddRead(kF32, 0, {IndexExpr::Variable(0)});
  const int zero = program.AddConst(kF32, 0.0);
  const int minus = program.AddConst(kF32, -0.0);
  program.AddOp(ScalarOp::kExp, kF32, {a});  // dead
  const int sum = program.AddOp(ScalarOp::kAdd, kF32, {a, zero});
  const int other = program.AddOp(ScalarOp::kAdd, kF32, {b, minus});
  program.outputs = {program.AddOp(ScalarOp::kMul, kF32, {sum, other}), sum};
  const Program clean = Cleaned(program);
  ASSERT_EQ(clean.nodes.size(), 6u);
  EXPECT_EQ(clean.nodes[static_cast<size_t>(clean.outputs[0])].args[0], clean.outputs[1]);
}

// Catches nodes inside of indices that are not followed or not renumbered.
TEST(Program, AppendsWhatIndicesNeed) {
  Program source;
  source.AddConst(kF32, 1.0);  // dead: the others move down
  const int id = source.AddRead(ElementType::kI64, 1, {IndexExpr::Variable(0)});
  source.outputs = {source.AddRead(kF32, 0, {IndexExpr::Node(id) * Dim(2) + IndexExpr(1)})};
  Program target;
  target.AddConst(kF32, 2.0);
  const std::vector<int> outputs = AppendProgram(target, source, {});
  ASSERT_EQ(target.nodes.size(), 3u);
  EXPECT_EQ(outputs, std::vector<int>{2});
  EXPECT_EQ(target.nodes[2].indices[0], IndexExpr::Node(1) * Dim(2) + IndexExpr(1));
}

// A constant is an element of its type.
TEST(Program, ConstantsAreRounded) {
  Program program;
  EXPECT_EQ(program.nodes[static_cast<size_t>(program.AddConst(kF32, 0.1))].number, 0.1f);
  EXPECT_EQ(program.nodes[static_cast<size_t>(program.AddConst(ElementType::kF64, 0.1))].number, 0.1);
  EXPECT_EQ(program.nodes[static_cast<size_t>(program.AddConst(ElementType::kI8, 3))].integer, 3);
}

TEST(Kernel, NumbersItsVariables) {
  Kernel kernel = MakeMap({4, Dim::Symbol("T")});
  Accumulator sum;
  sum.gate.extent = 3;
  sum.reduced = {{"k", 5}, {"l", 6}};
  EXPECT_EQ(kernel.GateVariable(), 2);
  EXPECT_EQ(kernel.ReducedVariable(1), 4);
  EXPECT_EQ(kernel.ExtentsFor(sum), (std::vector<Dim>{4, Dim::Symbol("T"), 3, 5, 6}));
  EXPECT_EQ(kernel.stores, (std::vector<std::vector<IndexExpr>>{IdentityIndices(2)}));
}

}  // namespace
}  // namespace rnnc::ir
