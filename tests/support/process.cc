// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "compiler/support/check.h"
#include "compiler/support/file.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

// In the child: from here to exec only what is allowed after fork.
[[noreturn]] void Become(char* const* arguments, const char* folder, const char* output, const char* errors) {
  const int out = ::open(output, O_WRONLY | O_CREAT, 0600);
  const int err = ::open(errors, O_WRONLY | O_CREAT, 0600);
  const int in = ::open("/dev/null", O_RDONLY);
  if (out < 0 || err < 0 || in < 0) ::_exit(126);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (folder[0] != '\0' && ::chdir(folder) != 0) ::_exit(126);
  ::execvp(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

ProcessResult RunProcess(const std::vector<std::string>& command, const std::string& folder) {
  RNNC_CHECK(!command.empty());
  const TempFolder logs;
  const std::string output = logs / "output", errors = logs / "errors";
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  RNNC_CHECK(child >= 0, "cannot fork");
  if (child == 0) Become(arguments.data(), folder.c_str(), output.c_str(), errors.c_str());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) RNNC_CHECK(errno == EINTR, "lost a child process");
  ProcessResult result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (const Result<std::string> text = ReadFile(output); text.ok()) result.output = *text;
  if (const Result<std::string> text = ReadFile(errors); text.ok()) result.errors = *text;
  return result;
}

}  // namespace rnnc::test
