// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What must hold of a module, in the order in which it is checked:
//
//  1 kStage       An operation is legal in the module's stage (column `stages` of ops.def).
//  2 kOperands    Operands: as many as ops.def says; absent ones only where they may be.
//  3 kResults     Results: as many as ops.def says; absent ("_") ones only where they may be.
//  4 kAttributes  Attributes: all that ops.def asks for, no others, of the right kind.
//  5 kDominance   A value is defined before its use, in the same region or one around it.
//  6 kUses        A value's list of users is that of the operations that have it as operand.
//  7 kTerminator  A function ends with `return`, a loop's body with `yield`; neither stands elsewhere.
//  8 kUpdate      `update` stands in a function's body, names a state of the value's type, once each.
//  9 kReturn      `return` gives one value for each result name of the function; names differ.
// 10 kType        Sizes are not negative and fit into 64 bits; states are of static type.
// 11 kData        A constant has data; data is as large as its type says.
// 12 kShape       Result types are what the shape rules give (stages graph and recurrence).
// 13 kSymbol      A symbol comes from the type of an argument or from a loop around its use; the symbols
//                 of a loop are new.
// 14 kScan        A scan's arguments, operands, yielded values and results agree in number and type;
//                 below `recurrence` it has no `each` operands.
// 15 kBlocks      The same of `blocks`; its axes exist and are as long as the block.
// 16 kKernelForm  `map` has no accumulators, `contract` only sums of mul(read, read), `reduce` others.
// 17 kAccumulator Gates are constant and at least 1; chains a power of two; the element has one output
//                 and its type fits; the initial value is of the accumulator's type.
// 18 kNode        Nodes read earlier nodes, as many as their operation takes; accumulators only in the
//                 epilogue; numbers of operands, accumulators, gates and variables exist.
// 19 kNodeType    Types of nodes follow from their arguments, which agree.
// 20 kRead        A read has one index an axis; indices that depend on data read integers.
// 21 kBounds      Reads without a fill are inside of the operand wherever that can be decided.
// 22 kOutputs     The epilogue has one output a result, of its element type.
// 23 kStore       Stores have one index an axis, lie inside of the result, hit no element twice and,
//                 without `into`, hit all.
// 24 kInto        The `into` operand has the type of the first result.
// 25 kPlace       In stage `planned` states, arguments and results have a place, elsewhere none.
// 26 kPlaceSize   A place holds the value and lies inside of its memory.
// 27 kSizes       The sizes of a call are named once each, from 0 on, upper bounds not below lower ones.
#include "compiler/ir/verifier.h"

#include <algorithm>
#include <map>
#include <set>

#include "compiler/ir/known_ints.h"
#include "compiler/ir/printer.h"
#include "compiler/ir/shape_rules.h"
#include "compiler/ir/verifier_parts.h"
#include "compiler/support/strings.h"

namespace rnnc::ir {
namespace {

bool IsAbsent(const Value& value) { return value.name == "_" && !value.HasUsers(); }

std::string_view KindText(AttributeKind kind) {
  static constexpr std::string_view kTexts[] = {
      "an integer", "a number", "a string", "a list of integers", "a list of numbers", "a list of strings"};
  return kTexts[static_cast<size_t>(kind)];
}

// How many a list of slots asks for.
struct Arity {
  size_t least = 0;
  bool unbounded = false;
};
Arity ArityOf(const std::vector<OpInfo::Slot>& slots) {
  Arity arity;
  for (size_t i = 0; i < slots.size(); ++i) {
    if (!slots[i].optional && !slots[i].variadic) arity.least = i + 1;
    arity.unbounded |= slots[i].variadic;
  }
  return arity;
}
bool MayBeAbsent(const std::vector<OpInfo::Slot>& slots, size_t i) {
  return i < slots.size() && slots[i].optional;
}

class Verifier {
 public:
  // A module has up to three functions of the graph that an importer knew the integers of.
  explicit Verifier(const Module& module)
      : module_(module), ints_(LeastSizesOf(module), true, 4 * KnownInts::kMaxRemembered) {}

