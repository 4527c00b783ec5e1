// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/build_state.h"

// The row of a step, cut out with Slice: its ends are integers of the draft's arguments that lie one apart.
namespace rnnc::import {
namespace {

using ir::Dim;
using ir::Value;

// Whether both are one integer, and `ends` is one more than `starts` whatever the body's arguments are.
bool LieOneApart(const BuildState& state, const Value* starts, const Value* ends) {
  ir::KnownInts ints(state.ints.Least(), state.compare);
  for (size_t i = 0; i < state.block->Arguments().size(); ++i) {
    const Value* argument = state.block->Arguments()[i].get();
    const bool is_one_integer = !ir::IsFloat(argument->type.element) && argument->type.ElementCount().Is(1);
    // No name of a size has a question mark.
    if (is_one_integer) ints.Know(argument, {Dim::Symbol("?" + std::to_string(i))});
  }
  const auto from = ints.Of(starts);
  const auto to = ints.Of(ends);
  return from && to && from->size() == 1 && to->size() == 1 && (to->front() - from->front()).Is(1);
}

}  // namespace

bool IsMadeIn(const ir::Block& body, const Value& value) {
  return value.kind == ir::ValueKind::kResult     ? value.definition->Parent() == &body
         : value.kind == ir::ValueKind::kArgument ? value.block == &body
                                                  : false;
}

std::optional<Result<Values>> BuildStepRow(BuildState& state, const CheckedNode& node, const Values& inputs,
                                           Emitter& emit) {
  const auto input = [&](size_t i) { return i < inputs.size() ? inputs[i] : nullptr; };
  Value* x = input(0);
  Value* starts = input(1);
  if (node.rule->kind != ir::OpKind::kSlice || state.rows == nullptr || state.rows->body != state.block ||
      starts == nullptr || input(2) == nullptr || starts->type.Rank() != 1 || IsMadeIn(*state.block, *x) ||
      state.ints.Of(starts) || !LieOneApart(state, starts, input(2))) {
    return std::nullopt;
  }
  const std::vector<int64_t> first = {0};
  const std::vector<int64_t> one = {1};
  const auto axes = input(3) == nullptr ? first : state.ints.IntegersOf(input(3));
  const auto steps = input(4) == nullptr ? one : state.ints.IntegersOf(input(4));
  if (!axes || axes->size() != 1 || steps != one) return std::nullopt;
  Result<Values> row = emit.Op(ir::OpKind::kGather, {x, starts}, {{"axis", axes->front()}});
  if (row) state.rows->slices.emplace(row->front(), node.location);
  return row;
}

}  // namespace rnnc::import
