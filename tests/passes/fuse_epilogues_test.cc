// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/fuse_epilogues.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/ir/parser.h"
#include "tests/passes/pass_helpers.h"

namespace rnnc::passes {
namespace {

// Of one kernel, in all its programs.
size_t ScalarNodes(const ir::Operation& operation) {
  size_t nodes = 0;
  ir::ForEachProgram(operation.GetKernel(), [&](const ir::Program& program, const std::vector<ir::Dim>&) {
    nodes += program.nodes.size();
  });
  return nodes;
}

// Catches a kernel that grows with the model: a fusion costs its size, so a long chain costs the square of
// its length. Catches a bound, too, that leaves hardly anything fused.
TEST(FuseEpilogues, LongChainsBecomeSeveralKernels) {
  constexpr int kMaps = 3000;
  std::string text =
      "module @m {stage=kernels, source=\"m.onnx\", opset=17} {\n  func @main(%v0: f32[4]) -> (%y: f32[4]) "
      "{\n";
  for (int i = 0; i < kMaps; ++i) {
    const std::string result = i + 1 == kMaps ? "y" : fmt::format("v{}", i + 1);
    text += fmt::format("    %{}: f32[4] = map (n<4) {{ yield sub({}.0, %v{}[n]) }} loc(\"/{}\")\n", result,
                        i, i, i);
  }
  text += "    return %y\n  }\n}\n";
  const auto before = ir::Parse(text, "chain.rnn", "");
  const auto after = ir::Parse(text, "chain.rnn", "");
  ASSERT_TRUE(before.ok()) << Render(before.diagnostics());
  ASSERT_TRUE(FuseEpilogues(**after, {}).ok());
  size_t kernels = 0;
  size_t largest = 0;
  for (const auto& operation : (*after)->FindFunction("main")->Body().Operations()) {
    if (!operation->HasKernel()) continue;
    ++kernels;
    largest = std::max(largest, ScalarNodes(*operation));
  }
  EXPECT_LE(largest, 512u);
  EXPECT_GT(largest, 256u);
  EXPECT_LT(kernels, 60u);
  ExpectSameNumbers(**before, **after);
}

}  // namespace
}  // namespace rnnc::passes
