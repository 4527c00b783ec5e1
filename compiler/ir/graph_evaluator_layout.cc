// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The oracle's operators that only change a tensor's shape or the order of its axes, and those whose
// values are shapes.

#include <algorithm>
#include <set>

#include "compiler/ir/graph_evaluator_ops.h"
#include "compiler/support/arithmetic.h"
#include "compiler/support/check.h"

namespace rnnc::ir::oracle {
namespace {

// The same elements in another shape.
Result<Arrays> Reshaped(const Call& call, std::vector<int64_t> dims) {
  Array result = call.In(0);
  const std::optional<int64_t> count = CheckedProduct(dims);
  if (!count || *count != result.Count()) {
    return call.Fail("{} elements in shape {}", result.Count(),
                     MakeStaticType(result.element, dims).ToText());
  }
  result.dims = std::move(dims);
  return One(std::move(result));
}

Result<Arrays> Transpose(const Call& call) {
  const Array& x = call.In(0);
  const std::vector<int64_t>& perm = call.operation.Ints("perm");
  if (perm.size() != x.dims.size()) return call.Fail("perm: {} axes for {}", perm.size(), x.ShapeText());
  const std::vector<int64_t> strides = StridesOf(x.dims);
  std::vector<int64_t> dims;
  std::vector<int64_t> steps;
  for (const int64_t axis : perm) {
    RNNC_ASSIGN(const int64_t from, AxisOf(call, axis, x.Rank()));
    dims.push_back(x.dims[static_cast<size_t>(from)]);
    steps.push_back(strides[static_cast<size_t>(from)]);
  }
  Array result = MakeArray(x.element, dims);
  for (Odometer at(dims); !at.Done(); at.Next()) {
    int64_t from = 0;
    for (size_t i = 0; i < steps.size(); ++i) from += at.Index()[i] * steps[i];
    result.CopyElement(at.Flat(), x, from);
  }
  return One(std::move(result));
}

// 0 keeps the size at that place (unless allowzero), one -1 takes what is left.
Result<Arrays> Reshape(const Call& call) {
  const Array& x = call.In(0);
  std::vector<int64_t> dims = call.In(1).integers;
  std::optional<size_t> open;
  int64_t known = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && call.operation.Int("allowzero") == 0) {
      if (i >= x.dims.size()) return call.Fail("shape: 0 at axis {} of a tensor of rank {}", i, x.Rank());
      dims[i] = x.dims[i];
    }
    if (dims[i] == -1) {
      if (open) return call.Fail("shape: -1 twice");
      open = i;
      continue;
    }
    RNNC_TRY(call.Fits({dims[i], std::max<int64_t>(known, 1)}));
    known *= dims[i];
  }
  if (open) {
    if (known == 0) return call.Fail("shape: -1 cannot be told beside a size of 0");
    dims[*open] = x.Count() / known;
  }
  return Reshaped(call, std::move(dims));
}

Result<Arrays> Flatten(const Call& call) {
  const Array& x = call.In(0);
  int64_t axis = call.operation.Int("axis");
  if (axis < -x.Rank() || axis > x.Rank()) return call.Fail("axis {} of {}", axis, x.ShapeText());
  if (axis < 0) axis += x.Rank();
  std::vector<int64_t> dims = {1, 1};
  for (int64_t i = 0; i < x.Rank(); ++i) dims[i < axis ? 0 : 1] *= x.dims[static_cast<size_t>(i)];
  return Reshaped(call, std::move(dims));
}

Result<std::set<int64_t>> AxisSet(const Call& call, const Array& axes, int64_t rank) {
  std::set<int64_t> counted;
  for (const int64_t axis : axes.integers) {
    RNNC_ASSIGN(const int64_t place, AxisOf(call, axis, rank));
    if (!counted.insert(place).second) return call.Fail("axes: {} twice", axis);
  }
  return counted;
}

