// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/codegen/math_rows.h"

#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/X86TargetParser.h>

#include <algorithm>
#include <functional>
#include <span>

namespace rnnc::codegen {
namespace {

constexpr const char* kX86 = "x86_64-unknown-linux-gnu";

using Body = std::function<llvm::Value*(VectorMath&, llvm::Value*, llvm::Value*)>;

// for (i = 0; i < count; i += width) y[i..] = body(a[i..], b[i..])
void EmitKernel(llvm::Module& module, const MathTarget& target, const std::string& name, llvm::Type* in,
                llvm::Type* out, int width, const Body& body) {
  llvm::LLVMContext& context = module.getContext();
  llvm::IRBuilder<> builder(context);
  llvm::Type* pointer = builder.getPtrTy();
  auto* type =
      llvm::FunctionType::get(builder.getVoidTy(), {pointer, pointer, pointer, builder.getInt64Ty()}, false);
  auto* function = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, module);
  function->addFnAttr(llvm::Attribute::NoUnwind);
  auto* entry = llvm::BasicBlock::Create(context, "entry", function);
  auto* loop = llvm::BasicBlock::Create(context, "loop", function);
  auto* exit = llvm::BasicBlock::Create(context, "exit", function);
  builder.SetInsertPoint(entry);
  builder.CreateBr(loop);
  builder.SetInsertPoint(loop);
  llvm::PHINode* i = builder.CreatePHI(builder.getInt64Ty(), 2);
  i->addIncoming(builder.getInt64(0), entry);
  const auto shaped = [&](llvm::Type* scalar) -> llvm::Type* {
    return width == 1 ? scalar : llvm::FixedVectorType::get(scalar, width);
  };
  const auto load = [&](int argument) {
    llvm::Value* address = builder.CreateGEP(in, function->getArg(argument), i);
    return builder.CreateAlignedLoad(shaped(in), address, llvm::Align(in->getScalarSizeInBits() / 8));
  };
  llvm::Value* a = load(0);
  llvm::Value* b = load(1);
  VectorMath math(builder, target);
  llvm::Value* result = body(math, a, b);
  builder.CreateAlignedStore(result, builder.CreateGEP(out, function->getArg(2), i),
                             llvm::Align(out->getScalarSizeInBits() / 8));
  llvm::Value* next = builder.CreateAdd(i, builder.getInt64(width));
  i->addIncoming(next, builder.GetInsertBlock());
  builder.CreateCondBr(builder.CreateICmpULT(next, function->getArg(3)), loop, exit);
  builder.SetInsertPoint(exit);
  builder.CreateRetVoid();
}

void EmitAll(llvm::Module& module, const MathTarget& target) {
  llvm::LLVMContext& context = module.getContext();
  llvm::Type* const single = llvm::Type::getFloatTy(context);
  llvm::Type* const dual = llvm::Type::getDoubleTy(context);
  llvm::Type* const half = llvm::Type::getInt16Ty(context);
  for (const int width : kWidths) {
    const std::string suffix = "." + std::to_string(width);
    for (llvm::Type* type : {single, dual}) {
      const std::string ending = (type == single ? ".f32" : ".f64") + suffix;
      const auto unary = [&](const std::string& name, llvm::Type* in, llvm::Type* out,
                             VectorMath::Emit emit) {
        EmitKernel(module, target, name + ending, in, out, width,
                   [&](VectorMath& math, llvm::Value* a, llvm::Value*) { return (math.*emit)(a); });
      };
      for (const MathBound& bound : MathBounds()) unary(std::string(bound.name), type, type, bound.emit);
      for (const MathBinaryBound& bound : MathBinaryBounds()) {
        EmitKernel(
            module, target, std::string(bound.name) + ending, type, type, width,
            [&](VectorMath& math, llvm::Value* a, llvm::Value* b) { return (math.*bound.emit)(a, b); });
      }
      unary("to_half", type, half, &VectorMath::FloatToHalf);
      unary("to_bfloat", type, half, &VectorMath::FloatToBFloat);
      if (type == dual) continue;
      unary("from_half", half, single, &VectorMath::HalfToFloat);
      unary("from_bfloat", half, single, &VectorMath::BFloatToFloat);
    }
  }
}

// The standard pipeline, without the vectorisers: width 1 is to stay scalar.
void Optimize(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions options;
  options.LoopVectorization = false;
  options.SLPVectorization = false;
  llvm::PassBuilder passes(&machine, options);
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(components);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, components, modules);
  passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

void Require(bool condition, const std::string& message) {
  if (!condition) llvm::report_fatal_error(llvm::Twine(message));
}

}  // namespace

