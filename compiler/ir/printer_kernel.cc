// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/printer_kernel.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/ir/spelling.h"

// Nodes used once are written where they are used; nodes used more often, and those that would nest
// too deep, get a name. Constants and accumulators are always written in place. Since a reader
// numbers nodes as it meets them, the printer brings the program into that order first: otherwise
// the order of terms inside data-dependent indices could change from one round to the next.
namespace rnnc::ir {
namespace {

constexpr int kMaxInlineDepth = 12;

bool IsLeaf(const ScalarNode& node) {
  return node.op == ScalarOp::kConst || node.op == ScalarOp::kAccumulator;
}

void CollectNodes(const IndexExpr& index, std::vector<int>& nodes) {
  for (const IndexExpr::Term& term : index.Terms()) {
    if (term.atom.inner) CollectNodes(*term.atom.inner, nodes);
    if (term.atom.kind == IndexExpr::AtomKind::kNode) nodes.push_back(term.atom.id);
  }
}

// The nodes that node `id` reads, in text order, without those that no valid program could read.
std::vector<int> InputsOf(const Program& program, size_t id) {
  std::vector<int> inputs = program.nodes[id].args;
  for (const IndexExpr& index : program.nodes[id].indices) CollectNodes(index, inputs);
  std::erase_if(inputs, [&](int input) { return input < 0 || static_cast<size_t>(input) >= id; });
  return inputs;
}

std::vector<int> ValidOutputs(const Program& program) {
  std::vector<int> outputs = program.outputs;
  std::erase_if(
      outputs, [&](int output) { return output < 0 || static_cast<size_t>(output) >= program.nodes.size(); });
  return outputs;
}

// Which nodes get a line and a name of their own.
std::vector<bool> NamedNodes(const Program& program) {
  const size_t count = program.nodes.size();
  std::vector<int> uses(count, 0);
  for (int output : ValidOutputs(program)) ++uses[static_cast<size_t>(output)];
  for (size_t i = count; i-- > 0;) {
    if (uses[i] == 0) continue;
    for (int input : InputsOf(program, i)) ++uses[static_cast<size_t>(input)];
  }
  std::vector<bool> named(count, false);
  std::vector<int> depth(count, 0);
  for (size_t i = 0; i < count; ++i) {
    for (int input : InputsOf(program, i)) {
      depth[i] = std::max(depth[i], depth[static_cast<size_t>(input)] + 1);
    }
    named[i] = !IsLeaf(program.nodes[i]) && (uses[i] > 1 || (uses[i] == 1 && depth[i] >= kMaxInlineDepth));
    if (named[i]) depth[i] = 0;
  }
  return named;
}

// Appends `id` and what it reads to `order` as a reader meets them; stops at named nodes.
void AppendInTextOrder(const Program& program, const std::vector<bool>& named, int id,
                       std::vector<int>& order) {
  for (int input : InputsOf(program, static_cast<size_t>(id))) {
    if (!named[static_cast<size_t>(input)]) AppendInTextOrder(program, named, input, order);
  }
  order.push_back(id);
}

class KernelPrinter {
 public:
  KernelPrinter(const Operation& operation, const KernelPrinting& printing)
      : operation_(operation), kernel_(operation.GetKernel()), printing_(printing) {}

  std::string Run() {
    NameVariables();
    std::string header = "(" + Ranges(kernel_.parallel, 0) + ")";
    if (kernel_.into >= 0) header += " into " + OperandText(kernel_.into);
    std::vector<std::string> lines;
    for (const Accumulator& accumulator : kernel_.accumulators) lines.push_back(AccumulatorLine(accumulator));
    AppendEpilogue(lines);
    if (lines.size() == 1) return header + " { " + lines[0] + " }";
    const std::string margin(static_cast<size_t>(printing_.indent), ' ');
    std::string text = header + " {\n";
    for (const std::string& line : lines) text += fmt::format("{}  {}\n", margin, line);
    return text + margin + "}";
  }

