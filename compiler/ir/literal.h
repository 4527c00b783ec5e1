// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <optional>
#include <string>

#include "compiler/ir/module.h"

namespace rnnc::ir {

// The largest constant written out in the text, and the largest one abbreviated as `zeros`.
constexpr int64_t kMaxLiteralElements = 16;
constexpr int64_t kMaxZerosBytes = 16384;

// The text behind `const @x: f32[2] =`: "[1.0, 2.5]", "3.0" for a scalar, "zeros"; nullopt when the
// data belongs into the blob. A state without data is "zeros" whatever its size.
std::optional<std::string> LiteralText(const Value& value);

}  // namespace rnnc::ir
