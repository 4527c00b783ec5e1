// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "compiler/ir/lowering_common.h"

// The index map of a reshape:
// 1. dims of 1 are dropped on both sides; the first axes of a pair of groups with equal products close a
//    group, so that a symbolic leading dim that both sides share needs no arithmetic;
// 2. within a group the flat index is the row-major sum over the axes of `to`;
// 3. axis k of `from` is (flat / stride_k) mod dim_k, without the mod for the group's first axis.
namespace rnnc::ir::lowering {
namespace {

struct Axis {
  size_t position;
  Dim dim;
};

std::vector<Axis> WithoutOnes(const std::vector<Dim>& dims) {
  std::vector<Axis> axes;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (!dims[i].Is(1)) axes.push_back({i, dims[i]});
  }
  return axes;
}

bool FirstNeedsMore(const Dim& first, const Dim& second) {
  if (first.IsConstant() && second.IsConstant()) return first.Value() < second.Value();
  return second.DividedBy(first).has_value();
}

std::optional<std::vector<IndexExpr>> GroupIndices(const std::vector<Axis>& from,
                                                   const std::vector<Axis>& to) {
  std::vector<Dim> extents;
  IndexExpr flat;
  Dim stride(1);
  for (size_t i = to.size(); i-- > 0;) {
    flat = flat + IndexExpr::Variable(static_cast<int>(to[i].position)) * stride;
    stride *= to[i].dim;
    extents.resize(std::max(extents.size(), to[i].position + 1), Dim(1));
    extents[to[i].position] = to[i].dim;
  }
  std::vector<IndexExpr> indices(from.size());
  stride = Dim(1);
  for (size_t i = from.size(); i-- > 0;) {
    IndexExpr index = IndexExpr::FloorDiv(flat, stride);
    if (i > 0) index = IndexExpr::Mod(index, from[i].dim);
    indices[i] = index.Simplify(extents);
    // Whatever division by a symbol is left after simplification cannot be computed by constants.
    for (const IndexExpr::Term& term : indices[i].Terms()) {
      if (term.atom.inner && !term.atom.divisor.IsConstant()) return std::nullopt;
    }
    stride *= from[i].dim;
  }
  return indices;
}

}  // namespace

std::optional<std::vector<IndexExpr>> ReshapeIndices(const std::vector<Dim>& from,
                                                     const std::vector<Dim>& to) {
  std::vector<IndexExpr> indices(from.size());
  const auto is_zero = [](const Dim& dim) { return dim.Is(0); };
  if (std::any_of(from.begin(), from.end(), is_zero)) return indices;  // nothing to read
  const std::vector<Axis> inner = WithoutOnes(from);
  const std::vector<Axis> outer = WithoutOnes(to);
  size_t i = 0, j = 0;
  while (i < inner.size() || j < outer.size()) {
    std::vector<Axis> from_group, to_group;
    Dim from_product(1), to_product(1);
    const auto take = [](const std::vector<Axis>& axes, size_t& at, std::vector<Axis>& group, Dim& product) {
      product *= axes[at].dim;
      group.push_back(axes[at++]);
    };
    if (i < inner.size()) take(inner, i, from_group, from_product);
    if (j < outer.size()) take(outer, j, to_group, to_product);
    while (from_product != to_product && (i < inner.size() || j < outer.size())) {
      const bool from_first =
          j >= outer.size() || (i < inner.size() && FirstNeedsMore(from_product, to_product));
      if (from_first) {
        take(inner, i, from_group, from_product);
      } else {
        take(outer, j, to_group, to_product);
      }
    }
    auto group = GroupIndices(from_group, to_group);
    if (!group) return std::nullopt;
    for (size_t k = 0; k < group->size(); ++k) indices[from_group[k].position] = (*group)[k];
  }
  return indices;
}

}  // namespace rnnc::ir::lowering
