// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/ir/kernel.h"
#include "compiler/ir/op.h"
#include "compiler/ir/tensor.h"
#include "compiler/ir/type.h"
#include "compiler/support/diagnostic.h"

// The program: Module > Function > Block > Operation > Value, SSA, with nested regions that see the
// values around them. Owners: a module owns its constants, states and functions; a block its
// arguments and operations; an operation its results and regions. Pointers are stable.
namespace rnnc::ir {

class Operation;
class Block;
class Function;
class Module;

enum class ValueKind : uint8_t { kResult, kArgument, kConst, kState };

// Where the planner put a value: bytes [offset, offset + size) of a memory space. The offset is a Dim:
// it may move with the step symbol of an enclosing scan.
// kScratch is memory of the caller's for one call, where the sizes of the call decide how much is needed.
enum class Space : uint8_t { kState, kArena, kScratch, kInput, kOutput };
std::string_view ToText(Space space);  // "state", "arena", "scratch", "input", "output"
// True for spaces of which there are several: kInput, kOutput.
bool IsNumbered(Space space);
struct Place {
  Space space = Space::kArena;
  int index = 0;  // kInput, kOutput: which; else 0
  Dim offset;     // bytes
  Dim bytes;
  bool operator==(const Place&) const = default;
};

class Value {
 public:
  ValueKind kind = ValueKind::kResult;
  // Without sigil; need not be unique among results and arguments (the printer makes it so), is
  // unique among constants and states. Results without a name print as numbers.
  std::string name;
  Type type;
  std::optional<Place> place;

  Operation* definition = nullptr;  // kResult
  Block* block = nullptr;           // kArgument
  int index = 0;                    // kResult, kArgument

  TensorPtr tensor;  // kConst: the data; kState: initial value, null means zeros

  // Operations that have this value as an operand, once for each time. Order is not specified.
  const std::vector<Operation*>& Users() const { return users_; }
  bool IsConst() const { return kind == ValueKind::kConst; }
  bool HasUsers() const { return !users_.empty(); }

 private:
  friend class Operation;
  std::vector<Operation*> users_;
};

class Operation {
 public:
  Operation(OpKind kind, Block* parent) : kind_(kind), parent_(parent) {}
  ~Operation();
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  OpKind Kind() const { return kind_; }
  const OpInfo& Info() const { return InfoOf(kind_); }
  Block* Parent() const { return parent_; }

  Location location;

  // Operands; null for an absent optional one.
  const std::vector<Value*>& Operands() const { return operands_; }
  Value* Operand(size_t i) const { return i < operands_.size() ? operands_[i] : nullptr; }
  Value* Operand(std::string_view name) const {
    return Operand(static_cast<size_t>(Info().OperandIndex(name)));
  }
  void SetOperand(size_t i, Value* value);
  void SetOperands(const std::vector<Value*>& values);
  void AddOperand(Value* value);
  void ReplaceOperand(Value* from, Value* to);

  size_t ResultCount() const { return results_.size(); }
  // The i-th result; an absent optional result has no users and a name of "_".
  Value* Result(size_t i = 0) const { return results_[i].get(); }
  Value* Result(std::string_view name) const { return Result(static_cast<size_t>(Info().ResultIndex(name))); }
  std::vector<Value*> Results() const;
  Value* AddResult(Type type, std::string name = "");
  void RemoveResult(size_t i);  // must have no users; later ones move down

  // Attributes. The typed getters check presence and kind (the verifier has seen to both).
  const std::map<std::string, Attribute, std::less<>>& Attributes() const { return attributes_; }
  bool Has(std::string_view name) const { return attributes_.find(name) != attributes_.end(); }
  // Floats are rounded to f32, which ONNX attributes are; the text relies on it.
  void Set(const std::string& name, Attribute value);
  void Remove(std::string_view name);
  int64_t Int(std::string_view name) const;
  double Float(std::string_view name) const;
  const std::string& String(std::string_view name) const;
  const std::vector<int64_t>& Ints(std::string_view name) const;
  const std::vector<double>& Floats(std::string_view name) const;
  const std::vector<std::string>& Strings(std::string_view name) const;

  // map, reduce, contract.
  Kernel& GetKernel();
  const Kernel& GetKernel() const;
  void SetKernel(Kernel kernel) { kernel_ = std::make_unique<Kernel>(std::move(kernel)); }
  bool HasKernel() const { return kernel_ != nullptr; }

  // scan: number of steps and the symbol of the step index. blocks: number of steps of the whole and
  // the symbols of the block's start and of its count.
  Dim steps;
  std::string step_symbol;   // scan: the step; blocks: the start
  std::string count_symbol;  // blocks

  bool HasBody() const { return body_ != nullptr; }
  Block& Body() const { return *body_; }
  Block& MakeBody();

 private:
  friend class Block;
  void Unuse(Value* value);

