// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The oracle's sliding windows: MaxPool, AveragePool, ConvTranspose.

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/ir/graph_evaluator_ops.h"

namespace rnnc::ir::oracle {
namespace {

// One spatial axis of a pool.
struct PoolAxis {
  int64_t size, kernel, stride, before, after, dilation;

  // Windows begin every `stride` elements of the padded operand; with ceil_mode the last one may reach over
  // its end, but must begin before the pads behind it.
  int64_t Windows(bool ceil) const {
    const int64_t last_start = size + before + after - ((kernel - 1) * dilation + 1);
    int64_t count = 0;
    for (int64_t start = 0; start <= last_start + (ceil ? stride - 1 : 0); start += stride) {
      if (start <= last_start || start < size + before) ++count;
    }
    return count;
  }
};

std::vector<PoolAxis> PoolAxes(const Call& call) {
  const Operation& operation = call.operation;
  const size_t axes = operation.Ints("kernel_shape").size();
  std::vector<PoolAxis> list;
  for (size_t i = 0; i < axes; ++i) {
    list.push_back({call.In(0).dims[i + 2], operation.Ints("kernel_shape")[i], operation.Ints("strides")[i],
                    operation.Ints("pads")[i], operation.Ints("pads")[i + axes],
                    operation.Ints("dilations")[i]});
  }
  return list;
}

// The largest element of a window, or the mean; pads are no elements unless count_include_pad, when they are
// zeros. What lies beyond the pads never counts.
Result<Arrays> Pool(const Call& call) {
  const Array& x = call.In(0);
  const bool average = call.operation.Kind() == OpKind::kAveragePool;
  const std::vector<PoolAxis> axes = PoolAxes(call);
  std::vector<int64_t> dims(x.dims.begin(), x.dims.begin() + 2);
  std::vector<int64_t> kernel;
  for (const PoolAxis& axis : axes) {
    dims.push_back(axis.Windows(call.operation.Int("ceil_mode") != 0));
    kernel.push_back(axis.kernel);
  }
  const bool with_pads = average && call.operation.Int("count_include_pad") != 0;
  RNNC_ASSIGN(Array result, call.Make(x.element, dims));
  for (Odometer at(dims); !at.Done(); at.Next()) {
    double sum = 0, largest = -std::numeric_limits<double>::infinity();
    int64_t largest_integer = std::numeric_limits<int64_t>::min(), count = 0;
    for (Odometer tap(kernel); !tap.Done(); tap.Next()) {
      std::vector<int64_t> from(at.Index().begin(), at.Index().begin() + 2);
      bool inside = true, padded = true;
      for (size_t i = 0; i < axes.size(); ++i) {
        const int64_t place =
            at.Index()[i + 2] * axes[i].stride + tap.Index()[i] * axes[i].dilation - axes[i].before;
        inside = inside && place >= 0 && place < axes[i].size;
        padded = padded && place < axes[i].size + axes[i].after;
        from.push_back(place);
      }
      if (inside || (with_pads && padded)) ++count;
      if (!inside) continue;
      const int64_t flat = FlatIndex(x.dims, from);
      if (!x.IsFloat()) {
        largest_integer = std::max(largest_integer, x.IntegerAt(flat));
        continue;
      }
      sum = call.Rounded(x.element, sum + x.NumberAt(flat));
      if (std::isnan(x.NumberAt(flat)) || x.NumberAt(flat) > largest) largest = x.NumberAt(flat);
      if (std::isnan(largest)) largest = std::numeric_limits<double>::quiet_NaN();
    }
    if (count == 0) return call.Fail("a window without elements");
    if (x.IsFloat()) {
      result.SetNumber(at.Flat(), average ? sum / static_cast<double>(count) : largest);
    } else {
      result.SetInteger(at.Flat(), largest_integer);
    }
  }
  return One(std::move(result));
}

// Each element of the operand adds its multiple of the kernel to the result, at its place times the stride.
Result<Arrays> ConvTranspose(const Call& call) {
  const Array& x = call.In(0);
  const Array& w = call.In(1);
  const Operation& operation = call.operation;
  const std::vector<int64_t>&strides = operation.Ints("strides"), &pads = operation.Ints("pads"),
        &dilations = operation.Ints("dilations");
  const size_t axes = strides.size();
  const int64_t groups = operation.Int("group");
  if (x.dims[1] != w.dims[0] || x.dims[1] % groups != 0) {
    return call.Fail("{} and {} in {} groups", x.ShapeText(), w.ShapeText(), groups);
  }
  std::vector<int64_t> dims = {x.dims[0], w.dims[1] * groups};
  for (size_t i = 0; i < axes; ++i) {
    dims.push_back(strides[i] * (x.dims[i + 2] - 1) + operation.Ints("output_padding")[i] +
                   (w.dims[i + 2] - 1) * dilations[i] + 1 - pads[i] - pads[i + axes]);
  }
  RNNC_ASSIGN(Array result, call.Make(x.element, dims));
  const std::vector<int64_t> taps(w.dims.begin() + 1, w.dims.end());  // output channel, kernel
  for (Odometer at(x.dims); !at.Done(); at.Next()) {
    const int64_t group = at.Index()[1] / (x.dims[1] / groups);
    for (Odometer tap(taps); !tap.Done(); tap.Next()) {
      std::vector<int64_t> to = {at.Index()[0], group * w.dims[1] + tap.Index()[0]};
      bool inside = true;
      for (size_t i = 0; i < axes; ++i) {
        to.push_back(at.Index()[i + 2] * strides[i] + tap.Index()[i + 1] * dilations[i] - pads[i]);
        inside = inside && to.back() >= 0 && to.back() < dims[i + 2];
      }
      if (!inside) continue;
      std::vector<int64_t> weight = {at.Index()[1]};
      weight.insert(weight.end(), tap.Index().begin(), tap.Index().end());
      const double product =
          call.Rounded(x.element, x.NumberAt(at.Flat()) * w.NumberAt(FlatIndex(w.dims, weight)));
      const int64_t place = FlatIndex(dims, to);
      result.SetNumber(place, call.Rounded(x.element, result.NumberAt(place) + product));
    }
  }
  if (const Array* bias = call.Find("b"); bias != nullptr) {
    for (Odometer at(dims); !at.Done(); at.Next()) {
      result.SetNumber(at.Flat(), result.NumberAt(at.Flat()) + bias->NumberAt(at.Index()[1]));
    }
  }
  return One(std::move(result));
}

}  // namespace

std::span<const Entry> WindowEntries() {
  static const std::vector<Entry> entries = {
      {OpKind::kMaxPool, Pool}, {OpKind::kAveragePool, Pool}, {OpKind::kConvTranspose, ConvTranspose}};
  return entries;
}

}  // namespace rnnc::ir::oracle
