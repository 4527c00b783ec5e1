// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/descriptor.h"

#include <llvm/IR/Constants.h>

#include <cstddef>

#include "compiler/support/check.h"
#include "compiler/support/strings.h"

namespace rnnc::codegen {
namespace {

// The builder below writes fields in the order of the struct; these pin the layout it relies on.
static_assert(offsetof(rnnc_model, fingerprint) == 48 && offsetof(rnnc_model, n_inputs) == 56);
static_assert(offsetof(rnnc_model, inputs) == 72 && offsetof(rnnc_model, instance_bytes) == 96);
static_assert(offsetof(rnnc_model, reset) == 144 && sizeof(rnnc_model) == 176);
static_assert(sizeof(rnnc_tensor) == 48 && sizeof(rnnc_dim) == 32 && sizeof(rnnc_term) == 16);

class DescriptorBuilder {
 public:
  DescriptorBuilder(ObjectContext& context, std::vector<ir::RuntimeSize> sizes)
      : context_(context), sizes_(std::move(sizes)) {}

  llvm::Constant* Int32(int64_t value) {
    return llvm::ConstantInt::get(llvm::Type::getInt32Ty(context_.llvm), static_cast<uint64_t>(value));
  }
  llvm::Constant* Int64(uint64_t value) {
    return llvm::ConstantInt::get(llvm::Type::getInt64Ty(context_.llvm), value);
  }
  llvm::Constant* Null() { return llvm::ConstantPointerNull::get(llvm::PointerType::get(context_.llvm, 0)); }
  llvm::Constant* Pointer(llvm::Constant* value) { return value == nullptr ? Null() : value; }

  llvm::Constant* Text(const std::string& text) {
    return Private(llvm::ConstantDataArray::getString(context_.llvm, text), "text");
  }

  llvm::Constant* Struct(const std::vector<llvm::Constant*>& fields) {
    return llvm::ConstantStruct::getAnon(context_.llvm, fields);
  }

  llvm::Constant* Array(const std::vector<llvm::Constant*>& elements, const char* name) {
    if (elements.empty()) return Null();
    auto* type = llvm::ArrayType::get(elements[0]->getType(), elements.size());
    return Private(llvm::ConstantArray::get(type, elements), name);
  }

  llvm::Constant* Terms(const ir::Dim& dim) {
    std::vector<llvm::Constant*> terms;
    for (const auto& [monomial, factor] : dim.Terms()) {
      std::vector<uint8_t> powers(RNNC_MAX_SIZES, 0);
      for (const std::string& symbol : monomial) {
        for (size_t i = 0; i < sizes_.size(); ++i) powers[i] += sizes_[i].symbol == symbol;
      }
      terms.push_back(Struct(
          {Int64(static_cast<uint64_t>(factor)), llvm::ConstantDataArray::get(context_.llvm, powers)}));
    }
    return Array(terms, "terms");
  }

  llvm::Constant* Sizes() {
    std::vector<llvm::Constant*> sizes;
    for (const ir::RuntimeSize& size : sizes_) {
      sizes.push_back(Struct({Text(size.symbol), Int64(static_cast<uint64_t>(size.low)),
                              Int64(static_cast<uint64_t>(*size.high))}));
    }
    return Array(sizes, "sizes");
  }

  llvm::Constant* Tensor(const TensorInfo& info, uint64_t offset) {
    std::vector<llvm::Constant*> dims;
    for (const ir::Dim& dim : info.type.dims) {
      dims.push_back(dim.IsConstant()
                         ? Struct({Int64(static_cast<uint64_t>(dim.Value())), Null(), Null(), Int64(0)})
                         : Struct({Int64(static_cast<uint64_t>(-1)), Text(dim.ToText()), Terms(dim),
                                   Int64(dim.Terms().size())}));
    }
    const uint64_t bytes = info.type.IsStatic() ? static_cast<uint64_t>(info.type.Bytes()) : 0;
    return Struct({Text(info.name), Int32(DtypeOf(info.type.element)), Int32(info.type.Rank()),
                   Array(dims, "dims"), Int32(info.time_axis), Int32(0), Int64(bytes), Int64(offset)});
  }

  llvm::Constant* Tensors(const std::vector<TensorInfo>& infos) {
    std::vector<llvm::Constant*> tensors;
    for (const TensorInfo& info : infos) tensors.push_back(Tensor(info, 0));
    return Array(tensors, "tensors");
  }

  llvm::Constant* States(size_t& count) {
    std::vector<llvm::Constant*> tensors;
    for (const auto& state : context_.source.States()) {
      if (!state->place) continue;
      const TensorInfo info = DescribeTensor(state->name, state->type, "");
      tensors.push_back(Tensor(info, static_cast<uint64_t>(state->place->offset.Value())));
    }
    count = tensors.size();
    return Array(tensors, "states");
  }

 private:
  llvm::GlobalVariable* Private(llvm::Constant* value, const char* name) {
    auto* global =
        new llvm::GlobalVariable(context_.module, value->getType(), true, llvm::GlobalValue::PrivateLinkage,
                                 value, context_.source.name + "." + name);
    global->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    return global;
  }

