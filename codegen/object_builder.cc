// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/object_builder.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/Verifier.h>

#include <algorithm>
#include <set>

#include "codegen/descriptor.h"
#include "codegen/function_emitter.h"
#include "compiler/support/check.h"

namespace rnnc::codegen {
namespace {

using ir::Dim;

class ObjectBuilder {
 public:
  ObjectBuilder(ObjectContext& context, EntryPoints entries) : context_(context), entries_(entries) {}

  void Build() {
    for (const auto& value : context_.source.Consts()) {
      if (value->HasUsers()) context_.constants[value.get()] = AddData(value->name, value->tensor->bytes);
    }
    llvm::Function* reset = BuildReset();
    llvm::Function* step = entries_.step == nullptr ? nullptr : BuildEntry(*entries_.step, "step", false);
    llvm::Function* run = entries_.run == nullptr ? nullptr : BuildEntry(*entries_.run, "run", true);
    BuildDescriptor(context_, entries_,
                    {reset, step == nullptr ? nullptr : BuildGeneric(step, *entries_.step, false),
                     run == nullptr ? nullptr : BuildGeneric(run, *entries_.run, true)});
  }

 private:
  std::string Symbol(const std::string& suffix) const { return context_.source.name + "_" + suffix; }

  // Read-only bytes, aligned for vectors and padded so that a whole vector may be read behind the end.
  llvm::GlobalVariable* AddData(const std::string& name, const std::vector<std::byte>& bytes) {
    const size_t padding = static_cast<size_t>(kInstanceAlign);
    const size_t padded = (bytes.size() + padding - 1) / padding * padding + padding;
    std::vector<uint8_t> data(padded, 0);
    std::transform(bytes.begin(), bytes.end(), data.begin(),
                   [](std::byte b) { return static_cast<uint8_t>(b); });
    llvm::Constant* array = llvm::ConstantDataArray::get(context_.llvm, data);
    auto* global =
        new llvm::GlobalVariable(context_.module, array->getType(), true, llvm::GlobalValue::InternalLinkage,
                                 array, context_.source.name + "." + name);
    global->setAlignment(llvm::Align(kInstanceAlign));
    global->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    return global;
  }

  llvm::Function* Declare(const std::string& name, llvm::Type* result,
                          const std::vector<llvm::Type*>& parameters, bool exported) {
    auto* type = llvm::FunctionType::get(result, parameters, false);
    const auto linkage = exported ? llvm::GlobalValue::ExternalLinkage : llvm::GlobalValue::InternalLinkage;
    auto* function = llvm::Function::Create(type, linkage, name, context_.module);
    SetFunctionAttributes(function, context_.Row());
    return function;
  }

  llvm::Function* BuildReset() {
    llvm::Type* pointer = llvm::PointerType::get(context_.llvm, 0);
    llvm::Function* function =
        Declare(Symbol("reset"), llvm::Type::getVoidTy(context_.llvm), {pointer}, true);
    Frame frame(context_, function);
    frame.instance = function->getArg(0);
    auto& builder = frame.Builder();
    auto* go_on = llvm::BasicBlock::Create(context_.llvm, "reset", function);
    auto* done = llvm::BasicBlock::Create(context_.llvm, "done", function);
    builder.CreateCondBr(builder.CreateIsNull(frame.instance), done, go_on);
    builder.SetInsertPoint(go_on);
    for (const auto& state : context_.source.States()) {
      if (!state->place) continue;
      if (state->tensor == nullptr) {
        EmitZero(frame, frame.Address(*state), state->type.Bytes());
      } else {
        EmitCopy(frame, frame.Address(*state), AddData(state->name + ".initial", state->tensor->bytes),
                 Dim(state->type.Bytes()));
      }
    }
    builder.CreateBr(done);
    builder.SetInsertPoint(done);
    builder.CreateRetVoid();
    return function;
  }

