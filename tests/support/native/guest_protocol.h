/* SPDX-FileCopyrightText: The rnnc authors */
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef RNNC_TESTS_GUEST_PROTOCOL_H
#define RNNC_TESTS_GUEST_PROTOCOL_H

/* What a test and guest.c say to one another: little-endian 64-bit machines both. */

#include <stdint.h>

/* NOLINTBEGIN(readability-identifier-naming): C names */
typedef enum guest_op {
  GUEST_MODEL,   /* where descriptor number `which` lies; the address is the reply's status */
  GUEST_READ,    /* `count` bytes at address `which` */
  GUEST_TEXT,    /* the text at address `which`; its length is the reply's status */
  GUEST_RESET,   /* of model `which` */
  GUEST_STEP,    /* of model `which` */
  GUEST_RUN,     /* of model `which`, with `sizes` */
  GUEST_FUNCTION /* function `which` of (a, b, y, `count`): two inputs, one output */
} guest_op;

/* Then `inputs` + `outputs` sizes in bytes (uint64_t), the instance, the inputs, the outputs. */
typedef struct guest_request {
  uint64_t op;
  uint64_t which;
  uint64_t count;
  uint64_t sizes[8]; /* RNNC_MAX_SIZES */
  uint64_t instance_bytes;
  uint64_t inputs;
  uint64_t outputs;
} guest_request;

/* Then, of a call, the instance and the outputs; of a read the bytes. */
typedef struct guest_reply {
  uint64_t status;
  uint64_t damaged; /* how many buffers were written beside */
} guest_reply;

/* NOLINTEND(readability-identifier-naming) */

enum { kGuestBuffers = 64 }; /* at most, of one call */

#endif
