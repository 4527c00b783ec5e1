// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/math/vector_math.h"

namespace rnnc::codegen {

std::span<const MathBound> MathBounds() {
  static constexpr MathBound kBounds[] = {
      // name, emit, f32, f64
      {"exp", &VectorMath::Exp, 2, 2},           {"expm1", &VectorMath::Expm1, 3, 3},
      {"log", &VectorMath::Log, 2, 2},           {"log1p", &VectorMath::Log1p, 1, 2},
      {"sqrt", &VectorMath::Sqrt, 0.5, 0.5},     {"reciprocal", &VectorMath::Reciprocal, 0.5, 0.5},
      {"sigmoid", &VectorMath::Sigmoid, 3, 3},   {"tanh", &VectorMath::Tanh, 3, 3},
      {"softplus", &VectorMath::Softplus, 3, 3}, {"erf", &VectorMath::Erf, 3, 3},
      {"sin", &VectorMath::Sin, 2, 2},           {"cos", &VectorMath::Cos, 2, 2},
      {"tan", &VectorMath::Tan, 4, 4},           {"asin", &VectorMath::Asin, 1, 3},
      {"acos", &VectorMath::Acos, 1, 3},         {"atan", &VectorMath::Atan, 1, 3},
      {"sinh", &VectorMath::Sinh, 1, 4},         {"cosh", &VectorMath::Cosh, 1, 4},
      {"asinh", &VectorMath::Asinh, 1, 4},       {"acosh", &VectorMath::Acosh, 1, 4},
      {"atanh", &VectorMath::Atanh, 1, 4},       {"floor", &VectorMath::Floor, 0, 0},
      {"ceil", &VectorMath::Ceil, 0, 0},         {"trunc", &VectorMath::Trunc, 0, 0},
      {"round", &VectorMath::RoundEven, 0, 0},
  };
  return kBounds;
}

std::span<const MathBinaryBound> MathBinaryBounds() {
  static constexpr MathBinaryBound kBounds[] = {
      {"pow", &VectorMath::Pow, 1, 4},
      {"fmod", &VectorMath::Fmod, 0, 0},
  };
  return kBounds;
}

}  // namespace rnnc::codegen
