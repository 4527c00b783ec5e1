// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/support/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/temp_folder.h"

namespace rnnc {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return folder_ / name; }
  size_t CountFiles() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }

  test::TempFolder folder_;
};

// Catches text-mode mistakes, short writes and wrong permissions.
TEST_F(FileTest, BytesComeBack) {
  std::string bytes(300000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  ASSERT_TRUE(WriteFile(Path("a"), bytes).ok());
  ASSERT_TRUE(WriteFile(Path("a"), bytes).ok());
  const Result<std::string> read = ReadFile(Path("a"));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, bytes);
  EXPECT_EQ(CountFiles(), 1u);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  EXPECT_EQ(static_cast<mode_t>(fs::status(Path("a")).permissions()), 0666 & ~mask);
}

// Catches an output left behind when a later one cannot be written.
TEST_F(FileTest, AllFilesOrNone) {
  const std::vector<FileContent> files = {{Path("a"), "1"}, {Path("missing/b"), "2"}};
  const Result<> failed = WriteFiles(files);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(Render(failed.diagnostics()), Path("missing/b") + ": cannot write: no such file or directory");
  EXPECT_EQ(CountFiles(), 0u);
}

// Catches `-o /dev/null` replacing the device, and a link that stops being one.
TEST_F(FileTest, OnlyPlainFilesAreReplaced) {
  fs::create_symlink("target", Path("link"));
  ASSERT_TRUE(WriteFile(Path("target"), "old").ok());
  ASSERT_TRUE(WriteFile(Path("link"), "new").ok());
  EXPECT_TRUE(fs::is_symlink(Path("link")));
  EXPECT_EQ(*ReadFile(Path("target")), "new");
  fs::create_symlink("/dev/null", Path("null"));
  ASSERT_TRUE(WriteFile(Path("null"), "gone").ok());
  EXPECT_EQ(fs::status("/dev/null").type(), fs::file_type::character);
  EXPECT_FALSE(WriteFile(folder_.path().string(), "x").ok());
}

// Catches a missing reason, or a folder read as an empty file.
TEST_F(FileTest, ReadErrorsAreOneClearLine) {
  EXPECT_EQ(Render(ReadFile(Path("none")).diagnostics()),
            Path("none") + ": cannot read: no such file or directory");
  EXPECT_EQ(Render(ReadFile(folder_.path().string()).diagnostics()),
            folder_.path().string() + ": cannot read: is a directory");
}

}  // namespace
}  // namespace rnnc
