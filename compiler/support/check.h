// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace rnnc {

/// While it lives, a failed check in this thread also prints what `describe` returns: the runner of the
/// passes says here which pass runs and prints the module. Scopes nest; the innermost is printed first.
class CheckContext {
 public:
  explicit CheckContext(std::function<std::string()> describe);
  ~CheckContext();
  CheckContext(const CheckContext&) = delete;
  CheckContext& operator=(const CheckContext&) = delete;

 private:
  friend void PrintCheckContexts();
  std::function<std::string()> describe_;
  CheckContext* outer_;
};

namespace internal {

/// Prints the failed condition, the message and the contexts to stderr, and aborts.
[[noreturn]] void CheckFailed(std::string_view file, int line, std::string_view condition,
                              std::string_view message);

inline std::string CheckMessage() { return {}; }
template <typename... Args>
std::string CheckMessage(fmt::format_string<Args...> format, Args&&... args) {
  return fmt::format(format, std::forward<Args>(args)...);
}

}  // namespace internal
}  // namespace rnnc

/// A condition that holds unless the compiler itself is wrong (in every build type). A mistake of the user's
/// is a `Diagnostic`, never a check. The message is a fmt format with its arguments.
#define RNNC_CHECK(condition, ...)                                                \
  do {                                                                            \
    if (!(condition)) [[unlikely]] {                                              \
      ::rnnc::internal::CheckFailed(__FILE__, __LINE__, #condition,               \
                                    ::rnnc::internal::CheckMessage(__VA_ARGS__)); \
    }                                                                             \
  } while (false)

/// A place that is never reached.
#define RNNC_UNREACHABLE(...)                                      \
  ::rnnc::internal::CheckFailed(__FILE__, __LINE__, "unreachable", \
                                ::rnnc::internal::CheckMessage(__VA_ARGS__))
