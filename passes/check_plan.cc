// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 1. Every byte of every space has an owner: the value last written there. Padding belongs to its place.
// 2. An operation's operands must own all their bytes; its results must not overlap them but as promised;
// then
//    the results own theirs.
// 3. Loops run with numbers for their symbols: initial values are copied to the carried places, yielded ones
// to
//    carried places and slices, final results take over.

#include "passes/check_plan.h"

#include <algorithm>

#include "passes/kernel_edit.h"

namespace rnnc::passes {
namespace {

using ir::Operation;
using ir::OpKind;
using ir::Place;
using ir::Space;
using ir::Value;

constexpr int64_t kAlignment = 64;
constexpr int64_t kMostSteps = 70;  // of a long loop; the rest is like them

struct Bytes {
  Space space = Space::kArena;
  int index = 0;
  int64_t begin = 0, end = 0;
  bool Meets(const Bytes& other) const {
    return space == other.space && index == other.index && begin < other.end && other.begin < end;
  }
  bool operator==(const Bytes&) const = default;
};

class Checker {
 public:
  explicit Checker(const ir::Module& module) : module_(module) {}

  Result<> Run(ir::Function& function) {
    function_ = &function;
    FindSymbols(function);
    for (const auto& state : module_.States()) {
      RNNC_TRY(CheckPlaced(nullptr, *state));
      Write(*state, state.get());
    }
    for (const auto& argument : function.Body().Arguments()) {
      RNNC_TRY(CheckPlaced(nullptr, *argument));
      Write(*argument, argument.get());
    }
    return RunBlock(function.Body());
  }

 private:
  struct Piece {
    Bytes bytes;
    const Value* owner;
  };

  // Numbers of frames that fill two blocks and begin a third.
  void FindSymbols(ir::Function& function) {
    int64_t block = 2;
    ir::Walk(function.Body(), [&](Operation& operation) {
      if (operation.Kind() == OpKind::kBlocks) block = operation.Int("max");
    });
    for (const auto& argument : function.Body().Arguments()) {
      for (const ir::Dim& dim : argument->type.dims) {
        for (const std::string& symbol : dim.Symbols()) symbols_[symbol] = 2 * block + 1;
      }
    }
    for (const ir::RuntimeSize& size : ir::SizesOf(function)) {
      int64_t& number = symbols_[size.symbol];
      number = std::max(number, size.low);
      if (size.high) number = std::min(number, *size.high);
    }
  }

  int64_t Number(const ir::Dim& dim) const {
    const auto number = dim.Evaluate(symbols_);
    RNNC_CHECK(number.has_value(), "no number for {}", dim.ToText());
    return *number;
  }
  Bytes BytesOf(const Place& place) const {
    const int64_t begin = Number(place.offset);
    return {place.space, place.index, begin, begin + Number(place.bytes)};
  }
  static bool IsPadded(const Place& place) {
    return (place.space == Space::kArena || place.space == Space::kState) && place.offset.IsConstant();
  }
  Bytes PaddedBytesOf(const Place& place) const {
    Bytes bytes = BytesOf(place);
    if (IsPadded(place)) bytes.end = (bytes.end + kAlignment - 1) / kAlignment * kAlignment;
    return bytes;
  }

  Diagnostic Wrong(const Operation* operation, const Value& value, std::string_view what) const {
    Location location = operation != nullptr ? operation->location : Location{};
    return Error(location, "plan of @{}: %{} of {}: {}", function_->name, value.name,
                 operation != nullptr ? operation->Info().text : "the function", what);
  }

  Result<> CheckPlaced(const Operation* operation, const Value& value) const {
    if (!value.place) return Wrong(operation, value, "has no place");
    const Bytes bytes = PaddedBytesOf(*value.place);
    if (IsPadded(*value.place) && bytes.begin % kAlignment != 0)
      return Wrong(operation, value, "is not aligned");
    if (bytes.begin < 0) return Wrong(operation, value, "begins before its space");
    if (value.place->space == Space::kArena && bytes.end > module_.arena_bytes) {
      return Wrong(operation, value, "ends behind the arena");
    }
    if (value.place->space == Space::kScratch && bytes.end > Number(module_.scratch_bytes)) {
      return Wrong(operation, value, "ends behind the scratch memory");
    }
    if (value.place->space == Space::kState && bytes.end > module_.state_bytes) {
      return Wrong(operation, value, "ends behind the states");
    }
    return Ok();
  }