  ObjectContext& context_;
  std::vector<ir::RuntimeSize> sizes_;  // of a call
};

// Of everything that saved state depends on: its layout, and the weights it was made with.
uint64_t Fingerprint(const ir::Module& module) {
  uint64_t hash = Hash(module.name);
  for (const auto& state : module.States()) {
    hash = Hash(state->name, hash);
    hash = Hash(state->type.ToText(), hash);
    if (state->place) hash = Hash(state->place->offset.ToText(), hash);
  }
  for (const auto& value : module.Consts()) {
    const auto& bytes = value->tensor->bytes;
    hash = Hash({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, hash);
  }
  return hash;
}

}  // namespace

int DtypeOf(ir::ElementType element) {
  switch (element) {
    case ir::ElementType::kF32:
      return RNNC_F32;
    case ir::ElementType::kF64:
      return RNNC_F64;
    case ir::ElementType::kF16:
      return RNNC_F16;
    case ir::ElementType::kBF16:
      return RNNC_BF16;
    case ir::ElementType::kI8:
      return RNNC_I8;
    case ir::ElementType::kI16:
      return RNNC_I16;
    case ir::ElementType::kI32:
      return RNNC_I32;
    case ir::ElementType::kI64:
      return RNNC_I64;
    case ir::ElementType::kU8:
      return RNNC_U8;
    case ir::ElementType::kBool:
      return RNNC_BOOL;
  }
  return 0;
}

TensorInfo DescribeTensor(const std::string& name, const ir::Type& type, const std::string& time_symbol) {
  TensorInfo info{name, type, -1, 0};
  for (size_t axis = 0; axis < type.dims.size() && !time_symbol.empty(); ++axis) {
    if (type.dims[axis] == ir::Dim::Symbol(time_symbol)) info.time_axis = static_cast<int>(axis);
  }
  ir::Dim bytes(ir::BytesOf(type.element));
  for (size_t axis = 0; axis < type.dims.size(); ++axis) {
    if (static_cast<int>(axis) != info.time_axis) bytes *= type.dims[axis];
  }
  if (bytes.IsConstant()) info.bytes = static_cast<uint64_t>(bytes.Value());
  return info;
}

std::vector<TensorInfo> DescribeInputs(const EntryPoints& entries) {
  std::vector<TensorInfo> infos;
  for (const auto& argument : entries.Any()->Body().Arguments()) {
    infos.push_back(DescribeTensor(argument->name, argument->type, TimeSymbol(entries)));
  }
  return infos;
}

std::vector<TensorInfo> DescribeOutputs(const EntryPoints& entries) {
  std::vector<TensorInfo> infos;
  const std::vector<ir::Type> types = entries.Any()->ResultTypes();
  for (size_t i = 0; i < types.size(); ++i) {
    infos.push_back(DescribeTensor(entries.Any()->result_names.at(i), types[i], TimeSymbol(entries)));
  }
  return infos;
}

void BuildDescriptor(ObjectContext& context, const EntryPoints& entries, const DescriptorEntries& functions) {
  const std::vector<ir::RuntimeSize> sizes = CallSizes(entries);
  DescriptorBuilder b(context, sizes);
  const ir::Module& module = context.source;
  const std::vector<TensorInfo> inputs = DescribeInputs(entries);
  const std::vector<TensorInfo> outputs = DescribeOutputs(entries);
  size_t states = 0;
  llvm::Constant* state_table = b.States(states);
  llvm::Constant* value = b.Struct({b.Int32(RNNC_ABI_VERSION),
                                    b.Int32(sizeof(rnnc_model)),
                                    b.Text(module.name),
                                    b.Text(module.source),
                                    b.Text(context.options.compiler_version),
                                    b.Text(context.Row().triple),
                                    b.Text(context.Row().cpu),
                                    b.Int64(Fingerprint(module)),
                                    b.Int32(static_cast<int64_t>(inputs.size())),
                                    b.Int32(static_cast<int64_t>(outputs.size())),
                                    b.Int32(static_cast<int64_t>(states)),
                                    b.Int32(static_cast<int64_t>(sizes.size())),
                                    b.Tensors(inputs),
                                    b.Tensors(outputs),
                                    state_table,
                                    b.Int64(InstanceBytes(module)),
                                    b.Int64(kInstanceAlign),
                                    b.Int64(static_cast<uint64_t>(module.state_bytes)),
                                    b.Int64(WeightBytes(module)),
                                    b.Int64(MultiplyAdds(entries)),
                                    b.Sizes(),
                                    b.Pointer(functions.reset),
                                    b.Pointer(functions.step),
                                    b.Pointer(functions.run),
                                    b.Pointer(functions.scratch_bytes)});
  auto* global = new llvm::GlobalVariable(context.module, value->getType(), true,
                                          llvm::GlobalValue::ExternalLinkage, value, module.name + "_model");
  global->setAlignment(llvm::Align(8));
}

}  // namespace rnnc::codegen
