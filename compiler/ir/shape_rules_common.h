// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/ir/shape_rules.h"

// What the files of the shape rules share; nobody else includes it.
namespace rnnc::ir::shape_rules {

using Types = std::vector<Type>;
using Dims = std::vector<Dim>;

// One operation whose types are asked for.
struct Query {
  const Operation& op;
  KnownInts& ints;
  bool inside;  // constant indices must be

  const Value* Find(std::string_view name) const { return op.Operand(name); }
  // The operand must be there.
  const Type& TypeOf(std::string_view name) const { return op.Operand(name)->type; }

  template <typename... Args>
  Diagnostic Refuse(fmt::format_string<Args...> format, Args&&... args) const {
    return Error(op.location, format, std::forward<Args>(args)...);
  }

  // An axis in 0..rank-1 from one that may count from the end.
  Result<int64_t> Axis(std::string_view what, int64_t axis, int64_t rank) const;
  // Axes, normal, each once, sorted.
  Result<std::vector<int64_t>> Axes(std::string_view what, const std::vector<int64_t>& axes,
                                    int64_t rank) const;
  // The elements of an integer operand that must be known, a scalar or a vector.
  Result<Dims> Known(std::string_view name) const;
  Result<std::vector<int64_t>> KnownIntegers(std::string_view name) const;
  Result<> RequireRank(std::string_view name, int64_t rank) const;
};

using Rule = Result<Types> (*)(const Query&);

// Numpy broadcasting of two shapes.
Result<Dims> Broadcast(const Query& query, const Dims& a, const Dims& b);

const std::map<OpKind, Rule>& PointwiseRules();
const std::map<OpKind, Rule>& ProductRules();
const std::map<OpKind, Rule>& ReductionRules();
const std::map<OpKind, Rule>& LayoutRules();
const std::map<OpKind, Rule>& ReshapeRules();
const std::map<OpKind, Rule>& RecurrentRules();
const std::map<OpKind, Rule>& IndexingRules();
const std::map<OpKind, Rule>& WindowRules();

// "[T,1,64]".
std::string ToText(const Dims& dims);

}  // namespace rnnc::ir::shape_rules
