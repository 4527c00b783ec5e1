// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "compiler/driver/commands.h"
#include "compiler/driver/notes.h"
#include "compiler/driver/phases.h"
#include "compiler/driver/progress.h"
#include "compiler/ir/blob.h"
#include "compiler/ir/printer.h"
#include "compiler/support/file.h"
#include "compiler/support/strings.h"

namespace rnnc::driver {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double Since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct PassTime {
  std::string name;
  double seconds;
};

// Where files go: -o names the main one (`-`: stdout); the header stands beside it.
struct OutputPaths {
  std::string main;
  std::string header;
};

OutputPaths PathsFor(const CompileOptions& options, const std::string& name) {
  static const std::map<std::string, std::string> endings = {{"obj", ".o"},   {"lib", ".a"}, {"asm", ".s"},
                                                             {"llvm", ".ll"}, {"bc", ".bc"}, {"ir", ".rnn"},
                                                             {"header", ".h"}};
  std::string main = options.output;
  std::error_code ignored;
  if (main == "-") return {"/dev/stdout", name + ".h"};
  if (main.empty()) main = name + endings.at(options.emit);
  if (fs::is_directory(main, ignored)) main = (fs::path(main) / (name + endings.at(options.emit))).string();
  const fs::path folder = fs::path(main).parent_path();
  return {main, (folder / (name + ".h")).string()};
}

std::vector<std::string> PathsOf(const std::vector<FileContent>& files) {
  std::vector<std::string> paths;
  for (const FileContent& file : files) paths.push_back(file.path);
  return paths;
}

std::string Size(uint64_t bytes) { return HumanBytes(bytes); }

size_t OperationCount(const ir::Module& module) {
  size_t count = 0;
  for (const auto& function : module.Functions()) {
    ir::Walk(static_cast<const ir::Block&>(function->Body()), [&](const ir::Operation&) { ++count; });
  }
  return count;
}

// The one-screen report.
std::string ReportText(const CompiledModel& compiled, const std::vector<FileContent>& files,
                       const std::vector<PassTime>& times, double seconds, size_t remaining) {
  const codegen::ObjectReport& report = compiled.object.report;
  std::string text;
  auto line = [&](std::string_view label, const std::string& value) {
    text += fmt::format("  {:<12} {}\n", label, value);
  };
  text += fmt::format("{} -> {}\n", compiled.planned->source, fmt::join(PathsOf(files), ", "));
  for (const std::string& bound : BoundLines(compiled.notes)) line("bound", bound);
  for (const auto& state : compiled.planned->States()) {
    line("state", fmt::format("{} {} lives in the instance", state->name, state->type.ToText()));
  }
  for (const Diagnostic& note : compiled.said) {
    line("whole", fmt::format("{}: {}", fmt::join(note.location.nodes, ", "), note.message));
  }
  line("graph", fmt::format("{}; {} functions", NodesText(compiled.notes), report.functions.size()));
  line("folded", fmt::format("{} of {} operations, at compile time",
                             OperationCount(*compiled.graph) - remaining, OperationCount(*compiled.graph)));
  line("target", fmt::format("{} ({}), {}-bit vectors", compiled.codegen.target.cpu,
                             compiled.codegen.target.triple, compiled.codegen.target.vector_bytes * 8));
  line("code", Size(report.code_bytes));
  line("weights", Size(report.weight_bytes));
  line("instance",
       fmt::format("{} state + {} scratch", Size(report.state_bytes), Size(report.scratch_bytes)));
  if (!compiled.planned->scratch_bytes.Is(0)) {
    line("call", fmt::format("{} bytes of the caller's scratch memory (NAME_bytes)",
                             compiled.planned->scratch_bytes.ToText()));
  }
  line("stack", fmt::format("{} bytes at most", report.stack_bytes));
  line("work", fmt::format("{} multiply-adds a {}", report.multiply_adds,
                           compiled.planned->FindFunction("run") != nullptr ? "frame" : "step"));
  line("compiled in", fmt::format("{:.2f} s", seconds));
  for (const PassTime& time : times)
    line("pass", fmt::format("{:<22} {:8.2f} ms", time.name, time.seconds * 1e3));
  return text;
}

std::string ReportJson(const CompiledModel& compiled, const std::vector<FileContent>& files,
                       const std::vector<PassTime>& times, double seconds) {
  const codegen::ObjectReport& report = compiled.object.report;
  nlohmann::ordered_json root;
  root["model"] = compiled.planned->source;
  root["name"] = compiled.planned->name;
  root["files"] = PathsOf(files);
  root["bound"] = BoundLines(compiled.notes);
  root["target"] = {{"triple", compiled.codegen.target.triple}, {"cpu", compiled.codegen.target.cpu}};
  root["code_bytes"] = report.code_bytes;
  root["weight_bytes"] = report.weight_bytes;
  root["state_bytes"] = report.state_bytes;
  root["scratch_bytes"] = report.scratch_bytes;
  root["call_scratch_bytes"] = compiled.planned->scratch_bytes.ToText();
  for (const Diagnostic& note : compiled.said) root["whole"].push_back(Render(note));
  root["stack_bytes"] = report.stack_bytes;
  root["multiply_adds"] = report.multiply_adds;
  root["seconds"] = seconds;
  for (const codegen::SymbolSize& symbol : report.functions) root["functions"][symbol.name] = symbol.bytes;
  for (const PassTime& time : times) root["passes"][time.name] = time.seconds;
  return root.dump(2) + "\n";
}

// On standard output, where that is not for something that a program reads.
void PrintStage(const CompileOptions& options, std::string_view pass, const ir::Module& module) {
  const bool is_taken = options.json || options.output == "-";
  fmt::print(is_taken ? stderr : stdout, "// after {}\n{}\n", pass, ir::Print(module));
}

// A device or pipe takes the bytes of the main file alone: nothing can stand beside it.
bool IsDevice(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored) && !fs::is_regular_file(path, ignored);
}