 private:
  using Names = std::vector<std::string>;

  bool IsTaken(const std::string& name, const Names& names) const {
    const bool is_symbol = printing_.symbols != nullptr && printing_.symbols->count(name) != 0;
    return is_symbol || name == "value" || std::find(names.begin(), names.end(), name) != names.end();
  }

  void AddVariable(const IndexVariable& variable, Names& names) const {
    const std::string wanted = IsBareName(variable.name) ? variable.name : "i";
    names.push_back(UniqueName(wanted, [&](const std::string& name) { return IsTaken(name, names); }));
  }

  void NameVariables() {
    for (const IndexVariable& variable : kernel_.parallel) AddVariable(variable, variables_);
    for (const Accumulator& accumulator : kernel_.accumulators) {
      static constexpr std::string_view kReserved[] = {"let", "in", "true", "false", "inf", "nan", "yield"};
      const std::string wanted = IsBareName(accumulator.name) ? accumulator.name : "s";
      accumulator_names_.push_back(UniqueName(wanted, [&](const std::string& name) {
        return std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved) ||
               std::find(accumulator_names_.begin(), accumulator_names_.end(), name) !=
                   accumulator_names_.end();
      }));
    }
  }

  // "b<1, n<64" for variables whose names start at number `first` of variables_.
  std::string Ranges(const std::vector<IndexVariable>& variables, size_t first) const {
    std::string text;
    for (size_t i = 0; i < variables.size(); ++i) {
      text += fmt::format("{}{}<{}", i == 0 ? "" : ", ", variables_[first + i], variables[i].extent.ToText());
    }
    return text;
  }

  static bool PrintsGate(const Kernel& kernel, const Accumulator& accumulator) {
    if (!accumulator.gate.extent.Is(1)) return true;
    auto uses_gate = [&](const Program& program) {
      return std::any_of(program.nodes.begin(), program.nodes.end(), [&](const ScalarNode& node) {
        return std::any_of(node.indices.begin(), node.indices.end(),
                           [&](const IndexExpr& index) { return index.UsesVariable(kernel.GateVariable()); });
      });
    };
    return uses_gate(accumulator.init) || uses_gate(accumulator.element);
  }

  std::string AccumulatorLine(const Accumulator& accumulator) {
    const size_t parallel_count = variables_.size();
    AddVariable(accumulator.gate, variables_);
    for (const IndexVariable& variable : accumulator.reduced) AddVariable(variable, variables_);
    const size_t number = static_cast<size_t>(&accumulator - kernel_.accumulators.data());
    std::string text = accumulator_names_[number];
    if (PrintsGate(kernel_, accumulator)) {
      text += fmt::format("[{}<{}]", variables_[parallel_count], accumulator.gate.extent.ToText());
    }
    const Program element = InTextOrder(accumulator.element);
    const bool has_element = !ValidOutputs(element).empty();
    if (!has_element || element.nodes[static_cast<size_t>(element.outputs[0])].type != accumulator.type) {
      text += fmt::format(": {}", ToText(accumulator.type));
    }
    text += " = ";
    if (!accumulator.init.Empty()) text += LetExpression(InTextOrder(accumulator.init)) + " + ";
    text += ToText(accumulator.combine);
    if (accumulator.chains != 1) text += fmt::format(" chains={} ", accumulator.chains);
    text += "(" + Ranges(accumulator.reduced, parallel_count + 1) + ") " + LetExpression(element);
    variables_.resize(parallel_count);
    return text;
  }

  // The named nodes of a program, in order, each with its text; then the texts of the outputs.
  struct Statements {
    std::vector<std::pair<std::string, std::string>> named;
    std::vector<std::string> outputs;
  };

