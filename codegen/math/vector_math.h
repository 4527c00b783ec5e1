// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "codegen/math/expression.h"

namespace rnnc::codegen {

// What the emitter may use on a target row. Each flag changes instructions; `has_fma`, `has_reciprocal14` and
// `has_lookup16` the last bits of results; the others never change a bit.
struct MathTarget {
  bool has_fma = false;           // fused multiply-add of float and double, scalar and vector (FMA3, AArch64)
  bool has_rounding = false;      // rounding to integers in floating point (SSE4.1, AArch64)
  bool has_half = false;          // conversion half <-> float, scalar and vector (F16C, AArch64)
  bool has_reciprocal14 = false;  // AVX-512F with VL: 14-bit reciprocal estimates, the same bits on every CPU
  bool has_lookup16 = false;      // AVX-512F: lanes pick from a vector of 16 floats
};

// Emits elementary functions inline at the builder's insertion point, for float and double, scalars and
// fixed vectors of any width: no call leaves the object on any row. Results of one row are the same bits for
// the same value at any width and in any lane (the bits of a NaN aside). Accuracy: MathBounds().
// Unless said otherwise NaN gives NaN, infinities, signed zeros and subnormals are those of the C function
// of the name, nothing is flushed. Needs the default rounding mode and a builder without fast-math flags.
//
// Sin, Cos, Tan and Fmod add basic blocks: after the call the builder stands in another block.
class VectorMath {
 public:
  using Emit = llvm::Value* (VectorMath::*)(llvm::Value*);
  using EmitBinary = llvm::Value* (VectorMath::*)(llvm::Value*, llvm::Value*);

  VectorMath(llvm::IRBuilderBase& builder, const MathTarget& target) : builder_(builder), target_(target) {}

  // a * b + c: fused where the row has it, else the product is rounded first.
  llvm::Value* MultiplyAdd(llvm::Value* a, llvm::Value* b, llvm::Value* c);

  llvm::Value* Exp(llvm::Value* x);
  llvm::Value* Expm1(llvm::Value* x);
  llvm::Value* Log(llvm::Value* x);
  llvm::Value* Log1p(llvm::Value* x);
  llvm::Value* Pow(llvm::Value* x, llvm::Value* y);
  llvm::Value* Sqrt(llvm::Value* x);
  llvm::Value* Reciprocal(llvm::Value* x);

  llvm::Value* Sigmoid(llvm::Value* x);  // 1 / (1 + exp(-x))
  llvm::Value* Tanh(llvm::Value* x);
  llvm::Value* Softplus(llvm::Value* x);  // log(1 + exp(x))
  llvm::Value* Erf(llvm::Value* x);

  llvm::Value* Sin(llvm::Value* x);
  llvm::Value* Cos(llvm::Value* x);
  llvm::Value* Tan(llvm::Value* x);
  llvm::Value* Asin(llvm::Value* x);
  llvm::Value* Acos(llvm::Value* x);
  llvm::Value* Atan(llvm::Value* x);
  llvm::Value* Sinh(llvm::Value* x);
  llvm::Value* Cosh(llvm::Value* x);
  llvm::Value* Asinh(llvm::Value* x);
  llvm::Value* Acosh(llvm::Value* x);
  llvm::Value* Atanh(llvm::Value* x);

  llvm::Value* Floor(llvm::Value* x);
  llvm::Value* Ceil(llvm::Value* x);
  llvm::Value* Trunc(llvm::Value* x);
  llvm::Value* RoundEven(llvm::Value* x);             // to nearest, ties to even (ONNX Round)
  llvm::Value* Fmod(llvm::Value* x, llvm::Value* y);  // exact, sign of x; time grows with log(x / y)

  // Half and bfloat16 travel as their bits, i16. Rounding is to nearest even; NaN keeps its sign and leading
  // payload and becomes quiet. To half or bfloat16 from float or double (rounded once).
  llvm::Value* HalfToFloat(llvm::Value* bits);
  llvm::Value* FloatToHalf(llvm::Value* x);
  llvm::Value* BFloatToFloat(llvm::Value* bits);
  llvm::Value* FloatToBFloat(llvm::Value* x);

