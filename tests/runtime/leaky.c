/* SPDX-FileCopyrightText: The rnnc authors */
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "tests/runtime/leaky.h"

#include <string.h>

void leaky_reset(leaky* self) { memset(self->bytes, 0, 2 * sizeof(float)); }

rnnc_status leaky_step(leaky* self, const float x[2], float y[2]) {
  if (self == NULL || x == NULL || y == NULL) return RNNC_NULL_ARGUMENT;
  float state[2];
  memcpy(state, self->bytes, sizeof(state));
  for (int i = 0; i < 2; ++i) y[i] = state[i] = 0.5f * state[i] + x[i];
  memcpy(self->bytes, state, sizeof(state));
  return RNNC_OK;
}

rnnc_status leaky_run(leaky* self, size_t T, const float* x, float* y) {
  rnnc_status status = RNNC_OK;
  for (size_t t = 0; t < T && status == RNNC_OK; ++t) status = leaky_step(self, x + 2 * t, y + 2 * t);
  return status;
}

static void generic_reset(void* instance) { leaky_reset(instance); }

static rnnc_status generic_step(void* instance, const void* const* inputs, void* const* outputs) {
  return leaky_step(instance, inputs[0], outputs[0]);
}

static rnnc_status generic_run(void* instance, const size_t* sizes, const void* const* inputs,
                               void* const* outputs, void* scratch) {
  (void)scratch;
  return leaky_run(instance, sizes[0], inputs[0], outputs[0]);
}

static const rnnc_size kSizes[] = {{"T", 0, UINT64_C(1) << 40}};
static const rnnc_term kT[] = {{1, {1}}};
static const rnnc_dim kFrames[] = {{-1, "T", kT, 1}, {2, NULL, NULL, 0}};
static const rnnc_dim kState[] = {{2, NULL, NULL, 0}};
static const rnnc_tensor kInputs[] = {
    {.name = "x", .dtype = RNNC_F32, .rank = 2, .dims = kFrames, .time_axis = 0}};
static const rnnc_tensor kOutputs[] = {
    {.name = "y", .dtype = RNNC_F32, .rank = 2, .dims = kFrames, .time_axis = 0}};
static const rnnc_tensor kStates[] = {
    {.name = "s", .dtype = RNNC_F32, .rank = 1, .dims = kState, .time_axis = -1, .bytes = 8, .offset = 0}};

const rnnc_model leaky_model = {
    .abi_version = RNNC_ABI_VERSION,
    .struct_bytes = sizeof(rnnc_model),
    .name = "leaky",
    .source = "leaky.onnx",
    .compiler = "by hand",
    .target = "any",
    .cpu = "any",
    .fingerprint = 0x1ea4,
    .n_inputs = 1,
    .n_outputs = 1,
    .n_states = 1,
    .n_sizes = 1,
    .inputs = kInputs,
    .outputs = kOutputs,
    .states = kStates,
    .instance_bytes = sizeof(leaky),
    .instance_align = 64,
    .state_bytes = 8,
    .weight_bytes = 4,
    .multiply_adds = 2,
    .sizes = kSizes,
    .reset = generic_reset,
    .step = generic_step,
    .run = generic_run,
};