  // rnnc_status NAME_step(NAME*, inputs.., outputs..) and NAME_run(NAME*, size_t frames, inputs..,
  // outputs..).
  llvm::Function* BuildEntry(const ir::Function& source, const std::string& suffix, bool has_frames) {
    llvm::Type* pointer = llvm::PointerType::get(context_.llvm, 0);
    llvm::Type* status_type = llvm::Type::getInt32Ty(context_.llvm);
    const size_t inputs = source.Body().Arguments().size();
    const size_t outputs = source.Body().Terminator()->Operands().size();
    std::vector<llvm::Type*> parameters = {pointer};
    if (has_frames) parameters.push_back(llvm::Type::getInt64Ty(context_.llvm));
    parameters.insert(parameters.end(), inputs + outputs, pointer);
    llvm::Function* function = Declare(Symbol(suffix), status_type, parameters, true);
    for (unsigned i = 0; i < parameters.size(); ++i) {
      if (parameters[i] == pointer) function->addParamAttr(i, llvm::Attribute::NoAlias);
    }
    Frame frame(context_, function);
    auto argument = function->arg_begin();
    frame.instance = argument++;
    if (has_frames) frame.symbols[TimeSymbol(entries_)] = argument++;
    for (size_t i = 0; i < inputs; ++i) frame.inputs.push_back(argument++);
    for (size_t i = 0; i < outputs; ++i) frame.outputs.push_back(argument++);
    auto& builder = frame.Builder();
    frame.status = frame.Slot(status_type);
    builder.CreateStore(builder.getInt32(RNNC_OK), frame.status);
    EmitNullChecks(frame, function, has_frames);
    EmitFunctionBody(frame, source);
    builder.CreateRet(builder.CreateLoad(status_type, frame.status));
    return function;
  }

  // A null pointer is a status; with no frames to read or write only the instance is needed.
  void EmitNullChecks(Frame& frame, llvm::Function* function, bool has_frames) {
    auto& builder = frame.Builder();
    llvm::Value* null = builder.CreateIsNull(frame.instance);
    llvm::Value* others = builder.getFalse();
    for (llvm::Value* pointer : frame.inputs)
      others = builder.CreateOr(others, builder.CreateIsNull(pointer));
    for (llvm::Value* pointer : frame.outputs)
      others = builder.CreateOr(others, builder.CreateIsNull(pointer));
    if (has_frames && AllCarriedIsState()) {
      others = builder.CreateAnd(others, builder.CreateICmpNE(frame.symbols.begin()->second, frame.Int(0)));
    }
    auto* fail = llvm::BasicBlock::Create(context_.llvm, "null", function);
    auto* go_on = llvm::BasicBlock::Create(context_.llvm, "body", function);
    builder.CreateCondBr(builder.CreateOr(null, others), fail, go_on);
    builder.SetInsertPoint(fail);
    builder.CreateRet(builder.getInt32(RNNC_NULL_ARGUMENT));
    builder.SetInsertPoint(go_on);
  }

  bool AllCarriedIsState() const { return entries_.run != nullptr && entries_.step != nullptr; }

  // The entry point for programs that know no model: arrays of pointers.
  llvm::Function* BuildGeneric(llvm::Function* entry, const ir::Function& source, bool has_frames) {
    llvm::Type* pointer = llvm::PointerType::get(context_.llvm, 0);
    std::vector<llvm::Type*> parameters = {pointer};
    if (has_frames) parameters.push_back(llvm::Type::getInt64Ty(context_.llvm));
    parameters.push_back(pointer);
    parameters.push_back(pointer);
    llvm::Function* function = Declare(context_.source.name + (has_frames ? ".generic_run" : ".generic_step"),
                                       entry->getReturnType(), parameters, false);
    Frame frame(context_, function);
    auto& builder = frame.Builder();
    std::vector<llvm::Value*> arguments;
    for (unsigned i = 0; i + 2 < parameters.size(); ++i) arguments.push_back(function->getArg(i));
    auto load = [&](llvm::Value* array, size_t count) {
      for (size_t i = 0; i < count; ++i) {
        arguments.push_back(builder.CreateLoad(
            pointer, builder.CreateGEP(pointer, array, frame.Int(static_cast<int64_t>(i)))));
      }
    };
    load(function->getArg(static_cast<unsigned>(parameters.size()) - 2), source.Body().Arguments().size());
    load(function->getArg(static_cast<unsigned>(parameters.size()) - 1),
         source.Body().Terminator()->Operands().size());
    builder.CreateRet(builder.CreateCall(entry, arguments));
    return function;
  }

