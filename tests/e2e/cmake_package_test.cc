// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A project of a user's own: installs the compiler, finds the package, compiles a model and links it.
#include <gtest/gtest.h>
#include <onnx/defs/parser.h>
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <string>
#include <vector>

#include "compiler/support/file.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

namespace rnnc {
namespace {

constexpr const char* kModel = R"(
<ir_version: 8, opset_import: ["" : 17]>
agraph (float[1,3] x) => (float[1,3] y) {
  two = Constant <value = float {2.0}> ()
  p = Mul(x, two)
  y = Relu(p)
}
)";

constexpr const char* kProject = R"(
cmake_minimum_required(VERSION 3.25)
project(app LANGUAGES C CXX)
find_package(rnnc REQUIRED)
rnnc_add_model(doubled net.onnx)
rnnc_add_model(again net.onnx NAME second OPTIONS -O1)
add_executable(app app.c)
target_link_libraries(app PRIVATE doubled again)
add_executable(generic generic.cpp)
target_compile_features(generic PRIVATE cxx_std_17)
target_link_libraries(generic PRIVATE doubled)
)";

constexpr const char* kProgram = R"(
#include <stdio.h>
#include "doubled.h"
#include "second.h"
int main(void) {
  static doubled a;
  static second b;
  const float x[3] = {1.0f, -2.0f, 3.5f};
  float y[3] = {0}, z[3] = {0};
  doubled_reset(&a);
  second_reset(&b);
  if (doubled_step(&a, x, y) != RNNC_OK || second_step(&b, x, z) != RNNC_OK) return 1;
  printf("%g %g %g %g\n", y[0], y[1], y[2], z[2]);
  return 0;
}
)";

constexpr const char* kGeneric = R"(
#include <cstdio>
#include <rnnc.hpp>
#include "doubled.h"
int main() {
  auto instance = rnnc::Instance::Create(doubled_model);
  if (!instance) return 1;
  const float x[3] = {1.0f, -2.0f, 3.5f};
  float y[3] = {};
  const void* inputs[] = {x};
  void* outputs[] = {y};
  const rnnc_status status = instance->Step(inputs, outputs);
  std::printf("%s: %g %g %g\n", rnnc_status_text(status), y[0], y[1], y[2]);
}
)";

// Runs it; on failure says what it printed.
testing::AssertionResult Succeeds(const std::vector<std::string>& command) {
  const test::ProcessResult result = test::RunProcess(command);
  if (result.exit_code == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure() << command[0] << " gave " << result.exit_code << ":\n"
                                     << result.output << result.errors;
}

// Catches a package that misses a file, names a path of the build, or an object that does not link from C.
TEST(CmakePackage, AModelIsATargetOfTheUsersProject) {
  const std::string compiler = RNNC_BINARY_DIR "/rnnc", cmake = RNNC_CMAKE_COMMAND;
  const char* const flags = RNNC_SANITIZER_FLAGS;
  if (test::RunProcess({compiler, "compile", "--help"}).exit_code != 0) {
    GTEST_SKIP() << "this build has no `rnnc compile`";
  }
  onnx::ModelProto model;
  const auto parsed = onnx::OnnxParser(kModel).Parse(model);
  ASSERT_TRUE(parsed.IsOK()) << parsed.ErrorMessage();
  const test::TempFolder folder;
  std::filesystem::create_directory(folder / "app");
  ASSERT_TRUE(WriteFile(folder / "app/net.onnx", model.SerializeAsString()).ok());
  ASSERT_TRUE(WriteFile(folder / "app/CMakeLists.txt", kProject).ok());
  ASSERT_TRUE(WriteFile(folder / "app/app.c", kProgram).ok());
  ASSERT_TRUE(WriteFile(folder / "app/generic.cpp", kGeneric).ok());

  ASSERT_TRUE(Succeeds({cmake, "--install", RNNC_BINARY_DIR, "--prefix", folder / "usr"}));
  ASSERT_TRUE(Succeeds({cmake, "-G", "Ninja", "-S", folder / "app", "-B", folder / "out",
                        "-DCMAKE_PREFIX_PATH=" + (folder / "usr"), std::string("-DCMAKE_C_FLAGS=") + flags,
                        std::string("-DCMAKE_CXX_FLAGS=") + flags}));
  ASSERT_TRUE(Succeeds({cmake, "--build", folder / "out"}));
  EXPECT_EQ(test::RunProcess({folder / "out/app"}).output, "2 0 7 7\n");
  EXPECT_EQ(test::RunProcess({folder / "out/generic"}).output, "no error: 2 0 7\n");
}

}  // namespace
}  // namespace rnnc
