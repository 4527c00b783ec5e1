// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/onnx_builder.h"

#include "compiler/support/file.h"

namespace rnnc::test {

OnnxBuilder::OnnxBuilder(int opset, int ir_version) {
  model_.set_ir_version(ir_version);
  model_.add_opset_import()->set_version(opset);
  Graph().set_name("graph");
}

OnnxBuilder& OnnxBuilder::Input(const std::string& name, const Dims& dims, int type) {
  onnx::ValueInfoProto& input = *Graph().add_input();
  input.set_name(name);
  onnx::TypeProto::Tensor& tensor = *input.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  onnx::TensorShapeProto& shape = *tensor.mutable_shape();
  for (const Dim& dim : dims) {
    auto& added = *shape.add_dim();
    if (const int* small = std::get_if<int>(&dim)) {
      if (*small >= 0) added.set_dim_value(*small);
    } else if (const int64_t* size = std::get_if<int64_t>(&dim)) {
      if (*size >= 0) added.set_dim_value(*size);
    } else if (const std::string* symbol = std::get_if<std::string>(&dim)) {
      added.set_dim_param(*symbol);
    } else {
      added.set_dim_param(std::get<const char*>(dim));
    }
  }
  return *this;
}

OnnxBuilder& OnnxBuilder::Output(const std::string& name, int type) {
  onnx::ValueInfoProto& output = *Graph().add_output();
  output.set_name(name);
  output.mutable_type()->mutable_tensor_type()->set_elem_type(type);
  return *this;
}

OnnxBuilder& OnnxBuilder::Floats(const std::string& name, const std::vector<int64_t>& dims,
                                 const std::vector<float>& values) {
  *Graph().add_initializer() = FloatTensor(name, dims, values);
  return *this;
}

OnnxBuilder& OnnxBuilder::FloatsOf(const std::string& name, const std::vector<int64_t>& dims) {
  int64_t count = 1;
  for (int64_t dim : dims) count *= dim;
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>((i * 7) % 13 - 6) / 8.0f);
  return Floats(name, dims, values);
}

OnnxBuilder& OnnxBuilder::Initialiser(const onnx::TensorProto& tensor) {
  *Graph().add_initializer() = tensor;
  return *this;
}

OnnxBuilder& OnnxBuilder::Ints(const std::string& name, const std::vector<int64_t>& values) {
  *Graph().add_initializer() = IntTensor(name, {static_cast<int64_t>(values.size())}, values);
  return *this;
}

OnnxBuilder& OnnxBuilder::Int(const std::string& name, int64_t value) {
  *Graph().add_initializer() = IntTensor(name, {}, {value});
  return *this;
}

OnnxBuilder& OnnxBuilder::Node(const std::string& op, const std::vector<std::string>& inputs,
                               const std::vector<std::string>& outputs, const std::string& name) {
  onnx::NodeProto& node = *Graph().add_node();
  node.set_op_type(op);
  node.set_name(name);
  for (const std::string& input : inputs) node.add_input(input);
  for (const std::string& output : outputs) node.add_output(output);
  return *this;
}

onnx::NodeProto& OnnxBuilder::LastNode() { return *Graph().mutable_node(Graph().node_size() - 1); }

