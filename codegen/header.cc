// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <fmt/format.h>

#include <set>

#include "codegen/codegen.h"
#include "codegen/descriptor.h"
#include "codegen/object_builder.h"
#include "compiler/support/strings.h"

namespace rnnc::codegen {
namespace {

std::string Upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string_view CTypeOf(ir::ElementType element) {
  switch (element) {
    case ir::ElementType::kF32:
      return "float";
    case ir::ElementType::kF64:
      return "double";
    case ir::ElementType::kF16:
    case ir::ElementType::kBF16:
      return "uint16_t";
    case ir::ElementType::kI8:
      return "int8_t";
    case ir::ElementType::kI16:
      return "int16_t";
    case ir::ElementType::kI32:
      return "int32_t";
    case ir::ElementType::kI64:
      return "int64_t";
    case ir::ElementType::kU8:
    case ir::ElementType::kBool:
      return "uint8_t";
  }
  return "void";
}

// Parameter names: the model's, as identifiers that differ from each other, from the fixed ones, and from the
// macros of this header, which begin with MODEL_.
class ParameterNames {
 public:
  explicit ParameterNames(const std::string& model) : macros_(Upper(model) + "_") {}

  std::string Make(const std::string& name) {
    std::string base = CIdentifier(name);
    if (base.starts_with(macros_)) base += '_';
    std::string candidate = base;
    for (int i = 2; !used_.insert(candidate).second; ++i) candidate = base + "_" + std::to_string(i);
    return candidate;
  }

 private:
  const std::string macros_;
  std::set<std::string> used_ = {"instance", "scratch"};
};

// Text of the model for a comment: nothing in it may end the comment or start another line.
std::string ForComment(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 32) continue;
    if (c == '/' && !safe.empty() && safe.back() == '*') safe += ' ';
    if (c == '*' && !safe.empty() && safe.back() == '/') safe += ' ';
    safe += c;
  }
  return safe;
}

struct Parameter {
  TensorInfo info;
  std::string name;
  bool output;
};

// A size of a call and the name of its parameter: `frames` is the first, the others have the model's names.
struct Size {
  ir::RuntimeSize size;
  std::string name;
};

// "const float x[40]": the elements of one frame; a pointer when the length is only known in the call.
std::string Declare(const Parameter& parameter, bool one_frame) {
  const std::string prefix = parameter.output ? "" : "const ";
  const std::string type(CTypeOf(parameter.info.type.element));
  ir::Dim count = parameter.info.type.ElementCount();
  if (one_frame) {
    for (const std::string& symbol : count.Symbols()) count = count.Substitute({{symbol, ir::Dim(1)}});
  }
  if (!count.IsConstant() || count.Value() <= 0) return prefix + type + "* " + parameter.name;
  return fmt::format("{}{} {}[{}]", prefix, type, parameter.name, count.Value());
}

std::string Prototype(const std::string& name, const std::string& function, const std::vector<Size>& sizes,
                      const std::vector<Parameter>& parameters, bool scratch) {
  std::string text = fmt::format("rnnc_status {}_{}({}* instance", name, function, name);
  for (const Size& size : sizes) text += ", size_t " + size.name;
  for (const Parameter& parameter : parameters) text += ", " + Declare(parameter, sizes.empty());
  if (scratch) text += ", void* scratch";
  return text + ");\n";
}

// What the sizes of a call mean and may be.
std::string DescribeSizes(const std::vector<Size>& sizes) {
  std::string text = " * Sizes of a call of run:\n";
  for (const Size& size : sizes) {
    text += fmt::format(" *   {:<12} {} in the model, {} to {}\n", size.name, size.size.symbol, size.size.low,
                        *size.size.high);
  }
  return text;
}

std::string DeclareRun(const std::string& name, const std::vector<Size>& sizes,
                       const std::vector<Parameter>& parameters, const ir::Module& module, bool has_step) {
  std::string text;
  const bool scratch = !module.scratch_bytes.Is(0);
  if (scratch) {
    text += fmt::format(
        "/* Bytes of `scratch` that a call of run needs beside the instance: {}. 0 for sizes that it does "
        "not "
        "take. */\nsize_t {}_bytes(",
        module.scratch_bytes.ToText(), name);
    for (size_t i = 0; i < sizes.size(); ++i) text += (i == 0 ? "size_t " : ", size_t ") + sizes[i].name;
    text += ");\n\n";
  }
  if (has_step) {
    text += fmt::format("/* `frames` frames ({} in the model): the same bits as that many steps. */\n",
                        sizes[0].size.symbol);
  } else {
    text += fmt::format("/* A whole sequence of `frames` frames ({} in the model).", sizes[0].size.symbol);
    if (scratch) {
      text +=
          fmt::format("\n * `scratch` is {}_bytes(..) bytes aligned to 64, free again after the call.", name);
    }
    text += " */\n";
  }
  return text + Prototype(name, "run", sizes, parameters, scratch) + "\n";
}

