// random_test.cpp
// Fast faces equal models under random shapes, ranges and stages, beyond the conformance points.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "units/common/cases.h"

namespace weft {
namespace {

class RandomUnits : public testing::TestWithParam<int> {
protected:
    int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(engine_); }
    RequantizeForm form() {
        return std::array{RequantizeForm::none, RequantizeForm::multiply, RequantizeForm::convergent,
                          RequantizeForm::thresholds}[static_cast<std::size_t>(pick(0, 3))];
    }
    std::pair<std::int64_t, std::int64_t> range() {
        const int bits = pick(1, 16);
        return pick(0, 1) ? std::pair<std::int64_t, std::int64_t>{0, (1 << bits) - 1}
                          : std::pair<std::int64_t, std::int64_t>{-(1 << (bits - 1)), (1 << (bits - 1)) - 1};
    }

    /// Gives the unit a stage for accumulators min..max, or the output their range.
    void stage(Unit* unit, std::int64_t min, std::int64_t max) {
        Stream* out = unit->outputs[0];
        const RequantizeForm chosen = form();
        if (chosen == RequantizeForm::none && bits_for(min, max) <= 32) {
            out->min = min;
            out->max = max;
        } else {
            unit->requantize = sample_stage(chosen == RequantizeForm::none ? RequantizeForm::multiply : chosen, out->shape.channels,
                                            pick(0, 1) == 1, min, max, out->min, out->max);
        }
    }

    void expect_equal(const UnitCase& design) {
        const Status status = verify(*design, true);
        ASSERT_TRUE(status) << to_string(status.error().front());
        const Unit& unit = *design->units.front();
        std::vector<IntTensor> inputs;
        for (const Stream* stream : unit.inputs) {
            IntTensor& frame = inputs.emplace_back(stream->shape);
            std::ranges::copy(sample(stream->shape.elements(), stream->min, stream->max, engine_()), frame.data.begin());
        }
        std::vector<const IntTensor*> pointers;
        for (const IntTensor& frame : inputs) pointers.push_back(&frame);
        std::vector<IntTensor> expected{IntTensor(unit.outputs[0]->shape)};
        std::vector<IntTensor> actual = expected;
        unit.def->model(unit, pointers, expected);
        unit.def->fast(unit)(pointers, actual);
        EXPECT_EQ(actual, expected) << unit.def->name;
    }

