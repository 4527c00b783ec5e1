// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/scalar_ops.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/Intrinsics.h>

#include <cmath>
#include <limits>
#include <map>

#include "compiler/support/check.h"

namespace rnnc::codegen {
namespace {

using ir::Combine;
using ir::ElementType;
using ir::ScalarOp;
using llvm::Value;

// f16 and bf16 are computed in float; this rounds a result to what memory would hold.
Value* RoundToSixteen(Frame& frame, ElementType element, Value* value) {
  return FromMemory(frame, element, ToMemory(frame, element, value));
}

// Unary floating-point functions of VectorMath.
const std::map<ScalarOp, VectorMath::Emit>& FloatFunctions() {
  static const std::map<ScalarOp, VectorMath::Emit> table = {
      {ScalarOp::kSqrt, &VectorMath::Sqrt},        {ScalarOp::kExp, &VectorMath::Exp},
      {ScalarOp::kLog, &VectorMath::Log},          {ScalarOp::kFloor, &VectorMath::Floor},
      {ScalarOp::kCeil, &VectorMath::Ceil},        {ScalarOp::kRound, &VectorMath::RoundEven},
      {ScalarOp::kErf, &VectorMath::Erf},          {ScalarOp::kSin, &VectorMath::Sin},
      {ScalarOp::kCos, &VectorMath::Cos},          {ScalarOp::kTan, &VectorMath::Tan},
      {ScalarOp::kAsin, &VectorMath::Asin},        {ScalarOp::kAcos, &VectorMath::Acos},
      {ScalarOp::kAtan, &VectorMath::Atan},        {ScalarOp::kSinh, &VectorMath::Sinh},
      {ScalarOp::kCosh, &VectorMath::Cosh},        {ScalarOp::kAsinh, &VectorMath::Asinh},
      {ScalarOp::kAcosh, &VectorMath::Acosh},      {ScalarOp::kAtanh, &VectorMath::Atanh},
      {ScalarOp::kTanh, &VectorMath::Tanh},        {ScalarOp::kSigmoid, &VectorMath::Sigmoid},
      {ScalarOp::kSoftplus, &VectorMath::Softplus}};
  return table;
}

struct Predicates {
  llvm::CmpInst::Predicate floating, signed_integer, unsigned_integer;
};
// Ordered comparisons are false for NaN; "not equal" is true.
const std::map<ScalarOp, Predicates>& Comparisons() {
  using P = llvm::CmpInst;
  static const std::map<ScalarOp, Predicates> table = {
      {ScalarOp::kEqual, {P::FCMP_OEQ, P::ICMP_EQ, P::ICMP_EQ}},
      {ScalarOp::kNotEqual, {P::FCMP_UNE, P::ICMP_NE, P::ICMP_NE}},
      {ScalarOp::kLess, {P::FCMP_OLT, P::ICMP_SLT, P::ICMP_ULT}},
      {ScalarOp::kLessEqual, {P::FCMP_OLE, P::ICMP_SLE, P::ICMP_ULE}},
      {ScalarOp::kGreater, {P::FCMP_OGT, P::ICMP_SGT, P::ICMP_UGT}},
      {ScalarOp::kGreaterEqual, {P::FCMP_OGE, P::ICMP_SGE, P::ICMP_UGE}}};
  return table;
}

Value* EmitCompare(Frame& frame, ScalarOp op, ElementType type, Value* a, Value* b) {
  const Predicates& predicates = Comparisons().at(op);
  if (ir::IsFloat(type)) return frame.Builder().CreateFCmp(predicates.floating, a, b);
  return frame.Builder().CreateICmp(
      IsUnsigned(type) ? predicates.unsigned_integer : predicates.signed_integer, a, b);
}

// Minimum or maximum; NaN if either is NaN (the sum of both is that NaN).
Value* EmitMinMax(Frame& frame, bool max, ElementType type, Value* a, Value* b) {
  auto& builder = frame.Builder();
  Value* first = EmitCompare(frame, max ? ScalarOp::kGreater : ScalarOp::kLess, type, a, b);
  Value* chosen = builder.CreateSelect(first, a, b);  // b when either is NaN
  if (!ir::IsFloat(type)) return chosen;
  return builder.CreateSelect(builder.CreateFCmpUNO(a, a), a, chosen);
}

// Integer division that never traps: by 0 gives 0, the smallest by -1 wraps to itself.
Value* EmitIntegerDivision(Frame& frame, ScalarOp op, ElementType type, Value* a, Value* b) {
  auto& builder = frame.Builder();
  llvm::Type* t = a->getType();
  Value* zero = llvm::Constant::getNullValue(t);
  Value* one = llvm::ConstantInt::get(t, 1);
  Value* by_zero = builder.CreateICmpEQ(b, zero);
  if (IsUnsigned(type)) {
    Value* safe = builder.CreateSelect(by_zero, one, b);
    Value* result = op == ScalarOp::kDiv ? builder.CreateUDiv(a, safe) : builder.CreateURem(a, safe);
    return builder.CreateSelect(by_zero, zero, result);
  }
  Value* minus_one = builder.CreateICmpEQ(b, llvm::Constant::getAllOnesValue(t));
  Value* safe = builder.CreateSelect(builder.CreateOr(by_zero, minus_one), one, b);
  if (op == ScalarOp::kDiv) {
    Value* quotient = builder.CreateSelect(minus_one, builder.CreateNeg(a), builder.CreateSDiv(a, safe));
    return builder.CreateSelect(by_zero, zero, quotient);
  }
  Value* remainder = builder.CreateSRem(a, safe);  // by 1 when unsafe: 0, which is right for both cases
  if (op == ScalarOp::kFmod) return remainder;
  // Sign of the divisor: add it when the signs differ.
  Value* differs = builder.CreateICmpSLT(builder.CreateXor(remainder, b), zero);
  Value* adjust = builder.CreateAnd(differs, builder.CreateICmpNE(remainder, zero));
  return builder.CreateSelect(adjust, builder.CreateAdd(remainder, b), remainder);
}

Value* EmitFloatMod(Frame& frame, Value* a, Value* b) {
  auto& builder = frame.Builder();
  Value* remainder = frame.Math().Fmod(a, b);
  Value* zero = llvm::Constant::getNullValue(a->getType());
  Value* nonzero = builder.CreateFCmpONE(remainder, zero);
  Value* differs = builder.CreateXor(builder.CreateFCmpOLT(remainder, zero), builder.CreateFCmpOLT(b, zero));
  return builder.CreateSelect(builder.CreateAnd(nonzero, differs), builder.CreateFAdd(remainder, b),
                              remainder);
}

// x^n for integers by squaring in a fixed number of rounds; negative n gives 0 but for |x| = 1.
Value* EmitIntegerPower(Frame& frame, Value* x, Value* n) {
  auto& builder = frame.Builder();
  llvm::Type* t = x->getType();
  Value* one = llvm::ConstantInt::get(t, 1);
  Value* zero = llvm::Constant::getNullValue(t);
  Value* result = one;
  Value* base = x;
  Value* rest = n;
  for (unsigned bit = 0; bit < t->getScalarSizeInBits(); ++bit) {
    Value* odd = builder.CreateICmpNE(builder.CreateAnd(rest, one), zero);
    result = builder.CreateSelect(odd, builder.CreateMul(result, base), result);
    base = builder.CreateMul(base, base);
    rest = builder.CreateLShr(rest, one);
  }
  Value* is_one = builder.CreateICmpEQ(x, one);
  Value* is_minus_one = builder.CreateICmpEQ(x, llvm::Constant::getAllOnesValue(t));
  Value* odd = builder.CreateICmpNE(builder.CreateAnd(n, one), zero);
  Value* of_minus_one = builder.CreateSelect(odd, llvm::Constant::getAllOnesValue(t), one);
  Value* negative = builder.CreateSelect(is_one, one, builder.CreateSelect(is_minus_one, of_minus_one, zero));
  return builder.CreateSelect(builder.CreateICmpSLT(n, zero), negative, result);
}

Value* EmitSign(Frame& frame, ElementType type, Value* x) {
  auto& builder = frame.Builder();
  Value* zero = llvm::Constant::getNullValue(x->getType());
  const bool floating = ir::IsFloat(type);
  auto number = [&](int v) -> Value* {
    return floating ? llvm::ConstantFP::get(x->getType(), v) : llvm::ConstantInt::getSigned(x->getType(), v);
  };
  Value* positive = EmitCompare(frame, ScalarOp::kGreater, type, x, zero);
  Value* negative = EmitCompare(frame, ScalarOp::kLess, type, x, zero);
  // Zeros and NaN stay as they are.
  return builder.CreateSelect(positive, number(1),
                              builder.CreateSelect(negative, number(-1), floating ? x : zero));
}

// Saturating float to integer, toward zero, NaN to 0, without the saturating intrinsics (their expansion may
// call a library on narrow rows).
Value* EmitFloatToInt(Frame& frame, ElementType to, Value* x, llvm::Type* target) {
  auto& builder = frame.Builder();
  const unsigned bits = static_cast<unsigned>(ir::BytesOf(to)) * 8;
  const bool is_unsigned = IsUnsigned(to);
  const auto low_int = is_unsigned ? llvm::APInt::getMinValue(bits) : llvm::APInt::getSignedMinValue(bits);
  const auto high_int = is_unsigned ? llvm::APInt::getMaxValue(bits) : llvm::APInt::getSignedMaxValue(bits);
  // 2^(bits-1) or 2^bits is exact in every float type; values at or above it saturate.
  llvm::Constant* limit =
      llvm::ConstantFP::get(x->getType(), std::ldexp(1.0, static_cast<int>(is_unsigned ? bits : bits - 1)));
  llvm::Constant* low =
      llvm::ConstantFP::get(x->getType(), is_unsigned ? 0.0 : -std::ldexp(1.0, static_cast<int>(bits) - 1));
  Value* above = builder.CreateFCmpOGE(x, limit);
  Value* below = builder.CreateFCmpOLT(x, low);
  Value* outside = builder.CreateOr(builder.CreateOr(above, below), builder.CreateFCmpUNO(x, x));
  Value* safe = builder.CreateSelect(outside, llvm::Constant::getNullValue(x->getType()), x);
  Value* inside = nullptr;
  if (bits < 32) {  // through i32: the narrow conversions are not instructions
    llvm::Type* wide = target->getWithNewBitWidth(32);
    inside = builder.CreateTrunc(builder.CreateFPToSI(safe, wide), target);
  } else {
    inside = builder.CreateFPToSI(safe, target);
  }
  Value* result = builder.CreateSelect(above, llvm::ConstantInt::get(target, high_int), inside);
  return builder.CreateSelect(below, llvm::ConstantInt::get(target, low_int), result);
}

Value* EmitCast(Frame& frame, ElementType from, ElementType to, Value* x) {
  auto& builder = frame.Builder();
  llvm::Type* target = RegisterType(builder.getContext(), to);
  if (auto* vector = llvm::dyn_cast<llvm::VectorType>(x->getType())) {
    target = llvm::VectorType::get(target, vector->getElementCount());
  }
  if (to == ElementType::kBool) {
    Value* zero = llvm::Constant::getNullValue(x->getType());
    return ir::IsFloat(from) ? builder.CreateFCmpUNE(x, zero) : builder.CreateICmpNE(x, zero);
  }
  if (ir::IsFloat(from) && ir::IsFloat(to)) {
    // To a 16-bit type from double: one rounding, straight from the double.
    if (BytesOf(to) == 2) return RoundToSixteen(frame, to, x);
    return builder.CreateFPCast(x, target);
  }
  if (ir::IsFloat(from)) return EmitFloatToInt(frame, to, x, target);
  if (!ir::IsFloat(to)) {
    return IsUnsigned(from) ? builder.CreateZExtOrTrunc(x, target) : builder.CreateSExtOrTrunc(x, target);
  }
  Value* converted = IsUnsigned(from) ? builder.CreateUIToFP(x, target) : builder.CreateSIToFP(x, target);
  return BytesOf(to) == 2 ? RoundToSixteen(frame, to, converted) : converted;
}

Value* EmitIntegerOp(Frame& frame, ScalarOp op, ElementType type, const std::vector<Value*>& args) {
  auto& builder = frame.Builder();
  Value* a = args[0];
  Value* b = args.size() > 1 ? args[1] : nullptr;
  switch (op) {
    case ScalarOp::kAdd:
      return builder.CreateAdd(a, b);
    case ScalarOp::kSub:
      return builder.CreateSub(a, b);
    case ScalarOp::kMul:
      return builder.CreateMul(a, b);
    case ScalarOp::kDiv:
    case ScalarOp::kMod:
    case ScalarOp::kFmod:
      return EmitIntegerDivision(frame, op, type, a, b);
    case ScalarOp::kPow:
      return EmitIntegerPower(frame, a, b);
    case ScalarOp::kMin:
      return EmitMinMax(frame, false, type, a, b);
    case ScalarOp::kMax:
      return EmitMinMax(frame, true, type, a, b);
    case ScalarOp::kNeg:
      return builder.CreateNeg(a);
    case ScalarOp::kAbs: {
      if (IsUnsigned(type)) return a;
      Value* negative = builder.CreateICmpSLT(a, llvm::Constant::getNullValue(a->getType()));
      return builder.CreateSelect(negative, builder.CreateNeg(a), a);
    }
    case ScalarOp::kSign:
      return EmitSign(frame, type, a);
    case ScalarOp::kFloor:
    case ScalarOp::kCeil:
    case ScalarOp::kRound:
      return a;
    case ScalarOp::kAnd:
      return builder.CreateAnd(a, b);
    case ScalarOp::kOr:
      return builder.CreateOr(a, b);
    case ScalarOp::kXor:
      return builder.CreateXor(a, b);
    case ScalarOp::kNot:
      return builder.CreateNot(a);
    default:
      RNNC_CHECK(false, "{} of integers", ir::ToText(op));
      return nullptr;
  }
}

Value* EmitFloatOp(Frame& frame, ScalarOp op, ElementType type, const std::vector<Value*>& args) {
  auto& builder = frame.Builder();
  Value* a = args[0];
  Value* b = args.size() > 1 ? args[1] : nullptr;
  switch (op) {
    case ScalarOp::kAdd:
      return builder.CreateFAdd(a, b);
    case ScalarOp::kSub:
      return builder.CreateFSub(a, b);
    case ScalarOp::kMul:
      return builder.CreateFMul(a, b);
    case ScalarOp::kDiv:
      return builder.CreateFDiv(a, b);
    case ScalarOp::kFmod:
      return frame.Math().Fmod(a, b);
    case ScalarOp::kMod:
      return EmitFloatMod(frame, a, b);
    case ScalarOp::kPow:
      return frame.Math().Pow(a, b);
    case ScalarOp::kMin:
      return EmitMinMax(frame, false, type, a, b);
    case ScalarOp::kMax:
      return EmitMinMax(frame, true, type, a, b);
    case ScalarOp::kNeg:
      return builder.CreateFNeg(a);
    case ScalarOp::kAbs:
      return builder.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, a);
    case ScalarOp::kSign:
      return EmitSign(frame, type, a);
    default:
      break;
  }
  auto function = FloatFunctions().find(op);
  RNNC_CHECK(function != FloatFunctions().end(), "{} of floats", ir::ToText(op));
  return (frame.Math().*function->second)(a);
}

}  // namespace

