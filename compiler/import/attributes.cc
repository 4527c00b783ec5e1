// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/import/attributes.h"

#include <cstdlib>

#include "compiler/support/strings.h"

namespace rnnc::import {
namespace {

struct Entry {
  std::string name;
  char kind = 'i';
  char use = '?';
  std::string fallback;
};

std::vector<Entry> ParseList(std::string_view list) {
  std::vector<Entry> entries;
  for (const std::string& word : Split(list, ' ')) {
    if (word.empty()) continue;
    const size_t colon = word.find(':');
    entries.push_back({word.substr(0, colon), word[colon + 1], word[colon + 2], word.substr(colon + 3)});
  }
  return entries;
}

ir::Attribute Fallback(const Entry& entry) {
  switch (entry.kind) {
    case 'i':
      return static_cast<int64_t>(std::strtoll(entry.fallback.c_str(), nullptr, 10));
    case 'f':
      // ONNX attributes are floats: 0.01 means the nearest one.
      return static_cast<double>(std::strtof(entry.fallback.c_str(), nullptr));
    default:
      RNNC_CHECK(entry.kind == 's', "no default of kind {}", entry.kind);
      return entry.fallback;
  }
}

std::string_view KindName(char kind) {
  static const std::map<char, std::string_view> names = {
      {'i', "an integer"},       {'f', "a float"},           {'s', "a string"}, {'I', "a list of integers"},
      {'F', "a list of floats"}, {'S', "a list of strings"}, {'t', "a tensor"}, {'g', "a graph"}};
  return names.at(kind);
}

using Type = onnx::AttributeProto;

// Models of IR version 3 may leave the type out: then the field that is there says it.
char KindOf(const onnx::AttributeProto& attribute) {
  static const std::map<int, char> kinds = {{Type::INT, 'i'},    {Type::FLOAT, 'f'},  {Type::STRING, 's'},
                                            {Type::INTS, 'I'},   {Type::FLOATS, 'F'}, {Type::STRINGS, 'S'},
                                            {Type::TENSOR, 't'}, {Type::GRAPH, 'g'}};
  if (attribute.type() != Type::UNDEFINED) {
    auto found = kinds.find(attribute.type());
    return found == kinds.end() ? '?' : found->second;
  }
  if (attribute.has_i()) return 'i';
  if (attribute.has_f()) return 'f';
  if (attribute.has_s()) return 's';
  if (attribute.has_t()) return 't';
  if (attribute.has_g()) return 'g';
  if (attribute.ints_size() > 0) return 'I';
  if (attribute.floats_size() > 0) return 'F';
  return attribute.strings_size() > 0 ? 'S' : '?';
}

ir::Attribute ValueOf(const onnx::AttributeProto& attribute, char kind) {
  switch (kind) {
    case 'i':
      return attribute.i();
    case 'f':
      return static_cast<double>(attribute.f());
    case 's':
      return attribute.s();
    case 'I':
      return std::vector<int64_t>(attribute.ints().begin(), attribute.ints().end());
    case 'F':
      return std::vector<double>(attribute.floats().begin(), attribute.floats().end());
    default:
      return std::vector<std::string>(attribute.strings().begin(), attribute.strings().end());
  }
}

template <typename T>
const T& Get(const AttributeMap& values, std::string_view name) {
  auto found = values.find(name);
  RNNC_CHECK(found != values.end() && std::holds_alternative<T>(found->second), "no attribute {}", name);
  return std::get<T>(found->second);
}

}  // namespace

int64_t NodeAttributes::Int(std::string_view name) const { return Get<int64_t>(values, name); }
double NodeAttributes::Float(std::string_view name) const { return Get<double>(values, name); }
const std::string& NodeAttributes::String(std::string_view name) const {
  return Get<std::string>(values, name);
}
const std::vector<int64_t>& NodeAttributes::Ints(std::string_view name) const {
  return Get<std::vector<int64_t>>(values, name);
}
const std::vector<std::string>& NodeAttributes::Strings(std::string_view name) const {
  return Get<std::vector<std::string>>(values, name);
}

Result<NodeAttributes> ReadAttributes(const onnx::NodeProto& node, std::string_view list, int64_t opset,
                                      const Location& location) {
  NodeAttributes result;
  std::vector<Diagnostic> errors;
  const std::vector<Entry> entries = ParseList(list);
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    const std::string& name = attribute.name();
    const Entry* entry = nullptr;
    for (const Entry& candidate : entries) {
      if (candidate.name == name) entry = &candidate;
    }
    if (entry == nullptr) {
      errors.push_back(Error(location,
                             "{}: {} has no such attribute at opset {} that is computed; export without it",
                             name, node.op_type(), opset));
    } else if (!attribute.ref_attr_name().empty()) {
      errors.push_back(Error(location, "{}: refers to an attribute of a function, and is in none", name));
    } else if (!result.given.insert(name).second) {
      errors.push_back(Error(location, "{}: is there twice", name));
    } else if (KindOf(attribute) != entry->kind) {
      // An empty list has no field that would say its kind: it is as if it were not there.
      const bool empty_list = KindOf(attribute) == '?' && attribute.type() == Type::UNDEFINED &&
                              std::string_view("IFS").find(entry->kind) != std::string_view::npos;
      if (empty_list) {
        result.given.erase(name);
        continue;
      }
      errors.push_back(Error(location, "{}: must be {}", name, KindName(entry->kind)));
    } else if (entry->kind == 't') {
      result.tensors[name] = &attribute.t();
    } else if (entry->kind == 'g') {
      result.graphs[name] = &attribute.g();
    } else {
      result.values[name] = ValueOf(attribute, entry->kind);
    }
  }
  for (const Entry& entry : entries) {
    if (result.Given(entry.name)) continue;
    if (entry.use == '!') errors.push_back(Error(location, "{}: is required and not there", entry.name));
    if (entry.use == '=') result.values[entry.name] = Fallback(entry);
  }
  if (!errors.empty()) return errors;
  return result;
}

}  // namespace rnnc::import
