// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/no_frames.h"

#include "compiler/ir/kernel_evaluator.h"

namespace rnnc::passes {

std::optional<std::set<std::string>> ChangedByNoFrames(const ir::Function& function,
                                                       const std::string& time) {
  ir::KernelEvaluation options;
  std::map<std::string, ir::Array> states;
  double next = 1;
  for (const auto& state : function.Parent()->States()) {
    ir::Array array = ir::MakeArray(state->type.element, state->type.StaticDims());
    for (int64_t i = 0; i < array.Count(); ++i, ++next) {
      array.IsFloat() ? array.SetNumber(i, next) : array.SetInteger(i, static_cast<int64_t>(next));
    }
    states[state->name] = std::move(array);
  }
  const std::map<std::string, ir::Array> before = states;
  options.states = &states;
  std::vector<ir::Array> inputs;
  for (const auto& argument : function.Body().Arguments()) {
    std::vector<int64_t> dims;
    for (const ir::Dim& dim : argument->type.dims) dims.push_back(dim.Evaluate({{time, 0}}).value_or(1));
    inputs.push_back(ir::MakeArray(argument->type.element, dims));
  }
  if (!ir::EvaluateKernels(function, inputs, options).ok()) return std::nullopt;
  std::set<std::string> changed;
  for (const auto& [name, array] : before) {
    if (states.at(name).numbers != array.numbers || states.at(name).integers != array.integers)
      changed.insert(name);
  }
  return changed;
}

}  // namespace rnnc::passes