  void Own(const Bytes& bytes, const Value* owner) {
    std::vector<Piece> pieces;
    for (const Piece& piece : pieces_) {
      if (!piece.bytes.Meets(bytes)) {
        pieces.push_back(piece);
        continue;
      }
      Piece left = piece, right = piece;
      left.bytes.end = std::min(piece.bytes.end, bytes.begin);
      right.bytes.begin = std::max(piece.bytes.begin, bytes.end);
      if (left.bytes.begin < left.bytes.end) pieces.push_back(left);
      if (right.bytes.begin < right.bytes.end) pieces.push_back(right);
    }
    if (bytes.begin < bytes.end) pieces.push_back({bytes, owner});
    pieces_ = std::move(pieces);
  }
  void Write(const Value& value, const Value* owner) { Own(PaddedBytesOf(*value.place), owner); }

  bool Owns(const Value& value) const {
    const Bytes bytes = BytesOf(*value.place);
    int64_t owned = 0;
    for (const Piece& piece : pieces_) {
      if (piece.owner != &value || !piece.bytes.Meets(bytes)) continue;
      owned += std::min(piece.bytes.end, bytes.end) - std::max(piece.bytes.begin, bytes.begin);
    }
    return owned == bytes.end - bytes.begin;
  }
  Result<> CheckReadable(const Operation& operation, const Value* value) const {
    if (value == nullptr || value->IsConst()) return Ok();
    RNNC_TRY(CheckPlaced(&operation, *value));
    return Owns(*value) ? Ok() : Result<>(Wrong(&operation, *value, "is overwritten before it is read"));
  }

  Result<> RunBlock(const ir::Block& block) {
    for (const auto& operation : block.Operations()) {
      if (operation->HasBody()) {
        RNNC_TRY(RunLoop(*operation));
        continue;
      }
      if (operation->Kind() == OpKind::kYield) continue;  // RunLoop's
      const bool update = operation->Kind() == OpKind::kUpdate;
      for (size_t i = update ? 1 : 0; i < operation->Operands().size(); ++i) {
        RNNC_TRY(CheckReadable(*operation, operation->Operand(i)));
      }
      if (update && !(BytesOf(*operation->Operand(0)->place) == BytesOf(*operation->Operand(1)->place))) {
        Write(*operation->Operand(0), nullptr);
      }
      for (const Value* result : operation->Results()) {
        RNNC_TRY(CheckPlaced(operation.get(), *result));
        RNNC_TRY(CheckOverlaps(*operation, *result));
      }
      for (const Value* result : operation->Results()) Write(*result, result);
    }
    return Ok();
  }

  Result<> CheckOverlaps(const Operation& operation, const Value& result) const {
    const Bytes bytes = PaddedBytesOf(*result.place);
    for (const Value* other : operation.Results()) {
      if (other != &result && PaddedBytesOf(*other->place).Meets(bytes)) {
        return Wrong(&operation, result, "overlaps another result");
      }
    }
    if (!operation.HasKernel()) return Ok();
    const int into = operation.GetKernel().into;
    const Value* base = into >= 0 ? operation.Operand(static_cast<size_t>(into)) : nullptr;
    if (base != nullptr && result.index == 0 && !(BytesOf(*base->place) == BytesOf(*result.place))) {
      return Wrong(&operation, result, "is not where the value is that it is written into");
    }
    for (const Value* operand : operation.Operands()) {
      if (operand->IsConst() || !BytesOf(*operand->place).Meets(bytes)) continue;
      if (operand == base && result.index == 0) continue;
      const bool in_place = BytesOf(*operand->place) == BytesOf(*result.place);
      if (!in_place || !ReadsOnlyWhatItWrites(operation, operand, static_cast<size_t>(result.index))) {
        return Wrong(&operation, result, "overwrites an operand that is still read");
      }
    }
    return Ok();
  }

