// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `rnnc opt`: read and verify a module's text, run the named passes, write its text.
#include <fmt/format.h>

#include "compiler/driver/commands.h"
#include "compiler/driver/phases.h"
#include "compiler/ir/blob.h"
#include "compiler/ir/verifier.h"
#include "compiler/support/file.h"

namespace rnnc::driver {
namespace {

// The module of a text; the rules that it breaks are said at the lines of the file.
Result<std::unique_ptr<ir::Module>> ReadText(const std::string& path) {
  std::map<const void*, int> lines;
  RNNC_ASSIGN(std::unique_ptr<ir::Module> module, ir::ReadModule(path, &lines));
  std::vector<Diagnostic> errors;
  for (const ir::Violation& violation : ir::FindViolations(*module, lines)) {
    const Location at{fmt::format("{}:{}", path, violation.line), violation.location.nodes};
    errors.push_back(Error(at, "{} (rule {} of the IR)", violation.message, violation.rule));
  }
  if (!errors.empty()) return errors;
  return module;
}

Result<std::unique_ptr<ir::Module>> Read(const ModelOptions& options) {
  if (options.model.ends_with(".onnx")) {
    RNNC_ASSIGN(ImportedModel imported, ImportModel(options));
    for (const Diagnostic& warning : imported.notes.warnings) fmt::print(stderr, "{}\n", Render(warning));
    return std::move(imported.module);
  }
  return ReadText(options.model);
}

// The passes that are asked for, in order.
Result<std::vector<passes::PassEntry>> PassesOf(const OptOptions& options, const ir::Module& module) {
  RNNC_ASSIGN(std::vector<passes::PassEntry> passes, passes::FindPasses(options.passes, module.stage));
  if (options.until.empty()) return passes;
  const ir::Stage from = passes.empty() ? module.stage : passes.back().after;
  RNNC_ASSIGN(const std::vector<passes::PassEntry> rest, passes::FindPassesUntil(options.until, from));
  passes.insert(passes.end(), rest.begin(), rest.end());
  return passes;
}

Result<> Write(const ir::Module& module, const std::string& output) {
  if (output != "-") return WriteFiles(ir::ModuleFiles(module, output));
  const std::vector<FileContent> files = ir::ModuleFiles(module, "stdout.rnn");
  if (files.size() == 1) {
    fmt::print("{}", files[0].bytes);
    return Ok();
  }
  // Without the line that would name a file which is not there.
  fmt::print("{}", std::string_view(files[0].bytes).substr(files[0].bytes.find('\n') + 1));
  fmt::print(stderr, "rnnc: note: {} bytes of weights are not part of the text; -o FILE.rnn writes both\n",
             files[1].bytes.size());
  return Ok();
}

}  // namespace

Result<> OptCommand(const OptOptions& options) {
  RNNC_ASSIGN(const std::unique_ptr<ir::Module> module, Read(options.model));
  Result<std::vector<passes::PassEntry>> passes = PassesOf(options, *module);
  if (!passes) {
    std::vector<Diagnostic> errors = passes.diagnostics();
    for (Diagnostic& error : errors) error.location.file = options.model.model;
    return errors;
  }
  RNNC_ASSIGN(const codegen::TargetRow row, codegen::FindTarget(options.model.target));
  passes::PassOptions wanted;
  wanted.target = TraitsOf(row);
  wanted.unroll_steps = options.model.unroll_steps;
  wanted.block_steps = options.block_steps;
  for (const passes::PassEntry& pass : *passes) RNNC_TRY(passes::RunPass(pass, *module, wanted));
  return options.verify_only ? Ok() : Write(*module, options.output);
}

}  // namespace rnnc::driver
