// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/op.h"

#include <algorithm>
#include <array>

#include "compiler/support/check.h"

namespace rnnc::ir {
namespace {

constexpr std::array<std::string_view, 4> kStages = {"graph", "recurrence", "kernels", "planned"};
constexpr std::string_view kStageLetters = "GRKP";
constexpr std::string_view kAttributeLetters = "ifsIFS";

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::vector<OpInfo::Slot> ParseSlots(std::string_view text) {
  std::vector<OpInfo::Slot> slots;
  for (std::string_view word : Words(text)) {
    OpInfo::Slot slot{word};
    slot.optional = word.back() == '?';
    slot.variadic = word.back() == '*';
    if (slot.optional || slot.variadic) slot.name.remove_suffix(1);
    slots.push_back(slot);
  }
  return slots;
}

std::vector<OpInfo::AttributeSlot> ParseAttributes(std::string_view text) {
  std::vector<OpInfo::AttributeSlot> slots;
  for (std::string_view word : Words(text)) {
    const size_t colon = word.find(':');
    const size_t letter = kAttributeLetters.find(word[colon + 1]);
    slots.push_back({word.substr(0, colon), static_cast<AttributeKind>(letter), word.back() == '?'});
  }
  return slots;
}

std::vector<OpInfo> MakeTable() {
  std::vector<OpInfo> table;
#define RNNC_OP(enumerator, text, operands, results, attributes, stages)                \
  table.push_back({OpKind::enumerator, text, ParseSlots(operands), ParseSlots(results), \
                   ParseAttributes(attributes), stages});
#include "compiler/ir/ops.def"
  return table;
}

int IndexOf(const std::vector<OpInfo::Slot>& slots, std::string_view op, std::string_view name) {
  for (size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].name == name) return static_cast<int>(i);
  }
  RNNC_CHECK(false, "{} has no operand or result named {}", op, name);
  return -1;
}

}  // namespace

std::string_view ToText(Stage stage) { return kStages[static_cast<size_t>(stage)]; }

std::optional<Stage> ParseStage(std::string_view text) {
  for (size_t i = 0; i < kStages.size(); ++i) {
    if (kStages[i] == text) return static_cast<Stage>(i);
  }
  return std::nullopt;
}

bool OpInfo::LegalIn(Stage stage) const {
  return stages.find(kStageLetters[static_cast<size_t>(stage)]) != std::string_view::npos;
}

int OpInfo::OperandIndex(std::string_view name) const { return IndexOf(operands, text, name); }
int OpInfo::ResultIndex(std::string_view name) const { return IndexOf(results, text, name); }

bool OpInfo::NamesOperands() const {
  return std::any_of(operands.begin(), operands.end(), [](const Slot& slot) { return slot.optional; });
}

const std::vector<OpInfo>& AllOps() {
  static const std::vector<OpInfo> table = MakeTable();
  return table;
}

const OpInfo& InfoOf(OpKind kind) { return AllOps()[static_cast<size_t>(kind)]; }

bool OnlyMoves(OpKind kind) {
  switch (kind) {
    case OpKind::kIdentity:
    case OpKind::kTranspose:
    case OpKind::kReshape:
    case OpKind::kFlatten:
    case OpKind::kSqueeze:
    case OpKind::kUnsqueeze:
    case OpKind::kSplit:
    case OpKind::kSlice:
    case OpKind::kGather:
    case OpKind::kConcat:
      return true;
    default:
      return false;
  }
}

std::optional<OpKind> ParseOpKind(std::string_view text) {
  for (const OpInfo& info : AllOps()) {
    if (info.text == text) return info.kind;
  }
  return std::nullopt;
}

}  // namespace rnnc::ir