  Statements StatementsOf(const Program& program, const Names& taken) {
    Statements statements;
    named_ = NamedNodes(program);
    node_names_.assign(program.nodes.size(), "");
    int counter = 0;
    for (size_t i = 0; i < program.nodes.size(); ++i) {
      if (!named_[i]) continue;
      std::string name;
      do {
        name = fmt::format("t{}", counter++);
      } while (std::find(taken.begin(), taken.end(), name) != taken.end());
      statements.named.emplace_back(name, NodeText(program, i));
      node_names_[i] = name;
    }
    for (int output : program.outputs) statements.outputs.push_back(ArgumentText(program, output));
    return statements;
  }

  std::string LetExpression(const Program& program) {
    const Statements statements = StatementsOf(program, {});
    std::string text;
    for (const auto& [name, value] : statements.named) {
      text += fmt::format("{}{} = {}", text.empty() ? "let " : ", ", name, value);
    }
    if (!text.empty()) text += " in ";
    return text + (statements.outputs.empty() ? "?" : statements.outputs[0]);
  }

  void AppendEpilogue(std::vector<std::string>& lines) {
    const Statements statements = StatementsOf(InTextOrder(kernel_.epilogue), accumulator_names_);
    for (const auto& [name, value] : statements.named) lines.push_back(fmt::format("{} = {}", name, value));
    std::string yield = "yield";
    for (size_t i = 0; i < statements.outputs.size(); ++i) {
      yield += (i == 0 ? " " : ", ") + statements.outputs[i];
      const bool has_store = i < kernel_.stores.size();
      if (has_store && kernel_.stores[i] == IdentityIndices(kernel_.parallel.size())) continue;
      yield += " at [" + (has_store ? IndexList(Program(), kernel_.stores[i]) : "?") + "]";
    }
    lines.push_back(yield);
  }

  std::string OperandText(int operand) const {
    const Value* value = operand < 0 ? nullptr : operation_.Operand(static_cast<size_t>(operand));
    return value == nullptr ? "?" : printing_.value_text(value);
  }

  std::string ArgumentText(const Program& program, int id) {
    if (id < 0 || static_cast<size_t>(id) >= program.nodes.size()) return "?";
    const auto index = static_cast<size_t>(id);
    return node_names_[index].empty() ? NodeText(program, index) : node_names_[index];
  }

  std::string IndexList(const Program& program, const std::vector<IndexExpr>& indices) {
    std::string text;
    for (const IndexExpr& index : indices) {
      if (!text.empty()) text += ", ";
      text += index.ToText(variables_, [&](int id) { return "value(" + ArgumentText(program, id) + ")"; });
    }
    return text;
  }

  std::string NodeText(const Program& program, size_t id) {
    const ScalarNode& node = program.nodes[id];
    switch (node.op) {
      case ScalarOp::kConst:
        return ConstantText(node);
      case ScalarOp::kRead: {
        std::string text = OperandText(node.operand) + "[" + IndexList(program, node.indices);
        if (node.fill) {
          text += " | " + (IsFloat(node.type) ? NumberText(node.type, *node.fill)
                                              : IntegerText(node.type, static_cast<int64_t>(*node.fill)));
        }
        return text + "]";
      }
      case ScalarOp::kIndex:
        return "index(" + IndexList(program, node.indices) + ")";
      case ScalarOp::kAccumulator: {
        const auto number = static_cast<size_t>(node.accumulator);
        if (node.accumulator < 0 || number >= kernel_.accumulators.size()) return "?";
        const bool gate = PrintsGate(kernel_, kernel_.accumulators[number]) || node.gate != 0;
        return accumulator_names_[number] + (gate ? fmt::format("[{}]", node.gate) : "");
      }
      default:
        break;
    }
    std::string text(ToText(node.op));
    if (node.op == ScalarOp::kCast) text += fmt::format("<{}>", ToText(node.type));
    text += "(";
    for (size_t i = 0; i < node.args.size(); ++i) {
      const bool forward = node.args[i] >= static_cast<int>(id);  // invalid; would not end
      text += (i == 0 ? "" : ", ") + (forward ? "?" : ArgumentText(program, node.args[i]));
    }
    return text + ")";
  }

