// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/function_emitter.h"

#include <llvm/IR/Constants.h>

#include <algorithm>
#include <set>

#include "codegen/kernel_emitter.h"
#include "compiler/support/check.h"
#include "compiler/support/strings.h"

namespace rnnc::codegen {
namespace {

using ir::Dim;
using ir::OpKind;
using llvm::Value;

class FunctionEmitter {
 public:
  explicit FunctionEmitter(Frame& frame) : frame_(frame) {}

  void EmitTop(const ir::Function& function) {
    for (const auto& operation : function.Body().Operations()) {
      if (IsEarlyCheck(*operation)) EmitCheck(*operation, true);
    }
    EmitBlock(function.Body(), true);
    const ir::Operation& end = *function.Body().Terminator();
    for (const auto& operation : function.Body().Operations()) {
      if (operation->Kind() == OpKind::kUpdate) {
        CopyValue(*operation->Operand("value"), *operation->Operand("state")->place);
      }
    }
    for (size_t i = 0; i < end.Operands().size(); ++i) {
      const ir::Value& value = *end.Operand(i);
      const Dim bytes = value.type.ElementCount() * Dim(ir::BytesOf(value.type.element));
      CopyValue(value, {ir::Space::kOutput, static_cast<int>(i), Dim(0), bytes});
    }
  }

 private:
  // A check of what the caller passed (or of the number of steps), before anything is written.
  static bool IsEarlyCheck(const ir::Operation& operation) {
    if (operation.Kind() == OpKind::kCheckSteps) return true;
    if (operation.Kind() != OpKind::kCheckIndex && operation.Kind() != OpKind::kCheckLengths) return false;
    const ir::Value& value = *operation.Operand("x");
    return value.IsConst() || (value.place && value.place->space == ir::Space::kInput);
  }

  void EmitBlock(const ir::Block& block, bool outline,
                 const std::function<void(const ir::Operation&)>& behind = {});
  void EmitOutlined(const ir::Operation& operation);
  void EmitHere(const ir::Operation& operation);
  void EmitScan(const ir::Operation& scan);
  void EmitBlocks(const ir::Operation& blocks);
  void EmitCarries(const ir::Operation& operation, size_t first_initial, size_t first_final,
                   const std::function<void()>& loop);
  void EmitNextCarries(const ir::Operation& operation, size_t first_yielded,
                       const std::set<size_t>& done = {});
  const ir::Operation* EarlyPlaceOf(const ir::Operation& scan, size_t carry);
  void EmitCheck(const ir::Operation& check, bool early);
  void CopyValue(const ir::Value& from, const ir::Place& to);
  void CopyPiece(const ir::Value& piece, const ir::Value& whole, int64_t axis, const Dim& start,
                 Value* start_value);
  Value* AddressOf(const ir::Place& place);
  std::string KernelName(const ir::Operation& operation);

