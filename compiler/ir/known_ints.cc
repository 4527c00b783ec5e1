// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/known_ints.h"

#include <algorithm>
#include <functional>

namespace rnnc::ir {
namespace {

using Elements = std::vector<Dim>;
using Maybe = std::optional<Elements>;

// How deep a chain of operations is followed. Exporters' chains have tens of operators; a longer one is
// followed piece by piece when its inner values are asked for first.
constexpr int kMaxDepth = 200;

std::optional<int64_t> StaticCount(const Type& type) {
  if (!type.IsStatic()) return std::nullopt;
  const Dim count = type.ElementCount();
  if (!count.IsConstant() || count.Value() < 0 || count.Value() > KnownInts::kMaxElements)
    return std::nullopt;
  return count.Value();
}

// One operation whose elements are asked for.
struct Query {
  const Operation& op;
  const Value& result;
  KnownInts& ints;

  const Type* TypeOf(size_t i) const { return op.Operand(i) == nullptr ? nullptr : &op.Operand(i)->type; }
  Maybe Known(size_t i) const { return op.Operand(i) == nullptr ? std::nullopt : ints.Of(op.Operand(i)); }
  int64_t Count() const { return *StaticCount(result.type); }
};

// Coordinates of element `at` of a tensor, outermost first.
std::vector<int64_t> Coordinates(int64_t at, const std::vector<int64_t>& dims) {
  std::vector<int64_t> coordinates(dims.size());
  for (size_t i = dims.size(); i-- > 0;) {
    coordinates[i] = at % dims[i];
    at /= dims[i];
  }
  return coordinates;
}

int64_t Offset(const std::vector<int64_t>& coordinates, const std::vector<int64_t>& dims) {
  int64_t offset = 0;
  for (size_t i = 0; i < dims.size(); ++i) offset = offset * dims[i] + coordinates[i];
  return offset;
}

// The element of an operand of shape `dims` that element `at` of a result of shape `to` reads (numpy
// broadcasting).
int64_t BroadcastOffset(int64_t at, const std::vector<int64_t>& to, const std::vector<int64_t>& dims) {
  std::vector<int64_t> coordinates = Coordinates(at, to);
  coordinates.erase(coordinates.begin(),
                    coordinates.begin() + static_cast<std::ptrdiff_t>(to.size() - dims.size()));
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) coordinates[i] = 0;
  }
  return Offset(coordinates, dims);
}

int64_t NormalAxis(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }

// ---- Operators that compute ----

using Binary = std::function<std::optional<Dim>(const Dim&, const Dim&)>;

std::optional<Dim> Truth(std::optional<bool> fact) {
  if (!fact) return std::nullopt;
  return Dim(*fact ? 1 : 0);
}

std::optional<Dim> Quotient(const Dim& a, const Dim& b) {
  if (b.Is(0)) return std::nullopt;
  if (b.Is(-1)) return Dim(0) - a;
  // ONNX integer division truncates toward zero.
  if (a.IsConstant() && b.IsConstant()) return Dim(a.Value() / b.Value());
  return b.IsPoisoned() || b.Terms().empty() ? std::nullopt : a.DividedBy(b);
}

std::optional<Dim> Remainder(const Dim& a, const Dim& b) {
  if (!a.IsConstant() || !b.IsConstant() || b.Is(0) || b.Is(-1)) return std::nullopt;
  const int64_t rest = a.Value() % b.Value();
  return Dim(rest != 0 && (rest < 0) != (b.Value() < 0) ? rest + b.Value() : rest);
}

std::optional<Dim> Smaller(const Dim& a, const Dim& b) {
  if (IsAtMost(a, b)) return a;
  if (IsAtMost(b, a)) return b;
  return std::nullopt;
}

std::optional<Dim> Larger(const Dim& a, const Dim& b) {
  if (IsAtMost(a, b)) return b;
  if (IsAtMost(b, a)) return a;
  return std::nullopt;
}

std::optional<Dim> Both(const Dim& a, const Dim& b) {
  if (a.Is(0) || b.Is(0)) return Dim(0);
  return a.Is(1) && b.Is(1) ? std::optional<Dim>(1) : std::nullopt;
}

std::optional<Dim> Either(const Dim& a, const Dim& b) {
  if (a.Is(1) || b.Is(1)) return Dim(1);
  return a.Is(0) && b.Is(0) ? std::optional<Dim>(0) : std::nullopt;
}