std::string DescribeParameter(const Parameter& parameter) {
  std::string text = fmt::format(" *   {:<12} {} {}", parameter.name, parameter.output ? "out" : "in ",
                                 parameter.info.type.ToText());
  if (parameter.info.name != parameter.name)
    text += fmt::format("  \"{}\" in the model", ForComment(parameter.info.name));
  if (parameter.info.time_axis >= 0) text += fmt::format("  axis {} is time", parameter.info.time_axis);
  switch (parameter.info.type.element) {
    case ir::ElementType::kF16:
      text += "  IEEE half as its bits";
      break;
    case ir::ElementType::kBF16:
      text += "  bfloat16 as its bits";
      break;
    case ir::ElementType::kBool:
      text += "  each 0 or 1";
      break;
    default:
      break;
  }
  return text + "\n";
}

// Embedding tables and the like: what an index may be, for each checked input.
std::string DescribeRanges(const ir::Function& function) {
  std::string text;
  ir::Walk(function.Body(), [&](const ir::Operation& operation) {
    const bool lengths = operation.Kind() == ir::OpKind::kCheckLengths;
    if (operation.Kind() != ir::OpKind::kCheckIndex && !lengths) return;
    const ir::Value& x = *operation.Operand("x");
    if (!x.place || x.place->space != ir::Space::kInput) return;
    if (lengths) {
      const std::string& symbol = operation.String("symbol");
      text += fmt::format(" *   {}: every length from 0 to {}, else RNNC_BAD_LENGTH\n", ForComment(x.name),
                          symbol.empty() ? std::to_string(operation.Int("max")) : symbol);
      return;
    }
    text += fmt::format(" *   {}: every element from {} to {}, else RNNC_BAD_INDEX\n", ForComment(x.name),
                        operation.Int("low"), operation.Int("high") - 1);
  });
  return text;
}

}  // namespace

std::string GenerateHeader(const ir::Module& module, const CodegenOptions& options,
                           const ObjectReport& report) {
  const EntryPoints entries = FindEntryPoints(module);
  const std::string& name = module.name;
  const std::string upper = Upper(name);
  ParameterNames names(name);
  std::vector<Size> sizes;
  for (const ir::RuntimeSize& size : CallSizes(entries)) {
    sizes.push_back({size, names.Make(sizes.empty() ? "frames" : size.symbol)});
  }
  std::vector<Parameter> parameters;
  for (const TensorInfo& info : DescribeInputs(entries))
    parameters.push_back({info, names.Make(info.name), false});
  for (const TensorInfo& info : DescribeOutputs(entries))
    parameters.push_back({info, names.Make(info.name), true});

  std::string text = fmt::format(
      "/* {0}.h: generated by {1} from {2}\n *\n * Runs on {3} or better ({4}). Link {0}.o; it needs nothing "
      "else.\n"
      " * Code {5}, weights {6}, one instance {7} ({8} of them state), stack at most {9} bytes,\n"
      " * {10} multiply-adds {11}.\n *\n * Tensors (dense, last axis fastest):\n",
      name, options.compiler_version, ForComment(module.source), options.target.cpu, options.target.triple,
      HumanBytes(report.code_bytes), HumanBytes(report.weight_bytes), HumanBytes(InstanceBytes(module)),
      HumanBytes(static_cast<uint64_t>(module.state_bytes)), report.stack_bytes, report.multiply_adds,
      entries.run != nullptr ? "a frame" : "a step");
  for (const Parameter& parameter : parameters) text += DescribeParameter(parameter);
  text += DescribeRanges(*entries.Any());
  if (!sizes.empty()) text += DescribeSizes(sizes);
  bool any_state = false;
  for (const auto& state : module.States()) {
    if (!state->place) continue;
    if (!any_state) text += " * State inside the instance:\n";
    any_state = true;
    text += fmt::format(" *   {:<12} {} at byte {}\n", ForComment(state->name), state->type.ToText(),
                        state->place->offset.ToText());
  }
  text += fmt::format(
      " *\n * The calls allocate nothing, take no lock and call nothing. An instance belongs to one thread "
      "at a time;\n"
      " * any number of instances share the weights. Inputs and outputs must not overlap. A status other "
      "than\n"
      " * RNNC_OK (see rnnc.h) means that nothing was written. */\n#ifndef RNNC_GENERATED_{0}_H\n#define "
      "RNNC_GENERATED_{0}_H\n\n"
      "#include \"rnnc.h\"\n\n#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n#define {0}_BYTES {1}\n\n"
      "/* State and scratch of one stream. Copy it as bytes to fork or save the stream. */\n"
      "typedef struct {2} {{\n  RNNC_ALIGN(64) unsigned char bytes[{0}_BYTES];\n}} {2};\n\n"
      "/* State to its initial values; needed once before the first call. */\nvoid {2}_reset({2}* "
      "instance);\n\n",
      upper, InstanceBytes(module), name);
  if (entries.step != nullptr) {
    text += entries.run != nullptr ? "/* One frame. */\n" : "/* One call of the network. */\n";
    text += Prototype(name, "step", {}, parameters, false) + "\n";
  }
  if (entries.run != nullptr) text += DeclareRun(name, sizes, parameters, module, entries.step != nullptr);
  text += fmt::format(
      "/* Names, types, shapes, sizes and entry points, for generic programs. */\nextern const rnnc_model "
      "{}_model;\n\n"
      "#ifdef __cplusplus\n}}\n#endif\n\n#endif\n",
      name);
  return text;
}

}  // namespace rnnc::codegen
