// propagate_types_test.cpp
// Integer types through operators that hand on elements: where one type says all of them, and where none does.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <limits>

#include "src/graph/op_def.h"
#include "src/passes/pass.h"
#include "tests/messages.h"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Type = std::optional<IntegerType>;

/// Nodes over float values of one shape, typed or not.
class PropagateTypes : public testing::Test {
protected:
    Value* value(const Type& type = {}) {
        Value* value = graph_.add_value(graph_.unique_name("x"), DataType::float32, {1, 2, 4, 4});
        value->integer = type;
        graph_.inputs.push_back(value);
        return value;
    }
    Value* node(const char* op, std::vector<Value*> inputs, Attributes attributes = {}) {
        Value* output = graph_.add_value(graph_.unique_name("y"), DataType::float32, {1, 2, 4, 4});
        const OpDef* known = find_op("", op);
        graph_.add_node(known ? *known : *find_op("weft", op), op, 13, std::move(inputs), {output}, std::move(attributes));
        return output;
    }
    Value* padded(Value* x, double value) {
        Attributes attributes;
        attributes.set("value", value);
        return node("Pad", {x}, std::move(attributes));
    }
    PassLog run() {
        PassLog log;
        const Status status = propagate_types(graph_, log);
        EXPECT_TRUE(status) << test::messages(status);
        return log;
    }

    Graph graph_;
};

constexpr double eighth = 0.125;
const IntegerType bytes{.min = 0, .max = 255, .scale = {eighth}, .zero_point = {3}};

TEST_F(PropagateTypes, GoThroughOneOperatorAfterAnother) {
    Value* pooled = node("MaxPool", {value(bytes)});
    Value* turned = node("Transpose", {pooled});
    Value* rectified = node("Relu", {turned});
    EXPECT_THAT(run(), ElementsAre("y: " + to_string(bytes), "y_1: " + to_string(bytes)));
    EXPECT_EQ(pooled->integer, bytes);
    EXPECT_EQ(turned->integer, bytes);
    EXPECT_EQ(rectified->integer, std::nullopt) << "a function gives other elements";
    EXPECT_THAT(run(), IsEmpty()) << "nothing is left to say";
}

TEST_F(PropagateTypes, OfSeveralInputsAreTheHull) {
    IntegerType low = bytes, high = bytes;
    low.min = -6, low.max = 6, low.step = 3;
    high.min = 3, high.max = 12, high.step = 3;
    Value* both = node("Concat", {value(low), value(high)});
    high.min = 4;
    Value* uneven = node("Concat", {value(low), value(high)});
    run();
    ASSERT_TRUE(both->integer && uneven->integer);
    EXPECT_EQ(both->integer->min, -6);
    EXPECT_EQ(both->integer->max, 12);
    EXPECT_EQ(both->integer->step, 3);
    EXPECT_EQ(uneven->integer->step, 1) << "the integers of both lie on no grid of three";
    EXPECT_EQ(uneven->integer->zero_point, bytes.zero_point);
}

TEST_F(PropagateTypes, StopWhereNoTypeSaysAll) {
    IntegerType scaled = bytes, shifted = bytes, channels = bytes;
    scaled.scale = {0.25};
    shifted.zero_point = {4};
    channels.scale = {0.25, 0.5};
    channels.zero_point = {0, 0};
    channels.axis = 1;
    node("Concat", {value(bytes), value(scaled)});
    node("Concat", {value(bytes), value(shifted)});
    node("Concat", {value(bytes), value()});
    node("MaxPool", {value(channels)});
    node("MaxPool", {value()});
    EXPECT_THAT(run(), IsEmpty());
}

TEST_F(PropagateTypes, LeaveWhatIsTypedAlready) {
    IntegerType own = bytes;
    own.max = 7;
    Value* pooled = node("MaxPool", {value(bytes)});
    pooled->integer = own;
    EXPECT_THAT(run(), IsEmpty());
    EXPECT_EQ(pooled->integer, own);
}

/// What a padding adds must be one of the type's integers.
TEST_F(PropagateTypes, HoldWhatIsFilledIn) {
    IntegerType even = bytes;
    even.step = 2;
    Value* at_zero = padded(value(bytes), 0.0);
    Value* at_end = padded(value(bytes), eighth * (255 - 3));
    Value* beyond = padded(value(bytes), eighth * (256 - 3));
    Value* between = padded(value(bytes), eighth / 2);
    Value* endless = padded(value(bytes), -std::numeric_limits<double>::infinity());
    Value* off_grid = padded(value(even), 0.0);
    run();
    EXPECT_EQ(at_zero->integer, bytes);
    EXPECT_EQ(at_end->integer, bytes);
    for (const Value* untyped : {beyond, between, endless, off_grid}) EXPECT_EQ(untyped->integer, std::nullopt) << untyped->name;
}

}  // namespace
}  // namespace weft
