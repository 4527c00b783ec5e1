// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/native/rows.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "compiler/support/check.h"
#include "compiler/support/strings.h"

namespace rnnc::test {
namespace {

constexpr const char* kArm = "aarch64-linux-gnu";

// What links and emulates a foreign triple: Debian's names, the first that is there.
struct Emulation {
  const char* triple;
  const char* compiler;
  std::vector<const char*> emulators;
};

const std::vector<Emulation>& Emulations() {
  static const std::vector<Emulation> table = {
      {kArm, "aarch64-linux-gnu-gcc", {"qemu-aarch64-static", "qemu-aarch64"}}};
  return table;
}

bool InPath(const std::string& program) {
  const char* path = std::getenv("PATH");
  for (const std::string& folder : Split(path != nullptr ? path : "", ':')) {
    if (::access(fmt::format("{}/{}", folder, program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

const Emulation* EmulationOf(const TestRow& row) {
  for (const Emulation& entry : Emulations()) {
    if (row.request.triple == entry.triple) return &entry;
  }
  return nullptr;
}

std::string EmulatorOf(const Emulation& emulation) {
  for (const char* emulator : emulation.emulators) {
    if (InPath(emulator)) return emulator;
  }
  return "";
}

}  // namespace

const std::vector<TestRow>& TestRows() {
  static const std::vector<TestRow> rows = {
      {"x86_64", {"", "x86-64"}},       {"x86_64_v2", {"", "x86-64-v2"}},
      {"x86_64_v3", {"", "x86-64-v3"}}, {"x86_64_v4", {"", "x86-64-v4"}},
      {"native", {"", "native"}},       {"aarch64", {kArm, ""}, "cortex-a53"}};
  return rows;
}

const TestRow& FindTestRow(const std::string& name) {
  for (const TestRow& row : TestRows()) {
    if (row.name == name) return row;
  }
  RNNC_UNREACHABLE("no row {}", name);
}

const std::vector<TestRow>& MoreRows() {
  static const std::vector<TestRow> rows = {{"aarch64_cortex_a53", {kArm, "cortex-a53"}, "cortex-a53"},
                                            {"aarch64_cortex_a72", {kArm, "cortex-a72"}, "cortex-a72"},
                                            {"aarch64_neoverse_n1", {kArm, "neoverse-n1"}, "max"},
                                            {"aarch64_neoverse_v2", {kArm, "neoverse-v2"}, "max"},
                                            {"aarch64_apple_m1", {kArm, "apple-m1"}, "max"}};
  return rows;
}

codegen::TargetRow TargetOf(const TestRow& row) {
  const auto target = codegen::FindTarget(row.request);
  RNNC_CHECK(target.ok(), "{}", Render(target.diagnostics()));
  return *target;
}

std::vector<std::string> OptionsOf(const TestRow& row) {
  std::vector<std::string> options;
  if (!row.request.triple.empty()) options.push_back("--target=" + row.request.triple);
  if (!row.request.cpu.empty()) options.push_back("-mcpu=" + row.request.cpu);
  return options;
}

bool IsForeign(const TestRow& row) { return !codegen::RunsHere(TargetOf(row)); }

std::string WhyNot(const TestRow& row) {
  if (!IsForeign(row)) return "";
  const Emulation* emulation = EmulationOf(row);
  if (emulation == nullptr) return "this machine does not run " + row.name;
  if (EmulatorOf(*emulation).empty()) return fmt::format("{} is not installed", emulation->emulators.back());
  if (!InPath(emulation->compiler)) return fmt::format("{} is not installed", emulation->compiler);
  return "";
}

Toolchain ToolchainOf(const TestRow& row) {
  if (!IsForeign(row)) return {"cc", "c++", {}, {}};
  const Emulation* emulation = EmulationOf(row);
  RNNC_CHECK(WhyNot(row).empty(), "{}", WhyNot(row));
  return {emulation->compiler, "", {"-static"}, {EmulatorOf(*emulation), "-cpu", row.emulated_cpu}};
}

}  // namespace rnnc::test
