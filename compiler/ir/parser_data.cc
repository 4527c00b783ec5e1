// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <cstring>

#include "compiler/ir/literal.h"
#include "compiler/ir/parser_parts.h"

namespace rnnc::ir {
namespace {

constexpr int64_t kMaxZerosInAll = int64_t{64} << 20;

}  // namespace

DataParser::DataParser(Cursor& cursor, std::string_view blob)
    : cursor_(cursor), blob_(blob), blob_left_(static_cast<int64_t>(blob.size())) {}

TensorPtr DataParser::Parse(const Type& type) {
  const bool sizes = std::all_of(type.dims.begin(), type.dims.end(),
                                 [](const Dim& dim) { return dim.IsConstant() && dim.Value() >= 0; });
  const Dim count = type.ElementCount();
  const Dim bytes = count * Dim(BytesOf(type.element));
  if (!sizes || bytes.IsPoisoned()) cursor_.Fail("data of type {} cannot be", type.ToText());
  if (cursor_.Failed()) return nullptr;
  if (cursor_.TakeWord("zeros")) {
    zeros_ += std::min(bytes.Value(), kMaxZerosInAll);
    if (bytes.Value() > kMaxZerosBytes || zeros_ > kMaxZerosInAll) {
      cursor_.Fail("{} bytes are too many for 'zeros'; put them into the blob", bytes.Value());
      return nullptr;
    }
    return std::make_shared<Tensor>(ZeroTensor(type));
  }
  if (cursor_.TakeWord("blob")) return ParseBlob(type, bytes.Value());
  return ParseLiterals(type, count.Value());
}

TensorPtr DataParser::ParseBlob(const Type& type, int64_t size) {
  cursor_.Expect("(");
  const Token token = cursor_.Peek();
  const int64_t offset = ParseInteger(cursor_);
  cursor_.Expect(")");
  const auto end = static_cast<int64_t>(blob_.size());
  // Parts of a blob do not overlap, so all of them together are no larger than the blob.
  if (offset < 0 || size > end || offset > end - size || size > blob_left_) {
    cursor_.FailAt(token, fmt::format("{} bytes at {} are not in the blob of {} bytes", size, offset, end));
  }
  if (cursor_.Failed()) return nullptr;
  blob_left_ -= size;
  Tensor tensor{type, std::vector<std::byte>(static_cast<size_t>(size))};
  if (size > 0) std::memcpy(tensor.bytes.data(), blob_.data() + offset, static_cast<size_t>(size));
  return std::make_shared<Tensor>(std::move(tensor));
}

TensorPtr DataParser::ParseLiterals(const Type& type, int64_t count) {
  const Token token = cursor_.Peek();
  const bool list = cursor_.TakeSymbol("[");
  std::vector<Literal> elements;
  if (!list || !cursor_.AtSymbol("]")) {
    do {
      elements.push_back(ParseLiteral(cursor_, type.element));
    } while (list && cursor_.TakeSymbol(","));
  }
  if (list) cursor_.Expect("]");
  if (static_cast<int64_t>(elements.size()) != count) {
    cursor_.FailAt(token, fmt::format("{} elements for {}", elements.size(), type.ToText()));
  }
  if (cursor_.Failed()) return nullptr;
  Tensor tensor = ZeroTensor(type);
  for (size_t i = 0; i < elements.size(); ++i) {
    if (IsFloat(type.element)) {
      tensor.SetNumber(static_cast<int64_t>(i), elements[i].number);
    } else {
      tensor.SetInteger(static_cast<int64_t>(i), elements[i].integer);
    }
  }
  return std::make_shared<Tensor>(std::move(tensor));
}

}  // namespace rnnc::ir
