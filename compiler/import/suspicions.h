// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <vector>

#include "compiler/import/graph.h"
#include "compiler/import/operators.h"

// What is computed as the file says, and is probably not what its exporter meant: warnings.
namespace rnnc::import {

// Of one recurrent node whose operands have the types that the model declares, with its symbols unbound: an
// initial state, or a length for each sequence, that holds for one batch or one number of steps only, while X
// leaves it open. Added to the warnings of `symbols`, and the batch to its `fixed`.
void SuspectFixedSizes(bool batch_first, const Values& inputs, const Location& location,
                       RecurrentSymbols& symbols);

// Of a module whose sizes nobody has chosen: forward recurrent nodes of one step that begin with zeros and
// whose final state the caller does not get, so that a call knows nothing of the one before.
std::vector<Diagnostic> SuspectLostState(const ir::Module& module);

// A GRU as PyTorch's cell is not.
void SuspectResetOrder(const NodeContext& context);

}  // namespace rnnc::import
