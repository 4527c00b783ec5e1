// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names as files have them: header, descriptor, symbols and IR text must hold them all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/driver/native.h"
#include "compiler/import/import.h"
#include "compiler/support/file.h"
#include "tests/support/ir_helpers.h"
#include "tests/support/native/c_program.h"
#include "tests/support/native/model_files.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

// Words of C, names that are no identifiers, names that become the same identifier, what ends a comment or a
// string, macros and types of headers, names of the generated header itself.
std::vector<std::string> OddNames() {
  return {"int",
          "1x",
          "a/b",
          "a b",
          "a_b",
          "größe",
          "日本",
          " ",
          "_",
          "q\"uote",
          "new\nline",
          "tab\t",
          "\x01",
          "*/ int boom;",
          "/*",
          "//",
          "?\?/",
          "back\\",
          "%s%n",
          "#define x",
          "{}",
          "@h",
          "%h",
          "int64_t",
          "size_t",
          "EOF",
          "INT64_MAX",
          "NULL",
          "instance",
          "frames",
          "odd",
          "odd_step",
          "odd_model",
          "ODD_BYTES",
          "T",
          "t0",
          "RNNC_OK",
          "rnnc_model",
          "class",
          "x_2",
          "x",
          "x-2",
          std::string(5000, 'l')};
}

// Output "out NAME" is input NAME plus its number, so that a mixed-up one shows.
OnnxBuilder Odd() {
  OnnxBuilder model(17);
  int number = 0;
  for (const std::string& name : OddNames()) {
    const std::string weight = "w " + name;
    model.Input(name, {2}).Floats(weight, {1}, {static_cast<float>(++number)});
    model.Node("Add", {name, weight}, {"out " + name}, "node " + name).Output("out " + name);
  }
  return model;
}

Result<std::unique_ptr<driver::NativeModel>> Compiled(const std::string& file, const std::string& folder,
                                                      const std::string& name) {
  const ProcessResult result = Rnnc({"compile", file, "-o", folder + "/", "-q"});
  if (result.exit_code != 0) return Error({}, "rnnc compile: {}", result.errors);
  RNNC_ASSIGN(const std::string object, ReadFile(folder + "/" + name + ".o"));
  return driver::NativeModel::Load(object, name);
}

// Catches a header that does not compile, parameters in another order or of one name, a descriptor without
// the model's own names, symbols of two such models that collide.
TEST(OddNames, ThroughHeaderDescriptorAndSymbols) {
  const TempFolder folder;
  const std::string out = folder.path().string();
  std::vector<std::unique_ptr<driver::NativeModel>> models;
  std::vector<ProgramCall> calls;
  for (const auto& [file, name] : {std::pair{"3 x.onnx", "_3_x"}, {"odd.onnx", "odd"}}) {
    auto native = Compiled(Odd().Save(folder / file), out, name);
    ASSERT_TRUE(native.ok()) << Render(native.diagnostics());
    ProgramCall call{&(*native)->Model(), {}, 1};
    const std::vector<std::string> names = OddNames();
    ASSERT_EQ(call.model->n_inputs, static_cast<int32_t>(names.size()));
    for (size_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(call.model->inputs[i].name, names[i]);
      EXPECT_EQ(call.model->outputs[i].name, "out " + names[i]);
      call.inputs.push_back(*ir::MakeFloatTensor({2}, {0.5, -100.0 * static_cast<double>(i)}));
    }
    calls.push_back(std::move(call));
    models.push_back(*std::move(native));
  }
  for (const Language language : {Language::kC11, Language::kCxx17}) {
    const auto results = RunProgram(FindTestRow("native"), out, language, calls, {"-pedantic"});
    ASSERT_TRUE(results.ok()) << Render(results.diagnostics());
    for (const std::vector<ir::Tensor>& outputs : *results) {
      for (size_t i = 0; i < outputs.size(); ++i) {
        const auto number = static_cast<double>(i + 1);
        EXPECT_EQ(outputs[i].NumberAt(0), 0.5 + number);
        EXPECT_EQ(outputs[i].NumberAt(1), -100.0 * static_cast<double>(i) + number);
      }
    }
  }
}

// Catches names that are not quoted, or quoted in a way that does not read back.
TEST(OddNames, ThroughTheText) {
  const TempFolder folder;
  const auto module = import::ImportOnnx(Odd().Save(folder / "odd.onnx"));
  ASSERT_TRUE(module.ok()) << Render(module.diagnostics());
  ir::ExpectRoundTrip(**module);
}

// Symbols of sizes are identifiers; the model's name and the symbol both bind them.
TEST(OddNames, OfSizes) {
  for (const char* name :
       {"batch size", "?", "-1", "unk__73", "größe", "int", "2T", "a/b", "*/", "frames", "t0"}) {
    OnnxBuilder model(17);
    model.Input("x", {name, 1, 2}).FloatsOf("W", {1, 12, 2}).FloatsOf("R", {1, 12, 3});
    model.Node("LSTM", {"x", "W", "R"}, {"y"}, "lstm").Output("y");
    const TempFolder folder;
    const std::string file = model.Save(folder / "m.onnx");
    auto native = Compiled(file, folder.path().string(), "m");
    ASSERT_TRUE(native.ok()) << name << ": " << Render(native.diagnostics());
    const ProgramCall call{&(*native)->Model(), {*ir::MakeFloatTensor({3, 1, 2}, {1, 2, 3, 4, 5, 6})}, 3};
    const auto results =
        RunProgram(FindTestRow("native"), folder.path().string(), Language::kC11, {call}, {"-pedantic"});
    EXPECT_TRUE(results.ok()) << name << ": " << Render(results.diagnostics());
    const ProcessResult bound =
        Rnnc({"compile", file, "-q", "-o", folder / "b.o", "--dim", std::string(name) + "=4"});
    EXPECT_EQ(bound.exit_code, 0) << name << ": " << bound.errors;
  }
}

}  // namespace
}  // namespace rnnc::test
