// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// libFuzzer's entry: RNNC_FUZZ_TARGET is FuzzOnnx or FuzzIr.
#ifdef RNNC_FUZZ_TARGET
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz_targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rnnc::fuzz::RNNC_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
#endif
