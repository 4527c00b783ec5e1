// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <llvm/ExecutionEngine/Orc/LLJIT.h>

#include "codegen/codegen.h"
#include "codegen/llvm_init.h"

namespace rnnc::codegen {

struct LoadedObject::Impl {
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

LoadedObject::LoadedObject() : impl_(std::make_unique<Impl>()) {}
LoadedObject::~LoadedObject() = default;

Result<std::unique_ptr<LoadedObject>> LoadedObject::Load(const std::string& object,
                                                         const std::string& model_name) {
  InitializeLlvmTargets();
  auto failed = [&](llvm::Error error) {
    return Error({}, "the object of {} cannot be loaded here: {}", model_name,
                 llvm::toString(std::move(error)));
  };
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit) return failed(jit.takeError());
  if (auto error = (*jit)->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(object, model_name))) {
    return failed(std::move(error));
  }
  auto symbol = (*jit)->lookup(model_name + "_model");
  if (!symbol) return failed(symbol.takeError());
  std::unique_ptr<LoadedObject> loaded(new LoadedObject);
  loaded->model_ = symbol->toPtr<const rnnc_model*>();
  loaded->impl_->jit = std::move(*jit);
  return loaded;
}

}  // namespace rnnc::codegen
