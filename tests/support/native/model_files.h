// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <string>
#include <vector>

#include "compiler/driver/data_set.h"
#include "tests/support/process.h"

// Where the models of the tests lie, and the compiler's binary.
namespace rnnc::test {

/// The file of a model of this repository: `lstm_small` (of tests/data) or `examples/language_id`.
std::string OwnModel(const std::string& name);
/// All models of tests/data, by name, in order.
std::vector<std::string> DataModels();

/// The file of a model of the shared collection, `exports/lstm1.legacy` for instance: in the folder that the
/// environment's RNNC_SHARED names, else beside the checkout. It need not be there.
std::string SharedModel(const std::string& name);
/// Why a test of that file cannot run here; empty when it can.
std::string WhyMissing(const std::string& model_file);

/// FOLDER/input_0.pb .., FOLDER/output_0.pb ..
void SaveDataSet(const std::string& folder, const std::vector<driver::NamedTensor>& inputs,
                 const std::vector<driver::NamedTensor>& outputs);

/// Runs the compiler that was built with this test.
ProcessResult Rnnc(const std::vector<std::string>& arguments, const std::string& folder = "");

/// Names of gtest parameters hold letters, digits and underscores only.
std::string TestName(const std::string& text);

}  // namespace rnnc::test
