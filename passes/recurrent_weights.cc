// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/recurrent_weights.h"

#include <cstring>
#include <memory>

namespace rnnc::passes {

using namespace ir;

Value* CastTo(Builder& builder, Value* value, ElementType element) {
  if (value->type.element == element) return value;
  Operation* cast = builder.Create(OpKind::kCast, {value}, {{element, value->type.dims}});
  cast->Set("to", std::string(ToText(element)));
  return cast->Result();
}

Value* Computed(Builder& builder, Value* value) {
  const ElementType element = ComputeType(value->type.element);
  if (element == value->type.element) return value;
  const Type type{element, value->type.dims};
  if (value->IsConst()) {
    auto tensor = std::make_shared<Tensor>(ZeroTensor(type));
    for (int64_t i = 0; i < tensor->ElementCount(); ++i) tensor->SetNumber(i, value->tensor->NumberAt(i));
    return builder.GetBlock().Parent()->Parent()->AddConst(value->name, std::move(tensor));
  }
  return CastTo(builder, value, element);
}

Value* EntryOf(Builder& builder, Value* x, int64_t axis, size_t index) {
  Type type = x->type;
  const bool only = type.dims[static_cast<size_t>(axis)].Is(1);
  type.dims.erase(type.dims.begin() + axis);
  Module& module = *builder.GetBlock().Parent()->Parent();
  if (only) return builder.Op(OpKind::kSqueeze, {x, module.AddConst("axes", MakeIntTensor({axis}))}, type);
  Value* at = module.AddConst("direction", MakeScalar(ElementType::kI64, static_cast<double>(index)));
  Operation* gather = builder.Create(OpKind::kGather, {x, at}, {type});
  gather->Set("axis", axis);
  return gather->Result();
}

namespace {

// Piece `index` of `pieces` equal ones along the two leading axes of a constant (directions, gates).
Value* ConstPiece(Module& module, const Value& whole, const std::string& name, size_t index, size_t pieces) {
  Type type = whole.type;
  const Dim rows = type.dims[0] * type.dims[1];
  type.dims.erase(type.dims.begin());
  type.dims[0] = *rows.DividedBy(Dim(static_cast<int64_t>(pieces)));
  auto tensor = std::make_shared<Tensor>(ZeroTensor(type));
  std::memcpy(tensor->bytes.data(), whole.tensor->bytes.data() + index * tensor->bytes.size(),
              tensor->bytes.size());
  return module.AddConst(name, std::move(tensor));
}

// The pieces of one direction along the second axis of W, R or B, each [H,..].
std::vector<Value*> Pieces(Builder& builder, Value* whole, size_t direction,
                           const std::vector<std::string>& names) {
  Module& module = *builder.GetBlock().Parent()->Parent();
  std::vector<Value*> pieces;
  if (whole->IsConst()) {
    const auto directions = static_cast<size_t>(whole->type.dims[0].Value());
    for (size_t i = 0; i < names.size(); ++i) {
      pieces.push_back(ConstPiece(module, *whole, whole->name + "_" + names[i], direction * names.size() + i,
                                  directions * names.size()));
    }
    return pieces;
  }
  Value* flat = EntryOf(builder, whole, 0, direction);
  if (names.size() == 1) return {flat};
  Type type = flat->type;
  type.dims[0] = *type.dims[0].DividedBy(Dim(static_cast<int64_t>(names.size())));
  const std::vector<int64_t> sizes(names.size(), type.dims[0].Value());
  Operation* split = builder.Create(OpKind::kSplit, {flat, module.AddConst("sizes", MakeIntTensor(sizes))},
                                    std::vector<Type>(names.size(), type));
  split->Set("axis", int64_t{0});
  return split->Results();
}

// a + b: of constants in double, rounded once.
Value* SumOf(Builder& builder, Value* a, Value* b, const std::string& name) {
  if (!a->IsConst() || !b->IsConst()) return builder.Op(OpKind::kAdd, {a, b}, a->type);
  auto sum = std::make_shared<Tensor>(ZeroTensor(a->type));
  for (int64_t i = 0; i < sum->ElementCount(); ++i)
    sum->SetNumber(i, a->tensor->NumberAt(i) + b->tensor->NumberAt(i));
  return builder.GetBlock().Parent()->Parent()->AddConst(name, std::move(sum));
}

}  // namespace

std::vector<Gate> CutGates(Builder& builder, const Operation& op, const Cell& cell, size_t direction) {
  std::vector<Gate> gates(cell.gates.size());
  const auto pieces = [&](const char* operand, const std::vector<std::string>& names) {
    return Pieces(builder, Computed(builder, op.Operand(operand)), direction, names);
  };
  const std::vector<Value*> w = pieces("W", cell.gates);
  const std::vector<Value*> r = pieces("R", cell.gates);
  for (size_t i = 0; i < gates.size(); ++i) {
    gates[i].w = w[i];
    gates[i].r = r[i];
  }
  if (!cell.peepholes.empty() && op.Operand("P") != nullptr) {
    const std::vector<Value*> p = pieces("P", cell.peepholes);
    for (size_t i = 0; i < p.size(); ++i) gates[i].peephole = p[i];  // they are the first gates
  }
  if (op.Operand("B") == nullptr) return gates;
  std::vector<std::string> names;  // Wb of every gate, then Rb of every gate
  for (const std::string& gate : cell.gates) names.push_back("w" + gate);
  for (const std::string& gate : cell.gates) names.push_back("r" + gate);
  const std::vector<Value*> b = pieces("B", names);
  const bool apart = op.Has("linear_before_reset") && op.Int("linear_before_reset") != 0;
  for (size_t i = 0; i < gates.size(); ++i) {
    gates[i].wb = b[i];
    gates[i].rb = b[i + gates.size()];
    // GRU's candidate with linear_before_reset has no use for the sum.
    if (!apart || i + 1 < gates.size())
      gates[i].sum = SumOf(builder, gates[i].wb, gates[i].rb, op.Operand("B")->name + "_" + cell.gates[i]);
  }
  return gates;
}

}  // namespace rnnc::passes
