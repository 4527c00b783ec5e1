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
    DescriptorEntries functions;
    functions.reset = BuildReset();
    if (entries_.step != nullptr) {
      functions.step = BuildGeneric(BuildEntry(*entries_.step, "step", {}), *entries_.step, {});
    }
    if (entries_.run != nullptr) {
      const std::vector<ir::RuntimeSize> sizes = CallSizes(entries_);
      functions.run = BuildGeneric(BuildEntry(*entries_.run, "run", sizes), *entries_.run, sizes);
      if (NeedsScratch()) functions.scratch_bytes = BuildGenericBytes(BuildBytes(sizes), sizes);
    }
    BuildDescriptor(context_, entries_, functions);
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

  // With the bytes behind a state, so that equal states are equal bytes. Data is padded with zeros as well.
  static int64_t Padded(int64_t bytes) {
    return (bytes + kInstanceAlign - 1) / kInstanceAlign * kInstanceAlign;
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
        EmitZero(frame, frame.Address(*state), Padded(state->type.Bytes()));
      } else {
        EmitCopy(frame, frame.Address(*state), AddData(state->name + ".initial", state->tensor->bytes),
                 Dim(Padded(state->type.Bytes())));
      }
    }
    builder.CreateBr(done);
    builder.SetInsertPoint(done);
    builder.CreateRetVoid();
    return function;
  }

  bool NeedsScratch() const { return !context_.source.scratch_bytes.Is(0); }

  // rnnc_status NAME_step(NAME*, inputs.., outputs..) and NAME_run(NAME*, sizes.., inputs.., outputs..,
  // scratch if any).
  llvm::Function* BuildEntry(const ir::Function& source, const std::string& suffix,
                             const std::vector<ir::RuntimeSize>& sizes) {
    llvm::Type* pointer = llvm::PointerType::get(context_.llvm, 0);
    llvm::Type* status_type = llvm::Type::getInt32Ty(context_.llvm);
    const size_t inputs = source.Body().Arguments().size();
    const size_t outputs = source.Body().Terminator()->Operands().size();
    const bool scratch = NeedsScratch() && !sizes.empty();
    std::vector<llvm::Type*> parameters = {pointer};
    parameters.insert(parameters.end(), sizes.size(), llvm::Type::getInt64Ty(context_.llvm));
    parameters.insert(parameters.end(), inputs + outputs + (scratch ? 1 : 0), pointer);
    llvm::Function* function = Declare(Symbol(suffix), status_type, parameters, true);
    for (unsigned i = 0; i < parameters.size(); ++i) {
      if (parameters[i] == pointer) function->addParamAttr(i, llvm::Attribute::NoAlias);
    }
    Frame frame(context_, function);
    auto argument = function->arg_begin();
    frame.instance = argument++;
    for (const ir::RuntimeSize& size : sizes) frame.symbols[size.symbol] = argument++;
    for (size_t i = 0; i < inputs; ++i) frame.inputs.push_back(argument++);
    for (size_t i = 0; i < outputs; ++i) frame.outputs.push_back(argument++);
    if (scratch) frame.scratch = argument++;
    auto& builder = frame.Builder();
    frame.status = frame.Slot(status_type);
    builder.CreateStore(builder.getInt32(RNNC_OK), frame.status);
    EmitNullChecks(frame, !sizes.empty());
    EmitBoundChecks(frame, sizes);
    EmitFunctionBody(frame, source);
    builder.CreateRet(builder.CreateLoad(status_type, frame.status));
    return function;
  }

  static void ReturnIf(Frame& frame, llvm::Value* condition, rnnc_status status) {
    auto& builder = frame.Builder();
    auto* fail = llvm::BasicBlock::Create(builder.getContext(), "refuse", frame.Function());
    auto* go_on = llvm::BasicBlock::Create(builder.getContext(), "body", frame.Function());
    builder.CreateCondBr(condition, fail, go_on);
    builder.SetInsertPoint(fail);
    builder.CreateRet(builder.getInt32(static_cast<uint32_t>(status)));
    builder.SetInsertPoint(go_on);
  }

  // A null pointer is a status; with no frames to read or write only the instance is needed.
  void EmitNullChecks(Frame& frame, bool has_sizes) {
    auto& builder = frame.Builder();
    llvm::Value* null = builder.CreateIsNull(frame.instance);
    llvm::Value* others = builder.getFalse();
    for (llvm::Value* pointer : frame.inputs)
      others = builder.CreateOr(others, builder.CreateIsNull(pointer));
    for (llvm::Value* pointer : frame.outputs)
      others = builder.CreateOr(others, builder.CreateIsNull(pointer));
    if (frame.scratch != nullptr) others = builder.CreateOr(others, builder.CreateIsNull(frame.scratch));
    if (has_sizes && AllCarriedIsState()) {
      others = builder.CreateAnd(others,
                                 builder.CreateICmpNE(frame.symbols.at(TimeSymbol(entries_)), frame.Int(0)));
    }
    ReturnIf(frame, builder.CreateOr(null, others), RNNC_NULL_ARGUMENT);
  }

  static void EmitBoundChecks(Frame& frame, const std::vector<ir::RuntimeSize>& sizes) {
    auto& builder = frame.Builder();
    for (const ir::RuntimeSize& size : sizes) {
      llvm::Value* given = frame.symbols.at(size.symbol);
      ReturnIf(frame, builder.CreateICmpUGT(given, frame.Int(*size.high)), RNNC_LENGTH_ABOVE_BOUND);
      if (size.low > 0)
        ReturnIf(frame, builder.CreateICmpULT(given, frame.Int(size.low)), RNNC_LENGTH_BELOW_BOUND);
    }
  }

  bool AllCarriedIsState() const { return entries_.run != nullptr && entries_.step != nullptr; }

  // size_t NAME_bytes(sizes..): 0 for sizes that `run` does not take.
  llvm::Function* BuildBytes(const std::vector<ir::RuntimeSize>& sizes) {
    llvm::Type* word = llvm::Type::getInt64Ty(context_.llvm);
    llvm::Function* function =
        Declare(Symbol("bytes"), word, std::vector<llvm::Type*>(sizes.size(), word), true);
    Frame frame(context_, function);
    auto& builder = frame.Builder();
    llvm::Value* inside = builder.getTrue();
    auto argument = function->arg_begin();
    for (const ir::RuntimeSize& size : sizes) {
      llvm::Value* given = frame.symbols[size.symbol] = argument++;
      inside = builder.CreateAnd(inside, builder.CreateICmpUGE(given, frame.Int(size.low)));
      inside = builder.CreateAnd(inside, builder.CreateICmpULE(given, frame.Int(*size.high)));
    }
    builder.CreateRet(
        builder.CreateSelect(inside, frame.EmitDim(context_.source.scratch_bytes), frame.Int(0)));
    return function;
  }

  llvm::Function* BuildGenericBytes(llvm::Function* bytes, const std::vector<ir::RuntimeSize>& sizes) {
    llvm::Function* function = Declare(context_.source.name + ".generic_bytes", bytes->getReturnType(),
                                       {llvm::PointerType::get(context_.llvm, 0)}, false);
    Frame frame(context_, function);
    const auto arguments = LoadAll(frame, function->getArg(0), frame.Builder().getInt64Ty(), sizes.size());
    frame.Builder().CreateRet(frame.Builder().CreateCall(bytes, arguments));
    return function;
  }

  static std::vector<llvm::Value*> LoadAll(Frame& frame, llvm::Value* array, llvm::Type* type, size_t count) {
    auto& builder = frame.Builder();
    std::vector<llvm::Value*> values;
    for (size_t i = 0; i < count; ++i) {
      values.push_back(
          builder.CreateLoad(type, builder.CreateGEP(type, array, frame.Int(static_cast<int64_t>(i)))));
    }
    return values;
  }

  // `count` pointers of an array that may be null itself.
  static void LoadOrNull(Frame& frame, llvm::Value* array, size_t count, std::vector<llvm::Value*>& values) {
    auto& builder = frame.Builder();
    llvm::Type* pointer = array->getType();
    llvm::AllocaInst* nothing = frame.Slot(llvm::ArrayType::get(pointer, count));
    for (size_t i = 0; i < count; ++i) {
      builder.CreateStore(llvm::Constant::getNullValue(pointer),
                          builder.CreateGEP(pointer, nothing, frame.Int(static_cast<int64_t>(i))));
    }
    llvm::Value* given = builder.CreateSelect(builder.CreateIsNull(array), nothing, array);
    const auto loaded = LoadAll(frame, given, pointer, count);
    values.insert(values.end(), loaded.begin(), loaded.end());
  }

  // The entry point for programs that know no model: arrays of sizes (for `run`) and of pointers.
  llvm::Function* BuildGeneric(llvm::Function* entry, const ir::Function& source,
                               const std::vector<ir::RuntimeSize>& sizes) {
    const bool run = !sizes.empty();
    llvm::Type* pointer = llvm::PointerType::get(context_.llvm, 0);
    const std::vector<llvm::Type*> parameters(run ? 5 : 3, pointer);
    llvm::Function* function = Declare(context_.source.name + (run ? ".generic_run" : ".generic_step"),
                                       entry->getReturnType(), parameters, false);
    Frame frame(context_, function);
    auto& builder = frame.Builder();
    std::vector<llvm::Value*> arguments = {function->getArg(0)};
    // A missing array is an array of null pointers: the entry itself says what that means.
    if (run) ReturnIf(frame, builder.CreateIsNull(function->getArg(1)), RNNC_NULL_ARGUMENT);
    const auto load = [&](unsigned parameter, llvm::Type* type, size_t count) {
      if (type == pointer && count > 0)
        return LoadOrNull(frame, function->getArg(parameter), count, arguments);
      const auto values = LoadAll(frame, function->getArg(parameter), type, count);
      arguments.insert(arguments.end(), values.begin(), values.end());
    };
    if (run) load(1, builder.getInt64Ty(), sizes.size());
    load(run ? 2 : 1, pointer, source.Body().Arguments().size());
    load(run ? 3 : 2, pointer, source.Body().Terminator()->Operands().size());
    if (run && NeedsScratch()) arguments.push_back(function->getArg(4));
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

namespace {

// True when, with all open sizes at `most`, every count of bytes and every offset stays far from overflow.
bool Fits(const ir::Function& function, int64_t most) {
  std::map<std::string, int64_t> sizes;
  for (const ir::RuntimeSize& size : ir::SizesOf(function)) sizes[size.symbol] = size.high.value_or(most);
  bool fits = true;
  const auto look = [&](const ir::Value& value, const std::map<std::string, int64_t>& symbols) {
    if (!value.place) return;
    for (const Dim& dim : {value.place->offset, value.place->bytes, value.type.ElementCount() * Dim(8)}) {
      const auto number = dim.Evaluate(symbols);
      fits = fits && number && *number < (int64_t{1} << 60);
    }
  };
  for (const auto& argument : function.Body().Arguments()) look(*argument, sizes);
  ir::Walk(function.Body(), [&](const ir::Operation& operation) {
    // The steps of a loop are no more than its number of steps.
    if (operation.HasBody()) {
      const int64_t steps = operation.steps.Evaluate(sizes).value_or(most);
      sizes[operation.step_symbol] = steps;
      if (operation.Kind() == ir::OpKind::kBlocks) sizes[operation.count_symbol] = steps;
    }
    for (const ir::Value* result : operation.Results()) look(*result, sizes);
  });
  return fits;
}

}  // namespace

std::vector<ir::RuntimeSize> CallSizes(const EntryPoints& entries) {
  if (entries.run == nullptr) return {};
  std::vector<ir::RuntimeSize> sizes = ir::SizesOf(*entries.run);
  int64_t most = int64_t{1} << 40;
  while (most > 1 && !Fits(*entries.run, most)) most /= 2;
  for (ir::RuntimeSize& size : sizes) size.high = size.high.value_or(most);
  return sizes;
}

std::string TimeSymbol(const EntryPoints& entries) {
  if (entries.run == nullptr) return "";
  const std::vector<ir::RuntimeSize> sizes = ir::SizesOf(*entries.run);
  RNNC_CHECK(!sizes.empty() && sizes.size() <= RNNC_MAX_SIZES, "run has {} sizes", sizes.size());
  return sizes[0].symbol;
}

uint64_t MultiplyAdds(const EntryPoints& entries) {
  if (entries.step != nullptr) return AddsOf(entries.step->Body(), {});
  std::map<std::string, int64_t> ones;
  for (const ir::RuntimeSize& size : ir::SizesOf(*entries.run)) ones[size.symbol] = 1;
  return AddsOf(entries.run->Body(), ones);
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
