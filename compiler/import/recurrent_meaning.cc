// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/recurrent_meaning.h"

#include <fmt/format.h>

namespace rnnc::import {
namespace {

struct Meaning {
  std::string_view name;
  std::string_view value;  // "": any other
  std::string_view text;
};

constexpr Meaning kMeanings[] = {
    {"direction", "forward", "from the first step to the last"},
    {"direction", "reverse", "from the last step to the first; outputs stay at their step"},
    {"direction", "bidirectional", "forward and reverse, side by side on the axis of directions"},
    {"hidden_size", "", "units"},
    {"activation_alpha", "absent", "functions that have an alpha take their default"},
    {"activation_alpha", "", "taken in order by the functions that have an alpha"},
    {"activation_beta", "absent", "functions that have a beta take their default"},
    {"activation_beta", "", "taken in order by the functions that have a beta"},
    {"clip", "absent", "pre-activations are not limited"},
    {"clip", "", "pre-activations of every gate are kept within +-clip"},
    {"layout", "0", "time first: X [T,B,I], Y [T,D,B,H], states [D,B,H]"},
    {"layout", "1", "batch first: X [B,T,I], Y [B,T,D,H], states [B,D,H]"},
    {"input_forget", "0", "the forget gate has weights of its own"},
    {"input_forget", "1", "f = 1 - i, the weights of f are not read"},
    {"linear_before_reset", "0", "candidate: W x + Wb + R (r * h) + Rb"},
    {"linear_before_reset", "1", "candidate: W x + Wb + r * (R h + Rb), as PyTorch and cuDNN"},
    {"B", "given", "biases [Wb | Rb] of the gates"},
    {"B", "absent", "biases are 0"},
    {"sequence_lens", "given", "behind a sequence's end Y is 0; Y_h and Y_c are those at its end"},
    {"sequence_lens", "absent", "all sequences have all steps"},
    {"initial_h", "given", "h before the first step"},
    {"initial_h", "absent", "h begins as 0"},
    {"initial_c", "given", "C before the first step"},
    {"initial_c", "absent", "C begins as 0"},
    {"P", "given", "peepholes: i and f see C(t-1), o sees C(t)"},
    {"P", "absent", "gates do not see C"},
};

// What each function of an operator is for, in order.
std::vector<std::string_view> RolesOf(std::string_view op) {
  if (op == "LSTM") return {"i o f", "candidate", "output"};
  if (op == "GRU") return {"z r", "candidate"};
  return {"output"};
}

}  // namespace

std::string MeaningOf(std::string_view name, std::string_view value) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.name == name && (meaning.value.empty() || meaning.value == value))
      return std::string(meaning.text);
  }
  return "";
}

std::string MeaningOfFunctions(std::string_view op, const std::vector<UsedFunction>& functions) {
  const std::vector<std::string_view> roles = RolesOf(op);
  std::string text;
  for (size_t i = 0; i < functions.size(); ++i) {
    const UsedFunction& function = functions[i];
    if (functions.size() > roles.size() && i % roles.size() == 0) {
      text += i == 0 ? "forward: " : "; reverse: ";
    } else if (i > 0) {
      text += ", ";
    }
    text += fmt::format("{} {}", roles[i % roles.size()], function.name);
    std::vector<std::string> parameters;
    for (const UsedFunction::Parameter& parameter : function.parameters) {
      parameters.push_back(fmt::format("{}={}{}", parameter.name, static_cast<float>(parameter.value),
                                       parameter.given ? "" : " by default"));
    }
    if (!parameters.empty()) text += fmt::format("({})", fmt::join(parameters, ", "));
  }
  return text;
}

}  // namespace rnnc::import
