// packing_test.cpp
// Two products a DSP are exact, on every kind of DSP: every pair of 8-bit weights with every 8-bit input, and cascades as they are planned
// with the inputs that make most of their sums. The RTL is held against the same in the conformance runs.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "units/common/cases.h"
#include "units/common/random_case.h"
#include "units/matvec/matvec_layout.h"

namespace weft {
namespace {

std::int64_t wrapped(std::int64_t value, int bits) {
    const int spare = 64 - bits;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << spare) >> spare;
}

/// weft_mac: carried + (high * 2^shift + low) * x, the first sum wrapped to the wide port, the second to the sum's bits.
std::int64_t mac(const DspCell& cell, std::int64_t carried, std::int64_t high, std::int64_t low, int shift, std::int64_t x) {
    return wrapped(carried + wrapped(high * (std::int64_t{1} << shift) + low, cell.wide_bits) * x, cell.sum_bits);
}

struct Halves {
    std::int64_t low, high;
    bool operator==(const Halves&) const = default;
};

std::int64_t round(int shift) { return std::int64_t{1} << (shift - 1); }

/// As matvec_pair.sv takes p apart: {~p[L-1], p[L-2:0]}, and the bits above.
Halves parted(std::int64_t p, int shift) { return {wrapped(p ^ round(shift), shift), p >> shift}; }

bool fits(std::int64_t value, int bits) { return wrapped(value, bits) == value; }

TEST(Packing, EveryPairOfWeightsWithEveryInput) {
    for (const DspCell* cell : dsp_cells) {
        SCOPED_TRACE(cell->name);
        // The largest shift that is free for all pairs, and the largest of pairs without -128.
        const int always = cell->wide_bits - 9, most = cell->wide_bits - 8;
        std::int64_t wrong = 0, wider = 0;
        for (std::int64_t high = -128; high <= 127; ++high)
            for (std::int64_t low = -128; low <= 127; ++low)
                for (int shift = always; shift <= most; ++shift) {
                    if (!fits(high * (std::int64_t{1} << shift) + low, cell->wide_bits)) {
                        wrong += shift == always ? 1 : 0;
                        continue;
                    }
                    wider += shift == most ? 1 : 0;
                    for (std::int64_t x = -128; x <= 255; ++x)
                        wrong += parted(mac(*cell, round(shift), high, low, shift, x), shift) == Halves{low * x, high * x} ? 0 : 1;
                }
        EXPECT_EQ(wrong, 0);
        // All but those of -128 with a negative weight beside it.
        EXPECT_EQ(wider, 65536 - 128);
    }
}

/// Two outputs of `count` weights each, all of them `weight`, on inputs 0..255.
UnitCase equal_weights(int count, std::int64_t weight) {
    CaseBuilder build("packed");
    Stream* in = build.input({1, 1, 1, count}, 0, 255);
    Stream* out = build.output({1, 1, 1, 2}, 0, 0);
    Unit* unit = build.unit(unit_matvec, {in}, {out}, {{"Channels", count}, {"Outputs", 2}, {"PE", 2}, {"Lanes", count}});
    unit->constants["weights"] = {{2, 1, count}, std::vector<std::int64_t>(static_cast<std::size_t>(2 * count), weight)};
    const std::int64_t sum = 255 * weight * count;
    set_stage(*unit, nullptr, RequantizeForm::none, false, std::min<std::int64_t>(0, sum), std::max<std::int64_t>(0, sum));
    return build.finish();
}

TEST(Packing, CascadesAreAsLongAsTheLowSumFits) {
    using Plan = std::pair<std::int64_t, std::int64_t>;
    const auto planned = [](const DspCell& cell, std::int64_t weight) {
        const UnitCase point = equal_weights(12, weight);
        point->use(cell);
        Unit& unit = *point->units.front();
        unit.def->derive(unit);
        EXPECT_TRUE(verify(*point, true));
        EXPECT_TRUE(matvec_chains_fit(unit));
        return Plan{unit.parameter("LaneShift"), unit.parameter("ChainLength")};
    };
    // 127 * 255 = 32385: two of them fit 17 signed bits, eight 19.
    EXPECT_EQ(planned(dsp48e1, 127), Plan(17, 2));
    EXPECT_EQ(planned(dsp48e2, 127), Plan(19, 6));
    EXPECT_EQ(planned(dsp48e1, -128), Plan(16, 1));
    EXPECT_EQ(planned(dsp48e2, -128), Plan(18, 4));
    // One more, and the halves are not what they were.
    const auto three = [](const DspCell& cell, int shift) {
        std::int64_t p = round(shift);
        for (int i = 0; i < 3; ++i) p = mac(cell, p, 127, 127, shift, 255);
        return parted(p, shift) == Halves{3 * 127 * 255, 3 * 127 * 255};
    };
    EXPECT_FALSE(three(dsp48e1, 17));
    EXPECT_TRUE(three(dsp48e2, 19));
}

/// Checks every cascade of the unit, with inputs of each kind.
class Cascades {
public:
    explicit Cascades(const Unit& unit) : unit_(unit), shift_(static_cast<int>(unit.parameter("LaneShift"))), random_(1) {}

    std::int64_t wrong() {
        const MatvecLayout layout(unit_);
        const std::int64_t length = unit_.parameter("ChainLength");
        layout.for_each_pair(unit_.constant("weights"), [&](auto, auto, std::int64_t i, std::int64_t low, std::int64_t high) {
            weights_.push_back({low, high});
            if ((i + 1) % length != 0 && i + 1 != layout.simd()) return;
            for (int kind = 0; kind < 6; ++kind) check(kind);
            weights_.clear();
        });
        return wrong_;
    }

private:
    void check(int kind) {
        const Stream& in = *unit_.inputs[0];
        Halves sums{0, 0};
        std::int64_t p = round(shift_);
        for (const Halves& weight : weights_) {
            const bool rises = kind < 2 ? weight.low >= 0 : weight.high >= 0;
            const std::int64_t any = in.min + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(in.max - in.min + 1));
            const std::int64_t x = kind == 5                  ? any
                                   : kind == 4                ? ((random_() & 1) != 0 ? in.max : in.min)
                                   : rises == (kind % 2 == 0) ? in.max
                                                              : in.min;
            p = mac(unit_.dsp, p, weight.high, weight.low, shift_, x);
            sums = {sums.low + weight.low * x, sums.high + weight.high * x};
        }
        wrong_ += parted(p, shift_) == sums ? 0 : 1;
    }

    const Unit& unit_;
    int shift_;
    std::mt19937_64 random_;
    std::vector<Halves> weights_;
    std::int64_t wrong_ = 0;
};

TEST(Packing, PlannedCascadesPartAgain) {
    for (const DspCell* cell : dsp_cells) {
        SCOPED_TRACE(cell->name);
        int packed = 0, longer = 0;
        for (std::uint64_t seed = 1; seed <= 600; ++seed) {
            const UnitCase point = random_case(unit_matvec, seed);
            point->use(*cell);
            Unit& unit = *point->units.front();
            unit.def->derive(unit);
            if (!verify(*point, true) || unit.parameter("LaneShift") == 0) continue;
            ++packed;
            longer += unit.parameter("ChainLength") > 1 ? 1 : 0;
            EXPECT_EQ(Cascades(unit).wrong(), 0) << "seed " << seed << " (" << describe(*point) << ")";
        }
        EXPECT_GT(packed, 50);
        EXPECT_GT(longer, 20);
    }
}

}  // namespace
}  // namespace weft
