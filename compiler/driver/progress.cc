// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/driver/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace rnnc::driver {
namespace {

// Not so often that it costs, nor so seldom that it seems to stand still.
constexpr std::chrono::milliseconds kInterval(100);

// A line that wraps could not be taken away again.
size_t Width(std::FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return 79;
  return size.ws_col - size_t{1};
}

}  // namespace

Progress::Progress(bool quiet, std::FILE* stream, std::chrono::milliseconds delay)
    : stream_(!quiet && isatty(fileno(stream)) != 0 ? stream : nullptr), next_(Clock::now() + delay) {}

void Progress::Say(std::string_view text) {
  if (stream_ == nullptr || Clock::now() < next_) return;
  next_ = Clock::now() + kInterval;
  shown_ = true;
  fmt::print(stream_, "\r{}\033[K", text.substr(0, Width(stream_)));
  std::fflush(stream_);
}

std::function<void(std::string_view)> Progress::Listener() {
  if (stream_ == nullptr) return {};
  return [this](std::string_view text) { Say(text); };
}

void Progress::Clear() {
  if (!shown_) return;
  shown_ = false;
  fmt::print(stream_, "\r\033[K");
  std::fflush(stream_);
}

}  // namespace rnnc::driver
