// points.cpp
// What the conformance runs of a unit's faces share.
// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/points.h"

#include <fmt/format.h>

#include <cstdlib>
#include <random>

#include "units/common/random_case.h"

namespace weft::test {

namespace {}  // namespace

std::uint64_t setting(const char* name, std::uint64_t fallback) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : fallback;
}

std::uint64_t random_points() { return setting("WEFT_RANDOM_POINTS", default_random_points); }
std::uint64_t first_seed() { return setting("WEFT_SEED", 1); }

std::vector<std::vector<ConformancePoint>> conformance_points(const UnitDef& def, bool rtl) {
    constexpr std::uint64_t random_part = 40;
    std::vector<std::vector<ConformancePoint>> parts(1);
    const auto add = [&](UnitCase design, std::uint64_t seed, std::string label) {
        parts.back().push_back({std::move(design), seed, std::move(label)});
    };
    if (std::getenv("WEFT_SEED") == nullptr) {
        std::vector<UnitCase> cases = def.cases();
        if (rtl && def.rtl_cases)
            for (UnitCase& more : def.rtl_cases()) cases.push_back(std::move(more));
        for (std::size_t i = 0; i < cases.size(); ++i) add(std::move(cases[i]), 17 * i, fmt::format("case {}", i));
    }
    if (def.random_case == nullptr) return parts;
    const std::uint64_t first = first_seed(), count = random_points();
    for (std::uint64_t i = 0; i < count; ++i) {
        UnitCase point = random_case(def, first + i);
        if (!rtl && has_several_pixels(*point)) continue;
        if (i > 0 && i % random_part == 0) parts.emplace_back();
        std::string label = fmt::format("random point, WEFT_SEED={} ({})", first + i, describe(*point));
        add(std::move(point), first + i, std::move(label));
    }
    return parts;
}

std::vector<IntTensor> frames_for(const Stream& stream, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<IntTensor> frames(frame_count, IntTensor(stream.shape));
    const auto range = static_cast<std::uint64_t>(stream.max - stream.min) + 1;
    for (std::size_t f = 0; f < frames.size(); ++f)
        for (std::int32_t& element : frames[f].data) {
            const std::int64_t any = stream.min + static_cast<std::int64_t>(random() % range);
            const std::int64_t extreme = (random() & 1) != 0 ? stream.max : stream.min;
            const std::int64_t choices[frame_count] = {any, extreme, stream.min, stream.max, any};
            element = static_cast<std::int32_t>(choices[f]);
        }
    return frames;
}

Expected model_frames(const Unit& unit, std::uint64_t seed) {
    Expected all{std::vector<std::vector<IntTensor>>(frame_count), std::vector<std::vector<IntTensor>>(frame_count)};
    for (std::size_t port = 0; port < unit.inputs.size(); ++port) {
        const std::vector<IntTensor> frames = frames_for(*unit.inputs[port], seed + port);
        for (std::size_t f = 0; f < frames.size(); ++f) all.inputs[f].push_back(frames[f]);
    }
    for (std::size_t f = 0; f < frame_count; ++f) {
        std::vector<const IntTensor*> in;
        for (const IntTensor& frame : all.inputs[f]) in.push_back(&frame);
        for (const Stream* stream : unit.outputs) all.outputs[f].emplace_back(stream->shape);
        unit.def->model(unit, in, all.outputs[f]);
    }
    return all;
}

}  // namespace weft::test
