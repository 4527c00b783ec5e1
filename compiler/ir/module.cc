// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/module.h"

#include <algorithm>
#include <array>

#include "compiler/support/check.h"

namespace rnnc::ir {
namespace {
constexpr std::array<std::string_view, 5> kSpaces = {"state", "arena", "scratch", "input", "output"};

template <typename T>
const T& AttributeAs(const Operation& operation, std::string_view name) {
  auto found = operation.Attributes().find(name);
  RNNC_CHECK(found != operation.Attributes().end(), "{} has no attribute {}", operation.Info().text, name);
  const T* value = std::get_if<T>(&found->second);
  RNNC_CHECK(value != nullptr, "attribute {} of {} has another kind", name, operation.Info().text);
  return *value;
}
}  // namespace

std::string_view ToText(Space space) { return kSpaces[static_cast<size_t>(space)]; }
bool IsNumbered(Space space) { return space == Space::kInput || space == Space::kOutput; }

// ---- Operation ----

Operation::~Operation() {
  SetOperands({});  // before the body goes: an invalid module may use an argument of it here
  body_.reset();
}

void Operation::Unuse(Value* value) {
  if (value == nullptr) return;
  // From the end: what was made last goes first when a module is destroyed.
  auto found = std::find(value->users_.rbegin(), value->users_.rend(), this);
  RNNC_CHECK(found != value->users_.rend(), "use lists are out of step at %{}", value->name);
  *found = value->users_.back();
  value->users_.pop_back();
}

void Operation::SetOperand(size_t i, Value* value) {
  if (i >= operands_.size()) operands_.resize(i + 1, nullptr);
  Unuse(operands_[i]);
  operands_[i] = value;
  if (value != nullptr) value->users_.push_back(this);
}

void Operation::SetOperands(const std::vector<Value*>& values) {
  for (Value* value : operands_) Unuse(value);
  operands_.clear();
  for (Value* value : values) AddOperand(value);
}

void Operation::AddOperand(Value* value) { SetOperand(operands_.size(), value); }

void Operation::ReplaceOperand(Value* from, Value* to) {
  for (size_t i = 0; i < operands_.size(); ++i) {
    if (operands_[i] == from) SetOperand(i, to);
  }
}

std::vector<Value*> Operation::Results() const {
  std::vector<Value*> values;
  for (const auto& result : results_) values.push_back(result.get());
  return values;
}

Value* Operation::AddResult(Type type, std::string name) {
  auto value = std::make_unique<Value>();
  value->kind = ValueKind::kResult;
  value->name = std::move(name);
  value->type = std::move(type);
  value->definition = this;
  value->index = static_cast<int>(results_.size());
  results_.push_back(std::move(value));
  return results_.back().get();
}

void Operation::RemoveResult(size_t i) {
  RNNC_CHECK(!results_[i]->HasUsers(), "result {} of {} is used", i, Info().text);
  results_.erase(results_.begin() + static_cast<std::ptrdiff_t>(i));
  for (size_t k = 0; k < results_.size(); ++k) results_[k]->index = static_cast<int>(k);
}

void Operation::Set(const std::string& name, Attribute value) {
  if (auto* number = std::get_if<double>(&value)) *number = RoundTo(ElementType::kF32, *number);
  if (auto* numbers = std::get_if<std::vector<double>>(&value)) {
    for (double& number : *numbers) number = RoundTo(ElementType::kF32, number);
  }
  attributes_[name] = std::move(value);
}

void Operation::Remove(std::string_view name) {
  auto found = attributes_.find(name);
  if (found != attributes_.end()) attributes_.erase(found);
}

int64_t Operation::Int(std::string_view name) const { return AttributeAs<int64_t>(*this, name); }
double Operation::Float(std::string_view name) const { return AttributeAs<double>(*this, name); }
const std::string& Operation::String(std::string_view name) const {
  return AttributeAs<std::string>(*this, name);
}
const std::vector<int64_t>& Operation::Ints(std::string_view name) const {
  return AttributeAs<std::vector<int64_t>>(*this, name);
}
const std::vector<double>& Operation::Floats(std::string_view name) const {
  return AttributeAs<std::vector<double>>(*this, name);
}
const std::vector<std::string>& Operation::Strings(std::string_view name) const {
  return AttributeAs<std::vector<std::string>>(*this, name);
}

Kernel& Operation::GetKernel() {
  RNNC_CHECK(kernel_ != nullptr, "{} has no kernel", Info().text);
  return *kernel_;
}

const Kernel& Operation::GetKernel() const {
  RNNC_CHECK(kernel_ != nullptr, "{} has no kernel", Info().text);
  return *kernel_;
}

Block& Operation::MakeBody() {
  body_ = std::make_unique<Block>(this, parent_->Parent());
  return *body_;
}

// ---- Block ----

Block::~Block() {
  DropOperands();
  while (!operations_.empty()) operations_.pop_back();
}

void Block::DropOperands() {
  for (size_t i = operations_.size(); i-- > 0;) {
    if (operations_[i]->HasBody()) operations_[i]->Body().DropOperands();
    operations_[i]->SetOperands({});
  }
}

Value* Block::AddArgument(Type type, std::string name) {
  auto value = std::make_unique<Value>();
  value->kind = ValueKind::kArgument;
  value->name = std::move(name);
  value->type = std::move(type);
  value->block = this;
  value->index = static_cast<int>(arguments_.size());
  arguments_.push_back(std::move(value));
  return arguments_.back().get();
}

void Block::RemoveArgument(size_t i) {
  RNNC_CHECK(!arguments_[i]->HasUsers(), "argument %{} is used", arguments_[i]->name);
  arguments_.erase(arguments_.begin() + static_cast<std::ptrdiff_t>(i));
  for (size_t k = 0; k < arguments_.size(); ++k) arguments_[k]->index = static_cast<int>(k);
}

size_t Block::IndexOf(const Operation* operation) const {
  for (size_t i = 0; i < operations_.size(); ++i) {
    if (operations_[i].get() == operation) return i;
  }
  RNNC_CHECK(operation == nullptr, "{} is not in this block", operation->Info().text);
  return operations_.size();
}

Operation* Block::Insert(OpKind kind, Operation* before) {
  auto place = operations_.begin() +
               static_cast<std::ptrdiff_t>(before == nullptr ? operations_.size() : IndexOf(before));
  return operations_.insert(place, std::make_unique<Operation>(kind, this))->get();
}

void Block::Erase(Operation* operation) {
  for (Value* result : operation->Results()) {
    RNNC_CHECK(!result->HasUsers(), "%{} is used and cannot be erased", result->name);
  }
  operations_.erase(operations_.begin() + static_cast<std::ptrdiff_t>(IndexOf(operation)));
}

void Block::MoveHere(Operation* operation, Operation* before) {
  Block* from = operation->parent_;
  auto at = from->operations_.begin() + static_cast<std::ptrdiff_t>(from->IndexOf(operation));
  std::unique_ptr<Operation> owned = std::move(*at);
  from->operations_.erase(at);
  owned->parent_ = this;
  const size_t place = before == nullptr ? operations_.size() : IndexOf(before);
  operations_.insert(operations_.begin() + static_cast<std::ptrdiff_t>(place), std::move(owned));
}

std::vector<Operation*> Block::Snapshot() const {
  std::vector<Operation*> list;
  for (const auto& operation : operations_) list.push_back(operation.get());
  return list;
}

// ---- Function and Module ----

std::vector<Type> Function::ResultTypes() const {
  std::vector<Type> types;
  const Operation* end = body_.Terminator();
  if (end == nullptr || end->Kind() != OpKind::kReturn) return types;
  for (const Value* value : end->Operands()) {
    if (value == nullptr) break;  // as a text may have it, until it is verified
    types.push_back(value->type);
  }
  return types;
}

std::string Module::UniqueName(const std::string& wanted) const {
  const std::string base = wanted.empty() ? "c" : wanted;
  std::string candidate = base;
  for (int i = 1; names_.count(candidate) != 0; ++i) candidate = base + "_" + std::to_string(i);
  return candidate;
}

Value* Module::AddConst(const std::string& wanted_name, TensorPtr tensor) {
  auto value = std::make_unique<Value>();
  value->kind = ValueKind::kConst;
  value->name = UniqueName(wanted_name);
  value->type = tensor->type;
  value->tensor = std::move(tensor);
  names_[value->name] = 1;
  consts_.push_back(std::move(value));
  return consts_.back().get();
}

Value* Module::AddState(const std::string& wanted_name, Type type, TensorPtr initial) {
  auto value = std::make_unique<Value>();
  value->kind = ValueKind::kState;
  value->name = UniqueName(wanted_name);
  value->type = std::move(type);
  value->tensor = std::move(initial);
  names_[value->name] = 1;
  states_.push_back(std::move(value));
  return states_.back().get();
}

Function* Module::AddFunction(const std::string& function_name) {
  functions_.push_back(std::make_unique<Function>(function_name, this));
  return functions_.back().get();
}

Function* Module::FindFunction(std::string_view function_name) const {
  for (const auto& function : functions_) {
    if (function->name == function_name) return function.get();
  }
  return nullptr;
}

void Module::EraseFunction(Function* function) {
  std::erase_if(functions_, [&](const auto& owned) { return owned.get() == function; });
}

void Module::RemoveUnusedConsts() {
  std::erase_if(consts_, [&](const auto& value) {
    if (value->HasUsers()) return false;
    names_.erase(value->name);
    return true;
  });
}

// ---- Free functions ----

std::vector<RuntimeSize> SizesOf(const Function& function) {
  std::vector<std::string> used;
  for (const auto& argument : function.Body().Arguments()) {
    for (const Dim& dim : argument->type.dims) {
      for (const std::string& symbol : dim.Symbols()) {
        if (std::find(used.begin(), used.end(), symbol) == used.end()) used.push_back(symbol);
      }
    }
  }
  std::vector<RuntimeSize> sizes;
  for (const RuntimeSize& size : function.Parent()->sizes) {
    if (std::erase(used, size.symbol) != 0) sizes.push_back(size);
  }
  for (const std::string& symbol : used) sizes.push_back({symbol, 0, std::nullopt});
  return sizes;
}

void ReplaceAllUses(Value* from, Value* to) {
  if (from == to) return;
  while (from->HasUsers()) from->Users().back()->ReplaceOperand(from, to);
}

void Walk(Block& block, const std::function<void(Operation&)>& visit) {
  for (Operation* operation : block.Snapshot()) {
    visit(*operation);
    if (operation->HasBody()) Walk(operation->Body(), visit);
  }
}

void Walk(const Block& block, const std::function<void(const Operation&)>& visit) {
  for (const auto& operation : block.Operations()) {
    visit(*operation);
    if (operation->HasBody()) Walk(static_cast<const Block&>(operation->Body()), visit);
  }
}

}  // namespace rnnc::ir
