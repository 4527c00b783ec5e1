// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The README's list of operators against the table that the importer goes by.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "compiler/import/model_file.h"
#include "compiler/import/operators.h"
#include "compiler/support/file.h"
#include "compiler/support/strings.h"

namespace rnnc::import {
namespace {

// "Computed are, in opsets 7 to 28 ..:", an empty line, and the list as a quotation.
struct Promise {
  std::string sentence;
  std::set<std::string> operators;
};

Promise ReadPromise() {
  const Result<std::string> readme = ReadFile(RNNC_SOURCE_DIR "/README.md");
  EXPECT_TRUE(readme.ok());
  Promise promise;
  std::string list;
  for (const std::string& line : Split(readme.ok() ? *readme : "", '\n')) {
    if (line.rfind("Computed are", 0) == 0) promise.sentence = line;
    if (!promise.sentence.empty() && line.rfind("> ", 0) == 0) list += line.substr(1);
    if (!list.empty() && line.empty()) break;
  }
  list = std::regex_replace(list, std::regex(R"(\([^)]*\)|\.)"), "");  // "(known number of steps)"
  list = std::regex_replace(list, std::regex(" and "), ", ");
  for (const std::string& name : Split(list, ',')) {
    EXPECT_TRUE(promise.operators.emplace(Trim(name)).second) << Trim(name) << " is listed twice";
  }
  return promise;
}

// Catches an operator that the README promises and the importer refuses, and one that it keeps to itself.
TEST(Readme, ListsTheOperatorsThatAreComputed) {
  std::set<std::string> computed;
  for (const OperatorRule& rule : OperatorRules()) computed.emplace(rule.name);
  EXPECT_EQ(ReadPromise().operators, computed);
}

// Catches versions of ONNX that are promised and refused.
TEST(Readme, NamesTheVersionsThatAreRead) {
  EXPECT_EQ(ReadPromise().sentence, fmt::format("Computed are, in opsets {} to {} and IR versions {} to {}:",
                                                kOldestOpset, kNewestOpset, kOldestIr, kNewestIr));
}

}  // namespace
}  // namespace rnnc::import
