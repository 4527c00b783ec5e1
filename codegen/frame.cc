// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/frame.h"

#include <llvm/IR/Constants.h>

#include "compiler/support/check.h"

namespace rnnc::codegen {
namespace {
MathTarget MathTargetOf(const TargetRow& row) {
  MathTarget target;
  target.has_fma = row.has_fma;
  target.has_rounding = row.has_rounding;
  target.has_half = row.has_half;
  target.has_reciprocal14 = row.has_reciprocal14;
  target.has_lookup16 = row.has_lookup16;
  return target;
}

// Asks for the loop to be unrolled by `count`; 1 forbids it.
void MarkLoop(llvm::BranchInst* latch, int count) {
  llvm::LLVMContext& context = latch->getContext();
  llvm::SmallVector<llvm::Metadata*, 3> parts = {nullptr};
  if (count > 1) {
    llvm::Metadata* number = llvm::ConstantAsMetadata::get(
        llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), static_cast<uint64_t>(count)));
    parts.push_back(
        llvm::MDNode::get(context, {llvm::MDString::get(context, "llvm.loop.unroll.count"), number}));
  } else {
    parts.push_back(llvm::MDNode::get(context, {llvm::MDString::get(context, "llvm.loop.unroll.disable")}));
  }
  llvm::MDNode* id = llvm::MDNode::getDistinct(context, parts);
  id->replaceOperandWith(0, id);
  latch->setMetadata(llvm::LLVMContext::MD_loop, id);
}
}  // namespace

Frame::Frame(ObjectContext& context, llvm::Function* function)
    : context_(context),
      function_(function),
      builder_(llvm::BasicBlock::Create(context.llvm, "entry", function)),
      math_(builder_, MathTargetOf(context.Row())) {}

llvm::Value* Frame::EmitDim(const ir::Dim& dim) {
  if (dim.IsConstant()) return Int(dim.Value());
  llvm::Value* sum = nullptr;
  for (const auto& [monomial, coefficient] : dim.Terms()) {
    llvm::Value* product = Int(coefficient);
    for (const std::string& symbol : monomial) {
      auto found = symbols.find(symbol);
      RNNC_CHECK(found != symbols.end(), "symbol {} has no value in {}", symbol, function_->getName().str());
      product = builder_.CreateMul(product, found->second);
    }
    sum = sum == nullptr ? product : builder_.CreateAdd(sum, product);
  }
  return sum;
}

llvm::Value* Frame::Address(const ir::Value& value) {
  if (value.IsConst()) {
    auto found = context_.constants.find(&value);
    RNNC_CHECK(found != context_.constants.end(), "constant @{} was not emitted", value.name);
    return found->second;
  }
  RNNC_CHECK(value.place.has_value(), "%{} has no place", value.name);
  const ir::Place& place = *value.place;
  llvm::Value* offset = EmitDim(place.offset);
  llvm::Value* base = nullptr;
  switch (place.space) {
    case ir::Space::kState:
      base = instance;
      break;
    case ir::Space::kArena:
      base = instance;
      offset = builder_.CreateAdd(offset, Int(context_.source.state_bytes));
      break;
    case ir::Space::kScratch:
      base = scratch;
      break;
    case ir::Space::kInput:
      base = inputs.at(static_cast<size_t>(place.index));
      break;
    case ir::Space::kOutput:
      base = outputs.at(static_cast<size_t>(place.index));
      break;
  }
  return builder_.CreatePtrAdd(base, offset);
}

bool Frame::MayReadBehind(const ir::Value& value) {
  if (value.IsConst()) return true;
  return value.place && !ir::IsNumbered(value.place->space);
}

llvm::AllocaInst* Frame::Slot(llvm::Type* type) {
  llvm::BasicBlock& entry = function_->getEntryBlock();
  llvm::IRBuilder<> at_entry(&entry, entry.begin());
  return at_entry.CreateAlloca(type);
}

void Frame::Loop(llvm::Value* begin, llvm::Value* end, int64_t step,
                 const std::function<void(llvm::Value*)>& body, int unroll) {
  const auto* first = llvm::dyn_cast<llvm::ConstantInt>(begin);
  const auto* last = llvm::dyn_cast<llvm::ConstantInt>(end);
  if (first != nullptr && last != nullptr) {
    if (first->getSExtValue() >= last->getSExtValue()) return;
    if (first->getSExtValue() + step >= last->getSExtValue()) return body(begin);
  }
  llvm::BasicBlock* before = builder_.GetInsertBlock();
  auto* header = llvm::BasicBlock::Create(context_.llvm, "loop", function_);
  auto* after = llvm::BasicBlock::Create(context_.llvm, "after", function_);
  if (first != nullptr && last != nullptr) {
    builder_.CreateBr(header);
  } else {
    builder_.CreateCondBr(builder_.CreateICmpSLT(begin, end), header, after);
  }
  builder_.SetInsertPoint(header);
  llvm::PHINode* index = builder_.CreatePHI(builder_.getInt64Ty(), 2, "i");
  index->addIncoming(begin, before);
  body(index);
  llvm::Value* next = builder_.CreateNSWAdd(index, Int(step));
  llvm::BranchInst* latch = builder_.CreateCondBr(builder_.CreateICmpSLT(next, end), header, after);
  if (unroll > 0) MarkLoop(latch, unroll);
  index->addIncoming(next, builder_.GetInsertBlock());
  builder_.SetInsertPoint(after);
}

void Frame::LoopDown(llvm::Value* begin, llvm::Value* end, const std::function<void(llvm::Value*)>& body) {
  Loop(begin, end, 1, [&](llvm::Value* i) {
    // begin + end - 1 - i
    body(builder_.CreateSub(builder_.CreateAdd(begin, builder_.CreateSub(end, Int(1))), i));
  });
}

void SetFunctionAttributes(llvm::Function* function, const TargetRow& row) {
  function->addFnAttr("target-cpu", row.cpu);
  if (!row.features.empty()) function->addFnAttr("target-features", row.features);
  function->addFnAttr("no-builtins");
  function->addFnAttr("no-trapping-math", "true");
  function->addFnAttr("prefer-vector-width", std::to_string(row.vector_bytes * 8));
  function->addFnAttr("min-legal-vector-width", std::to_string(row.vector_bytes * 8));
  function->addFnAttr(llvm::Attribute::NoUnwind);
}

llvm::Type* MemoryType(llvm::LLVMContext& context, ir::ElementType element) {
  switch (element) {
    case ir::ElementType::kF32:
      return llvm::Type::getFloatTy(context);
    case ir::ElementType::kF64:
      return llvm::Type::getDoubleTy(context);
    default:
      return llvm::Type::getIntNTy(context, static_cast<unsigned>(ir::BytesOf(element)) * 8);
  }
}

llvm::Type* RegisterType(llvm::LLVMContext& context, ir::ElementType element) {
  switch (element) {
    case ir::ElementType::kBool:
      return llvm::Type::getInt1Ty(context);
    case ir::ElementType::kF16:
    case ir::ElementType::kBF16:
      return llvm::Type::getFloatTy(context);
    default:
      return MemoryType(context, element);
  }
}

}  // namespace rnnc::codegen
