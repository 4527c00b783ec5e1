// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <string>
#include <string_view>
#include <vector>

// What `inspect` says beside the attributes of LSTM, GRU and RNN.
namespace rnnc::import {

// Of an attribute or optional operand and its value as text ("given", "absent", "1"); empty when there is
// nothing to say.
std::string MeaningOf(std::string_view name, std::string_view value);

// An activation function with the parameters that it has taken.
struct UsedFunction {
  struct Parameter {
    std::string_view name;  // "alpha", "beta"
    double value = 0;
    bool given = false;  // else it is the function's default
  };
  std::string name;
  std::vector<Parameter> parameters;
};
// "i o f Sigmoid, candidate Tanh, output LeakyRelu(alpha=0.5)", of both directions where there are two.
std::string MeaningOfFunctions(std::string_view op, const std::vector<UsedFunction>& functions);

}  // namespace rnnc::import
