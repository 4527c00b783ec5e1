// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/recurrent_cells.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/support/strings.h"

namespace rnnc::passes {
namespace {

using namespace ir;

// ---- Activations ----

Module& ModuleOf(CellBody& body) { return *body.builder.GetBlock().Parent()->Parent(); }

Value* Number(CellBody& body, const std::string& name, double value) {
  return ModuleOf(body).AddConst(name, MakeScalar(body.type.element, value));
}

Value* Binary(CellBody& body, OpKind kind, Value* a, Value* b) {
  return body.builder.Op(kind, {a, b}, body.type);
}

template <OpKind kKind>
Value* Plain(CellBody& body, const Activation&, Value* z) {
  return body.builder.Op(kKind, {z}, body.type);
}

// With the attributes alpha and, for some, beta.
template <OpKind kKind>
Value* WithParameters(CellBody& body, const Activation& activation, Value* z) {
  Operation* made = body.builder.Create(kKind, {z}, {body.type});
  for (const OpInfo::AttributeSlot& slot : made->Info().attributes) {
    made->Set(std::string(slot.name), slot.name == "alpha" ? activation.alpha : activation.beta);
  }
  return made->Result();
}

Value* Affine(CellBody& body, const Activation& activation, Value* z) {
  Value* scaled = Binary(body, OpKind::kMul, z, Number(body, "alpha", activation.alpha));
  return Binary(body, OpKind::kAdd, scaled, Number(body, "beta", activation.beta));
}

Value* ScaledTanh(CellBody& body, const Activation& activation, Value* z) {
  Value* scaled = Binary(body, OpKind::kMul, z, Number(body, "beta", activation.beta));
  Value* bounded = body.builder.Op(OpKind::kTanh, {scaled}, body.type);
  return Binary(body, OpKind::kMul, bounded, Number(body, "alpha", activation.alpha));
}

// x >= alpha, where the operator ThresholdedRelu asks for x > alpha.
Value* ThresholdedRelu(CellBody& body, const Activation& activation, Value* z) {
  const Type truth{ElementType::kBool, body.type.dims};
  Value* kept = body.builder.Op(OpKind::kGreaterOrEqual, {z, Number(body, "alpha", activation.alpha)}, truth);
  return body.builder.Op(OpKind::kWhere, {kept, z, Number(body, "zero", 0)}, body.type);
}

struct ActivationRow {
  std::string_view name;
  int parameters;  // of alpha, beta
  double alpha;    // defaults, floats as the attributes are; NaN: there is none
  double beta;
  Value* (*write)(CellBody&, const Activation&, Value*);
};
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr ActivationRow kActivations[] = {
    {"Sigmoid", 0, 0, 0, Plain<OpKind::kSigmoid>},
    {"Tanh", 0, 0, 0, Plain<OpKind::kTanh>},
    {"Relu", 0, 0, 0, Plain<OpKind::kRelu>},
    {"Softsign", 0, 0, 0, Plain<OpKind::kSoftsign>},
    {"Softplus", 0, 0, 0, Plain<OpKind::kSoftplus>},
    {"Affine", 2, kNone, kNone, Affine},
    {"LeakyRelu", 1, 0.01F, 0, WithParameters<OpKind::kLeakyRelu>},
    {"ThresholdedRelu", 1, 1, 0, ThresholdedRelu},
    {"ScaledTanh", 2, kNone, kNone, ScaledTanh},
    {"HardSigmoid", 2, 0.2F, 0.5, WithParameters<OpKind::kHardSigmoid>},
    {"Elu", 1, 1, 0, WithParameters<OpKind::kElu>},
};

const ActivationRow* FindActivation(const std::string& name) {
  const auto* row = std::find_if(std::begin(kActivations), std::end(kActivations),
                                 [&](const ActivationRow& r) { return ToLower(r.name) == ToLower(name); });
  return row == std::end(kActivations) ? nullptr : row;
}

Value* Activate(CellBody& body, size_t which, Value* z) {
  const Activation& activation = body.activations[which];
  return FindActivation(activation.name)->write(body, activation, z);
}

// ---- Gates ----

Value* Linear(CellBody& body, Value* input, Value* weights, Value* bias) {
  if (bias == nullptr) return body.builder.Op(OpKind::kLinear, {input, weights}, body.type);
  return body.builder.Op(OpKind::kLinear, {input, weights, bias}, body.type);
}

// A pre-activation within [-clip, clip].
Value* Clipped(CellBody& body, Value* z) {
  if (!body.op.Has("clip")) return z;
  const double clip = body.op.Float("clip");
  return body.builder.Op(OpKind::kClip, {z, Number(body, "least", -clip), Number(body, "most", clip)},
                         body.type);
}

// act(clip((bias + W x) + R h + P c)); `c` is read by gates with a peephole only.
Value* PlainGate(CellBody& body, size_t gate, size_t activation, Value* h, Value* c = nullptr) {
  const Gate& g = body.gates[gate];
  Value* from_x = Linear(body, body.x, g.w, g.sum);
  Value* sum = Binary(body, OpKind::kAdd, from_x, Linear(body, h, g.r, nullptr));
  if (g.peephole != nullptr) {
    sum = Binary(body, OpKind::kAdd, sum, Binary(body, OpKind::kMul, c, g.peephole));
  }
  return Activate(body, activation, Clipped(body, sum));
}

// ---- Cells ----

// i o f c; C = f*C(t-1) + i*g, H = o*h(C). The peepholes of i and f see C(t-1), that of o sees C.
std::vector<Value*> LstmCell(CellBody& body) {
  Value* h = body.carried[0];
  Value* c = body.carried[1];
  const bool peephole = body.gates[1].peephole != nullptr;
  Value* i = PlainGate(body, 0, 0, h, c);
  Value* o = peephole ? nullptr : PlainGate(body, 1, 0, h);
  Value* f = nullptr;
  if (body.op.Int("input_forget") != 0) {
    f = Binary(body, OpKind::kSub, Number(body, "one", 1), i);
  } else {
    f = PlainGate(body, 2, 0, h, c);
  }
  Value* g = PlainGate(body, 3, 1, h);
  Value* kept = Binary(body, OpKind::kMul, f, c);
  Value* added = Binary(body, OpKind::kMul, i, g);
  Value* next = Binary(body, OpKind::kAdd, kept, added);
  if (peephole) o = PlainGate(body, 1, 0, h, next);
  Value* bounded = Activate(body, 2, next);
  return {Binary(body, OpKind::kMul, o, bounded), next};
}

// z r h; H = (1-z)*h~ + z*H(t-1). What is clipped of the candidate is its whole pre-activation.
std::vector<Value*> GruCell(CellBody& body) {
  Value* h = body.carried[0];
  Value* z = PlainGate(body, 0, 0, h);
  Value* r = PlainGate(body, 1, 0, h);
  Value* candidate = nullptr;
  if (body.op.Int("linear_before_reset") == 0) {
    candidate = PlainGate(body, 2, 1, Binary(body, OpKind::kMul, r, h));
  } else {
    const Gate& g = body.gates[2];
    Value* from_x = Linear(body, body.x, g.w, g.wb);
    Value* recurrent = Binary(body, OpKind::kMul, r, Linear(body, h, g.r, g.rb));
    candidate = Activate(body, 1, Clipped(body, Binary(body, OpKind::kAdd, from_x, recurrent)));
  }
  Value* fresh = Binary(body, OpKind::kMul, Binary(body, OpKind::kSub, Number(body, "one", 1), z), candidate);
  Value* kept = Binary(body, OpKind::kMul, z, h);
  return {Binary(body, OpKind::kAdd, fresh, kept)};
}

std::vector<Value*> RnnCell(CellBody& body) { return {PlainGate(body, 0, 0, body.carried[0])}; }

}  // namespace

std::optional<std::vector<Activation>> ActivationsOf(const Operation& op, size_t direction, size_t count) {
  std::vector<double> given[2];
  if (op.Has("activation_alpha")) given[0] = op.Floats("activation_alpha");
  if (op.Has("activation_beta")) given[1] = op.Floats("activation_beta");
  size_t next[2] = {0, 0};
  const auto take = [&](size_t which, double otherwise) {
    return next[which] < given[which].size() ? given[which][next[which]++] : otherwise;
  };
  std::vector<Activation> activations;
  for (const std::string& name : op.Strings("activations")) {
    const ActivationRow* row = FindActivation(name);
    if (row == nullptr) return std::nullopt;
    Activation activation{std::string(row->name)};
    if (row->parameters > 0) activation.alpha = take(0, row->alpha);
    if (row->parameters > 1) activation.beta = take(1, row->beta);
    if (std::isnan(activation.alpha) || std::isnan(activation.beta)) return std::nullopt;
    activations.push_back(activation);
  }
  if (activations.size() < (direction + 1) * count) return std::nullopt;
  const auto first = activations.begin() + static_cast<std::ptrdiff_t>(direction * count);
  return std::vector<Activation>(first, first + static_cast<std::ptrdiff_t>(count));
}

const Cell* FindCell(OpKind kind) {
  static const std::vector<Cell> cells = {
      {OpKind::kLstm,
       {"i", "o", "f", "c"},
       {"i", "o", "f"},
       {"initial_h", "initial_c"},
       {"Y_h", "Y_c"},
       3,
       LstmCell},
      {OpKind::kGru, {"z", "r", "h"}, {}, {"initial_h"}, {"Y_h"}, 2, GruCell},
      {OpKind::kRnn, {"i"}, {}, {"initial_h"}, {"Y_h"}, 1, RnnCell},
  };
  for (const Cell& cell : cells) {
    if (cell.kind == kind) return &cell;
  }
  return nullptr;
}

}  // namespace rnnc::passes
