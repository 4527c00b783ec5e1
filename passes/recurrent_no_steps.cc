// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/recurrent_no_steps.h"

#include <set>

#include "compiler/ir/known_ints.h"
#include "compiler/ir/known_zeros.h"

namespace rnnc::passes {
namespace {

using namespace ir;

// Computed from state, by whatever operators.
bool IsState(const Value& value, std::set<const Operation*>& seen) {
  if (value.kind == ValueKind::kState) return true;
  if (value.kind != ValueKind::kResult || !seen.insert(value.definition).second) return false;
  for (const Value* operand : value.definition->Operands()) {
    if (operand != nullptr && IsState(*operand, seen)) return true;
  }
  return false;
}

}  // namespace

Value* ZeroWithoutSteps(Builder& builder, Value* x, const Value* initial, Value* final_value) {
  Module& module = *builder.GetBlock().Parent()->Parent();
  std::set<const Operation*> seen;
  const Dim& steps = x->type.dims[0];
  const bool never_none = IsAtMost(Dim(1), steps, LeastSizesOf(module));
  if (never_none || IsZero(*initial) || IsState(*initial, seen)) return final_value;
  Operation* length = builder.Create(OpKind::kShape, {x}, {MakeType(ElementType::kI64, {Dim(1)})});
  length->Set("start", int64_t{0});
  length->Set("end", int64_t{1});
  Value* none = module.AddConst("none", MakeScalar(ElementType::kI64, 0));
  Value* some =
      builder.Op(OpKind::kGreater, {length->Result(), none}, MakeType(ElementType::kBool, {Dim(1)}));
  Value* zero = module.AddConst("zero", MakeScalar(final_value->type.element, 0));
  return builder.Op(OpKind::kWhere, {some, final_value, zero}, final_value->type);
}

}  // namespace rnnc::passes
