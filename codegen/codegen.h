// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/target.h"
#include "compiler/ir/module.h"
#include "compiler/support/result.h"
#include "runtime/rnnc.h"

/// From a planned module to files: the only public header of code generation beside target.h. No LLVM type
/// passes through it.
namespace rnnc::codegen {

struct CodegenOptions {
  TargetRow target;
  int optimization = 2;  // -O0..3
  bool position_independent = true;
  std::string compiler_version = "rnnc 0.1.0";
  std::function<void(std::string_view)> progress = {};  // told what is being done; may be empty
};

struct SymbolSize {
  std::string name;
  uint64_t bytes = 0;
};

/// What the object holds, measured on its bytes.
struct ObjectReport {
  uint64_t code_bytes = 0;    // executable sections
  uint64_t weight_bytes = 0;  // read-only data
  uint64_t state_bytes = 0;
  uint64_t scratch_bytes = 0;
  uint64_t stack_bytes = 0;    // deepest call path of the exported functions
  uint64_t multiply_adds = 0;  // of one step or frame
  std::vector<SymbolSize> functions;
};

struct GeneratedObject {
  std::string object;  // ELF bytes
  ObjectReport report;
};

/// Native code of a module in stage `planned` (functions `step` and `run`, either may be missing, else
/// `main` counts as `step`). The object has no undefined symbols; that is checked. `module.name` must be a
/// C identifier: symbols are NAME_reset, NAME_step, NAME_run, NAME_model.
Result<GeneratedObject> GenerateObject(const ir::Module& module, const CodegenOptions& options);

enum class TextKind : uint8_t { kLlvm, kAssembly, kBitcode };
/// LLVM IR as it is before (`optimized` false) or after LLVM's passes, assembly, or bitcode.
Result<std::string> GenerateText(const ir::Module& module, const CodegenOptions& options, TextKind kind);

/// The C header NAME.h (C11 and C++17) of a planned module.
std::string GenerateHeader(const ir::Module& module, const CodegenOptions& options,
                           const ObjectReport& report);

/// A static library (ar) with one member.
std::string GenerateArchive(const std::string& member_name, const std::string& object);

/// An object's own bytes, linked into this process. Not copyable; functions are valid while it lives.
class LoadedObject {
 public:
  static Result<std::unique_ptr<LoadedObject>> Load(const std::string& object, const std::string& model_name);
  ~LoadedObject();
  const rnnc_model& Model() const { return *model_; }

 private:
  struct Impl;
  LoadedObject();
  std::unique_ptr<Impl> impl_;
  const rnnc_model* model_ = nullptr;
};

}  // namespace rnnc::codegen
