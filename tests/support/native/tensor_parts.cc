// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/native/tensor_parts.h"

#include <algorithm>
#include <functional>

namespace rnnc::test {
namespace {

using Index = std::vector<int64_t>;

int64_t PositionOf(const Index& index, const Index& dims) {
  int64_t position = 0;
  for (size_t i = 0; i < dims.size(); ++i) position = position * dims[i] + index[i];
  return position;
}

// The tensor of `dims` whose element at an index is that of `from` at `source(index)`.
ir::Tensor Filled(const ir::Tensor& from, const Index& dims, const std::function<Index(Index)>& source) {
  ir::Tensor to = ir::ZeroTensor(ir::MakeStaticType(from.type.element, dims));
  const Index from_dims = from.type.StaticDims();
  const auto bytes = ir::BytesOf(from.type.element);
  Index index(dims.size(), 0);
  for (int64_t position = 0; position < to.ElementCount(); ++position) {
    std::copy_n(from.bytes.begin() + PositionOf(source(index), from_dims) * bytes, bytes,
                to.bytes.begin() + position * bytes);
    for (size_t i = dims.size(); i-- > 0;) {
      index[i] += 1;
      if (index[i] < dims[i]) break;
      index[i] = 0;
    }
  }
  return to;
}

}  // namespace

ir::Tensor Part(const ir::Tensor& tensor, int axis, int64_t first, int64_t count) {
  Index dims = tensor.type.StaticDims();
  dims[static_cast<size_t>(axis)] = count;
  return Filled(tensor, dims, [&](Index index) {
    index[static_cast<size_t>(axis)] += first;
    return index;
  });
}

ir::Tensor Transposed(const ir::Tensor& tensor, const std::vector<int>& axes) {
  const Index from = tensor.type.StaticDims();
  Index dims;
  for (const int axis : axes) dims.push_back(from[static_cast<size_t>(axis)]);
  return Filled(tensor, dims, [&](const Index& index) {
    Index source(index.size());
    for (size_t i = 0; i < axes.size(); ++i) source[static_cast<size_t>(axes[i])] = index[i];
    return source;
  });
}

ir::Tensor Flipped(const ir::Tensor& tensor, int time, int batch, const std::vector<int32_t>& lengths) {
  const Index dims = tensor.type.StaticDims();
  return Filled(tensor, dims, [&](Index index) {
    int64_t& step = index[static_cast<size_t>(time)];
    const int64_t length = lengths.empty() ? dims[static_cast<size_t>(time)]
                                           : lengths[static_cast<size_t>(index[static_cast<size_t>(batch)])];
    if (step < length) step = length - 1 - step;
    return index;
  });
}

}  // namespace rnnc::test
