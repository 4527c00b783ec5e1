// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/literal.h"

#include <algorithm>

#include "compiler/ir/spelling.h"

namespace rnnc::ir {

std::optional<std::string> LiteralText(const Value& value) {
  if (value.tensor == nullptr) return "zeros";
  const Tensor& tensor = *value.tensor;
  const ElementType element = tensor.type.element;
  const auto size = static_cast<int64_t>(tensor.bytes.size());
  const int64_t count = size / BytesOf(element);
  if (count > kMaxLiteralElements || !tensor.type.IsStatic()) {
    const bool zero = std::all_of(tensor.bytes.begin(), tensor.bytes.end(),
                                  [](std::byte byte) { return byte == std::byte{0}; });
    // A state's data and its absence are told apart by the blob; they mean the same.
    if (zero && size <= kMaxZerosBytes && value.kind == ValueKind::kConst) return "zeros";
    return std::nullopt;
  }
  // Text keeps numbers, not the payload of a NaN: what it would lose goes into the blob.
  Tensor again{tensor.type, std::vector<std::byte>(tensor.bytes.size())};
  std::string text;
  for (int64_t i = 0; i < count; ++i) {
    if (i != 0) text += ", ";
    if (IsFloat(element)) {
      again.SetNumber(i, tensor.NumberAt(i));
      text += NumberText(element, tensor.NumberAt(i));
    } else {
      again.SetInteger(i, tensor.IntegerAt(i));
      text += IntegerText(element, tensor.IntegerAt(i));
    }
  }
  if (again.bytes != tensor.bytes) return std::nullopt;
  return tensor.type.dims.empty() ? text : "[" + text + "]";
}

}  // namespace rnnc::ir
