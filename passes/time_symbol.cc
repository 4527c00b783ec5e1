// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/time_symbol.h"

namespace rnnc::passes {

std::optional<std::string> TimeSymbol(ir::Function& function) {
  const std::vector<ir::RuntimeSize> sizes = ir::SizesOf(function);
  if (!function.Parent()->sizes.empty() && !sizes.empty()) return sizes[0].symbol;
  std::optional<std::string> symbol;
  auto take = [&](const ir::Dim& dim) {
    if (!symbol && !dim.IsConstant() && !dim.Symbols().empty()) symbol = dim.Symbols()[0];
  };
  for (const auto& operation : function.Body().Operations()) {
    switch (operation->Kind()) {
      case ir::OpKind::kScan:
      case ir::OpKind::kBlocks:
        take(operation->steps);
        break;
      case ir::OpKind::kLstm:
      case ir::OpKind::kGru:
      case ir::OpKind::kRnn: {
        const ir::Value* x = operation->Operand("X");
        const auto axis = static_cast<size_t>(operation->Int("layout") != 0);
        if (x != nullptr && axis < x->type.dims.size()) take(x->type.dims[axis]);
        break;
      }
      default:
        break;
    }
  }
  for (const auto& argument : function.Body().Arguments()) {
    for (const ir::Dim& dim : argument->type.dims) take(dim);
  }
  return symbol;
}

}  // namespace rnnc::passes