  Frame& frame_;
};

Value* FunctionEmitter::AddressOf(const ir::Place& place) {
  ir::Value value;
  value.place = place;
  return frame_.Address(value);
}

void FunctionEmitter::CopyValue(const ir::Value& from, const ir::Place& to) {
  if (from.place && from.place->space == to.space && from.place->index == to.index &&
      from.place->offset == to.offset)
    return;
  EmitCopy(frame_, AddressOf(to), frame_.Address(from),
           from.type.ElementCount() * Dim(ir::BytesOf(from.type.element)));
}

// Writes `piece` (the same shape as `whole` but for `axis`) at position `start` of that axis.
void FunctionEmitter::CopyPiece(const ir::Value& piece, const ir::Value& whole, int64_t axis,
                                const Dim& start, Value* start_value) {
  auto& builder = frame_.Builder();
  const ir::Place& place = *whole.place;
  const Dim element(ir::BytesOf(whole.type.element));
  Dim outer(1);
  for (int64_t i = 0; i < axis; ++i) outer *= whole.type.dims[static_cast<size_t>(i)];
  Dim inner = element;
  for (size_t i = static_cast<size_t>(axis) + 1; i < whole.type.dims.size(); ++i) inner *= whole.type.dims[i];
  // The planner may have given the piece the slice itself as its place: then it is written already.
  const Dim slice = place.offset + start * inner;
  if (piece.place && piece.place->space == place.space && piece.place->index == place.index &&
      piece.place->offset == slice) {
    return;
  }
  const bool piece_has_axis = piece.type.dims.size() == whole.type.dims.size();
  const Dim piece_run = inner * (piece_has_axis ? piece.type.dims[static_cast<size_t>(axis)] : Dim(1));
  const Dim whole_run = inner * whole.type.dims[static_cast<size_t>(axis)];
  Value* from = frame_.Address(piece);
  Value* to =
      builder.CreatePtrAdd(frame_.Address(whole), builder.CreateMul(start_value, frame_.EmitDim(inner)));
  frame_.Loop(
      frame_.Int(0), frame_.EmitDim(outer), 1,
      [&](Value* i) {
        EmitCopy(frame_, builder.CreatePtrAdd(to, builder.CreateMul(i, frame_.EmitDim(whole_run))),
                 builder.CreatePtrAdd(from, builder.CreateMul(i, frame_.EmitDim(piece_run))), piece_run);
      },
      1);
}

void FunctionEmitter::EmitBlock(const ir::Block& block, bool outline,
                                const std::function<void(const ir::Operation&)>& behind) {
  for (const auto& operation : block.Operations()) {
    switch (operation->Kind()) {
      case OpKind::kUndefined:
      case OpKind::kYield:
      case OpKind::kReturn:
      case OpKind::kUpdate:
      case OpKind::kCheckSteps:
        break;
      case OpKind::kCheckIndex:
      case OpKind::kCheckLengths:
        if (!IsEarlyCheck(*operation) || block.Owner() != nullptr) EmitCheck(*operation, false);
        break;
      case OpKind::kBlocks:
        EmitBlocks(*operation);
        break;
      default:
        if (outline) {
          EmitOutlined(*operation);
        } else {
          EmitHere(*operation);
        }
    }
    if (behind) behind(*operation);
  }
}

void FunctionEmitter::EmitHere(const ir::Operation& operation) {
  if (operation.Kind() == OpKind::kScan) return EmitScan(operation);
  RNNC_CHECK(operation.HasKernel(), "{} reached code generation", operation.Info().text);
  EmitKernel(frame_, operation);
}

std::string FunctionEmitter::KernelName(const ir::Operation& operation) {
  std::string name = frame_.Context().source.name + "." + std::string(operation.Info().text);
  for (const std::string& node : operation.location.nodes) name += "." + CIdentifier(node);
  if (name.size() > 120) name.resize(120);
  const int count = frame_.Context().kernel_names[name]++;
  return count == 0 ? name : name + "." + std::to_string(count);
}

// The operation as an internal function of the instance, the caller's tensors and the symbols in scope.
void FunctionEmitter::EmitOutlined(const ir::Operation& operation) {
  ObjectContext& context = frame_.Context();
  std::vector<Value*> arguments = {frame_.instance};
  if (frame_.scratch != nullptr) arguments.push_back(frame_.scratch);
  arguments.insert(arguments.end(), frame_.inputs.begin(), frame_.inputs.end());
  arguments.insert(arguments.end(), frame_.outputs.begin(), frame_.outputs.end());
  for (const auto& [symbol, value] : frame_.symbols) arguments.push_back(value);
  if (frame_.status != nullptr) arguments.push_back(frame_.status);
  std::vector<llvm::Type*> types;
  for (Value* argument : arguments) types.push_back(argument->getType());
  auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(context.llvm), types, false);
  auto* function =
      llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, KernelName(operation), context.module);
  SetFunctionAttributes(function, context.Row());
  function->addFnAttr(llvm::Attribute::NoInline);
  const size_t pointers =
      1 + (frame_.scratch != nullptr ? 1 : 0) + frame_.inputs.size() + frame_.outputs.size();
  for (unsigned i = 0; i < pointers; ++i) function->addParamAttr(i, llvm::Attribute::NoAlias);

