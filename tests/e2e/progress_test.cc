// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The line that says what is being done: on a terminal, for long work, and gone at the end.
#include "compiler/driver/progress.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "compiler/driver/verify.h"
#include "compiler/support/check.h"
#include "passes/pipeline.h"
#include "tests/support/native/model_files.h"

namespace rnnc::test {
namespace {

using driver::Progress;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

// Both ends of a terminal of 40 columns.
class Terminal {
 public:
  Terminal() : master_(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK)) {
    RNNC_CHECK(master_ >= 0 && grantpt(master_) == 0 && unlockpt(master_) == 0, "no terminal");
    stream_ = fopen(ptsname(master_), "w");
    RNNC_CHECK(stream_ != nullptr, "no terminal");
    const winsize size{24, 40, 0, 0};
    ioctl(master_, TIOCSWINSZ, &size);
  }
  ~Terminal() {
    fclose(stream_);
    close(master_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  FILE* Stream() const { return stream_; }
  // All that was written to it.
  std::string Text() const {
    fflush(stream_);
    std::string text(4096, '\0');
    const ssize_t size = read(master_, text.data(), text.size());
    text.resize(size < 0 ? 0 : static_cast<size_t>(size));
    return text;
  }

 private:
  int master_;
  FILE* stream_;
};

// Catches a line that stays behind, or wraps so that it cannot be taken away.
TEST(Progress, IsOneLineThatGoes) {
  const Terminal terminal;
  {
    Progress progress(false, terminal.Stream(), milliseconds(0));
    progress.Say("pass " + std::string(100, 'x'));
    EXPECT_EQ(terminal.Text(), "\rpass " + std::string(34, 'x') + "\033[K");
  }
  EXPECT_EQ(terminal.Text(), "\r\033[K");
}

// Catches a flicker for what is done at once, and a sign of life in spite of -q.
TEST(Progress, ShortWorkAndQuietShowNothing) {
  const Terminal terminal;
  {
    Progress progress(false, terminal.Stream());
    progress.Say("short");
    Progress quiet(true, terminal.Stream(), milliseconds(0));
    quiet.Say("quiet");
    EXPECT_EQ(quiet.Listener(), nullptr);
  }
  EXPECT_EQ(terminal.Text(), "");
}

// Catches control characters in a log file.
TEST(Progress, AFileSeesNothing) {
  FILE* file = tmpfile();
  ASSERT_NE(file, nullptr);
  {
    Progress progress(false, file, milliseconds(0));
    progress.Say("to a file");
  }
  EXPECT_EQ(ftell(file), 0);
  fclose(file);
}

// Catches a phase that goes on in silence: each must say something.
TEST(Progress, EveryPhaseSaysWhatItIsAt) {
  std::string said;
  driver::VerifyOptions options;
  options.model.model = OwnModel("gru_small");
  options.model.progress = [&](std::string_view text) { said += std::string(text) + "\n"; };
  const auto report = driver::Verify(options);
  ASSERT_TRUE(report.ok()) << Render(report.diagnostics());
  for (const passes::PassEntry& pass : passes::Pipeline())
    EXPECT_THAT(said, HasSubstr("pass " + std::string(pass.name) + "\n"));
  EXPECT_THAT(said, HasSubstr("machine code: LLVM's "));
  EXPECT_THAT(said, HasSubstr("machine code: gru_small_step\n"));
  EXPECT_THAT(said, HasSubstr("test_data_set_0\n"));
  EXPECT_THAT(said, HasSubstr("evaluator: operation 1 of "));
}

}  // namespace
}  // namespace rnnc::test
