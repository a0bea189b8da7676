// folding_test.cpp
// The folding search against known optima and brute force; foldings from files, good and bad.
// SPDX-License-Identifier: Apache-2.0
#include "src/explore/folding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "src/design/plumb.h"
#include "tests/design/sample_designs.h"

namespace weft {
namespace {

using testing::HasSubstr;

std::string first_error(const Status& status) { return status ? std::string() : to_string(status.error().front()); }

TEST(Folding, FindsTheKnownOptimaUnderNineHundredDsps) {
    Design net = fashion();
    ASSERT_TRUE(fold(net));
    EXPECT_EQ(figures(net).interval, 784);
    EXPECT_EQ(figures(net).cost.mac_dsp, 658);
    net = resnet8();
    ASSERT_TRUE(fold(net));
    EXPECT_EQ(figures(net).interval, 8192);
    EXPECT_EQ(figures(net).cost.mac_dsp, 764);
}

TEST(Folding, LeavesASoundDesign) {
    auto designs = sample_designs();
    for (Design& net : designs) {
        ASSERT_TRUE(fold(net));
        const Status status = plumb(net);
        ASSERT_TRUE(status) << first_error(status);
        const Status sound = verify(net, true);
        EXPECT_TRUE(sound) << first_error(sound);
    }
}

/// Every combination of the units' foldings that agrees on the streams with taps: the least interval within the limit, and the least MAC
/// DSPs for it.
std::pair<std::int64_t, double> brute_force(Design& design, double limit) {
    std::pair<std::int64_t, double> best{std::numeric_limits<std::int64_t>::max(), 0};
    std::vector<std::vector<Folding>> options;
    for (const auto& unit : design.units) options.push_back(unit->def->foldings(*unit));
    std::vector<std::size_t> at(options.size(), 0);
    const auto visit = [&](auto&& self, std::size_t index, std::int64_t cycles, double mac) -> void {
        if (mac > limit || cycles > best.first) return;
        if (index == options.size()) {
            if (cycles < best.first || mac < best.second) best = {cycles, mac};
            return;
        }
        Unit& unit = *design.units[index];
        for (const Folding& folding : options[index]) {
            unit.set_parameters(folding.parameters);
            const Stream& in = *unit.inputs[0];
            if (in.shape.taps > 1 && port_beat(*in.producer, true, 0) != port_beat(unit, false, 0)) continue;
            self(self, index + 1, std::max(cycles, folding.cycles), mac + folding.cost.mac_dsp);
        }
    };
    visit(visit, 0, 0, 0);
    return best;
}

TEST(Folding, EqualsBruteForceOnSmallDesigns) {
    for (const double limit : {4.0, 7.0, 12.0, 30.0, 100.0}) {
        DesignBuilder build("small");
        Stream* x = build.convolution("c1", build.input(5, 6, 3), 5, 3, 2, 1);
        x = build.depthwise("d1", x, 2, 1, 0);
        build.output(build.convolution("c2", x, 4, 1, 1, 0));
        const auto expected = brute_force(build.design, limit);
        const Status status = fold(build.design, {.mac_dsp_limit = limit});
        ASSERT_TRUE(status) << first_error(status);
        EXPECT_EQ(figures(build.design).interval, expected.first) << limit;
        EXPECT_EQ(figures(build.design).cost.mac_dsp, expected.second) << limit;
    }
}

TEST(Folding, RefusesALimitBelowTheSlowestFolding) {
    Design net = fashion();
    EXPECT_THAT(first_error(fold(net, {.mac_dsp_limit = 2})), HasSubstr("even the slowest folding needs 3 MAC DSPs, and 2 are allowed"));
}

TEST(Folding, KeepsUnitsWithoutMacsNarrow) {
    Design net = fashion();
    ASSERT_TRUE(fold(net));
    for (const char* node : {"pool1", "pool2"}) {
        Unit* pool = net.find_unit(node + std::string("_pool"));
        Unit* window = net.find_unit(node + std::string("_window"));
        const auto width = [](const Unit* unit) { return unit->parameter("Lanes") * unit->parameter("TapsPerBeat"); };
        const std::int64_t chosen = width(pool) + window->parameter("Lanes");
        // Whatever is narrower makes one of the two too slow.
        for (const Folding& other : pool->def->foldings(*pool)) {
            for (Unit* unit : {pool, window}) unit->set_parameters(other.parameters);
            if (width(pool) + window->parameter("Lanes") < chosen) {
                EXPECT_GT(std::max(pool->def->schedule(*pool).cycles, window->def->schedule(*window).cycles), 784);
            }
        }
    }
}

TEST(FoldingFile, RoundTripsAndSurvivesPlumbing) {
    auto designs = sample_designs();
    for (Design& net : designs) {
        ASSERT_TRUE(fold(net));
        const std::string json = folding_json(net);
        std::map<std::string, std::map<std::string, std::int64_t, std::less<>>> chosen;
        for (const auto& unit : net.units) chosen[unit->name] = unit->parameters;
        ASSERT_TRUE(fold(net, {.mac_dsp_limit = 40}));
        EXPECT_NE(folding_json(net), json);
        ASSERT_TRUE(plumb(net));
        EXPECT_TRUE(folding_json(net).find("split") == std::string::npos);
        const Status status = apply_folding(net, json, "folding.json");
        ASSERT_TRUE(status) << first_error(status);
        EXPECT_EQ(folding_json(net), json);
        for (const auto& unit : net.units) EXPECT_EQ(unit->parameters, chosen[unit->name]) << unit->name;
    }
}

TEST(FoldingFile, SetsANodeByHand) {
    Design net = fashion();
    ASSERT_TRUE(fold(net));
    ASSERT_TRUE(apply_folding(net, R"({"conv2": {"PE": 7, "Lanes": 3, "TapsPerBeat": 5}})", "folding.json"));
    const Unit* unit = net.find_unit("conv2_matvec");
    EXPECT_EQ(unit->parameter("PE"), 7);
    EXPECT_EQ(net.find_unit("conv2_window")->parameter("TapsPerBeat"), 5);
    // 2 tap folds x 6 channel folds leave time for one result a beat.
    EXPECT_EQ(unit->parameter("OutputLanes"), 1);
    EXPECT_EQ(figures(net).interval, 14 * 14 * 2 * 6 * 5);
    EXPECT_TRUE(plumb(net));
}

TEST(FoldingFile, WidensUnnamedUnitsWithoutMacsThatWouldBeTheSlowest) {
    const auto pixels = [](const char* json) {
        DesignBuilder build("entry");
        build.output(build.convolution("conv", build.rescale("entry", build.input(8, 8, 1)), 4, 3, 1, 1));
        EXPECT_TRUE(fold(build.design));
        const Status status = apply_folding(build.design, json, "folding.json");
        EXPECT_TRUE(status) << first_error(status);
        EXPECT_TRUE(plumb(build.design));
        return build.design.find_unit("entry_requantize")->parameter("Pixels");
    };
    EXPECT_EQ(pixels(R"({"conv": {"Pixels": 1, "Lanes": 1, "TapsPerBeat": 9, "PE": 4, "OutputLanes": 4}})"), 1);
    EXPECT_EQ(pixels(R"({"conv": {"Pixels": 4, "Lanes": 1, "TapsPerBeat": 9, "PE": 4, "OutputLanes": 4}})"), 4);
    EXPECT_EQ(pixels(R"({"conv": {"Pixels": 4, "Lanes": 1, "TapsPerBeat": 9, "PE": 4, "OutputLanes": 4}, "entry": {"Lanes": 1}})"), 1);
}

TEST(FoldingFile, SaysWhatIsWrong) {
    const auto message = [](const char* json) {
        Design net = fashion();
        EXPECT_TRUE(fold(net));
        const std::string before = folding_json(net);
        const std::string text = first_error(apply_folding(net, json, "folding.json"));
        EXPECT_EQ(folding_json(net), before);
        return text;
    };
    EXPECT_THAT(message("[1, 2]"), HasSubstr("folding.json is not a JSON object of node keys"));
    EXPECT_THAT(message("{\"conv1\": "), HasSubstr("folding.json is not a JSON object of node keys"));
    EXPECT_THAT(message(R"({"conv3": {"PE": 1}})"),
                testing::AllOf(HasSubstr("names 'conv3', which is no node of the design"), HasSubstr("conv")));
    EXPECT_THAT(message(R"({"conv1": {"Pe": 1}})"), testing::AllOf(HasSubstr("folding parameter 'Pe'"), HasSubstr("PE")));
    EXPECT_THAT(message(R"({"conv1": {"Rows": 1}})"), HasSubstr("folding parameter 'Rows'"));
    EXPECT_THAT(message(R"({"conv1": {"PE": 0}})"), HasSubstr("PE = 0 is outside 1.."));
    EXPECT_THAT(message(R"({"conv1": {"PE": 1.5}})"), HasSubstr("PE is 1.5, not an integer"));
    EXPECT_THAT(message(R"({"conv1": {"PE": 17}})"), HasSubstr("PE exceeds Outputs"));
    EXPECT_THAT(message(R"({"conv1": 3})"), HasSubstr("not an object of parameters"));
    EXPECT_THAT(message(R"({"conv2_window": {"TapsPerBeat": 1}})"), HasSubstr("it reads 9 taps x"));
}

}  // namespace
}  // namespace weft
