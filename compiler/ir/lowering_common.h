// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/lowering.h"

// What the files of the lowering table share.
namespace rnnc::ir::lowering {

using Values = std::vector<Value*>;

struct Context {
  const Operation& op;
  Builder& builder;

  Module& GetModule() const { return *builder.GetBlock().Parent()->Parent(); }
  Value* Operand(std::string_view name) const { return op.Operand(name); }
  const Type& ResultType(size_t i = 0) const { return op.Result(i)->type; }
};

using LowerFunction = Result<Values> (*)(const Context&);
struct Rule {
  OpKind kind;
  LowerFunction lower;
};
// The families; together they are the table.
const std::vector<Rule>& PointwiseRules();
const std::vector<Rule>& ProductRules();
const std::vector<Rule>& ReductionRules();
const std::vector<Rule>& LayoutRules();
const std::vector<Rule>& IndexingRules();  // gather, pad, and shapes as values
const std::vector<Rule>& PlaceRules();     // tile, trilu, gather_elements, scatter_nd, range, eye_like
const std::vector<Rule>& NormalizationRules();
const std::vector<Rule>& WindowRules();  // pooling

// ---- Operands that must be known ----

// The elements of an integer value, row-major, where they are known when compiled; they may hold symbols.
std::optional<std::vector<Dim>> KnownValues(const Value* value);
// Those of an operand; refused when they are not known.
Result<std::vector<Dim>> KnownOperand(const Context& context, std::string_view name);
// The same, and integers only.
Result<std::vector<int64_t>> KnownIntegers(const Context& context, std::string_view name);
// An axis in 0..rank-1 from one in -rank..rank-1, which the shape rules have seen to.
int64_t NormalAxis(int64_t axis, int64_t rank);
// Known indices into an axis of so many elements; may count from the end.
Result<> CheckInside(const Context& context, const std::vector<Dim>& indices, const Dim& size);

// ---- Scalar programs ----

// A node whose type follows from its arguments (comparisons give bool, select that of its branches).
int Apply(Program& program, ScalarOp op, const std::vector<int>& args);
// A constant of the type of `like`.
int ConstLike(Program& program, int like, double value);
// Nothing when the node has that type already.
int CastTo(Program& program, ElementType type, int node);
// An index counted from the end where it is negative.
int WrapIndex(Program& program, int index, const Dim& size);
// Element of an operand at the index variables 0.. of a result with `dims`, by numpy broadcasting.
std::vector<IndexExpr> BroadcastIndices(const Type& operand, size_t result_rank);

// ---- Operations ----

// A kernel operation with one result; variables that share their name with a symbol get another.
Value* EmitKernel(const Context& context, Kernel kernel, const Values& operands, const Type& result);
// y[i..] = the node that `element` makes, cast to the result's element type.
Value* EmitMap(const Context& context, const Type& result, const Values& operands,
               const std::function<int(Program&)>& element);
// y[i..] = x[indices(i..)].
Value* EmitLayout(const Context& context, Value* x, const Type& result, std::vector<IndexExpr> indices);
// `base` with the elements at `store` (over the variables of `part_dims`) replaced by x[indices].
Value* EmitInto(const Context& context, Value* base, Value* x, const std::vector<Dim>& part_dims,
                std::vector<IndexExpr> indices, std::vector<IndexExpr> store);
Value* EmitUndefined(const Context& context, const Type& type);
// `x` in another element type: a map, or a new constant.
Value* EmitCast(const Context& context, Value* x, ElementType type);
// x regarded in the dims of `result` (row-major order kept): a map, or x itself.
Result<Value*> EmitReshape(const Context& context, Value* x, const Type& result);
// A constant of the module, named after the result.
Value* EmitConst(const Context& context, TensorPtr tensor);

// Row-major order kept: where each element of `to` lies in `from`; nullopt when that needs a division
// by a symbol. Dims of both must have the same product.
std::optional<std::vector<IndexExpr>> ReshapeIndices(const std::vector<Dim>& from,
                                                     const std::vector<Dim>& to);

}  // namespace rnnc::ir::lowering