    std::mt19937_64 engine_{static_cast<std::uint64_t>(GetParam())};
};

TEST_P(RandomUnits, Window) {
    const int kernel_h = pick(1, 5), kernel_w = pick(1, 5), stride_h = pick(1, 3), stride_w = pick(1, 3);
    const int top = pick(0, 4), left = pick(0, 4), bottom = pick(0, 4), right = pick(0, 4), channels = pick(1, 20);
    const int rows = pick(std::max(1, kernel_h - top - bottom), 12), columns = pick(std::max(1, kernel_w - left - right), 12);
    const auto [min, max] = range();
    CaseBuilder build("window");
    Stream* in = build.input({rows, columns, 1, channels}, min, max);
    Stream* out = build.output({(rows + top + bottom - kernel_h) / stride_h + 1, (columns + left + right - kernel_w) / stride_w + 1,
                                kernel_h * kernel_w, channels},
                               min, max);
    build.unit(unit_window, {in}, {out},
               {{"Rows", rows},
                {"Columns", columns},
                {"Channels", channels},
                {"KernelH", kernel_h},
                {"KernelW", kernel_w},
                {"StrideH", stride_h},
                {"StrideW", stride_w},
                {"PadTop", top},
                {"PadLeft", left},
                {"PadBottom", bottom},
                {"PadRight", right},
                {"PadValue", max},
                {"Lanes", pick(1, channels)},
                {"TapsPerBeat", pick(1, kernel_h * kernel_w)}});
    expect_equal(build.finish());
}

TEST_P(RandomUnits, Matvec) {
    const int rows = pick(1, 9), columns = pick(1, 9), taps = pick(1, 9), channels = pick(1, 40), outputs = pick(1, 50);
    const auto [min, max] = range();
    const std::int64_t weight = (std::int64_t{1} << pick(0, 12)) - 1;
    CaseBuilder build("matvec");
    Stream* in = build.input({rows, columns, taps, channels}, min, max);
    Stream* out = build.output({rows, columns, 1, outputs}, -128, 127);
    Unit* unit = build.unit(unit_matvec, {in}, {out},
                            {{"Rows", rows},
                             {"Columns", columns},
                             {"Taps", taps},
                             {"Channels", channels},
                             {"Outputs", outputs},
                             {"PE", pick(1, outputs)},
                             {"Lanes", pick(1, channels)},
                             {"TapsPerBeat", pick(1, taps)}});
    unit->constants["weights"] = {{outputs, taps, channels}, sample(std::int64_t{outputs} * taps * channels, -weight, weight, engine_())};
    const std::int64_t bound = std::max(std::abs(min), std::abs(max)) * weight * taps * channels;
    stage(unit, -bound, bound);
    expect_equal(build.finish());
}

TEST_P(RandomUnits, Depthwise) {
    const int rows = pick(1, 9), columns = pick(1, 9), taps = pick(1, 9), channels = pick(1, 40), multiplier = pick(1, 3);
    const auto [min, max] = range();
    const std::int64_t weight = (std::int64_t{1} << pick(0, 15)) - 1;
    CaseBuilder build("depthwise");
    Stream* in = build.input({rows, columns, taps, channels}, min, max);
    Stream* out = build.output({rows, columns, 1, channels * multiplier}, -128, 127);
    Unit* unit = build.unit(unit_depthwise, {in}, {out},
                            {{"Rows", rows},
                             {"Columns", columns},
                             {"Taps", taps},
                             {"Channels", channels},
                             {"Multiplier", multiplier},
                             {"Lanes", pick(1, channels)},
                             {"TapsPerBeat", pick(1, taps)}});
    unit->constants["weights"] = {{channels * multiplier, taps},
                                  sample(std::int64_t{channels} * multiplier * taps, -weight, weight, engine_())};
    const std::int64_t bound = std::max(std::abs(min), std::abs(max)) * weight * taps;
    stage(unit, -bound, bound);
    expect_equal(build.finish());
}

TEST_P(RandomUnits, PoolsAndAdd) {
    const int rows = pick(1, 9), columns = pick(1, 9), taps = pick(1, 9), channels = pick(1, 40);
    const auto [min, max] = range();
    const std::int64_t largest = std::max(std::abs(min), std::abs(max));
    {
        CaseBuilder build("pool");
        const bool maximum = pick(0, 1) == 1;
        Stream* in = build.input({rows, columns, taps, channels}, min, max);
        Stream* out = build.output({rows, columns, 1, channels}, -128, 127);
        Unit* unit =
            build.unit(unit_pool, {in}, {out},
                       {{"Rows", rows}, {"Columns", columns}, {"Taps", taps}, {"Channels", channels}, {"Maximum", maximum}, {"Zero", min}});
        unit->constants["row_factor"] = {{rows}, sample(rows, 1, 6, engine_())};
        unit->constants["column_factor"] = {{columns}, sample(columns, 1, 6, engine_())};
        const std::int64_t bound = 2 * largest * taps * 36;
        stage(unit, -bound, bound);
        expect_equal(build.finish());
    }
    {
        CaseBuilder build("global_pool");
        Stream* in = build.input({rows, columns, 1, channels}, min, max);
        Stream* out = build.output({1, 1, 1, channels}, -128, 127);
        Unit* unit = build.unit(unit_global_pool, {in}, {out},
                                {{"Rows", rows}, {"Columns", columns}, {"Channels", channels}, {"Maximum", pick(0, 1)}});
        stage(unit, -largest * rows * columns, largest * rows * columns);
        expect_equal(build.finish());
    }
    {
        CaseBuilder build("add");
        Stream* a = build.input({rows, columns, 1, channels}, min, max);
        Stream* b = build.input({rows, columns, 1, channels}, -128, 127);
        Stream* out = build.output({rows, columns, 1, channels}, -128, 127);
        Unit* unit = build.unit(unit_add, {a, b}, {out}, {{"Rows", rows}, {"Columns", columns}, {"Channels", channels}});
        unit->constants["multipliers"] = {{2}, {pick(-5000, 5000), pick(1, 5000)}};
        stage(unit, -5000 * (largest + 128), 5000 * (largest + 128));
        expect_equal(build.finish());
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomUnits, testing::Range(1, 41));

}  // namespace
}  // namespace weft
