/* SPDX-FileCopyrightText: The rnnc authors */
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef RNNC_H
#define RNNC_H

/* The interface between a compiled model and the program that uses it: C11 and C++17, no dependencies.
 *
 * A model is compiled to NAME.o and NAME.h. The functions of NAME.h (NAME_reset, NAME_step, NAME_run) need
 * nothing but that object. `NAME_model` describes it to programs that know no model in particular; the
 * functions below, in librnnc_runtime.a, serve those. Neither allocates, locks, or calls the system. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes when a field below changes its place or meaning; `rnnc_check` compares it. */
#define RNNC_ABI_VERSION 2

#ifdef __cplusplus
#define RNNC_ALIGN(n) alignas(n)
#else
#define RNNC_ALIGN(n) _Alignas(n)
#endif

/* Every instance, and each tensor inside one, begins at a multiple of this many bytes. */
#define RNNC_INSTANCE_ALIGN 64

/* What a call came to. Unless it is RNNC_OK or said otherwise, nothing was written: neither outputs nor
 * state. The numbers are part of the ABI: none is ever reused. */
typedef enum rnnc_status {
  RNNC_OK = 0,
  RNNC_BAD_INDEX = 1,          /* an index in an input lies outside the table that it indexes */
  RNNC_BAD_LENGTH = 2,         /* a sequence length in an input lies outside 0..T */
  RNNC_LENGTH_ABOVE_BOUND = 3, /* a size of the call is above the largest that the model takes */
  RNNC_EMPTY_SEQUENCE = 4,     /* the model reads a step that a sequence of T steps does not have */
  RNNC_NULL_ARGUMENT = 5,      /* a pointer that is needed is null */
  RNNC_BAD_COMPUTED_INDEX = 6, /* an index that the model itself computed lies outside its table: row 0 was
                                  read instead, outputs and state are written, and the state wants a reset */
  RNNC_NOT_AVAILABLE = 7,      /* the model has no such function (for instance no `step`) */
  RNNC_ABI_MISMATCH = 8,       /* the model was compiled for another version of this header */
  RNNC_BAD_SIZE = 9,           /* saved state of another size, or of another model */
  RNNC_LENGTH_BELOW_BOUND = 10 /* a size of the call is below the least that the model was compiled for */
} rnnc_status;

/* The type of one element. The numbers are part of the ABI. (Structures hold them as int32_t: the size of an
 * enum is the platform's choice.) */
typedef enum rnnc_dtype {
  RNNC_F32 = 1,
  RNNC_F64 = 2,
  RNNC_F16 = 3,  /* IEEE 754 half, as its 16 bits */
  RNNC_BF16 = 4, /* the upper 16 bits of an f32 */
  RNNC_I8 = 5,
  RNNC_I16 = 6,
  RNNC_I32 = 7,
  RNNC_I64 = 8,
  RNNC_U8 = 9,
  RNNC_U16 = 10,
  RNNC_U32 = 11,
  RNNC_U64 = 12,
  RNNC_BOOL = 13 /* one byte, 0 or 1 */
} rnnc_dtype;

/* Most sizes that a call of `run` can give. */
#define RNNC_MAX_SIZES 8

/* A size that a call of `run` gives, and what it may be: low <= size <= high. */
typedef struct rnnc_size {
  const char* symbol; /* its name, as a C identifier: "T" */
  uint64_t low;
  uint64_t high;
} rnnc_size;

/* A term of a size: factor * sizes[0]^powers[0] * sizes[1]^powers[1] * ... */
typedef struct rnnc_term {
  int64_t factor;
  uint8_t powers[RNNC_MAX_SIZES];
} rnnc_term;

/* One axis of a tensor. */
typedef struct rnnc_dim {
  int64_t size;       /* -1 when the sizes of the call decide it: it is then the sum of the terms */
  const char* symbol; /* the sum as text, "T" or "2*T+1"; else null */
  const rnnc_term* terms;
  int64_t n_terms;
} rnnc_dim;

/* An input, output or state of a model. Elements are dense, the last axis changing fastest. */
typedef struct rnnc_tensor {
  const char* name; /* as in the ONNX model */
  int32_t dtype;    /* an rnnc_dtype */
  int32_t rank;
  const rnnc_dim* dims; /* `rank` of them; null for a scalar */
  int32_t time_axis;    /* the axis that the first size of the call counts (frames), -1 when there is none */
  int32_t reserved;     /* 0 */
  uint64_t bytes;       /* of all elements; 0 when the sizes of the call decide it: rnnc_tensor_bytes */
  uint64_t offset;      /* of a state: where it lies in the instance; else 0 */
} rnnc_tensor;

/* A compiled model: constant data beside its code, shared by all instances and threads.
 *
 * An instance is `instance_bytes` bytes of the caller's, aligned to `instance_align`: the state first (its
 * first `state_bytes` bytes), then scratch whose content means nothing between calls. It holds no pointers:
 * it can be copied, moved and saved as bytes. `reset` makes it ready; before that its content is undefined.
 *
 * Different instances may be used by different threads at the same time; one instance by one thread at a
 * time. */
