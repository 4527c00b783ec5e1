// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/parser.h"

#include <algorithm>

#include "compiler/ir/parser_parts.h"

namespace rnnc::ir {
namespace {

class Parser {
 public:
  Parser(std::string_view text, const std::string& file, std::string_view blob,
         std::map<const void*, int>* lines)
      : cursor_(Lex(text), file), data_(cursor_, blob), lines_(lines) {}

  Result<std::unique_ptr<Module>> Run() {
    module_ = std::make_unique<Module>();
    ParseHeader();
    while (!cursor_.Failed() && !cursor_.AtSymbol("}")) ParseMember();
    cursor_.Expect("}");
    if (cursor_.Peek().kind != TokenKind::kEnd) cursor_.Fail("text behind the end of the module");
    if (cursor_.Failed()) return cursor_.GetError();
    return std::move(module_);
  }

 private:
  // module @kws {stage=graph, source="kws.onnx", opset=17} {
  void ParseHeader() {
    cursor_.ExpectWord("module");
    module_->name = cursor_.ExpectKind(TokenKind::kGlobal, "the name of the module");
    cursor_.Expect("{");
    do {
      const Token key = cursor_.Peek();
      const std::string name = cursor_.ExpectKind(TokenKind::kWord, "an attribute of the module");
      cursor_.Expect("=");
      if (name == "stage") {
        const std::optional<Stage> stage = ParseStage(cursor_.Peek().text);
        if (!stage) cursor_.Fail("'{}' is no stage", cursor_.Peek().text);
        module_->stage = stage.value_or(Stage::kGraph);
        cursor_.Next();
      } else if (name == "source") {
        module_->source = cursor_.ExpectKind(TokenKind::kString, "a string");
      } else if (name == "opset") {
        module_->opset = ParseInteger(cursor_);
      } else if (name == "state_bytes") {
        module_->state_bytes = ParseInteger(cursor_);
      } else if (name == "arena_bytes") {
        module_->arena_bytes = ParseInteger(cursor_);
      } else if (name == "scratch_bytes") {
        module_->scratch_bytes = ParseDim(cursor_);
      } else if (name == "sizes") {
        ParseSizes();
      } else {
        cursor_.FailAt(key, fmt::format("a module has no attribute '{}'", name));
      }
    } while (cursor_.TakeSymbol(","));
    cursor_.Expect("}");
    cursor_.Expect("{");
  }

  // [T from 1 to 512, B]
  void ParseSizes() {
    cursor_.Expect("[");
    do {
      RuntimeSize size{ParseSymbolName(cursor_), 0, std::nullopt};
      if (cursor_.TakeWord("from")) size.low = ParseInteger(cursor_);
      if (cursor_.TakeWord("to")) size.high = ParseInteger(cursor_);
      module_->sizes.push_back(size);
    } while (!cursor_.Failed() && cursor_.TakeSymbol(","));
    cursor_.Expect("]");
  }

  void ParseMember() {
    if (cursor_.TakeWord("const")) {
      ParseGlobal(ValueKind::kConst);
    } else if (cursor_.TakeWord("state")) {
      ParseGlobal(ValueKind::kState);
    } else if (cursor_.TakeWord("func")) {
      ParseFunction();
    } else {
      cursor_.Fail("'const', 'state' or 'func' is missing");
    }
  }

  // @W: f32[2] = [1.0, 2.0]
  void ParseGlobal(ValueKind kind) {
    const Token token = cursor_.Peek();
    const std::string name = cursor_.ExpectKind(TokenKind::kGlobal, "the name of the value");
    cursor_.Expect(":");
    const Type type = ParseType(cursor_);
    const std::optional<Place> place = ParsePlace(cursor_);
    cursor_.Expect("=");
    TensorPtr tensor;
    if (kind == ValueKind::kState && cursor_.AtWord("zeros")) {
      cursor_.Next();
    } else {
      tensor = data_.Parse(type);
    }
    if (globals_.count(name) != 0) cursor_.FailAt(token, fmt::format("@{} is there twice", name));
    if (cursor_.Failed()) return;
    Value* value = kind == ValueKind::kConst ? module_->AddConst(name, std::move(tensor))
                                             : module_->AddState(name, type, std::move(tensor));
    value->place = place;
    globals_[name] = value;
    Note(value, token);
  }

