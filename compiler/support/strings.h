// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnc {

/// The candidate a user most likely meant by `name`: ignoring case, at most a third of the name mistyped
/// (insertions, deletions, replacements, neighbours swapped). The first of several equally close; none when
/// nothing is near or `name` is itself a candidate.
std::optional<std::string> ClosestName(std::string_view name, const std::vector<std::string>& candidates);

/// "; did you mean 'x'?" for the end of a message, or nothing.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates);

/// `name` as an identifier of C11 and C++17: each run of characters that an identifier may not hold becomes
/// one underscore; outer ones go (`/rnn/LSTM` is `rnn_LSTM`). Words of either language get an underscore
/// behind, a leading digit one before, what leaves nothing is `model`, and names of rnnc.h get `model_`
/// before. Different names may collide.
std::string CIdentifier(std::string_view name);

/// A word that C11, C++17 or their common headers keep for themselves (`int`, `new`, `bool`, `main`,
/// `int8_t`, `EOF`, `INT_MAX`).
bool IsCKeyword(std::string_view name);

/// FNV-1a, 64 bits: stable for all time (files carry it), not cryptographic. Pass an earlier result as `seed`
/// to go on.
constexpr uint64_t kHashSeed = 0xcbf29ce484222325u;
constexpr uint64_t Hash(std::string_view bytes, uint64_t seed = kHashSeed) {
  for (const char byte : bytes) seed = (seed ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  return seed;
}

/// Sixteen lower-case hex digits.
std::string Hex(uint64_t value);

/// Parts between separators; one empty part for the empty string.
std::vector<std::string> Split(std::string_view text, char separator);

/// Without white space at either end.
std::string_view Trim(std::string_view text);

/// ASCII letters only; the locale has no say.
std::string ToLower(std::string_view text);

/// "1.2 MB" and the like, for reports: powers of 1000, three significant digits, exact below 1000.
std::string HumanBytes(uint64_t bytes);

}  // namespace rnnc
