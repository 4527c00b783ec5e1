// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/driver/phases.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "compiler/driver/data_set.h"
#include "compiler/support/strings.h"
#include "passes/bind_state.h"

namespace rnnc::driver {
namespace {

// A number on the command line, or a file with a tensor.
using Constant = std::variant<double, ir::TensorPtr>;

// None: the text is the name of a file.
std::optional<Constant> ParseNumber(const std::string& text) {
  int64_t integer = 0;
  const char* end = text.data() + text.size();
  if (auto parsed = std::from_chars(text.data(), end, integer);
      parsed.ec == std::errc() && parsed.ptr == end) {
    // A double holds it: it fills the input, whatever its type and shape.
    constexpr int64_t kExact = int64_t{1} << 53;
    if (integer >= -kExact && integer <= kExact) return Constant(static_cast<double>(integer));
    ir::Tensor tensor = ir::ZeroTensor(ir::MakeType(ir::ElementType::kI64, {}));
    tensor.SetInteger(0, integer);
    return std::make_shared<const ir::Tensor>(std::move(tensor));
  }
  double number = 0;
  if (auto parsed = std::from_chars(text.data(), end, number);
      parsed.ec == std::errc() && parsed.ptr == end) {
    return Constant(number);
  }
  if (text == "true" || text == "false") return Constant(text == "true" ? 1.0 : 0.0);
  return std::nullopt;
}

}  // namespace

Result<> CheckConstant(const std::string& input, const std::string& text) {
  std::error_code ignored;
  if (ParseNumber(text) || text.ends_with(".npy") || text.ends_with(".pb") ||
      std::filesystem::exists(text, ignored)) {
    return Ok();
  }
  return Error({}, "--const {}={}: neither a number nor a .npy or .pb file", input, text);
}

std::string ModelName(const ModelOptions& options, const std::string& output) {
  namespace fs = std::filesystem;
  if (!options.name.empty()) return CIdentifier(options.name);
  if (!output.empty() && output != "-" && !fs::is_directory(output))
    return CIdentifier(fs::path(output).stem().string());
  const fs::path model = fs::absolute(options.model).lexically_normal();
  std::string stem = model.stem().string();
  if (stem == "model" && model.has_parent_path() && model.parent_path().has_filename())
    stem = model.parent_path().filename().string();
  return CIdentifier(stem);
}

Result<import::ImportOptions> ImportOptionsFor(const ModelOptions& options) {
  import::ImportOptions wanted;
  wanted.dims = options.dims;
  wanted.open_dims = options.open_dims;
  wanted.shapes = options.shapes;
  for (const auto& [input, text] : options.constants) {
    if (std::optional<Constant> number = ParseNumber(text)) {
      wanted.constants[input] = std::move(*number);
      continue;
    }
    RNNC_ASSIGN(NamedTensor tensor, ReadTensorFile(text));
    wanted.constants[input] = std::make_shared<const ir::Tensor>(std::move(tensor.tensor));
  }
  return wanted;
}

Result<std::vector<passes::StatePair>> StatePairsOf(const ModelOptions& options) {
  std::vector<passes::StatePair> pairs;
  for (const std::string& text : options.states) {
    if (text == "none") continue;
    RNNC_ASSIGN(passes::StatePair pair, passes::ParseStatePair(text));
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

Result<ImportedModel> ImportModel(const ModelOptions& options) {
  RNNC_ASSIGN(const import::ImportOptions wanted, ImportOptionsFor(options));
  RNNC_ASSIGN(const std::vector<passes::StatePair> pairs, StatePairsOf(options));
  ImportedModel imported;
  RNNC_ASSIGN(imported.module, import::ImportOnnx(options.model, wanted, &imported.notes));
  RNNC_TRY(passes::BindStates(*imported.module, pairs));
  imported.module->name = ModelName(options);
  return imported;
}

passes::TargetTraits TraitsOf(const codegen::TargetRow& row) {
  passes::TargetTraits traits;
  traits.vector_bytes = row.vector_bytes;
  traits.vector_registers = row.vector_registers;
  traits.has_fma = row.has_fma;
  traits.l1_bytes = row.l1_bytes;
  traits.l2_bytes = row.l2_bytes;
  return traits;
}

Result<> Optimise(ir::Module& module, const ModelOptions& options, const codegen::TargetRow& row,
                  std::vector<Diagnostic>& said, const passes::Observer& observer) {
  passes::PassOptions wanted;
  wanted.note = [&said](const Diagnostic& note) { said.push_back(note); };
  wanted.target = TraitsOf(row);
  wanted.unroll_steps = options.unroll_steps;
  wanted.disabled = options.disabled_passes;
  return passes::RunPipeline(module, wanted, observer);
}

Result<codegen::CodegenOptions> CodegenOptionsFor(const ModelOptions& options) {
  codegen::CodegenOptions wanted;
  RNNC_ASSIGN(wanted.target, codegen::FindTarget(options.target));
  wanted.optimization = options.optimization;
  wanted.position_independent = options.position_independent;
  wanted.progress = options.progress;
  return wanted;
}

Result<> CheckRunsHere(const ModelOptions& options) {
  RNNC_ASSIGN(const codegen::TargetRow row, codegen::FindTarget(options.target));
  if (codegen::RunsHere(row)) return Ok();
  return Error(
      {},
      "{} of {} does not run on this machine; leave --target and -mcpu away, or --interpret, or compile "
      "and link the object with a program there",
      row.cpu, row.triple);
}

Result<CompiledModel> CompileImported(ImportedModel imported, const ModelOptions& options,
                                      const passes::Observer& observer) {
  CompiledModel compiled;
  RNNC_ASSIGN(compiled.codegen, CodegenOptionsFor(options));
  compiled.notes = std::move(imported.notes);
  compiled.graph = ir::CloneModule(*imported.module);
  compiled.planned = std::move(imported.module);
  passes::Observer watched = observer;
  if (options.progress) {
    watched.before = [&](const passes::PassEntry& pass) {
      options.progress(fmt::format("pass {}", pass.name));
      if (observer.before) observer.before(pass);
    };
  }
  RNNC_TRY(Optimise(*compiled.planned, options, compiled.codegen.target, compiled.said, watched));
  RNNC_ASSIGN(compiled.object, codegen::GenerateObject(*compiled.planned, compiled.codegen));
  return compiled;
}

Result<CompiledModel> CompileModel(const ModelOptions& options, const passes::Observer& observer) {
  RNNC_ASSIGN(ImportedModel imported, ImportModel(options));
  return CompileImported(std::move(imported), options, observer);
}

std::function<void(size_t done, size_t all)> EvaluatorProgress(const ModelOptions& options,
                                                               const std::string& prefix) {
  if (!options.progress) return {};
  return [&options, prefix](size_t done, size_t all) {
    options.progress(fmt::format("{}evaluator: operation {} of {}", prefix, done + 1, all));
  };
}

}  // namespace rnnc::driver
