// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/native/c_program.h"

#include <fmt/format.h>

#include <cstring>
#include <set>

#include "compiler/support/file.h"
#include "tests/support/native/stream.h"
#include "tests/support/process.h"

namespace rnnc::test {
namespace {

constexpr const char* kHelpers = R"(
static int load(const char* path, void* data, size_t bytes) {
  FILE* file = fopen(path, "rb");
  size_t got;
  if (!file) return 0;
  got = fread(data, 1, bytes, file);
  fclose(file);
  return got == bytes;
}

static int store(const char* path, const void* data, size_t bytes) {
  FILE* file = fopen(path, "wb");
  size_t put;
  if (!file) return 0;
  put = fwrite(data, 1, bytes, file);
  return fclose(file) == 0 && put == bytes;
}

static int untouched(const void* data, size_t from, size_t to) {
  for (; from < to; ++from)
    if (((const unsigned char*)data)[from] != 0xA5) return 0;
  return 1;
}
)";

// Elements behind each output that nobody may write.
constexpr int kGuard = 64;

const char* CType(int32_t dtype) {
  switch (dtype) {
    case RNNC_F32:
      return "float";
    case RNNC_F64:
      return "double";
    case RNNC_F16:
    case RNNC_BF16:
    case RNNC_U16:
      return "uint16_t";
    case RNNC_I8:
      return "int8_t";
    case RNNC_I16:
      return "int16_t";
    case RNNC_I32:
      return "int32_t";
    case RNNC_I64:
      return "int64_t";
    default:
      return "uint8_t";
  }
}

std::string FileName(const char* kind, size_t call, int32_t tensor) {
  return fmt::format("{}{}_{}.bin", kind, call, tensor);
}

std::string CallSource(const ProgramCall& call, size_t index) {
  const rnnc_model& model = *call.model;
  std::string declare, before, after, arguments;
  for (int32_t i = 0; i < model.n_inputs; ++i) {
    const int64_t count = TypeOf(model.inputs[i], call.frames).ElementCount().Value();
    declare += fmt::format("  static {} in{}[{}];\n", CType(model.inputs[i].dtype), i, count + 1);
    before += fmt::format("  if (!load(\"{}\", in{}, {} * sizeof in{}[0])) return 10;\n",
                          FileName("in", index, i), i, count, i);
    arguments += fmt::format(", in{}", i);
  }
  for (int32_t i = 0; i < model.n_outputs; ++i) {
    const int64_t count = TypeOf(model.outputs[i], call.frames).ElementCount().Value();
    declare += fmt::format("  static {} out{}[{}];\n", CType(model.outputs[i].dtype), i, count + kGuard);
    before += fmt::format("  memset(out{}, 0xA5, sizeof out{});\n", i, i);
    after += fmt::format("  if (!untouched(out{}, {} * sizeof out{}[0], sizeof out{})) return 20;\n", i,
                         count, i, i);
    after += fmt::format("  if (!store(\"{}\", out{}, {} * sizeof out{}[0])) return 30;\n",
                         FileName("out", index, i), i, count, i);
    arguments += fmt::format(", out{}", i);
  }
  const std::string name = model.name;
  std::string function = fmt::format("{}_step(&memory.instance", name);
  if (model.run != nullptr) {
    const Sizes sizes = SizesOf(call.frames);
    function = fmt::format("{}_run(&memory.instance, {}", name,
                           fmt::join(sizes.begin(), sizes.begin() + model.n_sizes, ", "));
    if (model.scratch_bytes != nullptr) {
      declare += fmt::format("  const size_t needed = {}_bytes({}), held = needed / 64 * 64 + 128;\n", name,
                             fmt::join(sizes.begin(), sizes.begin() + model.n_sizes, ", "));
      declare += "  unsigned char* scratch = (unsigned char*)aligned_alloc(64, held);\n";
      before += "  if (!needed || !scratch) return 60;\n  memset(scratch, 0xA5, held);\n";
      after += "  if (!untouched(scratch, needed, held)) return 70;\n  free(scratch);\n";
      arguments += ", scratch";
    }
  }
  return fmt::format(
      "\nstatic int call{0}(void) {{\n"
      "  static struct {{\n    {1} instance;\n    unsigned char guard[256];\n  }} memory;\n{2}"
      "  memset(&memory, 0xA5, sizeof memory);\n{3}"
      "  {1}_reset(&memory.instance);\n"
      "  if ({4}{5}) != RNNC_OK) return 40;\n"
      "  if (!untouched(memory.guard, 0, sizeof memory.guard)) return 50;\n{6}"
      "  return 0;\n}}\n",
      index, name, declare, before, function, arguments, after);
}

Result<> Run(const std::string& folder, const std::vector<std::string>& command) {
  const ProcessResult result = RunProcess(command, folder);
  if (result.exit_code == 0) return Ok();
  return Error({}, "{} gave {}\n{}{}", fmt::join(command, " "), result.exit_code, result.output,
               result.errors);
}

}  // namespace

