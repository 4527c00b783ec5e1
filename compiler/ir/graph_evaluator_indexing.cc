// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The oracle's operators that are about places: Tile, Trilu, GatherElements, ScatterND, Range, EyeLike.

#include <algorithm>
#include <cmath>

#include "compiler/ir/graph_evaluator_ops.h"
#include "compiler/support/check.h"

namespace rnnc::ir::oracle {
namespace {

// y[i..] = x[i mod size ..]
Result<Arrays> Tile(const Call& call) {
  const Array& x = call.In(0);
  const Array& repeats = call.In(1);
  if (repeats.Count() != x.Rank()) return call.Fail("repeats: {} for {}", repeats.Count(), x.ShapeText());
  std::vector<int64_t> dims = x.dims;
  for (size_t i = 0; i < dims.size(); ++i) {
    const int64_t times = repeats.IntegerAt(static_cast<int64_t>(i));
    RNNC_TRY(call.Fits({dims[i], times}));
    dims[i] *= times;
  }
  RNNC_ASSIGN(Array result, call.Make(x.element, dims));
  for (Odometer at(dims); !at.Done(); at.Next()) {
    std::vector<int64_t> from = at.Index();
    for (size_t i = 0; i < from.size(); ++i) from[i] %= x.dims[i];
    result.CopyElement(at.Flat(), x, FlatIndex(x.dims, from));
  }
  return One(std::move(result));
}

// "Upper: elements on and above the k-th diagonal are retained", lower: on and below; the others are 0.
Result<Arrays> Trilu(const Call& call) {
  const Array& x = call.In(0);
  if (x.Rank() < 2) return call.Fail("{}", x.ShapeText());
  const Array* k = call.Find("k");
  const int64_t diagonal = k == nullptr ? 0 : k->IntegerAt(0);
  const bool upper = call.operation.Int("upper") != 0;
  RNNC_ASSIGN(Array result, call.Make(x.element, x.dims));
  for (Odometer at(x.dims); !at.Done(); at.Next()) {
    const int64_t row = at.Index()[at.Index().size() - 2];
    const int64_t column = at.Index().back();
    // Compared without a sum that could overflow.
    const int64_t offset = column - row;
    if (upper ? offset >= diagonal : offset <= diagonal) result.CopyElement(at.Flat(), x, at.Flat());
  }
  return One(std::move(result));
}

// y[i][j][k] = x[indices[i][j][k]][j][k] for axis 0, and so on.
Result<Arrays> GatherElements(const Call& call) {
  const Array& x = call.In(0);
  const Array& indices = call.In(1);
  RNNC_ASSIGN(const int64_t axis, AxisOf(call, call.operation.Int("axis"), x.Rank()));
  if (indices.Rank() != x.Rank()) return call.Fail("{} of {}", indices.ShapeText(), x.ShapeText());
  const int64_t n = x.dims[static_cast<size_t>(axis)];
  RNNC_ASSIGN(Array result, call.Make(x.element, indices.dims));
  for (Odometer at(indices.dims); !at.Done(); at.Next()) {
    std::vector<int64_t> from = at.Index();
    int64_t index = indices.IntegerAt(at.Flat());
    if (index < -n || index >= n) {
      return call.Fail("index {} of an axis of {} elements; indices lie in {}..{}", index, n, -n, n - 1);
    }
    from[static_cast<size_t>(axis)] = index < 0 ? index + n : index;
    for (size_t i = 0; i < from.size(); ++i) {
      if (from[i] >= x.dims[i]) return call.Fail("{} of {}", indices.ShapeText(), x.ShapeText());
    }
    result.CopyElement(at.Flat(), x, FlatIndex(x.dims, from));
  }
  return One(std::move(result));
}

// What an update makes of an element that is there.
Result<double> Updated(const Call& call, double held, double update) {
  const std::string& reduction = call.operation.String("reduction");
  if (reduction == "none") return update;
  if (reduction == "add") return held + update;
  if (reduction == "mul") return held * update;
  const bool unordered = std::isnan(held) || std::isnan(update);
  if (reduction == "max") return unordered ? held + update : std::max(held, update);
  if (reduction == "min") return unordered ? held + update : std::min(held, update);
  return call.Fail("reduction: '{}'", reduction);
}
Result<int64_t> Updated(const Call& call, int64_t held, int64_t update) {
  const std::string& reduction = call.operation.String("reduction");
  if (reduction == "none") return update;
  const auto a = static_cast<uint64_t>(held), b = static_cast<uint64_t>(update);
  if (reduction == "add") return static_cast<int64_t>(a + b);
  if (reduction == "mul") return static_cast<int64_t>(a * b);
  if (reduction == "max") return std::max(held, update);
  if (reduction == "min") return std::min(held, update);
  return call.Fail("reduction: '{}'", reduction);
}

// "output = np.copy(data); for idx in np.ndindex(indices.shape[:-1]): output[indices[idx]] = updates[idx]".
Result<Arrays> ScatterNd(const Call& call) {
  const Array& indices = call.In(1);
  const Array& updates = call.In(2);
  Array result = call.In(0);
  if (indices.Rank() == 0) return call.Fail("indices: {}", indices.ShapeText());
  const int64_t depth = indices.dims.back();
  if (depth < 1 || depth > result.Rank())
    return call.Fail("{} into {}", indices.ShapeText(), result.ShapeText());
  int64_t inner = 1;
  for (int64_t i = depth; i < result.Rank(); ++i) inner *= result.dims[static_cast<size_t>(i)];
  const int64_t rows = indices.Count() / depth;
  if (updates.Count() != rows * inner) {
    return call.Fail("{} rows of {} elements, {}", rows, inner, updates.ShapeText());
  }
  for (int64_t row = 0; row < rows; ++row) {
    int64_t place = 0;
    for (int64_t i = 0; i < depth; ++i) {
      const int64_t n = result.dims[static_cast<size_t>(i)];
      const int64_t index = indices.IntegerAt(row * depth + i);
      if (index < -n || index >= n) return call.Fail("index {} of an axis of {} elements", index, n);
      place = place * n + (index < 0 ? index + n : index);
    }
    for (int64_t i = 0; i < inner; ++i) {
      const int64_t to = place * inner + i;
      const int64_t from = row * inner + i;
      if (result.IsFloat()) {
        RNNC_ASSIGN(const double value, Updated(call, result.NumberAt(to), updates.NumberAt(from)));
        result.SetNumber(to, call.Rounded(result.element, value));
      } else {
        RNNC_ASSIGN(const int64_t value, Updated(call, result.IntegerAt(to), updates.IntegerAt(from)));
        result.SetInteger(to, value);
      }
    }
  }
  return One(std::move(result));
}

// "number_of_elements = max(ceil((limit - start) / delta), 0); output[i] = start + (i * delta)".
Result<Arrays> Range(const Call& call) {
  const Array& start = call.In(0);
  const Array& limit = call.In(1);
  const Array& delta = call.In(2);
  int64_t count = 0;
  if (start.IsFloat()) {
    const double exact = std::ceil((limit.NumberAt(0) - start.NumberAt(0)) / delta.NumberAt(0));
    if (!(exact < 1e15)) return call.Fail("{} elements", exact);
    count = std::max<int64_t>(static_cast<int64_t>(std::max(exact, -1.0)), 0);
  } else {
    const int64_t step = delta.IntegerAt(0);
    if (step == 0) return call.Fail("delta: 0");
    const int64_t from = start.IntegerAt(0), to = limit.IntegerAt(0);
    if (step > 0 ? from < to : from > to) {
      const auto span = step > 0 ? static_cast<uint64_t>(to) - static_cast<uint64_t>(from)
                                 : static_cast<uint64_t>(from) - static_cast<uint64_t>(to);
      const auto size = step > 0 ? static_cast<uint64_t>(step) : 0 - static_cast<uint64_t>(step);
      count = static_cast<int64_t>((span - 1) / size + 1);
    }
  }
  RNNC_ASSIGN(Array result, call.Make(start.element, {count}));
  for (int64_t i = 0; i < count; ++i) {
    if (result.IsFloat()) {
      result.SetNumber(i, start.NumberAt(0) + static_cast<double>(i) * delta.NumberAt(0));
    } else {
      result.SetInteger(
          i, static_cast<int64_t>(static_cast<uint64_t>(start.IntegerAt(0)) +
                                  static_cast<uint64_t>(i) * static_cast<uint64_t>(delta.IntegerAt(0))));
    }
  }
  return One(std::move(result));
}

// Ones on the k-th diagonal, k > 0 above the main one.
Result<Arrays> EyeLike(const Call& call) {
  const Array& x = call.In(0);
  const std::optional<ElementType> element = ParseElementType(call.operation.String("dtype"));
  RNNC_CHECK(element.has_value(), "eye_like of {}", call.operation.String("dtype"));
  if (x.Rank() != 2) return call.Fail("{}", x.ShapeText());
  RNNC_ASSIGN(Array result, call.Make(*element, x.dims));
  for (Odometer at(x.dims); !at.Done(); at.Next()) {
    if (at.Index()[1] - at.Index()[0] == call.operation.Int("k")) result.SetNumber(at.Flat(), 1);
  }
  return One(std::move(result));
}

}  // namespace

std::span<const Entry> IndexingEntries() {
  static const std::vector<Entry> entries = {
      {OpKind::kTile, Tile},           {OpKind::kTrilu, Trilu},
      {OpKind::kRange, Range},         {OpKind::kGatherElements, GatherElements},
      {OpKind::kScatterNd, ScatterNd}, {OpKind::kEyeLike, EyeLike}};
  return entries;
}

}  // namespace rnnc::ir::oracle
