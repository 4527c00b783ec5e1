// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rnnc {

/// Where something comes from: a file and the names of its nodes. An operator of the model carries one name;
/// an operator that replaces several carries all of theirs, in the order in which they were met.
struct Location {
  std::string file;
  std::vector<std::string> nodes;

  bool operator==(const Location&) const = default;
};

/// The nodes of both, each once, those of `a` first. The file is that of `a` unless `a` has none.
Location Unite(const Location& a, const Location& b);

/// "file: node1, node2", with the empty parts left out. Empty for a location that knows nothing.
std::string Render(const Location& location);

enum class Severity { kNote, kWarning, kError };

/// "note", "warning" or "error".
std::string_view SeverityName(Severity severity);

/// Something the user has to know. The message is one lower-case fragment without a full stop, of the form
/// `attribute: reason; what to do`; file and node come from the location. Notes name second places.
struct Diagnostic {
  Severity severity = Severity::kError;
  Location location;
  std::string message;
  std::vector<Diagnostic> notes;
};

/// `file: node: message`, one line each for the diagnostic and (indented) its notes, without a final newline.
/// Warnings and notes say so (`file: node: warning: message`); an error needs no word.
std::string Render(const Diagnostic& diagnostic);

/// All of them, one below the other.
std::string Render(const std::vector<Diagnostic>& diagnostics);

template <typename... Args>
Diagnostic Error(const Location& location, fmt::format_string<Args...> format, Args&&... args) {
  return {Severity::kError, location, fmt::format(format, std::forward<Args>(args)...), {}};
}

template <typename... Args>
Diagnostic Warning(const Location& location, fmt::format_string<Args...> format, Args&&... args) {
  return {Severity::kWarning, location, fmt::format(format, std::forward<Args>(args)...), {}};
}

template <typename... Args>
Diagnostic Note(const Location& location, fmt::format_string<Args...> format, Args&&... args) {
  return {Severity::kNote, location, fmt::format(format, std::forward<Args>(args)...), {}};
}

}  // namespace rnnc