  OpKind kind_;
  Block* parent_;
  std::vector<Value*> operands_;
  std::vector<std::unique_ptr<Value>> results_;
  std::map<std::string, Attribute, std::less<>> attributes_;
  std::unique_ptr<Kernel> kernel_;
  std::unique_ptr<Block> body_;
};

class Block {
 public:
  explicit Block(Operation* owner, Function* function) : owner_(owner), function_(function) {}
  ~Block();

  Operation* Owner() const { return owner_; }  // null for a function's body
  Function* Parent() const { return function_; }

  const std::vector<std::unique_ptr<Value>>& Arguments() const { return arguments_; }
  Value* AddArgument(Type type, std::string name);
  void RemoveArgument(size_t i);  // must have no users

  const std::vector<std::unique_ptr<Operation>>& Operations() const { return operations_; }
  // A new operation before `before` (null: at the end). Operands and results are added by the caller
  // or by Builder.
  Operation* Insert(OpKind kind, Operation* before = nullptr);
  void Erase(Operation* operation);  // results must have no users
  // Moves an operation here, before `before` (null: at the end).
  void MoveHere(Operation* operation, Operation* before = nullptr);
  Operation* Terminator() const { return operations_.empty() ? nullptr : operations_.back().get(); }
  size_t IndexOf(const Operation* operation) const;
  // A snapshot, safe against insertions and erasures of others while walking.
  std::vector<Operation*> Snapshot() const;

 private:
  // Before anything is destroyed, whatever uses what: an invalid module must be destroyed safely too.
  void DropOperands();
  Operation* owner_;
  Function* function_;
  std::vector<std::unique_ptr<Value>> arguments_;
  std::vector<std::unique_ptr<Operation>> operations_;
};

class Function {
 public:
  Function(std::string name, Module* module) : name(std::move(name)), module_(module), body_(nullptr, this) {}
  std::string name;
  std::vector<std::string> result_names;  // model's output names, one a result
  Module* Parent() const { return module_; }
  Block& Body() { return body_; }
  const Block& Body() const { return body_; }
  std::vector<Type> ResultTypes() const;  // of the operands of `return`

 private:
  Module* module_;
  Block body_;
};

// A size that is only known in a call, and what it may be then.
struct RuntimeSize {
  std::string symbol;
  int64_t low = 0;
  std::optional<int64_t> high;  // none: no bound
  bool operator==(const RuntimeSize&) const = default;
};

class Module {
 public:
  std::string name;
  std::string source;  // file name of the model, for people
  int64_t opset = 0;
  Stage stage = Stage::kGraph;
  // The sizes that a call gives, in the order in which it gives them; that of time is the first. May leave
  // out symbols without a bound (SizesOf).
  std::vector<RuntimeSize> sizes;
  // Sizes of the planned memory spaces, bytes (stage planned).
  int64_t state_bytes = 0;
  int64_t arena_bytes = 0;
  Dim scratch_bytes;

  Value* AddConst(const std::string& wanted_name, TensorPtr tensor);  // makes the name unique
  Value* AddState(const std::string& wanted_name, Type type, TensorPtr initial);
  Function* AddFunction(const std::string& function_name);
  Function* FindFunction(std::string_view function_name) const;
  void EraseFunction(Function* function);

  const std::vector<std::unique_ptr<Value>>& Consts() const { return consts_; }
  const std::vector<std::unique_ptr<Value>>& States() const { return states_; }
  const std::vector<std::unique_ptr<Function>>& Functions() const { return functions_; }
  void RemoveUnusedConsts();

 private:
  std::string UniqueName(const std::string& wanted) const;
  std::vector<std::unique_ptr<Value>> consts_;
  std::vector<std::unique_ptr<Value>> states_;
  std::map<std::string, int, std::less<>> names_;
  std::vector<std::unique_ptr<Function>> functions_;  // destroyed before consts_: users unregister
};

// The sizes that a call of the function gives: those of the module that its arguments have, then the other
// symbols of its arguments' types in order of appearance.
std::vector<RuntimeSize> SizesOf(const Function& function);

// Every use of `from` becomes a use of `to`.
void ReplaceAllUses(Value* from, Value* to);
// Walks all operations of a block, outer before inner, in order.
void Walk(Block& block, const std::function<void(Operation&)>& visit);
void Walk(const Block& block, const std::function<void(const Operation&)>& visit);
// Copies operations of `source` (all but the terminator) to `target` before `before`; `values` maps
// values of the source to those that replace them (grows with the copied results). Unmapped values
// are used as they are. Symbols are replaced everywhere (types, index expressions, steps).
void CloneInto(const Block& source, Block& target, Operation* before, std::map<const Value*, Value*>& values,
               const std::map<std::string, Dim>& symbols = {});
Operation* CloneOperation(const Operation& operation, Block& target, Operation* before,
                          std::map<const Value*, Value*>& values,
                          const std::map<std::string, Dim>& symbols = {});
std::unique_ptr<Module> CloneModule(const Module& module);

}  // namespace rnnc::ir