  static std::string ConstantText(const ScalarNode& node) {
    if (node.type == ElementType::kBool) return IntegerText(node.type, node.integer);
    const std::string text =
        IsFloat(node.type) ? NumberText(node.type, node.number) : IntegerText(node.type, node.integer);
    return node.type == ElementType::kF32 ? text : fmt::format("{}:{}", text, ToText(node.type));
  }

  const Operation& operation_;
  const Kernel& kernel_;
  const KernelPrinting& printing_;
  Names variables_;  // by number
  Names accumulator_names_;
  // Of the program being printed.
  std::vector<bool> named_;
  Names node_names_;
};

}  // namespace

Program InTextOrder(const Program& program) {
  Program current = program;
  for (int round = 0; round < 8; ++round) {
    const std::vector<bool> named = NamedNodes(current);
    std::vector<int> order;
    for (size_t i = 0; i < current.nodes.size(); ++i) {
      if (named[i]) AppendInTextOrder(current, named, static_cast<int>(i), order);
    }
    for (int output : ValidOutputs(current)) {
      if (!named[static_cast<size_t>(output)]) AppendInTextOrder(current, named, output, order);
    }
    std::vector<int> image(current.nodes.size(), -1);
    Program next;
    for (int id : order) {
      // A leaf that is written several times stays one node.
      int& number = image[static_cast<size_t>(id)];
      if (number >= 0) continue;
      ScalarNode node = current.nodes[static_cast<size_t>(id)];
      auto renumber = [&](int input) {
        return input >= 0 && input < id ? image[static_cast<size_t>(input)] : input;
      };
      for (int& arg : node.args) arg = renumber(arg);
      for (IndexExpr& index : node.indices) index = index.RenumberNodes(renumber);
      number = next.Add(std::move(node));
    }
    for (int output : current.outputs) {
      const bool valid = output >= 0 && static_cast<size_t>(output) < current.nodes.size();
      next.outputs.push_back(valid ? image[static_cast<size_t>(output)] : output);
    }
    const bool stable = next.nodes.size() == image.size() && std::is_sorted(image.begin(), image.end());
    current = std::move(next);
    if (stable) break;
  }
  return current;
}

std::string KernelText(const Operation& operation, const KernelPrinting& printing) {
  return KernelPrinter(operation, printing).Run();
}

void PutInTextOrder(Operation& operation) {
  Kernel& kernel = operation.GetKernel();
  ForEachProgram(kernel, [](Program& program, const std::vector<Dim>&) { program = InTextOrder(program); });
  // Operands as marks: where a mark stands first in the text is the operand's place.
  const std::vector<Value*> operands = operation.Operands();
  const auto mark = [&](const Value* value) {
    const auto at = std::find(operands.begin(), operands.end(), value) - operands.begin();
    return fmt::format("\x01{}\x01", at);  // as no text has it
  };
  const std::string text = KernelText(operation, {mark, nullptr, 0});
  std::vector<std::pair<size_t, size_t>> order;  // place, operand
  for (size_t i = 0; i < operands.size(); ++i) order.emplace_back(text.find(mark(operands[i])), i);
  std::sort(order.begin(), order.end());
  std::vector<int> image(operands.size());
  std::vector<Value*> ordered;
  for (const auto& [place, i] : order) {
    image[i] = static_cast<int>(ordered.size());
    ordered.push_back(operands[i]);
  }
  if (ordered == operands) return;
  ForEachProgram(kernel, [&](Program& program, const std::vector<Dim>&) {
    for (ScalarNode& node : program.nodes) {
      if (node.op == ScalarOp::kRead) node.operand = image[static_cast<size_t>(node.operand)];
    }
  });
  if (kernel.into >= 0) kernel.into = image[static_cast<size_t>(kernel.into)];
  operation.SetOperands(ordered);
}

}  // namespace rnnc::ir
