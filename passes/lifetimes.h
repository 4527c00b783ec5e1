// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <map>

#include "compiler/ir/module.h"

namespace rnnc::passes {

// The ancestor of `operation` (or itself) that stands directly in `block`; null when there is none.
ir::Operation* AncestorIn(const ir::Block& block, ir::Operation* operation);

// Positions of a function's operations in execution order, nested ones after their owner, and between which
// of them a value is alive. A snapshot: it does not follow later changes.
class Lifetimes {
 public:
  // Inclusive.
  struct Range {
    int begin = 0;
    int end = 0;
    bool Meets(const Range& other) const { return begin <= other.end && other.begin <= end; }
  };

  explicit Lifetimes(ir::Function& function);

  // From the operation that defines it (a loop's: the loop's start) to its last use; a use inside a loop that
  // does not define it counts at the loop's end. A body's argument lives as long as the loop.
  Range Of(const ir::Value& value) const;
  int Begin(const ir::Operation& operation) const { return range_.at(&operation).begin; }
  int End(const ir::Operation& operation) const { return range_.at(&operation).end; }
  // Where `user` reads a value that lives in `block`: a loop around the user counts with its end, a loop that
  // takes the value as an operand with its start.
  int UsePosition(const ir::Block& block, ir::Operation* user) const;

 private:
  int Number(const ir::Block& block, int next);
  std::map<const ir::Operation*, Range> range_;
  int last_ = 0;
};

}  // namespace rnnc::passes
