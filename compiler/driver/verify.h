// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "compiler/driver/options.h"
#include "compiler/support/result.h"

namespace rnnc::driver {

/// One output of one data set.
struct OutputComparison {
  std::string data_set;
  std::string output;
  double largest_absolute =
      0;  // largest |got - expected|; infinity when one is NaN or infinite and not the other
  double largest_relative = 0;
  double atol = 0;
  double rtol = 0;
  bool within = true;
  bool compared = true;
  bool excluded = false;  // by goldens.json
  std::string why;        // it was not compared: excluded, or the bound says nothing of any element
  int64_t below = 0;      // elements that are not counted: rounding makes the bound larger than they are
  bool state = false;     // bound state after the call; `output` is its name, that of the input it was
  int64_t elements = 0;   // that were compared
  std::string shape;
};

struct VerifyReport {
  std::vector<OutputComparison> outputs;
  int compilations = 0;
  std::string bound_source;         // where the bound comes from, for people
  std::set<std::string> continued;  // data sets that went on with the bound state of the one before
  int64_t Compared() const;         // numbers, in all outputs
  bool WithinBounds() const;        // all that was compared
  bool AllCompared() const;         // every output in some data set, but those that goldens.json excludes
  bool Passed() const;              // both, and something was compared
};

/// Compares native code (or the evaluator) with data sets, or with the oracle on random input. Where state is
/// bound, sets each of which begins with the state that the one before gave are run as one stream.
Result<VerifyReport> Verify(const VerifyOptions& options);

}  // namespace rnnc::driver
