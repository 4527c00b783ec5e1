// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <bit>

#include "compiler/ir/builder.h"
#include "compiler/ir/known_ints.h"
#include "compiler/ir/verifier_index.h"
#include "compiler/ir/verifier_parts.h"

namespace rnnc::ir {
namespace {

bool IsArgCombine(Combine combine) {
  return combine == Combine::kArgMaxFirst || combine == Combine::kArgMaxLast ||
         combine == Combine::kArgMinFirst || combine == Combine::kArgMinLast;
}

// What a scalar operation accepts.
enum class Accepts : uint8_t { kAny, kNumbers, kFloats, kBits };
Accepts AcceptedBy(ScalarOp op) {
  switch (op) {
    case ScalarOp::kAnd:
    case ScalarOp::kOr:
    case ScalarOp::kXor:
    case ScalarOp::kNot:
      return Accepts::kBits;
    case ScalarOp::kEqual:
    case ScalarOp::kNotEqual:
    case ScalarOp::kCast:
    case ScalarOp::kSelect:
      return Accepts::kAny;
    case ScalarOp::kAdd:
    case ScalarOp::kSub:
    case ScalarOp::kMul:
    case ScalarOp::kDiv:
    case ScalarOp::kMod:
    case ScalarOp::kFmod:
    case ScalarOp::kPow:
    case ScalarOp::kMin:
    case ScalarOp::kMax:
    case ScalarOp::kNeg:
    case ScalarOp::kAbs:
    case ScalarOp::kSign:
    case ScalarOp::kLess:
    case ScalarOp::kLessEqual:
    case ScalarOp::kGreater:
    case ScalarOp::kGreaterEqual:
      return Accepts::kNumbers;
    default:
      return Accepts::kFloats;
  }
}

bool Accepted(ScalarOp op, ElementType type) {
  switch (AcceptedBy(op)) {
    case Accepts::kAny:
      return true;
    case Accepts::kNumbers:
      return type != ElementType::kBool;
    case Accepts::kFloats:
      return IsFloat(type);
    case Accepts::kBits:
      return !IsFloat(type);
  }
  return false;
}

void CollectNodes(const IndexExpr& index, std::vector<int>& nodes) {
  for (const IndexExpr::Term& term : index.Terms()) {
    if (term.atom.inner) CollectNodes(*term.atom.inner, nodes);
    if (term.atom.kind == IndexExpr::AtomKind::kNode) nodes.push_back(term.atom.id);
  }
}

class KernelVerifier {
 public:
  KernelVerifier(const Operation& operation, const Symbols& symbols, Violations& violations)
      : operation_(operation), kernel_(operation.GetKernel()), symbols_(symbols), violations_(violations) {}

  void Run() {
    const size_t before = violations_.Count();
    CheckVariables(kernel_.parallel);
    for (const Accumulator& accumulator : kernel_.accumulators) CheckAccumulator(accumulator);
    CheckProgram(kernel_.epilogue, kernel_.ParallelExtents(), true);
    if (violations_.Count() != before) return;  // what follows looks into the programs
    for (const Accumulator& accumulator : kernel_.accumulators) CheckAccumulatorTypes(accumulator);
    if (KindOf(kernel_) != operation_.Kind()) {
      Add(Rule::kKernelForm, "this is a {}", InfoOf(KindOf(kernel_)).text);
    }
    CheckOutputs();
    CheckInto();
  }

 private:
  template <typename... Args>
  void Add(Rule rule, fmt::format_string<Args...> format, Args&&... args) {
    violations_.Add(rule, operation_, format, std::forward<Args>(args)...);
  }

  void CheckVariables(const std::vector<IndexVariable>& variables) {
    for (const IndexVariable& variable : variables) {
      const Dim& extent = variable.extent;
      if (extent.IsPoisoned() || (extent.IsConstant() && extent.Value() < 0)) {
        Add(Rule::kType, "no size can be {}", extent.ToText());
      }
      CheckSymbols(extent);
    }
  }

  void CheckSymbols(const Dim& dim) {
    if (!Knows(symbols_, dim)) Add(Rule::kSymbol, "nothing gives the size {}", dim.ToText());
  }

  void CheckSymbols(const IndexExpr& index) {
    CheckSymbols(index.ConstantPart());
    for (const IndexExpr::Term& term : index.Terms()) {
      CheckSymbols(term.coefficient);
      if (!term.atom.inner) continue;
      CheckSymbols(term.atom.divisor);
      CheckSymbols(*term.atom.inner);
    }
  }

