// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/bind_state.h"

#include <algorithm>
#include <map>
#include <set>

#include "compiler/ir/builder.h"
#include "compiler/support/strings.h"

// Steps:
//   1. look every pair's names up; each input once, each output or row once
//   2. the value that the state takes: the output itself, or its row brought into the input's shape
//   3. the argument becomes a state, `update` goes before `return`
//   4. outputs that are bound whole, or row by row, leave the results
namespace rnnc::passes {
namespace {

using ir::OpKind;
using ir::Value;

struct State {
  ir::Module& module;
  ir::Function& function;
  ir::Operation* end;
  std::set<std::string> inputs;
  std::map<size_t, std::set<int64_t>> rows;  // by result; -1: the whole

  template <typename... Args>
  Diagnostic Refuse(const StatePair& pair, fmt::format_string<Args...> format, Args&&... args) const {
    const std::string row = pair.row ? fmt::format("[{}]", *pair.row) : "";
    return Error({module.source, {}}, "--state {}={}{}: {}", pair.input, pair.output, row,
                 fmt::format(format, std::forward<Args>(args)...));
  }
};

// ---- 1 ----

Result<size_t> FindArgument(State& state, const StatePair& pair) {
  std::vector<std::string> names;
  const auto& arguments = state.function.Body().Arguments();
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i]->name == pair.input) return i;
    names.push_back(arguments[i]->name);
  }
  if (state.inputs.count(pair.input) != 0) return state.Refuse(pair, "the input is bound already");
  return state.Refuse(pair, "no input of that name{}", DidYouMean(pair.input, names));
}

Result<size_t> FindResult(State& state, const StatePair& pair) {
  const std::vector<std::string>& names = state.function.result_names;
  auto found = std::find(names.begin(), names.end(), pair.output);
  if (found == names.end())
    return state.Refuse(pair, "no output of that name{}", DidYouMean(pair.output, names));
  const auto result = static_cast<size_t>(found - names.begin());
  std::set<int64_t>& taken = state.rows[result];
  if (taken.count(-1) != 0 || (!pair.row && !taken.empty()) || !taken.insert(pair.row.value_or(-1)).second) {
    return state.Refuse(pair, "the output is bound already");
  }
  return result;
}

// ---- 2 ----

std::vector<ir::Dim> WithoutOnes(const ir::Type& type) {
  std::vector<ir::Dim> dims;
  for (const ir::Dim& dim : type.dims) {
    if (!dim.Is(1)) dims.push_back(dim);
  }
  return dims;
}

Result<Value*> RowOf(State& state, const StatePair& pair, Value* output, const ir::Type& wanted) {
  const ir::Type& type = output->type;
  if (type.dims.empty() || !type.dims[0].IsConstant()) {
    return state.Refuse(pair, "the output is {}, which has no fixed number of rows", type.ToText());
  }
  if (*pair.row < 0 || *pair.row >= type.dims[0].Value()) {
    return state.Refuse(pair, "the output has rows 0 to {}", type.dims[0].Value() - 1);
  }
  ir::Builder builder(state.function.Body(), state.end);
  if (output->kind == ir::ValueKind::kResult) builder.location = output->definition->location;
  ir::Type row = type;
  row.dims.erase(row.dims.begin());
  Value* index = state.module.AddConst(
      pair.input + "_row",
      std::make_shared<ir::Tensor>(*ir::MakeScalar(ir::ElementType::kI64, static_cast<double>(*pair.row))));
  ir::Operation* gather = builder.Create(OpKind::kGather, {output, index}, {row});
  gather->Set("axis", int64_t{0});
  if (row == wanted) return gather->Result();
  if (row.element != wanted.element || !wanted.IsStatic() || WithoutOnes(row) != WithoutOnes(wanted)) {
    return state.Refuse(pair, "the row is {}, the input {}", row.ToText(), wanted.ToText());
  }
  Value* shape = state.module.AddConst(pair.input + "_shape", ir::MakeIntTensor(wanted.StaticDims()));
  ir::Operation* reshape = builder.Create(OpKind::kReshape, {gather->Result(), shape}, {wanted});
  reshape->Set("allowzero", int64_t{1});
  return reshape->Result();
}

Result<Value*> NextValue(State& state, const StatePair& pair, size_t result, const ir::Type& wanted) {
  Value* output = state.end->Operand(result);
  if (pair.row) return RowOf(state, pair, output, wanted);
  if (output->type == wanted) return output;
  return state.Refuse(pair, "the output is {}, the input {}", output->type.ToText(), wanted.ToText());
}

// ---- 3 ----

Result<> BindPair(State& state, const StatePair& pair) {
  RNNC_ASSIGN(const size_t index, FindArgument(state, pair));
  RNNC_ASSIGN(const size_t result, FindResult(state, pair));
  Value* argument = state.function.Body().Arguments()[index].get();
  if (!argument->type.IsStatic()) {
    return state.Refuse(pair, "the input is {}; a state has a fixed size, bind it with --dim",
                        argument->type.ToText());
  }
  RNNC_ASSIGN(Value * next, NextValue(state, pair, result, argument->type));
  Value* bound = state.module.AddState(pair.input, argument->type, nullptr);
  ir::Builder builder(state.function.Body(), state.end);
  if (next->kind == ir::ValueKind::kResult) builder.location = next->definition->location;
  builder.Create(OpKind::kUpdate, {bound, next}, {});
  ir::ReplaceAllUses(argument, bound);
  state.function.Body().RemoveArgument(index);
  state.inputs.insert(pair.input);
  return Ok();
}

// ---- 4 ----

void RemoveBoundResults(State& state) {
  std::vector<Value*> kept;
  std::vector<std::string> names;
  for (size_t i = 0; i < state.function.result_names.size(); ++i) {
    Value* value = state.end->Operand(i);
    auto rows = state.rows.find(i);
    const bool whole =
        rows != state.rows.end() &&
        (rows->second.count(-1) != 0 || value->type.dims[0].Is(static_cast<int64_t>(rows->second.size())));
    if (whole) continue;
    kept.push_back(value);
    names.push_back(state.function.result_names[i]);
  }
  state.end->SetOperands(kept);
  state.function.result_names = names;
}

}  // namespace

Result<StatePair> ParseStatePair(const std::string& text) {
  const auto refuse = [&] {
    return Error({}, "--state {}: must be INPUT=OUTPUT or INPUT=OUTPUT[ROW]", text);
  };
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) return refuse();
  StatePair pair{text.substr(0, equals), text.substr(equals + 1), std::nullopt};
  if (pair.output.back() != ']') return pair;
  const size_t bracket = pair.output.rfind('[');
  const std::string digits =
      bracket == std::string::npos ? "" : pair.output.substr(bracket + 1, pair.output.size() - bracket - 2);
  if (bracket == 0 || digits.empty() || digits.size() > 9 ||
      digits.find_first_not_of("0123456789") != std::string::npos) {
    return refuse();
  }
  pair.row = std::stoll(digits);
  pair.output.resize(bracket);
  return pair;
}

Result<> BindStates(ir::Module& module, const std::vector<StatePair>& pairs) {
  ir::Function* function = module.FindFunction("main");
  RNNC_CHECK(function != nullptr && module.stage == ir::Stage::kGraph, "states are bound in the graph stage");
  State state{module, *function, function->Body().Terminator(), {}, {}};
  for (const StatePair& pair : pairs) RNNC_TRY(BindPair(state, pair));
  RemoveBoundResults(state);
  return Ok();
}

}  // namespace rnnc::passes