  Violations Run() {
    CheckSizes();
    for (const auto& value : module_.Consts()) CheckGlobal(*value);
    for (const auto& value : module_.States()) CheckGlobal(*value);
    for (const auto& function : module_.Functions()) CheckFunction(*function);
    CheckUses();
    return std::move(violations_);
  }

 private:
  void CheckSizes() {
    std::set<std::string> names;
    for (const RuntimeSize& size : module_.sizes) {
      if (!names.insert(size.symbol).second) {
        violations_.AddAt(Rule::kSizes, &module_, fmt::format("{} is named twice", size.symbol));
      }
      if (size.low < 0 || (size.high && *size.high < size.low)) {
        violations_.AddAt(Rule::kSizes, &module_, fmt::format("no {} is possible", size.symbol));
      }
    }
  }

  void CheckGlobal(const Value& value) {
    const bool is_state = value.kind == ValueKind::kState;
    CheckType(value, &value);
    globals_.insert(&value);
    if (is_state) CheckPlace(value, &value);
    if (!value.type.IsStatic()) {
      violations_.AddAt(Rule::kType, &value, fmt::format("@{} is not of static type", value.name));
      return;
    }
    if (!is_state && value.tensor == nullptr) {
      violations_.AddAt(Rule::kData, &value, fmt::format("@{} has no data", value.name));
    }
    if (value.tensor == nullptr || (value.type.ElementCount() * Dim(8)).IsPoisoned()) return;
    if (!(value.tensor->type == value.type) ||
        static_cast<int64_t>(value.tensor->bytes.size()) != value.type.Bytes()) {
      violations_.AddAt(Rule::kData, &value,
                        fmt::format("@{}: {} bytes of {} for {}", value.name, value.tensor->bytes.size(),
                                    value.tensor->type.ToText(), value.type.ToText()));
    }
  }

  void CheckType(const Value& value, const void* place) {
    for (const Dim& dim : value.type.dims) {
      if (dim.IsPoisoned() || (dim.IsConstant() && dim.Value() < 0)) {
        violations_.AddAt(Rule::kType, place, fmt::format("no size can be {}", dim.ToText()));
      }
    }
  }

  void CheckPlace(const Value& value, const void* place) {
    const bool planned = module_.stage == Stage::kPlanned;
    if (planned != value.place.has_value()) {
      violations_.AddAt(Rule::kPlace, place,
                        fmt::format("{} {} a place", value.name, planned ? "needs" : "has too early"));
    }
    if (!planned || !value.place) return;
    const Place& at = *value.place;
    const Dim size = value.type.ElementCount() * Dim(BytesOf(value.type.element));
    if (at.bytes.IsConstant() && size.IsConstant() && at.bytes.Value() < size.Value()) {
      violations_.AddAt(Rule::kPlaceSize, place,
                        fmt::format("{} bytes for {}", at.bytes.Value(), value.type.ToText()));
    }
    if (!at.offset.IsConstant() || !at.bytes.IsConstant()) return;
    const bool limited = at.space == Space::kState || at.space == Space::kArena;
    const int64_t limit = at.space == Space::kState ? module_.state_bytes : module_.arena_bytes;
    const Dim end = at.offset + at.bytes;
    if (at.offset.Value() < 0 || !end.IsConstant() || (limited && end.Value() > limit)) {
      violations_.AddAt(
          Rule::kPlaceSize, place,
          fmt::format("bytes {} to {} lie outside of {}", at.offset.Value(), end.ToText(), ToText(at.space)));
    }
  }

  void CheckFunction(const Function& function) {
    Symbols symbols;
    for (const auto& argument : function.Body().Arguments()) {
      for (const Dim& dim : argument->type.dims) {
        for (const std::string& symbol : dim.Symbols()) symbols.insert(symbol);
      }
    }
    visible_.clear();
    updated_.clear();
    CheckBlock(function.Body(), symbols, &function);
    const std::set<std::string> names(function.result_names.begin(), function.result_names.end());
    if (names.size() != function.result_names.size()) {
      violations_.AddAt(Rule::kReturn, &function, fmt::format("@{}: two results of one name", function.name));
    }
  }

