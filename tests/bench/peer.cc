// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Times a compiled model beside ONNX Runtime, in one process on one core: rounds of the one and the other in
// turn, so that both see the same machine. Both get the same random inputs in buffers bound once; per round
// each is called until about 20 ms are full.
//
//   peer MODEL_SO NAME LIBONNXRUNTIME MODEL_ONNX FRAMES ROUNDS [INPUT=DxDxD ...]
//
// prints one line of JSON: microseconds a call, minimum and median of the rounds, and the largest difference
// of the outputs of the first call.
//
// ONNX Runtime is reached through its C ABI: a table of functions whose places never change, so no header is
// needed. The places used are named in `Slot`.
#include <dlfcn.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "runtime/rnnc.h"

namespace {

using Clock = std::chrono::steady_clock;

enum Slot {
  kGetErrorMessage = 2,
  kCreateEnv = 3,
  kCreateSession = 7,
  kCreateSessionOptions = 10,
  kSetGraphOptimizationLevel = 23,
  kSetIntraOpNumThreads = 24,
  kCreateTensorWithData = 49,
  kCreateCpuMemoryInfo = 69,
  kRunWithBinding = 133,
  kCreateIoBinding = 134,
  kBindInput = 136,
  kBindOutput = 137,
};

class OnnxRuntime {
 public:
  explicit OnnxRuntime(const char* library) {
    void* handle = dlopen(library, RTLD_NOW);
    if (handle == nullptr) Fail(dlerror());
    auto base = reinterpret_cast<void** (*)()>(dlsym(handle, "OrtGetApiBase"))();
    api_ = reinterpret_cast<void** (*)(uint32_t)>(base[0])(13);
  }

  template <typename... Args>
  void Call(Slot slot, Args... args) const {
    void* status = reinterpret_cast<void* (*)(Args...)>(api_[slot])(args...);
    if (status != nullptr) Fail(reinterpret_cast<const char* (*)(void*)>(api_[kGetErrorMessage])(status));
  }

  [[noreturn]] static void Fail(const char* message) {
    std::fprintf(stderr, "peer: %s\n", message);
    std::exit(1);
  }

 private:
  void** api_ = nullptr;
};

// ONNX's numbers of element types.
int OnnxType(int32_t dtype) {
  static const std::map<int32_t, int> table = {{RNNC_F32, 1},  {RNNC_U8, 2},   {RNNC_I8, 3},   {RNNC_I16, 5},
                                               {RNNC_I32, 6},  {RNNC_I64, 7},  {RNNC_BOOL, 9}, {RNNC_F16, 10},
                                               {RNNC_F64, 11}, {RNNC_BF16, 16}};
  return table.at(dtype);
}

struct Buffer {
  std::string name;
  int32_t dtype = RNNC_F32;
  std::vector<int64_t> dims;
  std::vector<char> native;
  std::vector<char> peer;
};

Buffer MakeBuffer(const rnnc_tensor& tensor, const std::map<std::string, std::vector<int64_t>>& shapes,
                  int64_t frames, size_t element_bytes) {
  Buffer buffer;
  buffer.name = tensor.name;
  buffer.dtype = tensor.dtype;
  for (int32_t i = 0; i < tensor.rank; ++i) {
    buffer.dims.push_back(i == tensor.time_axis ? frames : tensor.dims[i].size);  // other open sizes are 1
    if (buffer.dims.back() < 0) buffer.dims.back() = 1;
  }
  if (auto found = shapes.find(buffer.name); found != shapes.end()) buffer.dims = found->second;
  size_t count = 1;
  for (int64_t dim : buffer.dims) count *= static_cast<size_t>(dim);
  buffer.native.resize(count * element_bytes + 1);
  buffer.peer.resize(count * element_bytes + 1);
  return buffer;
}

void FillRandom(Buffer& buffer, std::mt19937& generator) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  const size_t bytes = buffer.native.size() - 1;
  if (buffer.dtype == RNNC_F32) {
    for (size_t i = 0; i + 4 <= bytes; i += 4) {
      const float value = uniform(generator);
      std::memcpy(&buffer.native[i], &value, 4);
    }
  }
  buffer.peer = buffer.native;
}

