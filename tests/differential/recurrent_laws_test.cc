// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What must hold of recurrent operators whatever they compute: native code against native code, to the last
// bit but where Closeness says why not. The cases are random; a failing one shrinks, and RNNC_KEEP_FAILURES
// keeps it (recurrent_program.h).
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>

#include "compiler/ir/parser.h"
#include "compiler/ir/printer.h"
#include "passes/pipeline.h"
#include "tests/support/even_choice.h"
#include "tests/support/native/recurrent_program.h"
#include "tests/support/native/tensor_parts.h"
#include "tests/support/temp_folder.h"

namespace rnnc::test {
namespace {

void ExpectSame(const std::string& law, const CaseModel& model, const std::string& what,
                const ir::Tensor& got, const ir::Tensor& expected) {
  if (const auto same = SameBits(got, expected); !same) FailCase(law, model, what + ": " + same.message());
}

// Where the order of additions may be another: few outputs are summed in parts, and how many outputs there
// are depends on the batch. Then both are within the oracle's bound of each other.
class Closeness {
 public:
  Closeness(std::string law, const RecurrentProgram& program, const CaseModel& model)
      : law_(std::move(law)), model_(model), oracle_(AskOracle(program.Graph(0), model)) {
    RC_PRE(!oracle_.explodes);
  }
  void Expect(const std::string& output, const std::string& what, const ir::Tensor& got,
              const ir::Tensor& expected) const {
    const auto close = Close(got, expected, oracle_.bounds.at(output));
    if (!close) FailCase(law_, model_, what + ": " + close.message());
  }

