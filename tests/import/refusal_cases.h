// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/import/import_test.h"

// Tables of models that are refused: a name, the model, how what is said begins (the whole of it where the
// end is written too), and the options that the model is imported with.
namespace rnnc::import {

struct RefusalCase {
  const char* name;
  std::function<test::OnnxBuilder()> model;
  const char* expected;
  ImportOptions options = {};
};

inline void PrintTo(const RefusalCase& c, std::ostream* out) { *out << c.name; }

// Adds an operand of the given name to the model; null: the operand is absent.
using Operand = std::function<void(test::OnnxBuilder&, const std::string&)>;

inline Operand In(const test::OnnxBuilder::Dims& dims, int type = test::OnnxBuilder::kFloat) {
  return [=](test::OnnxBuilder& model, const std::string& name) { model.Input(name, dims, type); };
}
inline Operand Weights(const std::vector<int64_t>& dims) {
  return [=](test::OnnxBuilder& model, const std::string& name) { model.FloatsOf(name, dims); };
}
inline Operand Ints(const std::vector<int64_t>& values) {
  return [=](test::OnnxBuilder& model, const std::string& name) { model.Ints(name, values); };
}
inline Operand Int(int64_t value) {
  return [=](test::OnnxBuilder& model, const std::string& name) { model.Int(name, value); };
}
// A constant matrix of integers, or of more axes.
inline Operand Table(const std::vector<int64_t>& dims, const std::vector<int64_t>& values) {
  return [=](test::OnnxBuilder& model, const std::string& name) {
    model.Initialiser(test::IntTensor(name, dims, values));
  };
}

// The node "n" of operands a, b, c, ..; its results are the outputs y, y1, y2, ..
inline test::OnnxBuilder One(const char* op, const std::vector<Operand>& operands, int opset = 17,
                             int outputs = 1) {
  test::OnnxBuilder model(opset);
  std::vector<std::string> inputs, results;
  for (size_t i = 0; i < operands.size(); ++i) {
    inputs.push_back(operands[i] ? std::string(1, static_cast<char>('a' + i)) : "");
    if (operands[i]) operands[i](model, inputs.back());
  }
  for (int i = 0; i < outputs; ++i) results.push_back(i == 0 ? "y" : "y" + std::to_string(i));
  model.Node(op, inputs, results, "n");
  for (const std::string& result : results) model.Output(result);
  return model;
}

using Longs = std::vector<int64_t>;

}  // namespace rnnc::import