onnx::AttributeProto& OnnxBuilder::NewAttribute(const std::string& name,
                                                onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& attribute = *LastNode().add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

OnnxBuilder& OnnxBuilder::Attribute(const std::string& name, int64_t value) {
  NewAttribute(name, onnx::AttributeProto::INT).set_i(value);
  return *this;
}

OnnxBuilder& OnnxBuilder::Attribute(const std::string& name, double value) {
  NewAttribute(name, onnx::AttributeProto::FLOAT).set_f(static_cast<float>(value));
  return *this;
}

OnnxBuilder& OnnxBuilder::Attribute(const std::string& name, const std::string& value) {
  NewAttribute(name, onnx::AttributeProto::STRING).set_s(value);
  return *this;
}

OnnxBuilder& OnnxBuilder::Attribute(const std::string& name, const std::vector<int64_t>& values) {
  onnx::AttributeProto& attribute = NewAttribute(name, onnx::AttributeProto::INTS);
  for (int64_t value : values) attribute.add_ints(value);
  return *this;
}

OnnxBuilder& OnnxBuilder::Attribute(const std::string& name, const std::vector<float>& values) {
  onnx::AttributeProto& attribute = NewAttribute(name, onnx::AttributeProto::FLOATS);
  for (float value : values) attribute.add_floats(value);
  return *this;
}

OnnxBuilder& OnnxBuilder::Attribute(const std::string& name, const std::vector<std::string>& values) {
  onnx::AttributeProto& attribute = NewAttribute(name, onnx::AttributeProto::STRINGS);
  for (const std::string& value : values) attribute.add_strings(value);
  return *this;
}

OnnxBuilder& OnnxBuilder::Attribute(const std::string& name, const onnx::TensorProto& value) {
  *NewAttribute(name, onnx::AttributeProto::TENSOR).mutable_t() = value;
  return *this;
}

OnnxBuilder& OnnxBuilder::Attribute(const std::string& name, OnnxBuilder& graph) {
  *NewAttribute(name, onnx::AttributeProto::GRAPH).mutable_g() = graph.Graph();
  return *this;
}

OnnxBuilder& OnnxBuilder::AttributeReference(const std::string& name, const std::string& of) {
  NewAttribute(name, onnx::AttributeProto::UNDEFINED).set_ref_attr_name(of);
  return *this;
}

OnnxBuilder& OnnxBuilder::Domain(const std::string& domain) {
  LastNode().set_domain(domain);
  return *this;
}

OnnxBuilder& OnnxBuilder::Overload(const std::string& overload) {
  AddField(LastNode(), 8, overload);
  return *this;
}

onnx::FunctionProto& OnnxBuilder::Function(const std::string& domain, const std::string& name,
                                           OnnxBuilder& body) {
  onnx::FunctionProto& function = *model_.add_functions();
  function.set_domain(domain);
  function.set_name(name);
  for (const onnx::ValueInfoProto& input : body.Graph().input()) function.add_input(input.name());
  for (const onnx::ValueInfoProto& output : body.Graph().output()) function.add_output(output.name());
  *function.mutable_node() = body.Graph().node();
  *function.mutable_opset_import() = body.Model().opset_import();
  return function;
}

std::string OnnxBuilder::Bytes() const { return model_.SerializeAsString(); }

std::string OnnxBuilder::Save(const std::string& path) const {
  WriteFile(path, Bytes()).value();
  return path;
}

void AddField(google::protobuf::Message& message, int number, const std::string& bytes) {
  // One field more, as a file has it: tag (wire type 2), length, bytes.
  std::string field;
  const auto add = [&field](size_t varint) {
    for (; varint >= 128; varint >>= 7) field += static_cast<char>((varint & 127) | 128);
    field += static_cast<char>(varint);
  };
  add(static_cast<size_t>(number) << 3 | 2);
  add(bytes.size());
  message.ParseFromString(message.SerializeAsString() + field + bytes);
}

onnx::TensorProto FloatTensor(const std::string& name, const std::vector<int64_t>& dims,
                              const std::vector<float>& values) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (int64_t dim : dims) tensor.add_dims(dim);
  tensor.set_raw_data(values.data(), values.size() * sizeof(float));
  return tensor;
}

onnx::TensorProto RawTensor(const std::string& name, int type, const std::vector<int64_t>& dims,
                            std::span<const std::byte> bytes) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (int64_t dim : dims) tensor.add_dims(dim);
  tensor.set_raw_data(bytes.data(), bytes.size());
  return tensor;
}

onnx::TensorProto IntTensor(const std::string& name, const std::vector<int64_t>& dims,
                            const std::vector<int64_t>& values) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  for (int64_t dim : dims) tensor.add_dims(dim);
  for (int64_t value : values) tensor.add_int64_data(value);
  return tensor;
}

}  // namespace rnnc::test
