// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

#include "compiler/ir/module.h"
#include "compiler/ir/verifier.h"

// The pieces that the files of the verifier share.
namespace rnnc::ir {

// Rules by name; the list at the top of verifier.cc says what they are.
enum class Rule {
  kStage = 1,
  kOperands,
  kResults,
  kAttributes,
  kDominance,
  kUses,
  kTerminator,
  kUpdate,
  kReturn,
  kType,
  kData,
  kShape,
  kSymbol,
  kScan,
  kBlocks,
  kKernelForm,
  kAccumulator,
  kNode,
  kNodeType,
  kRead,
  kBounds,
  kOutputs,
  kStore,
  kInto,
  kPlace,
  kPlaceSize,
  kSizes,
};

class Violations {
 public:
  struct Item {
    Rule rule;
    const void* place;  // operation, value or function, for the line
    Location location;
    std::string message;
  };

  template <typename... Args>
  void Add(Rule rule, const Operation& operation, fmt::format_string<Args...> format, Args&&... args) {
    const std::string reason = fmt::format(format, std::forward<Args>(args)...);
    items_.push_back(
        {rule, &operation, operation.location, fmt::format("{}: {}", operation.Info().text, reason)});
  }
  void AddAt(Rule rule, const void* place, std::string message) {
    items_.push_back({rule, place, {}, std::move(message)});
  }
  size_t Count() const { return items_.size(); }
  const std::vector<Item>& Items() const { return items_; }

 private:
  std::vector<Item> items_;
};

// Symbols that mean something where an operation stands.
using Symbols = std::set<std::string>;
bool Knows(const Symbols& symbols, const Dim& dim);

// Rules kScan and kBlocks. The operation has its operands, attributes, body and terminator.
void VerifyLoop(const Operation& loop, Stage stage, Violations& violations);
// Rules kKernelForm to kInto, of map, reduce and contract.
void VerifyKernel(const Operation& operation, const Symbols& symbols, Violations& violations);

}  // namespace rnnc::ir
