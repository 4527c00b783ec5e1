// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/trip_count.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

// Steps:
//   1. The condition is taken apart into terms. A term that is a comparison of integers is its margin: it
//   holds
//      where the margin is at least 1.
//   2. A margin that falls by one a step, m - t, lets step t + 1 follow step t while m - t >= 1: m + 1 steps,
//      or one where m is negative. So m + 1 is a bound, and so is M.
//   3. The number of steps is the bound that is at most every other one, provided that the first condition
//      agrees: it must hold where that bound is 1 or more, and nothing may be computed where it is 0.
namespace rnnc::import {
namespace {

using ir::Dim;
using ir::KnownInts;
using ir::OpKind;
using ir::Value;

// A loop without a limit is written with the largest integer.
constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max() / 2;

// Through what leaves the one element as it is; integers as floats too, which are exact up to 2^24.
const Value* Source(const Value* value) {
  while (value->kind == ir::ValueKind::kResult) {
    const ir::Operation& operation = *value->definition;
    switch (operation.Kind()) {
      case OpKind::kIdentity:
      case OpKind::kSqueeze:
      case OpKind::kUnsqueeze:
      case OpKind::kReshape:
        break;
      case OpKind::kCast: {
        const auto to = value->type.element;
        const bool wide = to == ir::ElementType::kF32 || to == ir::ElementType::kF64 ||
                          to == ir::ElementType::kI32 || to == ir::ElementType::kI64;
        const bool is_bool = operation.Operand(size_t{0})->type.element == to;
        if (!(wide || is_bool) || ir::IsFloat(operation.Operand(size_t{0})->type.element)) return value;
        break;
      }
      default:
        return value;
    }
    value = operation.Operand(size_t{0});
  }
  return value;
}

std::optional<Dim> IntegerOf(const Value* value, KnownInts& ints) {
  const Value* source = Source(value);
  if (const auto known = ints.Of(source); known && known->size() == 1) return known->front();
  if (source->kind != ir::ValueKind::kConst || source->tensor->ElementCount() != 1) return std::nullopt;
  const double number = source->tensor->NumberAt(0);
  if (number != std::floor(number) || std::fabs(number) > 1 << 24) return std::nullopt;
  return Dim(static_cast<int64_t>(number));
}

void Terms(const Value* condition, std::vector<const Value*>& terms) {
  const Value* source = Source(condition);
  if (source->kind == ir::ValueKind::kResult && source->definition->Kind() == OpKind::kAnd) {
    for (const Value* part : source->definition->Operands()) Terms(part, terms);
  } else {
    terms.push_back(source);
  }
}

// By how much the term holds: true where it is at least 1.
std::optional<Dim> Margin(const Value* term, KnownInts& ints) {
  if (const auto known = ints.IntegersOf(term); known && known->size() == 1) return Dim(known->front());
  if (term->kind != ir::ValueKind::kResult || term->definition->Operands().size() != 2) return std::nullopt;
  const auto side = [&](size_t i) { return IntegerOf(term->definition->Operand(i), ints); };
  const std::optional<Dim> a = side(0);
  const std::optional<Dim> b = side(1);
  if (!a || !b) return std::nullopt;
  switch (term->definition->Kind()) {
    case OpKind::kLess:
      return *b - *a;
    case OpKind::kLessOrEqual:
      return *b - *a + 1;
    case OpKind::kGreater:
      return *a - *b;
    case OpKind::kGreaterOrEqual:
      return *a - *b + 1;
    default:
      return std::nullopt;
  }
}

class Counter {
 public:
  Counter(const LoopCondition& condition, KnownInts& ints, std::string step, Location location)
      : condition_(condition), ints_(ints), step_(std::move(step)), location_(std::move(location)) {}

  Result<Dim> Run() {
    if (condition_.most != nullptr) RNNC_TRY(AddLimit());
    RNNC_TRY(AddBounds());
    RNNC_TRY(ReadFirst());
    if (never_) return Dim(0);
    if (bounds_.empty()) {
      return Refuse("neither M nor the condition ends the loop; give it a trip count");
    }
    for (const Dim& steps : bounds_) {
      const bool least = std::all_of(bounds_.begin(), bounds_.end(),
                                     [&](const Dim& other) { return IsAtMost(steps, other); });
      if (least && ir::IsNeverNegative(steps, ints_.Least()) && AgreesAtFirst(steps)) return steps;
    }
    return Refuse("how many steps the loop makes depends on the sizes{}; bind them with --dim", BoundsText());
  }

