// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/parser.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "compiler/ir/printer.h"
#include "compiler/ir/verifier.h"
#include "compiler/support/file.h"
#include "tests/support/ir_helpers.h"

namespace rnnc::ir {
namespace {

std::string ErrorOf(std::string_view text, std::string_view blob = {}) {
  const Result<std::unique_ptr<Module>> module = Parse(text, "m.rnn", blob);
  if (module.ok()) return "";
  EXPECT_EQ(module.diagnostics().size(), 1u);
  return Render(module.diagnostics());
}

// The error of one operation inside a function with arguments %x, %y: f32[4] and %i: i64[2].
std::string ErrorOfLine(const std::string& line) {
  return ErrorOf("module @m {stage=kernels} {\nfunc @main(%x: f32[4], %y: f32[4], %i: i64[2]) -> () {\n" +
                 line + "\n}\n}\n");
}

// Catches errors that are missed or point to the wrong place.
TEST(Parser, ModuleErrors) {
  EXPECT_EQ(ErrorOf(""), "m.rnn:1:1: 'module' is missing before the end of the text");
  EXPECT_EQ(ErrorOf("module @m {stage=grap} {}"), "m.rnn:1:18: 'grap' is no stage");
  EXPECT_EQ(ErrorOf("module @m {stage=graph} {\n  const @a: f32[2] = [1.0]\n}"),
            "m.rnn:2:22: 1 elements for f32[2]");
  EXPECT_EQ(ErrorOf("module @m {stage=graph} {\n  const @a: f33[2] = [1.0]\n}"),
            "m.rnn:2:13: 'f33' is no element type");
  EXPECT_EQ(ErrorOf("module @m {stage=graph} {const @a: i8[1] = [128]}"),
            "m.rnn:1:45: 128 does not fit into i8");
  EXPECT_EQ(ErrorOf("module @m {stage=graph} {const @a: f32[T] = [1.0]}"),
            "m.rnn:1:45: data of type f32[T] cannot be");
  EXPECT_EQ(ErrorOf("module @m {stage=graph} {const @a: i8[1] = [1] const @a: i8[1] = [1]}"),
            "m.rnn:1:54: @a is there twice");
  EXPECT_EQ(ErrorOf("module @m {stage=graph} {} x"), "m.rnn:1:28: text behind the end of the module");
  EXPECT_EQ(ErrorOf("module @m {stage=graph} {const @a: i8[4] = blob(13)}", "0123456789abcdef"),
            "m.rnn:1:49: 4 bytes at 13 are not in the blob of 16 bytes");
  EXPECT_EQ(ErrorOf("module @m {stage=graph} {const @a: i8[8] = blob(0) const @b: i8[9] = blob(0)}",
                    "0123456789abcdef"),
            "m.rnn:1:75: 9 bytes at 0 are not in the blob of 16 bytes");
  EXPECT_EQ(ErrorOf("module @\"m\n\" {}"), "m.rnn:1:8: the string does not end on its line");
  EXPECT_EQ(ErrorOf("module @m {stage=graph} { ? }"), "m.rnn:1:27: a character that means nothing here");
}

TEST(Parser, OperationErrors) {
  EXPECT_EQ(ErrorOfLine("%z: f32[4] = ad %x, %y"), "m.rnn:3:14: there is no operation 'ad'");
  EXPECT_EQ(ErrorOfLine("%z: f32[4] = add %x, %w"), "m.rnn:3:22: %w is not defined before");
  EXPECT_EQ(ErrorOfLine("%x: f32[4] = add %x, %y"), "m.rnn:3:1: %x is there twice in the function");
  EXPECT_EQ(ErrorOfLine("%z: f32[4] = clip %x"), "m.rnn:3:19: operands of clip are named; write 'x: ..'");
  EXPECT_EQ(ErrorOfLine("%z: f32[4] = clip x: %x, mim: %y"), "m.rnn:3:26: clip has no operand 'mim'");
  EXPECT_EQ(ErrorOfLine("%z: f32[4] = elu %x {alpha=1.0, alpha=2.0}"),
            "m.rnn:3:33: attribute 'alpha' is there twice");
  EXPECT_EQ(ErrorOfLine("%z: f32[4] at aren[0:4] = undefined"), "m.rnn:3:15: 'aren' is no memory space");
  EXPECT_EQ(ErrorOfLine("%z: f32[9223372036854775807*T+9223372036854775807*T] = undefined"),
            "m.rnn:3:52: a size does not fit into 64 bits");
  EXPECT_EQ(ErrorOfLine("%z: f32[99999999999999999999] = undefined"),
            "m.rnn:3:9: '99999999999999999999' is no integer of 64 bits");
}

TEST(Parser, KernelErrors) {
  EXPECT_EQ(ErrorOfLine("%z: f32[4] = map (i<4) { yield ad(%x[i], %y[i]) }"),
            "m.rnn:3:32: 'ad' is no scalar operation");
  EXPECT_EQ(ErrorOfLine("%z: f32[4] = map (i<4) { yield add(%x[i]) }"),
            "m.rnn:3:41: ',' is missing before ')'");
  EXPECT_EQ(ErrorOfLine("%z: f32[4] = map (i<4) { yield t0 }"), "m.rnn:3:32: 't0' is not known here");
  EXPECT_EQ(ErrorOfLine("%z: f32[4] = map (i<4, i<2) { yield 1.0 }"), "m.rnn:3:25: index 'i' is there twice");
  EXPECT_EQ(ErrorOfLine("%z: f32[4] = map (i<4) { yield %x[i*i] }"), "m.rnn:3:38: an index must be linear");
  EXPECT_EQ(ErrorOfLine("%z: f32[4] = map (i<4) { yield %x[i/0] }"),
            "m.rnn:3:38: a divisor must be a positive size");
  EXPECT_EQ(ErrorOfLine("%z: f32[4] = map (i<4) {\n t0 = 1.0\n t0 = 2.0\n yield t0 }"),
            "m.rnn:5:2: 't0' is there twice");
  EXPECT_EQ(ErrorOfLine("%z: f32[4] = map (i<4) {\n t0 = 1.0\n s = sum(k<2) 1.0\n yield t0 }"),
            "m.rnn:5:2: accumulators stand before the epilogue");
}

std::string Repeated(const std::string& text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

// Catches recursion and sizes that grow with what the text says rather than with the text.
TEST(Parser, BoundsDepthAndSize) {
  EXPECT_NE(ErrorOfLine("%z: f32[" + Repeated("(", 100000) + "] = undefined"), "");
  EXPECT_NE(ErrorOfLine("%z: f32[4] = map (i<4) { yield " + Repeated("neg(", 100000)), "");
  EXPECT_NE(ErrorOfLine(Repeated("scan t<4 {\n", 100000)), "");
  EXPECT_NE(ErrorOfLine("%z: f32[" + Repeated("(a+b+c+d+e+f)*", 30) + "a] = undefined"), "");
  EXPECT_NE(ErrorOf("module @m {stage=graph} {const @a: i8[1099511627776] = zeros}"), "");
  EXPECT_NE(ErrorOf("module @m {stage=graph} {const @a: i8[1099511627776] = [1]}"), "");
}

// Catches crashes on broken text: every prefix of the samples, and every sample with one character or
// one line taken out or doubled. What still parses must print to something that parses.
TEST(Parser, SurvivesBrokenText) {
  auto check = [](const std::string& text) {
    const Result<std::unique_ptr<Module>> module = Parse(text);
    if (!module.ok()) return;
    const std::string printed = Print(**module);
    const Result<std::unique_ptr<Module>> again = Parse(printed);
    ASSERT_TRUE(again.ok()) << Render(again.diagnostics()) << "\n" << printed;
    EXPECT_EQ(Print(**again), printed) << text;
    FindViolations(**module);  // must not crash either
  };
  for (const auto& entry : std::filesystem::directory_iterator(RNNC_SOURCE_DIR "/tests/ir/samples")) {
    const std::string text = ReadFile(entry.path().string()).value();
    for (size_t i = 0; i < text.size(); i += 5) {
      check(text.substr(0, i));
      check(text.substr(0, i) + text.substr(i + 1));
      check(text.substr(0, i) + text.substr(i, 1) + text.substr(i));
      check(text.substr(0, i) + text.substr(std::min(text.size(), i + 40)));
    }
  }
}

// Catches meaning that depends on white space or comments, and text that people would write.
TEST(Parser, IsFreeOfForm) {
  const std::unique_ptr<Module> module = ParseOrDie(R"(module @m { stage = kernels }
    { // a comment
      func @main ( %x : f32[ 2 * T ] ) -> ( %y ) { %y : f32[2*T] = map ( i < 2*T ) {
          yield add ( %x[ (i) ], 1 ) } return %y } })");
  ExpectPrints(*module, R"(module @m {stage=kernels} {
  func @main(%x: f32[2*T]) -> (%y: f32[2*T]) {
    %y: f32[2*T] = map (i<2*T) { yield add(%x[i], 1.0) }
    return %y
  }
})");
}

}  // namespace
}  // namespace rnnc::ir
