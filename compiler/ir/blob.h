// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/module.h"
#include "compiler/support/file.h"
#include "compiler/support/result.h"

// The large constants of a module's text, and the pair of files NAME.rnn and NAME.blob.
namespace rnnc::ir {

// Lays tensors out one behind the other, each at a multiple of 64 bytes, zeros between them.
class BlobWriter {
 public:
  // Appends; returns the offset.
  int64_t Add(const std::vector<std::byte>& bytes);
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// What the first line of NAME.rnn says of its blob: `// blob "kws.blob" 12345 bytes fnv1a:0123456789abcdef`.
struct BlobReference {
  std::string file;  // in the folder of the text, no path
  uint64_t bytes = 0;
  uint64_t hash = 0;
};
std::string BlobLine(const BlobReference& reference);
// nullopt when the first line is not such a line; an error when it is one that makes no sense.
Result<std::optional<BlobReference>> ParseBlobLine(std::string_view text, const std::string& file);

// The files of a module: `path` (NAME.rnn), and NAME.blob beside it when there are large constants.
std::vector<FileContent> ModuleFiles(const Module& module, const std::string& path);
// Reads NAME.rnn and the blob it names, whose size and hash must be what it says. `lines`: as Parse gives
// them.
Result<std::unique_ptr<Module>> ReadModule(const std::string& path,
                                           std::map<const void*, int>* lines = nullptr);

}  // namespace rnnc::ir
