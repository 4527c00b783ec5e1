// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/module.h"

namespace rnnc::ir {

// The least values of symbols, where a module says them; other symbols may be 0.
using LeastSizes = std::map<std::string, int64_t>;
LeastSizes LeastSizesOf(const Module& module);

// The elements of integer and bool values as far as they follow from shapes and constants: what a
// computed operand of Reshape, Expand, Slice or ConstantOfShape holds. An element may be symbolic
// (the T of Shape(x)); symbols are >= 0. What follows from numbers alone may be computed in floats on its way
// (Floor(Div(Cast(Shape), 2.0)) as exporters write a halved size).
//
// Answers are remembered: an object is good for as long as no operation is changed, or erased
// without its results being forgotten.
class KnownInts {
 public:
  // Values with more elements than this are never known.
  static constexpr int64_t kMaxElements = 1 << 16;
  // Nor are further values when this many elements are remembered: a file of a few bytes may ask for any
  // number.
  static constexpr int64_t kMaxRemembered = 1 << 20;

  // `compare`: whether the least values also decide comparisons, minima and the like. Who only tries a least
  // length must not have branches of the model decided by it.
  // `max_remembered`: who only checks what others have built must know what they knew, and take more.
  explicit KnownInts(LeastSizes least = {}, bool compare = true, int64_t max_remembered = kMaxRemembered)
      : least_(std::move(least)), compared_(compare ? least_ : LeastSizes()), left_(max_remembered) {}
  const LeastSizes& Least() const { return least_; }
  const LeastSizes& LeastCompared() const { return compared_; }

  // The elements, row-major, when all of them are known; none for floats, values of symbolic shape,
  // arguments, states, and whatever depends on them.
  std::optional<std::vector<Dim>> Of(const Value* value);
  // The same when every element is an integer.
  std::optional<std::vector<int64_t>> IntegersOf(const Value* value);
  // The value when it follows from constants alone, whatever its type; null when not.
  TensorPtr ConstantOf(const Value* value);
  // Says what an argument holds, before anything that depends on it is asked for.
  void Know(const Value* argument, std::vector<Dim> elements) { known_[argument] = std::move(elements); }
  // Nothing is known of the value: what makes it is not what its type says.
  void KnowNothing(const Value* value) {
    known_[value] = std::nullopt;
    floats_[value] = nullptr;
  }
  // Before the operation that makes the value is erased.
  void Forget(const Value* value) {
    known_.erase(value);
    floats_.erase(value);
  }

 private:
  std::optional<std::vector<Dim>> Compute(const Value* value);
  TensorPtr Folded(const Value* value);
  std::map<const Value*, std::optional<std::vector<Dim>>> known_;
  LeastSizes least_;
  LeastSizes compared_;
  std::map<const Value*, TensorPtr> floats_;  // what ConstantOf found
  int64_t left_;  // elements that may still be remembered; a polynomial counts as its parts
  int depth_ = 0;
};

// What makes a value unknown when compiled, and what to do: "depends on the input 'sr'; give its value with
// --const sr=VALUE", "depends on the size T; bind it with --dim T=N".
std::string WhyUnknown(const Value& value, KnownInts& ints);
// The same with the value in front: "%sr depends on the input ..". Values that the model does not name are
// those that an operator of it was brought to.
std::string UnknownValue(const Value& value, KnownInts& ints);

// Facts that hold whatever the symbols stand for. A false answer means "not proved".
bool IsNeverNegative(const Dim& dim, const LeastSizes& least = {});
bool IsAtMost(const Dim& a, const Dim& b, const LeastSizes& least = {});  // a <= b
// None when it depends on the symbols.
std::optional<bool> AreEqual(const Dim& a, const Dim& b, const LeastSizes& least = {});
std::optional<bool> IsLess(const Dim& a, const Dim& b, const LeastSizes& least = {});
std::optional<Dim> FloorDivide(const Dim& a, int64_t divisor);  // exact in every symbolic term; divisor > 0

// What the operands of `slice` come to on one axis: y[i] = x[start + i * step] for i < count.
struct SliceRange {
  Dim start;
  int64_t step = 1;
  Dim count;
};
// `start` and `end` as ONNX gives them (negative counts from the end, out of range is clamped) for an
// axis of `size`. None when the clamping depends on the symbols; step must not be 0.
std::optional<SliceRange> ResolveSlice(const Dim& size, const Dim& start, const Dim& end, int64_t step,
                                       const LeastSizes& least = {});

}  // namespace rnnc::ir
