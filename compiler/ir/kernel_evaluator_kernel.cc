// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/kernel_evaluator_kernel.h"

#include <algorithm>
#include <utility>

#include "compiler/support/check.h"

// 1. Symbols are replaced and every index expression is flattened into sums of coefficient * variable
//    (`Index`), every program into steps; so that the loops below walk plain vectors.
// 2. For each point of the parallel space: the accumulators, then the epilogue, then the stores.
namespace rnnc::ir::evaluation {
namespace {

// ---- Step 1 ----

struct Index {
  struct Quotient {
    bool remainder = false;
    std::vector<Index> inner;  // exactly one
    int64_t divisor = 1;
    int64_t coefficient = 1;
  };
  int64_t constant = 0;
  std::vector<std::pair<size_t, int64_t>> variables;
  std::vector<std::pair<size_t, int64_t>> nodes;
  std::vector<Quotient> quotients;
  bool depends_on_data = false;
};

struct Step {
  const ScalarNode* node = nullptr;
  ElementType operand_type = ElementType::kF32;
  std::vector<Index> indices;
};

struct Steps {
  std::vector<Step> steps;
  std::vector<int> outputs;
};

int64_t ValueOf(const Dim& dim, const Symbols& symbols) {
  const auto value = dim.Evaluate(symbols);
  RNNC_CHECK(value.has_value(), "no value for a symbol of {}", dim.ToText());
  return *value;
}

Index Flatten(const IndexExpr& expr, const Symbols& symbols) {
  Index index;
  index.constant = ValueOf(expr.ConstantPart(), symbols);
  index.depends_on_data = expr.UsesNode();
  for (const IndexExpr::Term& term : expr.Terms()) {
    const int64_t coefficient = ValueOf(term.coefficient, symbols);
    const auto id = static_cast<size_t>(term.atom.id);
    switch (term.atom.kind) {
      case IndexExpr::AtomKind::kVariable:
        index.variables.emplace_back(id, coefficient);
        break;
      case IndexExpr::AtomKind::kNode:
        index.nodes.emplace_back(id, coefficient);
        break;
      case IndexExpr::AtomKind::kFloorDiv:
      case IndexExpr::AtomKind::kMod:
        index.quotients.push_back({term.atom.kind == IndexExpr::AtomKind::kMod,
                                   {Flatten(*term.atom.inner, symbols)},
                                   ValueOf(term.atom.divisor, symbols),
                                   coefficient});
        break;
    }
  }
  return index;
}

Steps Flatten(const Program& program, const Symbols& symbols) {
  Steps steps;
  steps.outputs = program.outputs;
  for (const ScalarNode& node : program.nodes) {
    Step step{&node, node.type, {}};
    if (!node.args.empty()) step.operand_type = program.nodes[static_cast<size_t>(node.args.back())].type;
    for (const IndexExpr& index : node.indices) step.indices.push_back(Flatten(index, symbols));
    steps.steps.push_back(std::move(step));
  }
  return steps;
}

struct FlatAccumulator {
  const Accumulator* source = nullptr;
  Steps init, element;
  std::vector<int64_t> reduced;
  int64_t gates = 1;
};

// All points of an index space in order; `visit` gets nothing, the counters are in `point` at `first`.
template <typename Visit>
void ForEachPoint(const std::vector<int64_t>& extents, std::vector<int64_t>& point, size_t first,
                  const Visit& visit) {
  if (std::find(extents.begin(), extents.end(), 0) != extents.end()) return;
  std::fill_n(point.begin() + static_cast<std::ptrdiff_t>(first), extents.size(), 0);
  for (;;) {
    visit();
    size_t axis = extents.size();
    while (axis > 0 && ++point[first + axis - 1] == extents[axis - 1]) point[first + --axis] = 0;
    if (axis == 0) return;
  }
}

// ---- Step 2 ----

class Runner {
 public:
  explicit Runner(KernelInput input) : input_(std::move(input)), kernel_(*input_.kernel) {}

  Result<std::vector<Buffer>> Run() {
    Prepare();
    if (kernel_.into >= 0) {
      Buffer& updated = input_.results[0];
      const Buffer& base = *input_.operands[static_cast<size_t>(kernel_.into)];
      if (base.dims != updated.dims) return Failure("the updated operand has another shape than the result");
      updated = base;
    }
    std::vector<int64_t> parallel;
    for (const IndexVariable& variable : kernel_.parallel)
      parallel.push_back(ValueOf(variable.extent, *input_.symbols));
    ForEachPoint(parallel, point_, 0, [&] {
      if (error_.empty()) RunPoint();
    });
    if (!error_.empty()) return Failure(error_);
    return std::move(input_.results);
  }

 private:
  static Diagnostic Failure(const std::string& message) { return Error({}, "{}", message); }

