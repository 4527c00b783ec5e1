// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "compiler/ir/known_ints.h"

// What the files of KnownInts share; nobody else includes it.
namespace rnnc::ir::known_ints {

using Elements = std::vector<Dim>;
using Maybe = std::optional<Elements>;

// Number of elements when it is small enough to be looked at.
std::optional<int64_t> StaticCount(const Type& type);

// One operation whose elements are asked for.
struct Query {
  const Operation& op;
  const Value& result;
  KnownInts& ints;

  const Type* TypeOf(size_t i) const { return op.Operand(i) == nullptr ? nullptr : &op.Operand(i)->type; }
  Maybe Known(size_t i) const { return op.Operand(i) == nullptr ? std::nullopt : ints.Of(op.Operand(i)); }
  int64_t Count() const { return *StaticCount(result.type); }
};

using Rule = std::function<Maybe(const Query&)>;

// Arithmetic, comparisons and logic; operators that move elements, and shapes.
const std::map<OpKind, Rule>& ComputingRules();
const std::map<OpKind, Rule>& MovingRules();

// Coordinates of element `at` of a tensor, outermost first, and back.
std::vector<int64_t> Coordinates(int64_t at, const std::vector<int64_t>& dims);
int64_t Offset(const std::vector<int64_t>& coordinates, const std::vector<int64_t>& dims);
// The element of an operand of shape `dims` that element `at` of a result of shape `to` reads (numpy
// broadcasting).
int64_t BroadcastOffset(int64_t at, const std::vector<int64_t>& to, const std::vector<int64_t>& dims);
int64_t NormalAxis(int64_t axis, int64_t rank);
// False for constants that the type does not hold.
bool FitsIn(const Dim& element, ElementType type);

}  // namespace rnnc::ir::known_ints
