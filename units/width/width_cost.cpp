// width_cost.cpp
// What the resources of width depend on: lanes and pixels are regrouped by one module (units/width/regroup.sv), in up to two steps.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "units/common/cost_terms.h"
#include "units/common/model_parts.h"
#include "units/width/width_faces.h"

namespace weft {

namespace {

/// One regrouping of `in` items a beat to `out`, of items as wide as both allow.
struct Regrouping {
    std::int64_t in, out, bits;         ///< Bits of an item.
    std::int64_t items, steps, phases;  ///< Of a row (a pixel); phases: after which the pattern repeats.
    std::int64_t folds = 1;             ///< Each step so many times over.
    bool there = true;

    Regrouping(std::int64_t count, std::int64_t from, std::int64_t to, std::int64_t element_bits) {
        const std::int64_t item = std::gcd(from, to);
        in = from / item;
        out = to / item;
        bits = item * element_bits;
        items = ceil_div(count, item);
        steps = ceil_div(items, std::min(in, out));
        phases = in == out ? 0 : std::min(steps, std::max(in, out));
    }

    bool grows() const { return in < out; }
    bool cuts() const { return in > out; }
    std::int64_t joined_bits() const { return there && in <= out ? std::min(out, items) * bits : 0; }
    std::int64_t cut_bits() const { return cuts() ? out * bits : 0; }
    /// Bits that are chosen from several places.
    std::int64_t chosen_bits() const { return in > 1 ? joined_bits() + cut_bits() : 0; }
    std::int64_t counter() const {
        if (!there || in == out || steps <= 1) return 0;
        return clog2(steps) + (steps != phases ? clog2(phases) : 0);
    }
    /// Enables of the places that are written.
    std::int64_t written() const { return there && steps > 1 && grows() ? out * (in > 1 ? 2 : 1) : 0; }
    /// Items that are kept from beat to beat.
    std::int64_t kept() const {
        if (grows()) {
            if (folds > 1) return std::min(out, items) - 1;
            return in > 1 && items > out ? out - 1 : 0;
        }
        if (!cuts()) return 0;
        return phases == 2 ? std::min(out, in - out) : std::min(in - 1, (phases - 1) * out);
    }
};

}  // namespace

CostFeatures width_features(const Unit& unit, const RtlFace&) {
    const std::int64_t channels = unit.parameter("Channels"), in_bits = unit.inputs[0]->bits();
    const std::int64_t in_lanes = unit.parameter("InputLanes"), out_lanes = unit.parameter("OutputLanes");
    const std::int64_t in_pixels = unit.parameter("InputPixels"), out_pixels = unit.parameter("OutputPixels");
    const std::int64_t most_pixels = std::max(in_pixels, out_pixels), pixel_lanes = in_pixels < out_pixels ? in_lanes : out_lanes;
    Regrouping lanes(channels, in_lanes, out_lanes, in_bits * most_pixels);
    Regrouping pixels(unit.parameter("Columns"), in_pixels, out_pixels, in_bits * pixel_lanes);
    pixels.there = in_pixels != out_pixels;
    lanes.there = in_lanes != out_lanes || !pixels.there;
    pixels.folds = ceil_div(channels, pixel_lanes);
    const std::int64_t fifo_width = lanes.there && pixels.there ? most_pixels * pixel_lanes * in_bits : 0;
    const std::int64_t fifo_depth = fifo_width > 0 ? 2 * pixels.folds + 2 : 0;
    const bool folded = pixels.folds > 1;
    // Kept words and those that enter, where that does not fit into the LUT of the choice before it.
    const bool lanes_joined = lanes.grows() && (lanes.phases == 4 || lanes.phases > 8), pixels_joined = pixels.grows() && pixels.in == 1;
    const auto again = [](const Regrouping& r) { return r.chosen_bits() * ceil_div(ceil_div(r.phases, 4) - 1, 4); };
    const auto mixed = [](const Regrouping& r) { return r.out > 1 && r.steps > 1 ? r.cut_bits() : 0; };
    const auto copied = static_cast<double>(lanes.joined_bits() + lanes.cut_bits() + pixels.joined_bits() + pixels.cut_bits());
    const double memory =
        folded ? static_cast<double>(pixels.kept()) * lut_memory(static_cast<double>(pixels.bits), words_for(pixels.folds)) : 0;
    return {{{"steps", lanes.there + pixels.there},
             {"counters", lanes.counter() + pixels.counter()},
             {"folds", pixels.there ? clog2(pixels.folds) : 0},
             {"written", lanes.written() + pixels.written()},
             {"joined", lanes.joined_bits() + pixels.joined_bits()},
             {"cut", lanes.cut_bits() + pixels.cut_bits()},
             // Words of four a bit, then these.
             {"chosen", lanes.chosen_bits() * ceil_div(lanes.phases - 1, 4) + pixels.chosen_bits() * ceil_div(pixels.phases - 1, 4)},
             {"chosen_again", again(lanes) + again(pixels)},
             {"kept", lanes.kept() * lanes.bits + (folded ? 0 : pixels.kept() * pixels.bits)},
             {"joined_kept", (lanes_joined ? lanes.kept() * lanes.bits : 0) + (pixels_joined ? pixels.kept() * pixels.bits : 0)},
             {"cut_mixed", mixed(lanes) + mixed(pixels)},
             {"memory", pixels.there ? memory : 0},
             {"between", fifo_luts(fifo_width, fifo_depth)},
             {"between_counters", fifo_depth > 0 ? clog2(fifo_depth + 1) : 0},
             {"copies", copied / 256}},
            fifo_depth > 64 ? block_memory(static_cast<double>(fifo_width), fifo_depth) : 0};
}

}  // namespace weft
