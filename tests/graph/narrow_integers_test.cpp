// narrow_integers_test.cpp
// Integers in the narrowest type that holds them.
// SPDX-License-Identifier: Apache-2.0
#include "src/graph/narrow_integers.h"

#include <gmock/gmock.h>

#include <cstdint>
#include <limits>

namespace weft::test {
namespace {

using ::testing::ElementsAre;

TEST(NarrowIntegers, AreAsWideAsTheWidest) {
    EXPECT_EQ(NarrowIntegers({-128, 127}).tensor().type(), DataType::int8);
    EXPECT_EQ(NarrowIntegers({0, 128}).tensor().type(), DataType::int16);
    EXPECT_EQ(NarrowIntegers({-32769, 0}).tensor().type(), DataType::int32);
    EXPECT_EQ(NarrowIntegers({std::int64_t{1} << 31}).tensor().type(), DataType::int64);
    const std::vector<std::uint8_t> bytes{0, 255, 3};
    const NarrowIntegers from_bytes(Tensor::of<std::uint8_t>({3, 1}, bytes));
    EXPECT_EQ(from_bytes.tensor().type(), DataType::int16);
    EXPECT_THAT(from_bytes.to_vector(), ElementsAre(0, 255, 3));
}

TEST(NarrowIntegers, GrowWithWhatIsSet) {
    NarrowIntegers integers(3);
    EXPECT_THAT(integers.to_vector(), ElementsAre(0, 0, 0));
    std::vector<DataType> types;
    for (const std::int64_t value :
         {std::int64_t{-128}, std::int64_t{300}, std::int64_t{-70000}, std::numeric_limits<std::int64_t>::min()}) {
        integers.set(1, value);
        EXPECT_EQ(integers[1], value);
        types.push_back(integers.tensor().type());
    }
    EXPECT_THAT(types, ElementsAre(DataType::int8, DataType::int16, DataType::int32, DataType::int64));
    integers.set(2, 5);
    EXPECT_THAT(integers.to_vector(), ElementsAre(0, std::numeric_limits<std::int64_t>::min(), 5));
}

TEST(NarrowIntegers, RangeAndEquality) {
    EXPECT_EQ(NarrowIntegers().range(), std::pair(std::int64_t{0}, std::int64_t{0}));
    EXPECT_TRUE(NarrowIntegers().empty());
    EXPECT_EQ(NarrowIntegers({3, -4, 70000}).range(), std::pair(std::int64_t{-4}, std::int64_t{70000}));
    NarrowIntegers wide{1, 2};
    wide.set(0, 1000);
    wide.set(0, 1);
    EXPECT_EQ(wide, NarrowIntegers({1, 2})) << "of another width";
    EXPECT_NE(wide, NarrowIntegers({1, 3}));
    EXPECT_NE(wide, NarrowIntegers({1}));
    EXPECT_EQ(wide.visit([](auto values) { return values.size_bytes(); }), 4U);
}

}  // namespace
}  // namespace weft::test
