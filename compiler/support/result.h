// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "compiler/support/check.h"
#include "compiler/support/diagnostic.h"

namespace rnnc {

/// A value, or the reasons (one or more diagnostics) why there is none. Converts from either, so a function
/// ends with `return value;` or `return Error(location, "...");`. Reading the value of a failure is a
/// compiler bug and aborts with the diagnostics.
template <typename T = void>
class [[nodiscard]] Result {
 public:
  using ValueType = T;

  Result(T value) : value_(std::move(value)) {}
  /// From what a T is made of implicitly (a string literal, a unique_ptr of a derived class).
  template <typename U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>, Diagnostic> &&
             !std::is_same_v<std::remove_cvref_t<U>, std::vector<Diagnostic>>)
  Result(U&& value) : value_(std::forward<U>(value)) {}
  Result(Diagnostic diagnostic) { diagnostics_.push_back(std::move(diagnostic)); }
  /// `diagnostics` must not be empty.
  Result(std::vector<Diagnostic> diagnostics) : diagnostics_(std::move(diagnostics)) {
    RNNC_CHECK(!diagnostics_.empty(), "a failure without a diagnostic");
  }

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }

  T& value() & { return Checked(), *value_; }
  const T& value() const& { return Checked(), *value_; }
  T&& value() && { return Checked(), *std::move(value_); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// Empty exactly when `ok()`.
  const std::vector<Diagnostic>& diagnostics() const& { return diagnostics_; }
  std::vector<Diagnostic>&& diagnostics() && { return std::move(diagnostics_); }

 private:
  void Checked() const { RNNC_CHECK(ok(), "no value: {}", Render(diagnostics_)); }

  std::optional<T> value_;
  std::vector<Diagnostic> diagnostics_;
};

/// Success, or the reasons for the failure.
template <>
class [[nodiscard]] Result<void> {
 public:
  using ValueType = void;

  Result() = default;
  Result(Diagnostic diagnostic) { diagnostics_.push_back(std::move(diagnostic)); }
  /// `diagnostics` must not be empty.
  Result(std::vector<Diagnostic> diagnostics) : diagnostics_(std::move(diagnostics)) {
    RNNC_CHECK(!diagnostics_.empty(), "a failure without a diagnostic");
  }

  bool ok() const { return diagnostics_.empty(); }
  explicit operator bool() const { return ok(); }
  /// Aborts unless `ok()`.
  void value() const { RNNC_CHECK(ok(), "failed: {}", Render(diagnostics_)); }

  const std::vector<Diagnostic>& diagnostics() const& { return diagnostics_; }
  std::vector<Diagnostic>&& diagnostics() && { return std::move(diagnostics_); }

 private:
  std::vector<Diagnostic> diagnostics_;
};

inline Result<> Ok() { return {}; }

}  // namespace rnnc

#define RNNC_INTERNAL_JOIN2(a, b) a##b
#define RNNC_INTERNAL_JOIN(a, b) RNNC_INTERNAL_JOIN2(a, b)

/// Leaves the function with the diagnostics when the expression (a `Result` of anything) failed; its value,
/// if it has one, is dropped.
#define RNNC_TRY(...)                                          \
  do {                                                         \
    if (auto rnnc_result = (__VA_ARGS__); !rnnc_result.ok()) { \
      return std::move(rnnc_result).diagnostics();             \
    }                                                          \
  } while (false)

/// `RNNC_ASSIGN(Type name, Call());` declares `name` (or assigns to an existing variable) with the value of
/// the expression, or leaves the function with its diagnostics.
#define RNNC_ASSIGN(declaration, ...) \
  RNNC_INTERNAL_ASSIGN(RNNC_INTERNAL_JOIN(rnnc_result_, __LINE__), declaration, (__VA_ARGS__))
#define RNNC_INTERNAL_ASSIGN(result, declaration, expression) \
  auto result = expression;                                   \
  if (!result.ok()) return std::move(result).diagnostics();   \
  declaration = std::move(result).value()