  ObjectContext& context_;
  EntryPoints entries_;
};

uint64_t AddsOf(const ir::Block& block, const std::map<std::string, int64_t>& symbols) {
  uint64_t total = 0;
  for (const auto& operation : block.Operations()) {
    if (operation->HasKernel()) {
      const ir::Kernel& kernel = operation->GetKernel();
      int64_t points = 1;
      for (const Dim& extent : kernel.ParallelExtents()) points *= extent.Evaluate(symbols).value_or(1);
      for (const ir::Accumulator& accumulator : kernel.accumulators) {
        int64_t sums = points * accumulator.gate.extent.Value();
        for (const ir::IndexVariable& variable : accumulator.reduced)
          sums *= variable.extent.Evaluate(symbols).value_or(1);
        if (operation->Kind() == ir::OpKind::kContract) total += static_cast<uint64_t>(sums);
      }
    }
    if (!operation->HasBody()) continue;
    auto inner = symbols;
    int64_t rounds = 1;
    if (operation->Kind() == ir::OpKind::kScan) {
      rounds = operation->steps.Evaluate(symbols).value_or(1);
    } else {
      inner[operation->count_symbol] = 1;
    }
    total += static_cast<uint64_t>(rounds) * AddsOf(operation->Body(), inner);
  }
  return total;
}

}  // namespace

EntryPoints FindEntryPoints(const ir::Module& module) {
  EntryPoints entries;
  entries.step = module.FindFunction("step");
  entries.run = module.FindFunction("run");
  if (entries.Any() == nullptr) entries.step = module.FindFunction("main");
  RNNC_CHECK(entries.Any() != nullptr, "module {} has no function to export", module.name);
  return entries;
}

std::string TimeSymbol(const EntryPoints& entries) {
  if (entries.run == nullptr) return "";
  std::set<std::string> symbols;
  auto collect = [&](const ir::Type& type) {
    for (const Dim& dim : type.dims) {
      for (const std::string& symbol : dim.Symbols()) symbols.insert(symbol);
    }
  };
  for (const auto& argument : entries.run->Body().Arguments()) collect(argument->type);
  RNNC_CHECK(symbols.size() == 1, "run has {} symbols, not one", symbols.size());
  return *symbols.begin();
}

uint64_t MultiplyAdds(const EntryPoints& entries) {
  if (entries.step != nullptr) return AddsOf(entries.step->Body(), {});
  return AddsOf(entries.run->Body(), {{TimeSymbol(entries), 1}});
}

uint64_t WeightBytes(const ir::Module& module) {
  uint64_t total = 0;
  for (const auto& value : module.Consts()) {
    if (value->HasUsers()) total += value->tensor->bytes.size();
  }
  return total;
}

uint64_t InstanceBytes(const ir::Module& module) {
  const int64_t align = kInstanceAlign;
  const int64_t bytes = module.state_bytes + module.arena_bytes;
  return static_cast<uint64_t>((bytes + align - 1) / align * align + align);
}

std::unique_ptr<llvm::Module> BuildLlvmModule(llvm::LLVMContext& llvm, const ir::Module& module,
                                              const CodegenOptions& options,
                                              const llvm::TargetMachine& machine) {
  RNNC_CHECK(module.stage == ir::Stage::kPlanned, "code generation wants the planned stage");
  auto target = std::make_unique<llvm::Module>(module.name, llvm);
  target->setTargetTriple(options.target.triple);
  target->setDataLayout(machine.createDataLayout());
  if (options.position_independent) target->setPICLevel(llvm::PICLevel::BigPIC);
  ObjectContext context{module, options, llvm, *target, {}, {}};
  ObjectBuilder(context, FindEntryPoints(module)).Build();
  std::string error;
  llvm::raw_string_ostream stream(error);
  RNNC_CHECK(!llvm::verifyModule(*target, &stream), "LLVM refuses the module: {}", error);
  return target;
}

}  // namespace rnnc::codegen
