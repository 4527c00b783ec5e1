// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <rapidcheck.h>

#include <vector>

// Choices in a property that are as wide in its first case as in its last. RapidCheck's own grow with the
// case number: of three operators 95 of 100 cases would only see the first two.
namespace rnnc::test {

/// A number of first .. last-1; shrinks towards `first`.
template <typename T>
T EvenlyFrom(T first, T last) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<T>(first, last));
}

/// An element; shrinks towards the first.
template <typename T>
T EvenlyOneOf(const std::vector<T>& values) {
  return values[EvenlyFrom<size_t>(0, values.size())];
}

}  // namespace rnnc::test
