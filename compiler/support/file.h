// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/result.h"

namespace rnnc {

/// The bytes of a regular file. The error names the file and the reason ("m.onnx: no such file").
Result<std::string> ReadFile(const std::string& path);

/// Makes `path` hold exactly `bytes`, or leaves what was there: the bytes go to a new file in the same
/// folder, which is renamed over `path` when they are complete. The folder must exist. Links are followed; a
/// device or pipe (`/dev/stdout`) is written to.
Result<> WriteFile(const std::string& path, std::string_view bytes);

/// A file and what it shall hold.
struct FileContent {
  std::string path;
  std::string bytes;
};

/// All of them or none: each is written beside its target first, and only when every one is complete are they
/// renamed. (A crash between two renames can still leave the first ones; each alone is whole.)
Result<> WriteFiles(std::span<const FileContent> files);

}  // namespace rnnc