  // @main(%x: f32[T,1,40]) -> (%y: f32[T,1,12]) { .. }
  void ParseFunction() {
    locals_.clear();
    const Token token = cursor_.Peek();
    const std::string name = cursor_.ExpectKind(TokenKind::kGlobal, "the name of the function");
    if (module_->FindFunction(name) != nullptr) cursor_.Fail("function @{} is there twice", name);
    Function* function = module_->AddFunction(name);
    Note(function, token);
    cursor_.Expect("(");
    if (!cursor_.AtSymbol(")")) {
      do {
        ParseArgument(function->Body());
      } while (cursor_.TakeSymbol(","));
    }
    cursor_.Expect(")");
    cursor_.Expect("->");
    cursor_.Expect("(");
    std::vector<std::pair<Token, std::optional<Type>>> types;
    if (!cursor_.AtSymbol(")")) {
      do {
        types.emplace_back(cursor_.Peek(), std::nullopt);
        function->result_names.push_back(cursor_.ExpectKind(TokenKind::kValue, "the name of a result"));
        if (cursor_.TakeSymbol(":")) types.back().second = ParseType(cursor_);
      } while (cursor_.TakeSymbol(","));
    }
    cursor_.Expect(")");
    ParseBlock(function->Body());
    if (cursor_.Failed()) return;
    const std::vector<Type> returned = function->ResultTypes();
    for (size_t i = 0; i < std::min(types.size(), returned.size()); ++i) {
      const auto& [token, type] = types[i];
      if (!type || *type == returned[i]) continue;
      cursor_.FailAt(token, fmt::format("result %{} is {} here and {} at the return", token.text,
                                        type->ToText(), returned[i].ToText()));
    }
  }

  Value* ParseArgument(Block& block) {
    const Token token = cursor_.Peek();
    const std::string name = cursor_.ExpectKind(TokenKind::kValue, "the name of an argument");
    cursor_.Expect(":");
    Value* value = block.AddArgument(ParseType(cursor_), name);
    value->place = ParsePlace(cursor_);
    Define(token, value);
    Note(value, token);
    return value;
  }

  void Note(const void* part, const Token& token) {
    if (lines_ != nullptr) (*lines_)[part] = token.line;
  }

  void Define(const Token& token, Value* value) {
    if (!locals_.emplace(token.text, value).second) {
      cursor_.FailAt(token, fmt::format("%{} is there twice in the function", token.text));
    }
  }

  // The value that a token names; null (and an error) when there is none, null for '_'.
  Value* ValueOf(const Token& token) {
    if (cursor_.Failed()) return nullptr;
    const auto& table = token.kind == TokenKind::kGlobal ? globals_ : locals_;
    const bool is_value = token.kind == TokenKind::kGlobal || token.kind == TokenKind::kValue;
    const auto found = is_value ? table.find(token.text) : table.end();
    if (found != table.end()) return found->second;
    if (!is_value) {
      cursor_.FailAt(token, "a value is missing");
    } else {
      const char sigil = token.kind == TokenKind::kGlobal ? '@' : '%';
      cursor_.FailAt(token, fmt::format("{}{} is not defined before", sigil, token.text));
    }
    return nullptr;
  }

  Value* ParseOperand() {
    if (cursor_.TakeWord("_")) return nullptr;
    const Token token = cursor_.Next();
    return ValueOf(token);
  }

  void ParseBlock(Block& block) {
    if (!cursor_.Enter()) return;
    cursor_.Expect("{");
    while (!cursor_.Failed() && !cursor_.AtSymbol("}")) ParseOperation(block);
    cursor_.Expect("}");
    cursor_.Leave();
  }

  struct ParsedResult {
    Token token;
    Type type;
    std::optional<Place> place;
  };

  std::vector<ParsedResult> ParseResults() {
    std::vector<ParsedResult> results;
    if (cursor_.Peek().kind != TokenKind::kValue && !cursor_.AtWord("_")) return results;
    do {
      ParsedResult result;
      result.token = cursor_.Peek();
      if (!cursor_.TakeWord("_")) {
        cursor_.ExpectKind(TokenKind::kValue, "the name of a result");
        cursor_.Expect(":");
        result.type = ParseType(cursor_);
        result.place = ParsePlace(cursor_);
      }
      results.push_back(std::move(result));
    } while (cursor_.TakeSymbol(","));
    cursor_.Expect("=");
    return results;
  }

