// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/driver/notes.h"

#include <fmt/format.h>

namespace rnnc::driver {

std::vector<std::string> BoundLines(const import::ImportNotes& notes) {
  std::vector<std::string> lines;
  for (const import::DimNote& dim : notes.dims) {
    const std::string name =
        dim.name.empty() ? fmt::format("unnamed dim of {}", fmt::join(dim.inputs, ", ")) : dim.name;
    if (dim.bound) {
      lines.push_back(fmt::format("{} = {} ({})", name, *dim.bound, dim.reason));
    } else {
      const bool frames = dim.symbol == TimeSymbol(notes);
      lines.push_back(
          fmt::format("{} stays open{} ({})", name, frames ? ": the frames of run" : "", dim.reason));
    }
  }
  for (const std::string& input : notes.constants) lines.push_back(fmt::format("{} is a constant", input));
  return lines;
}

std::string TimeSymbol(const import::ImportNotes& notes) {
  for (const bool time : {true, false}) {
    for (const import::DimNote& dim : notes.dims) {
      if (!dim.bound && dim.is_time == time) return dim.symbol;
    }
  }
  return "";
}

std::string NodesText(const import::ImportNotes& notes) {
  constexpr std::string_view kRecurrent[] = {"LSTM", "GRU", "RNN", "Scan", "Loop"};
  int nodes = 0;
  int recurrent = 0;
  std::string kinds;
  for (const auto& [name, times] : notes.operators) nodes += times;
  for (const std::string_view name : kRecurrent) {
    const auto found = notes.operators.find(std::string(name));
    if (found == notes.operators.end()) continue;
    recurrent += found->second;
    kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", found->second, name);
  }
  if (recurrent == 0) return fmt::format("{} nodes, none recurrent", nodes);
  return fmt::format("{} nodes, {} recurrent ({})", nodes, recurrent, kinds);
}

}  // namespace rnnc::driver
