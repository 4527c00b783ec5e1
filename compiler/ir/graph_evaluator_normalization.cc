// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The oracle's normalisations: BatchNormalization, LayerNormalization.

#include <cmath>

#include "compiler/ir/graph_evaluator_ops.h"

namespace rnnc::ir::oracle {
namespace {

// "Y = (X - input_mean) / sqrt(input_var + epsilon) * scale + B", each of a channel.
Result<Arrays> BatchNormalization(const Call& call) {
  Array y = call.In(0);
  const int64_t channels = y.Rank() == 1 ? 1 : y.dims[1];
  for (size_t i = 1; i < 5; ++i) {
    if (call.In(i).Count() != channels) return call.Fail("{} for {}", call.In(i).ShapeText(), y.ShapeText());
  }
  for (Odometer at(y.dims); !at.Done(); at.Next()) {
    const int64_t c = y.Rank() == 1 ? 0 : at.Index()[1];
    const double deviation = std::sqrt(call.In("var").NumberAt(c) + call.operation.Float("epsilon"));
    const double normal = (y.NumberAt(at.Flat()) - call.In("mean").NumberAt(c)) / deviation;
    y.SetNumber(at.Flat(), normal * call.In("scale").NumberAt(c) + call.In("b").NumberAt(c));
  }
  return One(std::move(y));
}

// Mean = ReduceMean<axes>(X); D = X - Mean; Var = ReduceMean<axes>(D * D); InvStdDev = 1 / sqrt(Var +
// epsilon); Normalized = D * InvStdDev, all of it in the type of the stash; Y = Normalized * Scale + B.
Result<Arrays> LayerNormalization(const Call& call) {
  const Array& x = call.In(0);
  RNNC_ASSIGN(const int64_t axis, AxisOf(call, call.operation.Int("axis"), x.Rank()));
  std::vector<int64_t> outer = x.dims;
  int64_t inner = 1;
  for (auto dim = outer.begin() + axis; dim != outer.end(); ++dim) {
    inner *= *dim;
    *dim = 1;
  }
  const ElementType stash = call.operation.String("stash") == "f64" ? ElementType::kF64 : ElementType::kF32;
  const bool narrows = BytesOf(stash) < BytesOf(x.element);  // to float, and back behind it
  const auto stashed = [&](double value) { return narrows ? RoundTo(ElementType::kF32, value) : value; };
  Array mean = MakeArray(stash, outer);
  Array inverse = MakeArray(stash, outer);
  Array normal = x;
  for (int64_t group = 0; group < mean.Count(); ++group) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < inner; ++i) sum += stashed(x.NumberAt(group * inner + i));
    mean.SetNumber(group, sum / static_cast<double>(inner));
    for (int64_t i = 0; i < inner; ++i) {
      const double d = stashed(x.NumberAt(group * inner + i)) - mean.NumberAt(group);
      squares += d * d;
    }
    const double variance = squares / static_cast<double>(inner);
    inverse.SetNumber(group, 1 / std::sqrt(variance + call.operation.Float("epsilon")));
    for (int64_t i = 0; i < inner; ++i) {
      const int64_t at = group * inner + i;
      normal.SetNumber(at,
                       stashed((stashed(x.NumberAt(at)) - mean.NumberAt(group)) * inverse.NumberAt(group)));
    }
  }
  const Array* scale = call.Find("scale");
  const Array* bias = call.Find("b");
  for (Odometer at(x.dims); !at.Done(); at.Next()) {
    double y = normal.NumberAt(at.Flat());
    if (scale != nullptr) y *= scale->NumberAt(BroadcastIndex(scale->dims, at.Index()));
    if (bias != nullptr) y += bias->NumberAt(BroadcastIndex(bias->dims, at.Index()));
    normal.SetNumber(at.Flat(), y);
  }
  return Arrays{normal, mean, inverse};
}

}  // namespace

std::span<const Entry> NormalizationEntries() {
  static const std::vector<Entry> entries = {{OpKind::kBatchNormalization, BatchNormalization},
                                             {OpKind::kLayerNormalization, LayerNormalization}};
  return entries;
}

}  // namespace rnnc::ir::oracle
