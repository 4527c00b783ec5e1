// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/index_expr.h"
#include "compiler/ir/type.h"

// The payload of `map`, `reduce` and `contract`: one form for the three primitives.
//
//   for every point of the parallel index space:
//     for every accumulator a, gate g:  acc[a][g] = init[g]; for every reduced point in order:
//                                         acc[a][g] = combine(acc[a][g], element[g])
//     result r at store[r] = epilogue output r
//
// `map` has no accumulators; `contract` has only sums whose element is `mul(read, read)`; `reduce`
// has any. The text of one:
//
//   %h1: f32[1,64], %c1: f32[1,64] = contract (b<1, n<64) {
//     x[g<4] = @b[g*64+n] + sum(k<40) mul(%x[b,k], @W[g*64+n,k])
//     h[g<4] = sum(k<64) mul(%h[b,k], @R[g*64+n,k])
//     i = sigmoid(add(x[0], h[0]))
//     ...
//     yield o1, c1
//   }
namespace rnnc::ir {

enum class ScalarOp : uint8_t {
#define RNNC_SCALAR_OP(enumerator, text, arity) enumerator,
#include "compiler/ir/scalar_ops.def"
};
std::string_view ToText(ScalarOp op);
std::optional<ScalarOp> ParseScalarOp(std::string_view text);
int ArityOf(ScalarOp op);
// The type that a node must have, given those of its arguments: bool of comparisons, i64 of
// an index, `wanted` of const, read, acc and cast, else that of the (last) argument.
ElementType ResultElement(ScalarOp op, const std::vector<ElementType>& args, ElementType wanted);

// One node of a scalar program. Which fields count depends on `op`.
struct ScalarNode {
  ScalarOp op = ScalarOp::kConst;
  ElementType type = ElementType::kF32;
  std::vector<int> args;           // nodes before this one
  double number = 0;               // kConst of a float type
  int64_t integer = 0;             // kConst of an integer or bool type
  int operand = 0;                 // kRead: which operand of the operation
  std::vector<IndexExpr> indices;  // kRead: one an axis of the operand; kIndex: exactly one
  // kRead: value outside the operand's extents (Pad, convolution padding). Without it the verifier
  // proves or the maker promises that the read is inside; an index that depends on data (kNode) and
  // is outside reads index 0 of that axis.
  std::optional<double> fill;
  int accumulator = 0;  // kAccumulator
  int gate = 0;         // kAccumulator
};

// A DAG of scalar nodes in topological order. Pure: nodes nothing reads may be dropped.
struct Program {
  std::vector<ScalarNode> nodes;
  std::vector<int> outputs;

  int Add(ScalarNode node);
  int AddOp(ScalarOp op, ElementType type, std::vector<int> args);
  int AddRead(ElementType type, int operand, std::vector<IndexExpr> indices);
  int AddConst(ElementType type, double value);
  int AddIndex(IndexExpr index);
  int AddAccumulator(ElementType type, int accumulator, int gate);
  bool Empty() const { return outputs.empty(); }
};

enum class Combine : uint8_t {
  kSum,
  kProduct,
  kMax,
  kMin,
  kArgMaxFirst,
  kArgMaxLast,
  kArgMinFirst,
  kArgMinLast
};
std::string_view ToText(Combine combine);  // "sum", "product", "max", ...

struct IndexVariable {
  std::string name;  // for the text: i, j, k, b, n, t, ...; unique in the kernel
  Dim extent;
};

// Variables are numbered: parallel ones first, then (inside init and element) the gate, then the
// reduced ones in order.
struct Accumulator {
  std::string name;
  ElementType type = ElementType::kF32;  // of the sum; f16 and bf16 accumulate in f32
  Combine combine = Combine::kSum;
  IndexVariable gate{"g", Dim(1)};     // constant extent >= 1
  std::vector<IndexVariable> reduced;  // outermost first
  Program init;                        // no outputs: the identity of `combine`; may use the gate
  Program element;                     // one output
  // Order of combining, part of the meaning: 1 = one chain in lexicographic order of the reduced
  // indices, starting from init. L > 1 = L partial chains, addend at innermost index k goes to chain
  // k mod L, chain 0 starts from init and the others from the identity; finished chains are joined
  // pairwise, neighbours first: ((c0+c1)+(c2+c3)). L is a power of two.
  int chains = 1;
};

struct Kernel {
  std::vector<IndexVariable> parallel;  // outermost first
  std::vector<Accumulator> accumulators;
  Program epilogue;  // outputs: one a result
  // Where result r is stored: one expression an axis of its type over the parallel variables,
  // injective. With an `into` operand the other elements come from there.
  std::vector<std::vector<IndexExpr>> stores;
  // The operand that result 0 updates (its elements outside the stores are kept), or -1.
  int into = -1;

  int GateVariable() const { return static_cast<int>(parallel.size()); }
  int ReducedVariable(int i) const { return GateVariable() + 1 + i; }
  std::vector<Dim> ParallelExtents() const;
  // Extents by variable number: parallel, gate, reduced.
  std::vector<Dim> ExtentsFor(const Accumulator& accumulator) const;
};

// The kernel whose result has exactly the parallel space as its shape, stored at its own index.
Kernel MakeMap(const std::vector<Dim>& dims);
std::vector<IndexExpr> IdentityIndices(size_t rank);

// Calls `visit` on every program with the extents of its variables (epilogue, inits, elements).
void ForEachProgram(Kernel& kernel,
                    const std::function<void(Program&, const std::vector<Dim>& extents)>& visit);
void ForEachProgram(const Kernel& kernel,
                    const std::function<void(const Program&, const std::vector<Dim>& extents)>& visit);
// Applies `edit` to every index expression of a program (reads, kIndex).
void ForEachIndex(Program& program, const std::function<void(IndexExpr&)>& edit);

// Copies the nodes that `source`'s outputs need to the end of `target`; `leaf` may replace a node
// (returns the target's node) or decline. Gives the new numbers of source's outputs.
std::vector<int> AppendProgram(Program& target, const Program& source,
                               const std::function<std::optional<int>(Program&, const ScalarNode&)>& leaf);
// Drops nodes that no output needs and joins equal nodes; keeps outputs' order.
Program Cleaned(const Program& program);

}  // namespace rnnc::ir
