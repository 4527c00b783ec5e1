// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The oracle's recurrent operators: ONNX LSTM, GRU, RNN, one row of the batch and one step at a time, by
// the equations of their pages. What the pages leave open follows ONNX Runtime (sequence_lens, clip). A step
// of 16-bit tensors is computed in f32, and what it leaves (h and c, which are outputs) rounded.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "compiler/ir/graph_evaluator_ops.h"
#include "compiler/support/check.h"
#include "compiler/support/strings.h"

namespace rnnc::ir::oracle {
namespace {

using Numbers = std::vector<double>;

struct Activation {
  double (*formula)(double x, double alpha, double beta) = nullptr;
  double alpha = 0;
  double beta = 0;
  double operator()(double x) const { return formula(x, alpha, beta); }
};

struct ActivationRow {
  std::string_view name;  // lower case
  double (*formula)(double x, double alpha, double beta);
  int params;  // how many of alpha, beta it takes
  double alpha;
  double beta;
};
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();  // without a default
// Defaults are floats, as the attributes alpha and beta are: 0.01 means the nearest one.

constexpr std::array kActivations = {
    ActivationRow{"relu", [](double x, double, double) { return x < 0 ? 0.0 : x; }, 0, 0, 0},
    ActivationRow{"tanh", [](double x, double, double) { return std::tanh(x); }, 0, 0, 0},
    ActivationRow{"sigmoid", [](double x, double, double) { return 1 / (1 + std::exp(-x)); }, 0, 0, 0},
    ActivationRow{"affine", [](double x, double a, double b) { return a * x + b; }, 2, kNone, kNone},
    ActivationRow{"leakyrelu", [](double x, double a, double) { return x < 0 ? a * x : x; }, 1, 0.01F, 0},
    ActivationRow{"thresholdedrelu", [](double x, double a, double) { return x >= a ? x : 0.0; }, 1, 1, 0},
    ActivationRow{"scaledtanh", [](double x, double a, double b) { return a * std::tanh(b * x); }, 2, kNone,
                  kNone},
    ActivationRow{"hardsigmoid",
                  [](double x, double a, double b) { return std::min(std::max(a * x + b, 0.0), 1.0); }, 2,
                  0.2F, 0.5},
    ActivationRow{"elu", [](double x, double a, double) { return x < 0 ? a * std::expm1(x) : x; }, 1, 1, 0},
    ActivationRow{"softsign", [](double x, double, double) { return x / (1 + std::fabs(x)); }, 0, 0, 0},
    ActivationRow{
        "softplus",
        [](double x, double, double) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }, 0, 0,
        0},
};

// alpha and beta are taken in order by the functions that have them.
Result<std::vector<Activation>> ActivationsOf(const Call& call) {
  const Operation& operation = call.operation;
  std::array<Numbers, 2> given;
  if (operation.Has("activation_alpha")) given[0] = operation.Floats("activation_alpha");
  if (operation.Has("activation_beta")) given[1] = operation.Floats("activation_beta");
  std::array<size_t, 2> next = {0, 0};
  const auto take = [&](size_t which, double otherwise) {
    return next[which] < given[which].size() ? given[which][next[which]++] : otherwise;
  };
  std::vector<Activation> activations;
  for (const std::string& name : operation.Strings("activations")) {
    const std::string lower = ToLower(name);
    const auto* row = std::find_if(kActivations.begin(), kActivations.end(),
                                   [&](const ActivationRow& r) { return r.name == lower; });
    if (row == kActivations.end()) return call.Fail("activations: '{}' is unknown", name);
    Activation activation{row->formula, 0, 0};
    if (row->params > 0) activation.alpha = take(0, row->alpha);
    if (row->params > 1) activation.beta = take(1, row->beta);
    if (std::isnan(activation.alpha) || std::isnan(activation.beta)) {
      return call.Fail("activations: '{}' without alpha and beta", name);
    }
    activations.push_back(activation);
  }
  return activations;
}

// One direction of one operator.
struct Cell {
  const Call& call;
  ElementType element;  // of the computation
  int64_t direction, hidden, inputs, gates;
  const Array &w, &r;
  const Array *b, *p;
  double clip;
  std::vector<Activation> f;  // f, g, h

