// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/builder.h"
#include "compiler/ir/module.h"

// What several passes over kernels need.
namespace rnnc::passes {

// A map that copies `value`.
ir::Value* MakeCopy(ir::Builder& builder, ir::Value* value);

// The one read that a map consists of ("identity map": a layout operator), or null. Without `into`.
const ir::ScalarNode* IdentityRead(const ir::Operation& operation);

// The same of a map that also has an `into` operand.
const ir::ScalarNode* OnlyRead(const ir::Operation& operation);

// Calls `visit` on every read of the operand `operand` in any program, with the extents of its variables.
void ForEachRead(const ir::Kernel& kernel, int operand,
                 const std::function<void(const ir::ScalarNode&, const std::vector<ir::Dim>&)>& visit);

// True when every read of `value` by the kernel operation is at the element that the same point of the
// parallel space writes to result `result`: the result may then take the operand's place.
bool ReadsOnlyWhatItWrites(const ir::Operation& operation, const ir::Value* value, size_t result);

// The parallel point whose result `result` is stored at `indices`: one expression a parallel variable. Only
// for stores that are variables and zeros; nullopt for others.
std::optional<std::vector<ir::IndexExpr>> PointStoredAt(const ir::Kernel& kernel, size_t result,
                                                        const std::vector<ir::IndexExpr>& indices);

// Appends `operands` to the operation's and gives their numbers, those already there not again.
std::vector<int> AddOperands(ir::Operation& operation, const std::vector<ir::Value*>& operands);

// Replaces the variables of every index in `program`.
ir::Program WithVariables(ir::Program program,
                          const std::function<std::optional<ir::IndexExpr>(int)>& replacement);

// Simplifies indices and literals, drops unused nodes, accumulators, operands and variables of one value,
// joins equal operands, and sets the operation's kind to what the kernel now is (by putting a new operation
// in its place, which is returned).
ir::Operation* Tidy(ir::Operation* operation);

// Removes result `i`, which nothing uses, with its store and output.
void RemoveKernelResult(ir::Operation& operation, size_t i);

// The number of points of an index space.
ir::Dim PointCount(const std::vector<ir::Dim>& extents);
// a <= b for every value of the symbols (which are positive), as far as can be told.
bool AtMost(const ir::Dim& a, const ir::Dim& b);

// The element number (row-major) that `indices` of a tensor of these dims address; quotients and remainders
// of one expression by one divisor join again.
ir::IndexExpr LinearIndex(const std::vector<ir::IndexExpr>& indices, const std::vector<ir::Dim>& dims,
                          const std::vector<ir::Dim>& extents);

// The parallel variable along which a kernel is vectorised best: of a contract the innermost one that a
// constant operand is indexed by, else the innermost one of more than one point. -1: there is none.
int VectorVariable(const ir::Operation& operation);

// A name not yet used by a variable or an accumulator of the kernel.
std::string FreshName(const ir::Kernel& kernel, const std::string& wanted);

}  // namespace rnnc::passes
