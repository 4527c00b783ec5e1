// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace rnnc::test {

/// ONNX models for tests, written in a few lines:
///
///   OnnxBuilder model(17);
///   model.Input("x", {"T", 1, 4}).Floats("W", {1, 8, 4}, values).Node("LSTM", {"x", "W", "R"}, {"y"}, "rnn")
///       .Attribute("hidden_size", 2).Output("y");
///   const std::string path = model.Save(folder / "m.onnx");
class OnnxBuilder {
 public:
  /// A size, a symbol's name, or -1: a dim without either.
  using Dim = std::variant<int, int64_t, std::string, const char*>;
  using Dims = std::vector<Dim>;
  static constexpr int kFloat = onnx::TensorProto::FLOAT;
  static constexpr int kInt64 = onnx::TensorProto::INT64;

  explicit OnnxBuilder(int opset = 17, int ir_version = 8);

  OnnxBuilder& Input(const std::string& name, const Dims& dims, int type = kFloat);
  /// The shape is not declared: importers must infer it.
  OnnxBuilder& Output(const std::string& name, int type = kFloat);

  /// Initialisers. `FloatsOf` repeats a small pattern of different values.
  OnnxBuilder& Floats(const std::string& name, const std::vector<int64_t>& dims,
                      const std::vector<float>& values);
  OnnxBuilder& FloatsOf(const std::string& name, const std::vector<int64_t>& dims);
  OnnxBuilder& Ints(const std::string& name, const std::vector<int64_t>& values);  ///< a vector
  OnnxBuilder& Int(const std::string& name, int64_t value);                        ///< a scalar

  OnnxBuilder& Initialiser(const onnx::TensorProto& tensor);

  OnnxBuilder& Node(const std::string& op, const std::vector<std::string>& inputs,
                    const std::vector<std::string>& outputs, const std::string& name = "");
  /// Attributes of the last node.
  OnnxBuilder& Attribute(const std::string& name, int64_t value);
  OnnxBuilder& Attribute(const std::string& name, int value) {
    return Attribute(name, static_cast<int64_t>(value));
  }
  OnnxBuilder& Attribute(const std::string& name, double value);
  OnnxBuilder& Attribute(const std::string& name, const std::string& value);
  OnnxBuilder& Attribute(const std::string& name, const char* value) {
    return Attribute(name, std::string(value));
  }
  OnnxBuilder& Attribute(const std::string& name, const std::vector<int64_t>& values);
  OnnxBuilder& Attribute(const std::string& name, const std::vector<float>& values);
  OnnxBuilder& Attribute(const std::string& name, const std::vector<std::string>& values);
  OnnxBuilder& Attribute(const std::string& name, const onnx::TensorProto& value);
  /// A branch or a body: the graph of another builder.
  OnnxBuilder& Attribute(const std::string& name, OnnxBuilder& graph);
  /// The attribute has the value of the function's attribute `of`.
  OnnxBuilder& AttributeReference(const std::string& name, const std::string& of);
  OnnxBuilder& Domain(const std::string& domain);      ///< of the last node
  OnnxBuilder& Overload(const std::string& overload);  ///< of the last node; IR version 10

  /// A function of the model with the nodes, the version and the names of inputs and outputs of `body`.
  onnx::FunctionProto& Function(const std::string& domain, const std::string& name, OnnxBuilder& body);

  /// What has no function here is set on the message.
  onnx::ModelProto& Model() { return model_; }
  onnx::GraphProto& Graph() { return *model_.mutable_graph(); }
  onnx::NodeProto& LastNode();
  std::string Bytes() const;
  /// Writes the model and gives the path back.
  std::string Save(const std::string& path) const;

 private:
  onnx::AttributeProto& NewAttribute(const std::string& name, onnx::AttributeProto::AttributeType type);
  onnx::ModelProto model_;
};

/// Messages for attributes and data sets.
/// A field of bytes that onnx.proto has and the library may not know.
void AddField(google::protobuf::Message& message, int number, const std::string& bytes);
onnx::TensorProto FloatTensor(const std::string& name, const std::vector<int64_t>& dims,
                              const std::vector<float>& values);
/// Of a type of onnx::TensorProto, with its elements as bytes.
onnx::TensorProto RawTensor(const std::string& name, int type, const std::vector<int64_t>& dims,
                            std::span<const std::byte> bytes);
onnx::TensorProto IntTensor(const std::string& name, const std::vector<int64_t>& dims,
                            const std::vector<int64_t>& values);

}  // namespace rnnc::test
