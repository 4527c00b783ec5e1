// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/driver/comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rnnc::driver {

void CompareElements(const ir::Tensor& got, const ir::Tensor& expected, bool is_cost, OutputComparison& row) {
  const bool integer = !ir::IsFloat(got.type.element);
  for (int64_t i = 0; i < got.ElementCount(); ++i) {
    const double a = got.NumberAt(i);
    const double b = expected.NumberAt(i);
    (is_cost && std::fabs(b) <= row.atol ? row.below : row.elements) += 1;
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    if (std::isinf(a) && ir::RoundTo(got.type.element, b) == a) continue;
    double difference = std::fabs(a - b);
    if (std::isnan(difference)) difference = std::numeric_limits<double>::infinity();
    row.largest_absolute = std::max(row.largest_absolute, difference);
    const bool finite = std::isfinite(difference);  // else nothing is near, although inf <= rtol * inf
    const double relative = b == 0 || !finite ? difference : difference / std::fabs(b);
    row.largest_relative = std::max(row.largest_relative, relative);
    const bool close = !integer && finite && difference <= row.atol + row.rtol * std::fabs(b);
    row.within &= close;
  }
}

double LargestDifference(const ir::Tensor* rounded, const ir::Tensor* exact) {
  double largest = 0;
  for (int64_t i = 0; rounded != nullptr && exact != nullptr && i < exact->ElementCount(); ++i) {
    const double difference = std::fabs(rounded->NumberAt(i) - exact->NumberAt(i));
    if (std::isfinite(difference)) largest = std::max(largest, difference);
  }
  return largest;
}

}  // namespace rnnc::driver
