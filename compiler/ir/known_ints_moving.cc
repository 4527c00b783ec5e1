// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "compiler/ir/known_ints_common.h"

// Operators that move elements, and shapes as values.
namespace rnnc::ir::known_ints {
namespace {

Maybe Joined(const Query& query) {
  const auto axis = static_cast<size_t>(NormalAxis(query.op.Int("axis"), query.result.type.Rank()));
  std::vector<Elements> parts;
  int64_t outer = 1;
  for (size_t i = 0; i < axis; ++i) outer *= query.result.type.dims[i].Value();
  for (size_t i = 0; i < query.op.Operands().size(); ++i) {
    Maybe part = query.Known(i);
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
  }
  Elements joined;
  for (int64_t block = 0; block < outer; ++block) {
    for (const Elements& part : parts) {
      const auto run = static_cast<std::ptrdiff_t>(part.size()) / outer;
      joined.insert(joined.end(), part.begin() + block * run, part.begin() + (block + 1) * run);
    }
  }
  return joined;
}

Maybe Taken(const Query& query) {
  const Maybe x = query.Known(0);
  const auto indices = query.ints.IntegersOf(query.op.Operand(1));
  if (!x || !indices) return std::nullopt;
  const std::vector<int64_t> dims = query.TypeOf(0)->StaticDims();
  const auto axis = static_cast<size_t>(NormalAxis(query.op.Int("axis"), query.TypeOf(0)->Rank()));
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < axis; ++i) outer *= dims[i];
  for (size_t i = axis + 1; i < dims.size(); ++i) inner *= dims[i];
  Elements taken;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t index : *indices) {
      const int64_t at = NormalAxis(index, dims[axis]);
      if (at < 0 || at >= dims[axis]) return std::nullopt;
      for (int64_t i = 0; i < inner; ++i)
        taken.push_back((*x)[static_cast<size_t>((o * dims[axis] + at) * inner + i)]);
    }
  }
  return taken;
}

// Elements of `x` at coordinates[i] = first[i] + step[i] * (coordinate of the result).
Maybe Strided(const Query& query, const Elements& x, const std::vector<int64_t>& first,
              const std::vector<int64_t>& step) {
  const std::vector<int64_t> dims = query.TypeOf(0)->StaticDims();
  const std::vector<int64_t> to = query.result.type.StaticDims();
  Elements elements;
  for (int64_t at = 0; at < query.Count(); ++at) {
    std::vector<int64_t> coordinates = Coordinates(at, to);
    for (size_t i = 0; i < dims.size(); ++i) coordinates[i] = first[i] + step[i] * coordinates[i];
    elements.push_back(x[static_cast<size_t>(Offset(coordinates, dims))]);
  }
  return elements;
}

Maybe Sliced(const Query& query) {
  const Maybe x = query.Known(0);
  const Maybe starts = query.Known(1);
  const Maybe ends = query.Known(2);
  if (!x || !starts || !ends) return std::nullopt;
  const std::vector<int64_t> dims = query.TypeOf(0)->StaticDims();
  std::vector<int64_t> first(dims.size(), 0);
  std::vector<int64_t> step(dims.size(), 1);
  const auto axes = query.ints.IntegersOf(query.op.Operand(3));
  const auto steps = query.ints.IntegersOf(query.op.Operand(4));
  if ((query.op.Operand(3) != nullptr && !axes) || (query.op.Operand(4) != nullptr && !steps))
    return std::nullopt;
  for (size_t i = 0; i < starts->size(); ++i) {
    const auto axis =
        static_cast<size_t>(axes ? NormalAxis((*axes)[i], query.TypeOf(0)->Rank()) : static_cast<int64_t>(i));
    const auto range = ResolveSlice(Dim(dims[axis]), (*starts)[i], (*ends)[i], steps ? (*steps)[i] : 1);
    if (!range || !range->start.IsConstant()) return std::nullopt;
    first[axis] = range->start.Value();
    step[axis] = range->step;
  }
  return Strided(query, *x, first, step);
}

Maybe Parted(const Query& query) {
  const Maybe x = query.Known(0);
  if (!x) return std::nullopt;
  const auto axis = static_cast<size_t>(NormalAxis(query.op.Int("axis"), query.TypeOf(0)->Rank()));
  std::vector<int64_t> first(query.TypeOf(0)->dims.size(), 0);
  for (int i = 0; i < query.result.index; ++i) {
    first[axis] += query.op.Result(static_cast<size_t>(i))->type.dims[axis].Value();
  }
  return Strided(query, *x, first, std::vector<int64_t>(first.size(), 1));
}