  Result<> RunLoop(const Operation& loop) {
    const ir::Block& body = loop.Body();
    const auto carry = static_cast<size_t>(loop.Int("n_carry"));
    const size_t first = body.Arguments().size() - carry;
    const size_t stacked = loop.ResultCount() - carry;
    for (const Value* result : loop.Results()) RNNC_TRY(CheckPlaced(&loop, *result));
    for (size_t i = 0; i < carry; ++i) RNNC_TRY(CheckReadable(loop, loop.Operand(first + i)));
    for (size_t i = 0; i < carry; ++i) {
      const Value& argument = *body.Arguments()[first + i];
      if (!(argument.place == loop.Result(stacked + i)->place)) {
        return Wrong(&loop, argument, "is carried in two places");
      }
      RNNC_TRY(CheckReadable(loop, loop.Operand(first + i)));  // not overwritten by the one before
      Write(argument, &argument);
    }
    const int64_t steps = Number(loop.steps);
    const bool blocks = loop.Kind() == OpKind::kBlocks;
    const int64_t width = blocks ? loop.Int("max") : 1;
    const bool reverse = !blocks && loop.Int("reverse") != 0;
    for (int64_t i = 0; i < std::min(steps, kMostSteps * width); i += width) {
      symbols_[loop.step_symbol] = reverse ? steps - 1 - i : i;
      if (blocks) symbols_[loop.count_symbol] = std::min(width, steps - i);
      RNNC_TRY(RunBlock(body));
      RNNC_TRY(RunYield(loop, stacked));
    }
    for (size_t i = 0; i < carry; ++i) Write(*loop.Result(stacked + i), loop.Result(stacked + i));
    if (steps > kMostSteps * width) {
      for (size_t i = 0; i < stacked; ++i) Write(*loop.Result(i), loop.Result(i));
    }
    return Ok();
  }

  Result<> RunYield(const Operation& loop, size_t stacked) {
    const Operation& yield = *loop.Body().Terminator();
    const size_t first = loop.Body().Arguments().size() - static_cast<size_t>(loop.Int("n_carry"));
    for (size_t i = 0; i < yield.Operands().size(); ++i) {
      const Value& value = *yield.Operand(i);
      RNNC_TRY(CheckReadable(yield, &value));
      if (i < stacked) {
        copies_.push_back({SliceOf(loop, i), loop.Result(i)});
        continue;
      }
      const Value* argument = loop.Body().Arguments()[first + i - stacked].get();
      copies_.push_back({PaddedBytesOf(*argument->place), argument});
    }
    // In order; what a later copy reads must not lie where an earlier one writes, unless it is the same.
    for (size_t i = 0; i < copies_.size(); ++i) {
      for (size_t k = i + 1; k < copies_.size(); ++k) {
        const Bytes read = BytesOf(*yield.Operand(k)->place);
        const Bytes own = BytesOf(*yield.Operand(i)->place);
        if (copies_[i].bytes.Meets(read) && !(read == own)) {
          return Wrong(&yield, *yield.Operand(k), "is overwritten by a copy before it");
        }
      }
    }
    for (const Piece& copy : copies_) Own(copy.bytes, copy.owner);
    copies_.clear();
    return Ok();
  }

  // Where this step's part of stacked output `i` lies. Of an output joined along an inner axis: all of it.
  Bytes SliceOf(const Operation& loop, size_t i) const {
    const Value& whole = *loop.Result(i);
    Bytes bytes = BytesOf(*whole.place);
    const size_t axis = loop.Kind() == OpKind::kBlocks ? static_cast<size_t>(loop.Ints("axes")[i]) : 0;
    int64_t step = ir::BytesOf(whole.type.element);
    for (size_t k = 0; k < whole.type.dims.size(); ++k) {
      if (k < axis && !whole.type.dims[k].Is(1)) return bytes;
      if (k > axis) step *= Number(whole.type.dims[k]);
    }
    const int64_t count = loop.Kind() == OpKind::kBlocks ? symbols_.at(loop.count_symbol) : 1;
    bytes.begin += symbols_.at(loop.step_symbol) * step;
    bytes.end = bytes.begin + count * step;
    return bytes;
  }

  const ir::Module& module_;
  ir::Function* function_ = nullptr;
  std::map<std::string, int64_t> symbols_;
  std::vector<Piece> pieces_;
  std::vector<Piece> copies_;
};

}  // namespace

Result<> CheckPlan(const ir::Module& module) {
  for (const auto& function : module.Functions()) RNNC_TRY(Checker(module).Run(*function));
  return Ok();
}

}  // namespace rnnc::passes