  void ParseOperation(Block& block) {
    const std::vector<ParsedResult> results = ParseResults();
    const Token token = cursor_.Peek();
    const std::string name = cursor_.ExpectKind(TokenKind::kWord, "an operation");
    const std::optional<OpKind> kind = ParseOpKind(name);
    if (!kind) cursor_.FailAt(token, fmt::format("there is no operation '{}'", name));
    if (cursor_.Failed()) return;
    Operation& operation = *block.Insert(*kind);
    Note(&operation, results.empty() ? token : results.front().token);
    switch (*kind) {
      case OpKind::kScan:
        ParseScan(operation);
        break;
      case OpKind::kBlocks:
        ParseBlocks(operation);
        break;
      case OpKind::kYield:
        ParseYield(operation);
        break;
      case OpKind::kMap:
      case OpKind::kReduce:
      case OpKind::kContract: {
        ParseAttributes(operation);
        ParsedKernel kernel = ParseKernel(cursor_, [this](const Token& t) { return ValueOf(t); });
        operation.SetOperands(kernel.operands);
        operation.SetKernel(std::move(kernel.kernel));
        break;
      }
      default:
        ParseOperands(operation);
        ParseAttributes(operation);
    }
    ParseLocation(operation);
    for (const ParsedResult& result : results) {
      const bool present = result.token.kind == TokenKind::kValue;
      Value* value = operation.AddResult(result.type, result.token.text);
      value->place = result.place;
      if (present) Define(result.token, value);
    }
  }

  void ParseOperands(Operation& operation) {
    const OpInfo& info = operation.Info();
    const bool named = info.NamesOperands();
    auto begins = [&] {
      const Token& token = cursor_.Peek();
      if (named) return token.kind == TokenKind::kWord && cursor_.AtSymbol(":", 1);
      if (info.operands.empty() || cursor_.AtSymbol(":", 1)) return false;  // the next line's result
      return token.kind == TokenKind::kValue || token.kind == TokenKind::kGlobal || cursor_.AtWord("_");
    };
    if (!begins()) {
      const TokenKind kind = cursor_.Peek().kind;
      if (named && !cursor_.AtSymbol(":", 1) && (kind == TokenKind::kValue || kind == TokenKind::kGlobal)) {
        cursor_.Fail("operands of {} are named; write '{}: ..'", info.text, info.operands[0].name);
      }
      return;
    }
    do {
      if (!named) {
        operation.AddOperand(ParseOperand());
        continue;
      }
      const Token token = cursor_.Peek();
      const std::string name = cursor_.ExpectKind(TokenKind::kWord, "the name of an operand");
      cursor_.Expect(":");
      const auto slot = std::find_if(info.operands.begin(), info.operands.end(),
                                     [&](const OpInfo::Slot& s) { return s.name == name; });
      if (slot == info.operands.end()) {
        cursor_.FailAt(token, fmt::format("{} has no operand '{}'", info.text, name));
      }
      Value* value = ParseOperand();
      if (cursor_.Failed()) return;
      operation.SetOperand(static_cast<size_t>(slot - info.operands.begin()), value);
    } while (cursor_.TakeSymbol(","));
  }

  // {axis=1, mode="constant"}
  void ParseAttributes(Operation& operation) {
    if (!cursor_.TakeSymbol("{")) return;
    do {
      const Token token = cursor_.Peek();
      const std::string name = ParseSymbolName(cursor_);
      cursor_.Expect("=");
      const auto& slots = operation.Info().attributes;
      const auto slot = std::find_if(slots.begin(), slots.end(),
                                     [&](const OpInfo::AttributeSlot& s) { return s.name == name; });
      if (operation.Has(name)) cursor_.FailAt(token, fmt::format("attribute '{}' is there twice", name));
      operation.Set(name, ParseAttribute(cursor_, slot == slots.end() ? AttributeKind::kInts : slot->kind));
    } while (cursor_.TakeSymbol(","));
    cursor_.Expect("}");
  }

