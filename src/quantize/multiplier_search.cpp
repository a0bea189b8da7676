// multiplier_search.cpp
// The exact slopes between which a multiplier must lie bound the search; exact integers decide.
// SPDX-License-Identifier: Apache-2.0
#include "src/quantize/multiplier_search.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace weft {
namespace {

int magnitude_bits(std::int64_t value) { return std::bit_width(static_cast<std::uint64_t>(value < 0 ? -value : value)); }

/// Room between the bounds on the intercept of a real line of slope `a`, and how it changes with the slope.
struct Room {
    double width;
    double derivative;
};

Room room_at(const StepCorners& corners, double a) {
    double above = std::numeric_limits<double>::infinity(), below = -above;
    double above_at = 0, below_at = 0;
    for (const auto& corner : corners.upper) {
        const double bound = static_cast<double>(corner.value) - a * static_cast<double>(corner.at);
        if (bound < above) above = bound, above_at = static_cast<double>(corner.at);
    }
    for (const auto& corner : corners.lower) {
        const double bound = static_cast<double>(corner.value) - a * static_cast<double>(corner.at);
        if (bound > below) below = bound, below_at = static_cast<double>(corner.at);
    }
    return {above - below, below_at - above_at};
}

/// The room is a concave function of the slope: Newton's steps from outside reach the nearer end of the slopes that leave room.
/// None if there is no such slope.
std::optional<double> end_of_slopes(const StepCorners& corners, double from, bool rising) {
    double a = from;
    for (int round = 0; round < 100; ++round) {
        const Room room = room_at(corners, a);
        if (room.width >= 0) return a;
        if (rising ? room.derivative <= 0 : room.derivative >= 0) return std::nullopt;
        const double next = a - room.width / room.derivative;
        if (rising ? next <= a : next >= a) return a;
        a = next;
    }
    return a;
}

}  // namespace

std::optional<StepCorners> corners_of(const Staircase& staircase, std::int64_t min, std::int64_t max, std::int64_t low, std::int64_t high) {
    const auto& values = staircase.values;
    const bool falling = values.size() > 1 && values[1] < values[0];
    StepCorners corners;
    corners.lower.reserve(values.size());
    corners.upper.reserve(values.size());
    for (std::size_t run = 0; run < values.size(); ++run) {
        if (run > 0 && (values[run] < values[run - 1]) != falling) return std::nullopt;
        const std::int64_t first = run > 0 ? staircase.positions[run - 1] : min;
        const std::int64_t last = run + 1 < values.size() ? staircase.positions[run] - 1 : max;
        if (values[run] > low) corners.lower.push_back({falling ? last : first, values[run]});
        if (values[run] < high) corners.upper.push_back({falling ? first : last, values[run] + 1});
    }
    return corners;
}

Multiplier Multiplier::widened(int more) const {
    const std::int64_t factor = std::int64_t{1} << more;
    return {multiplier * factor, addend_min * factor, addend_max * factor, shift + more};
}

std::optional<Multiplier> try_multiplier(const StepCorners& corners, std::int64_t multiplier, int shift) {
    constexpr std::int64_t unbounded = std::int64_t{1} << product_bits_limit;
    std::int64_t least = -unbounded, most = unbounded;
    for (const auto& corner : corners.lower) least = std::max(least, corner.value * (std::int64_t{1} << shift) - multiplier * corner.at);
    for (const auto& corner : corners.upper) most = std::min(most, corner.value * (std::int64_t{1} << shift) - multiplier * corner.at - 1);
    if (corners.lower.empty()) least = corners.upper.empty() ? 0 : most;
    if (corners.upper.empty()) most = least;
    if (least > most) return std::nullopt;
    return Multiplier{multiplier, least, most, shift};
}

std::optional<Multiplier> shortest_multiplier(const StepCorners& corners) {
    int at_bits = 1, value_bits = 1;
    std::int64_t least = 0, most = 0;
    bool first = true;
    for (const auto* side : {&corners.lower, &corners.upper}) {
        for (const auto& corner : *side) {
            at_bits = std::max(at_bits, magnitude_bits(corner.at));
            value_bits = std::max(value_bits, magnitude_bits(corner.value));
            least = first ? corner.value : std::min(least, corner.value);
            most = first ? corner.value : std::max(most, corner.value);
            first = false;
        }
    }
    // A line that lies between corners never needs to rise by more than all of them within one accumulator step.
    const double steepest = static_cast<double>(most - least) + 1;
    const int product_bits = std::min(multiplier_bits_limit, product_bits_limit - 1 - at_bits);
    if (product_bits < 1) return std::nullopt;

    const std::optional<double> low = end_of_slopes(corners, -steepest, true);
    const std::optional<double> high = end_of_slopes(corners, steepest, false);
    if (!low || !high) return std::nullopt;
    const double slack = 1e-12 * std::max(std::fabs(*low), std::fabs(*high));
    if (*low > *high + slack) return std::nullopt;

    for (int shift = 0; value_bits + shift < product_bits_limit; ++shift) {
        const double factor = std::ldexp(1.0, shift);
        const double from = std::ceil((*low - slack) * factor), to = std::floor((*high + slack) * factor);
        if (from > to) continue;
        // Flat first, then from the flatter end: a channel of few steps leaves many slopes, and a steep one would not fit once all channels
        // have the layer's shift. Then the middle, where the room is widest, then around it.
        const double middle = from <= 0 && to >= 0 ? 0 : std::floor(from + (to - from) / 2);
        const double flatter = from > 0 ? from : to;
        const double inward = from > 0 ? 1 : -1;
        const double limit = std::ldexp(1.0, product_bits);
        if (limit <= std::min(std::fabs(middle), std::fabs(flatter))) break;
        std::vector<double> candidates;
        if (middle != 0) candidates = {flatter, flatter + inward};
        candidates.push_back(middle);
        for (int distance = 1; distance <= 4; ++distance) {
            candidates.push_back(middle - distance);
            candidates.push_back(middle + distance);
        }
        for (const double multiplier : candidates) {
            if (multiplier < from || multiplier > to || std::fabs(multiplier) >= limit) continue;
            if (const auto found = try_multiplier(corners, static_cast<std::int64_t>(multiplier), shift)) return found;
        }
    }
    return std::nullopt;
}

}  // namespace weft
