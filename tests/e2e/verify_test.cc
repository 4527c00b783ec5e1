// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `verify` compares, and with what. Data sets are written by the evaluator, one call after another.
#include "compiler/driver/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <span>

#include "compiler/driver/npy.h"
#include "compiler/driver/random_sets.h"
#include "compiler/support/file.h"
#include "tests/support/native/model_files.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kBig = 1e6;

// model.onnx in a folder of its own, with data sets beside it that are one stream: each begins with the state
// that the one before gave. Tensors have no names: their order counts.
class Streamed {
 public:
  explicit Streamed(int sets) {
    fs::copy_file(OwnModel("examples/language_id"), folder_ / "model.onnx");
    ir::Tensor state = ir::ZeroTensor(ir::MakeStaticType(ir::ElementType::kF32, {1, 1, 64}));
    for (int64_t i = 0; i < 64; ++i) state.SetNumber(i, 0.01 * static_cast<double>(i) - 0.3);
    for (int k = 0; k < sets; ++k) {
      const std::string set = SetFolder(k);
      fs::create_directory(set);
      ir::Tensor characters = ir::ZeroTensor(ir::MakeStaticType(ir::ElementType::kI64, {3 + k, 1}));
      for (int64_t i = 0; i < 3 + k; ++i) characters.SetInteger(i, (7 * i + 11 * k) % 60);
      Write(set + "/input_0.npy", characters);
      Write(set + "/input_1.npy", state);
      const ProcessResult run = Rnnc({"run", "--interpret", Model(), "characters=" + set + "/input_0.npy",
                                      "h=" + set + "/input_1.npy", "--output-folder", set});
      EXPECT_EQ(run.exit_code, 0) << run.errors;
      fs::rename(set + "/belief.npy", set + "/output_0.npy");
      fs::rename(set + "/hn.npy", set + "/output_1.npy");
      const auto next = driver::ReadNpy(set + "/output_1.npy");
      EXPECT_TRUE(next.ok());
      if (next.ok()) state = *next;
    }
  }
  std::string Model() const { return folder_ / "model.onnx"; }
  std::string SetFolder(int k) const { return folder_ / ("test_data_set_" + std::to_string(k)); }
  ProcessResult Verify(std::vector<std::string> arguments = {}) const {
    arguments.insert(arguments.begin(), {"verify", Model(), "--state", "h=hn"});
    return Rnnc(arguments);
  }
  static void Write(const std::string& path, const ir::Tensor& tensor) {
    const std::vector<FileContent> files = {{path, driver::WriteNpy(tensor)}};
    ASSERT_TRUE(WriteFiles(files).ok());
  }
  // Adds to the first element.
  static void Spoil(const std::string& path, double by) {
    auto tensor = driver::ReadNpy(path);
    ASSERT_TRUE(tensor.ok()) << Render(tensor.diagnostics());
    tensor->SetNumber(0, tensor->NumberAt(0) + by);
    Write(path, *tensor);
  }

 private:
  TempFolder folder_;
};

constexpr const char* kContinues = "with the state left by the one before";

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Catches a verify that puts the expected state in before every call, and so never sees whether the code
// keeps its own.
TEST(Verify, SetsOfOneStreamRunAsOne) {
  const Streamed streamed(3);
  const ProcessResult result = streamed.Verify();
  EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
  EXPECT_EQ(Count(result.output, kContinues), 2) << result.output;
  EXPECT_EQ(Count(result.output, "state h "), 3) << result.output;
  EXPECT_EQ(Count(streamed.Verify({"--interpret"}).output, kContinues), 2);
}

// Catches bound state that nothing is held against: its output is gone from the interface.
TEST(Verify, StateIsComparedWithTheOutputItWasBoundTo) {
  const Streamed streamed(2);
  Streamed::Spoil(streamed.SetFolder(1) + "/output_1.npy", 1e-3);
  const ProcessResult result = streamed.Verify();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(Count(result.output, "OUT OF BOUND"), 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("FAILED"));
}

