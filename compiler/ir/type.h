// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/dim.h"

namespace rnnc::ir {

enum class ElementType : uint8_t {
#define RNNC_ELEMENT_TYPE(enumerator, text, bytes, is_float) enumerator,
#include "compiler/ir/element_types.def"
};

// "f32", "i64", "bool": the spelling of the IR text.
std::string_view ToText(ElementType type);
std::optional<ElementType> ParseElementType(std::string_view text);
int64_t BytesOf(ElementType type);
bool IsFloat(ElementType type);
// What an operator on `type` is computed in: f16 and bf16 in f32, rounded once at its end.
ElementType ComputeType(ElementType type);
bool IsUnsigned(ElementType type);  // integers without a sign, and bool

// Axes of a value at most, as in NumPy. Tables of coordinates are elements times axes.
constexpr int64_t kMaxRank = 64;

// The type of a tensor: element type and dims, outermost first, row-major. A scalar has no dims.
struct Type {
  ElementType element = ElementType::kF32;
  std::vector<Dim> dims;

  int64_t Rank() const { return static_cast<int64_t>(dims.size()); }
  bool IsStatic() const;
  // Number of elements; a polynomial when dims are symbolic.
  Dim ElementCount() const;
  // Bytes of a static type.
  int64_t Bytes() const;
  // The dims of a static type as integers.
  std::vector<int64_t> StaticDims() const;
  std::string ToText() const;  // "f32[T,1,64]", "f32[]"

  bool operator==(const Type&) const = default;
};

Type MakeType(ElementType element, std::vector<Dim> dims);
Type MakeStaticType(ElementType element, const std::vector<int64_t>& dims);

// Row-major strides in elements: strides[i] = product of dims[i+1..].
std::vector<Dim> RowMajorStrides(const std::vector<Dim>& dims);

}  // namespace rnnc::ir
