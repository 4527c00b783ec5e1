// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <array>
#include <map>

#include "compiler/ir/parser_parts.h"
#include "compiler/ir/spelling.h"

// Reads what printer_kernel.cc writes. The type of a node is not in the text; it follows from the
// node's operation and its arguments (ResultElement in kernel.h).
namespace rnnc::ir {
namespace {

constexpr std::array kCombines = {Combine::kSum,         Combine::kProduct,     Combine::kMax,
                                  Combine::kMin,         Combine::kArgMaxFirst, Combine::kArgMaxLast,
                                  Combine::kArgMinFirst, Combine::kArgMinLast};

std::optional<Combine> ParseCombine(std::string_view text) {
  for (const Combine combine : kCombines) {
    if (ToText(combine) == text) return combine;
  }
  return std::nullopt;
}

class KernelParser {
 public:
  KernelParser(Cursor& cursor, const std::function<Value*(const Token&)>& value_of)
      : cursor_(cursor), value_of_(value_of) {}

  ParsedKernel Run() {
    kernel_.parallel = ParseRanges();
    if (cursor_.TakeWord("into")) kernel_.into = ParseOperand();
    cursor_.Expect("{");
    Scope epilogue{&kernel_.epilogue, {}, {}, true};
    while (!cursor_.Failed() && !cursor_.AtWord("yield")) ParseLine(epilogue);
    cursor_.ExpectWord("yield");
    if (!cursor_.AtSymbol("}")) {
      do {
        kernel_.epilogue.outputs.push_back(Expression(epilogue));
        kernel_.stores.push_back(ParseStore());
      } while (cursor_.TakeSymbol(","));
    }
    cursor_.Expect("}");
    return {std::move(kernel_), std::move(operands_)};
  }

 private:
  // A program while it is read: names of its nodes, and those constants and accumulators that occurred.
  struct Scope {
    Program* program;
    std::map<std::string, int> names;
    std::map<std::string, int> leaves;
    bool accumulators;  // may be read
  };

  // "(b<1, n<64)"; the names are numbered on.
  std::vector<IndexVariable> ParseRanges() {
    std::vector<IndexVariable> ranges;
    cursor_.Expect("(");
    if (cursor_.TakeSymbol(")")) return ranges;
    do {
      ranges.push_back(ParseRange());
      variables_.push_back(ranges.back().name);
    } while (cursor_.TakeSymbol(","));
    cursor_.Expect(")");
    return ranges;
  }

  IndexVariable ParseRange() {
    IndexVariable variable;
    variable.name = cursor_.ExpectKind(TokenKind::kWord, "the name of an index");
    if (std::find(variables_.begin(), variables_.end(), variable.name) != variables_.end()) {
      cursor_.Fail("index '{}' is there twice", variable.name);
    }
    cursor_.Expect("<");
    variable.extent = ParseDim(cursor_);
    return variable;
  }

  int ParseOperand() {
    const Token token = cursor_.Next();
    Value* value = value_of_(token);
    if (value == nullptr) return 0;
    const auto [found, is_new] = numbers_.emplace(value, static_cast<int>(operands_.size()));
    if (is_new) operands_.push_back(value);
    return found->second;
  }

  // "name[g<4]: f32 = .." is an accumulator, "name = expression" a node, unless the expression is an
  // initial value: then a + follows.
  void ParseLine(Scope& epilogue) {
    const Token token = cursor_.Peek();
    const std::string name = cursor_.ExpectKind(TokenKind::kWord, "a name or 'yield'");
    if (cursor_.Failed()) return;
    if (accumulators_.count(name) != 0 || epilogue.names.count(name) != 0) {
      cursor_.FailAt(token, fmt::format("'{}' is there twice", name));
      return;
    }
    const bool accumulator = !cursor_.AtSymbol("=") || AtCombine(1) || InitialValueFollows();
    if (accumulator) {
      if (!kernel_.epilogue.nodes.empty()) cursor_.FailAt(token, "accumulators stand before the epilogue");
      ParseAccumulator(name);
    } else {
      cursor_.Expect("=");
      epilogue.names[name] = Expression(epilogue);
    }
  }

  bool AtCombine(size_t ahead = 0) const {
    if (cursor_.Peek(ahead).kind != TokenKind::kWord || !ParseCombine(cursor_.Peek(ahead).text)) return false;
    if (cursor_.AtWord("chains", ahead + 1)) return true;
    if (!cursor_.AtSymbol("(", ahead + 1)) return false;
    const bool range = cursor_.Peek(ahead + 2).kind == TokenKind::kWord && cursor_.AtSymbol("<", ahead + 3) &&
                       !cursor_.AtWord("cast", ahead + 2);
    return range || cursor_.AtSymbol(")", ahead + 2);
  }