Result<Arrays> Squeeze(const Call& call) {
  const Array& x = call.In(0);
  std::set<int64_t> axes;
  if (const Array* given = call.Find("axes"); given != nullptr) {
    RNNC_ASSIGN(axes, AxisSet(call, *given, x.Rank()));
  } else {
    for (int64_t i = 0; i < x.Rank(); ++i) {
      if (x.dims[static_cast<size_t>(i)] == 1) axes.insert(i);
    }
  }
  std::vector<int64_t> dims;
  for (int64_t i = 0; i < x.Rank(); ++i) {
    const int64_t dim = x.dims[static_cast<size_t>(i)];
    if (axes.count(i) == 0) {
      dims.push_back(dim);
    } else if (dim != 1) {
      return call.Fail("axis {} of {} is not 1", i, x.ShapeText());
    }
  }
  return Reshaped(call, std::move(dims));
}

// The axes are those of the result.
Result<Arrays> Unsqueeze(const Call& call) {
  const Array& x = call.In(0);
  const int64_t rank = x.Rank() + call.In(1).Count();
  RNNC_ASSIGN(const std::set<int64_t> axes, AxisSet(call, call.In(1), rank));
  std::vector<int64_t> dims;
  size_t next = 0;
  for (int64_t i = 0; i < rank; ++i) dims.push_back(axes.count(i) != 0 ? 1 : x.dims[next++]);
  return Reshaped(call, std::move(dims));
}

// Broadcasting both ways: a size of 1 in the given shape keeps the tensor's own.
Result<Arrays> Expand(const Call& call) {
  const Array& x = call.In(0);
  for (const int64_t dim : call.In(1).integers) {
    if (dim < 0) return call.Fail("shape: {}", dim);
  }
  RNNC_ASSIGN(const std::vector<int64_t> dims, BroadcastDims(call, {x.dims, call.In(1).integers}));
  RNNC_ASSIGN(Array result, call.Make(x.element, dims));
  for (Odometer at(dims); !at.Done(); at.Next()) {
    result.CopyElement(at.Flat(), x, BroadcastIndex(x.dims, at.Index()));
  }
  return One(std::move(result));
}

Array IntegerList(const std::vector<int64_t>& values) {
  Array list = MakeArray(ElementType::kI64, {static_cast<int64_t>(values.size())});
  list.integers = values;
  return list;
}

// start and end count from the end when negative and are then clamped to 0..rank.
Result<Arrays> Shape(const Call& call) {
  const Array& x = call.In(0);
  const auto place = [&](int64_t axis) {
    return std::clamp<int64_t>(axis < 0 ? axis + x.Rank() : axis, 0, x.Rank());
  };
  const int64_t start = place(call.operation.Int("start"));
  const int64_t end = call.operation.Has("end") ? place(call.operation.Int("end")) : x.Rank();
  std::vector<int64_t> dims;
  for (int64_t i = start; i < end; ++i) dims.push_back(x.dims[static_cast<size_t>(i)]);
  return One(IntegerList(dims));
}

Result<Arrays> Size(const Call& call) {
  Array result = MakeArray(ElementType::kI64, {});
  result.SetInteger(0, call.In(0).Count());
  return One(std::move(result));
}

Result<Arrays> ConstantOfShape(const Call& call) {
  const Array& value = call.In(1);
  if (value.Count() != 1) return call.Fail("value: {} elements, 1 wanted", value.Count());
  RNNC_ASSIGN(Array result, call.Make(value.element, call.In(0).integers));
  for (int64_t i = 0; i < result.Count(); ++i) result.CopyElement(i, value, 0);
  return One(std::move(result));
}

}  // namespace

std::span<const Entry> LayoutEntries() {
  static const std::vector<Entry> entries = {
      {OpKind::kTranspose, Transpose},
      {OpKind::kReshape, Reshape},
      {OpKind::kFlatten, Flatten},
      {OpKind::kSqueeze, Squeeze},
      {OpKind::kUnsqueeze, Unsqueeze},
      {OpKind::kExpand, Expand},
      {OpKind::kShape, Shape},
      {OpKind::kSize, Size},
      {OpKind::kConstantOfShape, ConstantOfShape},
  };
  return entries;
}

}  // namespace rnnc::ir::oracle
