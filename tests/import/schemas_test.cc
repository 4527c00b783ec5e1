// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The version table against every operator schema of ONNX up to the newest opset (onnx_schemas.txt, which
// list_schemas.py writes): no attribute of a computed operator is dropped, in any version.
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "compiler/import/operators.h"
#include "tests/import/import_test.h"

namespace rnnc::import {
namespace {

using test::OnnxBuilder;
using testing::HasSubstr;

constexpr int64_t kOldest = 7, kLatest = 28;

struct Schema {
  int64_t since = 0;
  bool deprecated = false;
  std::set<std::string> attributes;
};

// By operator, in order of their versions.
std::map<std::string, std::vector<Schema>> ReadSchemas() {
  std::map<std::string, std::vector<Schema>> schemas;
  std::ifstream file(RNNC_SOURCE_DIR "/tests/import/onnx_schemas.txt");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string name;
    Schema schema;
    words >> name >> schema.since;
    for (std::string word; words >> word;) {
      if (word == "(deprecated)") {
        schema.deprecated = true;
      } else {
        schema.attributes.insert(word);
      }
    }
    schemas[name].push_back(schema);
  }
  return schemas;
}

const Schema* InForce(const std::vector<Schema>& versions, int64_t opset) {
  const Schema* found = nullptr;
  for (const Schema& version : versions) {
    if (version.since <= opset) found = &version;
  }
  return found;
}

// Names and kinds of a rule's list.
std::map<std::string, char> Listed(std::string_view list) {
  std::map<std::string, char> listed;
  std::istringstream words{std::string(list)};
  for (std::string word; words >> word;) listed[word.substr(0, word.find(':'))] = word[word.find(':') + 1];
  return listed;
}

// The one node of an operator with an attribute of that name, of no kind in particular.
std::string RefusalOf(const std::string& op, const std::string& attribute, int64_t opset) {
  OnnxBuilder model(static_cast<int>(opset));
  model.Input("x", {2, 3}).Node(op, {"x"}, {"y"}, "n").Attribute(attribute, "no such value").Output("y");
  return Refusal(model);
}

// Catches an attribute that a newer version brought and nobody read about, and rows that hold for a version
// whose attributes are others. What a row does not list is refused by its name.
TEST(Schemas, EveryAttributeIsListedOrRefused) {
  const std::map<std::string, std::vector<Schema>> schemas = ReadSchemas();
  ASSERT_GT(schemas.size(), 190u);
  // Not computed, and refused.
  const std::map<std::string, std::set<std::string>> refused = {
      {"Constant", {"sparse_value", "value_string", "value_strings"}},
      {"Range", {"stash_type"}},
      {"SpaceToDepth", {"mode"}}};
  int compared = 0;
  for (const OperatorRule& rule : OperatorRules()) {
    const std::string op(rule.name);
    ASSERT_EQ(schemas.count(op), 1u) << op;
    for (int64_t opset = std::max(rule.first, kOldest); opset <= std::min(rule.last, kLatest); ++opset) {
      const Schema* schema = InForce(schemas.at(op), opset);
      ASSERT_NE(schema, nullptr) << op << " at " << opset;
      ++compared;
      const std::map<std::string, char> listed = Listed(rule.attributes);
      for (const auto& [name, kind] : listed) {
        EXPECT_EQ(schema->attributes.count(name), 1u) << op << " at " << opset << " has no " << name;
      }
      for (const std::string& name : schema->attributes) {
        if (listed.count(name) != 0) continue;
        const auto known = refused.find(op);
        EXPECT_TRUE(known != refused.end() && known->second.count(name) != 0)
            << op << " at " << opset << ": " << name << " is new";
        EXPECT_THAT(RefusalOf(op, name, opset), HasSubstr("m.onnx: n: " + name + ": "));
      }
    }
  }
  EXPECT_GT(compared, 2000);
}

// Every operator of the newest opset is computed or refused by its name.
TEST(Schemas, EveryOperatorIsComputedOrRefused) {
  for (const auto& [op, versions] : ReadSchemas()) {
    if (FindRule(op, kLatest) != nullptr) continue;
    EXPECT_THAT(RefusalOf(op, "no_such_attribute", kLatest), HasSubstr("m.onnx: n: operator " + op + ": "));
  }
}

// ---- What is listed is read ----

const std::filesystem::path kNodes = "/usr/share/libonnx-testdata/data/node";

// Other values for an attribute of a kind.
std::vector<std::function<void(onnx::AttributeProto&)>> OtherValues(char kind) {
  using Proto = onnx::AttributeProto;
  std::vector<std::function<void(Proto&)>> values;
  const auto ints = [](const std::vector<int64_t>& list) {
    return [list](Proto& a) {
      a.set_type(Proto::INTS);
      a.clear_ints();
      for (const int64_t i : list) a.add_ints(i);
    };
  };
  switch (kind) {
    case 'i':
      for (const int64_t i : {0, 1, 2, -1, 3, 10}) {
        values.push_back([i](Proto& a) { a.set_type(Proto::INT), a.set_i(i); });
      }
      break;
    case 'f':
      for (const float f : {0.75f, 2.5f}) {
        values.push_back([f](Proto& a) { a.set_type(Proto::FLOAT), a.set_f(f); });
      }
      break;
    case 's':
      values.push_back([](Proto& a) { a.set_type(Proto::STRING), a.set_s("no such value"); });
      break;
    case 'I':
      values = {ints({0}), ints({1}), ints({2}), ints({1, 1}), ints({2, 2}), ints({1, 1, 1, 1})};
      break;
    case 'F':
      values.push_back([](Proto& a) { a.set_type(Proto::FLOATS), a.clear_floats(), a.add_floats(0.75f); });
      break;
    case 'S':
      values.push_back([](Proto& a) { a.set_type(Proto::STRINGS), a.clear_strings(), a.add_strings("x"); });
      break;
    default:
      break;
  }
  return values;
}

// The text of a model's module, with all integer inputs bound to what its data set holds; or why not.
std::string TextOf(const onnx::ModelProto& proto, const std::filesystem::path& folder, bool* imported) {
  const test::TempFolder temporary;
  const std::string path = temporary / "m.onnx";
  std::ofstream(path, std::ios::binary) << proto.SerializeAsString();
  ImportOptions options;
  for (int i = 0; i < proto.graph().input_size(); ++i) {
    Result<NamedTensor> data =
        ReadTensorPb((folder / "test_data_set_0" / ("input_" + std::to_string(i) + ".pb")).string());
    if (data && !ir::IsFloat(data->tensor->type.element))
      options.constants[proto.graph().input(i).name()] = data->tensor;
  }
  const auto module = ImportOnnx(path, options);
  *imported = module.ok();
  if (!module) return Render(module.diagnostics()).substr(path.size());
  const ir::Printed printed = ir::Serialize(**module);
  return printed.text + printed.blob;
}

// Attributes of which no value that is let through changes what is computed.
const std::map<std::string, std::set<std::string>>& WithoutMeaning() {
  static const std::map<std::string, std::set<std::string>> table = {
      {"Dropout", {"seed", "ratio"}},            // of training
      {"BatchNormalization", {"momentum"}},      // of training
      {"Cast", {"saturate", "round_mode"}},      // of 8-bit floats
      {"CastLike", {"saturate", "round_mode"}},  // of 8-bit floats
      {"LayerNormalization", {"stash_type"}},    // of what rnnc computes in f32 anyway
      {"GroupNormalization", {"stash_type"}},   {"RMSNormalization", {"stash_type"}},
      {"MaxPool", {"storage_order"}},  // of the second output, which is refused
  };
  return table;
}

// Changes one attribute after the other of ONNX's node models: the module must become another one. When
// values are only refused, all but one of them must be: several that are let through and change nothing are
// not looked at.
TEST(Schemas, EveryListedAttributeIsRead) {
  if (!std::filesystem::exists(kNodes)) GTEST_SKIP() << "libonnx-testdata is not installed";
  std::set<std::string> read, unread;
  for (const auto& entry : std::filesystem::directory_iterator(kNodes)) {
    onnx::ModelProto proto;
    std::ifstream file(entry.path() / "model.onnx", std::ios::binary);
    if (!proto.ParseFromIstream(&file) || proto.graph().node_size() != 1) continue;
    const std::string op = proto.graph().node(0).op_type();
    const OperatorRule* rule = FindRule(op, proto.opset_import(0).version());
    if (rule == nullptr || rule->attributes.empty()) continue;
    bool imported = false;
    const std::string before = TextOf(proto, entry.path(), &imported);
    if (!imported) continue;
    for (const auto& [name, kind] : Listed(rule->attributes)) {
      const std::string what = fmt::format("{}.{}", op, name);
      if (read.count(what) != 0 || OtherValues(kind).empty()) continue;
      unread.insert(what);
      int let_through = 0, refused = 0;
      for (const auto& change : OtherValues(kind)) {
        onnx::ModelProto changed = proto;
        onnx::NodeProto& node = *changed.mutable_graph()->mutable_node(0);
        onnx::AttributeProto* attribute = nullptr;
        for (onnx::AttributeProto& given : *node.mutable_attribute()) {
          if (given.name() == name) attribute = &given;
        }
        if (attribute == nullptr) attribute = node.add_attribute();
        attribute->set_name(name);
        change(*attribute);
        bool still = false;
        const bool same = TextOf(changed, entry.path(), &still) == before;
        if (still && !same) read.insert(what);
        (still ? let_through : refused) += 1;
      }
      // One that is let through may be the default.
      if (refused > 0 && let_through <= 1) read.insert(what);
    }
  }
  EXPECT_GT(read.size(), 90u);
  for (const std::string& what : unread) {
    const size_t dot = what.find('.');
    const auto known = WithoutMeaning().find(what.substr(0, dot));
    const bool meaningless =
        known != WithoutMeaning().end() && known->second.count(what.substr(dot + 1)) != 0;
    EXPECT_TRUE(meaningless || read.count(what) != 0) << what << " is listed and not read";
  }
}

}  // namespace
}  // namespace rnnc::import
