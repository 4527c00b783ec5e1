// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each text breaks one rule; the comment `// expect: N reason` stands on the guilty line.
#include "compiler/ir/verifier.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "compiler/ir/builder.h"
#include "compiler/ir/printer.h"
#include "compiler/support/strings.h"
#include "tests/support/ir_helpers.h"

namespace rnnc::ir {
namespace {

constexpr std::string_view kMark = "  // expect: ";

const char* const kBroken[] = {
    R"(module @stage {stage=graph} {
  func @main(%x: f32[4]) -> () {
    %y: f32[4] = undefined  // expect: 1 undefined: not legal in stage graph
    return
  }
})",
    R"(module @operands {stage=graph} {
  func @main(%x: f32[4]) -> () {
    %y: f32[4] = add %x  // expect: 2 add: 1 operands
    %z: f32[4] = clip min: %x  // expect: 2 clip: operand x is missing
    return
  }
})",
    R"(module @results {stage=graph} {
  func @main(%x: f32[4]) -> () {
    %y: f32[4], %z: f32[4] = neg %x  // expect: 3 neg: 2 results
    _ = abs %x  // expect: 3 abs: result 0 cannot be absent
    return
  }
})",
    R"(module @attributes {stage=graph} {
  func @main(%x: f32[4]) -> () {
    %a: f32[4] = elu %x  // expect: 4 elu: alpha is missing
    %b: f32[4] = elu %x {alpha=1}  // expect: 4 elu: alpha must be a number
    %c: f32[4] = elu %x {alpha=1.0, beta=1.0}  // expect: 4 elu: there is no attribute beta
    return
  }
})",
    R"(module @dominance {stage=recurrence} {
  func @main(%x: f32[4]) -> (%y: f32[4]) {
    %y: f32[4] = scan t<3 carry(%h: f32[4] = %x) {
      %inner: f32[4] = neg %h
      yield carry(%inner)
    }
    %z: f32[4] = neg %inner  // expect: 5 neg: %inner is not defined here
    return %y
  }
})",
    R"(module @terminator {stage=recurrence} {
  func @main(%x: f32[4]) -> () {
    scan t<3 {
      %y: f32[4] = neg %x  // expect: 7 'yield' is missing at the end
    }
    return  // expect: 7 return: only at the end of a function
    %z: f32[4] = neg %x  // expect: 7 'return' is missing at the end
  }
})",
    R"(module @update {stage=graph} {
  const @c: f32[4] = [1.0, 2.0, 3.0, 4.0]
  state @s: f32[4] = zeros
  state @r: f32[4] = zeros
  func @main(%x: f32[4], %y: f32[5]) -> () {
    update @c, %x  // expect: 8 update: c is no state
    update @s, %y  // expect: 8 update: f32[5] for a state of f32[4]
    update @r, %x
    update @r, %x  // expect: 8 update: @r is updated twice
    return
  }
})",
    R"(module @return {stage=graph} {
  func @one(%x: f32[4]) -> (%y: f32[4], %z) {
    return %x  // expect: 9 return: 1 values for 2 results of @one
  }
  func @two(%x: f32[4]) -> (%y: f32[4], %y: f32[4]) {  // expect: 9 @two: two results of one name
    return %x, %x
  }
})",
    R"(module @type {stage=kernels} {
  func @main(%x: f32[-4]) -> () {  // expect: 10 no size can be -4
    %y: f32[T-T-1] = undefined  // expect: 10 no size can be -1
    return
  }
})",
    R"(module @state {stage=graph} {
  state @s: f32[T] = zeros  // expect: 10 @s is not of static type
  func @main(%x: f32[T]) -> () {
    return
  }
})",
    R"(module @shape {stage=graph} {
  func @main(%x: f32[2,3], %w: f32[3,5]) -> () {
    %y: f32[2,4] = matmul %x, %w  // expect: 12 matmul: the result is f32[2,5], not f32[2,4]
    return
  }
})",
    R"(module @symbol {stage=kernels} {
  func @main(%x: f32[T]) -> () {
    %y: f32[U] = undefined  // expect: 13 undefined: nothing gives the size U
    %z: f32[T] = map (i<T) { yield %x[i+k] }  // expect: 13 map: nothing gives the size k
    scan T<3 {  // expect: 13 scan: the symbol 'T' is not new
      yield
    }
    return
  }
})",
    R"(module @scan {stage=recurrence} {
  func @main(%x: f32[3,4], %h0: f32[4], %g0: f32[5]) -> () {
    %a: f32[3,4], %b: f32[4] = scan t<3 each(%xt: f32[5] = %x) carry(%h: f32[4] = %h0) {  // expect: 14 scan: sequence 0 is f32[3,4], not f32[3,5]
      yield each(%h) carry(%h)
    }
    %c: f32[4,4], %d: f32[4] = scan t<3 carry(%h2: f32[4] = %h0) {  // expect: 14 scan: stacked result 0 is f32[4,4], not f32[3,4]
      yield each(%h2) carry(%h2)
    }
    %e: f32[4] = scan t<3 carry(%h3: f32[4] = %g0) {  // expect: 14 scan: initial value 0 is f32[5], not f32[4]
      yield carry(%h3)
    }
    %f: f32[4] = scan t<3 carry(%h4: f32[4] = %h0) {  // expect: 14 scan: 2 yielded values, not 1
      yield carry(%h4, %h4)
    }
    return
  }
})",
    R"(module @each {stage=kernels} {
  func @main(%x: f32[3,4]) -> () {
    scan t<3 each(%xt: f32[4] = %x) {  // expect: 14 scan: kernels read sequences themselves; 'each' ends with stage recurrence
      yield
    }
    return
  }
})",
    R"(module @blocks {stage=kernels} {
  func @main(%x: f32[T,4]) -> () {
    %y: f32[T,4] = blocks t0 by N<=8 of T axes(1) {  // expect: 15 blocks: axis 1 of f32[N,4] is not N long
      %b: f32[N,4] = map (t<N, i<4) { yield %x[t+t0, i] }
      yield block(%b)
    }
    %z: f32[4,T] = blocks t0 by N<=8 of T axes(0) {  // expect: 15 blocks: output 0 is f32[4,T], not f32[T,4]
      %c: f32[N,4] = map (t<N, i<4) { yield %x[t+t0, i] }
      yield block(%c)
    }
    return
  }
})",
    R"(module @form {stage=kernels} {
  func @main(%x: f32[4]) -> () {
    %y: f32[4] = contract (i<4) { yield %x[i] }  // expect: 16 contract: this is a map
    %z: f32[] = contract () {  // expect: 16 contract: this is a reduce
      s = sum(k<4) %x[k]
      yield s
    }
    return
  }
})",
    R"(module @accumulator {stage=kernels} {
  func @main(%x: f32[4], %w: f64[4]) -> () {
    %y: f32[] = reduce () {  // expect: 17 reduce: 3 chains; a power of two is needed
      s = sum chains=3 (k<4) %x[k]
      yield s
    }
    %z: f32[] = reduce () {  // expect: 17 reduce: s is f32 and begins as f64
      s = %w[0] + sum(k<4) %x[k]
      yield s
    }
    %u: f32[] = reduce () {  // expect: 17 reduce: s is f32 and its elements are f64
      s: f32 = sum(k<4) %w[k]
      yield s
    }
    %v: f32[] = reduce () {  // expect: 17 reduce: 0 gates
      s[g<0] = sum(k<4) %x[k]
      yield 1.0
    }
    return
  }
})",
    R"(module @node {stage=kernels} {
  func @main(%x: f32[4]) -> () {
    %y: f32[] = reduce () {  // expect: 18 reduce: s has no gate 2
      s[g<2] = sum(k<4) %x[k]
      yield s[2]
    }
    return
  }
})",
    R"(module @node_type {stage=kernels} {
  func @main(%x: f32[4], %i: i64[4]) -> () {
    %a: i64[4] = map (i<4) { yield add(%x[i], %i[i]) }  // expect: 19 map: add of f32 and i64
    %b: i64[4] = map (i<4) { yield exp(%i[i]) }  // expect: 19 map: exp does not take i64
    %c: f32[4] = map (i<4) { yield select(%i[i], 1.0, 2.0) }  // expect: 19 map: select takes a bool first, not i64
    return
  }
})",
    R"(module @read {stage=kernels} {
  func @main(%x: f32[4]) -> () {
    %a: f32[4] = map (i<4) { yield %x[i, 0] }  // expect: 20 map: 2 indices into f32[4]
    %b: f32[4] = map (i<4) { yield %x[value(%x[i])] }  // expect: 20 map: an index cannot be f32
    return
  }
})",
    R"(module @bounds {stage=kernels} {
  func @main(%x: f32[4]) -> () {
    %a: f32[4] = map (i<4) { yield %x[i+1] }  // expect: 21 map: index 4 of axis 0 of f32[4]
    %b: f32[4] = map (i<4) { yield %x[i-1] }  // expect: 21 map: index -1 of axis 0 of f32[4]
    %c: f32[8] = map (i<8) { yield %x[i%5] }  // expect: 21 map: index 4 of axis 0 of f32[4]
    return
  }
})",
    R"(module @outputs {stage=kernels} {
  func @main(%x: f32[4]) -> () {
    %a: f32[4] = map (i<4) { yield %x[i], %x[i] }  // expect: 22 map: 2 outputs and 2 stores for 1 results
    %b: i64[4] = map (i<4) { yield %x[i] }  // expect: 22 map: output 0 is f32 for i64[4]
    return
  }
})",
    R"(module @store {stage=kernels} {
  func @main(%x: f32[4]) -> () {
    %a: f32[4] = map (i<4) { yield %x[i] at [i, 0] }  // expect: 23 map: 2 indices for f32[4]
    %b: f32[4] = map (i<4) { yield %x[i] at [i+1] }  // expect: 23 map: index 4 of axis 0 of f32[4]
    %c: f32[4] = map (i<4) { yield %x[i] at [i/2] }  // expect: 23 map: an element of result 0 is stored twice
    %d: f32[8] = map (i<4) { yield %x[i] at [2*i] }  // expect: 23 map: 4 points for f32[8]
    return
  }
})",
    R"(module @into {stage=kernels} {
  func @main(%x: f32[4]) -> () {
    %a: f32[5] = map (i<4) into %x { yield 1.0 }  // expect: 24 map: into f32[4] for a result of f32[5]
    return
  }
})",
    R"(module @early {stage=graph} {
  func @main(%x: f32[4]) -> () {
    %y: f32[4] at arena[0:16] = neg %x  // expect: 25 y has too early a place
    return
  }
})",
    R"(module @place {stage=planned, arena_bytes=16} {
  func @main(%x: f32[4] at input0[0:16]) -> () {
    %y: f32[4] = map (i<4) { yield %x[i] }  // expect: 25 y needs a place
    %z: f32[4] at arena[0:12] = map (i<4) { yield %x[i] }  // expect: 26 12 bytes for f32[4]
    %u: f32[4] at arena[8:16] = map (i<4) { yield %x[i] }  // expect: 26 bytes 8 to 24 lie outside of arena
    return
  }
})",
};