  // At "=": whether the expression behind it is followed by +.
  bool InitialValueFollows() const {
    size_t at = 1;
    if (cursor_.AtWord("let", at)) return true;
    if (cursor_.AtSymbol("-", at)) ++at;
    ++at;
    if (cursor_.AtSymbol(":", at)) at += 2;
    if (cursor_.AtSymbol("<", at)) at += 3;
    if (cursor_.AtSymbol("(", at) || cursor_.AtSymbol("[", at)) {
      int depth = 0;
      do {
        const TokenKind kind = cursor_.Peek(at).kind;
        if (kind == TokenKind::kEnd || kind == TokenKind::kError) return false;
        depth += cursor_.AtSymbol("(", at) || cursor_.AtSymbol("[", at) ? 1 : 0;
        depth -= cursor_.AtSymbol(")", at) || cursor_.AtSymbol("]", at) ? 1 : 0;
        ++at;
      } while (depth > 0);
    }
    return cursor_.AtSymbol("+", at);
  }

  void ParseAccumulator(const std::string& name) {
    Accumulator accumulator;
    accumulator.name = name;
    const bool has_gate = cursor_.TakeSymbol("[");
    if (has_gate) {
      accumulator.gate = ParseRange();
      cursor_.Expect("]");
    }
    std::optional<ElementType> type;
    if (cursor_.TakeSymbol(":")) type = ParseElement(cursor_);
    cursor_.Expect("=");
    const size_t parallel = variables_.size();
    variables_.push_back(has_gate ? accumulator.gate.name : "");
    if (!AtCombine()) {
      accumulator.init.outputs = {LetExpression(accumulator.init)};
      cursor_.Expect("+");
      if (!AtCombine()) cursor_.Fail("'sum' or another way to combine is missing");
    }
    if (!cursor_.Failed()) accumulator.combine = *ParseCombine(cursor_.Next().text);
    if (cursor_.TakeWord("chains")) {
      cursor_.Expect("=");
      accumulator.chains = static_cast<int>(std::clamp<int64_t>(ParseInteger(cursor_), -1, 1 << 20));
    }
    accumulator.reduced = ParseRanges();
    const int element = LetExpression(accumulator.element);
    if (cursor_.Failed()) return;
    accumulator.element.outputs = {element};
    accumulator.type = type.value_or(accumulator.element.nodes[static_cast<size_t>(element)].type);
    variables_.resize(parallel);
    accumulators_[name] = {static_cast<int>(kernel_.accumulators.size()), has_gate};
    kernel_.accumulators.push_back(std::move(accumulator));
  }

  int LetExpression(Program& program) {
    Scope scope{&program, {}, {}, false};
    if (cursor_.TakeWord("let")) {
      do {
        const std::string name = cursor_.ExpectKind(TokenKind::kWord, "a name");
        cursor_.Expect("=");
        const int node = Expression(scope);
        if (!scope.names.emplace(name, node).second) cursor_.Fail("'{}' is there twice", name);
      } while (cursor_.TakeSymbol(","));
      cursor_.ExpectWord("in");
    }
    return Expression(scope);
  }

  std::vector<IndexExpr> ParseStore() {
    if (!cursor_.TakeWord("at")) return IdentityIndices(kernel_.parallel.size());
    cursor_.Expect("[");
    std::vector<IndexExpr> store = ParseIndexList(cursor_, {&variables_, {}});
    cursor_.Expect("]");
    return store;
  }

  // The number of the node that the expression makes; 0 after an error.
  int Expression(Scope& scope) {
    if (!cursor_.Enter()) return 0;
    const int node = ExpressionInside(scope);
    cursor_.Leave();
    return cursor_.Failed() ? 0 : node;
  }

  int ExpressionInside(Scope& scope) {
    const Token token = cursor_.Peek();
    if (token.kind == TokenKind::kValue || token.kind == TokenKind::kGlobal) return ReadExpression(scope);
    const bool call = cursor_.AtSymbol("(", 1) || cursor_.AtSymbol("<", 1);
    if (!call && AtLiteral(cursor_)) return ConstantExpression(scope);
    const std::string name = cursor_.ExpectKind(TokenKind::kWord, "an expression");
    if (cursor_.Failed()) return 0;
    if (call) return CallExpression(scope, name, token);
    if (const auto found = scope.names.find(name); found != scope.names.end()) return found->second;
    const auto found = accumulators_.find(name);
    if (!scope.accumulators || found == accumulators_.end()) {
      cursor_.FailAt(token, fmt::format("'{}' is not known here", name));
      return 0;
    }
    ScalarNode node;
    node.op = ScalarOp::kAccumulator;
    node.accumulator = found->second.number;
    node.type = kernel_.accumulators[static_cast<size_t>(node.accumulator)].type;
    if (found->second.has_gate || cursor_.AtSymbol("[")) {
      cursor_.Expect("[");
      node.gate = static_cast<int>(std::clamp<int64_t>(ParseInteger(cursor_), -1, 1 << 20));
      cursor_.Expect("]");
    }
    return AddLeaf(scope, fmt::format("{}[{}]", name, node.gate), node);
  }

