// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/kernel_edit.h"

#include <algorithm>
#include <set>

namespace rnnc::passes {

ir::Value* MakeCopy(ir::Builder& builder, ir::Value* value) {
  ir::Kernel kernel = ir::MakeMap(value->type.dims);
  kernel.epilogue.outputs = {
      kernel.epilogue.AddRead(value->type.element, 0, ir::IdentityIndices(value->type.dims.size()))};
  ir::Value* copy = builder.KernelOp(std::move(kernel), {value}, {value->type})->Result();
  copy->name = value->name;
  return copy;
}

const ir::ScalarNode* OnlyRead(const ir::Operation& operation) {
  if (operation.Kind() != ir::OpKind::kMap || operation.ResultCount() != 1) return nullptr;
  const ir::Kernel& kernel = operation.GetKernel();
  if (kernel.epilogue.outputs.size() != 1) return nullptr;
  const ir::ScalarNode& node = kernel.epilogue.nodes[static_cast<size_t>(kernel.epilogue.outputs[0])];
  if (node.op != ir::ScalarOp::kRead || node.operand == kernel.into) return nullptr;
  for (const ir::IndexExpr& index : node.indices) {
    if (index.UsesNode()) return nullptr;
  }
  return &node;
}

const ir::ScalarNode* IdentityRead(const ir::Operation& operation) {
  const ir::ScalarNode* node = OnlyRead(operation);
  return node != nullptr && operation.GetKernel().into < 0 ? node : nullptr;
}

void ForEachRead(const ir::Kernel& kernel, int operand,
                 const std::function<void(const ir::ScalarNode&, const std::vector<ir::Dim>&)>& visit) {
  ir::ForEachProgram(kernel, [&](const ir::Program& program, const std::vector<ir::Dim>& extents) {
    for (const ir::ScalarNode& node : program.nodes) {
      if (node.op == ir::ScalarOp::kRead && node.operand == operand) visit(node, extents);
    }
  });
}

bool ReadsOnlyWhatItWrites(const ir::Operation& operation, const ir::Value* value, size_t result) {
  if (!operation.HasKernel() || operation.Result(result)->type.element != value->type.element) return false;
  const ir::Kernel& kernel = operation.GetKernel();
  const std::vector<ir::IndexExpr>& store = kernel.stores[result];
  bool own = true;
  for (size_t i = 0; i < operation.Operands().size(); ++i) {
    if (operation.Operand(i) != value) continue;
    const int operand = static_cast<int>(i);
    if (kernel.into == operand) return false;
    for (const ir::Accumulator& accumulator : kernel.accumulators) {
      for (const ir::Program* program : {&accumulator.init, &accumulator.element}) {
        for (const ir::ScalarNode& node : program->nodes) {
          if (node.op == ir::ScalarOp::kRead && node.operand == operand) own = false;
        }
      }
    }
    ForEachRead(kernel, operand, [&](const ir::ScalarNode& read, const std::vector<ir::Dim>&) {
      if (read.indices != store) own = false;
    });
  }
  return own && operation.Result(result)->type == value->type;
}

std::optional<std::vector<ir::IndexExpr>> PointStoredAt(const ir::Kernel& kernel, size_t result,
                                                        const std::vector<ir::IndexExpr>& indices) {
  std::vector<ir::IndexExpr> point(kernel.parallel.size());
  std::vector<bool> known(kernel.parallel.size(), false);
  const std::vector<ir::IndexExpr>& store = kernel.stores[result];
  for (size_t axis = 0; axis < store.size(); ++axis) {
    if (store[axis] == ir::IndexExpr(0)) continue;
    bool variable = false;
    for (size_t v = 0; v < point.size(); ++v) {
      if (known[v] || !store[axis].IsVariable(static_cast<int>(v))) continue;
      point[v] = indices[axis];
      known[v] = variable = true;
    }
    if (!variable) return std::nullopt;
  }
  for (size_t v = 0; v < point.size(); ++v) {
    if (!known[v] && !kernel.parallel[v].extent.Is(1)) return std::nullopt;
  }
  return point;
}

std::vector<int> AddOperands(ir::Operation& operation, const std::vector<ir::Value*>& operands) {
  std::vector<int> numbers;
  for (ir::Value* operand : operands) {
    const auto& present = operation.Operands();
    auto found = std::find(present.begin(), present.end(), operand);
    numbers.push_back(static_cast<int>(found - present.begin()));
    if (found == present.end()) operation.AddOperand(operand);
  }
  return numbers;
}

ir::Program WithVariables(ir::Program program,
                          const std::function<std::optional<ir::IndexExpr>(int)>& replacement) {
  ir::ForEachIndex(program, [&](ir::IndexExpr& index) { index = index.SubstituteVariables(replacement); });
  return program;
}

namespace {

void DropUnusedAccumulators(ir::Kernel& kernel) {
  std::vector<int> number(kernel.accumulators.size(), -1);
  std::vector<ir::Accumulator> kept;
  for (ir::ScalarNode& node : kernel.epilogue.nodes) {
    if (node.op != ir::ScalarOp::kAccumulator) continue;
    int& image = number[static_cast<size_t>(node.accumulator)];
    image = 0;
  }
  for (size_t i = 0; i < number.size(); ++i) {
    if (number[i] < 0) continue;
    number[i] = static_cast<int>(kept.size());
    kept.push_back(std::move(kernel.accumulators[i]));
  }
  for (ir::ScalarNode& node : kernel.epilogue.nodes) {
    if (node.op == ir::ScalarOp::kAccumulator)
      node.accumulator = number[static_cast<size_t>(node.accumulator)];
  }
  kernel.accumulators = std::move(kept);
}

// Equal operands become one, unread ones go.
void CompactOperands(ir::Operation& operation) {
  ir::Kernel& kernel = operation.GetKernel();
  std::set<int> read;
  if (kernel.into >= 0) read.insert(kernel.into);
  ir::ForEachProgram(kernel, [&](ir::Program& program, const std::vector<ir::Dim>&) {
    for (const ir::ScalarNode& node : program.nodes) {
      if (node.op == ir::ScalarOp::kRead) read.insert(node.operand);
    }
  });
  std::vector<ir::Value*> kept;
  std::map<int, int> number;
  for (const int operand : read) {
    ir::Value* value = operation.Operand(static_cast<size_t>(operand));
    auto same = std::find(kept.begin(), kept.end(), value);
    number[operand] = static_cast<int>(same - kept.begin());
    if (same == kept.end()) kept.push_back(value);
  }
  ir::ForEachProgram(kernel, [&](ir::Program& program, const std::vector<ir::Dim>&) {
    for (ir::ScalarNode& node : program.nodes) {
      if (node.op == ir::ScalarOp::kRead) node.operand = number.at(node.operand);
    }
  });
  if (kernel.into >= 0) kernel.into = number.at(kernel.into);
  operation.SetOperands(kept);
}

// Takes the variables out for which `keep` says false; nothing uses them.
void RenumberVariables(ir::Program& program, const std::vector<bool>& keep) {
  std::vector<int> number(keep.size(), 0);
  int next = 0;
  for (size_t v = 0; v < keep.size(); ++v) number[v] = keep[v] ? next++ : 0;
  program = WithVariables(std::move(program), [&](int v) -> std::optional<ir::IndexExpr> {
    const auto i = static_cast<size_t>(v);
    return i < number.size() ? ir::IndexExpr::Variable(number[i]) : ir::IndexExpr::Variable(v);
  });
}

// Variables of one value go (simplified indices do not use them), but for one where there would be none.
void DropUnitVariables(ir::Kernel& kernel) {
  std::vector<bool> keep;
  for (const ir::IndexVariable& variable : kernel.parallel) keep.push_back(!variable.extent.Is(1));
  if (!keep.empty() && std::find(keep.begin(), keep.end(), true) == keep.end()) keep.back() = true;
  for (ir::Accumulator& accumulator : kernel.accumulators) {
    std::vector<bool> all = keep;
    all.push_back(true);  // the gate
    std::vector<bool> reduced;
    for (const ir::IndexVariable& variable : accumulator.reduced) {
      reduced.push_back(accumulator.chains > 1 || !variable.extent.Is(1));
    }
    if (!reduced.empty() && std::find(reduced.begin(), reduced.end(), true) == reduced.end()) {
      reduced.back() = true;
    }
    all.insert(all.end(), reduced.begin(), reduced.end());
    RenumberVariables(accumulator.init, all);
    RenumberVariables(accumulator.element, all);
    size_t at = 0;
    std::erase_if(accumulator.reduced, [&](const ir::IndexVariable&) { return !reduced[at++]; });
  }
  RenumberVariables(kernel.epilogue, keep);
  ir::Program stores;  // for the renumbering alone
  for (std::vector<ir::IndexExpr>& store : kernel.stores) {
    stores.nodes.emplace_back();
    stores.nodes.back().indices = store;
  }
  RenumberVariables(stores, keep);
  for (size_t r = 0; r < kernel.stores.size(); ++r) kernel.stores[r] = stores.nodes[r].indices;
  size_t at = 0;
  std::erase_if(kernel.parallel, [&](const ir::IndexVariable&) { return !keep[at++]; });
}

// Reads of constants of one element become literals; a square is a product.
void SimplifyScalars(ir::Program& program, const ir::Operation& operation) {
  for (ir::ScalarNode& node : program.nodes) {
    if (node.op != ir::ScalarOp::kRead || node.fill) continue;
    const ir::Value* value = operation.Operand(static_cast<size_t>(node.operand));
    if (!value->IsConst() || value->type.element != node.type || value->tensor->ElementCount() != 1) continue;
    ir::ScalarNode literal;
    literal.op = ir::ScalarOp::kConst;
    literal.type = node.type;
    if (ir::IsFloat(node.type)) {
      literal.number = value->tensor->NumberAt(0);
    } else {
      literal.integer = value->tensor->IntegerAt(0);
    }
    node = literal;
  }
  for (ir::ScalarNode& node : program.nodes) {
    if (node.op != ir::ScalarOp::kPow || !ir::IsFloat(node.type)) continue;
    const ir::ScalarNode& exponent = program.nodes[static_cast<size_t>(node.args[1])];
    if (exponent.op != ir::ScalarOp::kConst || exponent.number != 2.0 || !ir::IsFloat(exponent.type))
      continue;
    node.op = ir::ScalarOp::kMul;
    node.args = {node.args[0], node.args[0]};
  }
}

}  // namespace

ir::Operation* Tidy(ir::Operation* operation) {
  ir::Kernel& kernel = operation->GetKernel();
  ir::ForEachProgram(kernel, [&](ir::Program& program, const std::vector<ir::Dim>& extents) {
    ir::ForEachIndex(program, [&](ir::IndexExpr& index) { index = index.Simplify(extents); });
    if (&program == &kernel.epilogue) SimplifyScalars(program, *operation);
    program = ir::Cleaned(program);
  });
  for (std::vector<ir::IndexExpr>& store : kernel.stores) {
    for (ir::IndexExpr& index : store) index = index.Simplify(kernel.ParallelExtents());
  }
  DropUnusedAccumulators(kernel);
  DropUnitVariables(kernel);
  CompactOperands(*operation);
  const ir::OpKind kind = ir::KindOf(kernel);
  if (kind == operation->Kind()) return operation;
  ir::Builder builder = ir::Builder::Before(operation);
  ir::Operation* made = builder.Create(kind, operation->Operands(), {});
  for (ir::Value* result : operation->Results()) {
    ir::ReplaceAllUses(result, made->AddResult(result->type, result->name));
  }
  made->SetKernel(std::move(kernel));
  operation->Parent()->Erase(operation);
  return made;
}

void RemoveKernelResult(ir::Operation& operation, size_t i) {
  ir::Kernel& kernel = operation.GetKernel();
  const auto at = static_cast<std::ptrdiff_t>(i);
  if (i == 0) kernel.into = -1;
  kernel.stores.erase(kernel.stores.begin() + at);
  kernel.epilogue.outputs.erase(kernel.epilogue.outputs.begin() + at);
  operation.RemoveResult(i);
}

ir::Dim PointCount(const std::vector<ir::Dim>& extents) {
  ir::Dim count(1);
  for (const ir::Dim& extent : extents) count *= extent;
  return count;
}

bool AtMost(const ir::Dim& a, const ir::Dim& b) {
  if (a == b) return true;
  if (a.IsConstant() && b.IsConstant()) return a.Value() <= b.Value();
  const std::optional<ir::Dim> quotient = b.DividedBy(a);
  return quotient && quotient->IsConstant() && quotient->Value() >= 1;
}

ir::IndexExpr LinearIndex(const std::vector<ir::IndexExpr>& indices, const std::vector<ir::Dim>& dims,
                          const std::vector<ir::Dim>& extents) {
  const std::vector<ir::Dim> strides = ir::RowMajorStrides(dims);
  ir::IndexExpr linear;
  for (size_t axis = 0; axis < indices.size(); ++axis) linear = linear + indices[axis] * strides[axis];
  linear = linear.Simplify(extents);
  // c*d*(e/d) + c*(e%d) = c*e.
  for (bool changed = true; changed;) {
    changed = false;
    for (const ir::IndexExpr::Term& rest : linear.Terms()) {
      if (rest.atom.kind != ir::IndexExpr::AtomKind::kMod) continue;
      const ir::IndexExpr& inner = *rest.atom.inner;
      for (const ir::IndexExpr::Term& whole : linear.Terms()) {
        if (whole.atom.kind != ir::IndexExpr::AtomKind::kFloorDiv || !(*whole.atom.inner == inner) ||
            !(whole.atom.divisor == rest.atom.divisor) ||
            !(whole.coefficient == rest.coefficient * rest.atom.divisor)) {
          continue;
        }
        linear = linear - ir::IndexExpr::FloorDiv(inner, rest.atom.divisor) * whole.coefficient -
                 ir::IndexExpr::Mod(inner, rest.atom.divisor) * rest.coefficient + inner * rest.coefficient;
        changed = true;
        break;
      }
      if (changed) break;
    }
  }
  return linear;
}

int VectorVariable(const ir::Operation& operation) {
  const ir::Kernel& kernel = operation.GetKernel();
  auto counts = [&](int v) { return !kernel.parallel[static_cast<size_t>(v)].extent.Is(1); };
  int innermost = static_cast<int>(kernel.parallel.size()) - 1;
  while (innermost >= 0 && !counts(innermost)) --innermost;
  int weights = -1;
  for (const ir::Accumulator& accumulator : kernel.accumulators) {
    for (const ir::ScalarNode& node : accumulator.element.nodes) {
      if (node.op != ir::ScalarOp::kRead ||
          !operation.Operand(static_cast<size_t>(node.operand))->IsConst()) {
        continue;
      }
      for (int v = 0; v <= innermost; ++v) {
        const bool used = std::any_of(node.indices.begin(), node.indices.end(),
                                      [&](const ir::IndexExpr& index) { return index.UsesVariable(v); });
        if (used && counts(v)) weights = std::max(weights, v);
      }
    }
  }
  return operation.Kind() == ir::OpKind::kContract && weights >= 0 ? weights : innermost;
}

std::string FreshName(const ir::Kernel& kernel, const std::string& wanted) {
  std::set<std::string> used;
  for (const ir::IndexVariable& variable : kernel.parallel) used.insert(variable.name);
  for (const ir::Accumulator& accumulator : kernel.accumulators) {
    used.insert(accumulator.name);
    used.insert(accumulator.gate.name);
    for (const ir::IndexVariable& variable : accumulator.reduced) used.insert(variable.name);
  }
  std::string name = wanted;
  for (int i = 1; used.count(name) != 0; ++i) name = wanted + std::to_string(i);
  return name;
}

}  // namespace rnnc::passes