 private:
  std::string law_;
  const CaseModel& model_;
  OracleAnswer oracle_;
};

// Without what a stream has no meaning for: backward directions and lengths. All initial values are states.
CaseModel Streamed(RecurrentCase c) {
  if (c.direction != "forward") c = c.Directions() == 2 ? DirectionOf(c, 0) : c;
  c.direction = "forward";
  c.lengths.clear();
  c.initial_h = true;
  c.initial_c = c.op == "LSTM";
  c.outputs = c.op == "LSTM" ? 7 : 3;
  c.open_steps = true;
  c.open_batch = false;
  return {c, TensorsOf(c), true};
}

// Two calls of all frames at once, the second from the state that the first left.
struct Whole {
  Stream::Answer first, second;
  std::vector<std::byte> state;
};
Whole RunWhole(const RecurrentProgram& program, const CaseModel& model, const std::string& law) {
  Stream stream = program.Instance(0);
  Whole whole;
  whole.first = stream.Run(model.c.steps, program.Inputs(0));
  whole.second = stream.Run(model.c.steps, program.Inputs(0));
  whole.state = stream.State();
  if (whole.first.status != RNNC_OK || whole.second.status != RNNC_OK) FailCase(law, model, "status of run");
  return whole;
}

// Frames first .. of all outputs of an answer.
void ExpectPart(const std::string& law, const CaseModel& model, const RecurrentProgram& program,
                const Stream::Answer& got, const Stream::Answer& whole, int64_t first, int64_t frames) {
  if (got.status != RNNC_OK) FailCase(law, model, "status");
  for (size_t i = 0; i < got.outputs.size(); ++i) {
    ExpectSame(law, model, fmt::format("{} frames from {} on", frames, first), got.outputs[i],
               Frames(program.Model(0).outputs[i], whole.outputs[i], first, frames));
  }
}

// Catches sums in another order in `step`, state read after it is written, a block's edge.
void RunIsSteps(const RecurrentCase& drawn, const TestRow& row) {
  const CaseModel model = Streamed(drawn);
  const RecurrentProgram program(row, {model});
  const Whole whole = RunWhole(program, model, "run_is_steps");
  Stream stream = program.Instance(0);
  for (const Stream::Answer* answer : {&whole.first, &whole.second}) {
    for (int64_t t = 0; t < model.c.steps; ++t) {
      std::vector<ir::Tensor> inputs = program.Inputs(0);
      for (size_t i = 0; i < inputs.size(); ++i)
        inputs[i] = Frames(program.Model(0).inputs[i], inputs[i], t, 1);
      ExpectPart("run_is_steps", model, program, stream.Step(inputs), *answer, t, 1);
    }
  }
  if (stream.State() != whole.state) FailCase("run_is_steps", model, "the state at the end");
}

// The same with non-empty parts, and with calls without frames between them, which change nothing.
void AnySplitIsTheWhole(const RecurrentCase& drawn, const TestRow& row) {
  const CaseModel model = Streamed(drawn);
  const RecurrentProgram program(row, {model});
  const Whole whole = RunWhole(program, model, "any_split");
  Stream stream = program.Instance(0);
  for (const Stream::Answer* answer : {&whole.first, &whole.second}) {
    for (int64_t first = 0; first < model.c.steps;) {
      const auto left = static_cast<int>(model.c.steps - first);
      const int64_t frames = EvenlyFrom(1, left + 1);
      ExpectPart("any_split", model, program, stream.RunPart(program.Inputs(0), first, frames), *answer,
                 first, frames);
      first += frames;
      const std::vector<std::byte> before = stream.State();
      if (stream.RunPart(program.Inputs(0), 0, 0).status != RNNC_OK || stream.State() != before)
        FailCase("any_split", model, "a call without frames changes the state");
    }
  }
  if (stream.State() != whole.state) FailCase("any_split", model, "the state at the end");
}

// Catches an index that is off by one from the end, outputs in the order of computation, a reversal of the
// padding behind a sequence.
void ReverseIsFlipped(const RecurrentCase& drawn, const TestRow& row) {
  CaseModel reverse{drawn.Directions() == 2 ? DirectionOf(drawn, 1) : drawn, {}};
  reverse.c.direction = "reverse";
  reverse.tensors = TensorsOf(reverse.c);
  CaseModel forward = reverse;
  forward.c.direction = "forward";
  const auto flip = [&](ir::Tensor& tensor, const std::string& name) {
    tensor = Flipped(tensor, TimeAxis(drawn, name), BatchAxis(drawn, name), reverse.c.lengths);
  };
  flip(forward.tensors.at("X"), "X");
  const RecurrentProgram program(row, {reverse, forward});
  CaseTensors expected = program.Call(1);
  if (expected.count("Y") != 0) flip(expected.at("Y"), "Y");
  for (const auto& [name, tensor] : program.Call(0)) {
    ExpectSame("reverse_is_flipped", reverse, name, tensor, expected.at(name));
  }
}

// Catches weights, activations or states of the other direction, and results that are joined the other way.
void BidirectionalIsBoth(const RecurrentCase& drawn, const TestRow& row) {
  const CaseModel both{drawn, TensorsOf(drawn)};
  std::vector<CaseModel> models = {both};
  for (const int direction : {0, 1}) {
    CaseModel one{DirectionOf(drawn, direction), both.tensors};
    for (auto& [name, tensor] : one.tensors) {
      if (const int axis = DirectionAxis(drawn, name); axis >= 0) tensor = Part(tensor, axis, direction, 1);
    }
    models.push_back(std::move(one));
  }
  const RecurrentProgram program(row, models);
  const CaseTensors got = program.Call(0);
  for (const int direction : {0, 1}) {
    for (const auto& [name, tensor] : program.Call(static_cast<size_t>(direction) + 1)) {
      ExpectSame("bidirectional_is_both", both, fmt::format("{} of direction {}", name, direction),
                 Part(got.at(name), DirectionAxis(drawn, name), direction, 1), tensor);
    }
  }
}

// Catches a batch in place of time.
void LayoutIsTransposed(const RecurrentCase& drawn, const TestRow& row) {
  CaseModel batch_first{drawn, {}};
  batch_first.c.batch_first = true;
  batch_first.tensors = TensorsOf(batch_first.c);
  CaseModel time_first = batch_first;
  time_first.c.batch_first = false;
  for (const char* name : {"X", "h0", "c0"}) {
    if (time_first.tensors.count(name) != 0)
      time_first.tensors[name] = Transposed(time_first.tensors[name], {1, 0, 2});
  }
  const RecurrentProgram program(row, {batch_first, time_first});
  const CaseTensors got = program.Call(0);
  for (const auto& [name, tensor] : program.Call(1)) {
    const std::vector<int> axes = name == "Y" ? std::vector<int>{2, 0, 1, 3} : std::vector<int>{1, 0, 2};
    ExpectSame("layout_is_transposed", batch_first, name, got.at(name), Transposed(tensor, axes));
  }
}

// The case with one sequence of the batch alone, of so many steps.
CaseModel Alone(const CaseModel& model, int64_t sequence, int64_t steps) {
  CaseModel one = model;
  one.c.batch = 1;
  one.c.steps = steps;
  for (auto& [name, tensor] : one.tensors) {
    if (const int axis = BatchAxis(model.c, name); axis >= 0) tensor = Part(tensor, axis, sequence, 1);
    if (const int axis = TimeAxis(model.c, name); axis >= 0) tensor = Part(tensor, axis, 0, steps);
  }
  if (!one.c.lengths.empty()) one.c.lengths = {model.c.lengths[static_cast<size_t>(sequence)]};
  return one;
}

// Catches outputs behind a sequence's end, final values of the last step of the batch, a backward direction
// that begins in the padding, and the initial values of an empty sequence.
void LengthsAreSeparateRuns(const RecurrentCase& drawn, const TestRow& row) {
  CaseModel together{drawn, {}};
  if (drawn.lengths.empty()) ChooseLengths(together.c);
  together.tensors = TensorsOf(together.c);
  CaseModel made = Alone(together, 0, together.c.steps);
  made.c.lengths.clear();
  made.c.open_steps = true;
  made.c.open_batch = false;
  const RecurrentProgram program(row, {together, made});
  const Closeness closeness("lengths_are_runs", program, together);
  const CaseTensors got = program.Call(0);
  for (int64_t b = 0; b < together.c.batch; ++b) {
    const int64_t length = together.c.lengths[static_cast<size_t>(b)];
    const CaseModel alone = Alone(together, b, length);
    for (const auto& [name, tensor] : program.Call(1, alone.c, alone.tensors)) {
      ir::Tensor mine = Part(got.at(name), BatchAxis(drawn, name), b, 1);
      if (const int time = TimeAxis(drawn, name); time >= 0) {
        const ir::Tensor behind = Part(mine, time, length, together.c.steps - length);
        ExpectSame("lengths_are_runs", together, fmt::format("{} of sequence {} behind its end", name, b),
                   behind, ir::ZeroTensor(behind.type));
        mine = Part(mine, time, 0, length);
      }
      closeness.Expect(name, fmt::format("{} of sequence {}", name, b), mine, tensor);
    }
  }
}

// Catches what one sequence of a batch does to another.
void BatchIsSingles(const RecurrentCase& drawn, const TestRow& row) {
  const CaseModel together{drawn, TensorsOf(drawn)};
  CaseModel made = Alone(together, 0, drawn.steps);
  made.c.open_batch = false;
  const RecurrentProgram program(row, {together, made});
  const Closeness closeness("batch_is_singles", program, together);
  const CaseTensors got = program.Call(0);
  for (int64_t b = 0; b < drawn.batch; ++b) {
    const CaseModel alone = Alone(together, b, drawn.steps);
    for (const auto& [name, tensor] : program.Call(1, alone.c, alone.tensors)) {
      closeness.Expect(name, fmt::format("{} of sequence {}", name, b),
                       Part(got.at(name), BatchAxis(drawn, name), b, 1), tensor);
    }
  }
}

// The object of a module in stage `graph`; after `cut` passes it is printed and parsed, if there are so many.
Result<std::string> ObjectOf(const ir::Module& imported, const codegen::CodegenOptions& codegen, size_t cut) {
  std::unique_ptr<ir::Module> module = ir::CloneModule(imported);
  passes::PassOptions wanted;
  wanted.target = driver::TraitsOf(codegen.target);
  size_t done = 0;
  for (const passes::PassEntry& pass : passes::Pipeline()) {
    if (done++ == cut) {
      const ir::Printed printed = ir::Serialize(*module);
      RNNC_ASSIGN(module, ir::Parse(printed.text, "text", printed.blob));
    }
    RNNC_TRY(passes::RunPass(pass, *module, wanted));
  }
  RNNC_ASSIGN(const codegen::GeneratedObject object, codegen::GenerateObject(*module, codegen));
  return object.object;
}

// Catches what passes know of a module and its text does not say.
void TextChangesNothing(const RecurrentCase& drawn, const TestRow& row) {
  const CaseModel model{drawn, TensorsOf(drawn)};
  const TempFolder folder;
  const driver::ModelOptions options =
      OptionsOf(model, ModelOf(drawn).Save((folder.path() / "case.onnx").string()), row);
  const auto imported = driver::ImportModel(options);
  const auto codegen = driver::CodegenOptionsFor(options);
  if (!imported.ok() || !codegen.ok()) FailCase("text_changes_nothing", model, "import");
  const size_t passes = passes::Pipeline().size();
  const size_t cut = EvenlyFrom<size_t>(0, passes);
  const Result<std::string> direct = ObjectOf(*imported->module, *codegen, passes);
  const Result<std::string> by_text = ObjectOf(*imported->module, *codegen, cut);
  if (!direct.ok() || !by_text.ok()) {
    FailCase("text_changes_nothing", model, Render((direct.ok() ? by_text : direct).diagnostics()));
  }
  if (*direct != *by_text) {
    FailCase("text_changes_nothing", model,
             fmt::format("printed and parsed before {}: another object", passes::Pipeline()[cut].name));
  }
}

struct Law {
  const char* name;
  const char* direction;  // of the cases; "": any
  void (*check)(const RecurrentCase&, const TestRow&);
};
constexpr Law kLaws[] = {
    {"RunIsSteps", "forward", RunIsSteps},
    {"AnySplitIsTheWhole", "forward", AnySplitIsTheWhole},
    {"ReverseIsFlipped", "reverse", ReverseIsFlipped},
    {"BidirectionalIsBoth", "bidirectional", BidirectionalIsBoth},
    {"LayoutIsTransposed", "", LayoutIsTransposed},
    {"LengthsAreSeparateRuns", "", LengthsAreSeparateRuns},
    {"BatchIsSingles", "", BatchIsSingles},
    {"TextChangesNothing", "", TextChangesNothing},
};

class RecurrentLaws : public ::testing::TestWithParam<std::tuple<Law, std::string>> {};

TEST_P(RecurrentLaws, Hold) {
  const auto& [law, row_name] = GetParam();
  const TestRow& row = FindTestRow(row_name);
  if (const std::string why = WhyNot(row); !why.empty()) GTEST_SKIP() << why;
  // A process of its own for every case is slow: on foreign rows few cases, and only when asked for.
  const bool asked = std::getenv("RNNC_LONG") != nullptr;
  if (IsForeign(row) && !asked) GTEST_SKIP() << "./dev test --long runs it";
  CheckProperty(
      [&, check = law.check] {
        check(*rc::gen::exec([&] {
          RecurrentCase c = AnyRecurrentCase(law.direction);
          using enum ir::ElementType;
          c.element = EvenlyOneOf<ir::ElementType>({kF32, kF32, kF32, kF64, kF16, kBF16});
          return c;
        }),
              row);
      },
      IsForeign(row) ? 50
      : asked        ? 500
                     : 0);
}

INSTANTIATE_TEST_SUITE_P(, RecurrentLaws,
                         ::testing::Combine(::testing::ValuesIn(kLaws),
                                            ::testing::Values("native", "aarch64")),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param).name) + "_" + std::get<1>(info.param);
                         });

}  // namespace
}  // namespace rnnc::test
