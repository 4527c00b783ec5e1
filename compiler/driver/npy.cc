// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/driver/npy.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "compiler/support/arithmetic.h"
#include "compiler/support/file.h"

namespace rnnc::driver {
namespace {

using ir::ElementType;

struct Code {
  ElementType element;
  std::string_view text;
};
// bfloat16 has no code of its own in NumPy and travels as u2.
constexpr std::array kCodes = {Code{ElementType::kF32, "<f4"},  Code{ElementType::kF64, "<f8"},
                               Code{ElementType::kF16, "<f2"},  Code{ElementType::kI8, "|i1"},
                               Code{ElementType::kI16, "<i2"},  Code{ElementType::kI32, "<i4"},
                               Code{ElementType::kI64, "<i8"},  Code{ElementType::kU8, "|u1"},
                               Code{ElementType::kBool, "|b1"}, Code{ElementType::kBF16, "<u2"}};

constexpr std::string_view kMagic = "\x93NUMPY";

// The text of a key's value in the header's dictionary: from behind "'key':" on.
std::optional<std::string_view> ValueOf(std::string_view header, std::string_view key) {
  const std::string quoted = fmt::format("'{}':", key);
  const size_t at = header.find(quoted);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = header.substr(at + quoted.size());
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  return rest;
}

std::optional<std::vector<int64_t>> ParseShape(std::string_view text) {
  if (text.empty() || text.front() != '(') return std::nullopt;
  const size_t close = text.find(')');
  if (close == std::string_view::npos) return std::nullopt;
  std::vector<int64_t> dims;
  int64_t value = -1;
  for (const char c : text.substr(1, close)) {  // with the closing bracket, which ends the last number
    if (c >= '0' && c <= '9') {
      if (value > INT64_MAX / 10 - 1) return std::nullopt;
      value = (value < 0 ? 0 : value) * 10 + (c - '0');
    } else if (c == ',' || c == ')') {
      if (value >= 0) dims.push_back(value);
      value = -1;
    } else if (c != ' ') {
      return std::nullopt;
    }
  }
  return dims;
}

}  // namespace

Result<ir::Tensor> ReadNpy(const std::string& path) {
  RNNC_ASSIGN(const std::string bytes, ReadFile(path));
  const Location here{path, {}};
  if (bytes.size() < 10 || bytes.compare(0, kMagic.size(), kMagic) != 0) {
    return Error(here, "not a .npy file: the first bytes are not those of one");
  }
  const bool wide = bytes[6] >= 2;
  const size_t prefix = wide ? 12 : 10;
  size_t length = 0;
  if (bytes.size() < prefix) return Error(here, "truncated: no header");
  for (size_t i = prefix; i-- > 8;) length = length * 256 + static_cast<unsigned char>(bytes[i]);
  if (length > bytes.size() - prefix) return Error(here, "truncated: the header is {} bytes long", length);
  const std::string_view header = std::string_view(bytes).substr(prefix, length);

  const auto description = ValueOf(header, "descr");
  const auto order = ValueOf(header, "fortran_order");
  const auto shape_text = ValueOf(header, "shape");
  const auto shape = shape_text ? ParseShape(*shape_text) : std::nullopt;
  if (!description || description->size() < 5 || !order || !shape) return Error(here, "malformed header");
  if (order->substr(0, 5) != "False")
    return Error(here, "fortran_order: only C order is read; save it with numpy.ascontiguousarray");
  const std::string_view code = description->substr(1, 3);
  for (const Code& known : kCodes) {
    if (known.text != code) continue;
    ir::Type type =
        ir::MakeStaticType(known.element == ElementType::kBF16 ? ElementType::kBF16 : known.element, *shape);
    const ir::Dim count = type.ElementCount() * ir::Dim(ir::BytesOf(type.element));
    if (count.IsPoisoned() || count.Value() != static_cast<int64_t>(bytes.size() - prefix - length)) {
      return Error(here, "{} bytes of data do not make {}", bytes.size() - prefix - length, type.ToText());
    }
    ir::Tensor tensor{std::move(type), {}};
    tensor.bytes.resize(bytes.size() - prefix - length);
    std::memcpy(tensor.bytes.data(), bytes.data() + prefix + length, tensor.bytes.size());
    return tensor;
  }
  return Error(here, "descr: elements of type '{}' are not read; convert them to float32 or int64", code);
}

std::string WriteNpy(const ir::Tensor& tensor) {
  std::string_view code;
  for (const Code& known : kCodes) {
    if (known.element == tensor.type.element) code = known.text;
  }
  std::string shape;
  for (int64_t dim : tensor.type.StaticDims()) shape += fmt::format("{},", dim);
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", code, shape);
  // The data begins at a multiple of 64; the header ends with a newline.
  header.append(64 - (10 + header.size() + 1) % 64, ' ');
  header += '\n';
  std::string bytes(kMagic);
  bytes += '\x01';
  bytes += '\x00';
  bytes += static_cast<char>(header.size() % 256);
  bytes += static_cast<char>(header.size() / 256);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  return bytes;
}

}  // namespace rnnc::driver