  void CheckAccumulator(const Accumulator& accumulator) {
    const Dim& gate = accumulator.gate.extent;
    if (!gate.IsConstant() || gate.Value() < 1) Add(Rule::kAccumulator, "{} gates", gate.ToText());
    const int chains = accumulator.chains;
    if (chains < 1 || !std::has_single_bit(static_cast<unsigned>(chains))) {
      Add(Rule::kAccumulator, "{} chains; a power of two is needed", chains);
    }
    CheckVariables(accumulator.reduced);
    const std::vector<Dim> extents = kernel_.ExtentsFor(accumulator);
    CheckProgram(accumulator.init, extents, false);
    CheckProgram(accumulator.element, extents, false);
    if (accumulator.element.outputs.size() != 1) {
      Add(Rule::kAccumulator, "the element of {} has {} outputs", accumulator.name,
          accumulator.element.outputs.size());
    }
    if (accumulator.init.outputs.size() > 1) {
      Add(Rule::kAccumulator, "{} has {} initial values", accumulator.name, accumulator.init.outputs.size());
    }
  }

  static ElementType OutputType(const Program& program, size_t i) {
    return program.nodes[static_cast<size_t>(program.outputs[i])].type;
  }

  void CheckAccumulatorTypes(const Accumulator& accumulator) {
    const ElementType element = OutputType(accumulator.element, 0);
    const bool half = element == ElementType::kF16 || element == ElementType::kBF16;
    const bool fits = IsArgCombine(accumulator.combine)
                          ? accumulator.type == ElementType::kI64
                          : accumulator.type == element || (half && accumulator.type == ElementType::kF32);
    if (!fits) {
      Add(Rule::kAccumulator, "{} is {} and its elements are {}", accumulator.name, ToText(accumulator.type),
          ToText(element));
    }
    if (!accumulator.init.Empty() && OutputType(accumulator.init, 0) != accumulator.type) {
      Add(Rule::kAccumulator, "{} is {} and begins as {}", accumulator.name, ToText(accumulator.type),
          ToText(OutputType(accumulator.init, 0)));
    }
  }

  void CheckProgram(const Program& program, const std::vector<Dim>& extents, bool is_epilogue) {
    for (size_t i = 0; i < program.nodes.size(); ++i) {
      if (!CheckForm(program, i, extents, is_epilogue)) return;
      CheckTypes(program, program.nodes[i]);
      if (program.nodes[i].op == ScalarOp::kRead) CheckRead(program.nodes[i], extents);
    }
    for (int output : program.outputs) {
      if (output < 0 || static_cast<size_t>(output) >= program.nodes.size()) {
        Add(Rule::kNode, "output {} does not exist", output);
      }
    }
  }

  // Rule kNode; false when the node must not be looked at any further.
  bool CheckForm(const Program& program, size_t id, const std::vector<Dim>& extents, bool is_epilogue) {
    const ScalarNode& node = program.nodes[id];
    const size_t before = violations_.Count();
    if (static_cast<int>(node.args.size()) != ArityOf(node.op)) {
      Add(Rule::kNode, "{} takes {} arguments, not {}", ToText(node.op), ArityOf(node.op), node.args.size());
    }
    std::vector<int> inputs = node.args;
    for (const IndexExpr& index : node.indices) CollectNodes(index, inputs);
    for (int input : inputs) {
      if (input < 0 || static_cast<size_t>(input) >= id) Add(Rule::kNode, "node {} reads node {}", id, input);
    }
    const bool has_indices = node.op == ScalarOp::kRead || node.op == ScalarOp::kIndex;
    if ((node.op == ScalarOp::kIndex && node.indices.size() != 1) ||
        (!has_indices && !node.indices.empty())) {
      Add(Rule::kNode, "{} has {} indices", ToText(node.op), node.indices.size());
    }
    for (const IndexExpr& index : node.indices) {
      CheckSymbols(index);
      if (LargestVariable(index) >= static_cast<int>(extents.size())) {
        Add(Rule::kNode, "variable {} does not exist here", LargestVariable(index));
      }
    }
    if (node.op == ScalarOp::kRead && operation_.Operand(static_cast<size_t>(node.operand)) == nullptr) {
      Add(Rule::kNode, "operand {} does not exist", node.operand);
    }
    if (node.op == ScalarOp::kAccumulator) CheckAccumulatorNode(node, is_epilogue);
    return violations_.Count() == before;
  }

  void CheckAccumulatorNode(const ScalarNode& node, bool is_epilogue) {
    const auto number = static_cast<size_t>(node.accumulator);
    if (!is_epilogue) {
      Add(Rule::kNode, "accumulators are for the epilogue");
    } else if (node.accumulator < 0 || number >= kernel_.accumulators.size()) {
      Add(Rule::kNode, "accumulator {} does not exist", node.accumulator);
    } else {
      const Accumulator& accumulator = kernel_.accumulators[number];
      const Dim& gates = accumulator.gate.extent;
      if (node.gate < 0 || !gates.IsConstant() || node.gate >= gates.Value()) {
        Add(Rule::kNode, "{} has no gate {}", accumulator.name, node.gate);
      }
      if (node.type != accumulator.type) {
        Add(Rule::kNodeType, "{} is {}", accumulator.name, ToText(accumulator.type));
      }
    }
  }

