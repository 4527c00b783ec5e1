// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/array.h"

#include <cmath>
#include <limits>
#include <utility>

#include "compiler/support/arithmetic.h"
#include "compiler/support/check.h"

namespace rnnc::ir {
namespace {

struct IntegerRange {
  int64_t low;
  int64_t high;
};

template <typename T>
constexpr IntegerRange RangeOf() {
  return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
}

IntegerRange RangeOf(ElementType element) {
  switch (element) {
    case ElementType::kI8:
      return RangeOf<int8_t>();
    case ElementType::kI16:
      return RangeOf<int16_t>();
    case ElementType::kI32:
      return RangeOf<int32_t>();
    case ElementType::kI64:
      return RangeOf<int64_t>();
    case ElementType::kU8:
      return RangeOf<uint8_t>();
    case ElementType::kBool:
      return {0, 1};
    default:
      break;
  }
  RNNC_UNREACHABLE("{} is no integer type", ToText(element));
}

}  // namespace

int64_t WrapTo(ElementType element, int64_t value) {
  switch (element) {
    case ElementType::kI8:
      return static_cast<int8_t>(value);
    case ElementType::kI16:
      return static_cast<int16_t>(value);
    case ElementType::kI32:
      return static_cast<int32_t>(value);
    case ElementType::kI64:
      return value;
    case ElementType::kU8:
      return static_cast<uint8_t>(value);
    case ElementType::kBool:
      return value != 0 ? 1 : 0;
    default:
      break;
  }
  RNNC_UNREACHABLE("{} is no integer type", ToText(element));
}

int64_t SaturateTo(ElementType element, double value) {
  if (element == ElementType::kBool) return value != 0 ? 1 : 0;
  if (std::isnan(value)) return 0;
  const IntegerRange range = RangeOf(element);
  const double whole = std::trunc(value);
  if (whole <= static_cast<double>(range.low)) return range.low;
  if (whole >= static_cast<double>(range.high)) return range.high;
  return static_cast<int64_t>(whole);
}

void Array::SetNumber(int64_t i, double value) {
  if (IsFloat()) {
    numbers[static_cast<size_t>(i)] = value;
  } else {
    integers[static_cast<size_t>(i)] = SaturateTo(element, value);
  }
}

std::string Array::ShapeText() const { return MakeStaticType(element, dims).ToText(); }

Array MakeArray(ElementType element, std::vector<int64_t> dims) {
  const std::optional<int64_t> count = CheckedProduct(dims);
  RNNC_CHECK(count.has_value() && *count >= 0, "the size of an array overflows");
  Array array{element, std::move(dims), {}, {}};
  if (array.IsFloat()) {
    array.numbers.resize(static_cast<size_t>(*count));
  } else {
    array.integers.resize(static_cast<size_t>(*count));
  }
  return array;
}

Array ArrayOf(const Tensor& tensor) {
  Array array = MakeArray(tensor.type.element, tensor.type.StaticDims());
  const int64_t count = array.Count();
  for (int64_t i = 0; i < count; ++i) {
    if (array.IsFloat()) {
      array.numbers[static_cast<size_t>(i)] = tensor.NumberAt(i);
    } else {
      array.integers[static_cast<size_t>(i)] = tensor.IntegerAt(i);
    }
  }
  return array;
}

Tensor TensorOf(const Array& array) {
  Tensor tensor = ZeroTensor(MakeStaticType(array.element, array.dims));
  const int64_t count = array.Count();
  for (int64_t i = 0; i < count; ++i) {
    if (array.IsFloat()) {
      tensor.SetNumber(i, array.NumberAt(i));
    } else {
      tensor.SetInteger(i, array.IntegerAt(i));
    }
  }
  return tensor;
}

void RoundElements(Array& array) {
  for (double& number : array.numbers) number = RoundTo(array.element, number);
}

std::vector<int64_t> StridesOf(const std::vector<int64_t>& dims) {
  std::vector<int64_t> strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

}  // namespace rnnc::ir
