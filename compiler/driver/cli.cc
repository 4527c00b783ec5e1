// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The command line: CLI11's description of every option, in clang's spellings, and nothing else.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <type_traits>

#include "compiler/driver/commands.h"
#include "compiler/support/strings.h"

namespace rnnc::driver {
namespace {

constexpr std::string_view kVersion = "rnnc 0.1.0";

constexpr const char* kExamples = R"(examples:
  rnnc compile kws.onnx                        kws.o and kws.h for this machine
  rnnc compile vad.onnx -mcpu=x86-64-v3 -O3    for any CPU with AVX2
  rnnc compile net.onnx --state h=hn           the state lives in the instance
  rnnc compile net.onnx --print-ir-after=all   every stage of the IR
  rnnc inspect net.onnx                        what is in it, and what is supported
  rnnc verify net.onnx                         native code against the data sets beside the model
  rnnc run net.onnx x=frames.npy               run it once
  rnnc opt net.rnn --pass=fuse-gates           one pass on the text of a module)";

// Clang's long options with one dash.
constexpr std::string_view kOneDash[] = {"-mcpu", "-fPIC", "-fno-pic"};

// The arguments as CLI11 knows them.
std::vector<std::string> WithTwoDashes(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int i = argc; i-- > 1;) {  // CLI11 takes them last first
    std::string argument = argv[i];
    for (const std::string_view known : kOneDash) {
      const bool same =
          argument == known || argument.compare(0, known.size() + 1, std::string(known) + "=") == 0;
      if (same) argument.insert(0, "-");
    }
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

std::pair<std::string, std::string> SplitPair(const std::string& option, const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    throw CLI::ValidationError(option, fmt::format("'{}' is not of the form name=value", text));
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

int64_t ParseSize(const std::string& option, const std::string& text) {
  int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value < 0) {
    throw CLI::ValidationError(option, fmt::format("'{}' is not a size", text));
  }
  return value;
}

void AddTargetOptions(CLI::App& app, codegen::TargetRequest& target) {
  app.add_option("--target", target.triple, "target triple; this machine by default");
  app.add_option("--mcpu", target.cpu, "-mcpu=: a CPU of LLVM's, x86-64, x86-64-v2 .. v4, native");
}

// An option that takes a whole number from `least` on. (CLI11's own ranges speak of doubles.)
template <typename Number>
void AddNumber(CLI::App& app, const std::string& option, Number& value, std::type_identity_t<Number> least,
               const std::string& description,
               std::type_identity_t<Number> most = std::numeric_limits<Number>::max()) {
  app.add_option(option, value, description)->check([least, most](const std::string& text) -> std::string {
    Number number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
    if (is_number && number >= least && number <= most) return "";
    return fmt::format("'{}' is no whole number from {} to {}", text, least, most);
  });
}

void AddTolerance(CLI::App& app, const std::string& option, std::optional<double>& value,
                  const std::string& description) {
  app.add_option(option, value, description)->check([](const std::string& text) -> std::string {
    double number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
    if (is_number && std::isfinite(number) && number >= 0) return "";
    return fmt::format("'{}' is no finite number from 0 on", text);
  });
}

void AddUnroll(CLI::App& app, int& steps) {
  AddNumber(app, "--unroll", steps, 0, "unroll loops over time of at most N steps; 0: none but single steps");
}

// An option that takes name=value any number of times, each name once.
void AddPairs(CLI::App& app, const std::string& option, const std::string& description,
              const std::function<void(const std::string& name, const std::string& value)>& take) {
  app.add_option_function<std::vector<std::string>>(
         option,
         [option, take](const std::vector<std::string>& list) {
           std::set<std::string> names;
           for (const std::string& text : list) {
             const auto [name, value] = SplitPair(option, text);
             if (!names.insert(name).second) {
               throw CLI::ValidationError(option, fmt::format("'{}' is given twice", name));
             }
             take(name, value);
           }
         },
         description)
      ->allow_extra_args(false)
      ->take_all();
}

// N, ? or N..N. A size of 0 is none: only a call may be empty.
void TakeDim(ModelOptions& options, const std::string& name, const std::string& value) {
  if (value == "?") {
    options.open_dims[name] = {};
    return;
  }
  const size_t dots = value.find("..");
  const int64_t low = ParseSize("--dim", value.substr(0, dots));
  const int64_t high = dots == std::string::npos ? low : ParseSize("--dim", value.substr(dots + 2));
  if (high < 1) throw CLI::ValidationError("--dim", fmt::format("{}: 0 is no size; give at least 1", name));
  if (high < low) {
    throw CLI::ValidationError("--dim", fmt::format("{}: there is no size from {} to {}", name, low, high));
  }
  if (dots == std::string::npos) {
    options.dims[name] = low;
  } else {
    options.open_dims[name] = {low, high};
  }
}

// How a model is imported. Values are taken over into `options` when parsed.
void AddImportOptions(CLI::App& app, ModelOptions& options) {
  AddPairs(app, "--dim", "size of a named dimension: batch=1; batch=? keeps it open, T=1..512 within bounds",
           [&options](const std::string& name, const std::string& value) { TakeDim(options, name, value); });
  AddPairs(app, "--shape", "shape of an input: input=1x576",
           [&options](const std::string& name, const std::string& value) {
             std::vector<int64_t>& dims = options.shapes[name];
             if (value == "scalar") return;
             for (const std::string& part : Split(value, 'x')) dims.push_back(ParseSize("--shape", part));
           });
  AddPairs(app, "--const", "an input that never changes: sr=16000, or a .npy or .pb file",
           [&options](const std::string& name, const std::string& value) {
             options.constants.emplace(name, value);
           });
  app.add_option("--state", options.states,
                 "an output that feeds an input of the next call: in=out or in=out[row]; none")
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--name", options.name, "NAME in NAME_step; from -o or the model's file by default");
}

// The options that all subcommands on models share.
void AddModelOptions(CLI::App& app, ModelOptions& options) {
  app.add_option("model", options.model, "ONNX model")->required();
  AddImportOptions(app, options);
  AddTargetOptions(app, options.target);
  AddNumber(app, "-O", options.optimization, 0, "optimisation, 0 to 3", 3);
  CLI::Option* pic = app.add_flag_callback(
      "--fPIC", [&options] { options.position_independent = true; },
      "-fPIC: position-independent code (default)");
  app.add_flag_callback(
         "--fno-pic", [&options] { options.position_independent = false; },
         "-fno-pic: for a program at a fixed address")
      ->excludes(pic);
  AddUnroll(app, options.unroll_steps);
  app.add_option("--disable-pass", options.disabled_passes, "leave out an optional pass")
      ->allow_extra_args(false)
      ->take_all();
}

// Everything the command line can say.
struct CommandLine {
  CompileOptions compile;
  InspectOptions inspect;
  RunOptions run;
  VerifyOptions verify;
  OptOptions opt;
};

CLI::App* AddCompile(CLI::App& app, CompileOptions& options) {
  CLI::App* command = app.add_subcommand("compile", "compile a model to an object and a C header");
  AddModelOptions(*command, options.model);
  command->add_option("-o", options.output, "output file, or folder; the header goes beside it");
  CLI::Option* emit = command->add_option("--emit", options.emit, "obj, asm, llvm, bc, ir, header or lib")
                          ->check(CLI::IsMember({"obj", "asm", "llvm", "bc", "ir", "header", "lib"}));
  command->add_flag_callback(
      "-S",
      [&options, emit] {
        if (emit->count() > 0 && options.emit != "asm")
          throw CLI::ValidationError("-S",
                                     fmt::format("is --emit=asm; --emit={} is given too", options.emit));
        options.emit = "asm";
      },
      "the same as --emit=asm");
  command->add_option("--print-ir-after", options.print_ir_after,
                      "print the IR after a pass, after import, or after all");
  command->add_flag("--time-passes", options.time_passes, "report how long each pass took");
  command->add_flag("--json", options.json, "the report as JSON on stdout");
  command->add_flag("-q,--quiet", options.quiet, "no report and no progress");
  return command;
}

CLI::App* AddInspect(CLI::App& app, InspectOptions& options) {
  CLI::App* command =
      app.add_subcommand("inspect", "show inputs, outputs, recurrent nodes and what is not supported");
  AddModelOptions(*command, options.model);
  command->add_flag("--json", options.json, "as JSON");
  return command;
}

CLI::App* AddRun(CLI::App& app, RunOptions& options) {
  CLI::App* command = app.add_subcommand("run", "run a model once on tensors from files");
  AddModelOptions(*command, options.model);
  command->add_option("inputs", options.inputs, "name=FILE.npy or FILE.pb, one an input");
  command->add_option("--output-folder", options.output_folder, "write NAME.npy for every output")
      ->check(CLI::ExistingDirectory);
  command->add_flag("--interpret", options.interpret,
                    "evaluate the graph in double instead of running native code");
  command->add_flag("-q,--quiet", options.quiet, "no progress");
  return command;
}

void AddVerify(CLI::App& app, VerifyOptions& options) {
  CLI::App* command = app.add_subcommand(
      "verify", "compare native code with data sets, or with the graph evaluated in double");
  AddModelOptions(*command, options.model);
  command->add_option("data_sets", options.data_sets, "folders of input_N and output_N files (.pb or .npy)");
  AddTolerance(*command, "--atol", options.atol, "absolute tolerance");
  AddTolerance(*command, "--rtol", options.rtol, "relative tolerance");
  AddNumber(*command, "--seed", options.seed, 0, "of random input, used when there is no data set");
  AddNumber(*command, "--steps", options.random_steps, 1, "length of random sequences");
  command->add_flag("--interpret", options.interpret, "the evaluator in place of native code");
  command->add_flag("-q,--quiet", options.quiet, "no progress");
  command->add_flag("--json", options.json, "as JSON");
}

constexpr const char* kOptExamples = R"(examples:
  rnnc opt net.onnx --until=recurrence -o net.rnn
  rnnc opt net.rnn                              the canonical text, when it keeps the rules
  rnnc opt net.rnn --pass=fuse-gates,hoist-inputs -o after.rnn
  rnnc opt net.rnn --until=kernels              all passes of the pipeline up to a stage, or a pass
  rnnc opt net.rnn --verify-only                the rules it breaks, by line
The text may be of any stage. --dim, --shape, --const, --state and --name are for ONNX models.)";

CLI::App* AddOpt(CLI::App& app, OptOptions& options) {
  CLI::App* command = app.add_subcommand("opt", "run passes on the text of a module");
  command->footer(kOptExamples);
  command->add_option("module", options.model.model, "text of a module, NAME.rnn, or an ONNX model")
      ->required();
  CLI::Option* output = command->add_option("-o", options.output,
                                            "output file, its weights beside it; standard output by default");
  command->add_option("--pass", options.passes, "passes to run, in this order: fuse-gates,hoist-inputs")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->take_all();
  command->add_option("--until", options.until,
                      "then the pipeline, from the module's stage to a pass or the end of a stage");
  command->add_flag("--verify-only", options.verify_only, "write nothing: only what is wrong is said")
      ->excludes(output);
  AddImportOptions(*command, options.model);
  AddTargetOptions(*command, options.model.target);
  AddUnroll(*command, options.model.unroll_steps);
  AddNumber(*command, "--block", options.block_steps, 0, "steps of a block of frames; by size by default");
  return command;
}

int Report(const std::vector<Diagnostic>& diagnostics, ExitCode code) {
  for (const Diagnostic& diagnostic : diagnostics) fmt::print(stderr, "rnnc: {}\n", Render(diagnostic));
  return code;
}

// One subcommand, once what is wrong with its command line is said.
template <typename Options, typename Value>
int Run(const Options& options, Result<Value> (*command)(const Options&)) {
  if (const Result<> usage = CheckUsage(options); !usage) return Report(usage.diagnostics(), kUsage);
  const Result<Value> result = command(options);
  if (!result.ok()) return Report(result.diagnostics(), kFailure);
  if constexpr (std::is_same_v<Value, bool>) return *result ? kSuccess : kFailure;
  return kSuccess;
}

// In the spellings and words of this program.
std::string Reworded(std::string message) {
  std::map<std::string, std::string> words = {
      {"At Most 1 required but received", "is given once at most, not"}};
  for (const std::string_view known : kOneDash) words[fmt::format("-{}", known)] = known;
  for (const auto& [theirs, ours] : words) {
    const size_t at = message.find(theirs);
    if (at != std::string::npos) message.replace(at, theirs.size(), ours);
  }
  return message;
}

int UsageError(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& arguments) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  std::string hint;
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  if (!arguments.empty() && app.get_subcommands().empty()) hint = DidYouMean(arguments.back(), known);
  for (const CLI::App* command : app.get_subcommands()) {
    std::vector<std::string> options(std::begin(kOneDash), std::end(kOneDash));
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
    }
    for (const std::string& argument : arguments) {
      const std::string name = argument.substr(0, argument.find('='));
      // What another command has is no misspelling.
      const bool known = std::find(options.begin(), options.end(), name) != options.end() ||
                         std::any_of(std::begin(kOneDash), std::end(kOneDash),
                                     [&](std::string_view one) { return name == fmt::format("-{}", one); });
      if (hint.empty() && name.size() > 2 && name[0] == '-' && !known) hint = DidYouMean(name, options);
    }
  }
  fmt::print(stderr, "rnnc: {}{}\nrnnc --help shows the usage\n", Reworded(error.what()), hint);
  return kUsage;
}

}  // namespace

int Main(int argc, char** argv) {
  CLI::App app("rnnc: compiles recurrent neural networks from ONNX to native objects");
  app.set_version_flag("--version", std::string(kVersion));
  app.footer(kExamples);
  app.require_subcommand(1);
  CommandLine line;
  CLI::App* compile = AddCompile(app, line.compile);
  CLI::App* inspect = AddInspect(app, line.inspect);
  CLI::App* run = AddRun(app, line.run);
  AddVerify(app, line.verify);
  CLI::App* opt = AddOpt(app, line.opt);
  const std::vector<std::string> arguments = WithTwoDashes(argc, argv);
  // CLI11 reports by exceptions; they end here.
  try {
    std::vector<std::string> consumed = arguments;
    app.parse(consumed);
  } catch (const CLI::ParseError& error) {
    return UsageError(app, error, arguments);
  }
  if (compile->parsed()) return Run(line.compile, CompileCommand);
  if (inspect->parsed()) return Run(line.inspect, InspectCommand);
  if (run->parsed()) return Run(line.run, RunCommand);
  if (opt->parsed()) return Run(line.opt, OptCommand);
  return Run(line.verify, VerifyCommand);
}

}  // namespace rnnc::driver
