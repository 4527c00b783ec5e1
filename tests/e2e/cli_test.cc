// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The program as a user runs it: exit codes, what is said, and which files are left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "compiler/driver/data_set.h"
#include "compiler/driver/npy.h"
#include "compiler/support/file.h"
#include "tests/support/native/compare.h"
#include "tests/support/native/model_files.h"
#include "tests/support/native/rows.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Set(const std::string& model, const std::string& file) {
  return RNNC_SOURCE_DIR "/tests/data/" + model + "/test_data_set_1/" + file;
}

size_t CountFiles(const TempFolder& folder) {
  const std::filesystem::directory_iterator files(folder.path());
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

// Usage errors that exit with 1, or say nothing of what was meant.
TEST(Cli, UsageErrors) {
  struct Case {
    std::vector<std::string> arguments;
    const char* says;
  };
  for (const Case& c : std::vector<Case>{
           {{}, "--help"},
           {{"comple"}, "did you mean 'compile'"},
           {{"compile"}, "model"},
           {{"compile", "m.onnx", "--dims", "a=1"}, "did you mean '--dim'"},
           {{"compile", "m.onnx", "--dim", "a"}, "name=value"},
           {{"compile", "m.onnx", "-O9"}, "O"},
           {{"compile", "m.onnx", "-mcp=x86-64"}, "did you mean '-mcpu'"},
           {{"compile", "m.onnx", "-fno-pik"}, "did you mean '-fno-pic'"},
           {{"compile", "m.onnx", "--emit=objj"}, "obj,asm,llvm,bc,ir,header,lib"},
           {{"compile", "m.onnx", "-o"}, "-o"},
           {{"compile", "m.onnx", "n.onnx"}, "n.onnx"},
           {{"compile", "m.onnx", "--shape", "x=2,3"}, "2,3"},
           {{"verify", "m.onnx", "--atoll=1"}, "did you mean '--atol'"},
           {{"inspect", "m.onnx", "--jsn"}, "did you mean '--json'"},
           {{"opt", "m.rnn", "-fPIC"}, "not expected: -fPIC\nrnnc --help"},
           {{"run", "m.onnx", "--interprt"}, "did you mean '--interpret'"},
           {{"opt", "m.rnn", "--pas=fuse-gates"}, "did you mean '--pass'"},
           {{"compile", "m.onnx", "--unroll", "-1"}, "'-1' is no whole number from 0 to 2147483647"},
           {{"verify", "m.onnx", "--steps", "0"}, "'0' is no whole number from 1 to"},
           {{"verify", "m.onnx", "--seed", "x"}, "'x' is no whole number from 0 to"},
           {{"verify", "m.onnx", "--atol=-1"}, "'-1' is no finite number from 0 on"},
           {{"verify", "m.onnx", "--rtol", "nan"}, "'nan' is no finite number from 0 on"},
           {{"compile", "m.onnx", "--dim", "T=0..0"}, "T: 0 is no size; give at least 1"},
           {{"compile", "m.onnx", "--dim", "T=0"}, "T: 0 is no size; give at least 1"},
           {{"compile", "m.onnx", "--dim", "T=5..2"}, "T: there is no size from 5 to 2"}}) {
    const ProcessResult result = Rnnc(c.arguments);
    EXPECT_EQ(result.exit_code, 2) << result.errors;
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.errors, HasSubstr(c.says));
  }
}

// Of two things that exclude each other, the one that is silently dropped. None of the files is there: what
// the command line says by itself is judged first.
TEST(Cli, ContradictionsAreUsageErrors) {
  struct Case {
    std::vector<std::string> arguments;
    const char* says;
  };
  for (const Case& c : std::vector<Case>{
           {{"compile", "--dim", "T=3", "--dim", "T=4"}, "--dim: 'T' is given twice"},
           {{"compile", "--dim", "T=3", "--dim", "T=?"}, "--dim: 'T' is given twice"},
           {{"compile", "--shape", "x=1", "--shape", "x=2"}, "--shape: 'x' is given twice"},
           {{"compile", "--const", "x=1", "--const", "x=2"}, "--const: 'x' is given twice"},
           {{"compile", "--state", "h=a", "--state", "h=b"}, "--state h: is given twice"},
           {{"compile", "--state", "h=a", "--state", "none"}, "--state none: other states are given"},
           {{"compile", "--state", "h=a", "--const", "h=0"}, "--state h: the input is made a constant"},
           {{"compile", "-S", "--emit=ir"}, "-S: is --emit=asm; --emit=ir is given too"},
           {{"compile", "-fPIC", "-fno-pic"}, "rnnc: -fPIC excludes -fno-pic"},
           {{"compile", "-O1", "-O2"}, "-O: is given once at most, not 2"},
           {{"compile", "-mcpu=x86-64", "-mcpu=native"}, "rnnc: -mcpu: is given once at most, not 2"},
           {{"compile", "--json", "-o", "-"}, "--json: standard output is taken by -o -"},
           {{"compile", "--print-ir-after=fuse-gates", "--disable-pass=fuse-gates"},
            "left out by --disable-pass"},
           {{"opt", "--verify-only", "-o", "n.rnn"}, "-o excludes --verify-only"}}) {
    std::vector<std::string> arguments = c.arguments;
    arguments.emplace_back("missing.onnx");
    const ProcessResult result = Rnnc(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.errors;
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.errors, HasSubstr(c.says));
    EXPECT_THAT(result.errors, Not(HasSubstr("missing.onnx")));
  }
}