  void CheckBlock(const Block& block, const Symbols& symbols, const void* owner) {
    std::vector<const Value*> mine;
    auto define = [&](const Value& value) {
      visible_.insert(&value);
      mine.push_back(&value);
    };
    for (const auto& argument : block.Arguments()) {
      CheckType(*argument, argument.get());
      CheckPlace(*argument, argument.get());
      define(*argument);
    }
    const OpKind last = block.Owner() == nullptr ? OpKind::kReturn : OpKind::kYield;
    if (block.Terminator() == nullptr || block.Terminator()->Kind() != last) {
      violations_.AddAt(Rule::kTerminator, block.Operations().empty() ? owner : block.Terminator(),
                        fmt::format("'{}' is missing at the end", InfoOf(last).text));
    }
    for (const auto& operation : block.Operations()) {
      const bool is_end = operation->Kind() == OpKind::kReturn || operation->Kind() == OpKind::kYield;
      if (is_end && (operation.get() != block.Terminator() || operation->Kind() != last)) {
        violations_.Add(Rule::kTerminator, *operation, "only at the end of a {}",
                        operation->Kind() == OpKind::kReturn ? "function" : "loop's body");
      }
      const size_t before = violations_.Count();
      CheckOperation(*operation, symbols);
      const bool is_sound = violations_.Count() == before;
      for (const Value* result : operation->Results()) {
        define(*result);
        if (!is_sound) ints_.KnowNothing(result);
      }
    }
    for (const Value* value : mine) visible_.erase(value);
  }

  void CheckOperation(const Operation& operation, const Symbols& symbols) {
    const size_t before = violations_.Count();
    if (!operation.Info().LegalIn(module_.stage)) {
      violations_.Add(Rule::kStage, operation, "not legal in stage {}", ToText(module_.stage));
    }
    CheckOperands(operation);
    CheckResults(operation, symbols);
    CheckAttributes(operation);
    const bool is_kernel = operation.Kind() == OpKind::kMap || operation.Kind() == OpKind::kReduce ||
                           operation.Kind() == OpKind::kContract;
    if (is_kernel != operation.HasKernel())
      violations_.Add(Rule::kKernelForm, operation, "payload is missing");
    const bool is_loop = operation.Kind() == OpKind::kScan || operation.Kind() == OpKind::kBlocks;
    if (is_loop && !operation.HasBody()) violations_.Add(Rule::kTerminator, operation, "a body is missing");
    if (is_loop && operation.HasBody()) CheckLoopBody(operation, symbols);
    if (violations_.Count() != before) return;  // what follows relies on the form
    if (is_loop) VerifyLoop(operation, module_.stage, violations_);
    if (is_kernel) VerifyKernel(operation, symbols, violations_);
    if (operation.Kind() == OpKind::kUpdate) CheckUpdate(operation);
    if (operation.Kind() == OpKind::kReturn) CheckReturn(operation);
    if (HasShapeRule(operation.Kind())) CheckShapes(operation);
  }

  void CheckOperands(const Operation& operation) {
    const OpInfo& info = operation.Info();
    const size_t count = operation.Operands().size();
    const Arity arity = ArityOf(info.operands);
    if (count < arity.least || (!arity.unbounded && count > info.operands.size())) {
      violations_.Add(Rule::kOperands, operation, "{} operands", count);
    }
    for (size_t i = 0; i < count; ++i) {
      const Value* operand = operation.Operand(i);
      if (operand == nullptr) {
        if (!MayBeAbsent(info.operands, i)) {
          violations_.Add(Rule::kOperands, operation, "operand {} is missing",
                          i < info.operands.size() ? info.operands[i].name : std::to_string(i));
        }
      } else if (visible_.count(operand) == 0 && globals_.count(operand) == 0) {
        violations_.Add(Rule::kDominance, operation, "%{} is not defined here", operand->name);
      } else {
        ++uses_[operand];
      }
    }
  }

