// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/type.h"

#include <array>

#include "compiler/support/check.h"

namespace rnnc::ir {
namespace {
struct ElementTypeInfo {
  std::string_view text;
  int64_t bytes;
  bool is_float;
};
constexpr std::array kElementTypes = {
#define RNNC_ELEMENT_TYPE(enumerator, text, bytes, is_float) ElementTypeInfo{text, bytes, is_float},
#include "compiler/ir/element_types.def"
};
const ElementTypeInfo& InfoOf(ElementType type) { return kElementTypes[static_cast<size_t>(type)]; }
}  // namespace

std::string_view ToText(ElementType type) { return InfoOf(type).text; }
int64_t BytesOf(ElementType type) { return InfoOf(type).bytes; }
bool IsFloat(ElementType type) { return InfoOf(type).is_float; }
ElementType ComputeType(ElementType type) {
  return type == ElementType::kF16 || type == ElementType::kBF16 ? ElementType::kF32 : type;
}
bool IsUnsigned(ElementType type) { return type == ElementType::kU8 || type == ElementType::kBool; }

std::optional<ElementType> ParseElementType(std::string_view text) {
  for (size_t i = 0; i < kElementTypes.size(); ++i) {
    if (kElementTypes[i].text == text) return static_cast<ElementType>(i);
  }
  return std::nullopt;
}

bool Type::IsStatic() const {
  for (const Dim& dim : dims) {
    if (!dim.IsConstant()) return false;
  }
  return true;
}

Dim Type::ElementCount() const {
  Dim count(1);
  for (const Dim& dim : dims) count *= dim;
  return count;
}

int64_t Type::Bytes() const { return (ElementCount() * Dim(BytesOf(element))).Value(); }

std::vector<int64_t> Type::StaticDims() const {
  std::vector<int64_t> sizes;
  for (const Dim& dim : dims) sizes.push_back(dim.Value());
  return sizes;
}

std::string Type::ToText() const {
  std::string text(ir::ToText(element));
  text += '[';
  for (size_t i = 0; i < dims.size(); ++i) text += (i == 0 ? "" : ",") + dims[i].ToText();
  return text + ']';
}

Type MakeType(ElementType element, std::vector<Dim> dims) { return {element, std::move(dims)}; }

Type MakeStaticType(ElementType element, const std::vector<int64_t>& dims) {
  return {element, std::vector<Dim>(dims.begin(), dims.end())};
}

std::vector<Dim> RowMajorStrides(const std::vector<Dim>& dims) {
  std::vector<Dim> strides(dims.size(), Dim(1));
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

}  // namespace rnnc::ir