// What a user asks for goes to stdout, where a pager finds it; a help without one command to copy.
TEST(Cli, Help) {
  const ProcessResult help = Rnnc({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_EQ(help.errors, "");
  for (const char* part :
       {"examples:", "rnnc compile", "rnnc inspect", "rnnc verify", "rnnc run", "rnnc opt"}) {
    EXPECT_THAT(help.output, HasSubstr(part));
  }
  for (const char* command : {"compile", "inspect", "run", "verify", "opt"}) {
    const ProcessResult own = Rnnc({command, "--help"});
    EXPECT_EQ(own.exit_code, 0);
    EXPECT_THAT(own.output, HasSubstr("model"));
    EXPECT_THAT(own.output, HasSubstr("-mcpu"));
  }
  EXPECT_THAT(Rnnc({"--version"}).output, ::testing::StartsWith("rnnc "));
}

// A wrong name that is refused without the name that was meant, or taken silently. Names of the model are the
// model's to refuse (1); what is no name in any model, CPU or pipeline is wrong usage (2).
TEST(Cli, NamesAreChecked) {
  struct Case {
    std::vector<std::string> options;
    const char* says;
    int exit_code = 1;
  };
  for (const Case& c : std::vector<Case>{{{"--state", "h0=hm"}, "did you mean 'hn'"},
                                         {{"--const", "h9=0"}, "did you mean 'h0'"},
                                         {{"--dim", "Q=3"}, "Q"},
                                         {{"--shape", "zzz=3"}, "zzz"},
                                         {{"-mcpu=x86-64-v5"}, "did you mean 'x86-64-v", 2},
                                         {{"--disable-pass=fuse-gate"}, "did you mean 'fuse-gates'", 2},
                                         {{"--disable-pass=plan-memory"}, "cannot be disabled", 2},
                                         {{"--disable-pass=remove-dead"}, "cannot be disabled", 2},
                                         {{"--print-ir-after=fuse-gate"}, "did you mean 'fuse-gates'", 2},
                                         {{"--print-ir-after=foo"}, "--print-ir-after: pass `foo`", 2},
                                         {{"--disable-pass", "foo"}, "--disable-pass: pass `foo`", 2},
                                         {{"-mcpu=foo"}, "-mcpu: foo is not a CPU of", 2},
                                         {{"--target=foo"}, "known are x86_64-linux-gnu", 2},
                                         {{"--state", "h0"}, "must be INPUT=OUTPUT", 2},
                                         {{"--const", "x=abc"}, "neither a number nor a .npy or .pb file", 2},
                                         {{"--const", "x=abc.npy"}, "abc.npy"}}) {
    const TempFolder folder;
    std::vector<std::string> arguments = {"compile", OwnModel("stacked_gru")};
    arguments.insert(arguments.end(), c.options.begin(), c.options.end());
    const ProcessResult result = Rnnc(arguments, folder.path().string());
    EXPECT_EQ(result.exit_code, c.exit_code) << c.options[0];
    EXPECT_THAT(result.errors, HasSubstr(c.says));
    EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  }
}

// Foreign code that is executed all the same.
TEST(Cli, ForeignCodeIsNotRun) {
  const std::string foreign =
      IsForeign(FindTestRow("aarch64")) ? "--target=aarch64-linux-gnu" : "--target=x86_64-linux-gnu";
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"verify", OwnModel("gru_small")},
           {"run", OwnModel("gru_small"), Set("gru_small", "input_0.pb")}}) {
    std::vector<std::string> with_target = arguments;
    with_target.push_back(foreign);
    const ProcessResult result = Rnnc(with_target);
    EXPECT_EQ(result.exit_code, 1) << arguments[0];
    EXPECT_THAT(result.errors, HasSubstr("does not run on this machine"));
    EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
    with_target.push_back("--interpret");
    EXPECT_EQ(Rnnc(with_target).exit_code, 0) << arguments[0];
  }
}

