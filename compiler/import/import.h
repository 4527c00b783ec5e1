// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "compiler/ir/module.h"
#include "compiler/support/result.h"

// ONNX files to the stage `graph`.
namespace rnnc::import {

// What a dim may be in a call, when it stays open.
struct DimBounds {
  int64_t low = 0;
  std::optional<int64_t> high;  // none: no bound
};

struct ImportOptions {
  // Values of symbolic dims, by the model's name for them or by the symbol the notes give them.
  std::map<std::string, int64_t> dims;
  // Dims of inputs, outermost first; -1 leaves a dim as the model declares it.
  std::map<std::string, std::vector<int64_t>> shapes;
  // Inputs that become constants: a number fills the whole input, a tensor has its shape and type.
  std::map<std::string, std::variant<double, ir::TensorPtr>> constants;
  // Dims (names as in `dims`) that stay open instead of being bound to their default.
  std::map<std::string, DimBounds> open_dims;
};

// Where the value of an attribute of a recurrent node comes from.
enum class AttributeSource : uint8_t { kAttribute, kDefault, kInferred, kConstant, kInput, kComputed };
// "attribute", "ONNX default", "inferred"; of operands "constant", "input" (of the model), "computed".
std::string_view ToText(AttributeSource source);

struct RecurrentAttribute {
  std::string name;
  std::string value;  // as in the IR's text
  AttributeSource source = AttributeSource::kDefault;
  bool supported = true;
  std::string reason;   // why not
  std::string meaning;  // what it makes the node compute, in a few words
};

// Every attribute of one LSTM, GRU or RNN; optional operands (initial_h, sequence_lens, P, ...) are
// listed as attributes, with the tensor's name or "absent" as value.
struct RecurrentNode {
  std::string op;
  std::string name;
  std::vector<RecurrentAttribute> attributes;
  bool Supported() const;
};

// A symbolic dim of the inputs and what became of it.
struct DimNote {
  std::string name;                 // the model's; empty when it has none
  std::string symbol;               // the IR's
  std::vector<std::string> inputs;  // where it occurs
  std::optional<int64_t> bound;     // none: stays open
  DimBounds range;                  // then what it may be
  bool is_time = false;             // the time axis of a recurrent node
  std::string reason;               // "given", "batch axis of recurrent nodes", ...
};

struct TensorNote {
  std::string name;
  std::string declared;          // "f32[B,T,12]", as the model says; "?" for what it leaves open
  std::optional<ir::Type> type;  // as imported; none when the import failed before
};

// What a report or `inspect` says of a model. Filled as far as the import came, also when it failed.
struct ImportNotes {
  int64_t ir_version = 0;
  int64_t opset = 0;
  std::string producer;
  std::vector<TensorNote> inputs;
  std::vector<TensorNote> outputs;
  std::vector<DimNote> dims;
  std::vector<std::string> constants;  // inputs bound to constants
  std::vector<RecurrentNode> recurrent;
  std::map<std::string, int> operators;  // ONNX operators and how often
  std::vector<Diagnostic> warnings;      // probable mistakes of the exporter
};

// Reads the model and its external data. The module has one function, `main`: its arguments are the
// inputs that are neither initialisers nor bound constants, its results the outputs, in the model's order
// and under its names; every value has its ONNX name, every operation its node's location. All types are
// inferred from the inputs; what the file says of other values is not read.
//
// Refused, everything found in one go: what is not valid ONNX; operators and attributes that are not
// computed; types and sizes that do not fit; symbolic dims that nothing binds. Never crashes, whatever the
// bytes are.
Result<std::unique_ptr<ir::Module>> ImportOnnx(const std::string& path, const ImportOptions& options = {},
                                               ImportNotes* notes = nullptr);

// The same for the bytes of a model; `path` names them in messages, and its folder holds the external data.
Result<std::unique_ptr<ir::Module>> ImportOnnxBytes(const std::string& bytes, const std::string& path,
                                                    const ImportOptions& options = {},
                                                    ImportNotes* notes = nullptr);

// A tensor of a data set (a serialised TensorProto) and its name.
struct NamedTensor {
  std::string name;
  ir::TensorPtr tensor;
};
Result<NamedTensor> ReadTensorPb(const std::string& path);

}  // namespace rnnc::import
