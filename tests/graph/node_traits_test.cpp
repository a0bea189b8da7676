// node_traits_test.cpp
// What nodes say of themselves, and where an operator's traits do not apply to one of its nodes.
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/node_traits.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/single_node.h"

namespace weft::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Tensor image() { return random_tensor(DataType::float32, {1, 2, 3, 4}, 1); }

TEST(NodeTraits, HoldWhereTheyApply) {
    const SingleNode transpose("", "Transpose", 13, with("perm", std::vector<std::int64_t>{0, 2, 3, 1}), {image()});
    EXPECT_TRUE(is_view(*transpose.node));
    EXPECT_FALSE(is_elementwise(*transpose.node));
    EXPECT_FALSE(is_linear(*transpose.node));
    const SingleNode relu("", "Relu", 13, {}, {image()});
    EXPECT_TRUE(is_elementwise(*relu.node));
    EXPECT_FALSE(is_view(*relu.node));
    EXPECT_FALSE(is_quantizer(*relu.node));

    // Slices in another order are a view; one taken twice is none.
    const Attributes axis = with("axis", std::int64_t{1});
    SingleNode swapped("", "Gather", 13, axis, {image(), integers({1, 0})});
    SingleNode twice("", "Gather", 13, axis, {image(), integers({0, 0})});
    ASSERT_EQ(swapped.infer() + twice.infer(), "");
    EXPECT_TRUE(is_view(*swapped.node));
    EXPECT_FALSE(is_view(*twice.node));

    // Weights that are computed at run time are no weights.
    const Tensor matrix = random_tensor(DataType::float32, {4, 2}, 2);
    SingleNode product("", "MatMul", 13, {}, {random_tensor(DataType::float32, {3, 4}, 3), matrix});
    EXPECT_TRUE(is_linear(*product.node));
    product.node->inputs[1] = product.graph.add_value("w", DataType::float32, {4, 2});
    EXPECT_FALSE(is_linear(*product.node));

    // A quantizer of one scale is a function of single elements, one of a scale a channel is not.
    const Tensor scales = reals({1, 2}), zeros = integers<std::int8_t>({0, 0});
    SingleNode whole("", "QuantizeLinear", 13, axis, {image(), Tensor::scalar(0.5F), Tensor::scalar(std::int8_t{0})});
    SingleNode channels("", "QuantizeLinear", 13, axis, {image(), scales, zeros});
    EXPECT_TRUE(is_quantizer(*whole.node) && is_quantizer(*channels.node));
    EXPECT_TRUE(is_elementwise(*whole.node));
    EXPECT_FALSE(is_elementwise(*channels.node));
}

TEST(NodeTraits, InputsThatAreHandedOn) {
    const SingleNode concat("", "Concat", 13, {}, {image(), image(), image()});
    EXPECT_THAT(handed_on(*concat.node), ElementsAre(0, 1, 2));
    const SingleNode pooled("", "MaxPool", 13, {}, {image()});
    EXPECT_THAT(handed_on(*pooled.node), ElementsAre(0));
    SingleNode pad("", "Pad", 13, {}, {image(), integers({0, 0, 1, 1, 0, 0, 1, 1}), Tensor::scalar(0.0F)});
    EXPECT_THAT(handed_on(*pad.node), ElementsAre(0));
    EXPECT_FALSE(hands_on(*pad.node, 2)) << "what pads is not what is padded";
    pad.node->inputs[0] = nullptr;
    EXPECT_TRUE(hands_on(*pad.node, 0));
    EXPECT_THAT(handed_on(*pad.node), IsEmpty());
    const SingleNode sum("", "Add", 13, {}, {image(), image()});
    EXPECT_THAT(handed_on(*sum.node), IsEmpty());
}

/// Whoever follows elements through operators asks for the inputs handed on alone.
TEST(NodeTraits, EveryViewHandsOnItsFirstInput) {
    int views = 0;
    for (const OpDef* op : op_registry()) {
        if (!op->traits.view) continue;
        ++views;
        EXPECT_NE(std::ranges::find(op->traits.same_type_inputs, 0), op->traits.same_type_inputs.end()) << op->name;
        EXPECT_TRUE(op->traits.commutes_with_monotone) << op->name;
    }
    EXPECT_GT(views, 5);
}

}  // namespace
}  // namespace weft::test