// Files left behind by a compilation that failed; a crash on what is no model.
TEST(Cli, RefusalsLeaveNothingBehind) {
  TempFolder folder;
  ASSERT_TRUE(WriteFile(folder / "text.onnx", "this is no model\n").ok());
  ASSERT_TRUE(WriteFile(folder / "empty.onnx", "").ok());
  const size_t before = CountFiles(folder);
  for (const char* name : {"text.onnx", "empty.onnx", "missing.onnx"}) {
    const ProcessResult result = Rnnc({"compile", name, "-o", "out.o"}, folder.path().string());
    EXPECT_EQ(result.exit_code, 1) << name;
    EXPECT_THAT(result.errors, HasSubstr(name));
  }
  const ProcessResult state = Rnnc(
      {"compile", OwnModel("stacked_gru"), "-o", "out.o", "--state", "nothing=here"}, folder.path().string());
  EXPECT_EQ(state.exit_code, 1) << state.errors;
  EXPECT_EQ(CountFiles(folder), before);
}

// verify that passes whatever the numbers are.
TEST(Cli, VerifyFailsBeyondTheBound) {
  EXPECT_EQ(Rnnc({"verify", OwnModel("lstm_small")}).exit_code, 0);
  EXPECT_EQ(Rnnc({"verify", OwnModel("lstm_small"), "--interpret"}).exit_code, 0);
  const ProcessResult strict = Rnnc({"verify", OwnModel("lstm_small"), "--atol=0", "--rtol=0"});
  EXPECT_EQ(strict.exit_code, 1) << strict.output;
}

// A report that no program can read, because something else is on the same stream.
TEST(Cli, PrintedIrLeavesJsonAlone) {
  const TempFolder folder;
  const ProcessResult json =
      Rnnc({"compile", OwnModel("gru_small"), "--json", "--print-ir-after=all"}, folder.path().string());
  EXPECT_EQ(json.exit_code, 0) << json.errors;
  EXPECT_FALSE(nlohmann::json::parse(json.output, nullptr, false).is_discarded()) << json.output;
  for (const char* stage : {"// after import", "// after plan-memory"}) {
    EXPECT_THAT(json.errors, HasSubstr(stage));
  }
  const ProcessResult header =
      Rnnc({"compile", OwnModel("gru_small"), "--emit=header", "-o", "-", "--print-ir-after=import"},
           folder.path().string());
  EXPECT_THAT(header.output, Not(HasSubstr("// after import")));
  EXPECT_THAT(header.errors, HasSubstr("// after import"));
}

// An inspection that hides what it read, prints JSON that is none, or fails on what the compiler refuses.
TEST(Cli, InspectShowsModels) {
  const ProcessResult text = Rnnc({"inspect", OwnModel("stacked_lstm")});
  EXPECT_EQ(text.exit_code, 0) << text.errors;
  for (const char* part : {"f32[T,1,4]", "h0", "hidden_size", "9", "LSTM", "ONNX default", "supported"}) {
    EXPECT_THAT(text.output, HasSubstr(part));
  }
  const auto json =
      nlohmann::json::parse(Rnnc({"inspect", "--json", OwnModel("stacked_lstm")}).output, nullptr, false);
  ASSERT_FALSE(json.is_discarded());
  ASSERT_EQ(json["inputs"].size(), 3u);
  EXPECT_EQ(json["inputs"][0]["type"], "f32[T,1,4]");
  EXPECT_EQ(json["outputs"][1]["name"], "hn");
  ASSERT_EQ(json["recurrent"].size(), 2u);
  EXPECT_EQ(json["recurrent"][0]["supported"], true);
  EXPECT_EQ(json["refused"].size(), 0u);
  EXPECT_GE(json["recurrent"][0]["attributes"].size(), 8u);
}