// Catches sets of different streams run as one, whose expected outputs belong to other states.
TEST(Verify, ASetThatBeginsElsewhereIsAStreamOfItsOwn) {
  const Streamed streamed(2);
  Streamed::Spoil(streamed.SetFolder(0) + "/output_1.npy", 1e-6);
  const ProcessResult result = streamed.Verify();
  EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
  EXPECT_THAT(result.output, Not(HasSubstr(kContinues)));
}

// Catches an oracle that begins anew in every set while the code goes on: without outputs it is the
// expectation.
TEST(Verify, TheOracleCarriesItsState) {
  const Streamed streamed(3);
  for (int k = 0; k < 3; ++k) {
    for (const char* output : {"/output_0.npy", "/output_1.npy"}) fs::remove(streamed.SetFolder(k) + output);
    fs::remove(streamed.SetFolder(k) + "/input_1.npy");
  }
  const ProcessResult result = streamed.Verify();
  EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
  EXPECT_EQ(Count(result.output, kContinues), 2) << result.output;
  EXPECT_EQ(Count(result.output, "state h "), 3) << result.output;
}

// Catches the bound of one call used for a stream, and the other way round.
TEST(Verify, AStreamHasItsOwnBound) {
  const Streamed streamed(2);
  std::ofstream(fs::path(streamed.Model()).parent_path() / "goldens.json")
      << R"({"rtol": 1e-5, "outputs": {"hn": {"atol": 0.25, "atol_chained": 0.5}}})";
  driver::VerifyOptions options;
  options.model.model = streamed.Model();
  options.model.states = {"h=hn"};
  const auto report = driver::Verify(options);
  ASSERT_TRUE(report.ok()) << Render(report.diagnostics());
  std::vector<double> bounds;
  for (const driver::OutputComparison& row : report->outputs) {
    if (row.state) bounds.push_back(row.atol);
  }
  EXPECT_EQ(bounds, (std::vector<double>{0.25, 0.5}));
}

// Catches a state of another size written over what lies beside it.
TEST(Verify, AStateOfAnotherShapeIsRefused) {
  const Streamed streamed(1);
  const ir::Tensor wrong = ir::ZeroTensor(ir::MakeStaticType(ir::ElementType::kF32, {1, 1, 65}));
  Streamed::Write(streamed.SetFolder(0) + "/input_1.npy", wrong);
  const ProcessResult result = streamed.Verify();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, HasSubstr("h: is f32[1,1,65], the state f32[1,1,64]"));
}

// Catches "verified" where every output was left out.
TEST(Verify, NothingComparedIsNotVerified) {
  const TempFolder folder;
  fs::copy_file(OwnModel("rnn_small"), folder / "model.onnx");
  std::ofstream(folder / "goldens.json") << R"({"not_compared": ["y", "h"]})";
  const ProcessResult result = Rnnc({"verify", folder / "model.onnx"});
  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("NOTHING WAS COMPARED"));
}

// x + 1e8 - 1e8, of which float32 has nothing left.
OnnxBuilder Cancelled() {
  OnnxBuilder model(17);
  model.Input("x", {3})
      .Floats("big", {}, {1e8F})
      .Node("Add", {"x", "big"}, {"a"})
      .Node("Sub", {"a", "big"}, {"y"});
  return model;
}

// The same, where any number would be within the bound.
TEST(Verify, WhatRoundingDestroysIsNotVerified) {
  const TempFolder folder;
  OnnxBuilder model = Cancelled();
  const ProcessResult result = Rnnc({"verify", model.Output("y").Save(folder / "model.onnx")});
  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("not compared: rounding alone makes a difference of "));
}

// One output is compared, the other never: that is not the whole model.
TEST(Verify, EveryOutputMustBeCompared) {
  const TempFolder folder;
  OnnxBuilder model = Cancelled();
  model.Node("Neg", {"x"}, {"z"}).Output("y").Output("z");
  const ProcessResult result = Rnnc({"verify", model.Save(folder / "model.onnx")});
  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("NOT ALL WAS COMPARED"));
}

