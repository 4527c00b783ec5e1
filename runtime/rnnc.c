/* SPDX-FileCopyrightText: The rnnc authors */
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "rnnc.h"

#include <string.h>

/* A saved state: this header, then `state_bytes` bytes as they lie in the instance. */
typedef struct saved_header {
  char magic[8];
  uint64_t fingerprint;
  uint64_t state_bytes;
} saved_header;

static const char kMagic[8] = {'r', 'n', 'n', 'c', 's', 't', '0', '1'};

const char* rnnc_status_text(rnnc_status status) {
  switch (status) {
    case RNNC_OK:
      return "no error";
    case RNNC_BAD_INDEX:
      return "an index in an input lies outside its table";
    case RNNC_BAD_LENGTH:
      return "a sequence length in an input lies outside 0..T";
    case RNNC_LENGTH_ABOVE_BOUND:
      return "a length above the largest that the model takes";
    case RNNC_EMPTY_SEQUENCE:
      return "the model reads a step that the sequence does not have";
    case RNNC_NULL_ARGUMENT:
      return "a pointer that is needed is null";
    case RNNC_BAD_COMPUTED_INDEX:
      return "an index computed by the model lies outside its table; reset the instance";
    case RNNC_NOT_AVAILABLE:
      return "the model has no such function";
    case RNNC_ABI_MISMATCH:
      return "the model was compiled for another version of rnnc.h";
    case RNNC_BAD_SIZE:
      return "not a saved state of this model";
    case RNNC_LENGTH_BELOW_BOUND:
      return "a length below the least that the model was compiled for";
  }
  return "unknown status";
}

typedef struct dtype_row {
  const char* name;
  size_t bytes;
} dtype_row;

/* The row of a dtype; an empty one for what is none. */
static dtype_row find_dtype(int32_t dtype) {
  static const dtype_row kRows[] = {
      [RNNC_F32] = {"f32", 4},   [RNNC_F64] = {"f64", 8}, [RNNC_F16] = {"f16", 2}, [RNNC_BF16] = {"bf16", 2},
      [RNNC_I8] = {"i8", 1},     [RNNC_I16] = {"i16", 2}, [RNNC_I32] = {"i32", 4}, [RNNC_I64] = {"i64", 8},
      [RNNC_U8] = {"u8", 1},     [RNNC_U16] = {"u16", 2}, [RNNC_U32] = {"u32", 4}, [RNNC_U64] = {"u64", 8},
      [RNNC_BOOL] = {"bool", 1},
  };
  static const dtype_row kNone = {"?", 0};
  if (dtype <= 0 || (size_t)dtype >= sizeof(kRows) / sizeof(kRows[0])) return kNone;
  return kRows[dtype];
}

const char* rnnc_dtype_name(int32_t dtype) { return find_dtype(dtype).name; }

size_t rnnc_dtype_bytes(int32_t dtype) { return find_dtype(dtype).bytes; }

rnnc_status rnnc_check(const rnnc_model* model) {
  if (model == NULL) return RNNC_NULL_ARGUMENT;
  if (model->abi_version != RNNC_ABI_VERSION || model->struct_bytes != sizeof(rnnc_model))
    return RNNC_ABI_MISMATCH;
  return RNNC_OK;
}

static int32_t find_tensor(const rnnc_tensor* tensors, int32_t count, const char* name) {
  if (name == NULL) return -1;
  for (int32_t i = 0; i < count; ++i) {
    if (strcmp(tensors[i].name, name) == 0) return i;
  }
  return -1;
}

int32_t rnnc_find_input(const rnnc_model* model, const char* name) {
  return find_tensor(model->inputs, model->n_inputs, name);
}

int32_t rnnc_find_output(const rnnc_model* model, const char* name) {
  return find_tensor(model->outputs, model->n_outputs, name);
}

int32_t rnnc_find_state(const rnnc_model* model, const char* name) {
  return find_tensor(model->states, model->n_states, name);
}

/* a * b, or 0 when it does not fit; both are >= 0. */
static int multiply(int64_t* a, uint64_t b) {
  if (*a != 0 && b > (uint64_t)INT64_MAX / (uint64_t)*a) return 0;
  *a *= (int64_t)b;
  return 1;
}

int64_t rnnc_dim_size(const rnnc_dim* dim, const size_t* sizes) {
  if (dim->size >= 0) return dim->size;
  int64_t sums[2] = {0, 0}; /* of the positive terms, of the negative ones */
  for (int64_t i = 0; i < dim->n_terms; ++i) {
    const rnnc_term* term = &dim->terms[i];
    const int negative = term->factor < 0;
    int64_t product = negative ? -term->factor : term->factor;
    for (int k = 0; k < RNNC_MAX_SIZES; ++k) {
      for (int power = 0; power < term->powers[k]; ++power) {
        if (!multiply(&product, sizes[k])) return -1;
      }
    }
    if (product > INT64_MAX - sums[negative]) return -1;
    sums[negative] += product;
  }
  return sums[0] < sums[1] ? -1 : sums[0] - sums[1];
}

uint64_t rnnc_tensor_bytes(const rnnc_tensor* tensor, const size_t* sizes) {
  int64_t bytes = (int64_t)rnnc_dtype_bytes(tensor->dtype);
  for (int32_t axis = 0; axis < tensor->rank; ++axis) {
    const int64_t size = rnnc_dim_size(&tensor->dims[axis], sizes);
    if (size < 0 || !multiply(&bytes, (uint64_t)size)) return 0;
  }
  return (uint64_t)bytes;
}

uint64_t rnnc_saved_bytes(const rnnc_model* model) { return sizeof(saved_header) + model->state_bytes; }

rnnc_status rnnc_save(const rnnc_model* model, const void* instance, void* saved, uint64_t size) {
  if (model == NULL || instance == NULL || saved == NULL) return RNNC_NULL_ARGUMENT;
  if (size < rnnc_saved_bytes(model)) return RNNC_BAD_SIZE;
  saved_header header;
  memcpy(header.magic, kMagic, sizeof(kMagic));
  header.fingerprint = model->fingerprint;
  header.state_bytes = model->state_bytes;
  memcpy(saved, &header, sizeof(header));
  memcpy((unsigned char*)saved + sizeof(header), instance, (size_t)model->state_bytes);
  return RNNC_OK;
}

rnnc_status rnnc_restore(const rnnc_model* model, void* instance, const void* saved, uint64_t size) {
  if (model == NULL || instance == NULL || saved == NULL) return RNNC_NULL_ARGUMENT;
  if (size != rnnc_saved_bytes(model)) return RNNC_BAD_SIZE;
  saved_header header;
  memcpy(&header, saved, sizeof(header));
  if (memcmp(header.magic, kMagic, sizeof(kMagic)) != 0 || header.fingerprint != model->fingerprint ||
      header.state_bytes != model->state_bytes) {
    return RNNC_BAD_SIZE;
  }
  memcpy(instance, (const unsigned char*)saved + sizeof(header), (size_t)model->state_bytes);
  return RNNC_OK;
}
