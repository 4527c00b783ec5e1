// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/driver/options.h"
#include "compiler/ir/tensor.h"
#include "compiler/support/result.h"

namespace rnnc::driver {

struct NamedTensor {
  std::string name;  // "" when the file has none: then the position counts
  ir::Tensor tensor;
};

/// A folder of input_N.pb and output_N.pb (ONNX backend tests) or .npy files of the same names.
struct DataSet {
  std::string path;
  std::vector<NamedTensor> inputs;
  std::vector<NamedTensor> outputs;
};

/// The tensor of a .npy or .pb file, by its ending.
Result<NamedTensor> ReadTensorFile(const std::string& path);
Result<DataSet> ReadDataSet(const std::string& folder);
/// The test_data_set_* folders beside a model, in order of their numbers.
std::vector<std::string> DataSetsBeside(const std::string& model_path);

/// goldens.json beside a model: how to specialise it and how exact its outputs must be.
struct Goldens {
  std::map<std::string, int64_t> dims;
  std::map<std::string, std::vector<int64_t>> shapes;
  std::map<std::string, std::string> constants;
  struct Bound {
    double atol = 0;
    double atol_chained = 0;  // where the model's own state is carried through the sets
  };
  std::map<std::string, Bound> outputs;
  std::set<std::string> not_compared;
  double rtol = 0;
};
/// Nothing when there is no such file; an error when it cannot be understood.
Result<std::optional<Goldens>> ReadGoldens(const std::string& model_path);

}  // namespace rnnc::driver
