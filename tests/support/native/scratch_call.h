/* SPDX-FileCopyrightText: The rnnc authors */
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef RNNC_TESTS_SCRATCH_CALL_H
#define RNNC_TESTS_SCRATCH_CALL_H

/* C11 and C++17: part of the tests and of the programs that they have emulated. */

#include "runtime/rnnc.h"
#include "tests/support/native/edge_memory.h"

/* NOLINTBEGIN(readability-identifier-naming, modernize-use-nullptr): C */

/* rnnc_model::run with scratch memory of exactly the bytes that the model asks for, full of NaN, at the edge
 * of a page but for alignment. `damaged` counts up when it was written beside. */
static inline rnnc_status run_with_scratch(const rnnc_model* model, void* instance, const size_t* sizes,
                                           const void* const* inputs, void* const* outputs, int at_end,
                                           uint64_t* damaged) {
  const size_t bytes = model->scratch_bytes == NULL ? 0 : (size_t)model->scratch_bytes(sizes);
  const size_t aligned = (bytes + RNNC_INSTANCE_ALIGN - 1) / RNNC_INSTANCE_ALIGN * RNNC_INSTANCE_ALIGN;
  edge_memory memory = edge_new(aligned, at_end);
  rnnc_status status;
  if (memory.data == NULL) {
    *damaged += 1;
    return RNNC_NOT_AVAILABLE;
  }
  memset(memory.data, 0xFF, bytes);
  status = model->run(instance, sizes, inputs, outputs, memory.data);
  memory.bytes = bytes;
  *damaged += !edge_intact(&memory);
  edge_free(&memory);
  return status;
}

/* NOLINTEND(readability-identifier-naming, modernize-use-nullptr) */

#endif
