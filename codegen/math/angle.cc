// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// x = quadrant * pi/2 + rest, for every finite double.
//
// 1. Below 2^20: subtract the nearest multiple of pi/2, whose first parts have so few bits that the products
//    are exact (Cody and Waite).
// 2. Where x is larger, or so near a multiple that step 1 would cancel too much, in a block that runs only if
//    some lane needs it: multiply the integer mantissa by the 192 bits of 2/pi that matter (Payne and Hanek).
#include <llvm/IR/GlobalVariable.h>
#include <llvm/IR/Module.h>

#include "codegen/math/float_format.h"
#include "codegen/math/vector_math.h"

namespace rnnc::codegen {
namespace {

constexpr double kHalfPi1 = 0x1.921fb544p0;    // 33 bits
constexpr double kHalfPi2 = 0x1.0b4611a6p-34;  // 33 bits
constexpr double kHalfPi3 = 0x1.3198a2e037073p-69;
constexpr double kHuge = 0x1p20;
constexpr double kNear = 0x1p-20;

}  // namespace

VectorMath::Angle VectorMath::ReduceByHalfPi(Expr x) {
  const double magic = kF64.round_magic;
  const Expr sum = Fma(x, x.Like(2 / kHalfPi / 2), x.Like(magic));
  const Expr n = sum - magic;
  const Expr rest = x - n * kHalfPi1;
  const Pair second = TwoSum(rest, -(n * kHalfPi2));
  const Pair angle = FastTwoSum(second.high, Fma(n, n.Like(-kHalfPi3), second.low));
  const Expr quadrant = sum.AsInt();

  const Expr size = Abs(x);
  const Expr cancelled = (Abs(angle.high) < kNear) & (size > 0.5);
  const Expr hard = ((size >= kHuge) | cancelled) & (size < std::numeric_limits<double>::infinity());
  const Values merged = IfAny(hard, {quadrant, angle.high, angle.low}, [&] {
    const Angle exact = ReduceHuge(x);
    return Values{Select(hard, exact.quadrant, quadrant), Select(hard, exact.high, angle.high),
                  Select(hard, exact.low, angle.low)};
  });
  return {Wrap(merged[0]), Wrap(merged[1]), Wrap(merged[2])};
}

// A word of zeros, then the bits of 2/pi; one table a module.
llvm::Value* VectorMath::TwoOverPiTable() {
  llvm::Module* module = builder_.GetInsertBlock()->getModule();
  constexpr llvm::StringLiteral name = "math.two_over_pi";
  if (llvm::GlobalVariable* table = module->getNamedGlobal(name)) return table;
  llvm::SmallVector<std::uint64_t, 24> words = {0};
  words.append(std::begin(kTwoOverPi), std::end(kTwoOverPi));
  llvm::Constant* value = llvm::ConstantDataArray::get(builder_.getContext(), words);
  auto* table = new llvm::GlobalVariable(*module, value->getType(), /*isConstant=*/true,
                                         llvm::GlobalValue::PrivateLinkage, value, name);
  table->setAlignment(llvm::Align(64));
  table->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  return table;
}

// One double, |x| >= 1/4 (smaller ones give a wrong angle, and are not used).
VectorMath::Angle VectorMath::ReduceLane(Expr x) {
  const Expr bits = x.AsInt();
  const Expr mantissa = (bits & kF64.mantissa_mask) | (kF64.mantissa_mask + 1);
  const Expr exponent = (bits >> 52) & 0x7FF;
  // |x| = mantissa * 2^k, k = exponent - 1075. Bits of 2/pi of weight 2^(2-k) and above only add multiples
  // of 4; with the leading word of zeros the first bit that matters has index k + 62.
  const Expr safe = Select(exponent < 1021, exponent.Like(1021), exponent);
  const Expr first = safe - (1075 - 62);
  const Expr word = first >> 6;
  const Expr shift = first & 63;
  llvm::Value* table = TwoOverPiTable();
  llvm::SmallVector<Expr, 4> loaded;
  for (int i = 0; i < 4; ++i) {
    llvm::Value* address = builder_.CreateGEP(bits.type(), table, {word + i});
    loaded.push_back(Wrap(builder_.CreateAlignedLoad(bits.type(), address, llvm::Align(8))));
  }
  llvm::SmallVector<Expr, 3> window;
  for (int i = 0; i < 3; ++i) {
    // The second shift in two steps: by 64 in one it would be undefined when shift = 0.
    window.push_back((loaded[i] << shift) | ((loaded[i + 1] >> 1) >> (63 - shift)));
  }
  // mantissa * window modulo 2^192: the quadrant in the two highest bits, then 190 bits of fraction.
  const Expr wide = mantissa.ZeroExtend(128);
  const Expr low = wide * window[2].ZeroExtend(128);
  const Expr middle = wide * window[1].ZeroExtend(128) + (low >> 64);
  const Expr top = mantissa * window[0] + (middle >> 64).Truncate(64);
  const Expr next = middle.Truncate(64);
  const Expr quadrant = (top + (1LL << 61)) >> 62;
  const Expr fraction = top - (quadrant << 62);  // signed, |fraction| <= 2^61

  // The fraction in four pieces of 32 bits, each exact in double.
  const auto to_double = [&](Expr piece, double unit) {
    return Wrap(builder_.CreateSIToFP(piece, builder_.getDoubleTy())) * unit;
  };
  const Expr high_piece = Wrap(builder_.CreateAShr(fraction, 32));
  const Pair leading =
      FastTwoSum(to_double(high_piece, 0x1p-30), to_double(fraction & 0xFFFFFFFFLL, 0x1p-62));
  const Expr trailing = to_double(next >> 32, 0x1p-94) + to_double(next & 0xFFFFFFFFLL, 0x1p-126);
  const Pair turns = FastTwoSum(leading.high, leading.low + trailing);

  const Pair product = TwoProduct(turns.high, x.Like(kHalfPi));
  const Expr rest = Fma(turns.high, x.Like(kHalfPiLow), Fma(turns.low, x.Like(kHalfPi), product.low));
  const Pair angle = FastTwoSum(product.high, rest);
  const Expr negative = x < 0.0;
  return {Select(negative, -quadrant, quadrant), Select(negative, -angle.high, angle.high),
          Select(negative, -angle.low, angle.low)};
}

// ReduceLane of each lane, in a loop.
VectorMath::Angle VectorMath::ReduceHuge(Expr x) {
  if (!x.type()->isVectorTy()) return ReduceLane(x);
  llvm::BasicBlock* before = builder_.GetInsertBlock();
  llvm::BasicBlock* rest = SplitHere("math.angle.rest");
  auto* loop = llvm::BasicBlock::Create(before->getContext(), "math.angle", before->getParent(), rest);
  builder_.CreateBr(loop);
  builder_.SetInsertPoint(loop);
  llvm::PHINode* lane = builder_.CreatePHI(builder_.getInt32Ty(), 2);
  llvm::Type* types[] = {x.IntType(), x.type(), x.type()};
  llvm::SmallVector<llvm::PHINode*, 3> before_lane;
  for (llvm::Type* type : types) before_lane.push_back(builder_.CreatePHI(type, 2));
  const Angle angle = ReduceLane(Wrap(builder_.CreateExtractElement(x, lane)));
  const llvm::Value* const values[] = {angle.quadrant, angle.high, angle.low};
  llvm::SmallVector<llvm::Value*, 3> after_lane;
  for (int i = 0; i < 3; ++i) {
    auto* value = const_cast<llvm::Value*>(values[i]);
    after_lane.push_back(builder_.CreateInsertElement(before_lane[i], value, lane));
    before_lane[i]->addIncoming(llvm::Constant::getNullValue(types[i]), before);
    before_lane[i]->addIncoming(after_lane[i], loop);
  }
  const Expr next = Wrap(lane) + 1;
  lane->addIncoming(builder_.getInt32(0), before);
  lane->addIncoming(next, loop);
  builder_.CreateCondBr(next < x.Lanes(), loop, rest);
  builder_.SetInsertPoint(rest, rest->begin());
  return {Wrap(after_lane[0]), Wrap(after_lane[1]), Wrap(after_lane[2])};
}

}  // namespace rnnc::codegen
