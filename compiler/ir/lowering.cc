// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/lowering.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "compiler/ir/lowering_common.h"
#include "compiler/support/check.h"

namespace rnnc::ir {
namespace {

using lowering::LowerFunction;
using lowering::Rule;

constexpr size_t kOpCount = 0
#define RNNC_OP(enumerator, text, operands, results, attributes, stages) +1
#include "compiler/ir/ops.def"
    ;

using Table = std::array<LowerFunction, kOpCount>;

Table MakeTable() {
  Table table{};
  for (const std::vector<Rule>* rules :
       {&lowering::PointwiseRules(), &lowering::ProductRules(), &lowering::ReductionRules(),
        &lowering::LayoutRules(), &lowering::IndexingRules(), &lowering::PlaceRules(),
        &lowering::NormalizationRules(), &lowering::WindowRules()}) {
    for (const Rule& rule : *rules) {
      LowerFunction& entry = table[static_cast<size_t>(rule.kind)];
      RNNC_CHECK(entry == nullptr, "{} is in the lowering table twice", InfoOf(rule.kind).text);
      entry = rule.lower;
    }
  }
  return table;
}

LowerFunction FunctionFor(OpKind kind) {
  static const Table table = MakeTable();
  return table[static_cast<size_t>(kind)];
}

}  // namespace

bool HasLowering(OpKind kind) { return FunctionFor(kind) != nullptr; }

bool MustBeKnown(const Operation& operation, size_t operand) {
  constexpr std::string_view kNames[] = {"axes",  "axis", "shape", "starts", "ends",
                                         "steps", "pads", "split", "repeats"};
  const auto& slots = operation.Info().operands;
  return operand < slots.size() &&
         std::find(std::begin(kNames), std::end(kNames), slots[operand].name) != std::end(kNames);
}

Result<std::vector<Value*>> LowerOperation(const Operation& operation, Builder& builder) {
  const LowerFunction lower = FunctionFor(operation.Kind());
  RNNC_CHECK(lower != nullptr, "{} is not in the lowering table", operation.Info().text);
  RNNC_ASSIGN(std::vector<Value*> values, lower({operation, builder}));
  RNNC_CHECK(values.size() == operation.ResultCount(), "{} lowers to {} values", operation.Info().text,
             values.size());
  return values;
}

}  // namespace rnnc::ir