struct Times {
  std::vector<double> rounds;
  double Min() const { return *std::min_element(rounds.begin(), rounds.end()); }
  double Median() const {
    std::vector<double> sorted = rounds;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

// Seconds a call: the fastest of ten equal parts of about 20 ms.
template <typename F>
double Measure(const F& call) {
  call();
  auto start = Clock::now();
  call();
  const double one = std::chrono::duration<double>(Clock::now() - start).count();
  const int calls = std::max(1, static_cast<int>(2e-3 / std::max(one, 1e-9)));
  double best = 1e9;
  for (int part = 0; part < 10; ++part) {
    start = Clock::now();
    for (int i = 0; i < calls; ++i) call();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count() / calls);
  }
  return best;
}

size_t ElementBytes(int32_t dtype) {
  switch (dtype) {
    case RNNC_F64:
    case RNNC_I64:
      return 8;
    case RNNC_F32:
    case RNNC_I32:
      return 4;
    case RNNC_F16:
    case RNNC_BF16:
    case RNNC_I16:
      return 2;
    default:
      return 1;
  }
}

void StayOnThisCore() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(sched_getcpu(), &cpus);
  sched_setaffinity(0, sizeof(cpus), &cpus);
}

const rnnc_model* LoadModel(const char* path, const std::string& name) {
  void* library = dlopen(path, RTLD_NOW);
  if (library == nullptr) OnnxRuntime::Fail(dlerror());
  const void* model = dlsym(library, (name + "_model").c_str());
  if (model == nullptr) OnnxRuntime::Fail("no such model in the library");
  return static_cast<const rnnc_model*>(model);
}

// INPUT=DxDxD ..
std::map<std::string, std::vector<int64_t>> ReadShapes(char** begin, char** end) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (char** argument = begin; argument < end; ++argument) {
    const std::string text = *argument;
    const size_t equals = text.find('=');
    std::vector<int64_t>& dims = shapes[text.substr(0, equals)];
    for (size_t at = equals; at != std::string::npos && at + 1 < text.size(); at = text.find('x', at + 1)) {
      dims.push_back(std::atoll(text.c_str() + at + 1));
    }
  }
  return shapes;
}

struct Buffers {
  std::vector<Buffer> inputs;
  std::vector<Buffer> outputs;
};

Buffers MakeBuffers(const rnnc_model& model, const std::map<std::string, std::vector<int64_t>>& shapes,
                    int64_t frames) {
  std::mt19937 generator(1);
  Buffers buffers;
  for (int32_t i = 0; i < model.n_inputs; ++i) {
    const rnnc_tensor& input = model.inputs[i];
    buffers.inputs.push_back(MakeBuffer(input, shapes, frames, ElementBytes(input.dtype)));
    FillRandom(buffers.inputs.back(), generator);
  }
  for (int32_t i = 0; i < model.n_outputs; ++i) {
    const rnnc_tensor& output = model.outputs[i];
    buffers.outputs.push_back(MakeBuffer(output, shapes, frames, ElementBytes(output.dtype)));
  }
  return buffers;
}

// The compiled model with an instance, and scratch memory for `frames` frames.
class Native {
 public:
  Native(const rnnc_model& model, Buffers& buffers, int64_t frames)
      : model_(model), sizes_(RNNC_MAX_SIZES, 1) {
    for (Buffer& buffer : buffers.inputs) in_.push_back(buffer.native.data());
    for (Buffer& buffer : buffers.outputs) out_.push_back(buffer.native.data());
    sizes_[0] = static_cast<size_t>(frames);
    instance_ = std::aligned_alloc(64, (model.instance_bytes + 63) / 64 * 64);
    model.reset(instance_);
    const uint64_t needed = model.scratch_bytes != nullptr ? model.scratch_bytes(sizes_.data()) : 0;
    scratch_ = std::aligned_alloc(64, needed / 64 * 64 + 64);
  }
  void operator()() const {
    const rnnc_status status = model_.run != nullptr
                                   ? model_.run(instance_, sizes_.data(), in_.data(), out_.data(), scratch_)
                                   : model_.step(instance_, in_.data(), out_.data());
    if (status != RNNC_OK) OnnxRuntime::Fail("the compiled model gave a status");
  }

