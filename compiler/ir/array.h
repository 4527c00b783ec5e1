// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/ir/tensor.h"
#include "compiler/ir/type.h"

namespace rnnc::ir {

// `value` wrapped to the width and sign of an integer element type (two's complement); bool: 0 or 1.
int64_t WrapTo(ElementType element, int64_t value);
// A number as an integer type holds it: toward zero, saturating, NaN to 0; bool: 0 only for 0.
int64_t SaturateTo(ElementType element, double value);

// A tensor at run time, as the oracle sees it: concrete dims, row-major. Floats are doubles whatever the
// element type says (they may hold more than it could); integers and bool are exact.
struct Array {
  ElementType element = ElementType::kF32;
  std::vector<int64_t> dims;
  std::vector<double> numbers;    // float types: one an element; else empty
  std::vector<int64_t> integers;  // integer types and bool: one an element; else empty

  int64_t Rank() const { return static_cast<int64_t>(dims.size()); }
  int64_t Count() const { return static_cast<int64_t>(numbers.size() + integers.size()); }
  bool IsFloat() const { return ir::IsFloat(element); }

  double NumberAt(int64_t i) const {
    const auto at = static_cast<size_t>(i);
    return IsFloat() ? numbers[at] : static_cast<double>(integers[at]);
  }
  // Of an integer type or bool.
  int64_t IntegerAt(int64_t i) const { return integers[static_cast<size_t>(i)]; }
  // Element `from` of an array of the same element type.
  void CopyElement(int64_t to, const Array& source, int64_t from) {
    if (IsFloat()) {
      numbers[static_cast<size_t>(to)] = source.numbers[static_cast<size_t>(from)];
    } else {
      integers[static_cast<size_t>(to)] = source.integers[static_cast<size_t>(from)];
    }
  }
  // Float types take the number as it is; integer types saturate.
  void SetNumber(int64_t i, double value);
  // Of an integer type or bool; wraps.
  void SetInteger(int64_t i, int64_t value) { integers[static_cast<size_t>(i)] = WrapTo(element, value); }

  std::string ShapeText() const;  // "f32[2,3]"
};

// All zeros.
Array MakeArray(ElementType element, std::vector<int64_t> dims);
Array ArrayOf(const Tensor& tensor);
// Floats are rounded to the element type.
Tensor TensorOf(const Array& array);
// Every float rounded to the element type.
void RoundElements(Array& array);

// Elements between neighbours on each axis, row-major.
std::vector<int64_t> StridesOf(const std::vector<int64_t>& dims);

}  // namespace rnnc::ir
