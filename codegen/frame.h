// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "codegen/codegen.h"
#include "codegen/math/vector_math.h"
#include "compiler/ir/module.h"

namespace rnnc::codegen {

/// What all functions of one object share.
struct ObjectContext {
  const ir::Module& source;
  const CodegenOptions& options;
  llvm::LLVMContext& llvm;
  llvm::Module& module;
  std::map<const ir::Value*, llvm::GlobalVariable*> constants;
  std::map<std::string, int> kernel_names;  // for unique symbols

  const TargetRow& Row() const { return options.target; }
};

/// One LLVM function while it is filled: the instance, the caller's tensors, and the symbols in scope.
class Frame {
 public:
  Frame(ObjectContext& context, llvm::Function* function);

  ObjectContext& Context() { return context_; }
  llvm::IRBuilder<>& Builder() { return builder_; }
  VectorMath& Math() { return math_; }
  llvm::Function* Function() { return function_; }
  const TargetRow& Row() const { return context_.Row(); }

  llvm::Value* instance = nullptr;
  llvm::Value* scratch = nullptr;  // memory of the caller's for this call; null when none is needed
  std::vector<llvm::Value*> inputs;
  std::vector<llvm::Value*> outputs;
  std::map<std::string, llvm::Value*> symbols;  // i64
  /// Where a status found on the way is kept (i32); null where none can arise.
  llvm::Value* status = nullptr;

  llvm::Value* Int(int64_t value) { return builder_.getInt64(static_cast<uint64_t>(value)); }
  /// The run-time value of a Dim (i64).
  llvm::Value* EmitDim(const ir::Dim& dim);
  /// Pointer to element 0 of a value that has a place, a constant or a state.
  llvm::Value* Address(const ir::Value& value);
  /// True when bytes behind the end of the value (up to one vector) may be read: everything but the caller's
  /// memory.
  static bool MayReadBehind(const ir::Value& value);

  /// for (i = begin; i < end; i += step) body(i). Nothing when begin >= end. `body` may add blocks.
  void Loop(llvm::Value* begin, llvm::Value* end, int64_t step, const std::function<void(llvm::Value*)>& body,
            int unroll = 0);
  /// The same downward: i = end - 1 .. begin.
  void LoopDown(llvm::Value* begin, llvm::Value* end, const std::function<void(llvm::Value*)>& body);
  /// Stack slot in the entry block.
  llvm::AllocaInst* Slot(llvm::Type* type);

 private:
  ObjectContext& context_;
  llvm::Function* function_;
  llvm::IRBuilder<> builder_;
  VectorMath math_;
};

/// The function attributes every function of the object carries: CPU, features, no library calls.
void SetFunctionAttributes(llvm::Function* function, const TargetRow& row);

/// How a value of an element type is kept in memory (bool as i8, the 16-bit floats as i16).
llvm::Type* MemoryType(llvm::LLVMContext& context, ir::ElementType element);
/// And in a register (bool as i1, the 16-bit floats as float).
llvm::Type* RegisterType(llvm::LLVMContext& context, ir::ElementType element);

}  // namespace rnnc::codegen
