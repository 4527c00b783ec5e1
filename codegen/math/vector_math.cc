// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/math/vector_math.h"

#include <cmath>
#include <vector>

namespace rnnc::codegen {

llvm::Value* VectorMath::MultiplyAdd(llvm::Value* a, llvm::Value* b, llvm::Value* c) {
  if (!target_.has_fma) return builder_.CreateFAdd(builder_.CreateFMul(a, b), c);
  return builder_.CreateIntrinsic(a->getType(), llvm::Intrinsic::fma, {a, b, c});
}

llvm::Value* VectorMath::Sqrt(llvm::Value* x) { return SquareRoot(Wrap(x)); }

llvm::Value* VectorMath::Reciprocal(llvm::Value* x) { return 1.0 / Wrap(x); }

// Pairs of neighbours first, pairs of those next: a short chain of dependent instructions. Up to six
// coefficients, Horner's rule over the first pairs is as short and saves a multiplication.
Expr VectorMath::Polynomial(Expr x, std::span<const double> coefficients, double factor, double base) {
  std::vector<Expr> terms;
  for (const double c : coefficients) {
    terms.push_back(x.Like(c * factor));
    factor *= base;
  }
  bool first = true;
  while (terms.size() > 1) {
    std::vector<Expr> next;
    for (std::size_t i = 0; i + 1 < terms.size(); i += 2) next.push_back(Fma(terms[i + 1], x, terms[i]));
    if (terms.size() % 2 == 1) next.push_back(terms.back());
    terms = std::move(next);
    if (terms.size() > 1) x = x * x;
    if (first && coefficients.size() <= 6) {
      Expr sum = terms.back();
      for (std::size_t i = terms.size() - 1; i-- > 0;) sum = Fma(sum, x, terms[i]);
      return sum;
    }
    first = false;
  }
  return terms.front();
}

Expr VectorMath::ThroughDouble(llvm::Value* x, Emit function) {
  return Wrap((this->*function)(Wrap(x).ToDouble())).ToSingle();
}

VectorMath::Pair VectorMath::TwoSum(Expr a, Expr b) {
  const Expr sum = a + b;
  const Expr part_of_b = sum - a;
  const Expr error_of_a = a - (sum - part_of_b);
  return {sum, error_of_a + (b - part_of_b)};
}

VectorMath::Pair VectorMath::FastTwoSum(Expr a, Expr b) {
  const Expr sum = a + b;
  return {sum, b - (sum - a)};
}

// Without FMA, Dekker's product: both factors in two halves of at most 27 bits, whose products are exact.
VectorMath::Pair VectorMath::TwoProduct(Expr a, Expr b) {
  const Expr product = a * b;
  if (target_.has_fma) return {product, Fma(a, b, -product)};
  const auto leading_half = [](Expr x) { return (x.AsInt() & 0xFFFFFFFFF8000000ULL).AsFloat(); };
  const Expr a_high = leading_half(a), b_high = leading_half(b);
  const Expr a_low = a - a_high, b_low = b - b_high;
  const Expr error = ((a_high * b_high - product) + a_high * b_low) + a_low * b_high;
  return {product, error + a_low * b_low};
}

Expr VectorMath::AnyLane(Expr condition) {
  if (condition.Lanes() == 1 && !condition.type()->isVectorTy()) return condition;
  return Wrap(builder_.CreateOrReduce(condition));
}

llvm::BasicBlock* VectorMath::SplitHere(llvm::StringRef name) {
  llvm::BasicBlock* block = builder_.GetInsertBlock();
  if (builder_.GetInsertPoint() == block->end()) {
    return llvm::BasicBlock::Create(block->getContext(), name, block->getParent(), block->getNextNode());
  }
  llvm::BasicBlock* rest = block->splitBasicBlock(builder_.GetInsertPoint(), name);
  block->getTerminator()->eraseFromParent();
  builder_.SetInsertPoint(block);
  return rest;
}

VectorMath::Values VectorMath::IfAny(Expr condition, const Values& fast,
                                     const std::function<Values()>& slow) {
  const Expr any = AnyLane(condition);
  llvm::BasicBlock* rest = SplitHere("math.rest");
  llvm::BasicBlock* from = builder_.GetInsertBlock();
  auto* slow_block = llvm::BasicBlock::Create(from->getContext(), "math.slow", from->getParent(), rest);
  builder_.CreateCondBr(any, slow_block, rest);
  builder_.SetInsertPoint(slow_block);
  const Values slow_values = slow();
  llvm::BasicBlock* slow_end = builder_.GetInsertBlock();
  builder_.CreateBr(rest);
  builder_.SetInsertPoint(rest, rest->begin());
  Values merged;
  for (std::size_t i = 0; i < fast.size(); ++i) {
    llvm::PHINode* phi = builder_.CreatePHI(fast[i]->getType(), 2);
    phi->addIncoming(fast[i], from);
    phi->addIncoming(slow_values[i], slow_end);
    merged.push_back(phi);
  }
  return merged;
}

}  // namespace rnnc::codegen
