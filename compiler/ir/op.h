// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rnnc::ir {

enum class OpKind : uint8_t {
#define RNNC_OP(enumerator, text, operands, results, attributes, stages) enumerator,
#include "compiler/ir/ops.def"
};

// The form a module is in; each stage has its legal operations (column `stages` of ops.def).
enum class Stage : uint8_t { kGraph, kRecurrence, kKernels, kPlanned };
std::string_view ToText(Stage stage);  // "graph", "recurrence", "kernels", "planned"
std::optional<Stage> ParseStage(std::string_view text);

// The value of an attribute. The alternative decides the text: 1, 1.0, "s", [1, 2], [1.0], ["s"].
using Attribute = std::variant<int64_t, double, std::string, std::vector<int64_t>, std::vector<double>,
                               std::vector<std::string>>;

enum class AttributeKind : uint8_t { kInt, kFloat, kString, kInts, kFloats, kStrings };  // order of Attribute

// What ops.def says of one kind of operation, parsed once.
struct OpInfo {
  struct Slot {
    std::string_view name;
    bool optional = false;
    bool variadic = false;
  };
  struct AttributeSlot {
    std::string_view name;
    AttributeKind kind;
    bool optional = false;
  };
  OpKind kind;
  std::string_view text;
  std::vector<Slot> operands;
  std::vector<Slot> results;
  std::vector<AttributeSlot> attributes;
  std::string_view stages;

  bool LegalIn(Stage stage) const;
  int OperandIndex(std::string_view name) const;  // checks that it exists
  int ResultIndex(std::string_view name) const;
  // Text names its operands ("x: %x") when some may be absent.
  bool NamesOperands() const;
};

const OpInfo& InfoOf(OpKind kind);
// Operators whose results hold the elements of their operands, in another order or shape, and nothing else.
bool OnlyMoves(OpKind kind);
std::optional<OpKind> ParseOpKind(std::string_view text);
const std::vector<OpInfo>& AllOps();

}  // namespace rnnc::ir
