// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <gtest/gtest.h>

#include <string>

#include "compiler/ir/op.h"
#include "compiler/support/file.h"

namespace rnnc::ir {
namespace {

// Catches an operation that the reference does not mention.
TEST(Readme, MentionsEveryOperation) {
  const std::string text = ReadFile(RNNC_SOURCE_DIR "/compiler/README.md").value();
  for (const OpInfo& info : AllOps()) {
    EXPECT_NE(text.find("`" + std::string(info.text) + "`"), std::string::npos) << info.text;
  }
}

}  // namespace
}  // namespace rnnc::ir
