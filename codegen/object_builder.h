// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include <memory>

#include "codegen/codegen.h"

namespace rnnc::codegen {

/// LLVM IR of a planned module, before LLVM's passes: constants, kernels, entry points, descriptor.
std::unique_ptr<llvm::Module> BuildLlvmModule(llvm::LLVMContext& llvm, const ir::Module& module,
                                              const CodegenOptions& options,
                                              const llvm::TargetMachine& machine);

/// The functions of a planned module under their exported names: "step" and "run" (a lone `main` is `step`).
struct EntryPoints {
  const ir::Function* step = nullptr;
  const ir::Function* run = nullptr;
  const ir::Function* Any() const { return run != nullptr ? run : step; }
};
EntryPoints FindEntryPoints(const ir::Module& module);

/// The symbol that `run` takes as its number of frames; empty when it has none.
// The sizes that a call of `run` gives, each with a bound: the model's, else the largest with which no count
// of bytes comes near to overflow. Empty when there is no `run`.
std::vector<ir::RuntimeSize> CallSizes(const EntryPoints& entries);
// The first of them, "" when there is none.
std::string TimeSymbol(const EntryPoints& entries);

/// Multiply-adds of one step, or of one frame of `run`.
uint64_t MultiplyAdds(const EntryPoints& entries);
/// Bytes of constants that the object holds.
uint64_t WeightBytes(const ir::Module& module);
/// State, padded to the alignment, then scratch with room for a vector read behind the end.
uint64_t InstanceBytes(const ir::Module& module);

constexpr int64_t kInstanceAlign = 64;

}  // namespace rnnc::codegen
