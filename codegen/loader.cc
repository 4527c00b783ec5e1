// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/MapperJITLinkMemoryManager.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/Process.h>
#include <llvm/TargetParser/Host.h>
#include <sys/mman.h>

#include <map>
#include <mutex>

#include "codegen/codegen.h"
#include "codegen/llvm_init.h"

namespace rnnc::codegen {
namespace {

namespace orc = llvm::orc;

// Memory below 2 GB where there is some: objects made with -fno-pic hold addresses of 32 bits.
class LowMemory {
 public:
  ~LowMemory() {
    for (const auto& [base, size] : reserved_) ::munmap(base, size);
  }
  // MAP_FAILED when there is none.
  void* Reserve(size_t size) {
    void* base = Map(size, kLow);
    if (base == MAP_FAILED) base = Map(size, 0);
    const std::lock_guard lock(mutex_);
    if (base != MAP_FAILED) reserved_[base] = size;
    return base;
  }

 private:
#ifdef MAP_32BIT
  static constexpr int kLow = MAP_32BIT;
#else
  static constexpr int kLow = 0;
#endif
  static void* Map(size_t size, int flags) {
    return ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  }
  std::mutex mutex_;
  std::map<void*, size_t> reserved_;
};

// The memory is the first base: it goes when LLVM's class is done with it.
class LowMemoryMapper : private LowMemory, public orc::InProcessMemoryMapper {
 public:
  using InProcessMemoryMapper::InProcessMemoryMapper;
  void reserve(size_t size, OnReservedFunction done) override {
    void* base = Reserve(size);
    if (base == MAP_FAILED) {
      done(llvm::createStringError("%zu bytes of memory are not to be had", size));
      return;
    }
    const auto address = orc::ExecutorAddr::fromPtr(base);
    done(orc::ExecutorAddrRange(address, address + size));
  }
};

llvm::Expected<std::unique_ptr<orc::ObjectLayer>> MakeLinker(orc::ExecutionSession& session,
                                                             const llvm::Triple&) {
  constexpr size_t kReserve = size_t{1} << 20;  // at a time
  auto page = llvm::sys::Process::getPageSize();
  if (!page) return page.takeError();
  return std::make_unique<orc::ObjectLinkingLayer>(
      session,
      std::make_unique<orc::MapperJITLinkMemoryManager>(kReserve, std::make_unique<LowMemoryMapper>(*page)));
}

}  // namespace

struct LoadedObject::Impl {
  std::string reasons;  // what the linker says of its failures
  std::unique_ptr<orc::LLJIT> jit;
};

LoadedObject::LoadedObject() : impl_(std::make_unique<Impl>()) {}
LoadedObject::~LoadedObject() = default;

Result<std::unique_ptr<LoadedObject>> LoadedObject::Load(const std::string& object,
                                                         const std::string& model_name) {
  InitializeLlvmTargets();
  std::unique_ptr<LoadedObject> loaded(new LoadedObject);
  std::string& reasons = loaded->impl_->reasons;
  auto failed = [&](llvm::Error error) {
    const std::string what = llvm::toString(std::move(error));
    return Error({}, "the object of {} cannot be loaded here: {}", model_name,
                 reasons.empty() ? what : reasons);
  };
  const llvm::MemoryBufferRef bytes(object, model_name);
  auto file = llvm::object::ObjectFile::createObjectFile(bytes);
  if (!file) return failed(file.takeError());
  if ((*file)->getArch() != llvm::Triple(llvm::sys::getProcessTriple()).getArch())
    return failed(llvm::createStringError("it is code of another architecture"));
  auto made = orc::LLJITBuilder().setObjectLinkingLayerCreator(MakeLinker).create();
  if (!made) return failed(made.takeError());
  loaded->impl_->jit = std::move(*made);
  orc::LLJIT& jit = *loaded->impl_->jit;
  jit.getExecutionSession().setErrorReporter([&reasons](llvm::Error error) {
    const std::string reason = llvm::toString(std::move(error));
    if (reasons.empty()) reasons = reason;
  });
  if (auto error = jit.addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(object, model_name))) {
    return failed(std::move(error));
  }
  auto symbol = jit.lookup(model_name + "_model");
  if (!symbol) return failed(symbol.takeError());
  loaded->model_ = symbol->toPtr<const rnnc_model*>();
  return loaded;
}

}  // namespace rnnc::codegen
