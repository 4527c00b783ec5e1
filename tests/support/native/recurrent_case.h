// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "compiler/driver/data_set.h"
#include "tests/support/onnx_builder.h"

namespace rnnc::test {

/// One LSTM, GRU or RNN with any legal attributes, as a model of its own: inputs X, lens, h0, c0 and outputs
/// Y, Y_h, Y_c as far as the case has them.
struct RecurrentCase {
  ir::ElementType element = ir::ElementType::kF32;
  std::string op = "LSTM";
  std::string direction = "forward";
  int64_t steps = 3, batch = 2, inputs = 4, hidden = 3;
  bool batch_first = false;  // layout 1
  bool bias = true, initial_h = true, initial_c = true, peepholes = false;
  bool input_forget = false, linear_before_reset = false;
  double clip = 0;                       // 0: absent
  std::vector<std::string> activations;  // empty: the defaults
  std::vector<float> alphas, betas;
  std::vector<int32_t> lengths;  // of the sequences; empty: absent
  unsigned outputs = 7;          // bits: Y, Y_h, Y_c
  bool constant_weights = true;
  bool open_steps = false, open_batch = false;  // dims T and B of the model
  int64_t opset = 17;                           // at least; layout 1 begins with 14, bf16 with 22
  int seed = 1;

  int Directions() const { return direction == "bidirectional" ? 2 : 1; }
  int Gates() const { return op == "LSTM" ? 4 : op == "GRU" ? 3 : 1; }
};
std::ostream& operator<<(std::ostream& out, const RecurrentCase& c);

/// A case of the whole cross-product, drawn from RapidCheck's generator; only to be called in a property.
/// It shrinks towards few and small sizes and absent attributes. T may be 0 where it is open.
RecurrentCase AnyRecurrentCase(const std::string& direction = "");
/// Lengths for every sequence of it, drawn likewise.
void ChooseLengths(RecurrentCase& c);

/// Activation functions spelled as ONNX has them; a case may have any.
void UseOnnxSpelling(RecurrentCase& c);

/// The operands of a case by name (X W R B h0 c0 P lens), as far as it has them: weights and inputs.
using CaseTensors = std::map<std::string, ir::Tensor>;
/// Asymmetric numbers, which differ from seed to seed.
CaseTensors TensorsOf(const RecurrentCase& c);

/// The model, with the weights of `tensors` unless they are inputs; and what it takes, in its order.
OnnxBuilder ModelOf(const RecurrentCase& c, const CaseTensors& tensors);
std::vector<driver::NamedTensor> InputsOf(const RecurrentCase& c, const CaseTensors& tensors);
OnnxBuilder ModelOf(const RecurrentCase& c);
std::vector<driver::NamedTensor> InputsOf(const RecurrentCase& c);

/// The type of onnx::TensorProto.
int OnnxType(ir::ElementType element);

/// One direction (0 or 1) of a bidirectional case, with its activations and their parameters.
RecurrentCase DirectionOf(const RecurrentCase& c, int direction);
/// The number of the batch axis of X, Y, h0 and so on: of tensors of the case that have one, else -1.
int BatchAxis(const RecurrentCase& c, const std::string& tensor);
/// The same for time.
int TimeAxis(const RecurrentCase& c, const std::string& tensor);
/// The axis of directions: of all but X and lens.
int DirectionAxis(const RecurrentCase& c, const std::string& tensor);

}  // namespace rnnc::test
