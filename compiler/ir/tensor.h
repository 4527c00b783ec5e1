// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "compiler/ir/type.h"

namespace rnnc::ir {

// A constant array: raw little-endian elements, row-major, of a static type. Immutable once shared.
// f16 and bf16 are kept as their 16 bits; bool as one byte, 0 or 1.
struct Tensor {
  Type type;
  std::vector<std::byte> bytes;

  int64_t ElementCount() const { return type.ElementCount().Value(); }
  // Element i (row-major) as double; integers convert (i64 beyond 2^53 loses bits: use IntegerAt).
  double NumberAt(int64_t i) const;
  // Element i of an integer or bool tensor, exact.
  int64_t IntegerAt(int64_t i) const;
  // Stores a number at element i, rounded to the element type (nearest even); integers must fit.
  void SetNumber(int64_t i, double value);
  void SetInteger(int64_t i, int64_t value);
};

using TensorPtr = std::shared_ptr<const Tensor>;

// All elements zero.
Tensor ZeroTensor(const Type& type);
TensorPtr MakeIntTensor(const std::vector<int64_t>& values);                                     // i64[n]
TensorPtr MakeScalar(ElementType element, double value);                                         // element[]
TensorPtr MakeFloatTensor(const std::vector<int64_t>& dims, const std::vector<double>& values);  // f32

// Rounding to the 16-bit types, nearest even, with subnormals, infinities and NaN; and back, exact.
uint16_t HalfFromDouble(double value);
double DoubleFromHalf(uint16_t bits);
uint16_t BFloat16FromDouble(double value);
double DoubleFromBFloat16(uint16_t bits);
// `value` rounded to the nearest value of a float element type; unchanged for f64.
double RoundTo(ElementType element, double value);

}  // namespace rnnc::ir
