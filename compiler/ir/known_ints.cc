// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/known_ints.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/ir/fold.h"
#include "compiler/ir/known_ints_common.h"

namespace rnnc::ir {
namespace known_ints {

std::optional<int64_t> StaticCount(const Type& type) {
  if (!type.IsStatic()) return std::nullopt;
  const Dim count = type.ElementCount();
  if (!count.IsConstant() || count.Value() < 0 || count.Value() > KnownInts::kMaxElements)
    return std::nullopt;
  return count.Value();
}

std::vector<int64_t> Coordinates(int64_t at, const std::vector<int64_t>& dims) {
  std::vector<int64_t> coordinates(dims.size());
  for (size_t i = dims.size(); i-- > 0;) {
    coordinates[i] = at % dims[i];
    at /= dims[i];
  }
  return coordinates;
}

int64_t Offset(const std::vector<int64_t>& coordinates, const std::vector<int64_t>& dims) {
  int64_t offset = 0;
  for (size_t i = 0; i < dims.size(); ++i) offset = offset * dims[i] + coordinates[i];
  return offset;
}

int64_t BroadcastOffset(int64_t at, const std::vector<int64_t>& to, const std::vector<int64_t>& dims) {
  std::vector<int64_t> coordinates = Coordinates(at, to);
  coordinates.erase(coordinates.begin(),
                    coordinates.begin() + static_cast<std::ptrdiff_t>(to.size() - dims.size()));
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) coordinates[i] = 0;
  }
  return Offset(coordinates, dims);
}

int64_t NormalAxis(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }

bool FitsIn(const Dim& element, ElementType type) {
  // A size that is not known yet fits: 32 bits hold every size, and fewer are not taken for sizes.
  if (!element.IsConstant()) return type == ElementType::kI64 || type == ElementType::kI32;
  const int64_t bits = BytesOf(type) * 8;
  if (bits == 64) return true;
  const int64_t high = int64_t{1} << (type == ElementType::kU8 ? bits : bits - 1);
  const int64_t low = type == ElementType::kU8 ? 0 : -high;
  return element.Value() >= low && element.Value() < high;
}

namespace {

// How deep a chain of operations is followed. Exporters' chains have tens of operators; a longer one is
// followed piece by piece when its inner values are asked for first.
constexpr int kMaxDepth = 200;

const Rule* FindRule(OpKind kind) {
  for (const auto* rules : {&ComputingRules(), &MovingRules()}) {
    if (auto found = rules->find(kind); found != rules->end()) return &found->second;
  }
  return nullptr;
}

Maybe ElementsOf(const Tensor& tensor) {
  Elements elements;
  for (int64_t i = 0; i < tensor.ElementCount(); ++i) elements.emplace_back(tensor.IntegerAt(i));
  return elements;
}

}  // namespace
}  // namespace known_ints

std::optional<std::vector<Dim>> KnownInts::Compute(const Value* value) {
  using namespace known_ints;
  if (IsFloat(value->type.element) || !StaticCount(value->type)) return std::nullopt;
  if (*StaticCount(value->type) > left_) return std::nullopt;
  if (value->kind == ValueKind::kConst) return ElementsOf(*value->tensor);
  if (value->kind != ValueKind::kResult) return std::nullopt;
  if (const Rule* rule = FindRule(value->definition->Kind()); rule != nullptr) {
    Maybe elements = (*rule)({*value->definition, *value, *this});
    // Arithmetic here does not wrap: what would have wrapped is not known.
    if (elements && static_cast<int64_t>(elements->size()) == *StaticCount(value->type) &&
        std::all_of(elements->begin(), elements->end(),
                    [&](const Dim& element) { return FitsIn(element, value->type.element); })) {
      return elements;
    }
  }
  const TensorPtr folded = Folded(value);
  return folded == nullptr ? std::nullopt : ElementsOf(*folded);
}

