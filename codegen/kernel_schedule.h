// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include "codegen/point.h"
#include "codegen/target.h"
#include "compiler/ir/module.h"

namespace rnnc::codegen {

/// How one kernel runs through its parallel space: which variable is the vector, which one is tiled as rows,
/// and how much of both is in registers at once. Decided from the accesses and the target's row alone; it
/// never changes a bit of the result.
struct KernelSchedule {
  int vector_variable = -1;  // parallel variable of the lanes; -1: scalars
  int lanes = 1;             // of a full vector
  int blocks = 1;            // vectors in flight along the vector variable
  int row_variable = -1;     // parallel variable of which `rows` values are in flight; -1: none
  int rows = 1;
  /// Split sums (Accumulator::chains): the lanes run along the innermost summed index, and the parallel space
  /// is scalar. Otherwise each chain is an accumulator of its own.
  bool along_sum = false;
};

KernelSchedule ChooseSchedule(const ir::Operation& operation, const TargetRow& row);

}  // namespace rnnc::codegen
