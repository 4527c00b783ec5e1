/* SPDX-FileCopyrightText: The rnnc authors */
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* A program around compiled models that knows none in particular: it does what its standard input asks for
 * and answers on its standard output, until the input ends. It is linked with the objects and with tables of
 * what is in them. The memory of a call ends where no page is, that of the next one begins there. */
#define _DEFAULT_SOURCE
#include <stdlib.h>

#include "rnnc.h"
#include "tests/support/native/guest_protocol.h"
#include "tests/support/native/scratch_call.h"

typedef void guest_function(const void* a, const void* b, void* y, size_t count);
extern const rnnc_model* const guest_models[];
extern guest_function* const guest_functions[];

static void get(void* data, size_t bytes) {
  unsigned char* at = (unsigned char*)data;
  while (bytes > 0) {
    const ssize_t got = read(STDIN_FILENO, at, bytes);
    if (got <= 0) exit(got < 0);
    at += got;
    bytes -= (size_t)got;
  }
}

static void put(const void* data, size_t bytes) {
  const unsigned char* at = (const unsigned char*)data;
  while (bytes > 0) {
    const ssize_t written = write(STDOUT_FILENO, at, bytes);
    if (written <= 0) exit(2);
    at += written;
    bytes -= (size_t)written;
  }
}

/* The one place that calls what was compiled. */
static uint64_t perform(const guest_request* request, void* instance, const void* const* inputs,
                        void* const* outputs, int at_end, uint64_t* damaged) {
  size_t sizes[RNNC_MAX_SIZES];
  for (int i = 0; i < RNNC_MAX_SIZES; ++i) sizes[i] = (size_t)request->sizes[i];
  const rnnc_model* model = request->op == GUEST_FUNCTION ? NULL : guest_models[request->which];
  switch (request->op) {
    case GUEST_RESET:
      model->reset(instance);
      return RNNC_OK;
    case GUEST_STEP:
      return (uint64_t)model->step(instance, inputs, outputs);
    case GUEST_RUN:
      return (uint64_t)run_with_scratch(model, instance, sizes, inputs, outputs, at_end, damaged);
    default:
      guest_functions[request->which](inputs[0], inputs[1], outputs[0], request->count);
      return RNNC_OK;
  }
}

static edge_memory buffer(uint64_t bytes, int at_end) {
  const edge_memory memory = edge_new(bytes, at_end);
  if (memory.data == NULL) exit(3);
  get(memory.data, bytes);
  return memory;
}

static void call(const guest_request* request) {
  static unsigned calls = 0; /* resets aside */
  const int at_end = calls % 2 == 0;
  calls += request->op != GUEST_RESET;
  uint64_t sizes[kGuestBuffers];
  edge_memory buffers[kGuestBuffers];
  const void* inputs[kGuestBuffers];
  void* outputs[kGuestBuffers];
  guest_reply reply = {0, 0};
  const uint64_t count = request->inputs + request->outputs;
  if (count > kGuestBuffers) exit(4);
  get(sizes, count * sizeof sizes[0]);
  edge_memory instance = buffer(request->instance_bytes, at_end);
  for (uint64_t i = 0; i < count; ++i) {
    buffers[i] = buffer(sizes[i], at_end);
    if (i < request->inputs) {
      inputs[i] = buffers[i].data;
      if (edge_protect(&buffers[i]) != 0) exit(3);
    } else {
      outputs[i - request->inputs] = buffers[i].data;
    }
  }
  reply.status = perform(request, instance.data, inputs, outputs, at_end, &reply.damaged);
  reply.damaged += !edge_intact(&instance);
  for (uint64_t i = 0; i < count; ++i) reply.damaged += !edge_intact(&buffers[i]);
  put(&reply, sizeof reply);
  put(instance.data, instance.bytes);
  edge_free(&instance);
  for (uint64_t i = 0; i < count; ++i) {
    if (i >= request->inputs) put(buffers[i].data, buffers[i].bytes);
    edge_free(&buffers[i]);
  }
}

int main(void) {
  for (;;) {
    guest_request request;
    guest_reply reply = {0, 0};
    get(&request, sizeof request);
    const char* address = (const char*)(uintptr_t)request.which;
    switch (request.op) {
      case GUEST_MODEL:
        reply.status = (uint64_t)(uintptr_t)guest_models[request.which];
        put(&reply, sizeof reply);
        break;
      case GUEST_READ:
        put(&reply, sizeof reply);
        put(address, request.count);
        break;
      case GUEST_TEXT:
        reply.status = strlen(address);
        put(&reply, sizeof reply);
        put(address, reply.status);
        break;
      default:
        call(&request);
    }
  }
}