  Frame inner(context, function);
  auto argument = function->arg_begin();
  inner.instance = argument++;
  if (frame_.scratch != nullptr) inner.scratch = argument++;
  for (size_t i = 0; i < frame_.inputs.size(); ++i) inner.inputs.push_back(argument++);
  for (size_t i = 0; i < frame_.outputs.size(); ++i) inner.outputs.push_back(argument++);
  for (const auto& [symbol, value] : frame_.symbols) inner.symbols[symbol] = argument++;
  if (frame_.status != nullptr) inner.status = argument++;
  FunctionEmitter(inner).EmitHere(operation);
  inner.Builder().CreateRetVoid();
  frame_.Builder().CreateCall(function, arguments);
}

// The common shape of `scan` and `blocks`: initial values to the carries' places, the loop, final results.
void FunctionEmitter::EmitCarries(const ir::Operation& operation, size_t first_initial, size_t first_final,
                                  const std::function<void()>& loop) {
  const auto carries = static_cast<size_t>(operation.Int("n_carry"));
  const auto& arguments = operation.Body().Arguments();
  const size_t first_argument = arguments.size() - carries;
  for (size_t i = 0; i < carries; ++i) {
    CopyValue(*operation.Operand(first_initial + i), *arguments[first_argument + i]->place);
  }
  loop();
  for (size_t i = 0; i < carries; ++i) {
    const ir::Value& result = *operation.Result(first_final + i);
    if (result.place) CopyValue(*arguments[first_argument + i], *result.place);
  }
}

// At the end of an iteration every carry takes its next value, but those that are `done`. In order: the plan
// promises that none of them lies where an earlier copy writes (plan_memory.h, 4).
void FunctionEmitter::EmitNextCarries(const ir::Operation& operation, size_t first_yielded,
                                      const std::set<size_t>& done) {
  const auto carries = static_cast<size_t>(operation.Int("n_carry"));
  const auto& arguments = operation.Body().Arguments();
  const size_t first_argument = arguments.size() - carries;
  const ir::Operation& yield = *operation.Body().Terminator();
  for (size_t i = 0; i < carries; ++i) {
    if (done.count(i) != 0) continue;
    CopyValue(*yield.Operand(first_yielded + i), *arguments[first_argument + i]->place);
  }
}

// The operation of the body behind which carried value `carry` can take its next value already, since the
// next step waits for it; null when it has to be the end. Nothing may read the old value later, and nothing
// else may live in its place.
const ir::Operation* FunctionEmitter::EarlyPlaceOf(const ir::Operation& scan, size_t carry) {
  const ir::Block& body = scan.Body();
  const ir::Operation& yield = *body.Terminator();
  const size_t carries = static_cast<size_t>(scan.Int("n_carry")) - carry;
  const ir::Value& old = *body.Arguments()[body.Arguments().size() - carries];
  const ir::Value& next = *yield.Operand(yield.Operands().size() - carries);
  if (next.kind != ir::ValueKind::kResult || next.definition->Parent() != &body) return nullptr;
  const ir::Operation* place = nullptr;
  bool alone = true;
  for (const auto& operation : body.Operations()) {
    bool concerns = operation.get() == next.definition;
    const auto look = [&](const ir::Operation& inner) {
      for (const ir::Value* operand : inner.Operands()) concerns |= operand == &old;
      for (const ir::Value* result : inner.Results()) alone &= result == &next || result->place != old.place;
    };
    look(*operation);
    if (operation->HasBody()) ir::Walk(static_cast<const ir::Block&>(operation->Body()), look);
    if (concerns) place = operation.get();
  }
  return alone && place != &yield ? place : nullptr;
}

