// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/ir/index_expr.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "tests/support/even_choice.h"

namespace rnnc::ir {
namespace {

using test::EvenlyFrom;

IndexExpr V(int id) { return IndexExpr::Variable(id); }
int64_t At(const IndexExpr& expr, const std::vector<int64_t>& point) {
  return expr.Evaluate(point, {{"T", 6}}, [](int id) { return int64_t{id} * 10 + 1; });
}

// A random expression over four variables, the symbol T, and data.
IndexExpr Random(int depth) {
  switch (depth == 0 ? EvenlyFrom(0, 3) : EvenlyFrom(0, 9)) {
    case 0:
      return IndexExpr(EvenlyFrom<int64_t>(-20, 20));
    case 1:
    case 2:
      return V(EvenlyFrom(0, 4));
    case 3:
      return Random(depth - 1) + Random(depth - 1);
    case 4:
      return Random(depth - 1) - Random(depth - 1);
    case 5:
      return Random(depth - 1) * Dim(EvenlyFrom<int64_t>(-9, 10));
    case 6:
      return IndexExpr::FloorDiv(Random(depth - 1), EvenlyFrom<int64_t>(1, 9));
    case 7:
      return IndexExpr::Mod(Random(depth - 1), EvenlyFrom<int64_t>(1, 9));
    default:
      return *rc::gen::arbitrary<bool>() ? IndexExpr::Node(EvenlyFrom(0, 3))
                                         : Random(depth - 1) + IndexExpr(Dim::Symbol("T") * 2);
  }
}

std::vector<Dim> RandomExtents(std::vector<int64_t>& point) {
  std::vector<Dim> extents;
  for (int v = 0; v < 4; ++v) {
    const int64_t extent = EvenlyFrom<int64_t>(1, 12);
    extents.emplace_back(extent);
    point.push_back(EvenlyFrom<int64_t>(0, extent));
  }
  return extents;
}

// Catches a simplification that changes a value.
RC_GTEST_PROP(IndexExpr, SimplifyKeepsValues, ()) {
  std::vector<int64_t> point;
  const std::vector<Dim> extents = RandomExtents(point);
  const IndexExpr expr = Random(4);
  RC_ASSERT(At(expr.Simplify(extents), point) == At(expr, point));
}

// Catches bounds that a value exceeds.
RC_GTEST_PROP(IndexExpr, RangesHold, ()) {
  std::vector<int64_t> point;
  const std::vector<Dim> extents = RandomExtents(point);
  const IndexExpr expr = Random(4);
  const IndexExpr::Range range = expr.RangeFor(extents);
  RC_ASSERT(!range.low || *range.low <= At(expr, point));
  RC_ASSERT(!range.high || *range.high >= At(expr, point));
}

// Catches a substitution that misses an occurrence or replaces what it has put in.
RC_GTEST_PROP(IndexExpr, SubstitutionKeepsValues, ()) {
  std::vector<int64_t> point;
  RandomExtents(point);
  const IndexExpr expr = Random(4), image = Random(2);
  std::vector<int64_t> moved = point;
  moved[1] = At(image, point);
  const IndexExpr replaced = expr.SubstituteVariables(
      [&](int id) { return id == 1 ? std::optional<IndexExpr>(image) : std::nullopt; });
  RC_ASSERT(At(replaced, point) == At(expr, moved));
  RC_ASSERT(At(expr.SubstituteSymbols({{"T", Dim(6)}}), point) == At(expr, point));
}

// Catches sums whose form depends on the order in which they were built.
RC_GTEST_PROP(IndexExpr, SumsAreCanonical, ()) {
  const IndexExpr a = Random(3), b = Random(3), c = Random(3);
  RC_ASSERT((a + b) + c == c + (b + a));
  RC_ASSERT(a + b - b == a);
}

// (16*a + b) / 16 with b < 16 is a.
TEST(IndexExpr, SimplifiesWhatExtentsDecide) {
  const std::vector<Dim> extents = {4, 16, 1};
  const IndexExpr flat = V(0) * Dim(16) + V(1);
  EXPECT_EQ(IndexExpr::FloorDiv(flat, 16).Simplify(extents), V(0));
  EXPECT_EQ(IndexExpr::Mod(flat, 16).Simplify(extents), V(1));
  EXPECT_EQ(V(2).Simplify(extents), IndexExpr(0));
  EXPECT_EQ(IndexExpr::Mod(flat, 8).Simplify(extents), IndexExpr::Mod(V(1), 8));
}

TEST(IndexExpr, Text) {
  const std::vector<std::string> names = {"i", "j"};
  EXPECT_EQ((V(0) * Dim(2) + V(1) - 3).ToText(names), "2*i+j-3");
  EXPECT_EQ((IndexExpr::FloorDiv(V(0) * Dim(3) + V(1), 4) * Dim(2)).ToText(names), "2*((3*i+j)/4)");
  EXPECT_EQ(IndexExpr::Mod(V(0), 4).ToText(names), "i%4");
  EXPECT_EQ((V(0) * (Dim::Symbol("T") + 1)).ToText(names), "(T+1)*i");
  EXPECT_EQ((IndexExpr(0) - V(1)).ToText(names), "-j");
}

TEST(IndexExpr, Coefficients) {
  EXPECT_EQ((V(0) * Dim(3) + V(1)).CoefficientOf(0), std::optional<Dim>(3));
  EXPECT_EQ(V(1).CoefficientOf(0), std::optional<Dim>(0));
  EXPECT_EQ(IndexExpr::FloorDiv(V(0), 2).CoefficientOf(0), std::nullopt);
}

}  // namespace
}  // namespace rnnc::ir