// Catches small numbers beside a large one that count as verified: the bound is that of the large one.
TEST(Verify, NumbersBelowTheBoundAreNotCounted) {
  const TempFolder folder;
  OnnxBuilder model(17);
  model.Input("x", {4}).Floats("scale", {4}, {1e30F, 1, 2, 3}).Node("Mul", {"x", "scale"}, {"a"});
  const std::string path =
      model.Node("Exp", {"x"}, {"e"}).Node("Mul", {"a", "e"}, {"y"}).Output("y").Save(folder / "model.onnx");
  driver::VerifyOptions options;
  options.model.model = path;
  const auto report = driver::Verify(options);
  ASSERT_TRUE(report.ok()) << Render(report.diagnostics());
  for (const driver::OutputComparison& row : report->outputs) {
    EXPECT_EQ(row.elements, 1);
    EXPECT_EQ(row.below, 3);
  }
}

// f16 overflows where double does not: that is right.
TEST(Verify, WhatOverflowsTheTypeIsInfinite) {
  const TempFolder folder;
  OnnxBuilder model(17);
  model.Input("x", {8}, onnx::TensorProto::FLOAT16).Input("s", {8}, onnx::TensorProto::FLOAT16);
  const std::string path =
      model.Node("Exp", {"x"}, {"y"}).Output("y", onnx::TensorProto::FLOAT16).Save(folder / "model.onnx");
  const std::string set = folder / "test_data_set_0";
  fs::create_directory(set);
  ir::Tensor x = ir::ZeroTensor(ir::MakeStaticType(ir::ElementType::kF16, {8}));
  x.SetNumber(3, 20);
  Streamed::Write(set + "/input_0.npy", x);
  Streamed::Write(set + "/input_1.npy", x);
  const ProcessResult result = Rnnc({"verify", path});
  EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
}

// Catches a bound of doubles that is less than what doubles can do.
TEST(Verify, DoublesMayLoseWhatTheyCannotKeep) {
  const TempFolder folder;
  OnnxBuilder model(17);
  model.Input("x", {64}, onnx::TensorProto::DOUBLE)
      .Initialiser(
          RawTensor("big", onnx::TensorProto::DOUBLE, {}, std::as_bytes(std::span<const double>(&kBig, 1))));
  model.Node("Add", {"x", "big"}, {"a"}).Node("ReduceMean", {"a"}, {"m"}).Node("Sub", {"a", "m"}, {"y"});
  const ProcessResult result =
      Rnnc({"verify", model.Output("y", onnx::TensorProto::DOUBLE).Save(folder / "model.onnx")});
  EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
}

// Catches bounds that grow with what is expected: nothing is near infinity but itself.
TEST(Verify, NothingIsNearInfinity) {
  const TempFolder folder;
  OnnxBuilder model(17);
  const std::string path =
      model.Input("x", {3}).Node("Neg", {"x"}, {"y"}).Output("y").Save(folder / "model.onnx");
  const std::string set = folder / "test_data_set_0";
  fs::create_directory(set);
  ir::Tensor numbers = ir::ZeroTensor(ir::MakeStaticType(ir::ElementType::kF32, {3}));
  const double infinity = std::numeric_limits<double>::infinity();
  for (const auto& [given, expected] : {std::pair(-infinity, infinity),
                                        {1.0, infinity},
                                        {1.0, -infinity},
                                        {infinity, infinity},
                                        {std::nan(""), infinity},
                                        {infinity, std::nan("")}}) {
    numbers.SetNumber(1, given);
    Streamed::Write(set + "/input_0.npy", numbers);
    numbers.SetNumber(1, expected);
    Streamed::Write(set + "/output_0.npy", numbers);
    EXPECT_EQ(Rnnc({"verify", path}).exit_code, given == -expected ? 0 : 1) << given << ", " << expected;
  }
}

