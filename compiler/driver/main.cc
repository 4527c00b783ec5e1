// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/driver/commands.h"

int main(int argc, char** argv) { return rnnc::driver::Main(argc, argv); }
