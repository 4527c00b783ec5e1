// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every kind of output is what it says, held against tools that are not ours: the assembler, LLVM's llc, ar,
// nm, the C compilers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "compiler/ir/blob.h"
#include "compiler/ir/printer.h"
#include "compiler/ir/verifier.h"
#include "compiler/support/file.h"
#include "compiler/support/strings.h"
#include "tests/support/native/c_program.h"
#include "tests/support/native/compare.h"
#include "tests/support/native/model_files.h"
#include "tests/support/native/stream.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

using ::testing::HasSubstr;

// A folder with net.o and net.h of a model, and what the object gives for one input.
class Emit : public ::testing::TestWithParam<TestRow> {
 protected:
  void SetUp() override {
    if (const std::string why = WhyNot(GetParam()); !why.empty()) GTEST_SKIP() << why;
    ASSERT_TRUE(Make("obj", "net.o", {}));
    const auto object = ReadFile(folder_ / "net.o");
    ASSERT_TRUE(object.ok());
    auto program = RowProgram::Load(GetParam(), *object, "net");
    ASSERT_TRUE(program.ok()) << Render(program.diagnostics());
    program_ = *std::move(program);
    const rnnc_model& model = program_->Model();
    call_ = {&model, {}, 11};
    for (int32_t i = 0; i < model.n_inputs; ++i) {
      const ir::Type type = TypeOf(model.inputs[i], call_.frames);
      call_.inputs.push_back(RandomTensor(type.element, type.StaticDims(), 5));
    }
    Stream stream(*program_);
    stream.Reset();
    expected_ = stream.Run(call_.frames, call_.inputs).outputs;
  }

  // `rnnc compile --emit=KIND`.
  ::testing::AssertionResult Make(const std::string& kind, const std::string& file,
                                  const std::vector<std::string>& options) {
    std::vector<std::string> arguments = {"compile", OwnModel("stacked_lstm"), "--emit=" + kind,
                                          "-o",      folder_ / file,           "-q"};
    const std::vector<std::string> target = OptionsOf(GetParam());
    arguments.insert(arguments.end(), target.begin(), target.end());
    arguments.insert(arguments.end(), options.begin(), options.end());
    const ProcessResult result = Rnnc(arguments, folder_.path().string());
    if (result.exit_code != 0) return ::testing::AssertionFailure() << result.errors;
    if (!result.output.empty() || !result.errors.empty())
      return ::testing::AssertionFailure() << "-q is not quiet";
    std::error_code ignored;
    if (std::filesystem::file_size(folder_ / file, ignored) < 64)
      return ::testing::AssertionFailure() << file << " is empty";
    return ::testing::AssertionSuccess();
  }

  ::testing::AssertionResult Tool(const std::vector<std::string>& command) {
    const ProcessResult result = RunProcess(command, folder_.path().string());
    if (result.exit_code == 0) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << command[0] << ": " << result.errors;
  }

  // The program linked with net.o gives the numbers of the object that `rnnc` itself wrote.
  void ExpectSameNumbers(const std::vector<std::string>& linker_options = {}) {
    const auto outputs =
        RunProgram(GetParam(), folder_.path().string(), Language::kC11, {call_}, linker_options);
    ASSERT_TRUE(outputs.ok()) << Render(outputs.diagnostics());
    for (size_t i = 0; i < expected_.size(); ++i) EXPECT_TRUE(SameBits((*outputs)[0][i], expected_[i]));
  }

  // A program of the row's C compiler's package.
  static std::string Binutil(const std::string& name) {
    const std::string compiler = ToolchainOf(GetParam()).c;
    return IsForeign(GetParam()) ? compiler.substr(0, compiler.rfind('-') + 1) + name : name;
  }

  TempFolder folder_;
  std::unique_ptr<RowProgram> program_;
  ProgramCall call_;
  std::vector<ir::Tensor> expected_;
};

// Catches assembly that no assembler takes, or of other code than the object's.
TEST_P(Emit, Assembly) {
  ASSERT_TRUE(Make("asm", "net.s", {}));
  ASSERT_TRUE(Tool({ToolchainOf(GetParam()).c, "-c", "net.s", "-o", "net.o"}));
  ExpectSameNumbers();
  ASSERT_TRUE(Make("asm", "again.s", {"-S", "--name", "net"}));
  EXPECT_EQ(*ReadFile(folder_ / "again.s"), *ReadFile(folder_ / "net.s"));
}

// Catches LLVM IR that LLVM's tools refuse or that lacks the attributes of the row.
TEST_P(Emit, LlvmTextAndBitcode) {
  const std::string llc = "/usr/lib/llvm-19/bin/llc";
  if (!std::filesystem::exists(llc)) GTEST_SKIP() << "LLVM's llc is not installed";
  for (const char* kind : {"llvm", "bc"}) {
    const std::string file = std::string("net.") + kind;
    ASSERT_TRUE(Make(kind, file, {}));
    ASSERT_TRUE(Tool({llc, "-O2", "-relocation-model=pic", "-filetype=obj", file, "-o", "net.o"})) << kind;
    ExpectSameNumbers();
  }
}

// Catches an archive without an index or with a member that the linker does not find.
TEST_P(Emit, Library) {
  ASSERT_TRUE(Make("lib", "libnet.a", {"--name", "net"}));
  ASSERT_TRUE(std::filesystem::exists(folder_ / "net.h"));
  EXPECT_EQ(RunProcess({Binutil("ar"), "t", folder_ / "libnet.a"}).output, "net.o\n");
  std::filesystem::remove(folder_ / "net.o");
  ASSERT_TRUE(Tool({Binutil("ld"), "-r", "-u", "net_run", "libnet.a", "-o", "net.o"}));
  ExpectSameNumbers();
}

