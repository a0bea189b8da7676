// throughput.cpp
// SPDX-License-Identifier: Apache-2.0
#include "src/cost/throughput.h"

#include <algorithm>
#include <cmath>

namespace weft {

const ThroughputBound& Throughput::lowest() const {
    return *std::min_element(bounds.begin(), bounds.end(),
                             [](const auto& a, const auto& b) { return a.frames_per_second < b.frames_per_second; });
}

nlohmann::ordered_json throughput_json(const Throughput& modelled) {
    nlohmann::ordered_json json{{"frames_per_second", std::round(modelled.lowest().frames_per_second)}, {"bound_by", modelled.lowest().by}};
    for (const ThroughputBound& bound : modelled.bounds) json["bounds"][bound.by] = std::round(bound.frames_per_second);
    return json;
}

Throughput model_throughput(const FrameTraffic& frame, double clock_mhz, const std::vector<Placement>& units, const Board& board) {
    const auto count = static_cast<double>(units.size());
    const double cycles = count * clock_mhz * 1e6;
    std::int64_t words = 1;
    for (const std::int64_t of_port : frame.words) words = std::max(words, of_port);
    Throughput model;
    model.bounds = {{"compute", cycles / static_cast<double>(std::max<std::int64_t>(frame.interval_cycles, 1))},
                    {"memory ports", cycles / static_cast<double>(words)}};
    const auto bytes = static_cast<double>(std::max<std::int64_t>(frame.input_bytes + frame.output_bytes, 1));
    ThroughputBound banks{"memory banks", 0};
    for (const MemoryBank& bank : board.memory) {
        const auto on = std::count_if(units.begin(), units.end(), [&](const Placement& unit) { return unit.bank == bank.name; });
        if (on == 0) continue;
        const double rate = count * bank.bandwidth / (bytes * static_cast<double>(on));
        banks.frames_per_second = banks.frames_per_second > 0 ? std::min(banks.frames_per_second, rate) : rate;
    }
    if (banks.frames_per_second > 0) model.bounds.push_back(banks);
    const auto one_way = static_cast<double>(std::max<std::int64_t>({frame.input_bytes, frame.output_bytes, 1}));
    model.bounds.push_back({"host link", board.host_bandwidth / one_way});
    model.bounds.push_back({"host packing", count * packing_bandwidth / bytes});
    return model;
}

}  // namespace weft