Maybe Permuted(const Query& query) {
  const Maybe x = query.Known(0);
  if (!x) return std::nullopt;
  const std::vector<int64_t> dims = query.TypeOf(0)->StaticDims();
  const std::vector<int64_t> to = query.result.type.StaticDims();
  const std::vector<int64_t>& perm = query.op.Ints("perm");
  Elements elements;
  for (int64_t at = 0; at < query.Count(); ++at) {
    const std::vector<int64_t> coordinates = Coordinates(at, to);
    std::vector<int64_t> source(dims.size());
    for (size_t i = 0; i < perm.size(); ++i) source[static_cast<size_t>(perm[i])] = coordinates[i];
    elements.push_back((*x)[static_cast<size_t>(Offset(source, dims))]);
  }
  return elements;
}

Maybe Stretched(const Query& query) {
  const Maybe x = query.Known(0);
  if (!x) return std::nullopt;
  Elements elements;
  for (int64_t at = 0; at < query.Count(); ++at) {
    elements.push_back((*x)[static_cast<size_t>(
        BroadcastOffset(at, query.result.type.StaticDims(), query.TypeOf(0)->StaticDims()))]);
  }
  return elements;
}

// ---- Shapes ----

Maybe ShapeElements(const Query& query) {
  const int64_t rank = query.TypeOf(0)->Rank();
  const auto clamp = [&](int64_t at) { return std::clamp(NormalAxis(at, rank), int64_t{0}, rank); };
  const int64_t start = clamp(query.op.Int("start"));
  const int64_t end = query.op.Has("end") ? clamp(query.op.Int("end")) : rank;
  const std::vector<Dim>& dims = query.TypeOf(0)->dims;
  return start < end ? Elements(dims.begin() + start, dims.begin() + end) : Elements();
}

Maybe Filled(const Query& query) {
  const Maybe value = query.Known(1);
  if (!value || value->size() != 1) return std::nullopt;
  return Elements(static_cast<size_t>(query.Count()), value->front());
}

Maybe SizeElement(const Query& query) {
  const Dim count = query.TypeOf(0)->ElementCount();
  return count.IsPoisoned() ? std::nullopt : Maybe(Elements{count});
}

Maybe Counted(const Query& query) {
  const Maybe start = query.Known(0);
  const Maybe delta = query.Known(2);
  if (!start || !delta) return std::nullopt;
  Elements elements;
  for (int64_t i = 0; i < query.Count(); ++i) elements.push_back(start->front() + delta->front() * Dim(i));
  return elements;
}

Maybe Tiled(const Query& query) {
  const Maybe x = query.Known(0);
  if (!x) return std::nullopt;
  const std::vector<int64_t> dims = query.TypeOf(0)->StaticDims();
  Elements elements;
  for (int64_t at = 0; at < query.Count(); ++at) {
    std::vector<int64_t> from = Coordinates(at, query.result.type.StaticDims());
    for (size_t i = 0; i < dims.size(); ++i) from[i] %= dims[i];
    elements.push_back((*x)[static_cast<size_t>(Offset(from, dims))]);
  }
  return elements;
}

// What leaves the order of elements alone.
Maybe Unmoved(const Query& query) { return query.Known(0); }

}  // namespace

const std::map<OpKind, Rule>& MovingRules() {
  static const std::map<OpKind, Rule> table = {
      {OpKind::kShape, ShapeElements}, {OpKind::kSize, SizeElement},  {OpKind::kConstantOfShape, Filled},
      {OpKind::kIdentity, Unmoved},    {OpKind::kReshape, Unmoved},   {OpKind::kFlatten, Unmoved},
      {OpKind::kSqueeze, Unmoved},     {OpKind::kUnsqueeze, Unmoved}, {OpKind::kConcat, Joined},
      {OpKind::kGather, Taken},        {OpKind::kSlice, Sliced},      {OpKind::kSplit, Parted},
      {OpKind::kTranspose, Permuted},  {OpKind::kExpand, Stretched},  {OpKind::kRange, Counted},
      {OpKind::kTile, Tiled},
  };
  return table;
}

}  // namespace rnnc::ir::known_ints
