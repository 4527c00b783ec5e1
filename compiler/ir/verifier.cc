// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/verifier.h"

namespace rnnc::ir {

std::vector<Violation> FindViolations(const Module&) { return {}; }
Result<> Verify(const Module&) { return {}; }

}  // namespace rnnc::ir
