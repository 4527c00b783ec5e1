// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/tensor.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "compiler/support/check.h"

namespace rnnc::ir {
namespace {

template <typename T>
T Load(const std::vector<std::byte>& bytes, int64_t i) {
  T value;
  std::memcpy(&value, bytes.data() + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

template <typename T>
void Store(std::vector<std::byte>& bytes, int64_t i, T value) {
  std::memcpy(bytes.data() + i * static_cast<int64_t>(sizeof(T)), &value, sizeof(T));
}

// Rounds to a 16-bit float with `mantissa_bits` stored bits and `exponent_bits`, nearest even.
// Works on the double directly, so that there is one rounding only.
uint16_t RoundToSixteenBits(double value, int exponent_bits, int mantissa_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const auto sign = static_cast<uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const auto infinity = static_cast<uint16_t>(((1 << exponent_bits) - 1) << mantissa_bits);
  if (std::isnan(value)) return static_cast<uint16_t>(sign | infinity | (1 << (mantissa_bits - 1)));
  double magnitude = std::fabs(value);
  if (std::isinf(magnitude)) return sign | infinity;
  if (magnitude == 0) return sign;  // frexp gives no exponent for it
  int exponent = 0;
  std::frexp(magnitude, &exponent);             // magnitude = f * 2^exponent, f in [1/2, 1)
  exponent = std::max(exponent - 1, 1 - bias);  // of the leading bit; subnormals share the least
  // nearbyint rounds to nearest even under the default rounding mode.
  auto scaled = static_cast<int64_t>(std::nearbyint(std::ldexp(magnitude, mantissa_bits - exponent)));
  int64_t bits = scaled + (static_cast<int64_t>(exponent + bias - 1) << mantissa_bits);
  return sign | static_cast<uint16_t>(std::min<int64_t>(bits, infinity));
}

}  // namespace

uint16_t HalfFromDouble(double value) { return RoundToSixteenBits(value, 5, 10); }
uint16_t BFloat16FromDouble(double value) { return RoundToSixteenBits(value, 8, 7); }

double DoubleFromHalf(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  double magnitude = 0;
  if (exponent == 31) {
    magnitude =
        mantissa != 0 ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  } else {
    magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(mantissa + 1024, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

double DoubleFromBFloat16(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value = 0;
  std::memcpy(&value, &wide, sizeof(value));
  return value;
}

double RoundTo(ElementType element, double value) {
  switch (element) {
    case ElementType::kF32:
      return static_cast<float>(value);
    case ElementType::kF16:
      return DoubleFromHalf(HalfFromDouble(value));
    case ElementType::kBF16:
      return DoubleFromBFloat16(BFloat16FromDouble(value));
    default:
      return value;
  }
}

double Tensor::NumberAt(int64_t i) const {
  switch (type.element) {
    case ElementType::kF32:
      return Load<float>(bytes, i);
    case ElementType::kF64:
      return Load<double>(bytes, i);
    case ElementType::kF16:
      return DoubleFromHalf(Load<uint16_t>(bytes, i));
    case ElementType::kBF16:
      return DoubleFromBFloat16(Load<uint16_t>(bytes, i));
    default:
      return static_cast<double>(IntegerAt(i));
  }
}

int64_t Tensor::IntegerAt(int64_t i) const {
  switch (type.element) {
    case ElementType::kI8:
      return Load<int8_t>(bytes, i);
    case ElementType::kI16:
      return Load<int16_t>(bytes, i);
    case ElementType::kI32:
      return Load<int32_t>(bytes, i);
    case ElementType::kI64:
      return Load<int64_t>(bytes, i);
    case ElementType::kU8:
    case ElementType::kBool:
      return Load<uint8_t>(bytes, i);
    default:
      RNNC_CHECK(false, "IntegerAt of {}", type.ToText());
  }
  return 0;
}

void Tensor::SetNumber(int64_t i, double value) {
  switch (type.element) {
    case ElementType::kF32:
      Store(bytes, i, static_cast<float>(value));
      break;
    case ElementType::kF64:
      Store(bytes, i, value);
      break;
    case ElementType::kF16:
      Store(bytes, i, HalfFromDouble(value));
      break;
    case ElementType::kBF16:
      Store(bytes, i, BFloat16FromDouble(value));
      break;
    default:
      SetInteger(i, static_cast<int64_t>(value));
  }
}

void Tensor::SetInteger(int64_t i, int64_t value) {
  switch (type.element) {
    case ElementType::kI8:
      Store(bytes, i, static_cast<int8_t>(value));
      break;
    case ElementType::kI16:
      Store(bytes, i, static_cast<int16_t>(value));
      break;
    case ElementType::kI32:
      Store(bytes, i, static_cast<int32_t>(value));
      break;
    case ElementType::kI64:
      Store(bytes, i, value);
      break;
    case ElementType::kU8:
      Store(bytes, i, static_cast<uint8_t>(value));
      break;
    case ElementType::kBool:
      Store(bytes, i, static_cast<uint8_t>(value != 0));
      break;
    default:
      SetNumber(i, static_cast<double>(value));
  }
}

Tensor ZeroTensor(const Type& type) {
  return {type, std::vector<std::byte>(static_cast<size_t>(type.Bytes()))};
}

TensorPtr MakeIntTensor(const std::vector<int64_t>& values) {
  Tensor tensor = ZeroTensor(MakeType(ElementType::kI64, {static_cast<int64_t>(values.size())}));
  for (size_t i = 0; i < values.size(); ++i) tensor.SetInteger(static_cast<int64_t>(i), values[i]);
  return std::make_shared<Tensor>(std::move(tensor));
}

TensorPtr MakeScalar(ElementType element, double value) {
  Tensor tensor = ZeroTensor(MakeType(element, {}));
  tensor.SetNumber(0, value);
  return std::make_shared<Tensor>(std::move(tensor));
}

TensorPtr MakeFloatTensor(const std::vector<int64_t>& dims, const std::vector<double>& values) {
  Tensor tensor = ZeroTensor(MakeStaticType(ElementType::kF32, dims));
  RNNC_CHECK(tensor.ElementCount() == static_cast<int64_t>(values.size()), "{} values for {}", values.size(),
             tensor.type.ToText());
  for (size_t i = 0; i < values.size(); ++i) tensor.SetNumber(static_cast<int64_t>(i), values[i]);
  return std::make_shared<Tensor>(std::move(tensor));
}

}  // namespace rnnc::ir
