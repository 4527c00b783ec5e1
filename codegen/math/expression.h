// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>

#include <concepts>
#include <cstdint>

namespace rnnc::codegen {

// An LLVM value with the operators of arithmetic, so that a formula reads as one. Scalars and vectors alike;
// a number beside an Expr becomes a constant of its type. Operators choose the integer or the floating-point
// instruction by type; shifts right are logical. Comparisons of floating point are ordered (false for NaN).
class Expr {
 public:
  Expr(llvm::IRBuilderBase& builder, llvm::Value* value) : builder_(&builder), value_(value) {}

  operator llvm::Value*() const { return value_; }
  llvm::Type* type() const { return value_->getType(); }
  llvm::IRBuilderBase& builder() const { return *builder_; }
  bool IsFloat() const { return type()->isFPOrFPVectorTy(); }
  unsigned Bits() const { return type()->getScalarSizeInBits(); }
  unsigned Lanes() const {
    const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type());
    return vector != nullptr ? vector->getNumElements() : 1;
  }

  Expr Make(llvm::Value* value) const { return Expr(*builder_, value); }
  template <class T>
    requires std::integral<T> || std::floating_point<T>
  Expr Like(T number) const {
    if (IsFloat()) return Make(llvm::ConstantFP::get(type(), static_cast<double>(number)));
    return Make(llvm::ConstantInt::get(type(), static_cast<std::uint64_t>(number)));
  }

  // The type of the same number of lanes with elements of `scalar`.
  llvm::Type* WithScalar(llvm::Type* scalar) const { return type()->getWithNewType(scalar); }
  llvm::Type* IntType() const { return WithScalar(builder_->getIntNTy(Bits())); }
  // The bit pattern of a float, and the float of a bit pattern.
  Expr AsInt() const { return Make(builder_->CreateBitCast(value_, IntType())); }
  Expr AsFloat() const {
    return Make(builder_->CreateBitCast(
        value_, WithScalar(Bits() == 64 ? builder_->getDoubleTy() : builder_->getFloatTy())));
  }
  Expr ToDouble() const { return Make(builder_->CreateFPExt(value_, WithScalar(builder_->getDoubleTy()))); }
  Expr ToSingle() const { return Make(builder_->CreateFPTrunc(value_, WithScalar(builder_->getFloatTy()))); }
  Expr ZeroExtend(unsigned bits) const {
    return Make(builder_->CreateZExt(value_, WithScalar(builder_->getIntNTy(bits))));
  }
  Expr Truncate(unsigned bits) const {
    return Make(builder_->CreateTrunc(value_, WithScalar(builder_->getIntNTy(bits))));
  }

 private:
  llvm::IRBuilderBase* builder_;
  llvm::Value* value_;
};

#define RNNC_EXPR_BINARY(symbol, make)                  \
  inline Expr operator symbol(Expr a, Expr b) {         \
    llvm::IRBuilderBase& builder = a.builder();         \
    return a.Make(make);                                \
  }                                                     \
  template <class T>                                    \
    requires std::integral<T> || std::floating_point<T> \
  Expr operator symbol(Expr a, T b) {                   \
    return a symbol a.Like(b);                          \
  }                                                     \
  template <class T>                                    \
    requires std::integral<T> || std::floating_point<T> \
  Expr operator symbol(T a, Expr b) {                   \
    return b.Like(a) symbol b;                          \
  }
RNNC_EXPR_BINARY(+, a.IsFloat() ? builder.CreateFAdd(a, b) : builder.CreateAdd(a, b))
RNNC_EXPR_BINARY(-, a.IsFloat() ? builder.CreateFSub(a, b) : builder.CreateSub(a, b))
RNNC_EXPR_BINARY(*, a.IsFloat() ? builder.CreateFMul(a, b) : builder.CreateMul(a, b))
RNNC_EXPR_BINARY(/, builder.CreateFDiv(a, b))
RNNC_EXPR_BINARY(<<, builder.CreateShl(a, b))
RNNC_EXPR_BINARY(>>, builder.CreateLShr(a, b))
RNNC_EXPR_BINARY(&, builder.CreateAnd(a, b))
RNNC_EXPR_BINARY(|, builder.CreateOr(a, b))
RNNC_EXPR_BINARY(^, builder.CreateXor(a, b))
RNNC_EXPR_BINARY(<, a.IsFloat() ? builder.CreateFCmpOLT(a, b) : builder.CreateICmpULT(a, b))
RNNC_EXPR_BINARY(>, a.IsFloat() ? builder.CreateFCmpOGT(a, b) : builder.CreateICmpUGT(a, b))
RNNC_EXPR_BINARY(>=, a.IsFloat() ? builder.CreateFCmpOGE(a, b) : builder.CreateICmpUGE(a, b))
RNNC_EXPR_BINARY(==, a.IsFloat() ? builder.CreateFCmpOEQ(a, b) : builder.CreateICmpEQ(a, b))
RNNC_EXPR_BINARY(!=, a.IsFloat() ? builder.CreateFCmpUNE(a, b) : builder.CreateICmpNE(a, b))
#undef RNNC_EXPR_BINARY

inline Expr operator-(Expr a) {
  return a.Make(a.IsFloat() ? a.builder().CreateFNeg(a) : a.builder().CreateNeg(a));
}
inline Expr Select(Expr condition, Expr yes, Expr no) {
  return yes.Make(yes.builder().CreateSelect(condition, yes, no));
}
// The smaller or larger of a value and a number; NaN stays NaN. One instruction on x86.
inline Expr AtMost(Expr x, double limit) { return Select(x.Like(limit) < x, x.Like(limit), x); }
inline Expr AtLeast(Expr x, double limit) { return Select(x.Like(limit) > x, x.Like(limit), x); }
// These three are single instructions or bit operations on every row, never calls.
inline Expr Abs(Expr x) { return x.Make(x.builder().CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x)); }
inline Expr CopySign(Expr magnitude, Expr sign) {
  return sign.Make(sign.builder().CreateBinaryIntrinsic(llvm::Intrinsic::copysign, magnitude, sign));
}
inline Expr SquareRoot(Expr x) { return x.Make(x.builder().CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, x)); }

}  // namespace rnnc::codegen
