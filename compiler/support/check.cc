// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/support/check.h"

#include <cstdio>
#include <cstdlib>

namespace rnnc {
namespace {

// The one variable outside any object: a check has no other way to reach the module it aborts on. It holds
// addresses of scopes on this thread's own stack and never outlives them.
thread_local CheckContext* innermost_context = nullptr;

}  // namespace

CheckContext::CheckContext(std::function<std::string()> describe)
    : describe_(std::move(describe)), outer_(innermost_context) {
  innermost_context = this;
}

CheckContext::~CheckContext() { innermost_context = outer_; }

void PrintCheckContexts() {
  while (innermost_context != nullptr) {
    // Unlinked before it is called: a check that fails while printing must not print itself again.
    CheckContext* context = std::exchange(innermost_context, innermost_context->outer_);
    const std::string text = context->describe_();
    std::fprintf(stderr, "%s\n", text.c_str());
  }
}

namespace internal {

void CheckFailed(std::string_view file, int line, std::string_view condition, std::string_view message) {
  const std::string text = fmt::format("{}:{}: internal error: check failed: {}{}{}\n", file, line, condition,
                                       message.empty() ? "" : ": ", message);
  std::fwrite(text.data(), 1, text.size(), stderr);
  PrintCheckContexts();
  std::fprintf(stderr, "this is a bug in rnnc, not in the model\n");
  std::fflush(stderr);
  std::abort();
}

}  // namespace internal
}  // namespace rnnc
