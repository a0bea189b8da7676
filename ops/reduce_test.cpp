// reduce_test.cpp
// Reductions at the extremes of the types: infinities and booleans.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <limits>

#include "tests/single_node.h"

namespace weft {
namespace {

using test::SingleNode;

Attributes over_last_axis() {
    Attributes attributes;
    attributes.set("axes", std::vector<std::int64_t>{1});
    attributes.set("keepdims", std::int64_t{0});
    return attributes;
}

template <class T>
Tensor reduced(const char* op, std::initializer_list<T> elements) {
    const std::vector<T> list(elements);
    Tensor x(data_type_of<T>(), {2, static_cast<std::int64_t>(list.size()) / 2});
    for (std::size_t i = 0; i < list.size(); ++i) x.as<T>()[i] = list[i];
    return SingleNode("", op, 11, over_last_axis(), {x}).evaluate();
}

TEST(Reduce, ExtremesOfInfinitiesAreInfinite) {
    for (const bool in_double : {false, true}) {
        const auto both = [&](const char* op, double sign) {
            const double infinity = sign * std::numeric_limits<double>::infinity(), one = 1;
            if (in_double) return reduced<double>(op, {infinity, infinity, one, infinity});
            return reduced<float>(op, {static_cast<float>(infinity), static_cast<float>(infinity), 1.0F, static_cast<float>(infinity)});
        };
        const Tensor most = both("ReduceMax", -1), least = both("ReduceMin", 1);
        EXPECT_EQ(most.at(0), -std::numeric_limits<double>::infinity());
        EXPECT_EQ(most.at(1), 1);
        EXPECT_EQ(least.at(0), std::numeric_limits<double>::infinity());
        EXPECT_EQ(least.at(1), 1);
    }
}

TEST(Reduce, ExtremesOfBooleansAreAnyAndAll) {
    const Tensor any = reduced<bool>("ReduceMax", {false, false, false, true}), all = reduced<bool>("ReduceMin", {true, true, false, true});
    EXPECT_EQ(any.type(), DataType::boolean);
    EXPECT_EQ(any.to_integers(), (std::vector<std::int64_t>{0, 1}));
    EXPECT_EQ(all.to_integers(), (std::vector<std::int64_t>{1, 0}));
}

TEST(Reduce, BooleansAreNotSummed) {
    for (const char* op : {"ReduceSum", "ReduceMean"}) {
        SingleNode sum("", op, 11, over_last_axis(), {Tensor(DataType::boolean, {2, 2})});
        EXPECT_THAT(sum.infer(), testing::HasSubstr("the sum of bool elements is not supported"));
    }
}

}  // namespace
}  // namespace weft
