// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/support/diagnostic.h"

#include <gtest/gtest.h>

namespace rnnc {
namespace {

// Catches a lost part of the place, or a stray colon where a part is empty.
TEST(Diagnostic, RendersThePlaceItKnows) {
  EXPECT_EQ(Render(Error({"m.onnx", {"a", "b"}}, "clip: {} is negative; drop it", -1)),
            "m.onnx: a, b: clip: -1 is negative; drop it");
  EXPECT_EQ(Render(Error({"m.onnx", {}}, "empty file")), "m.onnx: empty file");
  EXPECT_EQ(Render(Warning({"", {"a"}}, "unused")), "a: warning: unused");
  EXPECT_EQ(Render(Error({}, "nothing known")), "nothing known");
}

// Catches a note that is lost or not told apart from its diagnostic.
TEST(Diagnostic, NotesFollowIndented) {
  Diagnostic error = Error({"m.onnx", {"b"}}, "name %x is taken");
  error.notes.push_back(Note({"m.onnx", {"a"}}, "first given here"));
  EXPECT_EQ(Render(error), "m.onnx: b: name %x is taken\n  m.onnx: a: note: first given here");
}

// Catches a fused operator that forgets where it came from, or names one node twice.
TEST(Location, UniteKeepsEachNodeOnce) {
  const Location united = Unite({"m.onnx", {"a", "b"}}, {"m.onnx", {"b", "c"}});
  EXPECT_EQ(united, (Location{"m.onnx", {"a", "b", "c"}}));
  EXPECT_EQ(Unite({}, {"m.onnx", {"c"}}), (Location{"m.onnx", {"c"}}));
}

}  // namespace
}  // namespace rnnc