TensorPtr KnownInts::Folded(const Value* value) {
  if (!known_ints::StaticCount(value->type)) return nullptr;
  return FoldOperation(
             *value->definition, [&](const Value* operand) { return ConstantOf(operand); }, true,
             kMaxElements)
      .at(static_cast<size_t>(value->index));
}

TensorPtr KnownInts::ConstantOf(const Value* value) {
  if (!known_ints::StaticCount(value->type)) return nullptr;
  if (value->kind == ValueKind::kConst) return value->tensor;
  if (value->kind != ValueKind::kResult) return nullptr;
  if (!IsFloat(value->type.element)) {
    const auto integers = IntegersOf(value);
    if (!integers) return nullptr;
    Tensor tensor = ZeroTensor(value->type);
    for (size_t i = 0; i < integers->size(); ++i) tensor.SetInteger(static_cast<int64_t>(i), (*integers)[i]);
    return std::make_shared<const Tensor>(std::move(tensor));
  }
  if (auto found = floats_.find(value); found != floats_.end()) return found->second;
  if (depth_ >= known_ints::kMaxDepth || left_ < 0) return nullptr;
  ++depth_;
  TensorPtr folded = Folded(value);
  --depth_;
  if (folded != nullptr) left_ -= folded->ElementCount();
  return floats_[value] = folded;
}

std::optional<std::vector<Dim>> KnownInts::Of(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (auto found = known_.find(value); found != known_.end()) return found->second;
  if (depth_ >= known_ints::kMaxDepth) return std::nullopt;
  ++depth_;
  std::optional<std::vector<Dim>> elements = Compute(value);
  --depth_;
  if (elements) {
    for (const Dim& element : *elements) left_ -= static_cast<int64_t>(std::max<size_t>(1, element.Size()));
  }
  known_[value] = elements;
  return elements;
}

std::string WhyUnknown(const Value& value, KnownInts& ints) {
  // Its sources: arguments, and the symbols in the sizes that are known.
  std::set<std::string> inputs;
  std::set<std::string> symbols;
  std::set<const Value*> seen = {&value};
  std::vector<const Value*> open = {&value};
  while (!open.empty()) {
    const Value* next = open.back();
    open.pop_back();
    if (next->kind == ValueKind::kArgument && next->block->Owner() != nullptr) {
      return next->name.empty() || next == &value
                 ? "changes from step to step; export the model without it"
                 : fmt::format("changes from step to step with '{}'; export the model without it",
                               next->name);
    }
    if (next->kind == ValueKind::kArgument) inputs.insert(next->name);
    if (const auto known = ints.Of(next)) {
      for (const Dim& element : *known) {
        for (const std::string& symbol : element.Symbols()) symbols.insert(symbol);
      }
    } else if (next->kind == ValueKind::kResult) {
      for (const Value* operand : next->definition->Operands()) {
        if (operand != nullptr && seen.insert(operand).second) open.push_back(operand);
      }
    }
  }
  if (!inputs.empty()) {
    return fmt::format("depends on the input '{0}'; give its value with --const {0}=VALUE", *inputs.begin());
  }
  if (!symbols.empty())
    return fmt::format("depends on the size {0}; bind it with --dim {0}=N", *symbols.begin());
  return "is not known when compiled; export the model without it";
}

std::string UnknownValue(const Value& value, KnownInts& ints) {
  const std::string name = value.name.empty() ? "what is computed for it" : "%" + value.name;
  return fmt::format("{} {}", name, WhyUnknown(value, ints));
}

std::optional<std::vector<int64_t>> KnownInts::IntegersOf(const Value* value) {
  const std::optional<std::vector<Dim>> elements = Of(value);
  if (!elements) return std::nullopt;
  std::vector<int64_t> integers;
  for (const Dim& element : *elements) {
    if (!element.IsConstant()) return std::nullopt;
    integers.push_back(element.Value());
  }
  return integers;
}

}  // namespace rnnc::ir
