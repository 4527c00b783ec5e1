// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/tensor.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "compiler/support/arithmetic.h"

namespace rnnc::import {
namespace {

using ir::ElementType;

// Numbers of TensorProto.DataType, newer ones than the library's included (ONNX onnx.in.proto).
struct DataType {
  std::string_view name;
  std::optional<ElementType> element;
};
constexpr std::array kDataTypes = {
    DataType{"undefined", {}},
    DataType{"float", ElementType::kF32},
    DataType{"uint8", ElementType::kU8},
    DataType{"int8", ElementType::kI8},
    DataType{"uint16", {}},
    DataType{"int16", ElementType::kI16},
    DataType{"int32", ElementType::kI32},
    DataType{"int64", ElementType::kI64},
    DataType{"string", {}},
    DataType{"bool", ElementType::kBool},
    DataType{"float16", ElementType::kF16},
    DataType{"double", ElementType::kF64},
    DataType{"uint32", {}},
    DataType{"uint64", {}},
    DataType{"complex64", {}},
    DataType{"complex128", {}},
    DataType{"bfloat16", ElementType::kBF16},
    DataType{"float8e4m3fn", {}},
    DataType{"float8e4m3fnuz", {}},
    DataType{"float8e5m2", {}},
    DataType{"float8e5m2fnuz", {}},
    DataType{"uint4", {}},
    DataType{"int4", {}},
    DataType{"float4e2m1", {}},
    DataType{"float8e8m0", {}},
    DataType{"uint2", {}},
    DataType{"int2", {}},
};

struct Source {
  const onnx::TensorProto& proto;
  const Location& location;
  const std::string& what;

  template <typename... Args>
  Diagnostic Refuse(fmt::format_string<Args...> format, Args&&... args) const {
    return Error(location, "{}: {}", what, fmt::format(format, std::forward<Args>(args)...));
  }
};

Result<ir::Type> TypeOf(const Source& source) {
  const std::optional<ElementType> element = ElementTypeOf(source.proto.data_type());
  if (!element) {
    return source.Refuse("{} is not computed; convert the model to a float or integer type",
                         DataTypeName(source.proto.data_type()));
  }
  std::vector<int64_t> dims(source.proto.dims().begin(), source.proto.dims().end());
  if (dims.size() > static_cast<size_t>(ir::kMaxRank)) {
    return source.Refuse("has {} axes; {} are the most", dims.size(), ir::kMaxRank);
  }
  for (int64_t dim : dims) {
    if (dim < 0) return source.Refuse("size {} is negative", dim);
  }
  const std::optional<int64_t> count = CheckedProduct(dims);
  if (!count || !CheckedMul(*count, ir::BytesOf(*element))) {
    return source.Refuse("its {} sizes overflow 64 bits", dims.size());
  }
  // Sizes whose product is zero may still overflow one by one.
  ir::Type type = ir::MakeStaticType(*element, dims);
  if (!type.ElementCount().IsConstant()) return source.Refuse("its {} sizes overflow 64 bits", dims.size());
  return type;
}

Result<ir::TensorPtr> FromRaw(const Source& source, const ir::Type& type, const std::string& raw) {
  const int64_t wanted = type.Bytes();
  if (static_cast<uint64_t>(wanted) != raw.size()) {
    return source.Refuse("{} needs {} bytes, the file has {}", type.ToText(), wanted, raw.size());
  }
  ir::Tensor tensor = ir::ZeroTensor(type);
  if (!raw.empty()) std::memcpy(tensor.bytes.data(), raw.data(), raw.size());
  if (type.element == ElementType::kBool) {
    for (std::byte& byte : tensor.bytes) byte = byte == std::byte{0} ? std::byte{0} : std::byte{1};
  }
  return std::make_shared<const ir::Tensor>(std::move(tensor));
}

// Integers of a field wider than the type must fit. f16 and bf16 are kept as bits in int32_data.
template <typename Field>
Result<ir::TensorPtr> FromField(const Source& source, const ir::Type& type, const Field& field) {
  if (field.size() != type.ElementCount().Value()) {
    return source.Refuse("{} needs {} elements, the file has {}", type.ToText(), type.ElementCount().Value(),
                         field.size());
  }
  ir::Tensor tensor = ir::ZeroTensor(type);
  const bool sixteen = type.element == ElementType::kF16 || type.element == ElementType::kBF16;
  for (int i = 0; i < field.size(); ++i) {
    const auto value = field.Get(i);
    if constexpr (std::is_floating_point_v<std::remove_const_t<decltype(value)>>) {
      tensor.SetNumber(i, value);
    } else if (sixteen) {
      if (value < 0 || value > 0xffff) return source.Refuse("{} is no 16-bit pattern", value);
      const auto bits = static_cast<uint16_t>(value);
      std::memcpy(tensor.bytes.data() + 2 * static_cast<size_t>(i), &bits, sizeof(bits));
    } else {
      tensor.SetInteger(i, value);
      if (type.element != ElementType::kBool && tensor.IntegerAt(i) != static_cast<int64_t>(value)) {
        return source.Refuse("{} does not fit {}", value, ir::ToText(type.element));
      }
    }
  }
  return std::make_shared<const ir::Tensor>(std::move(tensor));
}

Result<ir::TensorPtr> FromTypedFields(const Source& source, const ir::Type& type) {
  switch (type.element) {
    case ElementType::kF32:
      return FromField(source, type, source.proto.float_data());
    case ElementType::kF64:
      return FromField(source, type, source.proto.double_data());
    case ElementType::kI64:
      return FromField(source, type, source.proto.int64_data());
    default:
      return FromField(source, type, source.proto.int32_data());
  }
}

}  // namespace

std::optional<ElementType> ElementTypeOf(int64_t onnx_type) {
  if (onnx_type < 0 || static_cast<size_t>(onnx_type) >= kDataTypes.size()) return std::nullopt;
  return kDataTypes[static_cast<size_t>(onnx_type)].element;
}

std::string DataTypeName(int64_t onnx_type) {
  if (onnx_type < 0 || static_cast<size_t>(onnx_type) >= kDataTypes.size()) {
    return "data type " + std::to_string(onnx_type);
  }
  return std::string(kDataTypes[static_cast<size_t>(onnx_type)].name);
}

Result<ir::TensorPtr> ReadTensor(const onnx::TensorProto& proto, const std::string& folder,
                                 const Location& location, const std::string& what) {
  const Source source{proto, location, what};
  if (proto.has_segment())
    return source.Refuse("is cut into segments, which are not computed; export the model again");
  RNNC_ASSIGN(ir::Type type, TypeOf(source));
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    RNNC_ASSIGN(std::string bytes,
                ReadExternalData(proto, folder, static_cast<uint64_t>(type.Bytes()), location, what));
    return FromRaw(source, type, bytes);
  }
  return proto.has_raw_data() ? FromRaw(source, type, proto.raw_data()) : FromTypedFields(source, type);
}

}  // namespace rnnc::import
