// shape_test.cpp
// Constant chains of exporters: corner values of slices, casts and ranges, and what is refused; the standard node tests cover the rest.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/single_node.h"

namespace weft {
namespace {

using test::integers;
using test::random_tensor;
using test::SingleNode;
using test::with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Integers = std::vector<std::int64_t>;

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();

/// A node all of whose inputs are constant, as in a chain that folds.
SingleNode folded(const std::string& name, int opset, Attributes attributes, std::vector<Tensor> inputs) {
    SingleNode single("", name, opset, std::move(attributes), inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) single.node->inputs[i]->constant = std::make_shared<const Tensor>(inputs[i]);
    return single;
}

std::string reason(const std::string& name, int opset, Attributes attributes, std::vector<Tensor> inputs) {
    return folded(name, opset, std::move(attributes), std::move(inputs)).infer();
}

TEST(Slice, CountsAsNumpyDoes) {
    const auto sliced = [](std::int64_t start, std::int64_t end, std::int64_t step) {
        return folded("Slice", 13, {}, {integers({0, 1, 2, 3, 4}), integers({start}), integers({end}), integers({0}), integers({step})})
            .evaluate()
            .to_integers();
    };
    EXPECT_THAT(sliced(1, 4, 1), ElementsAre(1, 2, 3));
    EXPECT_THAT(sliced(-2, largest, 1), ElementsAre(3, 4));
    EXPECT_THAT(sliced(smallest, largest, 2), ElementsAre(0, 2, 4));
    EXPECT_THAT(sliced(0, largest, largest), ElementsAre(0));
    EXPECT_THAT(sliced(largest, smallest, -1), ElementsAre(4, 3, 2, 1, 0));
    EXPECT_THAT(sliced(-1, -6, -2), ElementsAre(4, 2, 0));
    EXPECT_THAT(sliced(-1, smallest, smallest), ElementsAre(4));
    EXPECT_THAT(sliced(3, 1, 1), IsEmpty());
    EXPECT_THAT(reason("Slice", 13, {}, {integers({0}), integers({0}), integers({1}), integers({0}), integers({0})}), HasSubstr("step"));
    EXPECT_THAT(reason("Slice", 13, {}, {integers({0}), integers({0}), integers({1, 2})}), HasSubstr("as many ends"));
    EXPECT_THAT(reason("Slice", 13, {}, {integers({0}), integers({0, 0}), integers({1, 1}), integers({0, -1})}), HasSubstr("listed twice"));
}

TEST(Cast, LimitsWhatDoesNotFit) {
    const auto cast = [](const Tensor& x, std::int64_t to) { return folded("Cast", 13, with("to", to), {x}).evaluate().to_integers(); };
    const Tensor x = Tensor::of<float>({6}, std::vector<float>{-1.9f, 2.9f, 1e30f, -1e30f, NAN, INFINITY});
    EXPECT_THAT(cast(x, 3), ElementsAre(-1, 2, 127, -128, 0, 127));
    EXPECT_THAT(cast(x, 7), ElementsAre(-1, 2, largest, smallest, 0, largest));
    EXPECT_THAT(cast(x, 9), ElementsAre(1, 1, 1, 1, 1, 1));
    const auto& refuse = find_op("", "Cast")->attributes.front().refuse;
    EXPECT_EQ(refuse(Attribute(std::int64_t{1})), "");
    EXPECT_THAT(refuse(Attribute(std::int64_t{8})), HasSubstr("not supported"));
}

TEST(Cast, GivesTheTypeThatItSays) {
    SingleNode single("", "Cast", 13, with("to", std::int64_t{1}), {Tensor::scalar(0.1f)});
    ASSERT_EQ(single.infer(), "");
    const Tensor x = Tensor::scalar(0.1);
    const std::vector<const Tensor*> inputs{&x};
    const auto outputs = single.node->op->evaluate(*single.node, inputs);
    ASSERT_TRUE(outputs);
    EXPECT_EQ(outputs->front(), Tensor::scalar(0.1F));
}

TEST(Constants, RefuseAbsurdSizes) {
    const auto scalar = [](std::int64_t value) { return Tensor::scalar(value); };
    EXPECT_THAT(reason("Range", 13, {}, {scalar(0), scalar(largest), scalar(1)}), HasSubstr("more elements"));
    EXPECT_THAT(reason("Range", 13, {}, {scalar(0), scalar(5), scalar(0)}), HasSubstr("step"));
    EXPECT_THAT(reason("ConstantOfShape", 13, {}, {integers({largest, 2})}), HasSubstr("more elements"));
    EXPECT_THAT(reason("ConstantOfShape", 13, {}, {integers({-1})}), HasSubstr("negative"));
    EXPECT_THAT(reason("Tile", 13, {}, {integers({1, 2}), integers({largest})}), HasSubstr("more elements"));
    EXPECT_THAT(reason("Expand", 13, {}, {integers({1}), integers({largest, largest})}), HasSubstr("more elements"));
    EXPECT_THAT(reason("DepthToSpace", 13, with("blocksize", std::int64_t{1} << 40), {Tensor(DataType::float32, {1, 4, 2, 2})}),
                HasSubstr("do not divide"));
    EXPECT_THAT(folded("Range", 13, {}, {scalar(7), scalar(1), scalar(-3)}).evaluate().to_integers(), ElementsAre(7, 4));
    EXPECT_THAT(folded("Range", 13, {}, {scalar(1), scalar(1), scalar(1)}).evaluate().to_integers(), IsEmpty());
}

TEST(Gather, RefusesIndicesOutOfRange) {
    SingleNode single = folded("Gather", 13, {}, {integers({5, 6, 7}), integers({3})});
    ASSERT_EQ(single.infer(), "");
    const std::vector<const Tensor*> inputs{&single.tensors[0], &single.tensors[1]};
    const auto outputs = single.node->op->evaluate(*single.node, inputs);
    ASSERT_FALSE(outputs);
    EXPECT_THAT(outputs.error().front().reason, HasSubstr("index 3 is out of range"));
    EXPECT_THAT(folded("Gather", 13, {}, {integers({5, 6, 7}), integers({-1, 0})}).evaluate().to_integers(), ElementsAre(7, 5));
}

TEST(Split, RefusesPartsThatDoNotFit) {
    EXPECT_THAT(reason("Split", 13, {}, {integers({1, 2, 3}), integers({2, 1})}), HasSubstr("does not split into 1 parts"));
    EXPECT_THAT(reason("Split", 13, {}, {integers({1, 2, 3}), integers({4})}), HasSubstr("does not split"));
    EXPECT_THAT(reason("Split", 13, with("axis", std::int64_t{1}), {integers({1, 2, 3})}), HasSubstr("out of range"));
}

TEST(Arithmetic, RefusesWhatHasNoResult) {
    const Tensor x = random_tensor(DataType::float32, {1, 3}, 1);
    EXPECT_THAT(reason("Add", 13, {}, {x, random_tensor(DataType::float32, {2, 4}, 1)}), HasSubstr("does not broadcast"));
    EXPECT_THAT(reason("Add", 13, {}, {x, integers({1})}), HasSubstr("differ in element type"));
    EXPECT_THAT(reason("Relu", 14, {}, {Tensor(DataType::boolean, {2})}), HasSubstr("type bool"));
    EXPECT_THAT(reason("Clip", 13, {}, {x, Tensor::scalar(NAN)}), HasSubstr("not a number"));
    EXPECT_THAT(reason("Clip", 13, {}, {x, Tensor::scalar(INFINITY)}), HasSubstr("leaves no value"));
    EXPECT_THAT(reason("Clip", 6, with("max", -INFINITY), {x}), HasSubstr("leaves no value"));
    EXPECT_EQ(reason("Clip", 13, {}, {x, Tensor::scalar(-INFINITY), Tensor::scalar(INFINITY)}), "");
    SingleNode sum = folded("Sum", 13, {}, {x, x});
    sum.node->inputs[1] = nullptr;
    EXPECT_THAT(sum.infer(), HasSubstr("left out"));
    Attributes aligned = with("axis", smallest);
    aligned.set("broadcast", std::int64_t{1});
    EXPECT_THAT(reason("Add", 6, aligned, {x, random_tensor(DataType::float32, {2}, 1)}), HasSubstr("does not broadcast"));

    SingleNode quotient = folded("Div", 13, {}, {integers({smallest, 7}), integers({-1, 0})});
    ASSERT_EQ(quotient.infer(), "");
    const std::vector<const Tensor*> inputs{&quotient.tensors[0], &quotient.tensors[1]};
    EXPECT_FALSE(quotient.node->op->evaluate(*quotient.node, inputs));
    EXPECT_THAT(folded("Div", 13, {}, {integers({smallest, -7}), integers({-1, 2})}).evaluate().to_integers(), ElementsAre(smallest, -3));
    EXPECT_THAT(folded("Add", 13, {}, {integers({largest}), integers({1})}).evaluate().to_integers(), ElementsAre(smallest));
    const auto& refuse = find_op("", "HardSigmoid")->attributes.front().refuse;
    EXPECT_THAT(refuse(Attribute(double{NAN})), HasSubstr("no finite number"));
}

}  // namespace
}  // namespace weft
