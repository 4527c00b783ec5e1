// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "compiler/ir/type.h"

// How names and numbers are written in the text of the IR; printer, parser and dims share it.
namespace rnnc::ir {

// Letters, digits, '_' and '.', not starting with a digit or '.': a name that needs no quotes.
bool IsBareName(std::string_view name);
// As above, or all digits: what may follow % or @ without quotes.
bool IsBareValueName(std::string_view name);

// "text" with \" \\ \n \t \r and \xNN for other control characters.
std::string Quoted(std::string_view text);
// The name itself, or quoted.
std::string SpelledSymbol(std::string_view name);
std::string SpelledValueName(std::string_view name);

// The shortest text that reads back as the same value of the element type: "1.0", "0.1", "-0.0",
// "1e-05", "inf", "nan". f16 and bf16 are written as the f32 they equal.
std::string NumberText(ElementType element, double value);
// "12" for integer types, "true" or "false" for bool.
std::string IntegerText(ElementType element, int64_t value);

// `wanted`, or wanted_1, wanted_2, .. : the first that `taken` declines.
std::string UniqueName(const std::string& wanted, const std::function<bool(const std::string&)>& taken);

}  // namespace rnnc::ir