void FunctionEmitter::EmitScan(const ir::Operation& scan) {
  const ir::Operation& yield = *scan.Body().Terminator();
  const auto stacked = static_cast<size_t>(yield.Int("n_each"));
  const auto each = static_cast<size_t>(scan.Int("n_each"));
  RNNC_CHECK(each == 0, "a scan still has sequences as operands");
  const auto& arguments = scan.Body().Arguments();
  std::map<size_t, const ir::Operation*> early;
  std::set<size_t> done;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const ir::Operation* place = EarlyPlaceOf(scan, i);
    if (place == nullptr) continue;
    early[i] = place;
    done.insert(i);
  }
  EmitCarries(scan, each, stacked, [&] {
    auto body = [&](Value* step) {
      frame_.symbols[scan.step_symbol] = step;
      EmitBlock(scan.Body(), false, [&](const ir::Operation& operation) {
        for (const auto& [carry, place] : early) {
          if (place == &operation)
            CopyValue(*yield.Operand(stacked + carry), *arguments[each + carry]->place);
        }
      });
      for (size_t i = 0; i < stacked; ++i) {
        CopyPiece(*yield.Operand(i), *scan.Result(i), 0, Dim::Symbol(scan.step_symbol), step);
      }
      EmitNextCarries(scan, stacked, done);
    };
    Value* steps = frame_.EmitDim(scan.steps);
    if (scan.Int("reverse") != 0) {
      frame_.LoopDown(frame_.Int(0), steps, body);
    } else {
      frame_.Loop(frame_.Int(0), steps, 1, body, 1);
    }
    frame_.symbols.erase(scan.step_symbol);
  });
}

void FunctionEmitter::EmitBlocks(const ir::Operation& blocks) {
  auto& builder = frame_.Builder();
  const ir::Operation& yield = *blocks.Body().Terminator();
  const auto joined = static_cast<size_t>(yield.Int("n_each"));
  const auto& axes = blocks.Ints("axes");
  const int64_t most = blocks.Int("max");
  EmitCarries(blocks, 0, joined, [&] {
    Value* steps = frame_.EmitDim(blocks.steps);
    frame_.Loop(
        frame_.Int(0), steps, most,
        [&](Value* start) {
          Value* rest = builder.CreateSub(steps, start);
          Value* count =
              builder.CreateSelect(builder.CreateICmpSLT(rest, frame_.Int(most)), rest, frame_.Int(most));
          frame_.symbols[blocks.step_symbol] = start;
          frame_.symbols[blocks.count_symbol] = count;
          EmitBlock(blocks.Body(), true);
          for (size_t i = 0; i < joined; ++i) {
            CopyPiece(*yield.Operand(i), *blocks.Result(i), axes[i], Dim::Symbol(blocks.step_symbol), start);
          }
          EmitNextCarries(blocks, joined);
        },
        1);
    frame_.symbols.erase(blocks.step_symbol);
    frame_.symbols.erase(blocks.count_symbol);
  });
}