typedef struct rnnc_model {
  uint32_t abi_version;  /* RNNC_ABI_VERSION of the compiler; stays the first field for all time */
  uint32_t struct_bytes; /* sizeof(rnnc_model) of the compiler */
  const char* name;      /* the C name: NAME of NAME_step */
  const char* source;    /* the ONNX file's name, without its folder */
  const char* compiler;  /* "rnnc 0.1.0" */
  const char* target;    /* the triple, for instance "x86_64-unknown-linux-gnu" */
  const char* cpu;       /* the least CPU that runs it, in LLVM's spelling, for instance "x86-64-v3" */
  uint64_t fingerprint;  /* of the state's layout and the weights: saved state carries it */

  int32_t n_inputs;
  int32_t n_outputs;
  int32_t n_states;
  int32_t n_sizes; /* 0 when there is no `run` */
  const rnnc_tensor* inputs;
  const rnnc_tensor* outputs;
  const rnnc_tensor* states;

  uint64_t instance_bytes; /* never 0 */
  uint64_t instance_align; /* a power of two, at most RNNC_INSTANCE_ALIGN */
  uint64_t state_bytes;    /* may be 0 */
  uint64_t weight_bytes;   /* constants in the object */
  uint64_t multiply_adds;  /* of one step, or of one frame of `run` */
  const rnnc_size* sizes;  /* those that `run` is given, in order; that of time, if there is one, first */

  /* The entry points for programs that know no model in particular; null where the model has none. `inputs`
   * and `outputs` are `n_inputs` and `n_outputs` pointers in the order above, each aligned as its element
   * type; an array may be null when its count is 0. No output may overlap an input or another output. */

  /* Sets the state to its initial values. */
  void (*reset)(void* instance);
  /* One frame: every time axis has the length 1. RNNC_NULL_ARGUMENT when any pointer is null. */
  rnnc_status (*step)(void* instance, const void* const* inputs, void* const* outputs);
  /* A whole sequence; `sizes` are `n_sizes` numbers, the first usually that of frames. Where there is a
   * `step`: the same bits as that many steps; 0 frames then change nothing and read no pointer but
   * `instance`. `scratch`: `scratch_bytes(sizes)` bytes aligned to RNNC_INSTANCE_ALIGN, whose content means
   * nothing before or after; not read when `scratch_bytes` is null. */
  rnnc_status (*run)(void* instance, const size_t* sizes, const void* const* inputs, void* const* outputs,
                     void* scratch);
  /* The scratch memory that a call of `run` with these sizes needs beside the instance; 0 for sizes that the
   * model does not take. Null when no call needs any. */
  uint64_t (*scratch_bytes)(const size_t* sizes);
} rnnc_model;

/* ---- librnnc_runtime.a: what programs need that know no model in particular ---- */

/* One line of English without a full stop, for instance "an index lies outside its table". Never null. */
const char* rnnc_status_text(rnnc_status status);

/* "f32", "i64", ...; "?" for what is no dtype. */
const char* rnnc_dtype_name(int32_t dtype);

/* Bytes of one element; 0 for what is no dtype. */
size_t rnnc_dtype_bytes(int32_t dtype);

/* RNNC_OK, RNNC_NULL_ARGUMENT, or RNNC_ABI_MISMATCH when this header cannot read the model. To be called
 * first. */
rnnc_status rnnc_check(const rnnc_model* model);

/* The position of the tensor of that name; -1 when there is none. */
int32_t rnnc_find_input(const rnnc_model* model, const char* name);
int32_t rnnc_find_output(const rnnc_model* model, const char* name);
int32_t rnnc_find_state(const rnnc_model* model, const char* name);

/* The size of an axis in a call with these sizes (for `step`, all of them are 1); -1 when it is none. */
int64_t rnnc_dim_size(const rnnc_dim* dim, const size_t* sizes);

/* The bytes that a call with these sizes reads or writes through this tensor's pointer; 0 when there are
 * none, or they do not fit. */
uint64_t rnnc_tensor_bytes(const rnnc_tensor* tensor, const size_t* sizes);

/* Bytes of a saved state. */
uint64_t rnnc_saved_bytes(const rnnc_model* model);

/* Writes the state as `rnnc_saved_bytes` bytes, which any process on a machine of the same byte order can
 * restore into an instance of a model of the same fingerprint. RNNC_BAD_SIZE, and nothing written, when
 * `size` is smaller; `saved` needs no alignment. */
rnnc_status rnnc_save(const rnnc_model* model, const void* instance, void* saved, uint64_t size);

/* The reverse. RNNC_BAD_SIZE, and an unchanged instance, when the bytes are not the state of such a model. */
rnnc_status rnnc_restore(const rnnc_model* model, void* instance, const void* saved, uint64_t size);

#ifdef __cplusplus
}
#endif

#endif