  void Prepare() {
    const Symbols& symbols = *input_.symbols;
    size_t reduced = 0;
    for (const Accumulator& accumulator : kernel_.accumulators) {
      FlatAccumulator flat{&accumulator,
                           Flatten(accumulator.init, symbols),
                           Flatten(accumulator.element, symbols),
                           {},
                           accumulator.gate.extent.Value()};
      for (const IndexVariable& variable : accumulator.reduced)
        flat.reduced.push_back(ValueOf(variable.extent, symbols));
      reduced = std::max(reduced, flat.reduced.size());
      accumulators_.push_back(std::move(flat));
    }
    epilogue_ = Flatten(kernel_.epilogue, symbols);
    for (const std::vector<IndexExpr>& store : kernel_.stores) {
      stores_.emplace_back();
      for (const IndexExpr& index : store) stores_.back().push_back(Flatten(index, symbols));
    }
    point_.assign(kernel_.parallel.size() + 1 + reduced, 0);
    finished_.resize(accumulators_.size());
    for (const Buffer& result : input_.results)
      written_.emplace_back(static_cast<size_t>(result.Count()), false);
  }

  int64_t Evaluate(const Index& index) const {
    int64_t sum = index.constant;
    for (const auto& [variable, coefficient] : index.variables) sum += point_[variable] * coefficient;
    for (const auto& [node, coefficient] : index.nodes) sum += registers_[node].integer * coefficient;
    for (const Index::Quotient& quotient : index.quotients) {
      const int64_t inner = Evaluate(quotient.inner[0]);
      const int64_t rest = ((inner % quotient.divisor) + quotient.divisor) % quotient.divisor;
      sum += quotient.coefficient * (quotient.remainder ? rest : (inner - rest) / quotient.divisor);
    }
    return sum;
  }

  void Fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
  }

  Scalar Read(const Step& step) {
    const Buffer& operand = *input_.operands[static_cast<size_t>(step.node->operand)];
    if (step.indices.size() != operand.dims.size()) {
      Fail(fmt::format("operand {} of rank {} is read with {} indices", step.node->operand,
                       operand.dims.size(), step.indices.size()));
      return {};
    }
    int64_t at = 0;
    for (size_t axis = 0; axis < step.indices.size(); ++axis) {
      int64_t index = Evaluate(step.indices[axis]);
      const bool inside = index >= 0 && index < operand.dims[axis];
      if (!inside && step.node->fill) return Constant(step.node->type, *step.node->fill);
      if (!inside && step.indices[axis].depends_on_data && operand.dims[axis] > 0) {
        index = 0;
      } else if (!inside) {
        Fail(fmt::format("operand {} is read at {} of an axis of {}", step.node->operand, index,
                         operand.dims[axis]));
        return {};
      }
      at = at * operand.dims[axis] + index;
    }
    if (!operand.IsDefined(at)) {
      Fail(fmt::format("operand {} is read at element {}, which nobody has written", step.node->operand, at));
    }
    return operand.At(at);
  }

  Scalar Constant(ElementType type, double value) const {
    if (!IsFloat(type)) return {0, static_cast<int64_t>(value)};
    return {input_.round ? RoundTo(type, value) : value, 0};
  }

  // Leaves the values of all nodes in registers_.
  void RunSteps(const Steps& steps) {
    if (registers_.size() < steps.steps.size()) registers_.resize(steps.steps.size());
    for (size_t i = 0; i < steps.steps.size(); ++i) {
      const Step& step = steps.steps[i];
      const ScalarNode& node = *step.node;
      Scalar& target = registers_[i];
      switch (node.op) {
        case ScalarOp::kConst:
          target = IsFloat(node.type) ? Constant(node.type, node.number) : Scalar{0, node.integer};
          break;
        case ScalarOp::kRead:
          target = Read(step);
          break;
        case ScalarOp::kIndex:
          target = {0, Evaluate(step.indices[0])};
          break;
        case ScalarOp::kAccumulator:
          target = finished_[static_cast<size_t>(node.accumulator)][static_cast<size_t>(node.gate)];
          break;
        default: {
          Scalar args[3];
          for (size_t k = 0; k < node.args.size(); ++k)
            args[k] = registers_[static_cast<size_t>(node.args[k])];
          target = Compute(node.op, node.type, step.operand_type, args, input_.round);
        }
      }
    }
  }

  Scalar Output(const Steps& steps, size_t i) const {
    return registers_[static_cast<size_t>(steps.outputs[i])];
  }

  // Chains are joined pairwise, neighbours first.
  Scalar Joined(const Accumulator& source, std::vector<Scalar> chains) const {
    while (chains.size() > 1) {
      for (size_t i = 0; i + 1 < chains.size(); i += 2) {
        chains[i / 2] = CombineTwo(source.combine, source.type, chains[i], chains[i + 1], input_.round);
      }
      chains.resize(chains.size() / 2);
    }
    return chains[0];
  }

