// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <cmath>
#include <limits>
#include <numbers>

#include "compiler/ir/lowering_common.h"

// Pointwise operators: one scalar expression each, over operands read by numpy broadcasting. The
// formulas are those of the ONNX operator texts.
namespace rnnc::ir::lowering {
namespace {

// What an expression is built from: the program, the operation (for its attributes) and the operands.
struct Scalars {
  Program& program;
  const Operation& op;
  std::vector<int> args;

  int operator()(ScalarOp scalar, int a) const { return Apply(program, scalar, {a}); }
  int operator()(ScalarOp scalar, int a, int b) const { return Apply(program, scalar, {a, b}); }
  int Select(int condition, int yes, int no) const {
    return Apply(program, ScalarOp::kSelect, {condition, yes, no});
  }
  int Const(double value) const { return ConstLike(program, args.back(), value); }
  int Attribute(std::string_view name) const { return Const(op.Float(name)); }
  int X() const { return args[0]; }
};
using Expression = int (*)(const Scalars&);

// ---- Operators that are one scalar operation ----

struct DirectRule {
  OpKind kind;
  ScalarOp scalar;
};
constexpr DirectRule kDirect[] = {
    {OpKind::kNeg, ScalarOp::kNeg},
    {OpKind::kAbs, ScalarOp::kAbs},
    {OpKind::kSign, ScalarOp::kSign},
    {OpKind::kSqrt, ScalarOp::kSqrt},
    {OpKind::kExp, ScalarOp::kExp},
    {OpKind::kLog, ScalarOp::kLog},
    {OpKind::kFloor, ScalarOp::kFloor},
    {OpKind::kCeil, ScalarOp::kCeil},
    {OpKind::kRound, ScalarOp::kRound},
    {OpKind::kErf, ScalarOp::kErf},
    {OpKind::kSin, ScalarOp::kSin},
    {OpKind::kCos, ScalarOp::kCos},
    {OpKind::kTan, ScalarOp::kTan},
    {OpKind::kAsin, ScalarOp::kAsin},
    {OpKind::kAcos, ScalarOp::kAcos},
    {OpKind::kAtan, ScalarOp::kAtan},
    {OpKind::kSinh, ScalarOp::kSinh},
    {OpKind::kCosh, ScalarOp::kCosh},
    {OpKind::kAsinh, ScalarOp::kAsinh},
    {OpKind::kAcosh, ScalarOp::kAcosh},
    {OpKind::kAtanh, ScalarOp::kAtanh},
    {OpKind::kTanh, ScalarOp::kTanh},
    {OpKind::kSigmoid, ScalarOp::kSigmoid},
    {OpKind::kSoftplus, ScalarOp::kSoftplus},
    {OpKind::kNot, ScalarOp::kNot},
    {OpKind::kIsNan, ScalarOp::kIsNan},
    {OpKind::kAdd, ScalarOp::kAdd},
    {OpKind::kSub, ScalarOp::kSub},
    {OpKind::kMul, ScalarOp::kMul},
    {OpKind::kDiv, ScalarOp::kDiv},
    {OpKind::kEqual, ScalarOp::kEqual},
    {OpKind::kLess, ScalarOp::kLess},
    {OpKind::kLessOrEqual, ScalarOp::kLessEqual},
    {OpKind::kGreater, ScalarOp::kGreater},
    {OpKind::kGreaterOrEqual, ScalarOp::kGreaterEqual},
    {OpKind::kAnd, ScalarOp::kAnd},
    {OpKind::kOr, ScalarOp::kOr},
    {OpKind::kXor, ScalarOp::kXor},
    {OpKind::kBitwiseNot, ScalarOp::kNot},
    {OpKind::kBitwiseAnd, ScalarOp::kAnd},
    {OpKind::kBitwiseOr, ScalarOp::kOr},
    {OpKind::kBitwiseXor, ScalarOp::kXor},
    {OpKind::kMin, ScalarOp::kMin},
    {OpKind::kMax, ScalarOp::kMax},
    {OpKind::kSum, ScalarOp::kAdd},
};

ScalarOp DirectScalar(OpKind kind) {
  for (const DirectRule& rule : kDirect) {
    if (rule.kind == kind) return rule.scalar;
  }
  RNNC_UNREACHABLE("{} is not one scalar operation", InfoOf(kind).text);
}

// Folds from the left: the variadic ones take any number of operands.
int Direct(const Scalars& s) {
  const ScalarOp scalar = DirectScalar(s.op.Kind());
  if (ArityOf(scalar) == 1) return s(scalar, s.X());
  int folded = s.X();
  for (size_t i = 1; i < s.args.size(); ++i) folded = s(scalar, folded, s.args[i]);
  return folded;
}

// ---- Operators that are a formula ----

int Reciprocal(const Scalars& s) { return s(ScalarOp::kDiv, s.Const(1), s.X()); }
int Relu(const Scalars& s) { return s(ScalarOp::kMax, s.X(), s.Const(0)); }
int Softsign(const Scalars& s) {
  return s(ScalarOp::kDiv, s.X(), s(ScalarOp::kAdd, s.Const(1), s(ScalarOp::kAbs, s.X())));
}
int Mish(const Scalars& s) {
  return s(ScalarOp::kMul, s.X(), s(ScalarOp::kTanh, s(ScalarOp::kSoftplus, s.X())));
}
int ScaledBelowZero(const Scalars& s, int slope) {
  return s.Select(s(ScalarOp::kLess, s.X(), s.Const(0)), s(ScalarOp::kMul, slope, s.X()), s.X());
}
int LeakyRelu(const Scalars& s) { return ScaledBelowZero(s, s.Attribute("alpha")); }
int Prelu(const Scalars& s) { return ScaledBelowZero(s, s.args[1]); }
int ExpMinusOne(const Scalars& s, int x) { return s(ScalarOp::kSub, s(ScalarOp::kExp, x), s.Const(1)); }
int Elu(const Scalars& s) {
  return s.Select(s(ScalarOp::kLess, s.X(), s.Const(0)),
                  s(ScalarOp::kMul, s.Attribute("alpha"), ExpMinusOne(s, s.X())), s.X());
}
int Selu(const Scalars& s) {
  const int alpha = s.Attribute("alpha");
  const int below = s(ScalarOp::kSub, s(ScalarOp::kMul, alpha, s(ScalarOp::kExp, s.X())), alpha);
  return s(ScalarOp::kMul, s.Attribute("gamma"),
           s.Select(s(ScalarOp::kLessEqual, s.X(), s.Const(0)), below, s.X()));
}
int Celu(const Scalars& s) {
  const int alpha = s.Attribute("alpha");
  const int below = s(ScalarOp::kMul, alpha, ExpMinusOne(s, s(ScalarOp::kDiv, s.X(), alpha)));
  return s(ScalarOp::kAdd, s(ScalarOp::kMax, s.X(), s.Const(0)), s(ScalarOp::kMin, below, s.Const(0)));
}
int ThresholdedRelu(const Scalars& s) {
  return s.Select(s(ScalarOp::kGreater, s.X(), s.Attribute("alpha")), s.X(), s.Const(0));
}
int Between(const Scalars& s, int x, double low, double high) {
  return s(ScalarOp::kMin, s(ScalarOp::kMax, x, s.Const(low)), s.Const(high));
}
int HardSigmoid(const Scalars& s) {
  return Between(s, s(ScalarOp::kAdd, s(ScalarOp::kMul, s.Attribute("alpha"), s.X()), s.Attribute("beta")), 0,
                 1);
}
int HardSwish(const Scalars& s) {
  const int line = s(ScalarOp::kAdd, s(ScalarOp::kMul, s.Const(1.0 / 6), s.X()), s.Const(0.5));
  return s(ScalarOp::kMul, s.X(), Between(s, line, 0, 1));
}
int Gelu(const Scalars& s) {
  int inner = s(ScalarOp::kErf, s(ScalarOp::kDiv, s.X(), s.Const(std::numbers::sqrt2)));
  if (s.op.String("approximate") == "tanh") {
    const int cube = s(ScalarOp::kMul, s.X(), s(ScalarOp::kMul, s.X(), s.X()));
    const int sum = s(ScalarOp::kAdd, s.X(), s(ScalarOp::kMul, s.Const(0.044715), cube));
    inner = s(ScalarOp::kTanh, s(ScalarOp::kMul, s.Const(std::sqrt(2 / std::numbers::pi)), sum));
  }
  return s(ScalarOp::kMul, s(ScalarOp::kMul, s.Const(0.5), s.X()), s(ScalarOp::kAdd, s.Const(1), inner));
}
int Shrink(const Scalars& s) {
  const int bias = s.Attribute("bias");
  const int threshold = s.Attribute("lambd");
  const int above =
      s.Select(s(ScalarOp::kGreater, s.X(), threshold), s(ScalarOp::kSub, s.X(), bias), s.Const(0));
  return s.Select(s(ScalarOp::kLess, s.X(), s(ScalarOp::kNeg, threshold)), s(ScalarOp::kAdd, s.X(), bias),
                  above);
}
int IsInf(const Scalars& s) {
  const double infinity = std::numeric_limits<double>::infinity();
  int found = s.program.AddConst(ElementType::kBool, 0);
  if (s.op.Int("detect_positive") != 0) {
    found = s(ScalarOp::kOr, found, s(ScalarOp::kEqual, s.X(), s.Const(infinity)));
  }
  if (s.op.Int("detect_negative") != 0) {
    found = s(ScalarOp::kOr, found, s(ScalarOp::kEqual, s.X(), s.Const(-infinity)));
  }
  return found;
}
int Mod(const Scalars& s) {
  return s(s.op.Int("fmod") != 0 ? ScalarOp::kFmod : ScalarOp::kMod, s.X(), s.args[1]);
}
// Times or over 2^n, which wraps to 0 from the width on; x/0 is 0, as it must be for so far a shift.
int BitShift(const Scalars& s) {
  const int power = s(ScalarOp::kPow, s.Const(2), s.args[1]);
  return s(s.op.String("direction") == "LEFT" ? ScalarOp::kMul : ScalarOp::kDiv, s.X(), power);
}
int Where(const Scalars& s) { return s.Select(s.X(), s.args[1], s.args[2]); }
int Mean(const Scalars& s) {
  int sum = s.X();
  for (size_t i = 1; i < s.args.size(); ++i) sum = s(ScalarOp::kAdd, sum, s.args[i]);
  return s(ScalarOp::kDiv, sum, s.Const(static_cast<double>(s.args.size())));
}
// Absent bounds do not bound; min above max gives max everywhere.
int Clip(const Scalars& s) {
  int clipped = s.X();
  size_t next = 1;
  if (s.op.Operand("min") != nullptr) clipped = s(ScalarOp::kMax, clipped, s.args[next++]);
  if (s.op.Operand("max") != nullptr) clipped = s(ScalarOp::kMin, clipped, s.args[next++]);
  return clipped;
}

struct FormulaRule {
  OpKind kind;
  Expression expression;
};
constexpr FormulaRule kFormulas[] = {
    {OpKind::kReciprocal, Reciprocal},
    {OpKind::kRelu, Relu},
    {OpKind::kSoftsign, Softsign},
    {OpKind::kMish, Mish},
    {OpKind::kLeakyRelu, LeakyRelu},
    {OpKind::kPrelu, Prelu},
    {OpKind::kElu, Elu},
    {OpKind::kSelu, Selu},
    {OpKind::kCelu, Celu},
    {OpKind::kThresholdedRelu, ThresholdedRelu},
    {OpKind::kHardSigmoid, HardSigmoid},
    {OpKind::kHardSwish, HardSwish},
    {OpKind::kGelu, Gelu},
    {OpKind::kShrink, Shrink},
    {OpKind::kIsInf, IsInf},
    {OpKind::kMod, Mod},
    {OpKind::kBitShift, BitShift},
    {OpKind::kWhere, Where},
    {OpKind::kMean, Mean},
    {OpKind::kClip, Clip},
};

Expression ExpressionFor(OpKind kind) {
  for (const FormulaRule& rule : kFormulas) {
    if (rule.kind == kind) return rule.expression;
  }
  return Direct;
}

// ---- Emitting ----

// `operand_type`: what each operand is brought to before the expression; nullopt keeps its own (f16 and
// bf16 always become f32).
Result<Values> EmitPointwise(const Context& context, std::optional<ElementType> operand_type,
                             Expression expression) {
  Values operands;
  for (Value* operand : context.op.Operands()) {
    if (operand != nullptr) operands.push_back(operand);
  }
  const Type& result = context.ResultType();
  return Values{EmitMap(context, result, operands, [&](Program& program) {
    Scalars scalars{program, context.op, {}};
    for (size_t i = 0; i < operands.size(); ++i) {
      const Type& type = operands[i]->type;
      const int read =
          program.AddRead(type.element, static_cast<int>(i), BroadcastIndices(type, result.dims.size()));
      scalars.args.push_back(CastTo(program, operand_type.value_or(ComputeType(type.element)), read));
    }
    return expression(scalars);
  })};
}

Result<Values> LowerPointwise(const Context& context) {
  return EmitPointwise(context, std::nullopt, ExpressionFor(context.op.Kind()));
}

// The exponent may have a type of its own. An integer base under a float exponent goes through f64.
Result<Values> LowerPow(const Context& context) {
  const ElementType base = context.Operand("a")->type.element;
  const ElementType exponent = context.Operand("b")->type.element;
  const bool mixed = !IsFloat(base) && IsFloat(exponent);
  return EmitPointwise(context, mixed ? ElementType::kF64 : ComputeType(base),
                       [](const Scalars& s) { return s(ScalarOp::kPow, s.X(), s.args[1]); });
}

Result<Values> LowerIdentity(const Context& context) { return Values{context.op.Operand(0)}; }

Result<Values> LowerCast(const Context& context) {
  return Values{EmitCast(context, context.Operand("x"), context.ResultType().element)};
}

std::vector<Rule> MakeRules() {
  std::vector<Rule> rules = {
      {OpKind::kIdentity, LowerIdentity}, {OpKind::kCast, LowerCast}, {OpKind::kPow, LowerPow}};
  for (const DirectRule& rule : kDirect) rules.push_back({rule.kind, LowerPointwise});
  for (const FormulaRule& rule : kFormulas) rules.push_back({rule.kind, LowerPointwise});
  return rules;
}

}  // namespace

const std::vector<Rule>& PointwiseRules() {
  static const std::vector<Rule> rules = MakeRules();
  return rules;
}

}  // namespace rnnc::ir::lowering
