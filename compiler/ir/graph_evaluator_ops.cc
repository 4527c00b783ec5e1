// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/graph_evaluator_ops.h"

#include <algorithm>

#include "compiler/support/arithmetic.h"

namespace rnnc::ir::oracle {

Result<> Call::Fits(const std::vector<int64_t>& dims) const {
  for (const int64_t dim : dims) {
    if (dim < 0) return Fail("a negative size {}", dim);
  }
  const std::optional<int64_t> count = CheckedProduct(dims);
  if (!count || *count > max_elements) return Fail("a value of more than {} elements", max_elements);
  return Ok();
}

Result<Array> Call::Make(ElementType element, const std::vector<int64_t>& dims) const {
  RNNC_TRY(Fits(dims));
  return MakeArray(element, dims);
}

Arrays One(Array array) {
  Arrays arrays;
  arrays.push_back(std::move(array));
  return arrays;
}

Result<int64_t> AxisOf(const Call& call, int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) return call.Fail("axis {} of a tensor of rank {}", axis, rank);
  return axis < 0 ? axis + rank : axis;
}

Result<std::vector<int64_t>> BroadcastDims(const Call& call,
                                           const std::vector<std::vector<int64_t>>& shapes) {
  size_t rank = 0;
  for (const auto& shape : shapes) rank = std::max(rank, shape.size());
  std::vector<int64_t> dims(rank, 1);
  for (const auto& shape : shapes) {
    for (size_t i = 0; i < shape.size(); ++i) {
      int64_t& dim = dims[rank - shape.size() + i];
      if (shape[i] == 1 || shape[i] == dim) continue;
      if (dim != 1) return call.Fail("sizes {} and {} do not broadcast", dim, shape[i]);
      dim = shape[i];
    }
  }
  return dims;
}

Odometer::Odometer(const std::vector<int64_t>& dims) : dims_(dims), index_(dims.size(), 0) {
  done_ = std::any_of(dims.begin(), dims.end(), [](int64_t dim) { return dim <= 0; });
}

void Odometer::Next() {
  ++flat_;
  for (size_t i = dims_.size(); i-- > 0;) {
    if (++index_[i] < dims_[i]) return;
    index_[i] = 0;
  }
  done_ = true;
}

int64_t BroadcastIndex(const std::vector<int64_t>& dims, const std::vector<int64_t>& index) {
  int64_t flat = 0;
  const size_t skip = index.size() - dims.size();
  for (size_t i = 0; i < dims.size(); ++i) flat = flat * dims[i] + (dims[i] == 1 ? 0 : index[skip + i]);
  return flat;
}

int64_t FlatIndex(const std::vector<int64_t>& dims, const std::vector<int64_t>& index) {
  int64_t flat = 0;
  for (size_t i = 0; i < dims.size(); ++i) flat = flat * dims[i] + index[i];
  return flat;
}

}  // namespace rnnc::ir::oracle