  Scalar Accumulate(const FlatAccumulator& flat) {
    const Accumulator& source = *flat.source;
    const size_t first = kernel_.parallel.size() + 1;
    std::vector<Scalar> chains(static_cast<size_t>(source.chains), IdentityOf(source.combine, source.type));
    if (!source.init.Empty()) {
      RunSteps(flat.init);
      chains[0] = Output(flat.init, 0);
    }
    ForEachPoint(flat.reduced, point_, first, [&] {
      RunSteps(flat.element);
      const size_t chain = source.chains == 1
                               ? 0
                               : static_cast<size_t>(point_[first + flat.reduced.size() - 1] % source.chains);
      chains[chain] =
          CombineTwo(source.combine, source.type, chains[chain], Output(flat.element, 0), input_.round);
    });
    return Joined(source, std::move(chains));
  }

  // The row-major position of the best element among the reduced points.
  Scalar FindBest(const FlatAccumulator& flat) {
    const Accumulator& source = *flat.source;
    const ElementType type = source.element.nodes[static_cast<size_t>(source.element.outputs[0])].type;
    Scalar best;
    int64_t position = 0, best_position = 0;
    ForEachPoint(flat.reduced, point_, kernel_.parallel.size() + 1, [&] {
      RunSteps(flat.element);
      const Scalar candidate = Output(flat.element, 0);
      if (position == 0 || Beats(source.combine, type, candidate, best)) {
        best = candidate;
        best_position = position;
      }
      ++position;
    });
    return {0, best_position};
  }

  void RunPoint() {
    for (size_t a = 0; a < accumulators_.size(); ++a) {
      const FlatAccumulator& flat = accumulators_[a];
      finished_[a].clear();
      for (int64_t gate = 0; gate < flat.gates; ++gate) {
        point_[kernel_.parallel.size()] = gate;
        finished_[a].push_back(flat.source->combine >= Combine::kArgMaxFirst ? FindBest(flat)
                                                                             : Accumulate(flat));
      }
    }
    RunSteps(epilogue_);
    for (size_t r = 0; r < stores_.size(); ++r) Store(r, Output(epilogue_, r));
  }

  void Store(size_t r, const Scalar& value) {
    Buffer& result = input_.results[r];
    if (stores_[r].size() != result.dims.size()) {
      return Fail(fmt::format("result {} of rank {} is stored with {} indices", r, result.dims.size(),
                              stores_[r].size()));
    }
    int64_t at = 0;
    for (size_t axis = 0; axis < stores_[r].size(); ++axis) {
      const int64_t index = Evaluate(stores_[r][axis]);
      if (index < 0 || index >= result.dims[axis]) {
        return Fail(fmt::format("result {} is stored at {} of an axis of {}", r, index, result.dims[axis]));
      }
      at = at * result.dims[axis] + index;
    }
    if (written_[r][static_cast<size_t>(at)]) {
      return Fail(fmt::format("result {} is stored twice at element {}", r, at));
    }
    written_[r][static_cast<size_t>(at)] = true;
    result.Set(at, value);
  }

  KernelInput input_;
  const Kernel& kernel_;
  std::vector<FlatAccumulator> accumulators_;
  Steps epilogue_;
  std::vector<std::vector<Index>> stores_;
  std::vector<int64_t> point_;                 // by variable number
  std::vector<Scalar> registers_;              // by node, of the program that ran last
  std::vector<std::vector<Scalar>> finished_;  // by accumulator and gate
  std::vector<std::vector<bool>> written_;     // by result and element
  std::string error_;
};

}  // namespace

Scalar Buffer::At(int64_t i) const {
  const auto at = static_cast<size_t>(i);
  return IsFloat() ? Scalar{numbers[at], 0} : Scalar{0, integers[at]};
}

void Buffer::Set(int64_t i, const Scalar& value) {
  const auto at = static_cast<size_t>(i);
  if (IsFloat()) {
    numbers[at] = value.number;
  } else {
    integers[at] = value.integer;
  }
  if (!defined.empty()) defined[at] = true;
}

bool Buffer::IsWhole() const { return std::find(defined.begin(), defined.end(), false) == defined.end(); }

Buffer MakeBuffer(ElementType element, std::vector<int64_t> dims, bool defined) {
  Buffer buffer = BufferOf(MakeArray(element, std::move(dims)));
  if (!defined) buffer.defined.assign(static_cast<size_t>(buffer.Count()), false);
  return buffer;
}

Buffer BufferOf(Array array) {
  Buffer buffer;
  static_cast<Array&>(buffer) = std::move(array);
  return buffer;
}

Result<std::vector<Buffer>> RunKernel(KernelInput input) { return Runner(std::move(input)).Run(); }

}  // namespace rnnc::ir::evaluation
