// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Index expressions as run-time integers: part of ProgramEmitter.
#include <llvm/IR/Constants.h>

#include <bit>

#include "codegen/point.h"
#include "codegen/scalar_ops.h"

namespace rnnc::codegen {

using ir::Dim;
using ir::IndexExpr;
using llvm::Value;

Value* ProgramEmitter::EmitQuotient(Value* value, Value* divisor, bool remainder, bool may_be_negative,
                                    bool power_of_two) {
  auto& builder = frame_.Builder();
  if (!may_be_negative || power_of_two) {
    if (power_of_two && may_be_negative) {
      // Two's complement: arithmetic shift and mask are floor quotient and non-negative remainder.
      const auto* number = llvm::cast<llvm::ConstantInt>(
          divisor->getType()->isVectorTy() ? llvm::cast<llvm::Constant>(divisor)->getSplatValue() : divisor);
      const uint64_t d = number->getZExtValue();
      if (remainder) return builder.CreateAnd(value, llvm::ConstantInt::get(value->getType(), d - 1));
      return builder.CreateAShr(
          value, llvm::ConstantInt::get(value->getType(), static_cast<uint64_t>(std::countr_zero(d))));
    }
    return remainder ? builder.CreateURem(value, divisor) : builder.CreateUDiv(value, divisor);
  }
  Value* zero = llvm::Constant::getNullValue(value->getType());
  Value* rest = builder.CreateSRem(value, divisor);
  Value* negative = builder.CreateICmpSLT(rest, zero);
  if (remainder) return builder.CreateSelect(negative, builder.CreateAdd(rest, divisor), rest);
  Value* quotient = builder.CreateSDiv(value, divisor);
  return builder.CreateSelect(
      negative, builder.CreateSub(quotient, llvm::ConstantInt::get(value->getType(), 1)), quotient);
}

// An expression over the axes as i64, or as a vector of i64 (lanes > 1 and it depends on the lane).
Value* ProgramEmitter::EmitIndex(const IndexExpr& index, int lanes, const Values& nodes, bool* uniform) {
  auto& builder = frame_.Builder();
  Value* sum = nullptr;  // scalar part
  Value* vector = nullptr;
  auto add = [&](Value*& into, Value* value) {
    into = into == nullptr ? value : builder.CreateAdd(into, value);
  };
  const std::vector<Dim> extents = axes_.ExtentsFor(lanes);
  for (const IndexExpr::Term& term : index.Terms()) {
    Value* value = nullptr;
    switch (term.atom.kind) {
      case IndexExpr::AtomKind::kVariable:
        if (term.atom.id == Axes::kLane) {
          llvm::SmallVector<llvm::Constant*> iota;
          for (int lane = 0; lane < lanes; ++lane)
            iota.push_back(builder.getInt64(static_cast<uint64_t>(lane)));
          value = lanes == 1 ? static_cast<Value*>(builder.getInt64(0)) : llvm::ConstantVector::get(iota);
        } else {
          value = axes_.ValueOf(term.atom.id);
        }
        break;
      case IndexExpr::AtomKind::kNode: {
        value = nodes.at(static_cast<size_t>(term.atom.id));
        llvm::Type* wide = value->getType()->getWithNewBitWidth(64);
        value = builder.CreateSExtOrTrunc(value, wide);
        break;
      }
      case IndexExpr::AtomKind::kFloorDiv:
      case IndexExpr::AtomKind::kMod: {
        bool inner_uniform = true;
        Value* inner = EmitIndex(*term.atom.inner, lanes, nodes, &inner_uniform);
        Value* divisor = frame_.EmitDim(term.atom.divisor);
        if (inner->getType()->isVectorTy())
          divisor = builder.CreateVectorSplat(static_cast<unsigned>(lanes), divisor);
        const auto range = term.atom.inner->RangeFor(extents);
        const bool power = term.atom.divisor.IsConstant() &&
                           std::has_single_bit(static_cast<uint64_t>(term.atom.divisor.Value()));
        value = EmitQuotient(inner, divisor, term.atom.kind == IndexExpr::AtomKind::kMod,
                             !range.low || *range.low < 0, power);
        break;
      }
    }
    Value* factor = term.coefficient.Is(1) ? nullptr : frame_.EmitDim(term.coefficient);
    if (value->getType()->isVectorTy()) {
      if (factor != nullptr)
        value = builder.CreateMul(value, builder.CreateVectorSplat(static_cast<unsigned>(lanes), factor));
      add(vector, value);
    } else {
      if (factor != nullptr) value = builder.CreateMul(value, factor);
      add(sum, value);
    }
  }
  // The constant last, so that it becomes the displacement of the address.
  if (sum == nullptr || !index.ConstantPart().Is(0)) add(sum, frame_.EmitDim(index.ConstantPart()));
  if (uniform != nullptr) *uniform = vector == nullptr;
  if (vector == nullptr) return sum;
  return builder.CreateAdd(vector, builder.CreateVectorSplat(static_cast<unsigned>(lanes), sum));
}

Value* ProgramEmitter::EmitScalarIndex(const IndexExpr& index, const Values& nodes) {
  return EmitIndex(index, 1, nodes, nullptr);
}

Value* ProgramEmitter::EmitVectorIndex(const IndexExpr& index, int lanes, const Values& nodes) {
  return Splat(frame_, EmitIndex(index, lanes, nodes, nullptr), lanes);
}

}  // namespace rnnc::codegen
