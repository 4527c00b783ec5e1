// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/result.h"

namespace rnnc::codegen {

/// What kernels ask of a machine. One row of the target table (target.cc); everything that depends on the
/// target reads it here, nothing is subclassed.
struct TargetRow {
  std::string name;           // "x86-64-v3"; for the user and the report
  std::string triple;         // "x86_64-pc-linux-gnu"
  std::string cpu;            // LLVM's -mcpu
  std::string features;       // LLVM's attribute string, "" for those of the CPU
  int vector_bytes = 16;      // widest vector worth using
  int vector_registers = 16;  // architectural vector registers
  bool has_fma = false;
  bool has_rounding = false;      // floor and friends as instructions
  bool has_half = false;          // f16 <-> f32 as instructions
  bool has_reciprocal14 = false;  // 14-bit reciprocal estimates (AVX-512F with VL)
  bool has_gather = false;        // vectors of elements from anywhere, under a mask
  int masked_element_bytes = 0;   // the narrowest elements of masked loads and stores; 0: there are none
  bool has_lookup16 = false;      // lanes pick from a vector of 16 floats (AVX-512F)
  int64_t l1_bytes = 32 * 1024;
  int64_t l2_bytes = 512 * 1024;
};

/// What the user asked for; empty strings mean this machine.
struct TargetRequest {
  std::string triple;  // --target=
  std::string cpu;     // -mcpu=: a CPU of LLVM's, x86-64, x86-64-v2..v4, or native
};

/// The row for a request. An unknown triple or CPU is refused with the nearest known name.
Result<TargetRow> FindTarget(const TargetRequest& request);

/// The names that -mcpu takes beside LLVM's CPU names, narrowest first.
std::vector<std::string_view> NamedRows();

/// True when this machine can execute code for the row.
bool RunsHere(const TargetRow& row);

}  // namespace rnnc::codegen