// Catches numbers of a model in double that are as far off as float would be.
TEST(Verify, DoublesHaveTheBoundOfDoubles) {
  const TempFolder folder;
  OnnxBuilder model(17);
  model.Input("x", {1}, onnx::TensorProto::DOUBLE)
      .Node("Sqrt", {"x"}, {"y"})
      .Output("y", onnx::TensorProto::DOUBLE);
  const std::string path = model.Save(folder / "model.onnx");
  const std::string set = folder / "test_data_set_0";
  fs::create_directory(set);
  ir::Tensor number = ir::ZeroTensor(ir::MakeStaticType(ir::ElementType::kF64, {1}));
  number.SetNumber(0, 2);
  Streamed::Write(set + "/input_0.npy", number);
  for (const double wrong : {0.0, 1e-7}) {
    number.SetNumber(0, 1.4142135623730951 + wrong);
    Streamed::Write(set + "/output_0.npy", number);
    EXPECT_EQ(Rnnc({"verify", path}).exit_code, wrong == 0 ? 0 : 1);
  }
}

std::vector<int64_t> IntegersOf(const std::vector<driver::DataSet>& sets) {
  std::vector<int64_t> integers;
  for (const driver::DataSet& set : sets) {
    const ir::Tensor& tensor = set.inputs.at(0).tensor;
    for (int64_t i = 0; i < tensor.ElementCount(); ++i) integers.push_back(tensor.IntegerAt(i));
  }
  return integers;
}

// A table of ten rows read by bytes; by 64-bit integers without the cast.
std::string SaveTable(const TempFolder& folder, bool bytes) {
  OnnxBuilder model(17);
  model.Input("x", {40}, bytes ? static_cast<int>(onnx::TensorProto::UINT8) : OnnxBuilder::kInt64);
  model.FloatsOf("table", {10, 3});
  if (bytes) model.Node("Cast", {"x"}, {"index"}, "cast").Attribute("to", OnnxBuilder::kInt64);
  model.Node("Gather", {"table", bytes ? "index" : "x"}, {"y"}, "rows").Output("y");
  return model.Save(folder / "table.onnx");
}

// Catches indices that only ever reach the first rows of a table, and such as the code refuses.
TEST(Verify, RandomIndicesReachTheWholeTable) {
  const TempFolder folder;
  for (const bool bytes : {false, true}) {
    driver::VerifyOptions options;
    options.model.model = SaveTable(folder, bytes);
    const auto sets = driver::RandomSets(options.model, options);
    ASSERT_TRUE(sets.ok()) << Render(sets.diagnostics());
    const std::vector<int64_t> integers = IntegersOf(*sets);
    EXPECT_EQ(integers.size(), 120u);
    EXPECT_EQ(*std::min_element(integers.begin(), integers.end()), bytes ? 0 : -10);
    EXPECT_EQ(*std::max_element(integers.begin(), integers.end()), 9);
    const auto report = driver::Verify(options);
    ASSERT_TRUE(report.ok()) << Render(report.diagnostics());
    EXPECT_TRUE(report->Passed());
  }
}

// Catches a real model whose state, carried through all its sets, leaves the bound that its data state.
TEST(Verify, APublishedModelKeepsItsStateThroughAllSets) {
  const std::string model = SharedModel("models/dtln_pt_model_p1");
  if (const std::string missing = WhyMissing(model); !missing.empty()) GTEST_SKIP() << missing;
  driver::VerifyOptions options;
  options.model.model = model;
  options.model.states = {"h1_in=out_state1[0]", "c1_in=out_state1[1]", "h2_in=out_state1[2]",
                          "c2_in=out_state1[3]"};
  const auto report = driver::Verify(options);
  ASSERT_TRUE(report.ok()) << Render(report.diagnostics());
  EXPECT_TRUE(report->Passed());
  EXPECT_EQ(report->continued.size(), 2u);
  EXPECT_EQ(report->outputs.size(), 15u);
}

}  // namespace
}  // namespace rnnc::test
