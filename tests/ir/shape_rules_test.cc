// SPDX-FileCopyrightText: The rnnc authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/ir/shape_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "compiler/ir/builder.h"

// Types over symbolic dims. (ONNX's own node models test the static ones: tests/import/node_models_test.cc.)
// Catches rules that hold for some lengths only.
namespace rnnc::ir {
namespace {

using testing::HasSubstr;

const Dim kT = Dim::Symbol("T");

// A function under construction.
class ShapeRules : public testing::Test {
 protected:
  Value* Argument(std::vector<Dim> dims, ElementType element = ElementType::kF32) {
    return Body().AddArgument(MakeType(element, std::move(dims)), "x");
  }
  Value* Ints(const std::vector<int64_t>& values) { return module_.AddConst("c", MakeIntTensor(values)); }
  Value* Int(int64_t value) {
    return module_.AddConst("c", MakeScalar(ElementType::kI64, static_cast<double>(value)));
  }

  // "f32[T,1]", several with a space between, or what is said instead.
  std::string TypeOf(OpKind kind, const std::vector<Value*>& operands,
                     const std::map<std::string, Attribute>& attributes = {}) {
    Operation* op = Builder(Body()).Create(kind, operands, {});
    for (const auto& [name, value] : attributes) op->Set(name, value);
    Result<std::vector<Type>> types = InferTypes(*op, ints_);
    if (!types) return Render(types.diagnostics());
    std::string text;
    for (const Type& type : *types) {
      text += (text.empty() ? "" : " ") + type.ToText();
      op->AddResult(type);
    }
    last_ = op->ResultCount() > 0 ? op->Result() : nullptr;
    return text;
  }
  // The value of an operation that must be well typed.
  Value* Op(OpKind kind, const std::vector<Value*>& operands,
            const std::map<std::string, Attribute>& attributes = {}) {
    const std::string said = TypeOf(kind, operands, attributes);
    EXPECT_NE(last_, nullptr) << said;
    return last_;
  }
  Value* ShapeOf(Value* value) { return Op(OpKind::kShape, {value}, {{"start", int64_t{0}}}); }
  // "[T,1]" or "unknown".
  std::string Known(Value* value) {
    std::optional<std::vector<Dim>> elements = ints_.Of(value);
    if (!elements) return "unknown";
    std::string text;
    for (const Dim& element : *elements) text += (text.empty() ? "[" : ",") + element.ToText();
    return text.empty() ? "[]" : text + "]";
  }
  Block& Body() { return module_.Functions().front()->Body(); }

