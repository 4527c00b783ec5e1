// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/support/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace rnnc {
namespace {

// strerror without its static buffer, in the wording of diagnostics: "no such file or directory".
std::string Reason(int error) {
  std::string reason = std::generic_category().message(error);
  if (!reason.empty() && reason[0] >= 'A' && reason[0] <= 'Z') {
    reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
  }
  return reason;
}

// 0, or the error number.
int WriteAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

// What a target holds, complete but not yet in its place. Removes what did not get there.
class PendingFile {
 public:
  // `bytes` outlives the object.
  PendingFile(std::string target, std::string_view bytes) : target_(std::move(target)), bytes_(bytes) {}
  PendingFile(PendingFile&& other) noexcept
      : target_(std::move(other.target_)),
        place_(std::move(other.place_)),
        temporary_(std::exchange(other.temporary_, {})),
        bytes_(other.bytes_) {}
  PendingFile& operator=(PendingFile&&) = delete;
  ~PendingFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }

  Result<> Prepare() {
    place_ = target_;
    // A link stays a link: what it points to is written.
    if (char* real = ::realpath(target_.c_str(), nullptr); real != nullptr) {
      place_ = real;
      std::free(real);
    }
    struct stat status{};
    if (::stat(place_.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
      // A device or pipe is written to when its turn comes, never replaced.
      return S_ISDIR(status.st_mode) ? Failure(EISDIR) : Ok();
    }
    std::string path = place_ + ".XXXXXX";
    const int descriptor = ::mkstemp(path.data());
    if (descriptor < 0) return Failure(errno);
    temporary_ = path;
    int error = WriteAll(descriptor, bytes_);
    // mkstemp gives 0600; a compiler's output has the permissions of any new file.
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (error == 0 && ::fchmod(descriptor, 0666 & ~mask) != 0) error = errno;
    if (::close(descriptor) != 0 && error == 0) error = errno;
    return error == 0 ? Ok() : Failure(error);
  }

  Result<> Place() {
    if (!temporary_.empty()) {
      if (std::rename(temporary_.c_str(), place_.c_str()) != 0) return Failure(errno);
      temporary_.clear();
      return Ok();
    }
    const int descriptor = ::open(place_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return Failure(errno);
    int error = WriteAll(descriptor, bytes_);
    if (::close(descriptor) != 0 && error == 0) error = errno;
    return error == 0 ? Ok() : Failure(error);
  }

 private:
  Result<> Failure(int error) const { return Error({target_, {}}, "cannot write: {}", Reason(error)); }

  std::string target_;
  std::string place_;
  std::string temporary_;
  std::string_view bytes_;
};

}  // namespace

Result<std::string> ReadFile(const std::string& path) {
  const auto failure = [&](int error) { return Error({path, {}}, "cannot read: {}", Reason(error)); };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failure(errno);
  struct stat status{};
  int error = ::fstat(descriptor, &status) == 0 ? 0 : errno;
  if (error == 0 && S_ISDIR(status.st_mode)) error = EISDIR;
  std::string bytes;
  if (error == 0 && S_ISREG(status.st_mode)) bytes.reserve(static_cast<size_t>(status.st_size));
  // Pipes have no size and files may change: read until the end, whatever was announced.
  char buffer[1 << 16];
  while (error == 0) {
    const ssize_t count = ::read(descriptor, buffer, sizeof(buffer));
    if (count == 0) break;
    if (count > 0) {
      bytes.append(buffer, static_cast<size_t>(count));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  ::close(descriptor);
  if (error != 0) return failure(error);
  return bytes;
}

Result<> WriteFiles(std::span<const FileContent> files) {
  std::vector<PendingFile> pending;
  pending.reserve(files.size());
  for (const FileContent& file : files) {
    RNNC_TRY(pending.emplace_back(file.path, file.bytes).Prepare());
  }
  for (PendingFile& file : pending) RNNC_TRY(file.Place());
  return Ok();
}

Result<> WriteFile(const std::string& path, std::string_view bytes) {
  PendingFile file(path, bytes);
  RNNC_TRY(file.Prepare());
  return file.Place();
}

}  // namespace rnnc
