// wrong_shapes_test.cpp
// Nodes that move elements, and attributes, that are wrong by themselves: what a user reads of each.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <limits>

#include "tests/onnx/wrong_model.h"

namespace weft::test {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr const char* other_attribute = "export the model again, or correct the attribute";

TEST(WrongShapes, AxisOutOfRange) {
    const auto model = [](Net& n) { Net::attribute(n.of("Softmax", {n.x({1, 3})}), "axis", n.right ? 1 : 2); };
    expect_refused(13, model, {"", "axis 2 is out of range for a tensor of 2 dimensions", "the axis must be within [-2, 1]"});
}

TEST(WrongShapes, AxisListedTwice) {
    const auto model = [](Net& n) {
        Net::attribute(n.of("Squeeze", {n.x({1, 3, 1})}), "axes", n.right ? Integers{0, 2} : Integers{0, -3});
    };
    expect_refused(11, model, {"", "axis 0 is listed twice"});
}

TEST(WrongShapes, ShapeThatTheModelComputes) {
    const auto model = [](Net& n) {
        if (!n.right) n.input("shape", {1}, P::INT64);
        n.of("Reshape", {n.x({1, 3}), n.right ? n.integers_of("shape", {-1}) : "shape"});
    };
    expect_refused(13, model,
                   {"shape", "the shape must be constant, but is computed at run time",
                    "export the model with fixed shapes, or simplify it with an ONNX optimiser first"});
}

TEST(WrongShapes, ShapeOfReals) {
    const auto model = [](Net& n) { n.of("Reshape", {n.x({1, 3}), n.numbers("shape", n.right ? P::INT64 : P::FLOAT, {1}, {3})}); };
    expect_refused(13, model, {"shape", "the shape must be integers"});
}

TEST(WrongShapes, ShapeThatIsTooLarge) {
    const auto model = [](Net& n) {
        n.of("Expand", {n.x({1, 1}), n.integers_of("shape", n.right ? Integers{2, 2} : Integers{1 << 20, 1 << 20})});
    };
    expect_refused(
        13, model,
        {"", "the output's shape [1048576, 1048576] has more elements than weft accepts", "tensors may have up to 2147483647 elements"});
}

TEST(WrongShapes, NegativeRepeats) {
    const auto model = [](Net& n) { n.of("Tile", {n.x({1, 3}), n.integers_of("repeats", {1, n.right ? 2 : -2})}); };
    expect_refused(13, model, {"", "the output's shape [3, -2] has a negative extent"});
}

TEST(WrongShapes, TooFewRepeats) {
    const auto model = [](Net& n) { n.of("Tile", {n.x({1, 3}), n.integers_of("repeats", n.right ? Integers{1, 2} : Integers{2})}); };
    expect_refused(13, model, {"repeats", "1 repeats do not go with 2 axes"});
}

TEST(WrongShapes, JoinWithAGap) {
    const auto model = [](Net& n) { Net::attribute(n.of("Concat", {n.x({1, 3}), n.right ? "x" : "", "x"}), "axis", 1); };
    expect_refused(13, model, {"", "an input is left out"});
}

TEST(WrongShapes, JoinOfUnlikeShapes) {
    const auto model = [](Net& n) { Net::attribute(n.of("Concat", {n.x({1, 3, 4}), n.reals("b", {1, 3, n.right ? 4 : 5})}), "axis", 1); };
    expect_refused(13, model, {"b", "shape [1, 3, 5] does not continue [1, 3, 4] along axis 1"});
}

TEST(WrongShapes, JoinWithoutAnAxis) {
    const auto model = [](Net& n) {
        auto& node = n.of("Concat", {n.x({1, 3}), "x"});
        if (n.right) Net::attribute(node, "axis", 1);
    };
    expect_refused(13, model, {"", "the attribute 'axis' is missing"});
}

TEST(WrongShapes, ConstantWithoutAValue) {
    const auto model = [](Net& n) {
        auto& node = n.reshaped_by("Constant", {});
        if (n.right) Net::attribute(node, "value_ints", Integers{3, 2});
    };
    expect_refused(13, model,
                   {"", "the constant has no value", "one of the attributes value, value_int(s) and value_float(s) must be there"});
}

TEST(WrongShapes, FillOfTwoValues) {
    const auto model = [](Net& n) {
        auto& value = n.tensor(n.reshaped_by("ConstantOfShape", {n.integers_of("shape", {1})}), "value");
        value.set_data_type(P::INT64);
        value.add_dims(n.right ? 1 : 2);
        for (int i = 0; i < (n.right ? 1 : 2); ++i) value.add_int64_data(6);
    };
    expect_refused(13, model, {"", "the attribute 'value' must have one element"});
}

TEST(WrongShapes, RangeWithoutAStep) {
    const auto model = [](Net& n) { n.reshaped_by("Range", {n.integer("a", 2), n.integer("b", 4), n.integer("c", n.right ? 1 : 0)}); };
    expect_refused(13, model, {"c", "the step of the range is zero"});
}

TEST(WrongShapes, RangeThatIsTooLong) {
    const auto model = [](Net& n) {
        n.reshaped_by("Range", {n.integer("a", 2), n.integer("b", n.right ? 4 : std::int64_t{1} << 40), n.integer("c", 1)});
    };
    expect_refused(13, model, {"", "the range has more elements than weft accepts"});
}

TEST(WrongShapes, RangeOfAVector) {
    const auto model = [](Net& n) {
        n.reshaped_by("Range", {n.integer("a", 2), n.right ? n.integer("b", 4) : n.integers_of("b", {4, 4}), n.integer("c", 1)});
    };
    expect_refused(13, model, {"b", "the input must be a single number"});
}

TEST(WrongShapes, RangeOfDifferentTypes) {
    const auto model = [](Net& n) {
        n.reshaped_by("Range", {n.integer("a", 2), n.numbers("b", n.right ? P::INT64 : P::INT32, {}, {4}), n.integer("c", 1)});
    };
    expect_refused(13, model, {"b", "the inputs differ in element type"});
}

TEST(WrongShapes, RangeThatTheModelComputes) {
    const auto model = [](Net& n) {
        if (!n.right) n.input("b", {}, P::INT64);
        n.reshaped_by("Range", {n.integer("a", 2), n.right ? n.integer("b", 4) : "b", n.integer("c", 1)});
    };
    expect_refused(13, model,
                   {"b", "the bounds of a range must be constant, but are computed at run time", "export the model with fixed shapes"});
}

TEST(WrongShapes, IndicesOfReals) {
    const auto model = [](Net& n) { n.of("Gather", {n.x({1, 3}), n.numbers("i", n.right ? P::INT64 : P::FLOAT, {1}, {0})}); };
    expect_refused(13, model, {"i", "indices of type float32 are not allowed: int32 or int64"});
}

TEST(WrongShapes, IndexOutOfRange) {
    const auto model = [](Net& n) { n.reshaped_by("Gather", {n.integers_of("a", {3, 2, 1}), n.integers_of("i", {0, n.right ? 1 : 3})}); };
    expect_refused(13, model, {"i", "index 3 is out of range for an axis of extent 3"});
}

TEST(WrongShapes, IndicesOfAnotherShape) {
    const auto model = [](Net& n) {
        n.of("GatherElements", {n.x({1, 3}), n.numbers("i", P::INT64, n.right ? Shape{1, 3} : Shape{3}, {0, 0, 0})});
    };
    expect_refused(13, model, {"i", "indices of shape [3] do not fit data of shape [1, 3]"});
}

TEST(WrongShapes, SliceWithoutAnEnd) {
    const auto model = [](Net& n) {
        n.of("Slice", {n.x({2, 3}), n.integers_of("from", n.right ? Integers{0} : Integers{0, 1}), n.integers_of("to", {1})});
    };
    expect_refused(13, model, {"", "a slice needs as many ends as starts"});
}

TEST(WrongShapes, SliceOfAnAxisWithoutAStart) {
    const auto model = [](Net& n) {
        n.of("Slice", {n.x({2, 3}), n.integers_of("from", {0}), n.integers_of("to", {1}),
                       n.integers_of("axes", n.right ? Integers{0} : Integers{0, 1})});
    };
    expect_refused(13, model, {"", "a slice needs a start for every axis"});
}

TEST(WrongShapes, SliceWithoutAStep) {
    const auto model = [](Net& n) {
        n.of("Slice", {n.x({2, 3}), n.integers_of("from", {0}), n.integers_of("to", {1}), n.integers_of("axes", {0}),
                       n.integers_of("steps", {n.right ? 1 : 0})});
    };
    expect_refused(13, model, {"", "the step of the slice is zero"});
}

TEST(WrongShapes, SliceOfAnAxisTwice) {
    const auto model = [](Net& n) {
        n.of("Slice",
             {n.x({2, 3}), n.integers_of("from", {0, 0}), n.integers_of("to", {1, 1}), n.integers_of("axes", {0, n.right ? 1 : -2})});
    };
    expect_refused(13, model, {"", "axis 0 is listed twice"});
}

TEST(WrongShapes, UnevenSplit) {
    const auto model = [](Net& n) { n.split({1, n.right ? 4 : 3}, {}); };
    expect_refused(13, model, {"", "axis 1 of extent 3 does not divide into 2 equal parts"});
}

TEST(WrongShapes, SplitIntoOtherParts) {
    const auto model = [](Net& n) { n.split({1, 4}, {2, n.right ? 2 : 1}); };
    expect_refused(13, model, {"", "axis 1 of extent 4 does not split into 2 parts of [2, 1]"});
}

TEST(WrongShapes, TwoOpenExtents) {
    const auto model = [](Net& n) { n.of("Reshape", {n.x({1, 3}), n.integers_of("shape", n.right ? Integers{3, -1} : Integers{-1, -1})}); };
    expect_refused(13, model, {"", "more than one extent of the new shape is -1"});
}

TEST(WrongShapes, ReshapeToAnotherSize) {
    const auto model = [](Net& n) { n.of("Reshape", {n.x({1, 3}), n.integers_of("shape", {n.right ? 3 : 4})}); };
    expect_refused(13, model, {"", "a tensor of shape [1, 3] cannot be reshaped to [4]"});
}

TEST(WrongShapes, ReshapeToNothing) {
    const auto model = [](Net& n) {
        auto& node = n.of("Reshape", {n.x({1, 3})});
        if (n.right) Net::attribute(node, "shape", Integers{3});
    };
    expect_refused(4, model, {"", "the new shape is missing"});
}

TEST(WrongShapes, SqueezeOfMany) {
    const auto model = [](Net& n) { Net::attribute(n.of("Squeeze", {n.x({1, 3})}), "axes", Integers{n.right ? 0 : 1}); };
    expect_refused(11, model, {"", "axis 1 of shape [1, 3] has extent 3 and cannot be squeezed"});
}

TEST(WrongShapes, UnsqueezeOfNoAxis) {
    const auto model = [](Net& n) {
        auto& node = n.of("Unsqueeze", {n.x({1, 3})});
        if (n.right) Net::attribute(node, "axes", Integers{0});
    };
    expect_refused(11, model, {"", "the axes to insert are missing"});
}

TEST(WrongShapes, ExpandToAnotherShape) {
    const auto model = [](Net& n) { n.of("Expand", {n.x({1, 3}), n.integers_of("shape", {2, n.right ? 3 : 4})}); };
    expect_refused(13, model, {"", "a tensor of shape [1, 3] does not expand to [2, 4]"});
}

TEST(WrongShapes, NoPermutation) {
    const auto model = [](Net& n) { Net::attribute(n.of("Transpose", {n.x({1, 3})}), "perm", n.right ? Integers{1, 0} : Integers{1, 1}); };
    expect_refused(13, model, {"", "[1, 1] is not a permutation of the 2 axes"});
}

TEST(WrongShapes, DropoutInTraining) {
    const auto model = [](Net& n) { n.of("Dropout", {n.x({1, 3}), "", n.numbers("training", P::BOOL, {}, {n.right ? 0 : 1})}); };
    expect_refused(13, model, {"training", "the dropout is in training mode", "export the model in inference mode (model.eval())"});
}

TEST(WrongShapes, DepthToSpaceOfAMatrix) {
    const auto model = [](Net& n) {
        Net::attribute(n.of("DepthToSpace", {n.x(n.right ? std::vector<Extent>{1, 4, 2, 2} : std::vector<Extent>{1, 4})}), "blocksize", 2);
    };
    expect_refused(13, model, {"", "the input must have four dimensions, not 2"});
}

TEST(WrongShapes, DepthThatDoesNotDivide) {
    const auto model = [](Net& n) { Net::attribute(n.of("DepthToSpace", {n.x({1, n.right ? 4 : 3, 2, 2})}), "blocksize", 2); };
    expect_refused(13, model, {"", "3 channels do not divide into blocks of 2 x 2"});
}

TEST(WrongShapes, SpaceToDepthOfAMatrix) {
    const auto model = [](Net& n) {
        Net::attribute(n.of("SpaceToDepth", {n.x(n.right ? std::vector<Extent>{1, 4, 2, 2} : std::vector<Extent>{1, 4})}), "blocksize", 2);
    };
    expect_refused(13, model, {"", "the input must have four dimensions, not 2"});
}

TEST(WrongShapes, SpaceThatDoesNotDivide) {
    const auto model = [](Net& n) { Net::attribute(n.of("SpaceToDepth", {n.x({1, 3, n.right ? 4 : 3, 4})}), "blocksize", 2); };
    expect_refused(13, model, {"", "3 rows and 4 columns do not divide into blocks of 2"});
}

TEST(WrongShapes, PadsOfOneAxis) {
    const auto model = [](Net& n) { n.of("Pad", {n.x({1, 3}), n.integers_of("pads", n.right ? Integers{0, 1, 0, 1} : Integers{1, 1})}); };
    expect_refused(11, model, {"", "2 pads are given for 2 axes; each needs two"});
}

TEST(WrongShapes, PadsBeyondMeasure) {
    const auto model = [](Net& n) { n.of("Pad", {n.x({1, 3}), n.integers_of("pads", {0, n.right ? 1 : std::int64_t{1} << 31, 0, 1})}); };
    expect_refused(11, model, {"", "a pad of 2147483648 is out of range"});
}

TEST(WrongShapes, PadsByReflection) {
    const auto model = [](Net& n) {
        n.text(n.of("Pad", {n.x({1, 3}), n.integers_of("pads", {0, 1, 0, 1})}), "mode", n.right ? "constant" : "reflect");
    };
    expect_refused(11, model, {"", "padding mode 'reflect' is not supported", "pad with a constant (mode 'constant')"});
}

TEST(WrongShapes, PadsOfTwoValues) {
    const auto model = [](Net& n) { n.of("Pad", {n.x({1, 3}), n.integers_of("pads", {0, 1, 0, 1}), n.reals("fill", {n.right ? 1 : 2})}); };
    expect_refused(11, model, {"fill", "the padding value must be one element of the input's type"});
}

TEST(WrongShapes, PadsThatTakeAll) {
    const auto model = [](Net& n) { n.of("Pad", {n.x({1, 3}), n.integers_of("pads", {0, n.right ? -1 : -2, 0, -1})}); };
    expect_refused(11, model, {"", "negative pads leave nothing of axis 1 of [1, 3]"});
}

TEST(WrongShapes, PadsThatAreLeftOut) {
    const auto model = [](Net& n) {
        if (n.right) {
            n.of("Pad", {n.x({1, 3}), n.integers_of("pads", {0, 1, 0, 1})});
        } else {
            n.of("Pad", {n.x({1, 3}), "", n.real("fill", 0)});
        }
    };
    expect_refused(11, model, {"", "the input that gives the pads is missing"});
}

TEST(WrongShapes, IntegersOf4Bits) {
    const auto model = [](Net& n) {
        auto& weights = n.initialiser("w", n.right ? P::FLOAT : 22, {2});
        if (n.right) {
            weights.add_float_data(1);
            weights.add_float_data(2);
        } else {
            weights.set_raw_data("\x21");
        }
        n.of("Mul", {n.x({1, 2}), "w"});
    };
    expect_refused(21, model, {"w", "Mul reads integers of 4 bits", "only quantizers and dequantizers may read them"});
}

TEST(WrongAttributes, AttributeGivenTwice) {
    const auto model = [](Net& n) {
        auto& node = n.of("Softmax", {n.x({1, 3})});
        Net::attribute(node, "axis", 1);
        if (!n.right) Net::attribute(node, "axis", 1);
    };
    expect_refused(13, model, {"", "the attribute 'axis' is given twice", other_attribute});
}

TEST(WrongAttributes, AttributeOfAFunction) {
    const auto model = [](Net& n) {
        auto& node = n.of("Softmax", {n.x({1, 3})});
        Net::attribute(node, "axis", 1);
        if (!n.right) node.mutable_attribute(0)->set_ref_attr_name("axis");
    };
    expect_refused(13, model, {"", "the attribute 'axis' refers to an attribute of a function", other_attribute});
}

TEST(WrongAttributes, AttributeThatIsDamaged) {
    const auto model = [](Net& n) {
        auto& value = n.tensor(n.reshaped_by("Constant", {}), "value");
        value.set_data_type(n.right ? P::INT64 : P::STRING);
        value.add_dims(2);
        for (const int extent : {3, 2}) value.add_int64_data(extent);
    };
    expect_refused(
        13, model,
        {"", "the attribute 'value': its element type STRING is not supported", "use float, float16 or integers of 4 to 64 bits"});
}

TEST(WrongAttributes, UnknownApproximation) {
    const auto model = [](Net& n) { n.text(n.of("Gelu", {n.x({1, 3})}), "approximate", n.right ? "tanh" : "fast"); };
    expect_refused(20, model, {"", "the attribute 'approximate': the approximation 'fast' is neither 'none' nor 'tanh'", other_attribute});
}

TEST(WrongAttributes, DivisionByAnAttribute) {
    const auto model = [](Net& n) { n.real_attribute(n.of("Celu", {n.x({1, 3})}), "alpha", n.right ? 1 : 0); };
    expect_refused(12, model, {"", "the attribute 'alpha': it is zero, and the function divides by it", other_attribute});
}

TEST(WrongAttributes, InfiniteSlope) {
    const auto model = [](Net& n) { n.real_attribute(n.of("LeakyRelu", {n.x({1, 3})}), "alpha", n.right ? 0.5F : infinity); };
    expect_refused(13, model, {"", "the attribute 'alpha': it is no finite number", other_attribute});
}

TEST(WrongAttributes, CastToText) {
    const auto model = [](Net& n) { Net::attribute(n.of("Cast", {n.x({1, 3})}), "to", n.right ? P::FLOAT : P::STRING); };
    expect_refused(13, model, {"", "the attribute 'to': element type 8 is not supported", other_attribute});
}

TEST(WrongAttributes, QuantizedToText) {
    const auto model = [](Net& n) {
        Net::attribute(n.of("QuantizeLinear", {n.x({1, 3}), n.real("s", 1)}), "output_dtype", n.right ? P::INT8 : P::STRING);
    };
    expect_refused(21, model, {"", "the attribute 'output_dtype': element type 8 is not supported", other_attribute});
}

TEST(WrongAttributes, UnknownOrderOfDepth) {
    const auto model = [](Net& n) {
        auto& node = n.of("DepthToSpace", {n.x({1, 4, 2, 2})});
        Net::attribute(node, "blocksize", 2);
        n.text(node, "mode", n.right ? "CRD" : "RCD");
    };
    expect_refused(13, model, {"", "the attribute 'mode': the mode 'RCD' is neither 'DCR' nor 'CRD'", other_attribute});
}

}  // namespace
}  // namespace weft::test
