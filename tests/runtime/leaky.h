/* SPDX-FileCopyrightText: The rnnc authors */
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* leaky: a hand-made stand-in for a generated model. y = s' = 0.5 * s + x, for two channels; no object of
 * rnnc is needed to test the runtime with it. */
#ifndef LEAKY_H
#define LEAKY_H

#include "runtime/rnnc.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LEAKY_BYTES 128

typedef struct leaky {
  RNNC_ALIGN(64) unsigned char bytes[LEAKY_BYTES];
} leaky;

void leaky_reset(leaky* self);
rnnc_status leaky_step(leaky* self, const float x[2], float y[2]);
rnnc_status leaky_run(leaky* self, size_t T, const float* x, float* y);
extern const rnnc_model leaky_model;

#ifdef __cplusplus
}
#endif

#endif