  double Round(double value) const { return call.Rounded(element, value); }
  // W[gate] x, or R[gate] h, of one unit.
  double Product(const Array& weights, int64_t gate, int64_t unit, const Numbers& x) const {
    const auto n = static_cast<int64_t>(x.size());
    const int64_t row = (direction * gates + gate) * hidden + unit;
    double sum = 0;
    for (int64_t k = 0; k < n; ++k) {
      sum = Round(sum + Round(weights.NumberAt(row * n + k) * x[static_cast<size_t>(k)]));
    }
    return sum;
  }
  // Wb[gate] or Rb[gate] of one unit: B is [Wb | Rb].
  double Bias(bool recurrent, int64_t gate, int64_t unit) const {
    if (b == nullptr) return 0;
    return b->NumberAt(((direction * 2 + (recurrent ? 1 : 0)) * gates + gate) * hidden + unit);
  }
  double Peephole(int64_t which, int64_t unit, double c) const {  // P is [i | o | f]
    return p == nullptr ? 0 : Round(p->NumberAt((direction * 3 + which) * hidden + unit) * c);
  }
  double Clipped(double value) const { return std::min(std::max(value, -clip), clip); }
  // The pre-activation W x + R h + Wb + Rb (+ more) of one gate, clipped.
  double Gate(int64_t gate, int64_t unit, const Numbers& x, const Numbers& h, double more = 0) const {
    const double sum = Round(Product(w, gate, unit, x) + Product(r, gate, unit, h));
    return Clipped(Round(Round(sum + Round(Bias(false, gate, unit) + Bias(true, gate, unit))) + more));
  }
  // One step: h and c are replaced.
  void Lstm(const Numbers& x, Numbers& h, Numbers& c, bool input_forget) const;
  void Gru(const Numbers& x, Numbers& h, bool linear_before_reset) const;
  void Rnn(const Numbers& x, Numbers& h) const;
};

// it = f(Xt*Wi + Ht-1*Ri + Pi (.) Ct-1 + Wbi + Rbi), ft the same, ct = g(..), Ct = ft (.) Ct-1 + it (.) ct,
// ot = f(.. + Po (.) Ct ..), Ht = ot (.) h(Ct); gates in the order i o f c.
void Cell::Lstm(const Numbers& x, Numbers& h, Numbers& c, bool input_forget) const {
  const Numbers before = h;
  for (int64_t n = 0; n < hidden; ++n) {
    const auto at = static_cast<size_t>(n);
    const double i = Round(f[0](Gate(0, n, x, before, Peephole(0, n, c[at]))));
    const double forget = input_forget ? 1 - i : Round(f[0](Gate(2, n, x, before, Peephole(2, n, c[at]))));
    const double candidate = Round(f[1](Gate(3, n, x, before)));
    c[at] = Round(Round(forget * c[at]) + Round(i * candidate));
    const double o = Round(f[0](Gate(1, n, x, before, Peephole(1, n, c[at]))));
    h[at] = Round(o * Round(f[2](c[at])));
  }
}

// zt = f(..), rt = f(..), ht = g(Xt*Wh + (rt (.) Ht-1)*Rh + Rbh + Wbh), or with linear_before_reset
// g(Xt*Wh + rt (.) (Ht-1*Rh + Rbh) + Wbh); Ht = (1 - zt) (.) ht + zt (.) Ht-1; gates in the order z r h.
void Cell::Gru(const Numbers& x, Numbers& h, bool linear_before_reset) const {
  const Numbers before = h;
  Numbers z(before.size());
  Numbers reset(before.size());
  Numbers gated(before.size());
  for (int64_t n = 0; n < hidden; ++n) {
    const auto at = static_cast<size_t>(n);
    z[at] = Round(f[0](Gate(0, n, x, before)));
    reset[at] = Round(f[0](Gate(1, n, x, before)));
    gated[at] = Round(reset[at] * before[at]);
  }
  for (int64_t n = 0; n < hidden; ++n) {
    const auto at = static_cast<size_t>(n);
    const double recurrent = Product(r, 2, n, linear_before_reset ? before : gated);
    const double inner = linear_before_reset ? Round(reset[at] * Round(recurrent + Bias(true, 2, n)))
                                             : Round(recurrent + Bias(true, 2, n));
    const double sum = Round(Round(Product(w, 2, n, x) + Bias(false, 2, n)) + inner);
    const double candidate = Round(f[1](Clipped(sum)));
    h[at] = Round(Round((1 - z[at]) * candidate) + Round(z[at] * before[at]));
  }
}

void Cell::Rnn(const Numbers& x, Numbers& h) const {
  const Numbers before = h;
  for (int64_t n = 0; n < hidden; ++n) h[static_cast<size_t>(n)] = Round(f[0](Gate(0, n, x, before)));
}

// The sizes of an operator, with every operand held against them.
struct Sizes {
  int64_t steps, batch, inputs, hidden, directions, gates;
  bool batch_first;
};

Result<> CheckShape(const Call& call, std::string_view name, const std::vector<int64_t>& wanted) {
  const Array* array = call.Find(name);
  if (array == nullptr || array->dims == wanted) return Ok();
  return call.Fail("{}: {} given, {} wanted", name, array->ShapeText(),
                   MakeStaticType(array->element, wanted).ToText());
}

Result<Sizes> SizesOf(const Call& call) {
  const OpKind kind = call.operation.Kind();
  const Array& x = call.In("X");
  const Array& w = call.In("W");
  if (x.Rank() != 3 || w.Rank() != 3) return call.Fail("{} and {}", x.ShapeText(), w.ShapeText());
  Sizes s{};
  s.batch_first = call.operation.Int("layout") != 0;
  s.steps = x.dims[s.batch_first ? 1 : 0];
  s.batch = x.dims[s.batch_first ? 0 : 1];
  s.inputs = x.dims[2];
  s.hidden = call.operation.Int("hidden_size");
  s.directions = call.operation.String("direction") == "bidirectional" ? 2 : 1;
  s.gates = kind == OpKind::kLstm ? 4 : (kind == OpKind::kGru ? 3 : 1);
  const std::vector<int64_t> state = s.batch_first ? std::vector<int64_t>{s.batch, s.directions, s.hidden}
                                                   : std::vector<int64_t>{s.directions, s.batch, s.hidden};
  RNNC_TRY(CheckShape(call, "W", {s.directions, s.gates * s.hidden, s.inputs}));
  RNNC_TRY(CheckShape(call, "R", {s.directions, s.gates * s.hidden, s.hidden}));
  RNNC_TRY(CheckShape(call, "B", {s.directions, 2 * s.gates * s.hidden}));
  RNNC_TRY(CheckShape(call, "sequence_lens", {s.batch}));
  RNNC_TRY(CheckShape(call, "initial_h", state));
  if (kind == OpKind::kLstm) {
    RNNC_TRY(CheckShape(call, "initial_c", state));
    RNNC_TRY(CheckShape(call, "P", {s.directions, 3 * s.hidden}));
  }
  if (const Array* lengths = call.Find("sequence_lens"); lengths != nullptr) {
    for (const int64_t length : lengths->integers) {
      if (length < 0 || length > s.steps) {
        return call.Fail("sequence_lens: {} lies outside 0..{}", length, s.steps);
      }
    }
  }
  return s;
}

// Where row `b` of direction `d` begins in initial_h, initial_c, Y_h, Y_c; and of step `t` in Y.
int64_t StateRow(const Sizes& s, int64_t d, int64_t b) {
  return (s.batch_first ? b * s.directions + d : d * s.batch + b) * s.hidden;
}
int64_t OutputRow(const Sizes& s, int64_t t, int64_t d, int64_t b) {
  return (s.batch_first ? (b * s.steps + t) * s.directions + d : (t * s.directions + d) * s.batch + b) *
         s.hidden;
}

Numbers Row(const Array* array, int64_t begin, int64_t count) {
  Numbers row(static_cast<size_t>(count), 0.0);
  if (array == nullptr) return row;
  for (int64_t i = 0; i < count; ++i) row[static_cast<size_t>(i)] = array->NumberAt(begin + i);
  return row;
}
void SetRow(Array& array, int64_t begin, const Numbers& row) {
  for (size_t i = 0; i < row.size(); ++i) array.SetNumber(begin + static_cast<int64_t>(i), row[i]);
}

// One sequence of the batch in one direction. Y stays zero behind its length; an empty one gives zeros.
void RunSequence(const Cell& cell, const Sizes& s, int64_t b, bool reverse, Arrays& results) {
  const Call& call = cell.call;
  const OpKind kind = call.operation.Kind();
  const int64_t state = StateRow(s, cell.direction, b);
  const Array* lengths = call.Find("sequence_lens");
  const int64_t length = lengths != nullptr ? lengths->IntegerAt(b) : s.steps;
  if (length == 0) return;
  Numbers h = Row(call.Find("initial_h"), state, s.hidden);
  Numbers c = Row(kind == OpKind::kLstm ? call.Find("initial_c") : nullptr, state, s.hidden);
  for (int64_t step = 0; step < length; ++step) {
    const int64_t t = reverse ? length - 1 - step : step;
    const int64_t at = (s.batch_first ? b * s.steps + t : t * s.batch + b) * s.inputs;
    const Numbers x = Row(&call.In("X"), at, s.inputs);
    switch (kind) {
      case OpKind::kLstm:
        cell.Lstm(x, h, c, call.operation.Int("input_forget") != 0);
        break;
      case OpKind::kGru:
        cell.Gru(x, h, call.operation.Int("linear_before_reset") != 0);
        break;
      default:
        cell.Rnn(x, h);
        break;
    }
    for (Numbers* left : {&h, &c}) {
      for (double& number : *left) number = call.Rounded(call.In("X").element, number);
    }
    SetRow(results[0], OutputRow(s, t, cell.direction, b), h);
  }
  SetRow(results[1], state, h);
  if (kind == OpKind::kLstm) SetRow(results[2], state, c);
}

Result<Arrays> Recurrent(const Call& call) {
  const Operation& operation = call.operation;
  RNNC_ASSIGN(const Sizes s, SizesOf(call));
  RNNC_ASSIGN(const std::vector<Activation> activations, ActivationsOf(call));
  const bool lstm = operation.Kind() == OpKind::kLstm;
  const size_t functions = lstm ? 3 : (operation.Kind() == OpKind::kGru ? 2 : 1);
  if (activations.size() != functions * static_cast<size_t>(s.directions)) {
    return call.Fail("activations: {} given, {} wanted", activations.size(),
                     functions * static_cast<size_t>(s.directions));
  }
  const ElementType element = call.In("X").element;
  const std::vector<int64_t> y_dims = s.batch_first
                                          ? std::vector<int64_t>{s.batch, s.steps, s.directions, s.hidden}
                                          : std::vector<int64_t>{s.steps, s.directions, s.batch, s.hidden};
  const std::vector<int64_t> h_dims = s.batch_first ? std::vector<int64_t>{s.batch, s.directions, s.hidden}
                                                    : std::vector<int64_t>{s.directions, s.batch, s.hidden};
  Arrays results;
  RNNC_ASSIGN(Array y, call.Make(element, y_dims));
  results.push_back(std::move(y));
  results.push_back(MakeArray(element, h_dims));
  if (lstm) results.push_back(MakeArray(element, h_dims));

  const double clip =
      operation.Has("clip") ? operation.Float("clip") : std::numeric_limits<double>::infinity();
  for (int64_t d = 0; d < s.directions; ++d) {
    const auto first = activations.begin() + d * static_cast<int64_t>(functions);
    const Cell cell{call,
                    ComputeType(element),
                    d,
                    s.hidden,
                    s.inputs,
                    s.gates,
                    call.In("W"),
                    call.In("R"),
                    call.Find("B"),
                    lstm ? call.Find("P") : nullptr,
                    clip,
                    {first, first + static_cast<int64_t>(functions)}};
    const bool reverse = d == 1 || operation.String("direction") == "reverse";
    for (int64_t b = 0; b < s.batch; ++b) RunSequence(cell, s, b, reverse, results);
  }
  return results;
}

}  // namespace

std::span<const Entry> RecurrentEntries() {
  static const std::vector<Entry> entries = {
      {OpKind::kLstm, Recurrent}, {OpKind::kGru, Recurrent}, {OpKind::kRnn, Recurrent}};
  return entries;
}

}  // namespace rnnc::ir::oracle
