// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "compiler/driver/commands.h"
#include "compiler/driver/phases.h"
#include "compiler/driver/progress.h"
#include "compiler/driver/verify.h"

namespace rnnc::driver {
namespace {

void PrintJson(const VerifyOptions& options, const VerifyReport& report) {
  nlohmann::ordered_json root;
  root["model"] = options.model.model;
  root["passed"] = report.Passed();
  root["compared"] = report.Compared();
  root["compilations"] = report.compilations;
  root["bound"] = report.bound_source;
  root["outputs"] = nlohmann::ordered_json::array();
  for (const OutputComparison& row : report.outputs) {
    root["outputs"].push_back({{"data_set", row.data_set},
                               {"output", row.output},
                               {"state", row.state},
                               {"continues", report.continued.count(row.data_set) != 0},
                               {"shape", row.shape},
                               {"compared", row.compared},
                               {"why", row.why},
                               {"below", row.below},
                               {"largest_absolute", row.largest_absolute},
                               {"largest_relative", row.largest_relative},
                               {"atol", row.atol},
                               {"rtol", row.rtol},
                               {"within", row.within}});
  }
  fmt::print("{}\n", root.dump(2));
}

void PrintText(const VerifyOptions& options, const VerifyReport& report) {
  std::string last;
  for (const OutputComparison& row : report.outputs) {
    if (row.data_set != last) {
      fmt::print("{}{}\n", row.data_set,
                 report.continued.count(row.data_set) != 0 ? ", with the state left by the one before" : "");
    }
    last = row.data_set;
    const std::string name = row.state ? "state " + row.output : row.output;
    if (!row.compared) {
      fmt::print("  {:<16} {:<20} not compared: {}\n", name, row.shape, row.why);
      continue;
    }
    fmt::print("  {:<16} {:<20} abs {:8.2e}  rel {:8.2e}  bound {:.1e} + {:.0e} x |expected|  {}\n", name,
               row.shape, row.largest_absolute, row.largest_relative, row.atol, row.rtol,
               !row.within                 ? "OUT OF BOUND"
               : row.below <= row.elements ? "ok"
                                           : fmt::format("ok; {} of {} elements are less than the bound",
                                                         row.below, row.below + row.elements));
  }
  fmt::print("{}: {} outputs, {} compilation{}, bound from {}: {}\n", options.model.model,
             report.outputs.size(), report.compilations, report.compilations == 1 ? "" : "s",
             report.bound_source,
             report.Passed()          ? "verified"
             : !report.WithinBounds() ? "FAILED"
             : report.Compared() > 0  ? "NOT ALL WAS COMPARED"
                                      : "NOTHING WAS COMPARED");
}

}  // namespace

Result<bool> VerifyCommand(const VerifyOptions& options) {
  if (!options.interpret) RNNC_TRY(CheckRunsHere(options.model));
  Progress progress(options.quiet);
  VerifyOptions watched = options;
  watched.model.progress = progress.Listener();
  RNNC_ASSIGN(const VerifyReport report, Verify(watched));
  progress.Clear();
  if (options.json) {
    PrintJson(options, report);
  } else {
    PrintText(options, report);
  }
  return report.Passed();
}

}  // namespace rnnc::driver
