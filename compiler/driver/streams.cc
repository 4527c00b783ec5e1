// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/driver/streams.h"

#include <algorithm>

namespace rnnc::driver {

const ir::Tensor* FindByName(const std::vector<NamedTensor>& tensors, const std::string& name) {
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name == name) return &tensor.tensor;
  }
  return nullptr;
}

void NameByPosition(std::vector<NamedTensor>& tensors, const std::vector<import::TensorNote>& notes) {
  for (size_t i = 0; i < std::min(tensors.size(), notes.size()); ++i) {
    if (tensors[i].name.empty()) tensors[i].name = notes[i].name;
  }
}

std::optional<ir::Tensor> StateAfter(const DataSet& set, const passes::StatePair& pair,
                                     const ir::Type& type) {
  const ir::Tensor* output = FindByName(set.outputs, pair.output);
  if (output == nullptr || output->type.element != type.element) return std::nullopt;
  size_t begin = 0;
  size_t size = output->bytes.size();
  if (pair.row) {
    const std::vector<int64_t> dims = output->type.StaticDims();
    if (dims.empty() || *pair.row >= dims[0]) return std::nullopt;
    size /= static_cast<size_t>(dims[0]);
    begin = size * static_cast<size_t>(*pair.row);
  }
  ir::Tensor state = ir::ZeroTensor(type);
  if (state.bytes.size() != size) return std::nullopt;
  std::copy_n(output->bytes.begin() + static_cast<std::ptrdiff_t>(begin), size, state.bytes.begin());
  return state;
}

bool Continues(const DataSet& before, const DataSet& set, const std::vector<passes::StatePair>& states) {
  return !states.empty() && std::all_of(states.begin(), states.end(), [&](const passes::StatePair& pair) {
    const ir::Tensor* begin = FindByName(set.inputs, pair.input);
    if (begin == nullptr) return true;
    const std::optional<ir::Tensor> end = StateAfter(before, pair, begin->type);
    return end && end->bytes == begin->bytes;
  });
}

}  // namespace rnnc::driver
