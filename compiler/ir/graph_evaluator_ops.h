// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/ir/array.h"
#include "compiler/ir/module.h"
#include "compiler/support/result.h"

// Inside of the oracle: the operators by family, one table each. Nothing here is for other users.
namespace rnnc::ir::oracle {

using Arrays = std::vector<Array>;

// One operation with the values of its operands.
struct Call {
  const Operation& operation;
  std::vector<const Array*> operands;  // null for an absent one
  bool round = false;
  bool round_doubles_to_floats = false;
  int64_t max_elements = 0;

  bool Has(size_t i) const { return i < operands.size() && operands[i] != nullptr; }
  const Array& In(size_t i) const { return *operands[i]; }
  const Array& In(std::string_view name) const { return *Find(name); }
  const Array* Find(std::string_view name) const {
    const auto i = static_cast<size_t>(operation.Info().OperandIndex(name));
    return Has(i) ? operands[i] : nullptr;
  }
  // `value` as a float of type `element` holds it after one step of arithmetic.
  double Rounded(ElementType element, double value) const {
    if (!round || !IsFloat(element)) return value;
    return RoundTo(round_doubles_to_floats && element == ElementType::kF64 ? ElementType::kF32 : element,
                   value);
  }
  Result<> Fits(const std::vector<int64_t>& dims) const;  // within max_elements, nothing negative
  Result<Array> Make(ElementType element, const std::vector<int64_t>& dims) const;
  template <typename... Args>
  Diagnostic Fail(fmt::format_string<Args...> format, Args&&... args) const {
    return Error(operation.location, "{}: {}", operation.Info().text,
                 fmt::format(format, std::forward<Args>(args)...));
  }
};

using Handler = Result<Arrays> (*)(const Call& call);
struct Entry {
  OpKind kind;
  Handler handler;
};

std::span<const Entry> PointwiseEntries();
std::span<const Entry> ElementwiseEntries();
std::span<const Entry> ReductionEntries();
std::span<const Entry> LayoutEntries();
std::span<const Entry> SelectionEntries();
std::span<const Entry> ProductEntries();
std::span<const Entry> RecurrentEntries();
std::span<const Entry> IndexingEntries();
std::span<const Entry> WindowEntries();
std::span<const Entry> NormalizationEntries();

// A single result.
Arrays One(Array array);

// `axis` counted from the end when negative; an error outside -rank..rank-1.
Result<int64_t> AxisOf(const Call& call, int64_t axis, int64_t rank);

// The shape that all of the shapes broadcast to (ONNX "multidirectional broadcasting").
Result<std::vector<int64_t>> BroadcastDims(const Call& call, const std::vector<std::vector<int64_t>>& shapes);

// Walks all index vectors of a shape in row-major order. `for (Odometer at(dims); !at.Done(); at.Next())`.
class Odometer {
 public:
  explicit Odometer(const std::vector<int64_t>& dims);
  bool Done() const { return done_; }
  void Next();
  const std::vector<int64_t>& Index() const { return index_; }
  int64_t Flat() const { return flat_; }

 private:
  const std::vector<int64_t> dims_;
  std::vector<int64_t> index_;
  int64_t flat_ = 0;
  bool done_ = false;
};

// The flat index into an array of shape `dims` of the element that `index` (of the shape it broadcasts to)
// means.
int64_t BroadcastIndex(const std::vector<int64_t>& dims, const std::vector<int64_t>& index);
int64_t FlatIndex(const std::vector<int64_t>& dims, const std::vector<int64_t>& index);

}  // namespace rnnc::ir::oracle
