// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <set>

#include "compiler/import/operators.h"
#include "compiler/import/tensor.h"
#include "compiler/ir/shape_rules.h"
#include "compiler/support/arithmetic.h"
#include "compiler/support/strings.h"

// Operators about places and types: arg reductions, EyeLike, CastLike, Einsum, OneHot, Compress, GatherND,
// and the scatters.
namespace rnnc::import {

using ir::Dim;
using ir::ElementType;
using ir::OpKind;

Result<Values> ConvertArgReduce(const NodeContext& context) {
  AttributeMap attributes = context.attributes.values;
  attributes.try_emplace("select_last_index", int64_t{0});
  return context.emit.Op(context.rule.kind, context.inputs, attributes);
}

Result<Values> ConvertEyeLike(const NodeContext& context) {
  ElementType element = context.Input(0)->type.element;
  if (context.attributes.Has("dtype")) {
    const int64_t number = context.attributes.Int("dtype");
    const std::optional<ElementType> given = ElementTypeOf(number);
    if (!given) {
      return context.emit.Refuse("dtype: {} is not computed; convert the model to a float or integer type",
                                 DataTypeName(number));
    }
    element = *given;
  }
  return context.emit.Op(OpKind::kEyeLike, context.inputs,
                         {{"dtype", std::string(ir::ToText(element))}, {"k", context.attributes.Int("k")}});
}

Result<Values> ConvertCastLike(const NodeContext& context) {
  const ElementType element = context.Input(1)->type.element;
  return context.emit.Op(OpKind::kCast, {context.Input(0)}, {{"to", std::string(ir::ToText(element))}});
}

// ---- Einsum ----

namespace {

// Letters for the axes of an ellipsis: those that the equation does not use.
std::string FreeLetters(const std::string& equation) {
  std::string free;
  for (const char* range : {"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"}) {
    for (const char* letter = range; *letter != 0; ++letter) {
      if (equation.find(*letter) == std::string::npos) free += *letter;
    }
  }
  return free;
}

// The letters of one term with `count` axes in all; an ellipsis is the last of `free`'s letters, aligned to
// the right as broadcasting has it. Empty: it does not fit.
std::optional<std::string> Written(std::string term, size_t count, const std::string& free, size_t widest) {
  const size_t dots = term.find("...");
  if (dots == std::string::npos) return term.size() == count ? std::optional(term) : std::nullopt;
  term.erase(dots, 3);
  if (term.size() > count || count - term.size() > widest) return std::nullopt;
  const size_t covered = count - term.size();
  return term.insert(dots, free.substr(widest - covered, covered));
}

bool IsLetters(const std::string& term) {
  return std::all_of(term.begin(), term.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

}  // namespace

// Brings the equation into the explicit form. Without "->" the result has the ellipsis, then the letters that
// occur once, in alphabetical order.
Result<Values> ConvertEinsum(const NodeContext& context) {
  std::string equation = context.attributes.String("equation");
  equation.erase(std::remove(equation.begin(), equation.end(), ' '), equation.end());
  const size_t arrow = equation.find("->");
  std::vector<std::string> terms = Split(equation.substr(0, arrow), ',');
  if (terms.size() != context.inputs.size()) {
    return context.emit.Refuse("equation: {} terms for {} inputs", terms.size(), context.inputs.size());
  }
  size_t widest = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    const size_t rank = context.Input(i)->type.dims.size();
    if (terms[i].find("...") == std::string::npos || terms[i].size() - 3 > rank) continue;
    widest = std::max(widest, rank - (terms[i].size() - 3));
  }
  const std::string free = FreeLetters(equation).substr(0, widest);
  std::string all, joined;
  for (size_t i = 0; i < terms.size(); ++i) {
    const auto term = Written(terms[i], context.Input(i)->type.dims.size(), free, widest);
    if (!term || !IsLetters(*term)) {
      return context.emit.Refuse("equation: '{}' for {}", terms[i], context.Input(i)->type.ToText());
    }
    all += *term;
    joined += (i == 0 ? "" : ",") + *term;
  }
  std::string output;
  if (arrow == std::string::npos) {
    output = free;
    const std::set<char> letters(all.begin(), all.end());
    for (char letter : letters) {
      if (free.find(letter) == std::string::npos && std::count(all.begin(), all.end(), letter) == 1) {
        output += letter;
      }
    }
  } else {
    output = equation.substr(arrow + 2);
    const size_t dots = output.find("...");
    if (dots != std::string::npos) output.replace(dots, 3, free);
  }
  const std::set<char> distinct(output.begin(), output.end());
  if (!IsLetters(output) || distinct.size() != output.size()) {
    return context.emit.Refuse("equation: the result '{}' is no list of different axes", output);
  }
  return context.emit.Op(OpKind::kEinsum, context.inputs, {{"equation", joined + "->" + output}});
}

// ---- OneHot, Compress ----

// Where the index along the new axis is that of the position: values[1], elsewhere values[0]. Indices count
// from the end when negative; those outside -depth..depth-1 are nowhere.
Result<Values> ConvertOneHot(const NodeContext& context) {
  ir::Value* indices = context.Input(0);
  const auto depth = context.emit.Ints().IntegersOf(context.Input(1));
  ir::Value* depth_value = context.Input(1);
  std::optional<int64_t> size;
  if (depth && depth->size() == 1) size = depth->front();
  if (!size && depth_value->IsConst() && depth_value->tensor->ElementCount() == 1) {
    const double number = depth_value->tensor->NumberAt(0);
    if (!(number >= 1 && number < 1e18)) return context.emit.Refuse("depth: {} is no size", number);
    size = static_cast<int64_t>(number);
  }
  if (size && *size < 1) return context.emit.Refuse("depth: {} is no size", *size);
  if (!size) {
    return context.emit.Refuse("depth: {}", ir::UnknownValue(*depth_value, context.emit.Ints()));
  }
  if (!(context.Input(2)->type.dims == std::vector<Dim>{Dim(2)})) {
    return context.emit.Refuse("values: must have 2 elements, is {}", context.Input(2)->type.ToText());
  }
  const int64_t rank = indices->type.Rank() + 1;
  int64_t axis = context.attributes.Int("axis");
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) {
    return context.emit.Refuse("axis: {} is outside the {} axes of the result",
                               context.attributes.Int("axis"), rank);
  }
  const auto scalar = [&](const char* what, int64_t value) {
    return context.emit.Const(context.HelperName(what),
                              ir::MakeScalar(ElementType::kI64, static_cast<double>(value)));
  };
  if (indices->type.element != ElementType::kI64) {
    RNNC_ASSIGN(indices, context.emit.One(OpKind::kCast, {indices}, {{"to", std::string("i64")}}));
  }
  RNNC_ASSIGN(ir::Value * behind, context.emit.One(OpKind::kAdd, {indices, scalar("depth", *size)}));
  RNNC_ASSIGN(ir::Value * negative, context.emit.One(OpKind::kLess, {indices, scalar("zero", 0)}));
  RNNC_ASSIGN(ir::Value * counted, context.emit.One(OpKind::kWhere, {negative, behind, indices}));
  RNNC_ASSIGN(
      ir::Value * each,
      context.emit.One(OpKind::kUnsqueeze, {counted, context.emit.Ints(context.HelperName("axis"), {axis})}));
  std::vector<int64_t> shape(static_cast<size_t>(rank), 1);
  shape[static_cast<size_t>(axis)] = *size;
  // A range, not a constant: the depth may be any number.
  RNNC_ASSIGN(ir::Value * range, context.emit.One(OpKind::kRange, {scalar("first", 0), scalar("depth", *size),
                                                                   scalar("step", 1)}));
  RNNC_ASSIGN(
      ir::Value * positions,
      context.emit.One(OpKind::kReshape, {range, context.emit.Ints(context.HelperName("shape"), shape)},
                       {{"allowzero", int64_t{0}}}));
  RNNC_ASSIGN(ir::Value * here, context.emit.One(OpKind::kEqual, {each, positions}));
  Values levels;
  for (int64_t i : {int64_t{1}, int64_t{0}}) {
    RNNC_ASSIGN(ir::Value * level, context.emit.One(OpKind::kGather, {context.Input(2), scalar("level", i)},
                                                    {{"axis", int64_t{0}}}));
    levels.push_back(level);
  }
  return context.emit.Op(OpKind::kWhere, {here, levels[0], levels[1]});
}

// The elements whose condition holds; without an axis, of the operand flattened.
Result<Values> ConvertCompress(const NodeContext& context) {
  ir::Value* x = context.Input(0);
  const auto condition = context.emit.Ints().IntegersOf(context.Input(1));
  const ir::Type& type = context.Input(1)->type;
  if (type.Rank() != 1 || type.element != ElementType::kBool) {
    return context.emit.Refuse("condition: must be bools in 1 dimension, is {}", type.ToText());
  }
  if (!condition) {
    return context.emit.Refuse("condition: {}", ir::UnknownValue(*context.Input(1), context.emit.Ints()));
  }
  std::vector<int64_t> kept;
  for (size_t i = 0; i < condition->size(); ++i) {
    if ((*condition)[i] != 0) kept.push_back(static_cast<int64_t>(i));
  }
  int64_t axis = 0;
  if (context.attributes.Has("axis")) {
    axis = context.attributes.Int("axis");
  } else {
    RNNC_ASSIGN(x,
                context.emit.One(OpKind::kReshape, {x, context.emit.Ints(context.HelperName("flat"), {-1})},
                                 {{"allowzero", int64_t{0}}}));
  }
  return context.emit.Op(OpKind::kGather, {x, context.emit.Ints(context.HelperName("kept"), kept)},
                         {{"axis", axis}});
}

// ---- GatherND and the scatters ----

namespace {

// The elements of `indices`, which must be known, and its dims.
Result<std::vector<int64_t>> KnownIndices(const NodeContext& context) {
  const ir::Value* indices = context.Input(1);
  if (indices->type.element != ElementType::kI64 && indices->type.element != ElementType::kI32) {
    return context.emit.Refuse("indices: must be i32 or i64, is {}", indices->type.ToText());
  }
  if (auto known = context.emit.Ints().IntegersOf(indices)) return *std::move(known);
  return context.emit.Refuse("indices: {}", ir::UnknownValue(*indices, context.emit.Ints()));
}

// Sizes of the axes first..last-1, which must be known.
Result<std::vector<int64_t>> StaticSizes(const NodeContext& context, size_t first, size_t last) {
  const ir::Type& x = context.Input(0)->type;
  std::vector<int64_t> sizes;
  for (size_t i = first; i < last; ++i) {
    if (!x.dims[i].IsConstant()) {
      return context.emit.Refuse("indices: into axis {} of {}; bind its size with --dim", i, x.ToText());
    }
    sizes.push_back(x.dims[i].Value());
  }
  return sizes;
}

std::string ReductionOf(const NodeContext& context) {
  return context.attributes.Has("reduction") ? context.attributes.String("reduction") : "none";
}

}  // namespace

// The indexed axes, and the batch axes before them, are one axis; a row of indices is one place in it.
Result<Values> ConvertGatherNd(const NodeContext& context) {
  const ir::Type& x = context.Input(0)->type;
  const ir::Type& type = context.Input(1)->type;
  const int64_t batch = context.attributes.Has("batch_dims") ? context.attributes.Int("batch_dims") : 0;
  RNNC_ASSIGN(const std::vector<int64_t> indices, KnownIndices(context));
  const int64_t depth = type.Rank() > 0 ? type.dims.back().Value() : 0;
  if (batch < 0 || batch >= type.Rank() || depth < 1 || batch + depth > x.Rank()) {
    return context.emit.Refuse("indices: {} into {} with {} batch axes", type.ToText(), x.ToText(), batch);
  }
  for (size_t i = 0; i < static_cast<size_t>(batch); ++i) {
    if (type.dims[i] == x.dims[i]) continue;
    return context.emit.Refuse("batch_dims: axis {} of indices {} is not that of {}{}", i, type.ToText(),
                               x.ToText(), ir::BindingHint(x.dims[i]));
  }
  const auto first = static_cast<size_t>(batch), last = static_cast<size_t>(batch + depth);
  RNNC_ASSIGN(const std::vector<int64_t> sizes, StaticSizes(context, 0, last));
  const std::optional<int64_t> product = CheckedProduct(sizes);
  RNNC_CHECK(product.has_value(), "a value of {} has passed IsTooLarge", x.ToText());
  const std::vector<int64_t> dims = type.StaticDims();
  int64_t rows_of_batch = 1;
  for (size_t i = first; i + 1 < dims.size(); ++i) rows_of_batch *= dims[i];
  std::vector<int64_t> places;
  for (size_t at = 0; at < indices.size(); at += static_cast<size_t>(depth)) {
    int64_t place = static_cast<int64_t>(at) / depth / std::max<int64_t>(rows_of_batch, 1);
    for (size_t i = 0; i < static_cast<size_t>(depth); ++i) {
      const int64_t size = sizes[first + i];
      const int64_t index = indices[at + i];
      if (index < -size || index >= size) {
        return context.emit.Refuse("indices: {} is outside axis {}, which is {}", index, first + i, size);
      }
      place = place * size + (index < 0 ? index + size : index);
    }
    places.push_back(place);
  }
  auto table = std::make_shared<ir::Tensor>(ir::ZeroTensor(
      ir::MakeStaticType(ElementType::kI64, std::vector<int64_t>(dims.begin(), dims.end() - 1))));
  for (size_t i = 0; i < places.size(); ++i) table->SetInteger(static_cast<int64_t>(i), places[i]);
  // The joined axis is what its sizes come to; the others are copied by their place counted from it.
  ir::Value* flat = context.Input(0);
  if (last != 1) {
    RNNC_ASSIGN(ir::Value * rest, context.emit.One(OpKind::kShape, {context.Input(0)},
                                                   {{"start", static_cast<int64_t>(last)}}));
    ir::Value* front = context.emit.Ints(context.HelperName("joined"), {*product});
    RNNC_ASSIGN(ir::Value * shape, context.emit.One(OpKind::kConcat, {front, rest}, {{"axis", int64_t{0}}}));
    RNNC_ASSIGN(flat, context.emit.One(OpKind::kReshape, {flat, shape}, {{"allowzero", int64_t{1}}}));
  }
  return context.emit.Op(OpKind::kGather, {flat, context.emit.Const(context.HelperName("places"), table)},
                         {{"axis", int64_t{0}}});
}

Result<Values> ConvertScatterNd(const NodeContext& context) {
  return context.emit.Op(OpKind::kScatterNd, context.inputs, {{"reduction", ReductionOf(context)}});
}

// Element i of the updates goes to its own place with the index along `axis`: rows of full places.
Result<Values> ConvertScatterElements(const NodeContext& context) {
  const ir::Type& x = context.Input(0)->type;
  const ir::Type& type = context.Input(1)->type;
  RNNC_ASSIGN(const std::vector<int64_t> indices, KnownIndices(context));
  int64_t axis = context.attributes.Int("axis");
  if (axis < 0) axis += x.Rank();
  if (axis < 0 || axis >= x.Rank() || type.Rank() != x.Rank() || context.Input(2)->type.dims != type.dims) {
    return context.emit.Refuse("indices: {} for {}, updates {}, along axis {}{}", type.ToText(), x.ToText(),
                               context.Input(2)->type.ToText(), context.attributes.Int("axis"),
                               ir::BindingHint(type.dims, context.Input(2)->type.dims));
  }
  RNNC_ASSIGN(const std::vector<int64_t> sizes, StaticSizes(context, 0, x.dims.size()));
  const std::vector<int64_t> dims = type.StaticDims();
  std::vector<int64_t> rows;
  for (size_t at = 0; at < indices.size(); ++at) {
    std::vector<int64_t> row(dims.size());
    auto rest = static_cast<int64_t>(at);
    for (size_t i = dims.size(); i-- > 0;) {
      row[i] = rest % dims[i];
      rest /= dims[i];
    }
    row[static_cast<size_t>(axis)] = indices[at];
    rows.insert(rows.end(), row.begin(), row.end());
  }
  auto table = std::make_shared<ir::Tensor>(ir::ZeroTensor(
      ir::MakeStaticType(ElementType::kI64, {static_cast<int64_t>(indices.size()), x.Rank()})));
  for (size_t i = 0; i < rows.size(); ++i) table->SetInteger(static_cast<int64_t>(i), rows[i]);
  RNNC_ASSIGN(ir::Value * updates,
              context.emit.One(OpKind::kReshape,
                               {context.Input(2), context.emit.Ints(context.HelperName("flat"), {-1})},
                               {{"allowzero", int64_t{0}}}));
  return context.emit.Op(OpKind::kScatterNd,
                         {context.Input(0), context.emit.Const(context.HelperName("places"), table), updates},
                         {{"reduction", ReductionOf(context)}});
}

}  // namespace rnnc::import
