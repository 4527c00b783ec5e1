// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/printer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "compiler/ir/blob.h"
#include "compiler/ir/literal.h"
#include "compiler/ir/printer_kernel.h"
#include "compiler/ir/spelling.h"

namespace rnnc::ir {
namespace {

bool AllDigits(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// An optional result that the operation does not have.
bool IsAbsent(const Value& value) { return value.name == "_" && !value.HasUsers(); }

// "T from 1 to 512, B"
std::string SizesText(const std::vector<RuntimeSize>& sizes) {
  std::string text;
  for (const RuntimeSize& size : sizes) {
    text += (text.empty() ? "" : ", ") + SpelledSymbol(size.symbol);
    if (size.low != 0) text += fmt::format(" from {}", size.low);
    if (size.high) text += fmt::format(" to {}", *size.high);
  }
  return text;
}

class Printer {
 public:
  Printer(const Module* module, const PrintOptions& options) : options_(options) {
    if (module != nullptr) CollectSymbols(*module);
  }

  void PrintModule(const Module& module) {
    Mark(&module);
    out_ += "module @" + SpelledValueName(module.name) + " {stage=" + std::string(ToText(module.stage));
    if (!module.source.empty()) out_ += ", source=" + Quoted(module.source);
    if (module.opset != 0) out_ += fmt::format(", opset={}", module.opset);
    if (!module.sizes.empty()) out_ += ", sizes=[" + SizesText(module.sizes) + "]";
    if (module.state_bytes != 0) out_ += fmt::format(", state_bytes={}", module.state_bytes);
    if (module.arena_bytes != 0) out_ += fmt::format(", arena_bytes={}", module.arena_bytes);
    if (!module.scratch_bytes.Is(0)) out_ += ", scratch_bytes=" + module.scratch_bytes.ToText();
    out_ += "} {\n";
    for (const auto& value : module.Consts()) PrintGlobal("const", *value);
    for (const auto& value : module.States()) PrintGlobal("state", *value);
    for (const auto& function : module.Functions()) PrintFunctionText(*function);
    out_ += "}\n";
  }

  void PrintFunctionText(const Function& function) {
    NameValues(function.Body());
    Mark(&function);
    out_ += "  func @" + SpelledValueName(function.name) + "(";
    bool first = true;
    for (const auto& argument : function.Body().Arguments()) {
      out_ += (first ? "" : ", ") + Declaration(*argument);
      first = false;
    }
    out_ += ") -> (";
    const std::vector<Type> types = function.ResultTypes();
    for (size_t i = 0; i < function.result_names.size(); ++i) {
      out_ += (i == 0 ? "%" : ", %") + SpelledValueName(function.result_names[i]);
      if (i < types.size()) out_ += ": " + types[i].ToText();
    }
    out_ += ") {\n";
    PrintBlock(function.Body(), 4);
    out_ += "  }\n";
  }

  void PrintOperationText(const Operation& operation, int indent) {
    Mark(&operation);
    out_ += std::string(static_cast<size_t>(indent), ' ');
    for (size_t i = 0; i < operation.ResultCount(); ++i) {
      const Value& result = *operation.Result(i);
      if (i != 0) out_ += ", ";
      out_ += IsAbsent(result) ? "_" : Declaration(result);
    }
    if (operation.ResultCount() != 0) out_ += " = ";
    out_ += operation.Info().text;
    switch (operation.Kind()) {
      case OpKind::kScan:
      case OpKind::kBlocks:
        PrintLoop(operation, indent);
        break;
      case OpKind::kYield:
        PrintYield(operation);
        break;
      default:
        PrintOperands(operation);
        PrintAttributes(operation, {});
        if (operation.HasKernel()) PrintKernel(operation, indent);
    }
    if (options_.locations && !operation.location.nodes.empty()) {
      out_ += " loc(";
      for (size_t i = 0; i < operation.location.nodes.size(); ++i) {
        out_ += (i == 0 ? "" : ", ") + Quoted(operation.location.nodes[i]);
      }
      out_ += ")";
    }
    out_ += "\n";
  }

  // Gives every value of a function its text; results and arguments are unique in the function.
  void NameValues(const Block& body) {
    names_.clear();
    std::set<std::string> taken = {"_"};
    std::set<std::string> numbers;
    VisitValues(body, [&](const Value& value) {
      if (AllDigits(value.name)) numbers.insert(value.name);
    });
    int counter = 0;
    VisitValues(body, [&](const Value& value) {
      if (IsAbsent(value)) return;
      std::string name = value.name;
      if (name.empty()) {
        do {
          name = std::to_string(counter++);
        } while (numbers.count(name) != 0);
      }
      name = UniqueName(name, [&](const std::string& candidate) { return taken.count(candidate) != 0; });
      taken.insert(name);
      names_[&value] = "%" + SpelledValueName(name);
    });
  }

  Printed Take() { return {std::move(out_), blob_.Take(), std::move(lines_)}; }

 private:
  static void VisitValues(const Block& block, const std::function<void(const Value&)>& visit) {
    for (const auto& argument : block.Arguments()) visit(*argument);
    for (const auto& operation : block.Operations()) {
      for (const Value* result : operation->Results()) visit(*result);
      if (operation->HasBody()) VisitValues(operation->Body(), visit);
    }
  }

  void CollectSymbols(const Dim& dim) {
    for (const std::string& symbol : dim.Symbols()) symbols_.insert(symbol);
  }

  void CollectSymbols(const IndexExpr& index) {
    CollectSymbols(index.ConstantPart());
    for (const IndexExpr::Term& term : index.Terms()) {
      CollectSymbols(term.coefficient);
      if (!term.atom.inner) continue;
      CollectSymbols(term.atom.divisor);
      CollectSymbols(*term.atom.inner);
    }
  }

  void CollectSymbols(const Value& value) {
    for (const Dim& dim : value.type.dims) CollectSymbols(dim);
    if (value.place) CollectSymbols(value.place->offset);
    if (value.place) CollectSymbols(value.place->bytes);
  }

  void CollectSymbols(const Kernel& kernel) {
    for (const Dim& dim : kernel.ParallelExtents()) CollectSymbols(dim);
    for (const Accumulator& accumulator : kernel.accumulators) {
      for (const Dim& dim : kernel.ExtentsFor(accumulator)) CollectSymbols(dim);
    }
    for (const std::vector<IndexExpr>& store : kernel.stores) {
      for (const IndexExpr& index : store) CollectSymbols(index);
    }
    ForEachProgram(kernel, [&](const Program& program, const std::vector<Dim>&) {
      for (const ScalarNode& node : program.nodes) {
        for (const IndexExpr& index : node.indices) CollectSymbols(index);
      }
    });
  }

  void CollectSymbols(const Module& module) {
    for (const auto& state : module.States()) CollectSymbols(*state);
    for (const auto& function : module.Functions()) {
      VisitValues(function->Body(), [&](const Value& value) { CollectSymbols(value); });
      Walk(static_cast<const Function&>(*function).Body(), [&](const Operation& operation) {
        CollectSymbols(operation.steps);
        if (!operation.step_symbol.empty()) symbols_.insert(operation.step_symbol);
        if (!operation.count_symbol.empty()) symbols_.insert(operation.count_symbol);
        if (operation.HasKernel()) CollectSymbols(operation.GetKernel());
      });
    }
  }

  void Mark(const void* item) {
    line_ +=
        static_cast<int>(std::count(out_.begin() + static_cast<std::ptrdiff_t>(counted_), out_.end(), '\n'));
    counted_ = out_.size();
    lines_[item] = line_;
  }

  std::string NameOf(const Value* value) const {
    if (value == nullptr) return "_";
    if (value->kind == ValueKind::kConst || value->kind == ValueKind::kState) {
      return "@" + SpelledValueName(value->name);
    }
    auto found = names_.find(value);
    return found == names_.end() ? "%" + SpelledValueName(value->name) : found->second;
  }

  // "%x: f32[2,T] at arena[0:8*T]"
  std::string Declaration(const Value& value) {
    if (value.kind == ValueKind::kArgument) Mark(&value);
    return NameOf(&value) + ": " + value.type.ToText() + PlaceText(value);
  }

  static std::string PlaceText(const Value& value) {
    if (!value.place) return "";
    const Place& place = *value.place;
    return fmt::format(" at {}{}[{}:{}]", ToText(place.space),
                       IsNumbered(place.space) ? std::to_string(place.index) : "", place.offset.ToText(),
                       place.bytes.ToText());
  }

  void PrintGlobal(std::string_view keyword, const Value& value) {
    Mark(&value);
    out_ += fmt::format("  {} {}: {}{} = ", keyword, NameOf(&value), value.type.ToText(), PlaceText(value));
    if (std::optional<std::string> literal = LiteralText(value)) {
      out_ += *literal;
    } else {
      out_ += fmt::format("blob({})", blob_.Add(value.tensor->bytes));
    }
    out_ += "\n";
  }

  void PrintBlock(const Block& block, int indent) {
    for (const auto& operation : block.Operations()) PrintOperationText(*operation, indent);
  }

  void PrintOperands(const Operation& operation) {
    if (operation.HasKernel()) return;  // the kernel names what it reads
    const OpInfo& info = operation.Info();
    const bool named = info.NamesOperands();
    bool first = true;
    for (size_t i = 0; i < operation.Operands().size(); ++i) {
      const Value* operand = operation.Operand(i);
      if (named && operand == nullptr) continue;
      out_ += first ? " " : ", ";
      first = false;
      if (named && i < info.operands.size()) out_ += std::string(info.operands[i].name) + ": ";
      out_ += NameOf(operand);
    }
  }

  static std::string AttributeText(const Attribute& attribute) {
    auto list = [](const auto& values, const auto& element_text) {
      std::string text;
      for (const auto& value : values) text += (text.empty() ? "" : ", ") + element_text(value);
      return "[" + text + "]";
    };
    // Floats of attributes are f32, as in ONNX.
    auto number = [](double value) { return NumberText(ElementType::kF32, value); };
    auto integer = [](int64_t value) { return std::to_string(value); };
    switch (static_cast<AttributeKind>(attribute.index())) {
      case AttributeKind::kInt:
        return integer(std::get<int64_t>(attribute));
      case AttributeKind::kFloat:
        return number(std::get<double>(attribute));
      case AttributeKind::kString:
        return Quoted(std::get<std::string>(attribute));
      case AttributeKind::kInts:
        return list(std::get<std::vector<int64_t>>(attribute), integer);
      case AttributeKind::kFloats:
        return list(std::get<std::vector<double>>(attribute), number);
      case AttributeKind::kStrings:
        return list(std::get<std::vector<std::string>>(attribute), [](const auto& s) { return Quoted(s); });
    }
    return "?";
  }

  void PrintAttributes(const Operation& operation, const std::set<std::string_view>& spelled_otherwise) {
    bool first = true;
    for (const auto& [name, attribute] : operation.Attributes()) {
      if (spelled_otherwise.count(name) != 0) continue;
      out_ += (first ? " {" : ", ") + SpelledSymbol(name) + "=" + AttributeText(attribute);
      first = false;
    }
    if (!first) out_ += "}";
  }

  void PrintKernel(const Operation& operation, int indent) {
    KernelPrinting printing;
    printing.value_text = [this](const Value* value) { return NameOf(value); };
    printing.symbols = &symbols_;
    printing.indent = indent;
    out_ += " " + KernelText(operation, printing);
  }

  static int64_t IntOr(const Operation& operation, std::string_view name, int64_t fallback) {
    auto found = operation.Attributes().find(name);
    const int64_t* value =
        found == operation.Attributes().end() ? nullptr : std::get_if<int64_t>(&found->second);
    return value == nullptr ? fallback : *value;
  }

  // " each(%a: f32[4] = %s)": arguments and operands number first .. end-1; nothing when there are none.
  void PrintPairs(std::string_view keyword, const Operation& operation, size_t first, size_t end) {
    if (first >= end) return;
    out_ += fmt::format(" {}(", keyword);
    for (size_t i = first; i < end; ++i) {
      if (i != first) out_ += ", ";
      const bool has_argument = operation.HasBody() && i < operation.Body().Arguments().size();
      out_ += has_argument ? Declaration(*operation.Body().Arguments()[i]) : "_";
      out_ += " = " + NameOf(operation.Operand(i));
    }
    out_ += ")";
  }

  void PrintLoop(const Operation& operation, int indent) {
    size_t sequences = 0;
    if (operation.Kind() == OpKind::kScan) {
      sequences = static_cast<size_t>(std::max<int64_t>(0, IntOr(operation, "n_each", 0)));
      if (IntOr(operation, "reverse", 0) != 0) out_ += " reverse";
      out_ += fmt::format(" {}<{}", SpelledSymbol(operation.step_symbol), operation.steps.ToText());
      PrintAttributes(operation, {"n_each", "n_carry", "reverse"});
    } else {
      out_ += fmt::format(" {} by {}<={} of {}", SpelledSymbol(operation.step_symbol),
                          SpelledSymbol(operation.count_symbol), IntOr(operation, "max", 0),
                          operation.steps.ToText());
      out_ += " axes" + AxesText(operation);
      PrintAttributes(operation, {"n_carry", "max", "axes"});
    }
    size_t count = operation.Operands().size();
    if (operation.HasBody()) count = std::max(count, operation.Body().Arguments().size());
    PrintPairs("each", operation, 0, std::min(sequences, count));
    PrintPairs("carry", operation, std::min(sequences, count), count);
    out_ += " {\n";
    if (operation.HasBody()) PrintBlock(operation.Body(), indent + 2);
    out_ += std::string(static_cast<size_t>(indent), ' ') + "}";
  }

  static std::string AxesText(const Operation& operation) {
    auto found = operation.Attributes().find("axes");
    const auto* axes =
        found == operation.Attributes().end() ? nullptr : std::get_if<std::vector<int64_t>>(&found->second);
    std::string text;
    for (size_t i = 0; axes != nullptr && i < axes->size(); ++i) {
      text += (i == 0 ? "" : ", ") + std::to_string((*axes)[i]);
    }
    return "(" + text + ")";
  }

  void PrintYield(const Operation& operation) {
    const size_t count = operation.Operands().size();
    const auto outputs = static_cast<size_t>(
        std::clamp<int64_t>(IntOr(operation, "n_each", 0), 0, static_cast<int64_t>(count)));
    auto group = [&](std::string_view keyword, size_t first, size_t end) {
      if (first >= end) return;
      out_ += fmt::format(" {}(", keyword);
      for (size_t i = first; i < end; ++i) out_ += (i == first ? "" : ", ") + NameOf(operation.Operand(i));
      out_ += ")";
    };
    const Operation* loop = operation.Parent()->Owner();
    group(loop != nullptr && loop->Kind() == OpKind::kBlocks ? "block" : "each", 0, outputs);
    group("carry", outputs, count);
    PrintAttributes(operation, {"n_each"});
  }

  PrintOptions options_;
  std::string out_;
  BlobWriter blob_;
  std::map<const void*, int> lines_;
  int line_ = 1;
  size_t counted_ = 0;  // of out_, for line_
  std::map<const Value*, std::string> names_;
  std::set<std::string> symbols_;
};

}  // namespace

Printed Serialize(const Module& module, const PrintOptions& options) {
  Printer printer(&module, options);
  printer.PrintModule(module);
  return printer.Take();
}

std::string Print(const Module& module, const PrintOptions& options) {
  return Serialize(module, options).text;
}

std::string PrintFunction(const Function& function, const PrintOptions& options) {
  Printer printer(function.Parent(), options);
  printer.PrintFunctionText(function);
  return printer.Take().text;
}

std::string PrintOperation(const Operation& operation, const PrintOptions& options) {
  const Function* function = operation.Parent()->Parent();
  Printer printer(function->Parent(), options);
  printer.NameValues(function->Body());
  printer.PrintOperationText(operation, 0);
  std::string text = printer.Take().text;
  text.pop_back();  // the newline
  return text;
}

}  // namespace rnnc::ir
