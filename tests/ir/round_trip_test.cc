// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "compiler/ir/blob.h"
#include "compiler/ir/parser.h"
#include "compiler/ir/printer.h"
#include "compiler/support/file.h"
#include "compiler/support/strings.h"
#include "tests/support/ir_helpers.h"
#include "tests/support/temp_folder.h"

namespace rnnc::ir {
namespace {

std::vector<std::string> SampleFiles() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(RNNC_SOURCE_DIR "/tests/ir/samples")) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Catches text that changes its meaning or its form when read and written again, at any stage.
TEST(RoundTrip, EverySampleComesBack) {
  EXPECT_GE(SampleFiles().size(), 5u);
  for (const std::string& file : SampleFiles()) {
    SCOPED_TRACE(file);
    const std::string text = ReadFile(file).value();
    ExpectRoundTrip(text);
    const std::unique_ptr<Module> module = ParseOrDie(text);
    EXPECT_EQ(Print(*module), text);
    ExpectPrints(*CloneModule(*module), text);  // a copy is the same module
    ExpectValid(*module);
  }
}

// Catches blobs that are laid out, read or hashed wrongly.
TEST(RoundTrip, LargeConstants) {
  std::string blob(256, '\0');
  for (size_t i = 0; i < blob.size(); ++i) blob[i] = static_cast<char>(i % 7 * 3);
  const std::unique_ptr<Module> module = ParseOrDie(R"(module @big {stage=graph} {
    const @a: i8[20] = blob(128)
    const @small: f32[1] = [1.0]
    const @b: f32[17] = blob(3)
  })",
                                                    blob);
  const Printed printed = Serialize(*module);
  EXPECT_EQ(printed.blob, blob.substr(128, 20) + std::string(44, '\0') + blob.substr(3, 68));
  EXPECT_NE(printed.text.find("@a: i8[20] = blob(0)"), std::string::npos) << printed.text;
  EXPECT_NE(printed.text.find("@b: f32[17] = blob(64)"), std::string::npos) << printed.text;

  const test::TempFolder folder;
  ASSERT_TRUE(WriteFiles(ModuleFiles(*module, folder / "big.rnn")).ok());
  const std::string text = ReadFile(folder / "big.rnn").value();
  EXPECT_EQ(text.substr(0, text.find("fnv1a:")), "// blob \"big.blob\" 132 bytes ");
  const Result<std::unique_ptr<Module>> again = ReadModule(folder / "big.rnn");
  ASSERT_TRUE(again.ok()) << Render(again.diagnostics());
  EXPECT_EQ(Serialize(**again).text, printed.text);
  EXPECT_EQ(Serialize(**again).blob, printed.blob);
}

// Catches a blob of another module, or outside the folder, that is taken for the right one.
TEST(RoundTrip, WrongBlobs) {
  const test::TempFolder folder;
  const std::string blob = "0123456789abcdef";
  const std::string body = "module @m {stage=graph} {\n  const @a: i8[16] = blob(0)\n}\n";
  auto read = [&](const BlobReference& reference, const std::string& bytes) {
    EXPECT_TRUE(WriteFile(folder / "m.blob", bytes).ok());
    EXPECT_TRUE(WriteFile(folder / "m.rnn", BlobLine(reference) + body).ok());
    const auto result = ReadModule(folder / "m.rnn");
    return result.ok() ? "" : Render(result.diagnostics());
  };
  const BlobReference right{"m.blob", 16, Hash(blob)};
  EXPECT_EQ(read(right, blob), "");
  EXPECT_THAT(read(right, blob + "x"), testing::HasSubstr("not the blob"));
  EXPECT_THAT(read(right, "0123456789abcdeX"), testing::HasSubstr("not the blob"));
  EXPECT_THAT(read({"../m.blob", 16, Hash(blob)}, blob), testing::HasSubstr("same folder"));
  EXPECT_THAT(read({"n.blob", 16, Hash(blob)}, blob), testing::HasSubstr("n.blob"));
  EXPECT_TRUE(WriteFile(folder / "m.rnn", "// blob \"m.blob\" x bytes\n" + body).ok());
  EXPECT_FALSE(ReadModule(folder / "m.rnn").ok());
  EXPECT_TRUE(WriteFile(folder / "m.rnn", body).ok());  // without the line there is no blob
  EXPECT_FALSE(ReadModule(folder / "m.rnn").ok());
}

}  // namespace
}  // namespace rnnc::ir
