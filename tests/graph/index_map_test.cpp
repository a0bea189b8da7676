// index_map_test.cpp
// Maps of elements, one after another.
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/index_map.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

using Indices = std::vector<std::int32_t>;

TEST(IndexMap, OfTheIdentityIsNone) {
    EXPECT_EQ(index_map({0, 1, 2}), nullptr);
    EXPECT_EQ(index_map({}), nullptr);
    const IndexMap swapped = index_map({0, 2, 1});
    ASSERT_NE(swapped, nullptr);
    EXPECT_EQ(*swapped, (Indices{0, 2, 1}));
}

/// Outer after inner: the inner map is followed first.
TEST(IndexMap, IsFollowedByAnother) {
    const IndexMap turned = index_map({1, 2, 0}), swapped = index_map({1, 0, 2});
    const IndexMap both = compose(turned, swapped);
    ASSERT_NE(both, nullptr);
    EXPECT_EQ(*both, (Indices{2, 1, 0}));
    EXPECT_EQ(*compose(swapped, turned), (Indices{0, 2, 1}));
    EXPECT_EQ(compose(turned, nullptr), turned);
    EXPECT_EQ(compose(nullptr, turned), turned);
    EXPECT_EQ(compose(nullptr, nullptr), nullptr);
    EXPECT_EQ(compose(swapped, swapped), nullptr) << "there and back";
}

TEST(IndexMap, SaysTheSameWhereItsElementsDo) {
    EXPECT_TRUE(same_order(nullptr, nullptr));
    EXPECT_TRUE(same_order(index_map({1, 0}), index_map({1, 0})));
    EXPECT_FALSE(same_order(index_map({1, 0}), nullptr));
    EXPECT_FALSE(same_order(nullptr, index_map({1, 0})));
    EXPECT_FALSE(same_order(index_map({1, 0, 2}), index_map({2, 0, 1})));
}

}  // namespace
}  // namespace weft