Value* EmitScalarOp(Frame& frame, const ir::ScalarNode& node, ElementType argument,
                    const std::vector<Value*>& args) {
  auto& builder = frame.Builder();
  if (node.op == ScalarOp::kSelect) return builder.CreateSelect(args[0], args[1], args[2]);
  if (node.op == ScalarOp::kCast) return EmitCast(frame, argument, node.type, args[0]);
  if (node.op == ScalarOp::kIsNan) return builder.CreateFCmpUNO(args[0], args[0]);
  if (Comparisons().count(node.op) != 0) return EmitCompare(frame, node.op, argument, args[0], args[1]);
  if (!ir::IsFloat(node.type)) return EmitIntegerOp(frame, node.op, node.type, args);
  Value* result = EmitFloatOp(frame, node.op, node.type, args);
  return BytesOf(node.type) == 2 ? RoundToSixteen(frame, node.type, result) : result;
}

Value* EmitCombine(Frame& frame, Combine combine, ElementType type, Value* accumulator, Value* element) {
  auto& builder = frame.Builder();
  const bool floating = ir::IsFloat(type);
  switch (combine) {
    case Combine::kSum:
      return floating ? builder.CreateFAdd(accumulator, element) : builder.CreateAdd(accumulator, element);
    case Combine::kProduct:
      return floating ? builder.CreateFMul(accumulator, element) : builder.CreateMul(accumulator, element);
    case Combine::kMax:
      return EmitMinMax(frame, true, type, accumulator, element);
    case Combine::kMin:
      return EmitMinMax(frame, false, type, accumulator, element);
    default:
      RNNC_CHECK(false, "no code for {}", ir::ToText(combine));
      return nullptr;
  }
}

