// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "compiler/support/diagnostic.h"

namespace rnnc::passes {

// What passes may know of the machine: plain numbers, filled from the code generator's target table.
struct TargetTraits {
  int vector_bytes = 32;
  int vector_registers = 16;
  bool has_fma = true;
  int64_t l1_bytes = 32 * 1024;
  int64_t l2_bytes = 512 * 1024;

  // Elements of a vector register; at least 1.
  int64_t Lanes(int64_t element_bytes) const {
    return element_bytes < vector_bytes ? vector_bytes / element_bytes : 1;
  }
};

struct PassOptions {
  TargetTraits target;
  // Scans of a fixed length are unrolled when the step's estimated code times the steps stays below.
  int64_t unroll_bytes = 4096;
  // --unroll=N: scans of at most N steps, whatever their size; 0 or 1: only scans of one step; -1: the
  // budget.
  int unroll_steps = -1;
  // Steps of one block of a run over a symbolic number of steps; 0: by the size of what a step needs.
  int block_steps = 0;
  // Takes what is worth saying of the model and no error: why it is not computed frame by frame. May be
  // empty.
  std::function<void(const Diagnostic&)> note;
  // Names of optional passes that are left out.
  std::set<std::string> disabled;
};

}  // namespace rnnc::passes