  void ParseLocation(Operation& operation) {
    operation.location.file = module_->source;
    if (!cursor_.TakeWord("loc")) return;
    cursor_.Expect("(");
    do {
      operation.location.nodes.push_back(cursor_.ExpectKind(TokenKind::kString, "the name of a node"));
    } while (cursor_.TakeSymbol(","));
    cursor_.Expect(")");
  }

  // each(%a: f32[4] = %s, ..): arguments of the body and their operands. How many there are.
  int64_t ParsePairs(std::string_view keyword, Operation& operation) {
    if (!cursor_.TakeWord(keyword)) return 0;
    int64_t count = 0;
    cursor_.Expect("(");
    do {
      ParseArgument(operation.Body());
      cursor_.Expect("=");
      operation.AddOperand(ParseOperand());
      ++count;
    } while (cursor_.TakeSymbol(","));
    cursor_.Expect(")");
    return count;
  }

  // The brace behind a loop's head begins its body unless "name =" follows.
  void ParseLoopAttributes(Operation& operation) {
    const TokenKind kind = cursor_.Peek(1).kind;
    const bool name = kind == TokenKind::kString || (kind == TokenKind::kWord && !cursor_.AtWord("_", 1));
    if (name && cursor_.AtSymbol("=", 2)) ParseAttributes(operation);
  }

  // scan reverse t<T each(..) carry(..) { .. }
  void ParseScan(Operation& operation) {
    operation.MakeBody();
    const bool reverse = cursor_.AtWord("reverse") && !cursor_.AtSymbol("<", 1);
    if (reverse) cursor_.Next();
    operation.step_symbol = ParseSymbolName(cursor_);
    cursor_.Expect("<");
    operation.steps = ParseDim(cursor_);
    ParseLoopAttributes(operation);
    operation.Set("n_each", ParsePairs("each", operation));
    operation.Set("n_carry", ParsePairs("carry", operation));
    operation.Set("reverse", int64_t{reverse});
    ParseBlock(operation.Body());
  }

  // blocks t0 by N<=32 of T axes(0) carry(..) { .. }
  void ParseBlocks(Operation& operation) {
    operation.MakeBody();
    operation.step_symbol = ParseSymbolName(cursor_);
    cursor_.ExpectWord("by");
    operation.count_symbol = ParseSymbolName(cursor_);
    cursor_.Expect("<");
    cursor_.Expect("=");
    operation.Set("max", ParseInteger(cursor_));
    cursor_.ExpectWord("of");
    operation.steps = ParseDim(cursor_);
    cursor_.ExpectWord("axes");
    cursor_.Expect("(");
    std::vector<int64_t> axes;
    if (!cursor_.AtSymbol(")")) {
      do {
        axes.push_back(ParseInteger(cursor_));
      } while (cursor_.TakeSymbol(","));
    }
    cursor_.Expect(")");
    operation.Set("axes", axes);
    ParseLoopAttributes(operation);
    operation.Set("n_carry", ParsePairs("carry", operation));
    ParseBlock(operation.Body());
  }

  // yield each(%y) carry(%h), in a scan; yield block(%y) carry(%h), in blocks
  void ParseYield(Operation& operation) {
    auto group = [&](std::string_view keyword) {
      int64_t count = 0;
      if (!cursor_.TakeWord(keyword)) return count;
      cursor_.Expect("(");
      do {
        operation.AddOperand(ParseOperand());
        ++count;
      } while (cursor_.TakeSymbol(","));
      cursor_.Expect(")");
      return count;
    };
    const Operation* loop = operation.Parent()->Owner();
    operation.Set("n_each", group(loop != nullptr && loop->Kind() == OpKind::kBlocks ? "block" : "each"));
    group("carry");
    ParseAttributes(operation);
  }

  Cursor cursor_;
  DataParser data_;
  std::map<const void*, int>* lines_;
  std::unique_ptr<Module> module_;
  std::map<std::string, Value*> globals_;
  std::map<std::string, Value*> locals_;
};

}  // namespace

Result<std::unique_ptr<Module>> Parse(std::string_view text, const std::string& file, std::string_view blob,
                                      std::map<const void*, int>* lines) {
  return Parser(text, file, blob, lines).Run();
}

}  // namespace rnnc::ir