 private:
  template <typename... Args>
  Diagnostic Refuse(fmt::format_string<Args...> format, Args&&... args) const {
    return Error(location_, format, std::forward<Args>(args)...);
  }
  bool IsAtMost(const Dim& a, const Dim& b) const { return ir::IsAtMost(a, b, ints_.LeastCompared()); }

  Result<> AddLimit() {
    const std::optional<Dim> limit = IntegerOf(condition_.most, ints_);
    if (!limit) return Refuse("M: '{}' {}", condition_.most->name, ir::WhyUnknown(*condition_.most, ints_));
    if (limit->IsConstant() && limit->Value() >= kNoLimit) return Ok();
    limit_ = limit->IsConstant() ? Dim(std::max<int64_t>(limit->Value(), 0)) : *limit;
    bounds_.push_back(*limit_);
    return Ok();
  }

  // Steps 1 and 2.
  Result<> AddBounds() {
    std::vector<const Value*> terms;
    Terms(condition_.next, terms);
    for (const Value* term : terms) {
      const std::optional<Dim> margin = Margin(term, ints_);
      if (!margin) {
        return Refuse(
            "cond: '{}' depends on what the loop computes; only trip counts that follow from sizes, and "
            "counters "
            "against such, are computed",
            condition_.next->name);
      }
      if (IsAtMost(1, *margin)) continue;  // at every step
      const Dim at_first = margin->Substitute({{step_, Dim(0)}});
      const Dim fall = at_first - *margin;
      if (fall == Dim::Symbol(step_)) {
        bounds_.push_back(at_first + 1);
      } else if (IsAtMost(at_first, 0)) {
        bounds_.emplace_back(1);  // it does not hold after the first step
      } else {
        return Refuse(
            "cond: '{}' ends the loop where {} is no longer positive (step {}); only counters that go "
            "by one are computed",
            condition_.next->name, margin->ToText(), step_);
      }
    }
    return Ok();
  }

  Result<> ReadFirst() {
    if (condition_.first == nullptr) return Ok();
    std::vector<const Value*> terms;
    Terms(condition_.first, terms);
    for (const Value* term : terms) {
      const std::optional<Dim> margin = Margin(term, ints_);
      if (!margin) {
        return Refuse("cond: '{}' {}", condition_.first->name, ir::WhyUnknown(*condition_.first, ints_));
      }
      never_ = never_ || IsAtMost(*margin, 0);
      if (!IsAtMost(1, *margin)) first_.push_back(*margin);
    }
    return Ok();
  }

  // Step 3.
  bool AgreesAtFirst(const Dim& steps) const {
    const bool holds_with_steps =
        std::all_of(first_.begin(), first_.end(), [&](const Dim& margin) { return IsAtMost(steps, margin); });
    if (!holds_with_steps) return false;
    if (ir::IsAtMost(1, steps, ints_.Least())) return true;
    if (limit_ && *limit_ == steps) return true;  // no step where M is 0
    return std::any_of(first_.begin(), first_.end(),
                       [&](const Dim& margin) { return IsAtMost(margin, steps); });
  }

  std::string BoundsText() const {
    std::string text;
    for (const Dim& bound : bounds_) text += (text.empty() ? ": " : ", ") + bound.ToText();
    return text;
  }

  const LoopCondition& condition_;
  KnownInts& ints_;
  std::string step_;
  Location location_;
  std::vector<Dim> bounds_;
  std::vector<Dim> first_;  // margins that may be less than 1
  std::optional<Dim> limit_;
  bool never_ = false;
};

}  // namespace

Result<Dim> TripCount(const LoopCondition& condition, KnownInts& ints, const std::string& step,
                      const Location& location) {
  return Counter(condition, ints, step, location).Run();
}

}  // namespace rnnc::import
