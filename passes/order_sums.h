// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "passes/pass.h"

namespace rnnc::passes {

// Fixes the order of additions of every sum, by its shape and the target row alone, so that it is the same
// in `step`, `run` and every unrolled form. The longest index runs innermost; a sum with too few outputs to
// fill a vector is split into as many chains as a vector has lanes.
//
//   contract (t<T, n<1) { a = sum(k<64) mul(%x[t,k], @W[n,k]) .. }
//   contract (t<T, n<1) { a = sum chains=8 (k<64) mul(%x[t,k], @W[n,k]) .. }
Result<> OrderSums(ir::Module& module, const PassOptions& options);

}  // namespace rnnc::passes
