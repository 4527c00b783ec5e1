// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiled as C++17, the oldest standard that rnnc.hpp promises to work with; called from the tests.
#include "runtime/rnnc.hpp"
#include "tests/runtime/leaky.h"

static_assert(__cplusplus < 202002L, "this file is here to be compiled as C++17");

/// The second output of two steps on ones: 1.5 when the state is kept and starts at 0.
float StepTwiceInCxx17() {
  rnnc::Stream<leaky, leaky_reset> stream;
  const float x[2] = {1, 1};
  float y[2] = {0, 0};
  leaky_step(stream, x, y);
  leaky_step(stream, x, y);
  return y[1];
}
