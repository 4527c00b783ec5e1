// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/shape_rules_common.h"

// LSTM, GRU, RNN (ONNX): X[T,B,I] W[D,G*H,I] R[D,G*H,H] B[D,2*G*H] P[D,3*H] initial_h, initial_c[D,B,H]
// sequence_lens[B] -> Y[T,D,B,H] Y_h, Y_c[D,B,H]. With layout=1 the batch comes first: X[B,T,I],
// initial_h, initial_c, Y_h, Y_c[B,D,H], Y[B,T,D,H].
namespace rnnc::ir::shape_rules {
namespace {

struct Sizes {
  Dim steps, batch, input;
  int64_t directions = 1;
  int64_t hidden = 0;
  int64_t gates = 1;
  bool batch_first = false;
};

bool HasOperand(const Query& query, std::string_view name) {
  for (const auto& slot : query.op.Info().operands) {
    if (slot.name == name) return query.Find(name) != nullptr;
  }
  return false;
}

// Absent operands have every shape.
Result<> Require(const Query& query, const char* name, ElementType element, const Dims& dims) {
  if (!HasOperand(query, name)) return Ok();
  const Type& type = query.TypeOf(name);
  if (type == MakeType(element, dims)) return Ok();
  return query.Refuse("{}: must be {}, is {}{}", name, MakeType(element, dims).ToText(), type.ToText(),
                      BindingHint(dims, type.dims));
}

Result<Sizes> SizesOf(const Query& query, int64_t gates) {
  const Type& x = query.TypeOf("X");
  if (!IsFloat(x.element)) return query.Refuse("X: must be a float, is {}", x.ToText());
  for (const char* name : {"X", "W", "R"}) RNNC_TRY(query.RequireRank(name, 3));
  Sizes sizes;
  sizes.gates = gates;
  sizes.batch_first = query.op.Int("layout") != 0;
  sizes.steps = x.dims[sizes.batch_first ? 1 : 0];
  sizes.batch = x.dims[sizes.batch_first ? 0 : 1];
  sizes.input = x.dims[2];
  const std::string& direction = query.op.String("direction");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional") {
    return query.Refuse("direction: '{}' is none of forward, reverse, bidirectional", direction);
  }
  sizes.directions = direction == "bidirectional" ? 2 : 1;
  sizes.hidden = query.op.Int("hidden_size");
  if (sizes.hidden < 1 || sizes.hidden > (int64_t{1} << 31)) {
    return query.Refuse("hidden_size: {} is out of range", sizes.hidden);
  }
  return sizes;
}

// Lengths that are known: a call with one outside 0..T can only fail.
Result<> CheckKnownLengths(const Query& query, const Dim& steps) {
  for (const Dim& length : query.ints.Of(query.Find("sequence_lens")).value_or(Dims())) {
    if (!length.IsConstant()) continue;
    if (length.Value() >= 0 && (!steps.IsConstant() || length.Value() <= steps.Value())) continue;
    return query.Refuse(
        "sequence_lens: {} lies outside 0..{}; give X as many steps, or export it as an input",
        length.Value(), steps.ToText());
  }
  return Ok();
}

Result<Types> Recurrent(const Query& query, int64_t gates, bool has_cell) {
  RNNC_ASSIGN(Sizes sizes, SizesOf(query, gates));
  const ElementType element = query.TypeOf("X").element;
  const Dim directions(sizes.directions), hidden(sizes.hidden);
  const Dim rows = hidden * Dim(gates);
  const Dims state =
      sizes.batch_first ? Dims{sizes.batch, directions, hidden} : Dims{directions, sizes.batch, hidden};
  RNNC_TRY(Require(query, "W", element, {directions, rows, sizes.input}));
  RNNC_TRY(Require(query, "R", element, {directions, rows, hidden}));
  RNNC_TRY(Require(query, "B", element, {directions, rows * Dim(2)}));
  RNNC_TRY(Require(query, "sequence_lens", ElementType::kI32, {sizes.batch}));
  RNNC_TRY(CheckKnownLengths(query, sizes.steps));
  RNNC_TRY(Require(query, "initial_h", element, state));
  RNNC_TRY(Require(query, "initial_c", element, state));
  RNNC_TRY(Require(query, "P", element, {directions, hidden * Dim(3)}));
  const Dims all = sizes.batch_first ? Dims{sizes.batch, sizes.steps, directions, hidden}
                                     : Dims{sizes.steps, directions, sizes.batch, hidden};
  Types types = {MakeType(element, all), MakeType(element, state)};
  if (has_cell) types.push_back(MakeType(element, state));
  return types;
}

Result<Types> Lstm(const Query& query) { return Recurrent(query, 4, true); }
Result<Types> Gru(const Query& query) { return Recurrent(query, 3, false); }
Result<Types> Rnn(const Query& query) { return Recurrent(query, 1, false); }

}  // namespace

const std::map<OpKind, Rule>& RecurrentRules() {
  static const std::map<OpKind, Rule> table = {
      {OpKind::kLstm, Lstm}, {OpKind::kGru, Gru}, {OpKind::kRnn, Rnn}};
  return table;
}

}  // namespace rnnc::ir::shape_rules
