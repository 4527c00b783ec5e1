// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/support/diagnostic.h"

#include <algorithm>

namespace rnnc {
namespace {

// Names come from files: control characters in them must not break the line, nor reach a terminal.
std::string Printable(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 32 && byte != 127) {
      safe += c;
    } else {
      safe += fmt::format("\\x{:02x}", byte);
    }
  }
  return safe;
}

void RenderInto(const Diagnostic& diagnostic, std::string_view indent, std::string& out) {
  if (!out.empty()) out += '\n';
  out += indent;
  if (std::string where = Render(diagnostic.location); !where.empty()) out += Printable(where) + ": ";
  if (diagnostic.severity != Severity::kError) {
    out += SeverityName(diagnostic.severity);
    out += ": ";
  }
  out += Printable(diagnostic.message);
  const std::string deeper = std::string(indent) + "  ";
  for (const Diagnostic& note : diagnostic.notes) RenderInto(note, deeper, out);
}

}  // namespace

Location Unite(const Location& a, const Location& b) {
  Location united = a;
  if (united.file.empty()) united.file = b.file;
  for (const std::string& node : b.nodes) {
    if (std::find(united.nodes.begin(), united.nodes.end(), node) == united.nodes.end()) {
      united.nodes.push_back(node);
    }
  }
  return united;
}

std::string Render(const Location& location) {
  std::string out = location.file;
  for (size_t i = 0; i < location.nodes.size(); ++i) {
    if (i > 0) {
      out += ", ";
    } else if (!out.empty()) {
      out += ": ";
    }
    out += location.nodes[i];
  }
  return out;
}

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

std::string Render(const Diagnostic& diagnostic) {
  std::string out;
  RenderInto(diagnostic, "", out);
  return out;
}

std::string Render(const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) RenderInto(diagnostic, "", out);
  return out;
}

}  // namespace rnnc
