// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/driver/data_set.h"
#include "compiler/import/import.h"
#include "passes/bind_state.h"

// Data sets of a model whose state is bound.
namespace rnnc::driver {

/// The tensor of that name; null when there is none.
const ir::Tensor* FindByName(const std::vector<NamedTensor>& tensors, const std::string& name);

/// Gives tensors that have no name those of the model's inputs or outputs, in order.
void NameByPosition(std::vector<NamedTensor>& tensors, const std::vector<import::TensorNote>& notes);

/// What a data set's outputs say of a state after the call: the output of the pair, or its row, as a tensor
/// of `type`. Nothing when they do not say it.
std::optional<ir::Tensor> StateAfter(const DataSet& set, const passes::StatePair& pair, const ir::Type& type);

/// True when `set` goes on where `before` ended: each state that it has an input for begins, bit for bit,
/// with what `before` gave for it. False without states.
bool Continues(const DataSet& before, const DataSet& set, const std::vector<passes::StatePair>& states);

}  // namespace rnnc::driver