 private:
  struct Reduced;  // x = m * ln2 + r
  struct Pair {    // an unevaluated sum of two doubles, |low| <= ulp(high) / 2
    Expr high;
    Expr low;
  };
  struct Angle {  // x = quadrant * pi/2 + (high + low)
    Expr quadrant;
    Expr high;
    Expr low;
  };

  Expr Wrap(llvm::Value* value) { return Expr(builder_, value); }
  Expr Fma(Expr a, Expr b, Expr c) { return Wrap(MultiplyAdd(a, b, c)); }
  // Polynomial of x, lowest coefficient first, each multiplied by factor * base^k: scaling of the argument or
  // the result by powers of two then costs nothing.
  Expr Polynomial(Expr x, std::span<const double> coefficients, double factor = 1, double base = 1);
  Expr ThroughDouble(llvm::Value* x, Emit function);
  Expr ToNearest(Expr x);
  // n / d to about one unit in the last place, for normal d well inside the range of float: short where the
  // row has reciprocal estimates, else the division. Sigmoid and tanh wait for it.
  Expr Quotient(Expr n, Expr d);
  Expr ReciprocalEstimate(Expr d);
  // table[index % 16] * factor in every lane. Needs has_lookup16.
  Expr Lookup(std::span<const double, 16> table, double factor, Expr index);
  // `emit` takes and gives vectors of `width`; any other number of lanes goes through those.
  Expr InPieces(Expr x, unsigned width, const std::function<llvm::Value*(llvm::Value*)>& emit);
  Expr SigmoidByLookup(Expr x);
  Expr TanhByLookup(Expr x);
  // `slow` is emitted in a block of its own that runs if any lane of `condition` is true; its values, of the
  // types of `fast`, must leave lanes where the condition is false as they are.
  using Values = llvm::SmallVector<llvm::Value*, 4>;
  Values IfAny(Expr condition, const Values& fast, const std::function<Values()>& slow);
  // Ends the current block for a jump elsewhere; returns the block where code goes on.
  llvm::BasicBlock* SplitHere(llvm::StringRef name);
  Expr AnyLane(Expr condition);

  Pair TwoSum(Expr a, Expr b);
  Pair FastTwoSum(Expr a, Expr b);  // |a| >= |b| or a = 0
  Pair TwoProduct(Expr a, Expr b);

  Reduced ReduceByLn2(Expr x, int bias);
  Expr ExpOfPair(Expr x, const Expr* low, int scale);
  Expr ExpInRange(Expr x);
  Expr LogSpecials(Expr x, Expr result);
  Pair SplitForLog(Expr x);
  Expr LogDouble(Expr k, Expr f, const Expr* correction);
  Pair LogPair(Expr x);
  Expr PowSpecials(Expr x, Expr y, Expr magnitude);

  Angle ReduceByHalfPi(Expr x);
  Angle ReduceLane(Expr x);
  Angle ReduceHuge(Expr x);
  llvm::Value* TwoOverPiTable();
  Expr SinOrCos(llvm::Value* x, int quadrants, bool tangent);
  Expr AsinTail(Expr z);

  llvm::IRBuilderBase& builder_;
  MathTarget target_;
};

// One row for each function: its name in the IR, how it is emitted, and the stated bound of its error in
// units in the last place over every float (f32) and over doubles sampled across their range (f64).
// The README of this folder has the measured values.
struct MathBound {
  std::string_view name;
  VectorMath::Emit emit;
  double max_ulp_f32;
  double max_ulp_f64;
};
std::span<const MathBound> MathBounds();

struct MathBinaryBound {
  std::string_view name;
  VectorMath::EmitBinary emit;
  double max_ulp_f32;
  double max_ulp_f64;
};
std::span<const MathBinaryBound> MathBinaryBounds();

}  // namespace rnnc::codegen
