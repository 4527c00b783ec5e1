// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <vector>

#include "compiler/ir/known_ints.h"
#include "compiler/ir/module.h"
#include "compiler/support/result.h"

// The types of an operation's results, from the types of its operands, its attributes and what is
// known of its integer operands. Symbolic dims are polynomials; what cannot be proved for every value
// of the symbols is refused.
namespace rnnc::ir {

// True for the operators of the stage `graph` (and `linear`).
bool HasShapeRule(OpKind kind);

// One type a result, in the order of ops.def, absent optional results included; as many for `split` as
// it has outputs. The operation has its operands and attributes; its results are not looked at (the
// builder calls this before they exist, the verifier compares after). Operands that must be there are.
//
// Refused, in one diagnostic at the operation's location: a wrong element type, rank, size, axis or
// attribute value; sizes that depend on unknown integers; sizes that no polynomial gives or that might
// be negative; more than 2^40 bytes.
Result<std::vector<Type>> InferTypes(const Operation& operation, KnownInts& ints);
// The same, but constant indices may lie outside: a pass (an unrolled loop) may find that a model reads
// there. That is the model's fault, and refused where the operation is lowered.
Result<std::vector<Type>> InferTypesWherever(const Operation& operation, KnownInts& ints);

// More bytes than the 2^40 that a value may have, or a number of them that no 64 bits hold.
bool IsTooLarge(const Type& type);

// "T" of a polynomial that is refused, as advice: "; bind it with --dim T=N". Empty without symbols.
std::string BindingHint(const Dim& dim);
// Of the first sizes in which two lists differ.
std::string BindingHint(const std::vector<Dim>& a, const std::vector<Dim>& b);

}  // namespace rnnc::ir
