// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/builder.h"

// Part of recurrent-to-scan: the equations of one step of LSTM, GRU and RNN, as ONNX's pages give them.
// Shapes: all values of a step are [B,H] but x, which is [B,I].
namespace rnnc::passes {

// The pieces of one gate.
struct Gate {
  ir::Value* w = nullptr;         // [H,I]
  ir::Value* r = nullptr;         // [H,H]
  ir::Value* wb = nullptr;        // [H], or null
  ir::Value* rb = nullptr;        // [H], or null
  ir::Value* sum = nullptr;       // wb + rb, or null
  ir::Value* peephole = nullptr;  // [H], or null
};

// An activation function and its parameters, where it takes any.
struct Activation {
  std::string name;  // as ONNX spells it
  double alpha = 0;
  double beta = 0;
};

// Those of one direction of a recurrent operator, f, g, h in this order. alpha and beta are consumed in the
// order of the functions, by those that take them, over all directions. Nothing when a name is unknown, or
// one lacks a parameter without a default: the importer refuses both.
std::optional<std::vector<Activation>> ActivationsOf(const ir::Operation& op, size_t direction, size_t count);

// What a step is written with.
struct CellBody {
  ir::Builder builder;
  const ir::Operation& op;  // the recurrent operator: its attributes
  std::vector<Gate> gates;
  std::vector<Activation> activations;
  ir::Value* x = nullptr;
  std::vector<ir::Value*> carried;
  ir::Type type;  // [B,H]
};

struct Cell {
  ir::OpKind kind;
  std::vector<std::string> gates;      // names, in ONNX order
  std::vector<std::string> peepholes;  // gates that have one, in ONNX order
  std::vector<std::string> initial;    // operands
  std::vector<std::string> final_values;
  size_t activations;  // a direction
  // Writes a step; gives the next carried values, of which the first is the output.
  std::vector<ir::Value*> (*equations)(CellBody&);
};

// Null for an operator that is not recurrent.
const Cell* FindCell(ir::OpKind kind);

}  // namespace rnnc::passes
