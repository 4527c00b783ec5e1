// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/support/kernel_helpers.h"

namespace rnnc::testing {

using namespace ir;

namespace {
Array Integers(ElementType type, const std::vector<int64_t>& dims, const std::vector<int64_t>& values) {
  Array array = MakeArray(type, dims);
  array.integers = values;
  return array;
}
}  // namespace

Array F32(const std::vector<int64_t>& dims, const std::vector<double>& values) {
  Array array = MakeArray(ElementType::kF32, dims);
  array.numbers = values;
  return array;
}
Array I64(const std::vector<int64_t>& dims, const std::vector<int64_t>& values) {
  return Integers(ElementType::kI64, dims, values);
}
Array Bool(const std::vector<int64_t>& dims, const std::vector<int64_t>& values) {
  return Integers(ElementType::kBool, dims, values);
}

OneOp::OneOp(Stage stage) : function(module.AddFunction("main")) { module.stage = stage; }

Value* OneOp::Argument(const Type& type, const std::string& name) {
  return function->Body().AddArgument(type, name);
}
Value* OneOp::Const(const Tensor& tensor, const std::string& name) {
  return module.AddConst(name, std::make_shared<Tensor>(tensor));
}
Value* OneOp::Ints(const std::vector<int64_t>& values) {
  return module.AddConst("ints", MakeIntTensor(values));
}
Value* OneOp::Floats(const std::vector<int64_t>& dims, const std::vector<double>& values) {
  return module.AddConst("floats", MakeFloatTensor(dims, values));
}

Operation* OneOp::Make(OpKind kind, const std::vector<Value*>& operands, const std::vector<Type>& results) {
  Builder builder(function->Body());
  builder.location = {"model.onnx", {"/op"}};
  op = builder.Create(kind, operands, results);
  builder.Create(OpKind::kReturn, op->Results(), {});
  return op;
}

Result<std::vector<Array>> OneOp::Evaluate(const std::vector<Array>& inputs,
                                           const KernelEvaluation& options) const {
  return EvaluateKernels(*function, inputs, options);
}

}  // namespace rnnc::testing
