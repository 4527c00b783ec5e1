// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/target.h"
#include "compiler/import/import.h"

// What the command line says, as data. Every phase takes the part it needs; there are no globals.
namespace rnnc::driver {

/// How a model is specialised and compiled; shared by all subcommands.
struct ModelOptions {
  std::string model;                                   // path of the .onnx file
  std::string name;                                    // --name; empty: from -o or the model's path
  std::map<std::string, int64_t> dims;                 // --dim batch=1
  std::map<std::string, import::DimBounds> open_dims;  // --dim T=? or T=1..512
  std::map<std::string, std::vector<int64_t>> shapes;  // --shape input=1x576
  std::map<std::string, std::string> constants;        // --const sr=16000 or a .npy or .pb file
  std::vector<std::string> states;                     // --state in=out or in=out[i]; "none"
  codegen::TargetRequest target;                       // --target, -mcpu
  int optimization = 2;                                // -O0..3
  bool position_independent = true;                    // -fPIC, -fno-pic
  int unroll_steps = -1;                               // --unroll=N
  std::set<std::string> disabled_passes;               // --disable-pass
  // Told what is being done; may be empty.
  std::function<void(std::string_view)> progress = {};
};

struct CompileOptions {
  ModelOptions model;
  std::string output;          // -o
  std::string emit = "obj";    // --emit
  std::string print_ir_after;  // a pass, "import" or "all"
  bool time_passes = false;
  bool json = false;
  bool quiet = false;
};

struct InspectOptions {
  ModelOptions model;
  bool json = false;
};

struct RunOptions {
  ModelOptions model;
  std::vector<std::string> inputs;  // name=file or file
  std::string output_folder;        // writes NAME.npy per output; empty: prints
  bool interpret = false;
  bool quiet = false;
};

struct VerifyOptions {
  ModelOptions model;
  std::vector<std::string> data_sets;
  std::optional<double> atol;
  std::optional<double> rtol;
  uint64_t seed = 1;
  int random_sets = 3;
  int64_t random_steps = 7;  // length of a symbolic time axis in random input
  bool interpret = false;    // the evaluator in place of native code
  bool json = false;
  bool quiet = false;
};

struct OptOptions {
  ModelOptions model;               // the file is NAME.rnn, or a model to be imported
  std::string output = "-";         // -o; its weights go beside it
  std::vector<std::string> passes;  // --pass, in order
  std::string until;                // --until: a stage or a pass
  bool verify_only = false;         // prints nothing
  int block_steps = 0;              // --block=N
};

}  // namespace rnnc::driver
