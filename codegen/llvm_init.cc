// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/llvm_init.h"

#include <llvm/Support/CommandLine.h>
#include <llvm/Support/TargetSelect.h>

namespace rnnc::codegen {

void InitializeLlvmTargets() {
  static const bool done = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64AsmParser();
    // LLVM has no other way to say it: loads must not move around the back edge of a loop over time. They
    // would come back as scalars to be broadcast by a shuffle, where a load that broadcasts is free.
    const char* const arguments[] = {"rnnc", "-enable-load-pre=false"};
    llvm::cl::ParseCommandLineOptions(2, arguments);
    return true;
  }();
  (void)done;
}

}  // namespace rnnc::codegen