  void CheckResults(const Operation& operation, const Symbols& symbols) {
    const OpInfo& info = operation.Info();
    const size_t count = operation.ResultCount();
    const Arity arity = ArityOf(info.results);
    if (count < arity.least || (!arity.unbounded && count > info.results.size())) {
      violations_.Add(Rule::kResults, operation, "{} results", count);
    }
    for (size_t i = 0; i < count; ++i) {
      const Value& result = *operation.Result(i);
      if (IsAbsent(result)) {
        if (!MayBeAbsent(info.results, i)) {
          violations_.Add(Rule::kResults, operation, "result {} cannot be absent", i);
        }
        continue;
      }
      CheckType(result, &operation);
      CheckPlace(result, &operation);
      for (const Dim& dim : result.type.dims) {
        if (!Knows(symbols, dim)) {
          violations_.Add(Rule::kSymbol, operation, "nothing gives the size {}", dim.ToText());
        }
      }
    }
  }

  void CheckAttributes(const Operation& operation) {
    const OpInfo& info = operation.Info();
    for (const OpInfo::AttributeSlot& slot : info.attributes) {
      const auto found = operation.Attributes().find(slot.name);
      if (found == operation.Attributes().end()) {
        if (!slot.optional) violations_.Add(Rule::kAttributes, operation, "{} is missing", slot.name);
      } else if (static_cast<AttributeKind>(found->second.index()) != slot.kind) {
        violations_.Add(Rule::kAttributes, operation, "{} must be {}", slot.name, KindText(slot.kind));
      }
    }
    for (const auto& [name, attribute] : operation.Attributes()) {
      const bool known = std::any_of(info.attributes.begin(), info.attributes.end(),
                                     [&, &key = name](const auto& slot) { return slot.name == key; });
      if (!known) violations_.Add(Rule::kAttributes, operation, "there is no attribute {}", name);
    }
  }

  void CheckLoopBody(const Operation& loop, const Symbols& symbols) {
    Symbols inside = symbols;
    std::vector<std::string> fresh = {loop.step_symbol};
    if (loop.Kind() == OpKind::kBlocks) fresh.push_back(loop.count_symbol);
    for (const std::string& symbol : fresh) {
      if (symbol.empty() || !inside.insert(symbol).second) {
        violations_.Add(Rule::kSymbol, loop, "the symbol '{}' is not new", symbol);
      }
    }
    if (!Knows(symbols, loop.steps)) {
      violations_.Add(Rule::kSymbol, loop, "nothing gives the size {}", loop.steps.ToText());
    }
    for (const auto& argument : loop.Body().Arguments()) {
      for (const Dim& dim : argument->type.dims) {
        if (!Knows(inside, dim)) {
          violations_.Add(Rule::kSymbol, loop, "nothing gives the size {}", dim.ToText());
        }
      }
    }
    CheckBlock(loop.Body(), inside, &loop);
  }

  void CheckUpdate(const Operation& operation) {
    const Value& state = *operation.Operand("state");
    const Value& value = *operation.Operand("value");
    if (operation.Parent()->Owner() != nullptr) {
      violations_.Add(Rule::kUpdate, operation, "only in the body of a function");
    }
    if (state.kind != ValueKind::kState) {
      violations_.Add(Rule::kUpdate, operation, "{} is no state", state.name);
    } else if (!(state.type == value.type)) {
      violations_.Add(Rule::kUpdate, operation, "{} for a state of {}", value.type.ToText(),
                      state.type.ToText());
    }
    if (!updated_.insert(&state).second) {
      violations_.Add(Rule::kUpdate, operation, "@{} is updated twice", state.name);
    }
  }

  void CheckReturn(const Operation& operation) {
    const Function& function = *operation.Parent()->Parent();
    if (operation.Operands().size() != function.result_names.size()) {
      violations_.Add(Rule::kReturn, operation, "{} values for {} results of @{}",
                      operation.Operands().size(), function.result_names.size(), function.name);
    }
  }

