// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The oracle's sums of products: MatMul, Gemm, Conv, Einsum.

#include <algorithm>

#include "compiler/ir/graph_evaluator_ops.h"
#include "compiler/support/check.h"
#include "compiler/support/strings.h"

namespace rnnc::ir::oracle {
namespace {

// A running sum of products in the element type of the result. In double, or rounded after every
// multiplication and addition; integers wrap.
class Sum {
 public:
  Sum(const Call& call, ElementType element) : call_(call), element_(element) {}
  void Add(const Array& a, int64_t i, const Array& b, int64_t j) {
    if (IsFloat(element_)) {
      const double product = call_.Rounded(element_, a.NumberAt(i) * b.NumberAt(j));
      number_ = call_.Rounded(element_, number_ + product);
    } else {
      integer_ += static_cast<uint64_t>(a.IntegerAt(i)) * static_cast<uint64_t>(b.IntegerAt(j));
    }
  }
  void Add(const Array& a, int64_t i) {
    if (IsFloat(element_)) {
      number_ = call_.Rounded(element_, number_ + a.NumberAt(i));
    } else {
      integer_ += static_cast<uint64_t>(a.IntegerAt(i));
    }
  }
  void StoreTo(Array& result, int64_t i) const {
    if (IsFloat(element_)) {
      result.SetNumber(i, number_);
    } else {
      result.SetInteger(i, static_cast<int64_t>(integer_));
    }
  }

 private:
  const Call& call_;
  ElementType element_;
  double number_ = 0;
  uint64_t integer_ = 0;
};

// numpy.matmul: the last two axes are matrices, the others broadcast; a vector gets an axis of size 1,
// before on the left side, behind on the right, which the result loses again.
Result<Arrays> MatMul(const Call& call) {
  const Array& a = call.In(0);
  const Array& b = call.In(1);
  if (a.element != b.element) return call.Fail("{} and {} do not mix", a.ShapeText(), b.ShapeText());
  if (a.Rank() == 0 || b.Rank() == 0) return call.Fail("{} by {}", a.ShapeText(), b.ShapeText());
  std::vector<int64_t> left = a.dims;
  std::vector<int64_t> right = b.dims;
  if (a.Rank() == 1) left.insert(left.begin(), 1);
  if (b.Rank() == 1) right.push_back(1);
  const int64_t rows = left[left.size() - 2];
  const int64_t inner = left.back();
  const int64_t columns = right.back();
  if (right[right.size() - 2] != inner) return call.Fail("{} by {}", a.ShapeText(), b.ShapeText());
  const std::vector<int64_t> left_batch(left.begin(), left.end() - 2);
  const std::vector<int64_t> right_batch(right.begin(), right.end() - 2);
  RNNC_ASSIGN(const std::vector<int64_t> batch, BroadcastDims(call, {left_batch, right_batch}));
  std::vector<int64_t> dims = batch;
  if (a.Rank() > 1) dims.push_back(rows);
  if (b.Rank() > 1) dims.push_back(columns);
  RNNC_ASSIGN(Array result, call.Make(a.element, dims));
  int64_t next = 0;
  for (Odometer at(batch); !at.Done(); at.Next()) {
    const int64_t a0 = BroadcastIndex(left_batch, at.Index()) * rows * inner;
    const int64_t b0 = BroadcastIndex(right_batch, at.Index()) * inner * columns;
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t column = 0; column < columns; ++column) {
        Sum sum(call, a.element);
        for (int64_t k = 0; k < inner; ++k) sum.Add(a, a0 + row * inner + k, b, b0 + k * columns + column);
        sum.StoreTo(result, next++);
      }
    }
  }
  return One(std::move(result));
}

