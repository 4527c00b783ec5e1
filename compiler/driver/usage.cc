// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the parser of the command line cannot know: names of passes and CPUs, and options that contradict each
// other. What only a model can tell is not looked at.
#include <fmt/format.h>

#include <set>

#include "compiler/driver/commands.h"
#include "compiler/driver/phases.h"

namespace rnnc::driver {
namespace {

// Everything that is wrong, said together.
class Usage {
 public:
  void Take(const Result<>& checked, std::string_view option = "") {
    for (Diagnostic error : checked.diagnostics()) {
      if (!option.empty()) error.message = fmt::format("{}: {}", option, error.message);
      errors_.push_back(std::move(error));
    }
  }
  template <typename... Args>
  void Refuse(fmt::format_string<Args...> format, Args&&... args) {
    errors_.push_back(Error({}, format, std::forward<Args>(args)...));
  }
  Result<> Finish() { return errors_.empty() ? Ok() : Result<>(std::move(errors_)); }

 private:
  std::vector<Diagnostic> errors_;
};

void CheckStates(const ModelOptions& options, Usage& usage) {
  const auto pairs = StatePairsOf(options);
  if (!pairs) return usage.Take(pairs.diagnostics());
  if (!pairs->empty() && pairs->size() != options.states.size()) {
    usage.Refuse("--state none: other states are given; leave it, or them, away");
  }
  std::set<std::string> inputs;
  for (const passes::StatePair& pair : *pairs) {
    if (!inputs.insert(pair.input).second) usage.Refuse("--state {}: is given twice", pair.input);
    if (options.constants.count(pair.input) != 0) {
      usage.Refuse("--state {}: the input is made a constant by --const", pair.input);
    }
  }
}

void CheckModel(const ModelOptions& options, Usage& usage) {
  CheckStates(options, usage);
  for (const auto& [input, text] : options.constants) usage.Take(CheckConstant(input, text));
  usage.Take(passes::CheckDisabled(options.disabled_passes), "--disable-pass");
  const auto target = codegen::FindTarget(options.target);
  if (!target) usage.Take(target.diagnostics());
}

Result<> CheckModelOnly(const ModelOptions& options) {
  Usage usage;
  CheckModel(options, usage);
  return usage.Finish();
}

}  // namespace

Result<> CheckUsage(const CompileOptions& options) {
  Usage usage;
  CheckModel(options.model, usage);
  const std::string& printed = options.print_ir_after;
  if (!printed.empty()) usage.Take(passes::CheckPassName(printed, {"all", "import"}), "--print-ir-after");
  if (options.model.disabled_passes.count(printed) != 0) {
    usage.Refuse("--print-ir-after: pass `{}`: is left out by --disable-pass", printed);
  }
  if (options.json && options.output == "-") {
    usage.Refuse("--json: standard output is taken by -o -; give -o a file");
  }
  return usage.Finish();
}

Result<> CheckUsage(const InspectOptions& options) { return CheckModelOnly(options.model); }
Result<> CheckUsage(const RunOptions& options) { return CheckModelOnly(options.model); }
Result<> CheckUsage(const VerifyOptions& options) { return CheckModelOnly(options.model); }

Result<> CheckUsage(const OptOptions& options) {
  Usage usage;
  CheckModel(options.model, usage);
  for (const std::string& pass : options.passes) usage.Take(passes::CheckPassName(pass), "--pass");
  if (!options.until.empty()) usage.Take(passes::CheckUntil(options.until), "--until");
  if (options.model.model.ends_with(".onnx")) return usage.Finish();
  const std::pair<const char*, bool> given[] = {
      {"--dim", !options.model.dims.empty() || !options.model.open_dims.empty()},
      {"--shape", !options.model.shapes.empty()},
      {"--const", !options.model.constants.empty()},
      {"--state", !options.model.states.empty()},
      {"--name", !options.model.name.empty()}};
  for (const auto& [option, is_given] : given) {
    if (is_given) usage.Refuse("{}: is for ONNX models; the text of a module says it itself", option);
  }
  return usage.Finish();
}

}  // namespace rnnc::driver