// A model that is told to have nothing recurrent, because its recurrence is a Scan.
TEST(Cli, ReportsCountLoops) {
  const TempFolder folder;
  OnnxBuilder body(17), model(17);
  body.Input("s", {3}).Input("xt", {3}).Node("Add", {"s", "xt"}, {"n"}).Output("n").Output("n");
  model.Input("x", {"T", 3}).Input("s0", {3}).Node("Scan", {"s0", "x"}, {"last", "y"});
  model.Attribute("num_scan_inputs", 1).Attribute("body", body).Output("y").Save(folder / "scan.onnx");
  // The Scan and the Add in it.
  EXPECT_THAT(Rnnc({"inspect", "scan.onnx"}, folder.path().string()).output,
              HasSubstr(", 2 nodes, 1 recurrent (1 Scan)\n"));
  EXPECT_THAT(Rnnc({"compile", "scan.onnx"}, folder.path().string()).errors,
              HasSubstr("2 nodes, 1 recurrent (1 Scan); "));
  EXPECT_THAT(Rnnc({"inspect", OwnModel("stacked_gru")}).output, HasSubstr("2 recurrent (2 GRU)"));
  EXPECT_THAT(Rnnc({"inspect", OwnModel("mlp")}).output, HasSubstr(" nodes, none recurrent\n"));
}