llvm::Constant* CombineIdentity(llvm::LLVMContext& context, Combine combine, ElementType type) {
  llvm::Type* t = RegisterType(context, type);
  if (ir::IsFloat(type)) {
    const double infinity = std::numeric_limits<double>::infinity();
    const double identity = combine == Combine::kProduct ? 1
                            : combine == Combine::kMax   ? -infinity
                            : combine == Combine::kMin   ? infinity
                                                         : 0;
    return llvm::ConstantFP::get(t, identity);
  }
  const unsigned bits = t->getIntegerBitWidth();
  switch (combine) {
    case Combine::kProduct:
      return llvm::ConstantInt::get(t, 1);
    case Combine::kMax:
      return llvm::ConstantInt::get(
          t, IsUnsigned(type) ? llvm::APInt::getMinValue(bits) : llvm::APInt::getSignedMinValue(bits));
    case Combine::kMin:
      return llvm::ConstantInt::get(
          t, IsUnsigned(type) ? llvm::APInt::getMaxValue(bits) : llvm::APInt::getSignedMaxValue(bits));
    default:
      return llvm::ConstantInt::get(t, 0);
  }
}

Value* FromMemory(Frame& frame, ElementType element, Value* loaded) {
  switch (element) {
    case ElementType::kBool:
      return frame.Builder().CreateICmpNE(loaded, llvm::Constant::getNullValue(loaded->getType()));
    case ElementType::kF16:
      return frame.Math().HalfToFloat(loaded);
    case ElementType::kBF16:
      return frame.Math().BFloatToFloat(loaded);
    default:
      return loaded;
  }
}

Value* ToMemory(Frame& frame, ElementType element, Value* value) {
  switch (element) {
    case ElementType::kBool: {
      llvm::Type* t = value->getType()->getWithNewBitWidth(8);
      return frame.Builder().CreateZExt(value, t);
    }
    case ElementType::kF16:
      return frame.Math().FloatToHalf(value);
    case ElementType::kBF16:
      return frame.Math().FloatToBFloat(value);
    default:
      return value;
  }
}

Value* Splat(Frame& frame, Value* scalar, int lanes) {
  if (lanes == 1 || scalar->getType()->isVectorTy()) return scalar;
  return frame.Builder().CreateVectorSplat(static_cast<unsigned>(lanes), scalar);
}

llvm::Constant* RegisterConstant(llvm::LLVMContext& context, ElementType element, double number,
                                 int64_t integer) {
  llvm::Type* t = RegisterType(context, element);
  if (ir::IsFloat(element)) return llvm::ConstantFP::get(t, ir::RoundTo(element, number));
  return llvm::ConstantInt::getSigned(t, element == ElementType::kBool ? integer != 0 : integer);
}

}  // namespace rnnc::codegen