std::vector<MathRow> MathRows() {
  return {
      {"x86-64", kX86, "x86-64", {}},
      {"x86-64-v2", kX86, "x86-64-v2", {.has_rounding = true}},
      {"x86-64-v3", kX86, "x86-64-v3", {.has_fma = true, .has_rounding = true, .has_half = true}},
      {"x86-64-v4",
       kX86,
       "x86-64-v4",
       {.has_fma = true,
        .has_rounding = true,
        .has_half = true,
        .has_reciprocal14 = true,
        .has_lookup16 = true}},
      {"aarch64", "aarch64-linux-gnu", "generic", {.has_fma = true, .has_rounding = true, .has_half = true}},
  };
}

bool IsForeign(const MathRow& row) {
  if (row.triple != kX86 || !llvm::Triple(llvm::sys::getProcessTriple()).isX86()) return true;
  llvm::SmallVector<llvm::StringRef, 64> needed;
  llvm::X86::getFeaturesForCPU(row.cpu, needed);
  const llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  for (const llvm::StringRef feature : needed) {
    const auto found = host.find(feature);
    if (found != host.end() && !found->second) return true;
  }
  return false;
}

std::string WhyNot(const MathRow& row) {
  if (!IsForeign(row)) return "";
  return row.triple == kX86 ? "this machine does not run " + row.name
                            : test::WhyNot(test::FindTestRow(row.name));
}

CompiledRow::CompiledRow(const MathRow& row, bool optimize) : row_(row) {
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargets();
  llvm::InitializeAllTargetMCs();
  llvm::InitializeAllAsmPrinters();
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(row.triple, error);
  Require(target != nullptr, error);
  std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(row.triple, row.cpu, "", {}, llvm::Reloc::PIC_, std::nullopt));
  llvm::LLVMContext context;
  llvm::Module module("math", context);
  module.setTargetTriple(row.triple);
  module.setDataLayout(machine->createDataLayout());
  EmitAll(module, row.target);
  for (const llvm::Function& function : module) {
    if (!function.isDeclaration()) symbols_.push_back(function.getName().str());
  }
  Require(!llvm::verifyModule(module, &llvm::errs()), "the emitted module is not valid");
  machine->setOptLevel(optimize ? llvm::CodeGenOptLevel::Default : llvm::CodeGenOptLevel::None);
  if (optimize) Optimize(module, *machine);
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  Require(!machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile),
          "no object");
  passes.run(module);
  object_.assign(bytes.begin(), bytes.end());
}

std::vector<std::string> CompiledRow::UndefinedSymbols() const {
  auto object =
      llvm::cantFail(llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(object_, "math.o")));
  std::vector<std::string> undefined;
  for (const llvm::object::SymbolRef& symbol : object->symbols()) {
    if ((llvm::cantFail(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined) == 0) continue;
    const std::string name = llvm::cantFail(symbol.getName()).str();
    if (!name.empty()) undefined.push_back(name);
  }
  return undefined;
}

Kernel CompiledRow::Find(const std::string& function, const std::string& type, int width) {
  const std::string name = function + "." + type + "." + std::to_string(width);
  if (IsForeign(row_)) return FindInGuest(function, type, name);
  if (jit_ == nullptr) {
    jit_ = llvm::cantFail(llvm::orc::LLJITBuilder().create());
    llvm::cantFail(jit_->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(object_, "math.o")));
  }
  using Function = void (*)(const void*, const void*, void*, std::size_t);
  return llvm::cantFail(jit_->lookup(name)).toPtr<Function>();
}

Kernel CompiledRow::FindInGuest(const std::string& function, const std::string& type,
                                const std::string& name) {
  if (guest_ == nullptr) {
    auto started = test::Guest::Start(test::FindTestRow(row_.name), {{object_, "", symbols_}});
    Require(started.ok(), Render(started.diagnostics()));
    guest_ = *std::move(started);
  }
  const auto found = std::find(symbols_.begin(), symbols_.end(), name);
  Require(found != symbols_.end(), "no function " + name);
  const auto index = static_cast<std::size_t>(found - symbols_.begin());
  const std::size_t whole = type == "f32" ? 4 : 8;
  const std::size_t in = function.starts_with("from_") ? 2 : whole;
  const std::size_t out = function.starts_with("to_") ? 2 : whole;
  return [this, index, in, out](const void* a, const void* b, void* y, std::size_t count) {
    const auto bytes = [&](const void* data) {
      return std::span(static_cast<const std::byte*>(data), in * count);
    };
    const std::span<std::byte> results(static_cast<std::byte*>(y), out * count);
    guest_->Call(GUEST_FUNCTION, index, std::vector<size_t>{count}, {}, {bytes(a), bytes(b)}, {results});
    Require(guest_->Failure().empty(), guest_->Failure());
  };
}

CompiledRow& RowNamed(const std::string& name) {
  static std::map<std::string, std::unique_ptr<CompiledRow>> compiled;
  std::unique_ptr<CompiledRow>& slot = compiled[name];
  for (const MathRow& row : MathRows()) {
    if (slot == nullptr && row.name == name) slot = std::make_unique<CompiledRow>(row);
  }
  Require(slot != nullptr, "no such row");
  return *slot;
}

}  // namespace rnnc::codegen
