// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/lower_to_kernels.h"

#include <algorithm>

#include "compiler/ir/builder.h"
#include "compiler/ir/lowering.h"

// 1. A scan's slices become maps that read the sequence at the step
//    symbol, so that its body holds no argument but the carried values.
// 2. An operator of the lowering table is replaced by what the table emits; what is legal in both stages
//    stays. Last operators first: a reshape to a computed shape finds its shape's operators still there.
// 3. Constants that only said axes and shapes have no reader left and go.
// Refusals are gathered over the whole module.
namespace rnnc::passes {
namespace {

using namespace ir;

class Lowering {
 public:
  void Lower(Block& block) {
    const std::vector<Operation*> operations = block.Snapshot();
    for (auto at = operations.rbegin(); at != operations.rend(); ++at) {
      Operation* operation = *at;
      if (operation->Kind() == OpKind::kScan) ReadSequencesAtStep(*operation);
      if (operation->HasBody()) Lower(operation->Body());
      if (HasLowering(operation->Kind())) Replace(*operation);
    }
  }

  Result<> Finish() {
    if (diagnostics_.empty()) return Ok();
    std::reverse(diagnostics_.begin(), diagnostics_.end());
    return std::move(diagnostics_);
  }

 private:
  // Step 1.
  static void ReadSequencesAtStep(Operation& scan) {
    Block& body = scan.Body();
    const auto count = static_cast<size_t>(scan.Int("n_each"));
    Builder builder(body, body.Operations().front().get());
    builder.location = scan.location;
    std::vector<Value*> operands = scan.Operands();
    for (size_t i = 0; i < count; ++i) {
      Value* slice = body.Arguments()[i].get();
      if (!slice->HasUsers()) continue;
      Kernel kernel = MakeMap(slice->type.dims);
      std::vector<IndexExpr> indices = IdentityIndices(slice->type.dims.size());
      indices.insert(indices.begin(), IndexExpr(Dim::Symbol(scan.step_symbol)));
      kernel.epilogue.outputs = {kernel.epilogue.AddRead(slice->type.element, 0, std::move(indices))};
      Value* read = builder.KernelOp(std::move(kernel), {operands[i]}, {slice->type})->Result();
      read->name = slice->name;
      ReplaceAllUses(slice, read);
    }
    for (size_t i = count; i-- > 0;) body.RemoveArgument(i);
    operands.erase(operands.begin(), operands.begin() + static_cast<std::ptrdiff_t>(count));
    scan.SetOperands(operands);
    scan.Set("n_each", int64_t{0});
  }

  // Step 2.
  void Replace(Operation& operation) {
    const std::vector<Value*> results = operation.Results();
    if (std::none_of(results.begin(), results.end(), [](const Value* v) { return v->HasUsers(); })) {
      return operation.Parent()->Erase(&operation);  // it only said a shape
    }
    Builder builder = Builder::Before(&operation);
    Result<std::vector<Value*>> values = LowerOperation(operation, builder);
    if (!values.ok()) {
      diagnostics_.insert(diagnostics_.end(), values.diagnostics().begin(), values.diagnostics().end());
      return;
    }
    for (size_t i = 0; i < values->size(); ++i) {
      Value* old = operation.Result(i);
      Value* made = (*values)[i];
      if (made->kind == ValueKind::kResult && made->name.empty()) made->name = old->name;
      ReplaceAllUses(old, made);
    }
    operation.Parent()->Erase(&operation);
  }

  std::vector<Diagnostic> diagnostics_;
};

}  // namespace

Result<> LowerToKernels(Module& module, const PassOptions&) {
  Lowering lowering;
  for (const auto& function : module.Functions()) lowering.Lower(function->Body());
  RNNC_TRY(lowering.Finish());
  module.RemoveUnusedConsts();
  module.stage = Stage::kKernels;
  return Ok();
}

}  // namespace rnnc::passes
