// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/driver/random_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "compiler/driver/index_ranges.h"
#include "compiler/driver/notes.h"
#include "compiler/driver/phases.h"

namespace rnnc::driver {
namespace {

// What the code will check of integer inputs. Where the model cannot be compiled as it is, nothing is known.
std::map<std::string, IndexRange> CheckedRanges(const ModelOptions& options, const ir::Module& graph) {
  const auto& inputs = graph.FindFunction("main")->Body().Arguments();
  const auto is_float = [](const auto& input) { return ir::IsFloat(input->type.element); };
  const auto row = codegen::FindTarget(options.target);
  if (std::all_of(inputs.begin(), inputs.end(), is_float) || !row.ok()) return {};
  const std::unique_ptr<ir::Module> module = ir::CloneModule(graph);
  std::vector<Diagnostic> said;
  if (!Optimise(*module, options, *row, said).ok()) return {};
  return IndexRanges(*module);
}

// Every open size: time `wanted`, the others small and different from it, as far as their ranges allow.
std::map<std::string, int64_t> SizesFor(const ImportedModel& model, int64_t wanted) {
  std::map<std::string, int64_t> sizes;
  for (const import::DimNote& dim : model.notes.dims) {
    if (dim.bound) continue;
    const int64_t least = std::max<int64_t>(1, dim.range.low);
    const int64_t size =
        dim.symbol == TimeSymbol(model.notes) ? wanted : 2 + static_cast<int64_t>(sizes.size());
    sizes[dim.symbol] = std::clamp(size, least, std::max(least, dim.range.high.value_or(size)));
  }
  return sizes;
}

// Integers that an element type holds and the code lets through: 0 and 1 where it checks nothing.
std::uniform_int_distribution<int64_t> IntegersFor(ir::ElementType element, IndexRange range) {
  if (element == ir::ElementType::kBool || range.low >= range.high) range = {0, 2};
  const int bits = 8 * static_cast<int>(ir::BytesOf(element));
  if (element == ir::ElementType::kU8)
    return std::uniform_int_distribution<int64_t>(0, std::min<int64_t>(range.high - 1, 255));
  if (bits < 64) {
    const int64_t least = -(int64_t{1} << (bits - 1));
    range = {std::max(range.low, least), std::min(range.high, -least)};
  }
  return std::uniform_int_distribution<int64_t>(range.low, range.high - 1);
}

}  // namespace

Result<std::vector<DataSet>> RandomSets(const ModelOptions& model, const VerifyOptions& options) {
  RNNC_ASSIGN(ImportedModel imported, ImportModel(model));
  const ir::Function& main = *imported.module->FindFunction("main");
  std::map<std::string, IndexRange> ranges = CheckedRanges(model, *imported.module);
  std::mt19937_64 generator(options.seed);
  std::vector<DataSet> sets;
  for (int k = 0; k < options.random_sets; ++k) {
    DataSet set;
    set.path = fmt::format("random input {}", k);
    const std::map<std::string, int64_t> sizes = SizesFor(imported, options.random_steps + 5 * k);
    for (const auto& argument : main.Body().Arguments()) {
      std::vector<int64_t> dims;
      for (const ir::Dim& dim : argument->type.dims) {
        dims.push_back(std::max<int64_t>(0, dim.Evaluate(sizes).value_or(1)));
      }
      ir::Tensor tensor = ir::ZeroTensor(ir::MakeStaticType(argument->type.element, dims));
      std::normal_distribution<double> normal(0.1, 1);
      IndexRange range = ranges[argument->name];
      if (const auto size = sizes.find(range.symbol); size != sizes.end()) range.high += size->second;
      auto integers = IntegersFor(argument->type.element, range);
      for (int64_t i = 0; i < tensor.ElementCount(); ++i) {
        if (ir::IsFloat(argument->type.element)) {
          tensor.SetNumber(i, normal(generator));
        } else {
          tensor.SetInteger(i, integers(generator));
        }
      }
      set.inputs.push_back({argument->name, std::move(tensor)});
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace rnnc::driver
