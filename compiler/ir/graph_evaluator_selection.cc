// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The oracle's operators that pick, join and pad: Concat, Split, Slice, Gather, Pad.

#include <algorithm>
#include <limits>
#include <numeric>

#include "compiler/ir/graph_evaluator_ops.h"
#include "compiler/support/check.h"

namespace rnnc::ir::oracle {
namespace {

Result<Arrays> Concat(const Call& call) {
  const Array& first = call.In(0);
  RNNC_ASSIGN(const int64_t axis, AxisOf(call, call.operation.Int("axis"), first.Rank()));
  const auto at_axis = static_cast<size_t>(axis);
  std::vector<int64_t> dims = first.dims;
  dims[at_axis] = 0;
  for (const Array* part : call.operands) {
    bool fits = part->element == first.element && part->Rank() == first.Rank();
    for (size_t i = 0; fits && i < dims.size(); ++i) fits = i == at_axis || part->dims[i] == dims[i];
    if (!fits) return call.Fail("{} beside {}", part->ShapeText(), first.ShapeText());
    dims[at_axis] += part->dims[at_axis];
  }
  RNNC_ASSIGN(Array result, call.Make(first.element, dims));
  int64_t begin = 0;
  for (const Array* part : call.operands) {
    for (Odometer at(part->dims); !at.Done(); at.Next()) {
      std::vector<int64_t> to = at.Index();
      to[at_axis] += begin;
      result.CopyElement(FlatIndex(dims, to), *part, at.Flat());
    }
    begin += part->dims[at_axis];
  }
  return One(std::move(result));
}

// Sizes given, or as many as results: equal ones, the last smaller when it does not come out even.
Result<std::vector<int64_t>> SplitSizes(const Call& call, int64_t extent) {
  if (const Array* given = call.Find("split"); given != nullptr) {
    const int64_t sum = std::accumulate(given->integers.begin(), given->integers.end(), int64_t{0});
    if (sum != extent) return call.Fail("split: the sizes sum to {}, the axis has {}", sum, extent);
    return given->integers;
  }
  const auto parts = call.operation.Has("num_outputs") ? call.operation.Int("num_outputs")
                                                       : static_cast<int64_t>(call.operation.ResultCount());
  if (parts < 1) return call.Fail("{} outputs", parts);
  const int64_t part = (extent + parts - 1) / parts;
  std::vector<int64_t> sizes(static_cast<size_t>(parts), part);
  sizes.back() = extent - part * (parts - 1);
  return sizes;
}

Result<Arrays> Split(const Call& call) {
  const Array& x = call.In(0);
  RNNC_ASSIGN(const int64_t axis, AxisOf(call, call.operation.Int("axis"), x.Rank()));
  const auto at_axis = static_cast<size_t>(axis);
  RNNC_ASSIGN(const std::vector<int64_t> sizes, SplitSizes(call, x.dims[at_axis]));
  Arrays results;
  int64_t begin = 0;
  for (const int64_t size : sizes) {
    std::vector<int64_t> dims = x.dims;
    dims[at_axis] = size;
    RNNC_ASSIGN(Array part, call.Make(x.element, dims));
    for (Odometer at(dims); !at.Done(); at.Next()) {
      std::vector<int64_t> from = at.Index();
      from[at_axis] += begin;
      part.CopyElement(at.Flat(), x, FlatIndex(x.dims, from));
    }
    begin += size;
    results.push_back(std::move(part));
  }
  if (results.size() < call.operation.ResultCount()) return call.Fail("{} parts", results.size());
  return results;
}

struct Cut {
  int64_t start = 0;
  int64_t step = 1;
  int64_t count = 0;
};

// Start and end of one axis: negative ones count from the end, then both are clamped; forwards to 0..n,
// backwards start to 0..n-1 and end to -1..n-1.
Cut CutOf(int64_t start, int64_t end, int64_t step, int64_t n) {
  const auto counted = [n](int64_t i) { return i < 0 ? i + n : i; };
  Cut cut;
  cut.step = step;
  if (step > 0) {
    cut.start = std::clamp<int64_t>(counted(start), 0, n);
    const int64_t stop = std::clamp<int64_t>(counted(end), 0, n);
    const int64_t span = std::max<int64_t>(0, stop - cut.start);
    cut.count = span / step + (span % step != 0 ? 1 : 0);
  } else {
    cut.start = n == 0 ? 0 : std::clamp<int64_t>(counted(start), 0, n - 1);
    const int64_t stop = n == 0 ? 0 : std::clamp<int64_t>(counted(end), -1, n - 1);
    const auto span = static_cast<uint64_t>(std::max<int64_t>(0, cut.start - stop));
    const uint64_t size = 0 - static_cast<uint64_t>(step);  // the least integer has no negative
    cut.count = static_cast<int64_t>(span / size + (span % size != 0 ? 1 : 0));
  }
  return cut;
}

Result<Arrays> Slice(const Call& call) {
  const Array& x = call.In(0);
  const Array& starts = call.In(1);
  const Array& ends = call.In(2);
  const Array* axes = call.Find("axes");
  const Array* steps = call.Find("steps");
  std::vector<Cut> cuts;
  for (const int64_t dim : x.dims) cuts.push_back({0, 1, dim});
  if (starts.Count() != ends.Count() || (axes != nullptr && axes->Count() != starts.Count()) ||
      (steps != nullptr && steps->Count() != starts.Count())) {
    return call.Fail("starts, ends, axes and steps differ in length");
  }
  for (int64_t i = 0; i < starts.Count(); ++i) {
    RNNC_ASSIGN(const int64_t axis, AxisOf(call, axes != nullptr ? axes->IntegerAt(i) : i, x.Rank()));
    const int64_t step = steps != nullptr ? steps->IntegerAt(i) : 1;
    if (step == 0) return call.Fail("steps: 0");
    const auto at = static_cast<size_t>(axis);
    cuts[at] = CutOf(starts.IntegerAt(i), ends.IntegerAt(i), step, x.dims[at]);
  }
  std::vector<int64_t> dims;
  for (const Cut& cut : cuts) dims.push_back(cut.count);
  RNNC_ASSIGN(Array result, call.Make(x.element, dims));
  for (Odometer at(dims); !at.Done(); at.Next()) {
    std::vector<int64_t> from = at.Index();
    for (size_t i = 0; i < from.size(); ++i) from[i] = cuts[i].start + from[i] * cuts[i].step;
    result.CopyElement(at.Flat(), x, FlatIndex(x.dims, from));
  }
  return One(std::move(result));
}

// result[a.., i.., b..] = x[a.., indices[i..], b..]
Result<Arrays> Gather(const Call& call) {
  const Array& x = call.In(0);
  const Array& indices = call.In(1);
  RNNC_ASSIGN(const int64_t axis, AxisOf(call, call.operation.Int("axis"), x.Rank()));
  const auto at_axis = x.dims.begin() + axis;
  std::vector<int64_t> dims(x.dims.begin(), at_axis);
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), at_axis + 1, x.dims.end());
  RNNC_ASSIGN(Array result, call.Make(x.element, dims));
  const int64_t n = *at_axis;
  for (Odometer at(dims); !at.Done(); at.Next()) {
    const auto chosen = at.Index().begin() + axis;
    const std::vector<int64_t> which(chosen, chosen + indices.Rank());
    int64_t index = indices.IntegerAt(FlatIndex(indices.dims, which));
    if (index < -n || index >= n) {
      return call.Fail("index {} of an axis of {} elements; indices lie in {}..{}", index, n, -n, n - 1);
    }
    if (index < 0) index += n;
    std::vector<int64_t> from(at.Index().begin(), chosen);
    from.push_back(index);
    from.insert(from.end(), chosen + indices.Rank(), at.Index().end());
    result.CopyElement(at.Flat(), x, FlatIndex(x.dims, from));
  }
  return One(std::move(result));
}

