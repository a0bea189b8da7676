// plumb_test.cpp
// Plumbing joins any folding soundly, never changes the result, and its FIFO depths are what bounded FIFOs really need.
// SPDX-License-Identifier: Apache-2.0
#include "src/design/plumb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "src/engines/contract.h"
#include "src/explore/folding.h"
#include "tests/design/sample_designs.h"

namespace weft {
namespace {

using testing::HasSubstr;

/// Moves beats through bounded FIFOs, each unit reading what its next output beat needs and no more, port after port. True if every kernel
/// output gets `frames` frames; false if nothing can move before.
bool runs(const Design& design, int frames) {
    struct Process {
        const Unit* unit;
        std::vector<std::vector<std::int64_t>> needs;
        std::vector<std::int64_t> read;
        std::int64_t written = 0;
    };
    std::map<const Stream*, std::int64_t> held;
    std::vector<Process> processes;
    for (const auto& unit : design.units) {
        Process process{unit.get(), {}, std::vector<std::int64_t>(unit->inputs.size(), 0), 0};
        for (std::size_t port = 0; port < unit->inputs.size(); ++port) {
            const auto beats = unit->outputs[0]->beat.count(unit->outputs[0]->shape);
            std::vector<std::int64_t> needs;
            if (unit->def->reads_for) needs = unit->def->reads_for(*unit, static_cast<int>(port));
            for (auto k = static_cast<std::int64_t>(needs.size()); k < beats; ++k) needs.push_back(k + 1);
            process.needs.push_back(std::move(needs));
        }
        processes.push_back(std::move(process));
    }
    const auto frame_beats = [](const Stream& stream) { return stream.beat.count(stream.shape); };
    const auto leaves = [&](const Stream* stream) { return design.readers(stream).empty(); };
    const auto read_one = [&](const Stream* stream) {
        if (!stream->producer) return true;
        auto& count = held[stream];
        return count > 0 ? (--count, true) : false;
    };
    const auto step = [&](Process& process) {
        const Unit& unit = *process.unit;
        bool moved = false;
        const std::int64_t per_frame = frame_beats(*unit.outputs[0]);
        for (std::size_t port = 0; port < unit.inputs.size(); ++port) {
            const std::int64_t needed = process.written / per_frame * frame_beats(*unit.inputs[port]) +
                                        process.needs[port][static_cast<std::size_t>(process.written % per_frame)];
            while (process.read[port] < needed) {
                if (!read_one(unit.inputs[port])) return moved;
                ++process.read[port];
                moved = true;
            }
        }
        for (const Stream* stream : unit.outputs)
            if (!leaves(stream) && held[stream] >= stream->depth) return moved;
        for (const Stream* stream : unit.outputs)
            if (!leaves(stream)) ++held[stream];
        ++process.written;
        return true;
    };
    const auto finished = [&] {
        return std::ranges::all_of(design.outputs, [&](const KernelOutput& output) {
            const Stream& stream = *output.binding.stream;
            const auto at = std::ranges::find_if(processes, [&](const Process& process) { return process.unit == stream.producer; });
            return at->written >= frames * frame_beats(stream);
        });
    };
    while (!finished()) {
        bool moved = false;
        for (Process& process : processes) moved = step(process) || moved;
        if (!moved) return false;
    }
    return true;
}

Unit* join_of(Design& design, const std::string& name) { return design.find_unit(name); }

TEST(Plumb, GivesDesignsThatRunAndStaySound) {
    for (const double limit : {60.0, 900.0}) {
        auto designs = sample_designs();
        for (Design& net : designs) {
            if (!fold(net, {.mac_dsp_limit = limit})) continue;
            const Status status = plumb(net);
            ASSERT_TRUE(status) << to_string(status.error().front());
            const Status sound = verify(net, true);
            EXPECT_TRUE(sound) << to_string(sound.error().front());
            EXPECT_TRUE(runs(net, 2)) << net.name << " at " << limit;
        }
    }
}

TEST(Plumb, DepthsWithoutMarginSuffice) {
    auto designs = sample_designs();
    for (Design& net : designs)
        for (const double limit : {25.0, 300.0}) {
            if (!fold(net, {.mac_dsp_limit = limit})) continue;
            ASSERT_TRUE(plumb(net, {.positions = 0, .least_depth = 1, .most_depth = 1, .margin_per_unit = 0}));
            EXPECT_TRUE(runs(net, 2)) << net.name << " at " << limit;
        }
}

/// A residual whose skip goes straight from the fork to the sum.
Design straight_residual(int kernel, int convolutions, int lanes) {
    DesignBuilder build("residual");
    Stream* x = build.convolution("stem", build.input(7, 6, 2), 4, 1, 1, 0);
    Stream* y = x;
    std::string folding = R"({"stem": {"PE": 4, "OutputLanes": )" + std::to_string(lanes) + "}";
    for (int i = 0; i < convolutions; ++i) {
        const std::string node = "conv" + std::to_string(i);
        y = build.convolution(node, y, 4, kernel, 1, kernel / 2);
        folding +=
            ", \"" + node + R"(": {"PE": 4, "OutputLanes": )" + std::to_string(lanes) + R"(, "Lanes": )" + std::to_string(lanes) + "}";
    }
    build.output(build.add("sum", y, x));
    folding += R"(, "sum": {"Lanes": )" + std::to_string(lanes) + "}}";
    const Status status = apply_folding(build.design, folding, "test");
    EXPECT_TRUE(status) << to_string(status.error().front());
    return std::move(build.design);
}

TEST(Plumb, OneBeatLessThanTheNeedDeadlocks) {
    for (const int kernel : {1, 3, 5})
        for (const int convolutions : {1, 2, 3})
            for (const int lanes : {2, 4}) {
                Design net = straight_residual(kernel, convolutions, lanes);
                ASSERT_TRUE(plumb(net, {.margin_per_unit = 0}));
                const Unit* sum = join_of(net, "sum_add");
                const std::int64_t need = waiting_beats(net).at(sum->inputs[1]);
                ASSERT_GT(need, 0);
                Stream* skip = sum->inputs[1];
                skip->depth = static_cast<int>(need);
                EXPECT_TRUE(runs(net, 3)) << kernel << " " << convolutions << " " << lanes;
                skip->depth = static_cast<int>(need) - 1;
                EXPECT_FALSE(runs(net, 3)) << kernel << " " << convolutions << " " << lanes;
            }
}

TEST(Plumb, SkipDepthIsTheDelayOfTheLineBuffers) {
    // One 3 x 3 window of 6 columns waits for a row and two pixels (its last pixel is one further on the next row), the sum has read the
    // pixel before.
    Design net = straight_residual(3, 1, 4);
    ASSERT_TRUE(plumb(net));
    const Unit* sum = join_of(net, "sum_add");
    EXPECT_EQ(waiting_beats(net), (std::map<const Stream*, std::int64_t>{{sum->inputs[1], 6 + 2}}));
}

TEST(Plumb, MarginGrowsWithTheUnitsWaitedFor) {
    Design net = straight_residual(3, 2, 4);
    ASSERT_TRUE(plumb(net, {.margin_per_unit = 0}));
    const Unit* sum = join_of(net, "sum_add");
    const int bare = sum->inputs[1]->depth;
    ASSERT_TRUE(plumb(net, {.margin_per_unit = 5}));
    EXPECT_EQ(join_of(net, "sum_add")->inputs[1]->depth, bare + 5 * 4);
}

TEST(Plumb, IsIdempotentAndFollowsANewFolding) {
    const auto shape_of = [](const Design& design) {
        std::string text;
        for (const auto& unit : design.units) {
            text += unit->name + "(";
            for (const Stream* in : unit->inputs) text += in->name + ":" + std::to_string(in->depth) + " ";
            text += ")";
            for (const auto& [name, value] : unit->parameters) text += name + "=" + std::to_string(value) + " ";
            text += "\n";
        }
        for (const auto& stream : design.streams) text += stream->name + " " + std::to_string(stream->beat.elements()) + "\n";
        return text;
    };
    Design net = branched();
    ASSERT_TRUE(fold(net));
    ASSERT_TRUE(plumb(net));
    const std::string once = shape_of(net);
    ASSERT_TRUE(plumb(net));
    EXPECT_EQ(shape_of(net), once);
    ASSERT_TRUE(fold(net, {.mac_dsp_limit = 30}));
    ASSERT_TRUE(plumb(net));
    EXPECT_NE(shape_of(net), once);
    ASSERT_TRUE(fold(net));
    ASSERT_TRUE(plumb(net));
    EXPECT_EQ(shape_of(net), once);
}

TEST(Plumb, ForksAStreamThatIsReadAndLeaves) {
    Design net = branched();
    ASSERT_TRUE(fold(net));
    Stream* all = net.outputs[0].binding.stream;
    ASSERT_TRUE(plumb(net));
    EXPECT_NE(net.outputs[0].binding.stream, all);
    EXPECT_EQ(net.outputs[0].binding.stream->producer->def->role, UnitRole::fork);
    unplumb(net);
    EXPECT_EQ(net.outputs[0].binding.stream, all);
    EXPECT_TRUE(verify(net, false));
    EXPECT_FALSE(verify(net, true));
}

TEST(Plumb, RefusesWindowsThatTheirReaderCannotTake) {
    Design net = fashion();
    ASSERT_TRUE(fold(net));
    net.find_unit("conv2_window")->set_parameter("TapsPerBeat", 2);
    const Status status = plumb(net);
    ASSERT_FALSE(status);
    EXPECT_THAT(to_string(status.error().front()),
                testing::AllOf(HasSubstr("node 'conv2'"), HasSubstr("reads 1 pixels x 9 taps x"), HasSubstr("writes 1 x 2 x")));
}

TEST(Contract, PlumbingAndFastFacesChangeNothing) {
    auto designs = sample_designs();
    for (Design& net : designs) {
        std::vector<IntTensor> frame{IntTensor(net.inputs[0].binding.stream->shape)};
        const auto values = sample(frame[0].shape.elements(), -128, 127, 5);
        for (std::size_t i = 0; i < values.size(); ++i) frame[0].data[i] = static_cast<std::int32_t>(values[i]);
        std::vector<IntTensor> expected(net.outputs.size());
        std::vector<IntTensor> streams;
        ContractRunner(net, true).run(frame, expected, &streams);
        std::map<std::string, IntTensor> by_name;
        for (std::size_t i = 0; i < streams.size(); ++i) by_name[net.streams[i]->name] = streams[i];

        ASSERT_TRUE(fold(net));
        ASSERT_TRUE(plumb(net));
        const ContractRunner fast(net);
        for (int repeat = 0; repeat < 2; ++repeat) {
            std::vector<IntTensor> actual(net.outputs.size());
            fast.run(frame, actual);
            EXPECT_EQ(actual, expected);
        }
        std::vector<IntTensor> actual(net.outputs.size());
        fast.run(frame, actual, &streams);
        EXPECT_EQ(actual, expected);
        std::size_t seen = 0;
        for (std::size_t i = 0; i < streams.size(); ++i) {
            EXPECT_EQ(streams[i].shape, net.streams[i]->shape) << net.streams[i]->name;
            const auto at = by_name.find(net.streams[i]->name);
            if (at != by_name.end()) seen += at->second == streams[i] ? 1 : 0;
        }
        EXPECT_EQ(seen, by_name.size());
    }
}

}  // namespace
}  // namespace weft