const std::map<OpKind, Binary>& BinaryOps() {
  static const std::map<OpKind, Binary> table = {
      {OpKind::kAdd, [](const Dim& a, const Dim& b) { return a + b; }},
      {OpKind::kSub, [](const Dim& a, const Dim& b) { return a - b; }},
      {OpKind::kMul, [](const Dim& a, const Dim& b) { return a * b; }},
      {OpKind::kDiv, Quotient},
      {OpKind::kMod, Remainder},
      {OpKind::kMin, Smaller},
      {OpKind::kMax, Larger},
      {OpKind::kAnd, Both},
      {OpKind::kOr, Either},
      {OpKind::kEqual, [](const Dim& a, const Dim& b) { return Truth(AreEqual(a, b)); }},
      {OpKind::kLess, [](const Dim& a, const Dim& b) { return Truth(IsLess(a, b)); }},
      {OpKind::kGreater, [](const Dim& a, const Dim& b) { return Truth(IsLess(b, a)); }},
      {OpKind::kLessOrEqual, [](const Dim& a, const Dim& b) { return Truth(IsLess(a, b + 1)); }},
      {OpKind::kGreaterOrEqual, [](const Dim& a, const Dim& b) { return Truth(IsLess(b, a + 1)); }},
  };
  return table;
}

Maybe Elementwise(const Query& query, const Binary& combine) {
  Maybe accumulated = query.Known(0);
  std::vector<int64_t> shape = accumulated ? query.TypeOf(0)->StaticDims() : std::vector<int64_t>();
  const std::vector<int64_t> to = query.result.type.StaticDims();
  for (size_t operand = 1; accumulated && operand < query.op.Operands().size(); ++operand) {
    const Maybe other = query.Known(operand);
    if (!other) return std::nullopt;
    const std::vector<int64_t> other_shape = query.TypeOf(operand)->StaticDims();
    Elements next;
    for (int64_t at = 0; at < query.Count(); ++at) {
      const Dim& a = (*accumulated)[static_cast<size_t>(BroadcastOffset(at, to, shape))];
      std::optional<Dim> value =
          combine(a, (*other)[static_cast<size_t>(BroadcastOffset(at, to, other_shape))]);
      if (!value || value->IsPoisoned()) return std::nullopt;
      next.push_back(*value);
    }
    accumulated = std::move(next);
    shape = to;
  }
  return accumulated;
}

Maybe Selected(const Query& query) {
  const Maybe condition = query.Known(0);
  const Maybe x = query.Known(1);
  const Maybe y = query.Known(2);
  if (!x || !y) return std::nullopt;
  const std::vector<int64_t> to = query.result.type.StaticDims();
  const auto element = [&](const Elements& elements, size_t operand, int64_t at) {
    return elements[static_cast<size_t>(BroadcastOffset(at, to, query.TypeOf(operand)->StaticDims()))];
  };
  Elements selected;
  for (int64_t at = 0; at < query.Count(); ++at) {
    const Dim a = element(*x, 1, at);
    const Dim b = element(*y, 2, at);
    if (a == b) {
      selected.push_back(a);
      continue;
    }
    if (!condition) return std::nullopt;
    const Dim choice = element(*condition, 0, at);
    if (!choice.IsConstant()) return std::nullopt;
    selected.push_back(choice.Is(0) ? b : a);
  }
  return selected;
}

Maybe Unary(const Query& query) {
  Maybe known = query.Known(0);
  if (!known) return std::nullopt;
  for (Dim& element : *known) {
    if (query.op.Kind() == OpKind::kNeg) {
      element = Dim(0) - element;
    } else if (query.op.Kind() == OpKind::kNot) {
      if (!element.IsConstant()) return std::nullopt;
      element = Dim(element.Is(0) ? 1 : 0);
    } else if (!IsNeverNegative(element)) {  // abs
      if (!IsNeverNegative(Dim(0) - element)) return std::nullopt;
      element = Dim(0) - element;
    }
    if (element.IsPoisoned()) return std::nullopt;
  }
  return known;
}

bool FitsIn(const Dim& element, ElementType type) {
  // A size that is not known yet fits: 32 bits hold every size, and fewer are not taken for sizes.
  if (!element.IsConstant()) return type == ElementType::kI64 || type == ElementType::kI32;
  const int64_t bits = BytesOf(type) * 8;
  if (bits == 64) return true;
  const int64_t high = int64_t{1} << (type == ElementType::kU8 ? bits : bits - 1);
  const int64_t low = type == ElementType::kU8 ? 0 : -high;
  return element.Value() >= low && element.Value() < high;
}

Maybe Converted(const Query& query) {
  Maybe known = query.Known(0);
  if (!known) return std::nullopt;
  const ElementType to = query.result.type.element;
  for (Dim& element : *known) {
    if (to == ElementType::kBool) {
      const std::optional<bool> zero = AreEqual(element, Dim(0));
      if (!zero) return std::nullopt;
      element = Dim(*zero ? 0 : 1);
    } else if (!FitsIn(element, to)) {
      return std::nullopt;
    }
  }
  return known;
}