  static int AddLeaf(Scope& scope, const std::string& key, const ScalarNode& node) {
    const auto found = scope.leaves.find(key);
    if (found != scope.leaves.end()) return found->second;
    return scope.leaves[key] = scope.program->Add(node);
  }

  int ReadExpression(Scope& scope) {
    ScalarNode node;
    node.op = ScalarOp::kRead;
    node.operand = ParseOperand();
    if (cursor_.Failed()) return 0;
    node.type = operands_[static_cast<size_t>(node.operand)]->type.element;
    cursor_.Expect("[");
    node.indices = ParseIndexList(cursor_, InScope(scope));
    if (cursor_.TakeSymbol("|")) {
      const Literal fill = ParseLiteral(cursor_, node.type);
      node.fill = IsFloat(node.type) ? fill.number : static_cast<double>(fill.integer);
    }
    cursor_.Expect("]");
    return scope.program->Add(std::move(node));
  }

  IndexScope InScope(Scope& scope) {
    return {&variables_, [this, &scope] { return Expression(scope); }};
  }

  int ConstantExpression(Scope& scope) {
    // The type stands behind the number, which decides how it is read.
    ScalarNode node;
    const size_t sign = cursor_.AtSymbol("-") ? 1 : 0;
    node.type = cursor_.AtWord("true") || cursor_.AtWord("false") ? ElementType::kBool : ElementType::kF32;
    const bool typed = cursor_.AtSymbol(":", sign + 1);
    if (typed) {
      const std::optional<ElementType> type = ParseElementType(cursor_.Peek(sign + 2).text);
      if (!type) cursor_.Fail("'{}' is no element type", cursor_.Peek(sign + 2).text);
      node.type = type.value_or(ElementType::kF32);
    }
    const Literal literal = ParseLiteral(cursor_, node.type);
    if (typed) {
      cursor_.Next();
      cursor_.Next();
    }
    node.number = literal.number;
    node.integer = literal.integer;
    const std::string value =
        IsFloat(node.type) ? NumberText(node.type, node.number) : IntegerText(node.type, node.integer);
    return AddLeaf(scope, fmt::format("{}:{}", value, ToText(node.type)), node);
  }

  int CallExpression(Scope& scope, const std::string& name, const Token& token) {
    ScalarNode node;
    const std::optional<ScalarOp> op = ParseScalarOp(name);
    const bool known =
        op && *op != ScalarOp::kConst && *op != ScalarOp::kRead && *op != ScalarOp::kAccumulator;
    if (!known) {
      cursor_.FailAt(token, fmt::format("'{}' is no scalar operation", name));
      return 0;
    }
    node.op = *op;
    if (node.op == ScalarOp::kCast) {
      cursor_.Expect("<");
      node.type = ParseElement(cursor_);
      cursor_.Expect(">");
    }
    cursor_.Expect("(");
    if (node.op == ScalarOp::kIndex) {
      node.type = ElementType::kI64;
      node.indices = {ParseIndex(cursor_, InScope(scope))};
    } else {
      for (int i = 0; i < ArityOf(node.op); ++i) {
        if (i > 0) cursor_.Expect(",");
        node.args.push_back(Expression(scope));
      }
    }
    cursor_.Expect(")");
    if (cursor_.Failed()) return 0;
    std::vector<ElementType> types;
    for (const int arg : node.args) types.push_back(scope.program->nodes[static_cast<size_t>(arg)].type);
    node.type = ResultElement(node.op, types, node.type);
    return scope.program->Add(std::move(node));
  }

  struct AccumulatorName {
    int number;
    bool has_gate;
  };

  Cursor& cursor_;
  const std::function<Value*(const Token&)>& value_of_;
  Kernel kernel_;
  std::vector<Value*> operands_;
  std::map<const Value*, int> numbers_;
  std::vector<std::string> variables_;
  std::map<std::string, AccumulatorName> accumulators_;
};

}  // namespace

ParsedKernel ParseKernel(Cursor& cursor, const std::function<Value*(const Token&)>& value_of) {
  return KernelParser(cursor, value_of).Run();
}

}  // namespace rnnc::ir