// alpha * A' * B' + beta * C, C broadcast to the product.
Result<Arrays> Gemm(const Call& call) {
  const Array& a = call.In(0);
  const Array& b = call.In(1);
  const Array* c = call.Find("c");
  if (a.Rank() != 2 || b.Rank() != 2) return call.Fail("{} by {}", a.ShapeText(), b.ShapeText());
  const bool swap_a = call.operation.Int("transA") != 0;
  const bool swap_b = call.operation.Int("transB") != 0;
  const double alpha = call.operation.Float("alpha");
  const double beta = call.operation.Float("beta");
  const int64_t rows = a.dims[swap_a ? 1 : 0];
  const int64_t inner = a.dims[swap_a ? 0 : 1];
  const int64_t columns = b.dims[swap_b ? 0 : 1];
  if (b.dims[swap_b ? 1 : 0] != inner) return call.Fail("{} by {}", a.ShapeText(), b.ShapeText());
  RNNC_ASSIGN(Array result, call.Make(a.element, {rows, columns}));
  if (c != nullptr) {
    RNNC_ASSIGN(const std::vector<int64_t> both, BroadcastDims(call, {result.dims, c->dims}));
    if (both != result.dims) return call.Fail("c: {} does not broadcast", c->ShapeText());
  }
  for (Odometer at(result.dims); !at.Done(); at.Next()) {
    const int64_t row = at.Index()[0];
    const int64_t column = at.Index()[1];
    Sum sum(call, a.element);
    for (int64_t k = 0; k < inner; ++k) {
      sum.Add(a, swap_a ? k * rows + row : row * inner + k, b,
              swap_b ? column * inner + k : k * columns + column);
    }
    sum.StoreTo(result, at.Flat());
    const double added = c != nullptr ? c->NumberAt(BroadcastIndex(c->dims, at.Index())) : 0.0;
    if (a.IsFloat()) {
      const double product = call.Rounded(a.element, alpha * result.NumberAt(at.Flat()));
      result.SetNumber(at.Flat(), product + (c != nullptr ? call.Rounded(a.element, beta * added) : 0.0));
    } else if (alpha == 1 && (c == nullptr || beta == 1)) {
      const int64_t more = c != nullptr ? c->IntegerAt(BroadcastIndex(c->dims, at.Index())) : 0;
      result.SetInteger(at.Flat(), static_cast<int64_t>(static_cast<uint64_t>(result.IntegerAt(at.Flat())) +
                                                        static_cast<uint64_t>(more)));
    } else {
      result.SetNumber(at.Flat(), alpha * result.NumberAt(at.Flat()) + beta * added);
    }
  }
  return One(std::move(result));
}

// One spatial axis of a convolution.
struct Axis {
  int64_t extent, taps, stride, dilation, before, behind;
  int64_t Outputs() const {
    const int64_t reach = dilation * (taps - 1) + 1;
    const int64_t room = extent + before + behind - reach;
    return room < 0 ? 0 : room / stride + 1;
  }
};

Result<std::vector<Axis>> AxesOf(const Call& call, const Array& x, const Array& w) {
  const std::vector<int64_t>& strides = call.operation.Ints("strides");
  const std::vector<int64_t>& pads = call.operation.Ints("pads");
  const std::vector<int64_t>& dilations = call.operation.Ints("dilations");
  const size_t n = x.dims.size() - 2;
  if (strides.size() != n || pads.size() != 2 * n || dilations.size() != n) {
    return call.Fail("strides, pads, dilations: not those of {} axes", n);
  }
  std::vector<Axis> axes;
  for (size_t i = 0; i < n; ++i) {
    if (strides[i] < 1 || dilations[i] < 1) return call.Fail("a stride or dilation below 1");
    axes.push_back({x.dims[2 + i], w.dims[2 + i], strides[i], dilations[i], pads[i], pads[n + i]});
  }
  return axes;
}

