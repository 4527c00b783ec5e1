// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/shape_rules_common.h"

// Operators that compute each element by itself, with numpy broadcasting.
namespace rnnc::ir::shape_rules {
namespace {

enum class Elements : uint8_t { kAny, kNumber, kFloat, kInteger, kBool };

bool Belongs(ElementType type, Elements elements) {
  switch (elements) {
    case Elements::kAny:
      return true;
    case Elements::kNumber:
      return type != ElementType::kBool;
    case Elements::kFloat:
      return IsFloat(type);
    case Elements::kInteger:
      return !IsFloat(type) && type != ElementType::kBool;
    case Elements::kBool:
      return type == ElementType::kBool;
  }
  return false;
}

std::string_view Describe(Elements elements) {
  constexpr std::string_view kTexts[] = {"anything", "a number", "a float", "an integer", "bool"};
  return kTexts[static_cast<size_t>(elements)];
}

Result<> RequireElements(const Query& query, std::string_view name, const Type& type, Elements elements) {
  if (Belongs(type.element, elements)) return Ok();
  return query.Refuse("{}: must be {}, is {}", name, Describe(elements), type.ToText());
}

std::string NameOf(const Query& query, size_t operand) {
  const auto& slots = query.op.Info().operands;
  return std::string(slots[std::min(operand, slots.size() - 1)].name);
}

// All operands belong to `elements`, are of one element type and broadcast.
template <Elements elements>
Result<Type> Joint(const Query& query) {
  if (query.op.Operands().empty()) return query.Refuse("needs at least one operand");
  Type joint = query.op.Operand(size_t{0})->type;
  for (size_t i = 0; i < query.op.Operands().size(); ++i) {
    const Type& type = query.op.Operand(i)->type;
    RNNC_TRY(RequireElements(query, NameOf(query, i), type, elements));
    if (type.element != joint.element) {
      return query.Refuse("operands are {} and {}; insert a Cast", joint.ToText(), type.ToText());
    }
    RNNC_ASSIGN(joint.dims, Broadcast(query, joint.dims, type.dims));
  }
  return joint;
}

template <Elements elements>
Result<Types> Same(const Query& query) {
  RNNC_ASSIGN(Type type, Joint<elements>(query));
  return Types{type};
}

template <Elements elements>
Result<Types> Truth(const Query& query) {
  RNNC_ASSIGN(Type type, Joint<elements>(query));
  type.element = ElementType::kBool;
  return Types{type};
}

Result<Types> Cast(const Query& query) {
  const std::optional<ElementType> to = ParseElementType(query.op.String("to"));
  if (!to) return query.Refuse("to: no element type '{}'", query.op.String("to"));
  return Types{MakeType(*to, query.TypeOf("x").dims)};
}

Result<Types> Clip(const Query& query) {
  const Type& x = query.TypeOf("x");
  RNNC_TRY(RequireElements(query, "x", x, Elements::kNumber));
  for (const char* name : {"min", "max"}) {
    const Value* bound = query.Find(name);
    if (bound == nullptr || bound->type == MakeType(x.element, {})) continue;
    return query.Refuse("{}: must be a scalar {}, is {}", name, ir::ToText(x.element), bound->type.ToText());
  }
  return Types{x};
}

// ONNX Pow: the exponent may be of another type; the result is of the base's.
Result<Types> Pow(const Query& query) {
  const Type& a = query.TypeOf("a");
  const Type& b = query.TypeOf("b");
  RNNC_TRY(RequireElements(query, "a", a, Elements::kNumber));
  RNNC_TRY(RequireElements(query, "b", b, Elements::kNumber));
  RNNC_ASSIGN(Dims dims, Broadcast(query, a.dims, b.dims));
  return Types{MakeType(a.element, dims)};
}

Result<Types> Mod(const Query& query) {
  RNNC_ASSIGN(Type type, Joint<Elements::kNumber>(query));
  if (IsFloat(type.element) && query.op.Int("fmod") != 1) {
    return query.Refuse("fmod: must be 1 for {}", type.ToText());
  }
  return Types{type};
}

Result<Types> Prelu(const Query& query) {
  RNNC_ASSIGN(Type type, Joint<Elements::kNumber>(query));
  if (type.dims != query.TypeOf("x").dims) {
    return query.Refuse("slope: {} does not broadcast to {}", query.TypeOf("slope").ToText(),
                        query.TypeOf("x").ToText());
  }
  return Types{type};
}

Result<Types> Where(const Query& query) {
  RNNC_TRY(RequireElements(query, "condition", query.TypeOf("condition"), Elements::kBool));
  const Type& x = query.TypeOf("x");
  const Type& y = query.TypeOf("y");
  if (x.element != y.element)
    return query.Refuse("operands are {} and {}; insert a Cast", x.ToText(), y.ToText());
  RNNC_ASSIGN(Dims dims, Broadcast(query, x.dims, y.dims));
  RNNC_ASSIGN(dims, Broadcast(query, dims, query.TypeOf("condition").dims));
  return Types{MakeType(x.element, dims)};
}

Result<Types> Gelu(const Query& query) {
  const std::string& mode = query.op.String("approximate");
  if (mode != "none" && mode != "tanh")
    return query.Refuse("approximate: '{}' is neither none nor tanh", mode);
  return Same<Elements::kFloat>(query);
}

Result<Types> BitShift(const Query& query) {
  const std::string& direction = query.op.String("direction");
  if (direction != "LEFT" && direction != "RIGHT") {
    return query.Refuse("direction: '{}' is neither LEFT nor RIGHT", direction);
  }
  RNNC_ASSIGN(Type type, Joint<Elements::kInteger>(query));
  if (!IsUnsigned(type.element)) return query.Refuse("a: must be unsigned, is {}", type.ToText());
  return Types{type};
}

// The formula divides by alpha.
Result<Types> Celu(const Query& query) {
  if (query.op.Float("alpha") == 0) return query.Refuse("alpha: 0 has no meaning; use Relu");
  return Same<Elements::kFloat>(query);
}

}  // namespace

// NOLINTNEXTLINE(readability-function-size): a table, one line an operator
const std::map<OpKind, Rule>& PointwiseRules() {
  constexpr Rule number = Same<Elements::kNumber>;
  constexpr Rule floating = Same<Elements::kFloat>;
  constexpr Rule integer = Same<Elements::kInteger>;
  constexpr Rule logic = Same<Elements::kBool>;
  constexpr Rule order = Truth<Elements::kNumber>;
  static const std::map<OpKind, Rule> table = {
      {OpKind::kIdentity, Same<Elements::kAny>},
      {OpKind::kCast, Cast},
      {OpKind::kClip, Clip},
      {OpKind::kNeg, number},
      {OpKind::kAbs, number},
      {OpKind::kSign, number},
      {OpKind::kRelu, number},
      {OpKind::kReciprocal, floating},
      {OpKind::kSqrt, floating},
      {OpKind::kExp, floating},
      {OpKind::kLog, floating},
      {OpKind::kFloor, floating},
      {OpKind::kCeil, floating},
      {OpKind::kRound, floating},
      {OpKind::kErf, floating},
      {OpKind::kSin, floating},
      {OpKind::kCos, floating},
      {OpKind::kTan, floating},
      {OpKind::kAsin, floating},
      {OpKind::kAcos, floating},
      {OpKind::kAtan, floating},
      {OpKind::kSinh, floating},
      {OpKind::kCosh, floating},
      {OpKind::kAsinh, floating},
      {OpKind::kAcosh, floating},
      {OpKind::kAtanh, floating},
      {OpKind::kTanh, floating},
      {OpKind::kSigmoid, floating},
      {OpKind::kSoftplus, floating},
      {OpKind::kSoftsign, floating},
      {OpKind::kMish, floating},
      {OpKind::kLeakyRelu, floating},
      {OpKind::kElu, floating},
      {OpKind::kSelu, floating},
      {OpKind::kCelu, Celu},
      {OpKind::kThresholdedRelu, floating},
      {OpKind::kHardSigmoid, floating},
      {OpKind::kHardSwish, floating},
      {OpKind::kGelu, Gelu},
      {OpKind::kShrink, number},
      {OpKind::kNot, logic},
      {OpKind::kAnd, logic},
      {OpKind::kOr, logic},
      {OpKind::kXor, logic},
      {OpKind::kBitwiseNot, integer},
      {OpKind::kBitwiseAnd, integer},
      {OpKind::kBitwiseOr, integer},
      {OpKind::kBitwiseXor, integer},
      {OpKind::kBitShift, BitShift},
      {OpKind::kIsNan, Truth<Elements::kFloat>},
      {OpKind::kIsInf, Truth<Elements::kFloat>},
      {OpKind::kAdd, number},
      {OpKind::kSub, number},
      {OpKind::kMul, number},
      {OpKind::kDiv, number},
      {OpKind::kPow, Pow},
      {OpKind::kMod, Mod},
      {OpKind::kPrelu, Prelu},
      {OpKind::kWhere, Where},
      {OpKind::kEqual, Truth<Elements::kAny>},
      {OpKind::kLess, order},
      {OpKind::kLessOrEqual, order},
      {OpKind::kGreater, order},
      {OpKind::kGreaterOrEqual, order},
      {OpKind::kMin, number},
      {OpKind::kMax, number},
      {OpKind::kSum, floating},
      {OpKind::kMean, floating},
  };
  return table;
}

}  // namespace rnnc::ir::shape_rules
