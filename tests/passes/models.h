// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "compiler/ir/array.h"
#include "compiler/ir/module.h"

// Small modules of stage graph, built without an importer, and random numbers for them.
namespace rnnc::passes {

struct CellModel {
  ir::OpKind kind = ir::OpKind::kLstm;
  ir::Dim steps = ir::Dim::Symbol("T");
  int64_t batch = 1;
  int64_t inputs = 5;
  int64_t hidden = 8;
  int layers = 1;
  bool linear_before_reset = false;  // GRU
  bool states = true;                // initial states bound as states, else zero
  bool head = true;                  // y = matmul(Y, V) + v, else Y itself
  bool last_step = false;            // the head reads the last step only
};

// func @main(%x: f32[steps,batch,inputs]) -> (%y)
std::unique_ptr<ir::Module> MakeCellModel(const CellModel& model);

// Values in [-1, 1), the same for the same seed.
ir::Tensor RandomTensor(const std::vector<int64_t>& dims, uint64_t seed);
ir::Array RandomArray(const std::vector<int64_t>& dims, uint64_t seed);

}  // namespace rnnc::passes