// What the comments say, by line.
std::multimap<int, std::string> Expected(const std::string& text) {
  std::multimap<int, std::string> expected;
  const std::vector<std::string> lines = Split(text, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t mark = lines[i].find(kMark);
    if (mark != std::string::npos) {
      expected.emplace(static_cast<int>(i) + 1, lines[i].substr(mark + kMark.size()));
    }
  }
  return expected;
}

// Catches rules that are not checked, and messages that point to another line than the guilty one.
TEST(Verifier, EveryRule) {
  std::set<int> rules;
  for (const std::string text : kBroken) {
    std::multimap<int, std::string> actual;
    for (const Violation& violation : FindViolations(*ParseOrDie(text))) {
      actual.emplace(violation.line, std::to_string(violation.rule) + " " + violation.message);
      rules.insert(violation.rule);
    }
    EXPECT_EQ(actual, Expected(text)) << text;
  }
  // 6 and 11 cannot be broken by a text: parser and containers see to them.
  EXPECT_EQ(rules.size(), 24u);
}

// Catches data that is not of its type's size.
TEST(Verifier, Data) {
  Module module;
  module.AddConst("c", MakeIntTensor({1, 2}))->type = MakeType(ElementType::kI64, {3});
  module.AddConst("d", MakeIntTensor({1, 2}))->tensor = nullptr;
  const std::vector<Violation> violations = FindViolations(module);
  ASSERT_EQ(violations.size(), 2u);
  EXPECT_EQ(violations[0].rule, 11);
  EXPECT_EQ(violations[0].message, "@c: 16 bytes of i64[2] for i64[3]");
  EXPECT_EQ(violations[1].message, "@d has no data");
}

// Catches a use before the definition, which a text cannot say.
TEST(Verifier, UseBeforeDefinition) {
  auto module = ParseOrDie(R"(module @m {stage=graph} {
  func @main(%x: f32[4]) -> (%z: f32[4]) {
    %y: f32[4] = neg %x
    %z: f32[4] = abs %y
    return %z
  }
})");
  Block& body = module->Functions()[0]->Body();
  body.MoveHere(body.Operations()[1].get(), body.Operations()[0].get());
  const std::vector<Violation> violations = FindViolations(*module);
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].rule, 5);
  EXPECT_EQ(violations[0].line, 3);
}

// Catches a message without node, rule or line.
TEST(Verifier, SaysWhere) {
  const Result<> result = Verify(*ParseOrDie(R"(module @m {stage=graph, source="m.onnx"} {
  func @main(%x: f32[4]) -> () {
    %y: f32[4] = add %x loc("/a/Add")
    return
  }
})"));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(Render(result.diagnostics()),
            "m.onnx: /a/Add: add: 1 operands (rule 2 of the IR)\n"
            "  m.rnn:3: note: %y: f32[4] = add %x loc(\"/a/Add\")");
}

}  // namespace
}  // namespace rnnc::ir