// Parameters of activation functions that are shown by position, defaults that are shown as given, warnings
// that only a compilation prints.
TEST(Cli, InspectSaysWhatAttributesMean) {
  const TempFolder folder;
  OnnxBuilder model(17);
  model.Input("x", {1, 1, 4}).FloatsOf("W", {2, 8, 4}).FloatsOf("R", {2, 8, 2});
  model.Node("LSTM", {"x", "W", "R"}, {"y"}, "rnn")
      .Attribute("direction", "bidirectional")
      .Attribute("activations",
                 std::vector<std::string>{"hardsigmoid", "Tanh", "Elu", "Sigmoid", "Affine", "Tanh"})
      .Attribute("activation_alpha", std::vector<float>{0.25f, 0.5f, 2.0f})
      .Attribute("activation_beta", std::vector<float>{0.75f, 4.0f})
      .Attribute("clip", 1.5)
      .Output("y");
  OnnxBuilder lost(17);
  lost.Input("x", {1, 1, 4}).FloatsOf("W", {1, 2, 4}).FloatsOf("R", {1, 2, 2}).FloatsOf("bias", {1, 4});
  lost.Input("n", {1}, onnx::TensorProto::INT32).Node("Identity", {"n"}, {"lens"}, "lengths");
  lost.Node("RNN", {"x", "W", "R", "bias", "lens"}, {"y"}, "rnn")
      .Attribute("activations", std::vector<std::string>{"LeakyRelu"});
  lost.Output("y");
  const std::string text = Rnnc({"inspect", model.Save(folder / "two.onnx")}).output;
  for (const char* part :
       {"forward: i o f HardSigmoid(alpha=0.25, beta=0.75), candidate Tanh, output Elu(alpha=0.5)",
        "; reverse: i o f Sigmoid, candidate Affine(alpha=2, beta=4), output Tanh",
        "pre-activations of every gate are kept within +-clip", "forward and reverse, side by side",
        "all sequences have all steps"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  const std::string other = Rnnc({"inspect", lost.Save(folder / "lost.onnx")}).output;
  EXPECT_THAT(other, HasSubstr("output LeakyRelu(alpha=0.01 by default)"));
  EXPECT_THAT(other, ::testing::ContainsRegex("B +bias +constant +biases"));
  EXPECT_THAT(other, ::testing::ContainsRegex("sequence_lens +lens +computed +behind"));
  EXPECT_THAT(other, HasSubstr("rnn: warning: initial_h: is zero in every call of one step"));
}

TEST(Cli, InspectShowsWhatIsRefused) {
  const TempFolder folder;
  OnnxBuilder model(17);
  model.Input("x", {"T", 1, 4}).FloatsOf("W", {1, 8, 4}).FloatsOf("R", {1, 8, 2});
  model.Node("LSTM", {"x", "W", "R"}, {"y"}, "rnn")
      .Attribute("hidden_size", 2)
      .Attribute("clip", 0.0)
      .Output("y");
  model.Save(folder / "clip.onnx");
  const ProcessResult text = Rnnc({"inspect", folder / "clip.onnx"});
  EXPECT_EQ(text.exit_code, 0) << text.errors;
  EXPECT_THAT(text.output, HasSubstr("refused"));
  const auto json =
      nlohmann::json::parse(Rnnc({"inspect", "--json", folder / "clip.onnx"}).output, nullptr, false);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_EQ(json["recurrent"][0]["supported"], false);
  ASSERT_GE(json["refused"].size(), 1u);
  EXPECT_THAT(json["refused"][0].get<std::string>(), HasSubstr("clip"));
  const ProcessResult compiled = Rnnc({"compile", folder / "clip.onnx"}, folder.path().string());
  EXPECT_EQ(compiled.exit_code, 1);
  EXPECT_THAT(compiled.errors, HasSubstr("rnn"));
  EXPECT_THAT(compiled.errors, HasSubstr("clip"));
}

// A native run and the oracle that take different inputs for the same name; files that NumPy could not read.
TEST(Cli, RunReadsAndWritesFiles) {
  const TempFolder folder;
  std::vector<std::string> inputs;
  for (const char* name : {"x", "h0", "c0"}) {
    const std::string path = Set("stacked_lstm", "input_" + std::to_string(inputs.size()) + ".pb");
    const auto tensor = driver::ReadTensorFile(path);
    ASSERT_TRUE(tensor.ok()) << Render(tensor.diagnostics());
    ASSERT_TRUE(WriteFile(folder / (std::string(name) + ".npy"), driver::WriteNpy(tensor->tensor)).ok());
    inputs.push_back(path);
  }
  struct Way {
    const char* name;
    std::vector<std::string> arguments;
  };
  // Named files in another order than the model's; named by the files themselves; the oracle.
  const std::vector<Way> ways = {
      {"npy", {"c0=" + (folder / "c0.npy"), "h0=" + (folder / "h0.npy"), "x=" + (folder / "x.npy")}},
      {"pb", {inputs[2], inputs[1], inputs[0]}},
      {"oracle", {inputs[0], inputs[1], inputs[2], "--interpret"}}};
  for (const Way& way : ways) {
    std::filesystem::create_directory(folder / way.name);
    std::vector<std::string> arguments = {"run", OwnModel("stacked_lstm"), "--output-folder",
                                          folder / way.name};
    arguments.insert(arguments.end(), way.arguments.begin(), way.arguments.end());
    const ProcessResult result = Rnnc(arguments);
    ASSERT_EQ(result.exit_code, 0) << way.name << result.errors;
    for (const char* output : {"y", "hn", "cn"}) {
      const auto got = driver::ReadNpy(folder / (std::string(way.name) + "/" + output + ".npy"));
      ASSERT_TRUE(got.ok()) << Render(got.diagnostics());
      const int position = output[0] == 'y' ? 0 : output[0] == 'h' ? 1 : 2;
      const auto expected =
          driver::ReadTensorFile(Set("stacked_lstm", "output_" + std::to_string(position) + ".pb"));
      ASSERT_TRUE(expected.ok());
      EXPECT_TRUE(Close(*got, expected->tensor)) << way.name << ": " << output;
    }
  }
}

// Without a folder the numbers are printed: natively and by the oracle the same names and shapes.
TEST(Cli, RunPrints) {
  const ProcessResult native = Rnnc({"run", OwnModel("mlp"), Set("mlp", "input_0.pb")});
  const ProcessResult oracle = Rnnc({"run", "--interpret", OwnModel("mlp"), Set("mlp", "input_0.pb")});
  EXPECT_EQ(native.exit_code, 0) << native.errors;
  EXPECT_EQ(oracle.exit_code, 0) << oracle.errors;
  EXPECT_THAT(native.output, ::testing::StartsWith("y: f32[1,7]\n"));
  EXPECT_THAT(oracle.output, ::testing::StartsWith("y: f32[1,7]\n"));
}

// Data of another shape, model or format that is read as if it fitted.
TEST(Cli, RunRefusesOtherData) {
  const TempFolder folder;
  ASSERT_TRUE(WriteFile(folder / "text.npy", "1 2 3\n").ok());
  struct Case {
    std::vector<std::string> inputs;
    const char* says;
  };
  for (const Case& c : std::vector<Case>{
           {{}, "input x"},
           {{Set("mlp", "input_0.pb"), "x=" + Set("mlp", "input_0.pb")}, "input x: has its data already"},
           {{"z=" + Set("mlp", "input_0.pb")}, "there is no input z"},
           {{Set("lstm_small", "input_0.pb")}, "f32 1x10 wanted"},
           {{"x=" + (folder / "text.npy")}, "text.npy"},
           {{"x=" + (folder / "none.npy")}, "none.npy"}}) {
    for (const bool interpret : {false, true}) {
      std::vector<std::string> arguments = {"run", OwnModel("mlp")};
      arguments.insert(arguments.end(), c.inputs.begin(), c.inputs.end());
      if (interpret) arguments.emplace_back("--interpret");
      const ProcessResult result = Rnnc(arguments);
      EXPECT_EQ(result.exit_code, 1) << c.says;
      EXPECT_EQ(result.output, "");
      EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
      if (!interpret) {
        EXPECT_THAT(result.errors, HasSubstr(c.says));
      }
    }
  }
}

}  // namespace
}  // namespace rnnc::test
