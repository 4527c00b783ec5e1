// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "compiler/ir/module.h"

// One operator on random input: what the oracle and the lowering table must agree about.
namespace rnnc::testing {

struct CaseOperand {
  enum class Kind : uint8_t { kAbsent, kInput, kConst };
  Kind kind = Kind::kAbsent;
  ir::Type type;
  double low = -3, high = 3;   // kInput: random elements in this range
  std::vector<double> values;  // kConst
};

inline const ir::Dim kT = ir::Dim::Symbol("T");  // 4 steps in every case
constexpr int64_t kSteps = 4;

CaseOperand In(const std::vector<ir::Dim>& dims, double low = -3, double high = 3);
CaseOperand In(ir::ElementType element, const std::vector<ir::Dim>& dims, double low = -3, double high = 3);
CaseOperand None();
CaseOperand Ints(const std::vector<double>& values);  // constant i64[n]
CaseOperand Const(ir::ElementType element, const std::vector<int64_t>& dims,
                  const std::vector<double>& values);

struct OperatorCase {
  std::string op;  // text name
  std::vector<CaseOperand> operands;
  std::vector<std::pair<std::string, ir::Attribute>> attributes;
  size_t results = 0;  // split; 0: as many as ops.def says
};

// The table, in parts.
std::vector<OperatorCase> PointwiseCases();
std::vector<OperatorCase> ProductCases();
std::vector<OperatorCase> ReductionCases();
std::vector<OperatorCase> LayoutCases();
std::vector<OperatorCase> RecurrentCases();
std::vector<OperatorCase> ArgReductionCases();
std::vector<OperatorCase> NormalizationCases();
std::vector<OperatorCase> WindowCases();
std::vector<OperatorCase> PlaceCases();

}  // namespace rnnc::testing