// Catches a header that needs another one before it, or the standard library's names.
TEST_P(Emit, Header) {
  ASSERT_TRUE(Make("header", "alone.h", {}));
  ASSERT_TRUE(
      WriteFile(folder_ / "one.c", "#include \"alone.h\"\n#include \"alone.h\"\n#include \"net.h\"\n").ok());
  const std::string include = "-I" RNNC_SOURCE_DIR "/runtime";
  EXPECT_TRUE(Tool(
      {"cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", include, "-fsyntax-only", "one.c"}));
  EXPECT_TRUE(Tool({"c++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-pedantic", include, "-fsyntax-only",
                    "-x", "c++", "one.c"}));
}

// Catches text that the parser does not take back, and weights left out of the blob.
TEST_P(Emit, Ir) {
  ASSERT_TRUE(Make("ir", "net.rnn", {}));
  const auto module = ir::ReadModule(folder_ / "net.rnn");
  ASSERT_TRUE(module.ok()) << Render(module.diagnostics());
  EXPECT_EQ((*module)->stage, ir::Stage::kPlanned);
  const auto verified = ir::Verify(**module);
  EXPECT_TRUE(verified.ok()) << Render(verified.diagnostics());
  const std::vector<FileContent> files = ir::ModuleFiles(**module, folder_ / "net.rnn");
  ASSERT_EQ(files.size(), 2u);
  for (const FileContent& file : files) EXPECT_EQ(*ReadFile(file.path), file.bytes) << file.path;
}

// Catches absolute relocations in code that a position-independent program is linked with, and the reverse.
TEST_P(Emit, PositionIndependentOrNot) {
  const bool foreign = IsForeign(GetParam());  // then there are no shared libraries to run with
  ASSERT_TRUE(Make("obj", "net.o", {"-fno-pic"}));
  ExpectSameNumbers({foreign ? "-static" : "-no-pie", "-no-pie", "-fno-pie"});
  ASSERT_TRUE(Make("obj", "net.o", {"-fPIC"}));
  ExpectSameNumbers({foreign ? "-static-pie" : "-pie", "-fPIE"});
  ASSERT_TRUE(
      Tool({ToolchainOf(GetParam()).c, "-shared", "net.o", "-Wl,-z,defs,-z,text", "-o", "libnet.so"}));
}

// Catches a report of files that were not written, and a file called `-`.
TEST_P(Emit, ReportsTheFilesThatItWrites) {
  const auto report = [&](const std::string& kind, const std::string& file) {
    return Rnnc({"compile", OwnModel("mlp"), "--emit=" + kind, "-o", file}, folder_.path().string());
  };
  EXPECT_THAT(report("obj", "mlp.o").errors, HasSubstr(" -> mlp.o, mlp.h\n"));
  EXPECT_THAT(report("asm", "mlp.s").errors, HasSubstr(" -> mlp.s\n"));
  EXPECT_THAT(report("ir", "mlp.rnn").errors, HasSubstr(" -> mlp.rnn, mlp.blob\n"));
  EXPECT_THAT(report("asm", "-").output, HasSubstr("mlp_step:"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "-"));
  EXPECT_THAT(report("obj", "/dev/null").errors, HasSubstr(" -> /dev/null\n"));
  EXPECT_EQ(report("ir", "/dev/null").exit_code, 1);  // there is no place for the weights beside it
}

INSTANTIATE_TEST_SUITE_P(, Emit, ::testing::Values(FindTestRow("native"), FindTestRow("aarch64")),
                         [](const auto& info) { return info.param.name; });

class Symbols : public ::testing::TestWithParam<TestRow> {};

// Catches a call of libm, memset, memcpy or a helper of the compiler's: on rows without FMA, rounding or half
// conversions LLVM makes them by itself. And names that could meet those of another object. The operators one
// by one: tests/differential.
TEST_P(Symbols, NoneIsUndefinedAndAllAreTheModels) {
  std::vector<std::string> models;
  for (const std::string& name : DataModels()) models.push_back(OwnModel(name));
  models.push_back(OwnModel("examples/language_id"));
  for (const char* name :
       {"models/silero_v6_openvino_16k", "exports/amp_lstm.legacy", "exports/char_rnn.legacy"}) {
    if (WhyMissing(SharedModel(name)).empty()) models.push_back(SharedModel(name));
  }
  const TempFolder folder;
  for (const std::string& model : models) {
    std::vector<std::string> arguments = {"compile", model, "-o", folder / "net.o", "-q"};
    const std::vector<std::string> target = OptionsOf(GetParam());
    arguments.insert(arguments.end(), target.begin(), target.end());
    const ProcessResult result = Rnnc(arguments);
    ASSERT_EQ(result.exit_code, 0) << model << result.errors;
    const ProcessResult undefined = RunProcess({"nm", "-u", folder / "net.o"});
    ASSERT_EQ(undefined.exit_code, 0) << undefined.errors;
    EXPECT_EQ(undefined.output, "") << model;
    const ProcessResult global = RunProcess({"nm", "-g", "--defined-only", "-j", folder / "net.o"});
    EXPECT_THAT(global.output, HasSubstr("net_reset\n"));
    for (const std::string& symbol : Split(global.output, '\n')) {
      EXPECT_TRUE(symbol.empty() || symbol.rfind("net_", 0) == 0) << model << ": " << symbol;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, Symbols, ::testing::ValuesIn(TestRows()),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(MoreCpus, Symbols, ::testing::ValuesIn(MoreRows()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace rnnc::test
