// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/kernel.h"

#include <algorithm>
#include <array>
#include <bit>

#include "compiler/ir/tensor.h"
#include "compiler/support/check.h"

namespace rnnc::ir {
namespace {

struct ScalarOpInfo {
  std::string_view text;
  int arity;
};
constexpr std::array kScalarOps = {
#define RNNC_SCALAR_OP(enumerator, text, arity) ScalarOpInfo{text, arity},
#include "compiler/ir/scalar_ops.def"
};

constexpr std::array<std::string_view, 8> kCombines = {
    "sum", "product", "max", "min", "argmax_first", "argmax_last", "argmin_first", "argmin_last"};

bool SameNode(const ScalarNode& a, const ScalarNode& b) {
  // Bits, not ==: 0.0 and -0.0 differ, NaN equals itself.
  auto bits = [](double value) { return std::bit_cast<uint64_t>(value); };
  if (a.fill.has_value() != b.fill.has_value() || (a.fill && bits(*a.fill) != bits(*b.fill))) return false;
  return a.op == b.op && a.type == b.type && a.args == b.args && bits(a.number) == bits(b.number) &&
         a.integer == b.integer && a.operand == b.operand && a.indices == b.indices &&
         a.accumulator == b.accumulator && a.gate == b.gate;
}

// Nodes that `node` depends on: arguments and nodes inside its index expressions.
void CollectIndexNodes(const IndexExpr& index, std::vector<int>& nodes) {
  for (const IndexExpr::Term& term : index.Terms()) {
    if (term.atom.inner) CollectIndexNodes(*term.atom.inner, nodes);
    if (term.atom.kind == IndexExpr::AtomKind::kNode) nodes.push_back(term.atom.id);
  }
}

std::vector<bool> NeededNodes(const Program& program) {
  std::vector<bool> needed(program.nodes.size(), false);
  for (int output : program.outputs) needed[static_cast<size_t>(output)] = true;
  for (size_t i = program.nodes.size(); i-- > 0;) {
    if (!needed[i]) continue;
    std::vector<int> inputs = program.nodes[i].args;
    for (const IndexExpr& index : program.nodes[i].indices) CollectIndexNodes(index, inputs);
    for (int input : inputs) needed[static_cast<size_t>(input)] = true;
  }
  return needed;
}

}  // namespace

std::string_view ToText(ScalarOp op) { return kScalarOps[static_cast<size_t>(op)].text; }
int ArityOf(ScalarOp op) { return kScalarOps[static_cast<size_t>(op)].arity; }
std::string_view ToText(Combine combine) { return kCombines[static_cast<size_t>(combine)]; }

std::optional<ScalarOp> ParseScalarOp(std::string_view text) {
  for (size_t i = 0; i < kScalarOps.size(); ++i) {
    if (kScalarOps[i].text == text) return static_cast<ScalarOp>(i);
  }
  return std::nullopt;
}

ElementType ResultElement(ScalarOp op, const std::vector<ElementType>& args, ElementType wanted) {
  switch (op) {
    case ScalarOp::kEqual:
    case ScalarOp::kNotEqual:
    case ScalarOp::kLess:
    case ScalarOp::kLessEqual:
    case ScalarOp::kGreater:
    case ScalarOp::kGreaterEqual:
    case ScalarOp::kIsNan:
      return ElementType::kBool;
    case ScalarOp::kIndex:
      return ElementType::kI64;
    case ScalarOp::kConst:
    case ScalarOp::kRead:
    case ScalarOp::kAccumulator:
    case ScalarOp::kCast:
      return wanted;
    default:
      return args.empty() ? wanted : args.back();
  }
}

int Program::Add(ScalarNode node) {
  nodes.push_back(std::move(node));
  return static_cast<int>(nodes.size()) - 1;
}

int Program::AddOp(ScalarOp op, ElementType type, std::vector<int> args) {
  RNNC_CHECK(static_cast<int>(args.size()) == ArityOf(op), "{} takes {} arguments", ToText(op), ArityOf(op));
  ScalarNode node;
  node.op = op;
  node.type = type;
  node.args = std::move(args);
  return Add(std::move(node));
}

int Program::AddRead(ElementType type, int operand, std::vector<IndexExpr> indices) {
  ScalarNode node;
  node.op = ScalarOp::kRead;
  node.type = type;
  node.operand = operand;
  node.indices = std::move(indices);
  return Add(std::move(node));
}

int Program::AddConst(ElementType type, double value) {
  ScalarNode node;
  node.op = ScalarOp::kConst;
  node.type = type;
  if (IsFloat(type)) {
    node.number = RoundTo(type, value);
  } else {
    node.integer = static_cast<int64_t>(value);
  }
  return Add(std::move(node));
}

int Program::AddIndex(IndexExpr index) {
  ScalarNode node;
  node.op = ScalarOp::kIndex;
  node.type = ElementType::kI64;
  node.indices = {std::move(index)};
  return Add(std::move(node));
}

int Program::AddAccumulator(ElementType type, int accumulator, int gate) {
  ScalarNode node;
  node.op = ScalarOp::kAccumulator;
  node.type = type;
  node.accumulator = accumulator;
  node.gate = gate;
  return Add(std::move(node));
}

std::vector<Dim> Kernel::ParallelExtents() const {
  std::vector<Dim> extents;
  for (const IndexVariable& variable : parallel) extents.push_back(variable.extent);
  return extents;
}

std::vector<Dim> Kernel::ExtentsFor(const Accumulator& accumulator) const {
  std::vector<Dim> extents = ParallelExtents();
  extents.push_back(accumulator.gate.extent);
  for (const IndexVariable& variable : accumulator.reduced) extents.push_back(variable.extent);
  return extents;
}

std::vector<IndexExpr> IdentityIndices(size_t rank) {
  std::vector<IndexExpr> indices;
  for (size_t i = 0; i < rank; ++i) indices.push_back(IndexExpr::Variable(static_cast<int>(i)));
  return indices;
}

Kernel MakeMap(const std::vector<Dim>& dims) {
  Kernel kernel;
  for (size_t i = 0; i < dims.size(); ++i) kernel.parallel.push_back({"i" + std::to_string(i), dims[i]});
  kernel.stores.push_back(IdentityIndices(dims.size()));
  return kernel;
}

void ForEachProgram(Kernel& kernel, const std::function<void(Program&, const std::vector<Dim>&)>& visit) {
  for (Accumulator& accumulator : kernel.accumulators) {
    const std::vector<Dim> extents = kernel.ExtentsFor(accumulator);
    visit(accumulator.init, extents);
    visit(accumulator.element, extents);
  }
  visit(kernel.epilogue, kernel.ParallelExtents());
}

void ForEachProgram(const Kernel& kernel,
                    const std::function<void(const Program&, const std::vector<Dim>&)>& visit) {
  for (const Accumulator& accumulator : kernel.accumulators) {
    const std::vector<Dim> extents = kernel.ExtentsFor(accumulator);
    visit(accumulator.init, extents);
    visit(accumulator.element, extents);
  }
  visit(kernel.epilogue, kernel.ParallelExtents());
}

void ForEachIndex(Program& program, const std::function<void(IndexExpr&)>& edit) {
  for (ScalarNode& node : program.nodes) {
    for (IndexExpr& index : node.indices) edit(index);
  }
}

std::vector<int> AppendProgram(Program& target, const Program& source,
                               const std::function<std::optional<int>(Program&, const ScalarNode&)>& leaf) {
  const std::vector<bool> needed = NeededNodes(source);
  std::vector<int> image(source.nodes.size(), -1);
  for (size_t i = 0; i < source.nodes.size(); ++i) {
    if (!needed[i]) continue;
    ScalarNode node = source.nodes[i];
    for (int& arg : node.args) arg = image[static_cast<size_t>(arg)];
    for (IndexExpr& index : node.indices) {
      index = index.RenumberNodes([&](int id) { return image[static_cast<size_t>(id)]; });
    }
    std::optional<int> replaced = leaf ? leaf(target, node) : std::nullopt;
    image[i] = replaced ? *replaced : target.Add(std::move(node));
  }
  std::vector<int> outputs;
  for (int output : source.outputs) outputs.push_back(image[static_cast<size_t>(output)]);
  return outputs;
}

Program Cleaned(const Program& program) {
  Program clean;
  clean.outputs =
      AppendProgram(clean, program, [](Program& target, const ScalarNode& node) -> std::optional<int> {
        for (size_t i = 0; i < target.nodes.size(); ++i) {
          if (SameNode(target.nodes[i], node)) return static_cast<int>(i);
        }
        return std::nullopt;
      });
  return clean;
}

}  // namespace rnnc::ir
