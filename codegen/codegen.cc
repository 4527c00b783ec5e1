// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/codegen.h"

#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/PassInstrumentation.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ArchiveWriter.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Pass.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/DataExtractor.h>

#include <algorithm>

#include "codegen/llvm_init.h"
#include "codegen/object_builder.h"
#include "compiler/support/check.h"

namespace rnnc::codegen {
namespace {

std::unique_ptr<llvm::TargetMachine> MakeMachine(const CodegenOptions& options) {
  InitializeLlvmTargets();
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(options.target.triple, error);
  RNNC_CHECK(target != nullptr, "{}", error);
  llvm::TargetOptions flags;
  flags.EmitStackSizeSection = true;
  // Products accumulate by explicit fma or by multiply and add, never by LLVM's choice.
  flags.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  const auto level = static_cast<llvm::CodeGenOptLevel>(std::clamp(options.optimization, 0, 3));
  const auto relocation = options.position_independent ? llvm::Reloc::PIC_ : llvm::Reloc::Static;
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(options.target.triple, options.target.cpu, options.target.features, flags,
                                  relocation, llvm::CodeModel::Small, level));
}

// LLVM's usual passes without those that reshape loops: the kernels are vectorised and unrolled already.
void Optimise(llvm::Module& module, llvm::TargetMachine& machine, const CodegenOptions& options) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  tuning.LoopInterleaving = false;
  tuning.MergeFunctions = false;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager calls;
  llvm::ModuleAnalysisManager modules;
  llvm::PassInstrumentationCallbacks callbacks;
  if (options.progress) {
    callbacks.registerBeforeNonSkippedPassCallback([&](llvm::StringRef pass, const llvm::Any&) {
      options.progress("machine code: LLVM's " + pass.str());
    });
  }
  llvm::PassBuilder builder(&machine, tuning, std::nullopt, &callbacks);
  llvm::TargetLibraryInfoImpl library{llvm::Triple(module.getTargetTriple())};
  library.disableAllFunctions();  // nothing may become a call of memset, memcpy or libm
  functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(calls);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, calls, modules);
  const llvm::OptimizationLevel levels[] = {llvm::OptimizationLevel::O0, llvm::OptimizationLevel::O1,
                                            llvm::OptimizationLevel::O2, llvm::OptimizationLevel::O3};
  const llvm::OptimizationLevel chosen = levels[std::clamp(options.optimization, 0, 3)];
  llvm::ModulePassManager passes = chosen == llvm::OptimizationLevel::O0
                                       ? builder.buildO0DefaultPipeline(chosen)
                                       : builder.buildPerModuleDefaultPipeline(chosen);
  passes.run(module, modules);
}

// Says of which function code is being made.
class Teller : public llvm::FunctionPass {
 public:
  explicit Teller(const CodegenOptions& options) : llvm::FunctionPass(id), options_(options) {}
  bool runOnFunction(llvm::Function& function) override {
    options_.progress("machine code: " + function.getName().str());
    return false;
  }
  void getAnalysisUsage(llvm::AnalysisUsage& usage) const override { usage.setPreservesAll(); }

 private:
  static char id;
  const CodegenOptions& options_;
};
char Teller::id = 0;

std::string EmitFile(llvm::Module& module, llvm::TargetMachine& machine, const CodegenOptions& options,
                     llvm::CodeGenFileType kind) {
  llvm::SmallString<0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (options.progress) passes.add(new Teller(options));  // which the manager owns
  const bool unsupported = machine.addPassesToEmitFile(passes, stream, nullptr, kind);
  RNNC_CHECK(!unsupported, "the target writes no such file");
  passes.run(module);
  return std::string(bytes);
}