// The files of --emit.
Result<std::vector<FileContent>> Emit(const CompileOptions& options, const CompiledModel& compiled,
                                      const OutputPaths& paths) {
  std::vector<FileContent> files;
  const std::string header =
      codegen::GenerateHeader(*compiled.planned, compiled.codegen, compiled.object.report);
  auto text = [&](codegen::TextKind kind) -> Result<> {
    RNNC_ASSIGN(std::string content, codegen::GenerateText(*compiled.planned, compiled.codegen, kind));
    files.push_back({paths.main, std::move(content)});
    return Ok();
  };
  if (options.emit == "obj") {
    files.push_back({paths.main, compiled.object.object});
    if (!IsDevice(paths.main)) files.push_back({paths.header, header});
  } else if (options.emit == "lib") {
    files.push_back(
        {paths.main, codegen::GenerateArchive(compiled.planned->name + ".o", compiled.object.object)});
    if (!IsDevice(paths.main)) files.push_back({paths.header, header});
  } else if (options.emit == "header") {
    files.push_back({paths.main, header});
  } else if (options.emit == "asm") {
    RNNC_TRY(text(codegen::TextKind::kAssembly));
  } else if (options.emit == "llvm") {
    RNNC_TRY(text(codegen::TextKind::kLlvm));
  } else if (options.emit == "bc") {
    RNNC_TRY(text(codegen::TextKind::kBitcode));
  } else {
    files = ir::ModuleFiles(*compiled.planned, paths.main);
    if (files.size() > 1 && IsDevice(paths.main)) {
      return Error({paths.main, {}},
                   "--emit=ir: the weights go to a file beside; give -o the name of a file");
    }
  }
  return files;
}

}  // namespace

Result<> CompileCommand(const CompileOptions& options) {
  const auto start = Clock::now();
  ModelOptions model = options.model;
  model.name = ModelName(options.model, options.output);
  Progress progress(options.quiet);
  model.progress = progress.Listener();
  std::vector<PassTime> times;
  passes::Observer observer;
  size_t remaining = 0;
  observer.after = [&](const passes::PassEntry& pass, const ir::Module& module) {
    if (pass.name == "remove-dead" && module.stage == ir::Stage::kGraph) remaining = OperationCount(module);
    if (options.print_ir_after != "all" && options.print_ir_after != pass.name) return;
    progress.Clear();
    PrintStage(options, pass.name, module);
  };
  observer.timed = [&](const passes::PassEntry& pass, double seconds) {
    if (options.time_passes) times.push_back({std::string(pass.name), seconds});
  };
  auto phase = Clock::now();
  RNNC_ASSIGN(ImportedModel imported, ImportModel(model));
  if (options.time_passes) times.push_back({"import", Since(phase)});
  for (const Diagnostic& warning : imported.notes.warnings) fmt::print(stderr, "{}\n", Render(warning));
  if (options.print_ir_after == "all" || options.print_ir_after == "import")
    PrintStage(options, "import", *imported.module);
  RNNC_ASSIGN(CompiledModel compiled, CompileImported(std::move(imported), model, observer));
  const OutputPaths paths = PathsFor(options, compiled.planned->name);
  RNNC_ASSIGN(const std::vector<FileContent> files, Emit(options, compiled, paths));
  RNNC_TRY(WriteFiles(files));
  progress.Clear();
  if (options.json) {
    fmt::print("{}", ReportJson(compiled, files, times, Since(start)));
  } else if (!options.quiet) {
    fmt::print(stderr, "{}", ReportText(compiled, files, times, Since(start), remaining));
  }
  return Ok();
}

}  // namespace rnnc::driver
