// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "codegen/codegen.h"
#include "compiler/driver/options.h"
#include "compiler/import/import.h"
#include "compiler/ir/module.h"
#include "passes/bind_state.h"
#include "passes/pipeline.h"

// The phases of a compilation, one function each; the subcommands and the tests are made of these.
namespace rnnc::driver {

/// A model in stage `graph` with its states bound, and what the importer has to say of it.
struct ImportedModel {
  std::unique_ptr<ir::Module> module;
  import::ImportNotes notes;
};
/// What the importer is told of it.
Result<import::ImportOptions> ImportOptionsFor(const ModelOptions& options);
/// Refuses the text of a --const that is neither a number nor the name of a file.
Result<> CheckConstant(const std::string& input, const std::string& text);
/// Which outputs feed which inputs of the next call: --state.
Result<std::vector<passes::StatePair>> StatePairsOf(const ModelOptions& options);
Result<ImportedModel> ImportModel(const ModelOptions& options);

/// What passes know of a row of the target table.
passes::TargetTraits TraitsOf(const codegen::TargetRow& row);

/// The module is planned in place.
/// What passes have to say of it goes to `said`.
Result<> Optimise(ir::Module& module, const ModelOptions& options, const codegen::TargetRow& row,
                  std::vector<Diagnostic>& said, const passes::Observer& observer = {});

struct CompiledModel {
  std::unique_ptr<ir::Module> graph;  // as imported, before any pass: what the oracle evaluates
  std::unique_ptr<ir::Module> planned;
  import::ImportNotes notes;
  std::vector<Diagnostic> said;  // by passes: no errors
  codegen::CodegenOptions codegen;
  codegen::GeneratedObject object;
};
/// Import, passes, object.
Result<CompiledModel> CompileModel(const ModelOptions& options, const passes::Observer& observer = {});
/// The same from an imported model.
Result<CompiledModel> CompileImported(ImportedModel imported, const ModelOptions& options,
                                      const passes::Observer& observer = {});

Result<codegen::CodegenOptions> CodegenOptionsFor(const ModelOptions& options);
/// Refuses a target whose code this machine does not execute.
Result<> CheckRunsHere(const ModelOptions& options);

/// NAME of NAME_step: --name, else the stem of -o, else of the model's file, or of its folder for a file
/// called `model`; as a C identifier.
std::string ModelName(const ModelOptions& options, const std::string& output = "");

/// What an evaluator tells, as text after `prefix`; empty where nobody listens.
std::function<void(size_t done, size_t all)> EvaluatorProgress(const ModelOptions& options,
                                                               const std::string& prefix);

}  // namespace rnnc::driver
