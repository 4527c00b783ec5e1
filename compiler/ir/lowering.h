// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <vector>

#include "compiler/ir/builder.h"
#include "compiler/ir/module.h"
#include "compiler/support/result.h"

// The lowering table: what each operator of the stages graph and recurrence is in terms of `map`,
// `reduce` and `contract`, said once. The pass lower-to-kernels and the evaluator of the later stages
// both read it.
namespace rnnc::ir {

// True for the operators of the table. The recurrent ones, scan and what is legal at every later stage
// are not in it.
bool HasLowering(OpKind kind);

// True for operands whose values the table must know (axes, shapes, starts, ...).
bool MustBeKnown(const Operation& operation, size_t operand);

// Emits the kernels that compute `operation` through `builder` and gives the values that replace its
// results, one each, of the same types (an operand itself where nothing has to be done). The operation
// stays where it is. New constants go to the builder's module.
//
// Refused, naming node and attribute: operands that must be known when compiled and are not; a constant
// index outside its axis; a reshape that would divide by a symbol.
Result<std::vector<Value*>> LowerOperation(const Operation& operation, Builder& builder);

}  // namespace rnnc::ir
