// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/blob.h"

#include <fmt/format.h>

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

}  // namespace rnnc::ir
