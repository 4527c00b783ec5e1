// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/import/graph.h"

namespace rnnc::import {

// A symbolic dim of the inputs. Equal names are one symbol; a dim without a name is one of its own.
struct Symbol {
  std::string name;    // the model's; may be empty
  std::string symbol;  // the IR's: an identifier
  std::vector<std::string> inputs;
  bool leads = false;             // it is the first dim of an input
  bool is_time = false;           // of a recurrent node
  std::optional<DimBounds> open;  // asked to stay open
  std::optional<int64_t> bound;
  std::string reason;
};

// The inputs that are no initialisers, with what the options say of them.
struct Interface {
  std::vector<GraphInput> inputs;                                        // types over the symbols
  std::map<std::string, std::variant<double, ir::TensorPtr>> constants;  // by input
  std::vector<Symbol> symbols;

  // The inputs with bound symbols replaced; constants where their types are static by now.
  Result<std::vector<GraphInput>> Resolved(const Location& at) const;
  bool AllBound() const;  // or asked to stay
  // The symbols that are not bound: the sizes of a call, that of time first.
  std::vector<ir::RuntimeSize> Open() const;
  // From now on the open symbol is at least that.
  void SetLeast(const std::string& symbol, int64_t least);
};

Result<Interface> ReadInterface(const ModelFile& model, const ImportOptions& options, ImportNotes& notes);

// Gives every symbol that is not bound yet its default: the batch axis of recurrent nodes is 1, their time
// axis stays, a dim without a name is 1, and so is the leading dim of a model without recurrent nodes. What
// is left is refused, with the option to give, when `final`.
Result<> BindDefaults(Interface& interface, const RecurrentSymbols& found, bool has_recurrent, bool final,
                      const Location& at);

}  // namespace rnnc::import
