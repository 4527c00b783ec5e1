// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <chrono>
#include <cstdio>
#include <functional>
#include <string_view>

namespace rnnc::driver {

/// One line on a terminal that says what is being done, overwritten by the next and gone at the end. It comes
/// only once `delay` has passed, so that short work shows nothing; on a stream that is no terminal it never
/// comes. There is no thread: the line changes when somebody says something.
class Progress {
 public:
  explicit Progress(bool quiet, std::FILE* stream = stderr,
                    std::chrono::milliseconds delay = std::chrono::seconds(2));
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Say(std::string_view text);
  /// `Say` for options that take a function; empty where nothing is ever shown.
  std::function<void(std::string_view)> Listener();
  /// Takes the line away; before anything else is written to the terminal.
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;
  std::FILE* stream_;  // null: silent
  Clock::time_point next_;
  bool shown_ = false;
};

}  // namespace rnnc::driver
