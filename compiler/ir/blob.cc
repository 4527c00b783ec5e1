// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/blob.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "compiler/ir/parser.h"
#include "compiler/ir/parser_lexer.h"
#include "compiler/ir/printer.h"
#include "compiler/ir/spelling.h"
#include "compiler/support/strings.h"

namespace rnnc::ir {

int64_t BlobWriter::Add(const std::vector<std::byte>& bytes) {
  constexpr size_t kAlignment = 64;
  bytes_.resize((bytes_.size() + kAlignment - 1) / kAlignment * kAlignment, '\0');
  const auto offset = static_cast<int64_t>(bytes_.size());
  bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return offset;
}

std::string BlobLine(const BlobReference& reference) {
  return fmt::format("// blob {} {} bytes fnv1a:{}\n", Quoted(reference.file), reference.bytes,
                     Hex(reference.hash));
}

Result<std::optional<BlobReference>> ParseBlobLine(std::string_view text, const std::string& file) {
  const std::string line(text.substr(0, text.find('\n')));
  if (!line.starts_with("// blob ")) return std::optional<BlobReference>();
  const std::vector<Token> tokens = Lex(line.substr(3));
  // blob "NAME.blob" 12345 bytes fnv1a : 0123456789abcdef; the hash may look like number or name, so it
  // is taken from the line itself.
  BlobReference reference;
  const size_t hash_at = line.rfind(" fnv1a:");
  const Diagnostic wrong = Error({file + ":1", {}}, "the line that names the blob makes no sense");
  if (tokens.size() < 4 || tokens[1].kind != TokenKind::kString || tokens[2].kind != TokenKind::kNumber ||
      tokens[3].text != "bytes" || hash_at == std::string::npos) {
    return wrong;
  }
  reference.file = tokens[1].text;
  auto read = [](std::string_view digits, int base, uint64_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  const std::string_view hash = Trim(std::string_view(line).substr(hash_at + 7));
  if (!read(tokens[2].text, 10, reference.bytes) || hash.size() != 16 || !read(hash, 16, reference.hash)) {
    return wrong;
  }
  return std::optional<BlobReference>(reference);
}

std::vector<FileContent> ModuleFiles(const Module& module, const std::string& path) {
  Printed printed = Serialize(module);
  if (printed.blob.empty()) return {{path, std::move(printed.text)}};
  const std::filesystem::path blob_path = std::filesystem::path(path).replace_extension(".blob");
  const BlobReference reference{blob_path.filename().string(), printed.blob.size(), Hash(printed.blob)};
  return {{path, BlobLine(reference) + printed.text}, {blob_path.string(), std::move(printed.blob)}};
}

Result<std::unique_ptr<Module>> ReadModule(const std::string& path, std::map<const void*, int>* lines) {
  RNNC_ASSIGN(const std::string text, ReadFile(path));
  RNNC_ASSIGN(const std::optional<BlobReference> reference, ParseBlobLine(text, path));
  if (!reference) return Parse(text, path, {}, lines);
  const std::filesystem::path name(reference->file);
  if (name.empty() || name != name.filename() || name == "." || name == "..") {
    return Error({path + ":1", {}}, "blob '{}' is not a file of the same folder", reference->file);
  }
  const std::string blob_path = (std::filesystem::path(path).parent_path() / name).string();
  RNNC_ASSIGN(const std::string blob, ReadFile(blob_path));
  if (blob.size() != reference->bytes || Hash(blob) != reference->hash) {
    return Error({blob_path, {}}, "not the blob that {} was written with", path);
  }
  return Parse(text, path, blob, lines);
}

}  // namespace rnnc::ir