  void SetUp() override { module_.AddFunction("main"); }
  Module module_;
  KnownInts ints_;
  Value* last_ = nullptr;
};

TEST_F(ShapeRules, Broadcasting) {
  Value* x = Argument({kT, 1, 4});
  EXPECT_EQ(TypeOf(OpKind::kAdd, {x, Argument({3, 1})}), "f32[T,3,4]");
  EXPECT_EQ(TypeOf(OpKind::kAdd, {x, Argument({})}), "f32[T,1,4]");
  EXPECT_EQ(TypeOf(OpKind::kAdd, {x, Argument({kT, 2, 1})}), "f32[T,2,4]");
  EXPECT_THAT(TypeOf(OpKind::kAdd, {x, Argument({5, 1, 4})}),
              HasSubstr("cannot prove that T and 5 are equal; bind it with --dim T=N"));
  EXPECT_THAT(TypeOf(OpKind::kAdd, {x, Argument({kT + 1, 1, 4})}),
              HasSubstr("cannot prove that T and T+1 are equal"));
}

TEST_F(ShapeRules, Reshape) {
  const std::map<std::string, Attribute> copy = {{"allowzero", int64_t{0}}};
  const std::map<std::string, Attribute> zero = {{"allowzero", int64_t{1}}};
  Value* x = Argument({kT, 2, 6});
  EXPECT_EQ(TypeOf(OpKind::kReshape, {x, Ints({-1, 12})}, copy), "f32[T,12]");
  EXPECT_EQ(TypeOf(OpKind::kReshape, {x, Ints({-1, 4})}, copy), "f32[3*T,4]");
  EXPECT_EQ(TypeOf(OpKind::kReshape, {x, Ints({0, -1})}, copy), "f32[T,12]");
  EXPECT_EQ(TypeOf(OpKind::kReshape, {x, Ints({0, 0, 3, 2})}, copy), "f32[T,2,3,2]");
  EXPECT_EQ(TypeOf(OpKind::kReshape, {x, ShapeOf(Argument({kT, 12}))}, copy), "f32[T,12]");
  EXPECT_THAT(TypeOf(OpKind::kReshape, {x, Ints({6, 12})}, copy),
              HasSubstr("--dim T=6 compiles, for that length only"));
  EXPECT_THAT(TypeOf(OpKind::kReshape, {x, Ints({7, -1})}, copy), HasSubstr("--dim T=7 compiles"));
  EXPECT_THAT(TypeOf(OpKind::kReshape, {x, Ints({-1, -1})}, copy), HasSubstr("more than one -1"));
  EXPECT_THAT(TypeOf(OpKind::kReshape, {Argument({4, 3}), Ints({5})}, copy),
              HasSubstr("12 elements are not 5"));
  EXPECT_THAT(TypeOf(OpKind::kReshape, {x, Ints({0, 12})}, zero), HasSubstr("cannot become [0,12]"));
  EXPECT_EQ(TypeOf(OpKind::kReshape, {Argument({0, 3}), Ints({3, 0})}, zero), "f32[3,0]");
}

TEST_F(ShapeRules, SliceOfALength) {
  Value* x = Argument({kT + 4, 3});
  const auto slice = [&](int64_t start, int64_t end, int64_t step) {
    return TypeOf(OpKind::kSlice, {x, Ints({start}), Ints({end}), Ints({0}), Ints({step})});
  };
  EXPECT_EQ(slice(0, std::numeric_limits<int64_t>::max(), 1), "f32[T+4,3]");
  EXPECT_EQ(slice(1, std::numeric_limits<int32_t>::max(), 1), "f32[T+3,3]");
  EXPECT_EQ(slice(-4, std::numeric_limits<int64_t>::max(), 1), "f32[4,3]");
  EXPECT_EQ(slice(-4, -1, 1), "f32[3,3]");
  EXPECT_EQ(slice(0, -4, 1), "f32[T,3]");
  EXPECT_EQ(slice(2, 4, 1), "f32[2,3]");
  EXPECT_EQ(slice(-1, std::numeric_limits<int64_t>::min(), -1), "f32[T+4,3]");
  EXPECT_THAT(slice(0, 5, 1), HasSubstr("depends on its length; bind it with --dim T=N"));
  EXPECT_THAT(slice(-5, std::numeric_limits<int64_t>::max(), 1), HasSubstr("depends on its length"));
  EXPECT_THAT(slice(0, 4, 0), HasSubstr("steps: 0"));
}

// Sizes from the ONNX text: every start, end and step against counting.
TEST_F(ShapeRules, SliceOfIntegers) {
  for (int64_t size = 0; size < 5; ++size) {
    for (int64_t start = -7; start < 8; ++start) {
      for (int64_t end = -7; end < 8; ++end) {
        for (int64_t step : {-3, -2, -1, 1, 2, 3}) {
          const auto clamp = [&](int64_t at, int64_t low, int64_t high) {
            return std::clamp(at < 0 ? at + size : at, low, high);
          };
          int64_t count = 0;
          if (size > 0 && step > 0) {
            for (int64_t i = clamp(start, 0, size); i < clamp(end, 0, size); i += step) ++count;
          } else if (size > 0) {
            for (int64_t i = clamp(start, 0, size - 1); i > clamp(end, -1, size - 1); i += step) ++count;
          }
          const std::optional<SliceRange> range = ResolveSlice(size, start, end, step);
          ASSERT_TRUE(range.has_value());
          EXPECT_EQ(range->count.Value(), count) << size << ": " << start << ":" << end << ":" << step;
        }
      }
    }
  }
}

TEST_F(ShapeRules, LayoutOverSymbols) {
  Value* x = Argument({kT, 6});
  EXPECT_EQ(TypeOf(OpKind::kConcat, {x, Argument({3, 6})}, {{"axis", int64_t{0}}}), "f32[T+3,6]");
  EXPECT_EQ(TypeOf(OpKind::kSplit, {x}, {{"axis", int64_t{1}}, {"num_outputs", int64_t{4}}}),
            "f32[T,2] f32[T,2] f32[T,2] f32[T,0]");
  EXPECT_EQ(TypeOf(OpKind::kSplit, {x, Ints({1, 5})}, {{"axis", int64_t{-1}}}), "f32[T,1] f32[T,5]");
  EXPECT_EQ(TypeOf(OpKind::kPad, {x, Ints({2, 0, 0, 1})}, {{"mode", std::string("constant")}}), "f32[T+2,7]");
  EXPECT_THAT(TypeOf(OpKind::kPad, {x, Ints({-1, 0, 0, 0})}, {{"mode", std::string("constant")}}),
              HasSubstr("T-1 might be negative"));
  EXPECT_THAT(TypeOf(OpKind::kPad, {x, Ints({1, 0, 0, 0})}, {{"mode", std::string("reflect")}}),
              HasSubstr("reflect 1 elements do not fit axis 0, which is T"));
  EXPECT_EQ(TypeOf(OpKind::kGather, {x, Int(-1)}, {{"axis", int64_t{0}}}), "f32[6]");
  EXPECT_EQ(TypeOf(OpKind::kTranspose, {x}, {{"perm", std::vector<int64_t>{1, 0}}}), "f32[6,T]");
  EXPECT_THAT(TypeOf(OpKind::kSqueeze, {x, Ints({0})}), HasSubstr("axis 0 of f32[T,6] is T, not 1"));
  EXPECT_EQ(TypeOf(OpKind::kExpand, {Argument({1, 6}), ShapeOf(x)}), "f32[T,6]");
  EXPECT_EQ(TypeOf(OpKind::kFlatten, {Argument({2, kT, 3})}, {{"axis", int64_t{2}}}), "f32[2*T,3]");
}

TEST_F(ShapeRules, Convolution) {
  const auto conv = [&](const Dim& size, int64_t kernel, int64_t stride, int64_t pad) {
    return TypeOf(OpKind::kConv, {Argument({1, 2, size}), Argument({4, 2, kernel})},
                  {{"strides", std::vector<int64_t>{stride}},
                   {"dilations", std::vector<int64_t>{1}},
                   {"pads", std::vector<int64_t>{pad, 0}},
                   {"group", int64_t{1}}});
  };
  EXPECT_EQ(conv(10, 3, 2, 0), "f32[1,4,4]");
  EXPECT_EQ(conv(kT, 3, 1, 2), "f32[1,4,T]");
  EXPECT_EQ(conv(kT * Dim(4), 4, 4, 0), "f32[1,4,T]");
  EXPECT_THAT(conv(kT, 3, 1, 0), HasSubstr("T-2 might be negative"));
  EXPECT_THAT(conv(kT, 3, 2, 2), HasSubstr("is no polynomial"));
  EXPECT_THAT(conv(2, 3, 1, 0), HasSubstr("does not fit"));
}

TEST_F(ShapeRules, ElementTypes) {
  Value* ints = Argument({2}, ElementType::kI64);
  EXPECT_THAT(TypeOf(OpKind::kTanh, {ints}), HasSubstr("x: must be a float, is i64[2]"));
  EXPECT_EQ(TypeOf(OpKind::kLess, {ints, ints}), "bool[2]");
  EXPECT_THAT(TypeOf(OpKind::kWhere, {ints, ints, ints}), HasSubstr("condition: must be bool"));
  EXPECT_EQ(TypeOf(OpKind::kPow, {Argument({2}), ints}), "f32[2]");
  EXPECT_THAT(TypeOf(OpKind::kMod, {Argument({2}), Argument({2})}, {{"fmod", int64_t{0}}}),
              HasSubstr("fmod: must be 1"));
}

TEST_F(ShapeRules, KnownIntegers) {
  Value* shape = ShapeOf(Argument({kT, 2, 6}));
  EXPECT_EQ(Known(shape), "[T,2,6]");
  Value* length = Op(OpKind::kGather, {shape, Int(0)}, {{"axis", int64_t{0}}});
  EXPECT_EQ(Known(length), "[T]");
  Value* row = Op(OpKind::kUnsqueeze, {length, Ints({0})});
  EXPECT_EQ(Known(Op(OpKind::kConcat, {Ints({1}), row, Ints({8})}, {{"axis", int64_t{0}}})), "[1,T,8]");
  EXPECT_EQ(Known(Op(OpKind::kMul, {length, Int(3)})), "[3*T]");
  EXPECT_EQ(Known(Op(OpKind::kDiv, {Op(OpKind::kMul, {length, Int(6)}), Int(4)})), "unknown");
  EXPECT_EQ(Known(Op(OpKind::kDiv, {Op(OpKind::kMul, {length, Int(6)}), Int(3)})), "[2*T]");
  EXPECT_EQ(Known(Op(OpKind::kDiv, {Int(-7), Int(2)})), "[-3]");
  EXPECT_EQ(Known(Op(OpKind::kMod, {Int(-7), Int(2)}, {{"fmod", int64_t{0}}})), "[1]");
  EXPECT_EQ(Known(Op(OpKind::kSlice, {shape, Ints({-2}), Ints({1000})})), "[2,6]");
  EXPECT_EQ(Known(Op(OpKind::kSlice, {shape, Ints({-1}), Ints({-1000}), Ints({0}), Ints({-1})})), "[6,2,T]");
  EXPECT_EQ(Known(Op(OpKind::kReduceProd, {shape},
                     {{"keepdims", int64_t{0}}, {"noop_with_empty_axes", int64_t{0}}})),
            "[12*T]");
  EXPECT_EQ(Known(Op(OpKind::kSize, {Argument({kT, kT})})), "[T*T]");
  // A length is never -1, and may or may not be 1.
  EXPECT_EQ(Known(Op(OpKind::kEqual, {length, Int(-1)})), "[0]");
  Value* unknown = Op(OpKind::kEqual, {length, Int(1)});
  EXPECT_EQ(Known(unknown), "unknown");
  EXPECT_EQ(Known(Op(OpKind::kWhere, {unknown, length, length})), "[T]");
  Value* filled = Op(OpKind::kConstantOfShape, {Ints({3}), Ints({7})});
  EXPECT_EQ(Known(filled), "[7,7,7]");
  EXPECT_EQ(Known(Argument({2}, ElementType::kI64)), "unknown");
  EXPECT_EQ(Known(Op(OpKind::kCast, {Int(300)}, {{"to", std::string("u8")}})), "[44]");  // bits are cut
}

TEST_F(ShapeRules, Sizes) {
  EXPECT_THAT(TypeOf(OpKind::kExpand, {Argument({1}), Ints({int64_t{1} << 62, 8})}), HasSubstr("too large"));
  EXPECT_THAT(TypeOf(OpKind::kExpand, {Argument({1}), Ints({-2})}), HasSubstr("-2 is no size"));
}

// Every operator of the graph has a rule, and so the importer and the verifier know its types. Those of a
// scan are its body's.
TEST(ShapeRuleTable, IsComplete) {
  for (const OpInfo& info : AllOps()) {
    if (!info.LegalIn(Stage::kGraph) || info.results.empty() || info.kind == OpKind::kScan) continue;
    EXPECT_TRUE(HasShapeRule(info.kind)) << info.text;
  }
}

// A float length that only a cast of a constant could have.
TEST_F(ShapeRules, RangeOfComputedFloats) {
  const auto real = [&](double value) { return module_.AddConst("f", MakeScalar(ElementType::kF32, value)); };
  Value* size = Op(OpKind::kCast, {Int(9)}, {{"to", std::string("f32")}});
  Value* half = Op(OpKind::kMul, {size, real(0.5)});
  EXPECT_EQ(TypeOf(OpKind::kRange, {real(0), half, real(1)}), "f32[5]");
  EXPECT_THAT(TypeOf(OpKind::kRange, {real(0), Argument({}), real(1)}),
              HasSubstr("limit: %x depends on the input"));
  // A value without a name, in place of an empty one.
  EXPECT_THAT(TypeOf(OpKind::kRange, {real(0), Op(OpKind::kNeg, {Argument({})}), real(1)}),
              HasSubstr("limit: what is computed for it depends on the input 'x'"));
  EXPECT_THAT(TypeOf(OpKind::kRange, {real(0), half, real(0)}), HasSubstr("no length that can be computed"));
}

// Rules that need the length where the mathematics does not, or guess it where it does.
TEST_F(ShapeRules, OperatorsOverALength) {
  const std::map<std::string, Attribute> arg = {
      {"axis", int64_t{-1}}, {"keepdims", int64_t{0}}, {"select_last_index", int64_t{0}}};
  EXPECT_EQ(TypeOf(OpKind::kArgMax, {Argument({kT, 1, 9})}, arg), "i64[T,1]");
  EXPECT_EQ(TypeOf(OpKind::kArgMax, {Argument({9, kT})}, arg), "i64[9]");
  EXPECT_THAT(TypeOf(OpKind::kArgMax, {Argument({kT, 0})}, arg), HasSubstr("axis: 1 of f32[T,0] is empty"));
  EXPECT_EQ(TypeOf(OpKind::kHardmax, {Argument({kT, 9})}, {{"axis", int64_t{1}}}), "f32[T,9]");
  EXPECT_EQ(TypeOf(OpKind::kTile, {Argument({kT, 3}), Ints({2, 3})}), "f32[2*T,9]");
  Value* length = Op(OpKind::kGather, {ShapeOf(Argument({kT, 1})), Int(0)}, {{"axis", int64_t{0}}});
  EXPECT_EQ(TypeOf(OpKind::kRange, {Int(0), length, Int(1)}), "i64[T]");
  EXPECT_EQ(TypeOf(OpKind::kRange, {length, Int(0), Int(-1)}), "i64[T]");
  EXPECT_EQ(TypeOf(OpKind::kRange, {length, Int(0), Int(1)}), "i64[0]");
  EXPECT_THAT(TypeOf(OpKind::kRange, {Int(0), length, Int(2)}),
              HasSubstr("depends on the sizes; bind it with --dim T=N"));
  EXPECT_THAT(TypeOf(OpKind::kRange, {Int(3), length, Int(1)}), HasSubstr("bind it with --dim T=N"));
  EXPECT_EQ(TypeOf(OpKind::kTrilu, {Argument({kT, kT})}, {{"upper", int64_t{1}}}), "f32[T,T]");
  EXPECT_EQ(
      TypeOf(OpKind::kEyeLike, {Argument({kT, 4})}, {{"dtype", std::string("bool")}, {"k", int64_t{0}}}),
      "bool[T,4]");
  EXPECT_EQ(TypeOf(OpKind::kEinsum, {Argument({kT, 3}), Argument({5, 3})},
                   {{"equation", std::string("tk,nk->tn")}}),
            "f32[T,5]");
}

TEST_F(ShapeRules, NormalizationsOverALength) {
  Value* channel = Argument({8});
  EXPECT_EQ(TypeOf(OpKind::kBatchNormalization, {Argument({1, 8, kT}), channel, channel, channel, channel},
                   {{"epsilon", 1e-5}}),
            "f32[1,8,T]");
  EXPECT_THAT(TypeOf(OpKind::kBatchNormalization, {Argument({1, kT}), channel, channel, channel, channel},
                     {{"epsilon", 1e-5}}),
              HasSubstr("scale: must be a float for each of T channels"));
  EXPECT_EQ(TypeOf(OpKind::kLayerNormalization, {Argument({kT, 1, 8}), channel},
                   {{"axis", int64_t{-1}}, {"epsilon", 1e-5}, {"stash", std::string("f32")}}),
            "f32[T,1,8] f32[T,1,1] f32[T,1,1]");
}

TEST_F(ShapeRules, WindowsOverALength) {
  const auto pool = [&](int64_t stride, int64_t ceil) {
    return TypeOf(OpKind::kMaxPool, {Argument({1, 8, kT})},
                  {{"kernel_shape", std::vector<int64_t>{3}},
                   {"strides", std::vector<int64_t>{stride}},
                   {"pads", std::vector<int64_t>{2, 0}},
                   {"dilations", std::vector<int64_t>{1}},
                   {"ceil_mode", ceil}});
  };
  EXPECT_EQ(pool(1, 0), "f32[1,8,T]");
  EXPECT_EQ(pool(1, 1), "f32[1,8,T]");
  EXPECT_THAT(pool(2, 0), HasSubstr("are no polynomial; bind it with --dim T=N"));
  EXPECT_EQ(TypeOf(OpKind::kConvTranspose, {Argument({1, 8, kT}), Argument({8, 4, 3})},
                   {{"strides", std::vector<int64_t>{2}},
                    {"pads", std::vector<int64_t>{0, 1}},
                    {"dilations", std::vector<int64_t>{1}},
                    {"output_padding", std::vector<int64_t>{0}},
                    {"group", int64_t{1}}}),
            "f32[1,4,2*T]");
}

}  // namespace
}  // namespace rnnc::ir
