// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compiler/driver/data_set.h"
#include "tests/support/native/compare.h"

// ONNX Runtime, an implementation that shares neither a line nor an author with rnnc, asked by
// differential/third_opinion.py. tests/README.md lists where it is known to deviate from the ONNX text.
namespace rnnc::test {

/// Why it cannot be asked; empty when it can.
std::string WhyNoThirdOpinion();

struct BoundedOutput {
  driver::NamedTensor output;
  Bound bound;
};
/// FOLDER/test_data_set_0 and FOLDER/bounds.txt of one case; its model.onnx is the caller's.
void SaveOpinionCase(const std::filesystem::path& folder, const std::vector<driver::NamedTensor>& inputs,
                     const std::vector<BoundedOutput>& outputs);

struct Opinion {
  int agree = 0, not_run = 0;
  std::vector<std::string> differences;  // a text each, with the case's case.txt if there is one
  std::string output;                    // all that was said
};
/// On the cases in the folders below one. Cases that differ are kept, see FailCase.
Opinion AskThirdOpinion(const std::filesystem::path& folder);

}  // namespace rnnc::test