// Where the element at `i` (which may lie outside 0..n-1) of one axis comes from; -1: the constant.
int64_t PadSource(std::string_view mode, int64_t i, int64_t n) {
  if (i >= 0 && i < n) return i;
  if (mode == "edge") return i < 0 ? 0 : n - 1;
  if (mode == "wrap") return (i % n + n) % n;
  if (mode == "reflect") {  // the border element is not repeated
    if (n == 1) return 0;
    const int64_t period = 2 * (n - 1);
    const int64_t within = (i % period + period) % period;
    return within < n ? within : period - within;
  }
  return -1;
}

// The elements before and behind each axis; a negative number takes away.
Result<std::vector<std::pair<int64_t, int64_t>>> PadWidths(const Call& call) {
  const int64_t rank = call.In(0).Rank();
  const Array& pads = call.In(1);
  const Array* axes = call.Find("axes");
  const int64_t n = axes != nullptr ? axes->Count() : rank;
  if (pads.Count() != 2 * n) return call.Fail("pads: {} numbers, {} wanted", pads.Count(), 2 * n);
  std::vector<std::pair<int64_t, int64_t>> widths(static_cast<size_t>(rank));
  for (int64_t i = 0; i < n; ++i) {
    RNNC_ASSIGN(const int64_t axis, AxisOf(call, axes != nullptr ? axes->IntegerAt(i) : i, rank));
    widths[static_cast<size_t>(axis)] = {pads.IntegerAt(i), pads.IntegerAt(n + i)};
  }
  return widths;
}

Result<Arrays> Pad(const Call& call) {
  const Array& x = call.In(0);
  const std::string& mode = call.operation.String("mode");
  const Array* value = call.Find("value");
  RNNC_ASSIGN(const auto widths, PadWidths(call));
  std::vector<int64_t> dims = x.dims;
  for (size_t i = 0; i < dims.size(); ++i) {
    dims[i] += widths[i].first + widths[i].second;
    if (mode != "constant" && x.dims[i] == 0 && dims[i] > 0) return call.Fail("{} of an empty axis", mode);
  }
  RNNC_ASSIGN(Array result, call.Make(x.element, dims));
  for (Odometer at(dims); !at.Done(); at.Next()) {
    std::vector<int64_t> from = at.Index();
    bool inside = true;
    for (size_t i = 0; i < from.size(); ++i) {
      from[i] = PadSource(mode, from[i] - widths[i].first, x.dims[i]);
      inside = inside && from[i] >= 0;
    }
    if (inside) {
      result.CopyElement(at.Flat(), x, FlatIndex(x.dims, from));
    } else if (value != nullptr) {
      result.CopyElement(at.Flat(), *value, 0);
    }
  }
  return One(std::move(result));
}

}  // namespace

std::span<const Entry> SelectionEntries() {
  static const std::vector<Entry> entries = {
      {OpKind::kConcat, Concat}, {OpKind::kSplit, Split}, {OpKind::kSlice, Slice},
      {OpKind::kGather, Gather}, {OpKind::kPad, Pad},
  };
  return entries;
}

}  // namespace rnnc::ir::oracle
