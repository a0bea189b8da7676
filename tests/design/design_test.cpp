// design_test.cpp
// Names, beats and the checks that find a broken design.
// SPDX-License-Identifier: Apache-2.0
#include "src/design/design.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/design/identifier.h"
#include "src/design/plumb.h"
#include "src/explore/folding.h"
#include "tests/design/sample_designs.h"
#include "tests/messages.h"

namespace weft {
namespace {

using testing::HasSubstr;

TEST(Identifier, IsAcceptedByBothLanguages) {
    EXPECT_EQ(to_identifier("model/conv2d_1/Conv2D:0"), "model_conv2d_1_Conv2D_0");
    EXPECT_EQ(to_identifier("7x7"), "n7x7");
    EXPECT_EQ(to_identifier("__a__b__"), "a_b");
    EXPECT_EQ(to_identifier(""), "unnamed");
    EXPECT_EQ(to_identifier("///"), "unnamed");
    EXPECT_EQ(to_identifier("Reg"), "Reg_0");
    EXPECT_EQ(to_identifier("default"), "default_0");
    EXPECT_EQ(to_identifier("\xc3\xa9t\xc3\xa9"), "t");
    EXPECT_LE(to_identifier(std::string(500, 'x')).size(), 50u);
}

TEST(Beat, CountsSpareElements) {
    const StreamShape shape{3, 5, 9, 7};
    EXPECT_EQ((Beat{1, 9, 7}.count(shape)), 15);
    EXPECT_EQ((Beat{1, 4, 2}.count(shape)), 15 * 3 * 4);
    EXPECT_EQ((Beat{2, 9, 8}.count(shape)), 3 * 3);
}

TEST(Design, MakesNamesUniqueAmongUnitsAndAmongStreams) {
    DesignBuilder build("net");
    Stream* in = build.input(2, 2, 3);
    Stream* out = build.convolution("a b", in, 2, 1, 1, 0);
    EXPECT_EQ(out->name, "a_b");
    EXPECT_NE(build.design.find_unit("a_b_matvec"), nullptr);
    EXPECT_EQ(build.design.add_stream("a_b_matvec", {}, 0, 1)->name, "a_b_matvec");
    EXPECT_EQ(build.design.add_stream("a_b", {}, 0, 1)->name, "a_b_1");
}

TEST(Design, SortsUnitsBehindTheirProducers) {
    Design net = resnet8();
    std::reverse(net.units.begin(), net.units.end());
    EXPECT_FALSE(verify(net, false));
    net.sort();
    EXPECT_TRUE(verify(net, false));
}

TEST(UnitDeath, NamesThatItsTableDoesNotHave) {
    Design net = fashion();
    Unit& unit = *net.find_unit("conv1_matvec");
    EXPECT_EQ(unit.parameter("Outputs"), 16);
    EXPECT_EQ(unit.find_parameter("Output"), nullptr);
    EXPECT_EQ(*unit.find_parameter("Outputs"), 16);
    EXPECT_EQ(unit.find_constant("weight"), nullptr);
    const std::pair<std::string_view, std::int64_t> values[] = {{"PE", 4}, {"Lanes", 3}};
    unit.set_parameters(values);
    EXPECT_EQ(unit.parameter("PE"), 4);
    EXPECT_EQ(unit.parameter("Lanes"), 3);
    EXPECT_DEATH(static_cast<void>(unit.parameter("Output")), "unit 'conv1_matvec' has no parameter 'Output'");
    EXPECT_DEATH(unit.set_parameter("Pe", 1), "has no parameter 'Pe'");
    EXPECT_DEATH(static_cast<void>(unit.constant("weight")), "has no constant 'weight'");
}

/// The first reason that `verify` gives once `change` has been made to a sound design.
template <class Change>
std::string broken_by(Change change) {
    Design net = fashion();
    EXPECT_TRUE(verify(net, false));
    change(net);
    const Status status = verify(net, false);
    return status ? "sound" : to_string(status.error().front());
}

/// All reasons.
template <class Change>
std::string all_broken_by(Change change) {
    Design net = fashion();
    change(net);
    const Status status = verify(net, false);
    return status ? "sound" : test::messages(status.error());
}

TEST(Verify, FindsWhatIsBrokenInAPlumbedDesign) {
    Design net = fashion();
    ASSERT_TRUE(fold(net));
    ASSERT_TRUE(plumb(net));
    ASSERT_TRUE(verify(net, true));
    Stream& stream = *net.units.back()->inputs[0];
    const auto broken = [&] { return test::messages(verify(net, true)); };
    stream.depth = 0;
    EXPECT_THAT(broken(), HasSubstr("the stream's depth is not set"));
    stream.depth = 2;
    stream.beat.lanes += 1;
    EXPECT_THAT(broken(), HasSubstr("the unit writes other beats than the stream has"));
    EXPECT_THAT(broken(), HasSubstr("the unit reads other beats than the stream has"));
}

TEST(Verify, FindsWhatIsBroken) {
    const auto unit = [](Design& net, const char* name) { return net.find_unit(name); };
    EXPECT_THAT(broken_by([&](Design& net) { unit(net, "conv1_matvec")->parameters["PE"] = 0; }),
                HasSubstr("unit 'conv1_matvec': parameter PE = 0 is outside"));
    EXPECT_THAT(broken_by([&](Design& net) { unit(net, "conv1_matvec")->parameters["Pe"] = 1; }),
                HasSubstr("parameter Pe is not in the table"));
    EXPECT_THAT(broken_by([&](Design& net) { unit(net, "conv1_matvec")->parameters.erase("PE"); }), HasSubstr("parameter PE is missing"));
    EXPECT_THAT(broken_by([&](Design& net) { unit(net, "conv1_matvec")->parameters["Outputs"] = 15; }),
                HasSubstr("its output is 28 x 28 x 1 x 16 instead of"));
    EXPECT_THAT(broken_by([&](Design& net) { unit(net, "conv1_matvec")->constants.clear(); }), HasSubstr("constant weights is missing"));
    EXPECT_THAT(broken_by([&](Design& net) { unit(net, "conv1_matvec")->parameters["AccumulatorBits"] = 8; }),
                HasSubstr("do not fit AccumulatorBits"));
    EXPECT_THAT(broken_by([&](Design& net) { unit(net, "conv1_matvec")->parameters["WeightBits"] = 7; }),
                HasSubstr("a weight does not fit WeightBits"));
    EXPECT_THAT(broken_by([&](Design& net) { unit(net, "conv1_matvec")->requantize->acc_max = 5; }), HasSubstr("outside"));
    EXPECT_THAT(broken_by([&](Design& net) { unit(net, "conv1_matvec")->requantize->multiplier.pop_back(); }),
                HasSubstr("requantize stage is inconsistent"));
    EXPECT_THAT(broken_by([&](Design& net) { unit(net, "conv1_matvec")->requantize->out_max = 200; }),
                HasSubstr("exceed the stream's range"));
    EXPECT_THAT(broken_by([&](Design& net) { unit(net, "conv1_window")->requantize.emplace(); }), HasSubstr("it has no requantize stage"));
    EXPECT_THAT(broken_by([&](Design& net) { unit(net, "conv1_window")->parameters["PadValue"] = 128; }), HasSubstr("PadValue is outside"));
    EXPECT_THAT(broken_by([&](Design& net) { unit(net, "conv1_window")->inputs.clear(); }),
                HasSubstr("it has 0 input streams instead of 1"));
    EXPECT_THAT(broken_by([&](Design& net) { unit(net, "conv1_window")->inputs[0] = nullptr; }), HasSubstr("input 0 is no stream"));
    EXPECT_THAT(broken_by([&](Design& net) { net.find_stream("conv1")->producer = nullptr; }),
                HasSubstr("the stream has another producer"));
    EXPECT_THAT(broken_by([&](Design& net) { net.find_stream("conv1")->name = "image"; }), HasSubstr("the stream's name is taken"));
    EXPECT_THAT(broken_by([&](Design& net) { net.units[1]->name = net.units[0]->name; }), HasSubstr("its name is taken"));
    EXPECT_THAT(broken_by([&](Design& net) { std::reverse(net.units.begin(), net.units.end()); }),
                HasSubstr("it stands before the unit that feeds it"));
    EXPECT_THAT(all_broken_by([&](Design& net) { net.find_stream("conv1")->shape.rows = 0; }), HasSubstr("the stream's shape is empty"));
    EXPECT_THAT(all_broken_by([&](Design& net) { net.find_stream("conv1")->producer_port = 7; }),
                HasSubstr("the stream's producer does not write it"));
    EXPECT_THAT(all_broken_by([&](Design& net) { net.inputs[0].binding.stream = net.find_stream("conv1"); }),
                HasSubstr("a kernel input has a producer"));
    EXPECT_THAT(broken_by([&](Design& net) { net.find_stream("conv1")->max = -200; }), HasSubstr("range"));
    EXPECT_THAT(broken_by([&](Design& net) { net.add_stream("lost", {}, 0, 1); }), HasSubstr("nothing writes the stream"));
    EXPECT_THAT(broken_by([&](Design& net) { net.add_stream("wide", {}, 0, (std::int64_t{1} << 32) - 1); }),
                HasSubstr("0..4294967295 exceed 32 signed bits"));
    EXPECT_THAT(broken_by([&](Design& net) { net.inputs.clear(); }), HasSubstr("nothing writes the stream"));
    EXPECT_THAT(broken_by([&](Design& net) { net.outputs.clear(); }), HasSubstr("nothing reads the stream"));
    EXPECT_THAT(broken_by([&](Design& net) { net.outputs[0].binding.stream = nullptr; }), HasSubstr("nothing reads the stream"));
    EXPECT_THAT(broken_by([&](Design& net) {
                    net.outputs[0].binding.map = std::make_shared<const std::vector<std::int32_t>>(std::vector<std::int32_t>{0, 10});
                }),
                HasSubstr("index map leaves the stream"));
}

}  // namespace
}  // namespace weft
