// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "codegen/target.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/Triple.h>

#include <algorithm>
#include <array>
#include <memory>

#include "codegen/llvm_init.h"
#include "compiler/support/strings.h"

namespace rnnc::codegen {
namespace {

constexpr std::array<std::string_view, 4> kX86Rows = {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"};

bool Has(const llvm::MCSubtargetInfo& subtarget, llvm::StringRef feature) {
  return subtarget.checkFeatures(("+" + feature).str());
}

void FillX86(TargetRow& row, const llvm::MCSubtargetInfo& subtarget) {
  const bool avx512 = Has(subtarget, "avx512f") && Has(subtarget, "avx512vl") && Has(subtarget, "avx512dq") &&
                      Has(subtarget, "avx512bw");
  const bool avx2 = Has(subtarget, "avx2");
  row.vector_bytes = avx512 ? 64 : avx2 ? 32 : 16;
  row.vector_registers = avx512 ? 32 : 16;
  row.has_fma = Has(subtarget, "fma");
  row.has_rounding = Has(subtarget, "sse4.1");
  row.has_half = Has(subtarget, "f16c");
  row.has_reciprocal14 = row.has_lookup16 = avx512;
  row.has_gather = avx2;
  row.masked_element_bytes = avx512 ? 1 : avx2 ? 4 : 0;
}

void FillAArch64(TargetRow& row, const llvm::MCSubtargetInfo& subtarget) {
  (void)subtarget;
  row.vector_bytes = 16;
  row.vector_registers = 32;
  row.has_fma = row.has_rounding = row.has_half = true;
}

}  // namespace

std::vector<std::string_view> NamedRows() { return {kX86Rows.begin(), kX86Rows.end()}; }

Result<TargetRow> FindTarget(const TargetRequest& request) {
  InitializeLlvmTargets();
  const bool host = request.triple.empty();
  const llvm::Triple triple(
      llvm::Triple::normalize(host ? llvm::sys::getDefaultTargetTriple() : request.triple));
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple.str(), error);
  if (target == nullptr || !(triple.getArch() == llvm::Triple::x86_64 || triple.isAArch64()) ||
      !triple.isOSBinFormatELF() ||
      (!triple.getEnvironmentName().empty() &&
       triple.getEnvironmentName() != llvm::Triple::getEnvironmentTypeName(triple.getEnvironment()))) {
    return Error({}, "--target: {} is not a target; known are x86_64-linux-gnu and aarch64-linux-gnu",
                 request.triple);
  }
  TargetRow row;
  row.triple = triple.str();
  const bool host_cpu = request.cpu == "native" || (request.cpu.empty() && host);
  if (host_cpu && triple.getArch() != llvm::Triple(llvm::sys::getDefaultTargetTriple()).getArch()) {
    return Error({}, "-mcpu: native is this machine's CPU, not one of {}; name a CPU", request.triple);
  }
  row.cpu = host_cpu               ? llvm::sys::getHostCPUName().str()
            : !request.cpu.empty() ? request.cpu
            : triple.isAArch64()   ? "generic"
                                   : "x86-64";
  row.name = row.cpu;
  if (host_cpu) {
    // What the machine really offers, which a virtual one may have cut down from what the name promises.
    std::vector<std::string> features;
    for (const auto& feature : llvm::sys::getHostCPUFeatures()) {
      features.push_back((feature.second ? "+" : "-") + feature.first().str());
    }
    std::sort(features.begin(), features.end());
    for (const std::string& feature : features) row.features += (row.features.empty() ? "" : ",") + feature;
  }
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(target->createMCSubtargetInfo(row.triple, "", ""));
  if (!subtarget->isCPUStringValid(row.cpu)) {
    std::vector<std::string> names(kX86Rows.begin(), kX86Rows.end());
    for (const auto& entry : subtarget->getAllProcessorDescriptions()) names.emplace_back(entry.Key);

    return Error({}, "-mcpu: {} is not a CPU of {}{}", row.cpu, row.triple, DidYouMean(row.cpu, names));
  }
  subtarget.reset(target->createMCSubtargetInfo(row.triple, row.cpu, row.features));
  if (triple.isAArch64()) {
    FillAArch64(row, *subtarget);
  } else {
    FillX86(row, *subtarget);
  }
  return row;
}

bool RunsHere(const TargetRow& row) {
  InitializeLlvmTargets();
  const llvm::Triple here(llvm::sys::getDefaultTargetTriple());
  if (llvm::Triple(row.triple).getArch() != here.getArch()) return false;
  if (!row.features.empty()) return true;
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(row.triple, error);
  std::unique_ptr<llvm::MCSubtargetInfo> wanted(target->createMCSubtargetInfo(row.triple, row.cpu, ""));
  const auto have = llvm::sys::getHostCPUFeatures();
  // Only instruction-set features count; tuning flags have no entry in the host's list.
  for (const auto& feature : have) {
    if (!feature.second && Has(*wanted, feature.first())) return false;
  }
  return true;
}

}  // namespace rnnc::codegen