// y[n,m,o..] = b[m] + sum over c, k.. of x[n, g*C/G + c, o*stride + k*dilation - pad ..] * w[m,c,k..], with
// g the group that output channel m belongs to; outside x is zero.
Result<Arrays> Conv(const Call& call) {
  const Array& x = call.In(0);
  const Array& w = call.In(1);
  const Array* b = call.Find("b");
  const int64_t groups = call.operation.Int("group");
  if (x.Rank() < 3 || x.Rank() != w.Rank() || groups < 1 || w.dims[0] % groups != 0 ||
      x.dims[1] != w.dims[1] * groups || (b != nullptr && b->Count() != w.dims[0])) {
    return call.Fail("{} by {} in {} groups", x.ShapeText(), w.ShapeText(), groups);
  }
  RNNC_ASSIGN(const std::vector<Axis> axes, AxesOf(call, x, w));
  std::vector<int64_t> dims = {x.dims[0], w.dims[0]};
  for (const Axis& axis : axes) dims.push_back(axis.Outputs());
  RNNC_ASSIGN(Array result, call.Make(x.element, dims));
  const std::vector<int64_t> taps(w.dims.begin() + 1, w.dims.end());  // channel of the group, then space
  const int64_t tap_count = w.dims[0] == 0 ? 0 : w.Count() / w.dims[0];
  const int64_t per_group = w.dims[0] / groups;
  for (Odometer at(dims); !at.Done(); at.Next()) {
    const int64_t m = at.Index()[1];
    Sum sum(call, x.element);
    for (Odometer tap(taps); !tap.Done(); tap.Next()) {
      std::vector<int64_t> from = {at.Index()[0], m / per_group * w.dims[1] + tap.Index()[0]};
      bool inside = true;
      for (size_t i = 0; i < axes.size(); ++i) {
        const Axis& axis = axes[i];
        from.push_back(at.Index()[2 + i] * axis.stride + tap.Index()[1 + i] * axis.dilation - axis.before);
        inside = inside && from.back() >= 0 && from.back() < axis.extent;
      }
      if (inside) sum.Add(x, FlatIndex(x.dims, from), w, m * tap_count + tap.Flat());
    }
    if (b != nullptr) sum.Add(*b, m);
    sum.StoreTo(result, at.Flat());
  }
  return One(std::move(result));
}

// The sum, over all letters that the result lacks, of the products of the operands' elements.
Result<Arrays> Einsum(const Call& call) {
  const std::string& equation = call.operation.String("equation");
  const size_t arrow = equation.find("->");
  const std::string output = equation.substr(arrow + 2);
  const std::vector<std::string> terms = Split(equation.substr(0, arrow), ',');
  std::string letters = output;
  for (const std::string& term : terms) {
    for (const char letter : term) {
      if (letters.find(letter) == std::string::npos) letters += letter;
    }
  }
  std::vector<int64_t> extents(letters.size(), 1);
  for (size_t i = 0; i < terms.size(); ++i) {
    for (size_t axis = 0; axis < terms[i].size(); ++axis) {
      int64_t& extent = extents[letters.find(terms[i][axis])];
      const int64_t dim = call.In(i).dims[axis];
      if (dim != 1 && extent != 1 && dim != extent) return call.Fail("{}: sizes differ", terms[i][axis]);
      if (dim != 1) extent = dim;
    }
  }
  const std::vector<int64_t> dims(extents.begin(),
                                  extents.begin() + static_cast<std::ptrdiff_t>(output.size()));
  RNNC_ASSIGN(Array result, call.Make(call.In(0).element, dims));
  for (Odometer at(extents); !at.Done(); at.Next()) {
    double number = 1;
    uint64_t integer = 1;
    for (size_t i = 0; i < terms.size(); ++i) {
      std::vector<int64_t> index;
      for (const char letter : terms[i]) index.push_back(at.Index()[letters.find(letter)]);
      const Array& operand = call.In(i);
      const int64_t from = BroadcastIndex(operand.dims, index);
      if (operand.IsFloat()) {
        number = call.Rounded(operand.element, number * operand.NumberAt(from));
      } else {
        integer *= static_cast<uint64_t>(operand.IntegerAt(from));
      }
    }
    const std::vector<int64_t> to(at.Index().begin(),
                                  at.Index().begin() + static_cast<std::ptrdiff_t>(output.size()));
    const int64_t place = FlatIndex(dims, to);
    if (result.IsFloat()) {
      result.SetNumber(place, call.Rounded(result.element, result.NumberAt(place) + number));
    } else {
      result.SetInteger(place, result.IntegerAt(place) + static_cast<int64_t>(integer));
    }
  }
  return One(std::move(result));
}

}  // namespace

std::span<const Entry> ProductEntries() {
  static const std::vector<Entry> entries = {
      {OpKind::kMatmul, MatMul}, {OpKind::kGemm, Gemm}, {OpKind::kConv, Conv}, {OpKind::kEinsum, Einsum}};
  return entries;
}

}  // namespace rnnc::ir::oracle