void FunctionEmitter::EmitCheck(const ir::Operation& check, bool early) {
  auto& builder = frame_.Builder();
  Value* bad = nullptr;
  const bool lengths = check.Kind() == OpKind::kCheckLengths;
  int status = !early ? RNNC_BAD_COMPUTED_INDEX : lengths ? RNNC_BAD_LENGTH : RNNC_BAD_INDEX;
  if (check.Kind() == OpKind::kCheckSteps) {
    bad = builder.CreateICmpSLT(frame_.EmitDim(Dim::Symbol(check.String("symbol"))),
                                frame_.Int(check.Int("min")));
    status = RNNC_EMPTY_SEQUENCE;
  } else {
    const ir::Value& x = *check.Operand("x");
    Value* low = frame_.Int(lengths ? 0 : check.Int("low"));
    Value* high = nullptr;  // the first that is outside
    if (!lengths) {
      high = frame_.Int(check.Int("high"));
    } else if (const std::string& symbol = check.String("symbol"); symbol.empty()) {
      high = frame_.Int(check.Int("max") + 1);
    } else {
      high = builder.CreateAdd(frame_.EmitDim(Dim::Symbol(symbol)), frame_.Int(1));
    }
    llvm::Type* type = MemoryType(builder.getContext(), x.type.element);
    llvm::AllocaInst* flag = frame_.Slot(builder.getInt1Ty());
    builder.CreateStore(builder.getFalse(), flag);
    Value* base = frame_.Address(x);
    frame_.Loop(
        frame_.Int(0), frame_.EmitDim(x.type.ElementCount()), 1,
        [&](Value* i) {
          Value* index = builder.CreateLoad(type, builder.CreateGEP(type, base, i));
          index = builder.CreateSExt(index, builder.getInt64Ty());
          Value* outside =
              builder.CreateOr(builder.CreateICmpSLT(index, low), builder.CreateICmpSGE(index, high));
          builder.CreateStore(builder.CreateOr(builder.CreateLoad(builder.getInt1Ty(), flag), outside), flag);
        },
        1);
    bad = builder.CreateLoad(builder.getInt1Ty(), flag);
  }
  if (!early) {
    RNNC_CHECK(frame_.status != nullptr, "no place for a status");
    Value* old = builder.CreateLoad(builder.getInt32Ty(), frame_.status);
    builder.CreateStore(builder.CreateSelect(bad, builder.getInt32(static_cast<uint32_t>(status)), old),
                        frame_.status);
    return;
  }
  auto* fail = llvm::BasicBlock::Create(builder.getContext(), "fail", frame_.Function());
  auto* go_on = llvm::BasicBlock::Create(builder.getContext(), "checked", frame_.Function());
  builder.CreateCondBr(bad, fail, go_on);
  builder.SetInsertPoint(fail);
  builder.CreateRet(builder.getInt32(static_cast<uint32_t>(status)));
  builder.SetInsertPoint(go_on);
}

}  // namespace

void EmitFunctionBody(Frame& frame, const ir::Function& function) {
  FunctionEmitter(frame).EmitTop(function);
}

void EmitCopy(Frame& frame, Value* to, Value* from, const Dim& bytes) {
  auto& builder = frame.Builder();
  auto move = [&](llvm::Type* type, Value* offset) {
    Value* value = builder.CreateAlignedLoad(type, builder.CreatePtrAdd(from, offset), llvm::Align(1));
    builder.CreateAlignedStore(value, builder.CreatePtrAdd(to, offset), llvm::Align(1));
  };
  const int64_t wide = frame.Row().vector_bytes;
  auto* vector = llvm::FixedVectorType::get(builder.getInt8Ty(), static_cast<unsigned>(wide));
  if (bytes.IsConstant()) {
    const int64_t total = bytes.Value();
    int64_t done = total / wide * wide;
    frame.Loop(frame.Int(0), frame.Int(done), wide, [&](Value* offset) { move(vector, offset); }, 4);
    for (int64_t piece = wide / 2; piece > 0; piece /= 2) {
      for (; total - done >= piece; done += piece) {
        move(builder.getIntNTy(static_cast<unsigned>(piece * 8)), frame.Int(done));
      }
    }
    return;
  }
  Value* total = frame.EmitDim(bytes);
  Value* full = builder.CreateMul(builder.CreateUDiv(total, frame.Int(wide)), frame.Int(wide));
  frame.Loop(frame.Int(0), full, wide, [&](Value* offset) { move(vector, offset); }, 1);
  frame.Loop(full, total, 1, [&](Value* offset) { move(builder.getInt8Ty(), offset); }, 1);
}

void EmitZero(Frame& frame, Value* to, int64_t bytes) {
  auto& builder = frame.Builder();
  auto* word = builder.getInt64Ty();
  frame.Loop(
      frame.Int(0), frame.Int(bytes / 8 * 8), 8,
      [&](Value* offset) {
        builder.CreateAlignedStore(llvm::ConstantInt::get(word, 0), builder.CreatePtrAdd(to, offset),
                                   llvm::Align(1));
      },
      1);
  for (int64_t i = bytes / 8 * 8; i < bytes; ++i)
    builder.CreateStore(builder.getInt8(0), builder.CreatePtrAdd(to, frame.Int(i)));
}

}  // namespace rnnc::codegen
