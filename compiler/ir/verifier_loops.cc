// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/verifier_parts.h"

// The signatures of scan and blocks. Types are those that ops.def's comments say: a sequence is its slice
// with the steps in front, a block's output is its value with the steps in place of the count.
namespace rnnc::ir {
namespace {

Type Stacked(const Type& slice, const Dim& steps) {
  Type type = slice;
  type.dims.insert(type.dims.begin(), steps);
  return type;
}

class LoopVerifier {
 public:
  LoopVerifier(const Operation& loop, Rule rule, Violations& violations)
      : loop_(loop), rule_(rule), violations_(violations), body_(loop.Body()), yield_(*body_.Terminator()) {}

  // Operands, arguments, yielded values and results, `leading` of them before the carried ones.
  bool CheckCounts(size_t leading_inputs, size_t leading_outputs) {
    const auto carried = static_cast<size_t>(loop_.Int("n_carry"));
    const size_t inputs = leading_inputs + carried;
    const size_t outputs = leading_outputs + carried;
    const size_t before = violations_.Count();
    auto check = [&](std::string_view what, size_t actual, size_t expected) {
      if (actual != expected) violations_.Add(rule_, loop_, "{} {}, not {}", actual, what, expected);
    };
    check("operands", loop_.Operands().size(), inputs);
    check("arguments of the body", body_.Arguments().size(), inputs);
    check("yielded values", yield_.Operands().size(), outputs);
    check("results", loop_.ResultCount(), outputs);
    return violations_.Count() == before;
  }

  void CheckCarried(size_t leading_inputs, size_t leading_outputs) {
    for (size_t i = 0; i < static_cast<size_t>(loop_.Int("n_carry")); ++i) {
      const Type& type = body_.Arguments()[leading_inputs + i]->type;
      CheckType("initial value", i, loop_.Operand(leading_inputs + i)->type, type);
      CheckType("yielded value", i, yield_.Operand(leading_outputs + i)->type, type);
      CheckType("final value", i, loop_.Result(leading_outputs + i)->type, type);
    }
  }

  void CheckType(std::string_view what, size_t i, const Type& actual, const Type& expected) {
    if (actual == expected) return;
    violations_.Add(rule_, loop_, "{} {} is {}, not {}", what, i, actual.ToText(), expected.ToText());
  }

  const Operation& loop_;
  Rule rule_;
  Violations& violations_;
  const Block& body_;
  const Operation& yield_;
};

void VerifyScan(const Operation& scan, Stage stage, Violations& violations) {
  LoopVerifier check(scan, Rule::kScan, violations);
  const auto sequences = static_cast<size_t>(scan.Int("n_each"));
  const auto stacked = static_cast<size_t>(check.yield_.Int("n_each"));
  const int64_t reverse = scan.Int("reverse");
  if (reverse != 0 && reverse != 1) violations.Add(Rule::kScan, scan, "reverse is {}", reverse);
  if (sequences > 0 && stage != Stage::kGraph && stage != Stage::kRecurrence) {
    violations.Add(Rule::kScan, scan, "kernels read sequences themselves; 'each' ends with stage recurrence");
  }
  if (!check.CheckCounts(sequences, stacked)) return;
  for (size_t i = 0; i < sequences; ++i) {
    check.CheckType("sequence", i, scan.Operand(i)->type,
                    Stacked(check.body_.Arguments()[i]->type, scan.steps));
  }
  for (size_t i = 0; i < stacked; ++i) {
    check.CheckType("stacked result", i, scan.Result(i)->type,
                    Stacked(check.yield_.Operand(i)->type, scan.steps));
  }
  check.CheckCarried(sequences, stacked);
}

void VerifyBlocks(const Operation& blocks, Violations& violations) {
  LoopVerifier check(blocks, Rule::kBlocks, violations);
  const auto outputs = static_cast<size_t>(check.yield_.Int("n_each"));
  const std::vector<int64_t>& axes = blocks.Ints("axes");
  if (blocks.Int("max") < 1) violations.Add(Rule::kBlocks, blocks, "max is {}", blocks.Int("max"));
  if (axes.size() != outputs) {
    violations.Add(Rule::kBlocks, blocks, "{} axes for {} outputs", axes.size(), outputs);
    return;
  }
  if (!check.CheckCounts(0, outputs)) return;
  const Dim count = Dim::Symbol(blocks.count_symbol);
  for (size_t i = 0; i < outputs; ++i) {
    Type type = check.yield_.Operand(i)->type;
    const bool exists = axes[i] >= 0 && axes[i] < type.Rank();
    if (!exists || !(type.dims[static_cast<size_t>(axes[i])] == count)) {
      violations.Add(Rule::kBlocks, blocks, "axis {} of {} is not {} long", axes[i], type.ToText(),
                     count.ToText());
      continue;
    }
    type.dims[static_cast<size_t>(axes[i])] = blocks.steps;
    check.CheckType("output", i, blocks.Result(i)->type, type);
  }
  check.CheckCarried(0, outputs);
}

}  // namespace

void VerifyLoop(const Operation& loop, Stage stage, Violations& violations) {
  if (!loop.HasBody() || loop.Body().Terminator() == nullptr) return;
  for (const char* name : {"n_each", "n_carry"}) {
    if (loop.Has(name) && loop.Int(name) < 0) {
      violations.Add(Rule::kScan, loop, "{} is {}", name, loop.Int(name));
      return;
    }
  }
  const Operation& yield = *loop.Body().Terminator();
  if (yield.Int("n_each") < 0 || yield.Int("n_each") > static_cast<int64_t>(yield.Operands().size())) {
    violations.Add(Rule::kScan, yield, "n_each is {}", yield.Int("n_each"));
    return;
  }
  if (loop.Kind() == OpKind::kScan) {
    VerifyScan(loop, stage, violations);
  } else {
    VerifyBlocks(loop, violations);
  }
}

}  // namespace rnnc::ir
