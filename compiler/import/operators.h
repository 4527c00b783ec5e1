// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <onnx/onnx_pb.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/import/attributes.h"
#include "compiler/import/import.h"
#include "compiler/ir/builder.h"
#include "compiler/ir/known_ints.h"

namespace rnnc::import {

using Values = std::vector<ir::Value*>;

// Makes operations at the end of `main`, with inferred types, at one node's location.
class Emitter {
 public:
  Emitter(ir::Module& module, ir::Block& block, ir::KnownInts& ints, Location location)
      : module_(module), block_(block), ints_(ints), location_(std::move(location)) {}

  const Location& At() const { return location_; }
  ir::KnownInts& Ints() { return ints_; }
  // All results of a new operation; trailing null operands are left out.
  Result<Values> Op(ir::OpKind kind, Values operands, const AttributeMap& attributes = {});
  // The only result of one.
  Result<ir::Value*> One(ir::OpKind kind, Values operands, const AttributeMap& attributes = {});
  ir::Value* Const(const std::string& name, ir::TensorPtr tensor);
  ir::Value* Ints(const std::string& name, const std::vector<int64_t>& values);

  template <typename... Args>
  Diagnostic Refuse(fmt::format_string<Args...> format, Args&&... args) const {
    return Error(location_, format, std::forward<Args>(args)...);
  }

 private:
  ir::Module& module_;
  ir::Block& block_;
  ir::KnownInts& ints_;
  Location location_;
};

struct OperatorRule;

// One node that becomes operations. Inputs are null where absent.
struct NodeContext {
  const onnx::NodeProto& node;
  const OperatorRule& rule;
  const NodeAttributes& attributes;
  Values inputs;
  Emitter& emit;
  int64_t opset = 0;
  std::string folder;  // external data of tensors in attributes
  std::string producer;
  ImportNotes* notes = nullptr;

  ir::Value* Input(size_t i) const { return i < inputs.size() ? inputs[i] : nullptr; }
  // The name of what a helper constant of this node is for: "NAME_axes".
  std::string HelperName(std::string_view what) const;
  // True when the model names the output (somebody may read it).
  bool HasOutput(int i) const { return i < node.output_size() && !node.output(i).empty(); }
};

// Gives the values of the node's outputs, in order (more than the node names is fine).
using Convert = Result<Values> (*)(const NodeContext&);

// How one ONNX operator is read in a range of opset versions.
struct OperatorRule {
  std::string_view name;
  int64_t first, last;  // opset versions for which the row holds
  int min_inputs, max_inputs, max_outputs;
  ir::OpKind kind;
  std::string_view attributes;  // see ReadAttributes
  Convert convert;              // null: control flow and sequences, which the graph's build computes
};

inline constexpr int64_t kNewest = 1000;  // `last` of a row that still holds
inline constexpr int kAny = 1 << 20;      // inputs or outputs of any number

// The version table: all rows.
const std::vector<OperatorRule>& OperatorRules();
// The row for an operator of the default domain; null when it is not computed.
const OperatorRule* FindRule(std::string_view name, int64_t opset);
// Why an operator without a row is refused, and what to do: "operator 'If': ...".
std::string WhyNotComputed(const std::string& name, int64_t opset);

// ---- Conversions (one file a family) ----

// Operands and attributes as they are.
Result<Values> Direct(const NodeContext& context);
Result<Values> AxesToOperand(const NodeContext& context);
Result<Values> ConvertTranspose(const NodeContext& context);
Result<Values> ConvertShape(const NodeContext& context);
Result<Values> ConvertCast(const NodeContext& context);
Result<Values> ClipBoundsToOperands(const NodeContext& context);
Result<Values> ConvertDropout(const NodeContext& context);
Result<Values> CoercedSoftmax(const NodeContext& context);
Result<Values> ConvertSplit(const NodeContext& context);
Result<Values> SliceAttributesToOperands(const NodeContext& context);
Result<Values> PadAttributesToOperands(const NodeContext& context);
Result<Values> ConvertPad(const NodeContext& context);
Result<Values> ConvertConstant(const NodeContext& context);
Result<Values> ConvertConstantOfShape(const NodeContext& context);
Result<Values> ConvertConv(const NodeContext& context);
Result<Values> ConvertConvTranspose(const NodeContext& context);
Result<Values> ConvertPool(const NodeContext& context);
Result<Values> ConvertArgReduce(const NodeContext& context);
Result<Values> ConvertEyeLike(const NodeContext& context);
Result<Values> ConvertCastLike(const NodeContext& context);
Result<Values> ConvertEinsum(const NodeContext& context);
Result<Values> ConvertBatchNormalization(const NodeContext& context);
Result<Values> ConvertLayerNormalization(const NodeContext& context);
// Operators that are said by others: ONNX's own function bodies, and reshapes around a simpler operator.
Result<Values> ConvertInstanceNormalization(const NodeContext& context);
Result<Values> ConvertGroupNormalization(const NodeContext& context);
Result<Values> ConvertRmsNormalization(const NodeContext& context);
Result<Values> ConvertMeanVarianceNormalization(const NodeContext& context);
Result<Values> ConvertGlobalPool(const NodeContext& context);
Result<Values> ConvertDepthToSpace(const NodeContext& context);
Result<Values> ConvertSpaceToDepth(const NodeContext& context);
Result<Values> ConvertOneHot(const NodeContext& context);
Result<Values> ConvertCompress(const NodeContext& context);
Result<Values> ConvertGatherNd(const NodeContext& context);
Result<Values> ConvertScatterNd(const NodeContext& context);
Result<Values> ConvertScatterElements(const NodeContext& context);
Result<Values> ConvertSwish(const NodeContext& context);
Result<Values> ConvertReshape(const NodeContext& context);
Result<Values> ConvertRecurrent(const NodeContext& context);

// Refusals of a recurrent node that its attributes and inputs alone decide; added to `errors`.
void CheckRecurrent(const onnx::NodeProto& node, const NodeAttributes& attributes, const Location& location,
                    std::vector<Diagnostic>& errors);

// All attributes for the notes; `inferred_hidden` is R's last size where it is known, `origin` says where a
// tensor comes from.
RecurrentNode DescribeRecurrent(const onnx::NodeProto& node, const NodeAttributes& attributes,
                                std::optional<int64_t> inferred_hidden,
                                const std::function<AttributeSource(const std::string&)>& origin);

}  // namespace rnnc::import
