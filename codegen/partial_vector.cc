// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/partial_vector.h"

#include <llvm/IR/Constants.h>

#include <bit>
#include <numeric>

namespace rnnc::codegen {
namespace {

using llvm::Value;

bool HasMaskedAccess(const TargetRow& row, int64_t bytes) {
  return row.masked_element_bytes != 0 && bytes >= row.masked_element_bytes;
}
bool HasMaskedAccess(const TargetRow& row, llvm::Type* element) {
  return HasMaskedAccess(row, static_cast<int64_t>(element->getPrimitiveSizeInBits().getFixedValue() / 8));
}

// body(first, count) for each piece of the leading lanes, the largest first.
template <class Body>
void ForEachPiece(int active, const Body& body) {
  for (int first = 0; first < active;) {
    const int count = static_cast<int>(std::bit_floor(static_cast<unsigned>(active - first)));
    body(first, count);
    first += count;
  }
}

}  // namespace

bool HasMaskedAccess(const TargetRow& row, ir::ElementType element) {
  return HasMaskedAccess(row, ir::BytesOf(element));
}

llvm::Constant* LeadingLanes(Frame& frame, int lanes, int active) {
  llvm::SmallVector<llvm::Constant*> mask;
  for (int lane = 0; lane < lanes; ++lane) mask.push_back(frame.Builder().getInt1(lane < active));
  return llvm::ConstantVector::get(mask);
}

Value* LoadLeadingLanes(Frame& frame, llvm::FixedVectorType* type, Value* address, llvm::Align align,
                        int active) {
  auto& builder = frame.Builder();
  const int lanes = static_cast<int>(type->getNumElements());
  llvm::Type* element = type->getElementType();
  Value* vector = llvm::Constant::getNullValue(type);
  if (HasMaskedAccess(frame.Row(), element)) {
    return builder.CreateMaskedLoad(type, address, align, LeadingLanes(frame, lanes, active), vector);
  }
  ForEachPiece(active, [&](int first, int count) {
    Value* at = builder.CreateGEP(element, address, frame.Int(first));
    if (count == 1) {
      Value* scalar = builder.CreateAlignedLoad(element, at, align);
      vector = builder.CreateInsertElement(vector, scalar, static_cast<uint64_t>(first));
      return;
    }
    auto* piece_type = llvm::FixedVectorType::get(element, static_cast<unsigned>(count));
    Value* piece = builder.CreateAlignedLoad(piece_type, at, align);
    // Widened first: a shuffle has two operands of one type.
    llvm::SmallVector<int> wide(static_cast<size_t>(lanes), -1), merge(static_cast<size_t>(lanes));
    std::iota(wide.begin(), wide.begin() + count, 0);
    std::iota(merge.begin(), merge.end(), 0);
    std::iota(merge.begin() + first, merge.begin() + first + count, lanes);
    vector = builder.CreateShuffleVector(vector, builder.CreateShuffleVector(piece, wide), merge);
  });
  return vector;
}

void StoreLeadingLanes(Frame& frame, Value* vector, Value* address, llvm::Align align, int active) {
  auto& builder = frame.Builder();
  auto* type = llvm::cast<llvm::FixedVectorType>(vector->getType());
  if (HasMaskedAccess(frame.Row(), type->getElementType())) {
    const int lanes = static_cast<int>(type->getNumElements());
    builder.CreateMaskedStore(vector, address, align, LeadingLanes(frame, lanes, active));
    return;
  }
  ForEachPiece(active, [&](int first, int count) {
    Value* at = builder.CreateGEP(type->getElementType(), address, frame.Int(first));
    llvm::SmallVector<int> piece(static_cast<size_t>(count));
    std::iota(piece.begin(), piece.end(), first);
    Value* part = count == 1 ? builder.CreateExtractElement(vector, static_cast<uint64_t>(first))
                             : builder.CreateShuffleVector(vector, piece);
    builder.CreateAlignedStore(part, at, align);
  });
}

}  // namespace rnnc::codegen
