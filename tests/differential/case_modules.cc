// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/differential/case_modules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "compiler/ir/builder.h"
#include "compiler/ir/shape_rules.h"

namespace rnnc::testing {

using namespace ir;

namespace {

// Asymmetric and repeatable; f32 values, so that rounding of the inputs plays no part.
class Numbers {
 public:
  explicit Numbers(uint32_t seed) : state_(seed * 2654435761u + 97) {}
  double Next(double low, double high) {
    state_ = state_ * 1664525u + 1013904223u;
    return static_cast<float>(low + (high - low) * (static_cast<double>(state_ >> 8) / 16777216.0));
  }

 private:
  uint32_t state_;
};

Array RandomArray(const CaseOperand& operand, Numbers& numbers) {
  std::vector<int64_t> dims;
  for (const Dim& dim : operand.type.dims) dims.push_back(*dim.Evaluate({{"T", kSteps}}));
  Array array = MakeArray(operand.type.element, dims);
  const bool is_float = IsFloat(operand.type.element);
  for (int64_t i = 0; i < array.Count(); ++i) {
    const double value = numbers.Next(operand.low, is_float ? operand.high : operand.high + 0.999);
    is_float ? array.SetNumber(i, value) : array.SetInteger(i, static_cast<int64_t>(std::floor(value)));
  }
  if (is_float) RoundElements(array);
  return array;
}

Value* MakeOperand(const CaseOperand& operand, size_t position, Numbers& numbers, BuiltCase& built) {
  switch (operand.kind) {
    case CaseOperand::Kind::kAbsent:
      return nullptr;
    case CaseOperand::Kind::kConst: {
      auto tensor = std::make_shared<Tensor>(ZeroTensor(operand.type));
      for (size_t i = 0; i < operand.values.size(); ++i)
        tensor->SetNumber(static_cast<int64_t>(i), operand.values[i]);
      return built.module.AddConst("k" + std::to_string(position), std::move(tensor));
    }
    case CaseOperand::Kind::kInput:
      built.inputs.push_back(RandomArray(operand, numbers));
      return built.function->Body().AddArgument(operand.type, "x" + std::to_string(position));
  }
  return nullptr;
}

}  // namespace

void BuildCase(const OperatorCase& c, uint32_t seed, BuiltCase& built) {
  built.function = built.module.AddFunction("main");
  Numbers numbers(seed);
  std::vector<Value*> operands;
  for (size_t i = 0; i < c.operands.size(); ++i)
    operands.push_back(MakeOperand(c.operands[i], i, numbers, built));
  Builder builder(built.function->Body());
  builder.location = {"case.onnx", {c.op}};
  Operation* op = builder.Create(*ParseOpKind(c.op), operands, {});
  for (const auto& [name, value] : c.attributes) op->Set(name, value);
  for (size_t i = 0; i < c.results; ++i) op->AddResult({});  // split: the rule counts them
  KnownInts ints;
  Result<std::vector<Type>> types = InferTypes(*op, ints);
  ASSERT_TRUE(types.ok()) << Render(types.diagnostics());
  for (size_t i = 0; i < types->size(); ++i) {
    if (i < op->ResultCount()) {
      op->Result(i)->type = (*types)[i];
    } else {
      op->AddResult((*types)[i], "y" + std::to_string(i));
    }
  }
  for (size_t i = 0; i < op->ResultCount(); ++i)
    built.function->result_names.push_back("y" + std::to_string(i));
  builder.Create(OpKind::kReturn, op->Results(), {});
  built.module.name = "case";
}

bool MentionsTime(const OperatorCase& c) {
  return std::any_of(c.operands.begin(), c.operands.end(),
                     [](const CaseOperand& operand) { return !operand.type.IsStatic(); });
}

std::vector<OperatorCase> AllCases() {
  std::vector<OperatorCase> all;
  for (auto part : {PointwiseCases, ProductCases, ReductionCases, LayoutCases, RecurrentCases,
                    ArgReductionCases, NormalizationCases, WindowCases, PlaceCases}) {
    std::vector<OperatorCase> cases = part();
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

double Tolerance(ElementType element) {
  if (element == ElementType::kF32) return 1e-7;
  if (element == ElementType::kF16) return 2e-3;
  return element == ElementType::kBF16 ? 2e-2 : 1e-9;
}

}  // namespace rnnc::testing