std::string ProgramSource(const std::vector<ProgramCall>& calls) {
  std::set<std::string> names;
  for (const ProgramCall& call : calls) names.insert(call.model->name);
  std::string text = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n\n";
  for (const std::string& name : names) text += fmt::format("#include \"{}.h\"\n", name);
  text += kHelpers;
  for (size_t i = 0; i < calls.size(); ++i) text += CallSource(calls[i], i);
  text += "\nint main(void) {\n  int status;\n";
  for (size_t i = 0; i < calls.size(); ++i)
    text += fmt::format("  if ((status = call{}()) != 0) return status;\n", i);
  return text + "  return 0;\n}\n";
}

std::vector<Language> LanguagesOf(const TestRow& row) {
  if (ToolchainOf(row).cxx.empty()) return {Language::kC11};
  return {Language::kC11, Language::kCxx17};
}

Result<std::vector<std::vector<ir::Tensor>>> RunProgram(const TestRow& row, const std::string& folder,
                                                        Language language,
                                                        const std::vector<ProgramCall>& calls,
                                                        const std::vector<std::string>& more) {
  const Toolchain toolchain = ToolchainOf(row);
  const bool c = language == Language::kC11;
  const std::string source = c ? "app.c" : "app.cpp", app = c ? "./app_c" : "./app_cpp";
  RNNC_TRY(WriteFile(folder + "/" + source, ProgramSource(calls)));
  std::set<std::string> objects;
  for (size_t k = 0; k < calls.size(); ++k) {
    objects.insert(std::string(calls[k].model->name) + ".o");
    for (size_t i = 0; i < calls[k].inputs.size(); ++i) {
      const std::vector<std::byte>& bytes = calls[k].inputs[i].bytes;
      RNNC_TRY(WriteFile(folder + "/" + FileName("in", k, static_cast<int32_t>(i)),
                         {reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
    }
  }
  std::vector<std::string> command = {c ? toolchain.c : toolchain.cxx,
                                      c ? "-std=c11" : "-std=c++17",
                                      "-O1",
                                      "-Wall",
                                      "-Wextra",
                                      "-Werror",
                                      "-pedantic",
                                      "-I",
                                      (RNNC_SOURCE_DIR "/runtime"),
                                      source,
                                      "-o",
                                      app};
  command.insert(command.end(), objects.begin(), objects.end());
  command.insert(command.end(), more.begin(), more.end());
  if (more.empty()) command.insert(command.end(), toolchain.flags.begin(), toolchain.flags.end());
  RNNC_TRY(Run(folder, command));
  std::vector<std::string> program = toolchain.emulate;
  program.push_back(app);
  RNNC_TRY(Run(folder, program));
  std::vector<std::vector<ir::Tensor>> outputs(calls.size());
  for (size_t k = 0; k < calls.size(); ++k) {
    for (int32_t i = 0; i < calls[k].model->n_outputs; ++i) {
      RNNC_ASSIGN(const std::string bytes, ReadFile(folder + "/" + FileName("out", k, i)));
      ir::Tensor tensor = ir::ZeroTensor(TypeOf(calls[k].model->outputs[i], calls[k].frames));
      if (bytes.size() != tensor.bytes.size()) return Error({}, "output {} of call {}: cut short", i, k);
      std::memcpy(tensor.bytes.data(), bytes.data(), bytes.size());
      outputs[k].push_back(std::move(tensor));
    }
  }
  return outputs;
}

}  // namespace rnnc::test
