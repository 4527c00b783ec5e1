// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/driver/phases.h"
#include "tests/support/native/compare.h"
#include "tests/support/native/recurrent_case.h"
#include "tests/support/native/row_program.h"
#include "tests/support/native/stream.h"

// Recurrent cases as native code of a row. Functions of this file are for properties: what fails there fails
// the property.
namespace rnnc::test {

struct CaseModel {
  RecurrentCase c;
  CaseTensors tensors;
  bool streamed = false;  // the initial values are states, which the final ones become
};

/// How a case's file is compiled: its batch stays open where the case says so.
driver::ModelOptions OptionsOf(const CaseModel& model, const std::string& file, const TestRow& row);

/// Several cases in one program.
class RecurrentProgram {
 public:
  RecurrentProgram(const TestRow& row, std::vector<CaseModel> models);

  /// A fresh instance, reset.
  Stream Instance(size_t index) const;
  const rnnc_model& Model(size_t index) const { return program_->Model(index); }
  /// As imported, before any pass.
  const ir::Module& Graph(size_t index) const { return *graphs_[index]; }
  /// The inputs of a model in its order.
  std::vector<ir::Tensor> Inputs(size_t index) const;
  /// The outputs by name, of a fresh instance.
  CaseTensors Call(size_t index) const { return Call(index, models_[index].c, models_[index].tensors); }
  /// The same with other numbers and sizes of a call than the model was made with.
  CaseTensors Call(size_t index, const RecurrentCase& c, const CaseTensors& tensors) const;

 private:
  std::vector<CaseModel> models_;
  std::vector<std::unique_ptr<ir::Module>> graphs_;
  std::unique_ptr<RowProgram> program_;
};

/// What the oracle says of a case, and how far from it code may be: max(1e-5, ten times what float32 costs
/// the oracle itself) + 1e-5 |expected|; of f64 1e-11 in place of 1e-5. Of 16-bit types the rounding of every
/// step is the cost, and twice that the bound, or half a unit of the last place of 1.
struct OracleAnswer {
  CaseTensors outputs;
  std::map<std::string, Bound> bounds;
  bool explodes = false;  // unbounded activations can: float says nothing about it then
};
OracleAnswer AskOracle(const ir::Module& graph, const CaseModel& model);

/// Fails the property; with the environment's RNNC_KEEP_FAILURES the model and its data set are written to
/// RNNC_KEEP_FAILURES/NAME, and the text says how to run them. The last of a shrinking is what stays there.
void FailCase(const std::string& name, const CaseModel& model, const std::string& what);

/// Checks a property as RapidCheck's parameters of the environment say (RC_PARAMS), at most so many runs of
/// it; 0: no limit of its own.
void CheckProperty(const std::function<void()>& property, int most_runs = 0);

/// A model and its inputs as files: FOLDER/model.onnx, FOLDER/test_data_set_0/input_0.pb ..
void SaveCase(const std::string& folder, const CaseModel& model);

}  // namespace rnnc::test