 private:
  const rnnc_model& model_;
  std::vector<const void*> in_;
  std::vector<void*> out_;
  std::vector<size_t> sizes_;
  void* instance_ = nullptr;
  void* scratch_ = nullptr;
};

// The model in ONNX Runtime: one thread, all of its optimisations, buffers bound once.
class Peer {
 public:
  Peer(const char* library, const char* model, Buffers& buffers) : ort_(library) {
    void *env, *options;
    ort_.Call(kCreateEnv, 3, static_cast<const char*>("peer"), &env);
    ort_.Call(kCreateSessionOptions, &options);
    ort_.Call(kSetIntraOpNumThreads, options, 1);
    ort_.Call(kSetGraphOptimizationLevel, options, 99);
    ort_.Call(kCreateSession, env, model, options, &session_);
    ort_.Call(kCreateCpuMemoryInfo, 1, 0, &memory_);
    ort_.Call(kCreateIoBinding, session_, &binding_);
    for (Buffer& buffer : buffers.inputs) Bind(kBindInput, buffer);
    for (Buffer& buffer : buffers.outputs) Bind(kBindOutput, buffer);
  }
  void operator()() const { ort_.Call(kRunWithBinding, session_, static_cast<void*>(nullptr), binding_); }

 private:
  void Bind(Slot slot, Buffer& buffer) {
    void* value = nullptr;
    ort_.Call(kCreateTensorWithData, memory_, static_cast<void*>(buffer.peer.data()), buffer.peer.size() - 1,
              static_cast<const int64_t*>(buffer.dims.data()), buffer.dims.size(), OnnxType(buffer.dtype),
              &value);
    ort_.Call(slot, binding_, buffer.name.c_str(), value);
  }

  OnnxRuntime ort_;
  void* session_ = nullptr;
  void* memory_ = nullptr;
  void* binding_ = nullptr;
};

// Of floats, in what both have written.
double LargestDifference(const std::vector<Buffer>& outputs) {
  double difference = 0;
  for (const Buffer& buffer : outputs) {
    if (buffer.dtype != RNNC_F32) continue;
    for (size_t i = 0; i + 4 < buffer.native.size(); i += 4) {
      float a, b;
      std::memcpy(&a, &buffer.native[i], 4);
      std::memcpy(&b, &buffer.peer[i], 4);
      difference = std::max(difference, std::fabs(static_cast<double>(a) - b));
    }
  }
  return difference;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7)
    OnnxRuntime::Fail("usage: peer MODEL_SO NAME LIBONNXRUNTIME MODEL_ONNX FRAMES ROUNDS [INPUT=DxD ...]");
  StayOnThisCore();
  const rnnc_model* model = LoadModel(argv[1], argv[2]);
  const int64_t frames = std::atoll(argv[5]);
  const int rounds = std::atoi(argv[6]);
  Buffers buffers = MakeBuffers(*model, ReadShapes(argv + 7, argv + argc), frames);
  const Native native(*model, buffers, frames);
  const Peer peer(argv[3], argv[4], buffers);
  native();
  peer();
  const double difference = LargestDifference(buffers.outputs);
  Times ours, theirs;
  for (int round = 0; round < rounds; ++round) {
    ours.rounds.push_back(Measure(native) * 1e6);
    theirs.rounds.push_back(Measure(peer) * 1e6);
  }
  std::printf(
      "{\"native_min\": %.4f, \"native_median\": %.4f, \"peer_min\": %.4f, \"peer_median\": %.4f, "
      "\"difference\": %.3g}\n",
      ours.Min(), ours.Median(), theirs.Min(), theirs.Median(), difference);
  return 0;
}