  void CheckTypes(const Program& program, const ScalarNode& node) {
    std::vector<ElementType> types;
    for (int arg : node.args) types.push_back(program.nodes[static_cast<size_t>(arg)].type);
    if (node.type != ResultElement(node.op, types, node.type)) {
      Add(Rule::kNodeType, "{} gives {}, not {}", ToText(node.op),
          ToText(ResultElement(node.op, types, node.type)), ToText(node.type));
    }
    size_t first = 0;
    if (node.op == ScalarOp::kSelect) {
      first = 1;
      if (types[0] != ElementType::kBool) {
        Add(Rule::kNodeType, "select takes a bool first, not {}", ToText(types[0]));
      }
    }
    for (size_t i = first; i < types.size(); ++i) {
      if (!Accepted(node.op, types[i])) {
        Add(Rule::kNodeType, "{} does not take {}", ToText(node.op), ToText(types[i]));
      } else if (types[i] != types[first]) {
        Add(Rule::kNodeType, "{} of {} and {}", ToText(node.op), ToText(types[first]), ToText(types[i]));
      }
    }
    std::vector<int> data;
    for (const IndexExpr& index : node.indices) CollectNodes(index, data);
    for (int id : data) {
      const ElementType type = program.nodes[static_cast<size_t>(id)].type;
      if (IsFloat(type) || type == ElementType::kBool) {
        Add(Rule::kRead, "an index cannot be {}", ToText(type));
      }
    }
  }

  void CheckRead(const ScalarNode& node, const std::vector<Dim>& extents) {
    const Value& operand = *operation_.Operand(static_cast<size_t>(node.operand));
    if (node.type != operand.type.element) {
      Add(Rule::kNodeType, "reads {} from {}", ToText(node.type), operand.type.ToText());
    }
    if (static_cast<int64_t>(node.indices.size()) != operand.type.Rank()) {
      Add(Rule::kRead, "{} indices into {}", node.indices.size(), operand.type.ToText());
      return;
    }
    if (node.fill) return;
    for (size_t axis = 0; axis < node.indices.size(); ++axis) {
      CheckInside(Rule::kBounds, node.indices[axis], operand.type, axis, extents);
    }
  }

  void CheckInside(Rule rule, const IndexExpr& index, const Type& type, size_t axis,
                   const std::vector<Dim>& extents) {
    if (const std::optional<int64_t> bad = ValueOutside(index, type.dims[axis], extents)) {
      Add(rule, "index {} of axis {} of {}", *bad, axis, type.ToText());
    }
  }

  void CheckOutputs() {
    const size_t results = operation_.ResultCount();
    if (kernel_.epilogue.outputs.size() != results || kernel_.stores.size() != results) {
      Add(Rule::kOutputs, "{} outputs and {} stores for {} results", kernel_.epilogue.outputs.size(),
          kernel_.stores.size(), results);
      return;
    }
    for (size_t i = 0; i < results; ++i) {
      const Type& type = operation_.Result(i)->type;
      const ElementType output = OutputType(kernel_.epilogue, i);
      if (output != type.element) {
        Add(Rule::kOutputs, "output {} is {} for {}", i, ToText(output), type.ToText());
      }
      CheckStore(i, type);
    }
  }

  void CheckStore(size_t result, const Type& type) {
    const std::vector<IndexExpr>& store = kernel_.stores[result];
    const std::vector<Dim> extents = kernel_.ParallelExtents();
    if (static_cast<int64_t>(store.size()) != type.Rank()) {
      Add(Rule::kStore, "{} indices for {}", store.size(), type.ToText());
      return;
    }
    for (size_t axis = 0; axis < store.size(); ++axis) {
      CheckSymbols(store[axis]);
      if (store[axis].UsesNode() || LargestVariable(store[axis]) >= static_cast<int>(extents.size())) {
        Add(Rule::kStore, "stores may depend on parallel variables only");
        return;
      }
      CheckInside(Rule::kStore, store[axis], type, axis, extents);
    }
    if (StoresTwice(store, extents)) Add(Rule::kStore, "an element of result {} is stored twice", result);
    if (kernel_.into >= 0 && result == 0) return;
    Dim points(1);
    for (const Dim& extent : extents) points *= extent;
    if (AreEqual(points, type.ElementCount()) == std::optional(false)) {
      Add(Rule::kStore, "{} points for {}", points.ToText(), type.ToText());
    }
  }

  void CheckInto() {
    if (kernel_.into < 0) return;
    const Value* into = operation_.Operand(static_cast<size_t>(kernel_.into));
    if (into == nullptr || operation_.ResultCount() == 0) {
      Add(Rule::kInto, "'into' needs an operand and a result");
    } else if (!(into->type == operation_.Result(0)->type)) {
      Add(Rule::kInto, "into {} for a result of {}", into->type.ToText(),
          operation_.Result(0)->type.ToText());
    }
  }

  const Operation& operation_;
  const Kernel& kernel_;
  const Symbols& symbols_;
  Violations& violations_;
};

}  // namespace

void VerifyKernel(const Operation& operation, const Symbols& symbols, Violations& violations) {
  KernelVerifier(operation, symbols, violations).Run();
}

}  // namespace rnnc::ir