// Sizes of stack frames, from the section that LLVM writes: an address and a ULEB128 a function.
std::vector<uint64_t> StackFrames(const llvm::object::ObjectFile& object) {
  std::vector<uint64_t> frames;
  for (const llvm::object::SectionRef& section : object.sections()) {
    auto name = section.getName();
    if (!name || *name != ".stack_sizes") continue;
    auto contents = section.getContents();
    if (!contents) continue;
    llvm::DataExtractor data(*contents, true, 8);
    for (uint64_t offset = 0; offset + 8 < contents->size();) {
      data.getU64(&offset);
      frames.push_back(data.getULEB128(&offset));
    }
  }
  std::sort(frames.rbegin(), frames.rend());
  return frames;
}

Result<ObjectReport> Inspect(const std::string& bytes) {
  auto object = llvm::object::ObjectFile::createELFObjectFile(llvm::MemoryBufferRef(bytes, "object"));
  RNNC_CHECK(static_cast<bool>(object), "the object that was written cannot be read");
  ObjectReport report;
  for (const llvm::object::SectionRef& section : (*object)->sections()) {
    const llvm::object::ELFSectionRef elf(section);
    if (section.isText()) report.code_bytes += section.getSize();
    if ((elf.getFlags() & llvm::ELF::SHF_ALLOC) != 0 && !section.isText())
      report.weight_bytes += section.getSize();
  }
  for (const llvm::object::SymbolRef& symbol : (*object)->symbols()) {
    auto flags = symbol.getFlags();
    auto name = symbol.getName();
    if (!flags || !name || name->empty()) continue;
    if ((*flags & llvm::object::SymbolRef::SF_Undefined) != 0) {
      return Error({}, "the object asks for {}, which nothing provides; this is a defect of the compiler",
                   name->str());
    }
    auto type = symbol.getType();
    if (type && *type == llvm::object::SymbolRef::ST_Function) {
      report.functions.push_back({name->str(), llvm::object::ELFSymbolRef(symbol).getSize()});
    }
  }
  // The deepest path is generic entry, entry, kernel: never more than the three largest frames.
  const std::vector<uint64_t> frames = StackFrames(**object);
  for (size_t i = 0; i < std::min<size_t>(3, frames.size()); ++i) report.stack_bytes += frames[i] + 8;
  return report;
}

}  // namespace

Result<GeneratedObject> GenerateObject(const ir::Module& module, const CodegenOptions& options) {
  auto machine = MakeMachine(options);
  llvm::LLVMContext context;
  auto built = BuildLlvmModule(context, module, options, *machine);
  Optimise(*built, *machine, options);
  GeneratedObject result;
  result.object = EmitFile(*built, *machine, options, llvm::CodeGenFileType::ObjectFile);
  RNNC_ASSIGN(result.report, Inspect(result.object));
  result.report.weight_bytes = WeightBytes(module);
  result.report.state_bytes = static_cast<uint64_t>(module.state_bytes);
  result.report.scratch_bytes = InstanceBytes(module) - result.report.state_bytes;
  result.report.multiply_adds = MultiplyAdds(FindEntryPoints(module));
  return result;
}

Result<std::string> GenerateText(const ir::Module& module, const CodegenOptions& options, TextKind kind) {
  auto machine = MakeMachine(options);
  llvm::LLVMContext context;
  auto built = BuildLlvmModule(context, module, options, *machine);
  Optimise(*built, *machine, options);
  if (kind == TextKind::kAssembly)
    return EmitFile(*built, *machine, options, llvm::CodeGenFileType::AssemblyFile);
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (kind == TextKind::kBitcode) {
    llvm::WriteBitcodeToFile(*built, stream);
  } else {
    built->print(stream, nullptr);
  }
  return text;
}

std::string GenerateArchive(const std::string& member_name, const std::string& object) {
  std::vector<llvm::NewArchiveMember> members;
  members.emplace_back(llvm::MemoryBufferRef(object, member_name));
  auto buffer =
      llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NormalSymtab, llvm::object::Archive::K_GNU,
                                 /*Deterministic=*/true, /*Thin=*/false);
  RNNC_CHECK(static_cast<bool>(buffer), "the archive cannot be written");
  return (*buffer)->getBuffer().str();
}

}  // namespace rnnc::codegen