Maybe Reduced(const Query& query, const Binary& combine, const Dim& identity) {
  const Maybe x = query.Known(0);
  if (!x) return std::nullopt;
  const std::vector<int64_t> dims = query.TypeOf(0)->StaticDims();
  const auto rank = static_cast<int64_t>(dims.size());
  std::vector<bool> reduced(dims.size(), false);
  if (const Value* axes_value = query.op.Operand(1); axes_value != nullptr) {
    const auto axes = query.ints.IntegersOf(axes_value);
    if (!axes) return std::nullopt;
    for (int64_t axis : *axes) reduced[static_cast<size_t>(NormalAxis(axis, rank))] = true;
  }
  if (std::find(reduced.begin(), reduced.end(), true) == reduced.end()) {
    if (query.op.Int("noop_with_empty_axes") != 0) return x;
    reduced.assign(dims.size(), true);
  }
  std::vector<int64_t> kept = dims;
  for (size_t i = 0; i < dims.size(); ++i) kept[i] = reduced[i] ? 1 : dims[i];
  Elements result(static_cast<size_t>(query.Count()), identity);
  for (size_t at = 0; at < x->size(); ++at) {
    std::vector<int64_t> coordinates = Coordinates(static_cast<int64_t>(at), dims);
    for (size_t i = 0; i < dims.size(); ++i) coordinates[i] = reduced[i] ? 0 : coordinates[i];
    Dim& slot = result[static_cast<size_t>(Offset(coordinates, kept))];
    const std::optional<Dim> value = combine(slot, (*x)[at]);
    if (!value || value->IsPoisoned()) return std::nullopt;
    slot = *value;
  }
  return result;
}

// ---- Operators that move ----

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

// What leaves the order of elements alone.
Maybe Unmoved(const Query& query) { return query.Known(0); }

using Rule = std::function<Maybe(const Query&)>;

const std::map<OpKind, Rule>& Rules() {
  static const std::map<OpKind, Rule> table = [] {
    std::map<OpKind, Rule> rules = {
        {OpKind::kShape, ShapeElements}, {OpKind::kSize, SizeElement},  {OpKind::kConstantOfShape, Filled},
        {OpKind::kIdentity, Unmoved},    {OpKind::kReshape, Unmoved},   {OpKind::kFlatten, Unmoved},
        {OpKind::kSqueeze, Unmoved},     {OpKind::kUnsqueeze, Unmoved}, {OpKind::kConcat, Joined},
        {OpKind::kGather, Taken},        {OpKind::kSlice, Sliced},      {OpKind::kSplit, Parted},
        {OpKind::kTranspose, Permuted},  {OpKind::kExpand, Stretched},  {OpKind::kCast, Converted},
        {OpKind::kNeg, Unary},           {OpKind::kAbs, Unary},         {OpKind::kNot, Unary},
        {OpKind::kWhere, Selected},
    };
    for (const auto& [kind, combine] : BinaryOps()) {
      rules[kind] = [&combine](const Query& query) { return Elementwise(query, combine); };
    }
    const auto reduce = [&](OpKind kind, OpKind combine, int identity) {
      rules[kind] = [combine, identity](const Query& query) {
        return Reduced(query, BinaryOps().at(combine), Dim(identity));
      };
    };
    reduce(OpKind::kReduceProd, OpKind::kMul, 1);
    reduce(OpKind::kReduceSum, OpKind::kAdd, 0);
    return rules;
  }();
  return table;
}

Maybe ElementsOf(const Tensor& tensor) {
  Elements elements;
  for (int64_t i = 0; i < tensor.ElementCount(); ++i) elements.emplace_back(tensor.IntegerAt(i));
  return elements;
}

}  // namespace

std::optional<std::vector<Dim>> KnownInts::Compute(const Value* value) {
  if (IsFloat(value->type.element) || !StaticCount(value->type)) return std::nullopt;
  if (value->kind == ValueKind::kConst) return ElementsOf(*value->tensor);
  if (value->kind != ValueKind::kResult) return std::nullopt;
  auto rule = Rules().find(value->definition->Kind());
  if (rule == Rules().end()) return std::nullopt;
  Maybe elements = rule->second({*value->definition, *value, *this});
  if (!elements || static_cast<int64_t>(elements->size()) != *StaticCount(value->type)) return std::nullopt;
  // Arithmetic here does not wrap: what would have wrapped is not known.
  const bool fit = std::all_of(elements->begin(), elements->end(),
                               [&](const Dim& element) { return FitsIn(element, value->type.element); });
  return fit ? elements : std::nullopt;
}

std::optional<std::vector<Dim>> KnownInts::Of(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (auto found = known_.find(value); found != known_.end()) return found->second;
  if (depth_ >= kMaxDepth) return std::nullopt;
  ++depth_;
  std::optional<std::vector<Dim>> elements = Compute(value);
  --depth_;
  known_[value] = elements;
  return elements;
}

std::optional<std::vector<int64_t>> KnownInts::IntegersOf(const Value* value) {
  const std::optional<std::vector<Dim>> elements = Of(value);
  if (!elements) return std::nullopt;
  std::vector<int64_t> integers;
  for (const Dim& element : *elements) {
    if (!element.IsConstant()) return std::nullopt;
    integers.push_back(element.Value());
  }
  return integers;
}

}  // namespace rnnc::ir
