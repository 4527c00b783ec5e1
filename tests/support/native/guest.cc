// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/native/guest.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "compiler/support/check.h"
#include "compiler/support/file.h"
#include "tests/support/process.h"

namespace rnnc::test {
namespace {

// What guest.c asks for: the tables of what is in the objects. Symbols need not be C identifiers.
std::string Tables(const std::vector<ProgramObject>& objects) {
  std::string declarations = "#include \"rnnc.h\"\n", models, functions;
  size_t count = 0;
  for (const ProgramObject& object : objects) {
    if (!object.model.empty()) {
      declarations += fmt::format("extern const rnnc_model {}_model;\n", object.model);
      models += fmt::format("&{}_model, ", object.model);
    }
    for (const std::string& symbol : object.functions) {
      declarations +=
          fmt::format("void f{}(const void*, const void*, void*, size_t) __asm__(\"{}\");\n", count, symbol);
      functions += fmt::format("f{}, ", count++);
    }
  }
  return fmt::format(
      "{}const rnnc_model* const guest_models[] = {{{}0}};\n"
      "void (*const guest_functions[])(const void*, const void*, void*, size_t) = {{{}0}};\n",
      declarations, models, functions);
}

}  // namespace

Result<std::unique_ptr<Guest>> Guest::Start(const TestRow& row, const std::vector<ProgramObject>& objects) {
  std::unique_ptr<Guest> guest(new Guest);
  RNNC_TRY(guest->Build(row, objects));
  RNNC_TRY(guest->Launch(ToolchainOf(row)));
  size_t models = 0;
  for (const ProgramObject& object : objects) models += object.model.empty() ? 0 : 1;
  RNNC_TRY(guest->ReadModels(models));
  return guest;
}

Guest::~Guest() {
  if (socket_ >= 0) ::close(socket_);  // the end of its input is the end of the guest
  if (child_ >= 0) ::waitpid(child_, nullptr, 0);
}

Result<> Guest::Build(const TestRow& row, const std::vector<ProgramObject>& objects) {
  const Toolchain toolchain = ToolchainOf(row);
  std::vector<std::string> command = {toolchain.c,
                                      "-std=c11",
                                      "-O1",
                                      ("-I" RNNC_SOURCE_DIR "/runtime"),
                                      ("-I" RNNC_SOURCE_DIR),
                                      (RNNC_SOURCE_DIR "/tests/support/native/guest.c"),
                                      "tables.c",
                                      "-o",
                                      "guest"};
  command.insert(command.end(), toolchain.flags.begin(), toolchain.flags.end());
  RNNC_TRY(WriteFile(folder_ / "tables.c", Tables(objects)));
  for (size_t i = 0; i < objects.size(); ++i) {
    command.push_back(fmt::format("object{}.o", i));
    RNNC_TRY(WriteFile(folder_ / command.back(), objects[i].bytes));
  }
  const ProcessResult result = RunProcess(command, folder_.path().string());
  if (result.exit_code != 0) return Error({}, "{}: {}", toolchain.c, result.errors);
  return Ok();
}

Result<> Guest::Launch(const Toolchain& toolchain) {
  std::vector<std::string> command = toolchain.emulate;
  command.push_back(folder_ / "guest");
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const std::string errors = folder_ / "errors";
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return Error({}, "no socket");
  child_ = ::fork();
  RNNC_CHECK(child_ >= 0, "cannot fork");
  if (child_ == 0) {  // from here to exec only what is allowed after fork
    const int log = ::open(errors.c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(ends[1], STDIN_FILENO);
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  socket_ = ends[0];
  return Ok();
}

void Guest::Fail(const std::string& what) {
  if (!failure_.empty()) return;
  const Result<std::string> errors = ReadFile(folder_ / "errors");
  failure_ = what + (errors.ok() && !errors->empty() ? ": " + *errors : "");
}

bool Guest::Send(const void* data, size_t bytes) {
  const auto* at = static_cast<const std::byte*>(data);
  while (bytes > 0 && failure_.empty()) {
    const ssize_t sent = ::send(socket_, at, bytes, MSG_NOSIGNAL);
    if (sent <= 0) return Fail("the emulated program has ended"), false;
    at += sent;
    bytes -= static_cast<size_t>(sent);
  }
  return failure_.empty();
}

bool Guest::Receive(void* data, size_t bytes) {
  auto* at = static_cast<std::byte*>(data);
  while (bytes > 0 && failure_.empty()) {
    const ssize_t got = ::recv(socket_, at, bytes, 0);
    if (got <= 0) return Fail("the emulated program has ended"), false;
    at += got;
    bytes -= static_cast<size_t>(got);
  }
  return failure_.empty();
}

uint64_t Guest::Call(guest_op op, size_t which, const std::vector<size_t>& sizes,
                     std::span<std::byte> instance, const std::vector<std::span<const std::byte>>& inputs,
                     const std::vector<std::span<std::byte>>& outputs) {
  RNNC_CHECK(inputs.size() + outputs.size() <= kGuestBuffers, "a model of so many tensors");
  // A function has one number, `count`.
  guest_request request = {op, which, sizes[0], {}, instance.size(), inputs.size(), outputs.size()};
  std::copy(sizes.begin(), sizes.end(), request.sizes);
  Send(&request, sizeof request);
  std::vector<uint64_t> lengths;
  for (const auto& input : inputs) lengths.push_back(input.size());
  for (const auto& output : outputs) lengths.push_back(output.size());
  Send(lengths.data(), lengths.size() * sizeof lengths[0]);
  Send(instance.data(), instance.size());
  for (const auto& input : inputs) Send(input.data(), input.size());
  for (const auto& output : outputs) Send(output.data(), output.size());
  guest_reply reply = {};
  Receive(&reply, sizeof reply);
  Receive(instance.data(), instance.size());
  for (const auto& output : outputs) Receive(output.data(), output.size());
  if (reply.damaged != 0) Fail("something was written beside its bytes");
  return reply.status;
}

std::vector<std::byte> Guest::Read(const void* address, size_t bytes) {
  const guest_request request = {GUEST_READ, reinterpret_cast<uint64_t>(address), bytes, {}, 0, 0, 0};
  guest_reply reply = {};
  std::vector<std::byte> data(bytes);
  if (Send(&request, sizeof request) && Receive(&reply, sizeof reply)) Receive(data.data(), bytes);
  return data;
}

const char* Guest::Text(const char* address) {
  if (address == nullptr) return nullptr;
  const guest_request request = {GUEST_TEXT, reinterpret_cast<uint64_t>(address), 0, {}, 0, 0, 0};
  guest_reply reply = {};
  std::string& text = texts_.emplace_back();
  if (Send(&request, sizeof request) && Receive(&reply, sizeof reply)) {
    text.resize(reply.status);
    Receive(text.data(), text.size());
  }
  return text.c_str();
}

template <class T>
const T* Guest::Array(const T* address, int32_t count) {
  if (address == nullptr) return nullptr;
  return reinterpret_cast<const T*>(
      memories_.emplace_back(Read(address, static_cast<size_t>(count) * sizeof(T))).data());
}

const rnnc_tensor* Guest::Tensors(const rnnc_tensor* address, int32_t count) {
  auto* tensors = const_cast<rnnc_tensor*>(Array(address, count));
  for (int32_t i = 0; tensors != nullptr && i < count && failure_.empty(); ++i) {
    tensors[i].name = Text(tensors[i].name);
    auto* dims = const_cast<rnnc_dim*>(Array(tensors[i].dims, tensors[i].rank));
    for (int32_t axis = 0; dims != nullptr && axis < tensors[i].rank; ++axis) {
      dims[axis].symbol = Text(dims[axis].symbol);
      dims[axis].terms = Array(dims[axis].terms, static_cast<int32_t>(dims[axis].n_terms));
    }
    tensors[i].dims = dims;
  }
  return tensors;
}

Result<> Guest::ReadModels(size_t count) {
  for (size_t i = 0; i < count && failure_.empty(); ++i) {
    const guest_request request = {GUEST_MODEL, i, 0, {}, 0, 0, 0};
    guest_reply reply = {};
    if (!Send(&request, sizeof request) || !Receive(&reply, sizeof reply)) break;
    const std::vector<std::byte> bytes =
        Read(reinterpret_cast<const void*>(reply.status),  // NOLINT(performance-no-int-to-ptr): of the guest
             sizeof(rnnc_model));
    rnnc_model model = {};
    std::memcpy(&model, bytes.data(), sizeof model);
    if (model.abi_version != RNNC_ABI_VERSION || model.struct_bytes != sizeof model) {
      return Error({}, "model {} has another ABI", i);
    }
    model.name = Text(model.name);
    model.source = Text(model.source);
    model.compiler = Text(model.compiler);
    model.target = Text(model.target);
    model.cpu = Text(model.cpu);
    model.inputs = Tensors(model.inputs, model.n_inputs);
    model.outputs = Tensors(model.outputs, model.n_outputs);
    model.states = Tensors(model.states, model.n_states);
    auto* sizes = const_cast<rnnc_size*>(Array(model.sizes, model.n_sizes));
    for (int32_t k = 0; sizes != nullptr && k < model.n_sizes; ++k) sizes[k].symbol = Text(sizes[k].symbol);
    model.sizes = sizes;
    models_.push_back(model);
  }
  if (!failure_.empty()) return Error({}, "{}", failure_);
  return Ok();
}

}  // namespace rnnc::test
