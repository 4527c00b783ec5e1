// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/math/vector_math.h"

namespace rnnc::codegen {

std::span<const MathBound> MathBounds() {
  static constexpr MathBound kBounds[] = {
      // name, emit, f32, f64
      {"exp", &VectorMath::Exp, 1.5, 1.5},
      {"expm1", &VectorMath::Expm1, 2, 2.5},
      {"log", &VectorMath::Log, 1, 1},
      {"log1p", &VectorMath::Log1p, 0.51, 1},
      {"sqrt", &VectorMath::Sqrt, 0.5, 0.5},
      {"reciprocal", &VectorMath::Reciprocal, 0.5, 0.5},
      {"sigmoid", &VectorMath::Sigmoid, 3.5, 3},
      {"tanh", &VectorMath::Tanh, 3, 3},
      {"softplus", &VectorMath::Softplus, 3.5, 2.5},
      {"erf", &VectorMath::Erf, 2, 2},
      {"sin", &VectorMath::Sin, 2, 1},
      {"cos", &VectorMath::Cos, 2, 1},
      {"tan", &VectorMath::Tan, 4, 2.5},
      {"asin", &VectorMath::Asin, 0.51, 2.5},
      {"acos", &VectorMath::Acos, 0.51, 1.5},
      {"atan", &VectorMath::Atan, 0.51, 2.5},
      {"sinh", &VectorMath::Sinh, 0.51, 2.5},
      {"cosh", &VectorMath::Cosh, 0.51, 2},
      {"asinh", &VectorMath::Asinh, 0.51, 2},
      {"acosh", &VectorMath::Acosh, 0.51, 2.5},
      {"atanh", &VectorMath::Atanh, 0.51, 2.5},
      {"floor", &VectorMath::Floor, 0, 0},
      {"ceil", &VectorMath::Ceil, 0, 0},
      {"trunc", &VectorMath::Trunc, 0, 0},
      {"round", &VectorMath::RoundEven, 0, 0},
  };
  return kBounds;
}

std::span<const MathBinaryBound> MathBinaryBounds() {
  static constexpr MathBinaryBound kBounds[] = {
      {"pow", &VectorMath::Pow, 0.51, 2},
      {"fmod", &VectorMath::Fmod, 0, 0},
  };
  return kBounds;
}

}  // namespace rnnc::codegen