  void CheckShapes(const Operation& operation) {
    const Result<std::vector<Type>> types = InferTypesWherever(operation, ints_);
    if (!types.ok()) {
      violations_.Add(Rule::kShape, operation, "{}", types.diagnostics()[0].message);
      return;
    }
    for (size_t i = 0; i < std::min(types->size(), operation.ResultCount()); ++i) {
      const Value& result = *operation.Result(i);
      if (IsAbsent(result) || result.type == (*types)[i]) continue;
      violations_.Add(Rule::kShape, operation, "the result is {}, not {}", (*types)[i].ToText(),
                      result.type.ToText());
    }
    if (types->size() < operation.ResultCount()) {
      violations_.Add(Rule::kShape, operation, "{} results, not {}", types->size(), operation.ResultCount());
    }
  }

  void CheckUses() {
    auto check = [&](const Value& value, const void* place) {
      const auto found = uses_.find(&value);
      const size_t count = found == uses_.end() ? 0 : found->second;
      if (value.Users().size() != count && violations_.Count() == 0) {
        violations_.AddAt(
            Rule::kUses, place,
            fmt::format("{} lists {} users and has {}", value.name, value.Users().size(), count));
      }
    };
    for (const auto& value : module_.Consts()) check(*value, value.get());
    for (const auto& value : module_.States()) check(*value, value.get());
    for (const auto& function : module_.Functions()) {
      const Block& body = static_cast<const Function&>(*function).Body();
      for (const auto& argument : body.Arguments()) check(*argument, argument.get());
      Walk(body, [&](const Operation& operation) {
        for (const Value* result : operation.Results()) check(*result, &operation);
        if (!operation.HasBody()) return;
        for (const auto& argument : operation.Body().Arguments()) check(*argument, argument.get());
      });
    }
  }

  const Module& module_;
  Violations violations_;
  KnownInts ints_;
  std::set<const Value*> globals_;
  std::set<const Value*> visible_;
  std::set<const Value*> updated_;  // states, by this function
  std::map<const Value*, size_t> uses_;
};

}  // namespace

bool Knows(const Symbols& symbols, const Dim& dim) {
  const std::vector<std::string> used = dim.Symbols();
  return std::all_of(used.begin(), used.end(),
                     [&](const auto& symbol) { return symbols.count(symbol) != 0; });
}

namespace {

std::vector<Violation> WithLines(const Violations& found, const std::map<const void*, int>& lines) {
  std::vector<Violation> violations;
  for (const Violations::Item& item : found.Items()) {
    const auto line = lines.find(item.place);
    violations.push_back(
        {static_cast<int>(item.rule), line == lines.end() ? 1 : line->second, item.location, item.message});
  }
  std::stable_sort(violations.begin(), violations.end(),
                   [](const Violation& a, const Violation& b) { return a.line < b.line; });
  return violations;
}

}  // namespace

std::vector<Violation> FindViolations(const Module& module) {
  const Violations found = Verifier(module).Run();
  if (found.Count() == 0) return {};
  return WithLines(found, Serialize(module).lines);
}

std::vector<Violation> FindViolations(const Module& module, const std::map<const void*, int>& lines) {
  return WithLines(Verifier(module).Run(), lines);
}

Result<> Verify(const Module& module) {
  const std::vector<Violation> violations = FindViolations(module);
  if (violations.empty()) return Ok();
  const std::vector<std::string> lines = Split(Print(module), '\n');
  std::vector<Diagnostic> diagnostics;
  for (const Violation& violation : violations) {
    Location location = violation.location;
    if (location.file.empty()) location.file = module.source;
    Diagnostic diagnostic = Error(location, "{} (rule {} of the IR)", violation.message, violation.rule);
    const auto line = static_cast<size_t>(violation.line) - 1;
    if (line < lines.size()) {
      diagnostic.notes.push_back(
          Note({fmt::format("{}.rnn:{}", module.name, violation.line), {}}, "{}", Trim(lines[line])));
    }
    diagnostics.push_back(std::move(diagnostic));
  }
  return diagnostics;
}

}  // namespace rnnc::ir
