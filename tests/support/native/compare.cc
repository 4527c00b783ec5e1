// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/support/native/compare.h"

#include <cmath>
#include <cstring>
#include <random>

namespace rnnc::test {

::testing::AssertionResult Close(const ir::Tensor& got, const ir::Tensor& expected, const Bound& bound) {
  if (!(got.type == expected.type)) {
    return ::testing::AssertionFailure() << got.type.ToText() << ", expected " << expected.type.ToText();
  }
  double worst = 0;
  int64_t where = -1;
  for (int64_t i = 0; i < got.ElementCount(); ++i) {
    const double a = got.NumberAt(i), b = expected.NumberAt(i);
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    double excess = std::fabs(a - b) - (bound.atol + bound.rtol * std::fabs(b));
    if (std::isnan(excess)) excess = INFINITY;
    if (excess > worst) worst = excess, where = i;
  }
  if (where < 0) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << got.type.ToText() << " element " << where << ": " << got.NumberAt(where) << ", expected "
         << expected.NumberAt(where) << " within " << bound.atol << " + " << bound.rtol << " |expected|";
}

::testing::AssertionResult SameBits(const ir::Tensor& got, const ir::Tensor& expected) {
  if (!(got.type == expected.type)) {
    return ::testing::AssertionFailure() << got.type.ToText() << ", expected " << expected.type.ToText();
  }
  if (got.bytes == expected.bytes) return ::testing::AssertionSuccess();
  const auto size = static_cast<size_t>(ir::BytesOf(got.type.element));
  size_t i = 0;
  while (std::memcmp(&got.bytes[i * size], &expected.bytes[i * size], size) == 0) ++i;
  const auto at = static_cast<int64_t>(i);
  return ::testing::AssertionFailure()
         << got.type.ToText() << " element " << i << ": " << got.NumberAt(at) << ", expected the bits of "
         << expected.NumberAt(at) << ", difference " << got.NumberAt(at) - expected.NumberAt(at);
}

ir::Tensor RandomTensor(ir::ElementType element, const std::vector<int64_t>& dims, uint64_t seed,
                        int64_t largest) {
  ir::Tensor tensor = ir::ZeroTensor(ir::MakeStaticType(element, dims));
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal(0.2, 0.9);
  std::uniform_int_distribution<int64_t> index(0, largest);
  for (int64_t i = 0; i < tensor.ElementCount(); ++i) {
    if (ir::IsFloat(element)) {
      tensor.SetNumber(i, normal(generator));
    } else {
      tensor.SetInteger(i, index(generator));
    }
  }
  return tensor;
}

const ir::Tensor* FindTensor(const std::vector<driver::NamedTensor>& tensors, const std::string& name,
                             size_t position) {
  for (const driver::NamedTensor& tensor : tensors) {
    if (tensor.name == name) return &tensor.tensor;
  }
  if (position < tensors.size() && tensors[position].name.empty()) return &tensors[position].tensor;
  return nullptr;
}

Bound BoundOf(const std::string& model_file, const std::string& output) {
  const auto goldens = driver::ReadGoldens(model_file);
  Bound bound;
  if (!goldens.ok() || !*goldens) return bound;
  bound.rtol = (*goldens)->rtol;
  if (auto found = (*goldens)->outputs.find(output); found != (*goldens)->outputs.end()) {
    bound.atol = found->second.atol;
  }
  return bound;
}

}  // namespace rnnc::test
