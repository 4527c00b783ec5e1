// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <charconv>
#include <filesystem>
#include <fstream>

#include "compiler/import/tensor.h"

// Weights beside the model. A model is data from anywhere: it must not be able to name a file outside its
// own folder.
namespace rnnc::import {
namespace {

namespace fs = std::filesystem;

struct Entry {
  std::string path;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};

std::optional<uint64_t> ParseNumber(const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

Result<Entry> ReadEntry(const onnx::TensorProto& proto, const Location& location, const std::string& what) {
  Entry entry;
  for (const onnx::StringStringEntryProto& pair : proto.external_data()) {
    if (pair.key() == "location") {
      entry.path = pair.value();
    } else if (pair.key() == "offset" || pair.key() == "length") {
      const std::optional<uint64_t> number = ParseNumber(pair.value());
      if (!number)
        return Error(location, "{}: external data: {} '{}' is no number", what, pair.key(), pair.value());
      if (pair.key() == "offset") {
        entry.offset = *number;
      } else {
        entry.length = number;
      }
    }
  }
  if (entry.path.empty()) return Error(location, "{}: external data: no file is named", what);
  return entry;
}

// The real path of the file, when that lies below the real path of the folder.
Result<fs::path> Resolve(const Entry& entry, const std::string& folder, const Location& location,
                         const std::string& what) {
  const fs::path relative(entry.path);
  bool inside = !relative.is_absolute() && entry.path.find('\0') == std::string::npos;
  for (const fs::path& part : relative) inside = inside && part != "..";
  std::error_code error;
  const fs::path root = fs::canonical(folder.empty() ? fs::path(".") : fs::path(folder), error);
  const fs::path full = fs::weakly_canonical(root / relative, error);
  const fs::path from_root = full.lexically_relative(root);
  inside = inside && !from_root.empty() && *from_root.begin() != "..";
  if (!inside) {
    return Error(location, "{}: external data: '{}' leaves the model's folder; put the file beside the model",
                 what, entry.path);
  }
  if (!fs::is_regular_file(full, error)) {
    return Error(location, "{}: external data: there is no file '{}' beside the model; copy it there", what,
                 entry.path);
  }
  return full;
}

}  // namespace

Result<std::string> ReadExternalData(const onnx::TensorProto& proto, const std::string& folder,
                                     uint64_t wanted, const Location& location, const std::string& what) {
  RNNC_ASSIGN(Entry entry, ReadEntry(proto, location, what));
  RNNC_ASSIGN(fs::path path, Resolve(entry, folder, location, what));
  std::error_code error;
  const uint64_t size = fs::file_size(path, error);
  if (error) return Error(location, "{}: external data: cannot read '{}'", what, entry.path);
  if (entry.length && *entry.length != wanted) {
    return Error(location, "{}: external data: {} bytes are named, {} are needed", what, *entry.length,
                 wanted);
  }
  if (entry.offset > size || wanted > size - entry.offset) {
    return Error(location, "{}: external data: '{}' has {} bytes, {} at offset {} are needed", what,
                 entry.path, size, wanted, entry.offset);
  }
  std::ifstream file(path, std::ios::binary);
  std::string bytes(wanted, '\0');
  file.seekg(static_cast<std::streamoff>(entry.offset));
  file.read(bytes.data(), static_cast<std::streamsize>(wanted));
  if (!file) return Error(location, "{}: external data: cannot read '{}'", what, entry.path);
  return bytes;
}

}  // namespace rnnc::import
