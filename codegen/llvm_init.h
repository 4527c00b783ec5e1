// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

namespace rnnc::codegen {

/// Registers LLVM's targets once per process; cheap to call again.
void InitializeLlvmTargets();

}  // namespace rnnc::codegen
