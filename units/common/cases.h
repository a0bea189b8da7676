// cases.h
// Builds conformance points: a Design of one unit with its streams.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/design/unit_def.h"
#include "units/units.h"

namespace weft {

class CaseBuilder {
public:
    explicit CaseBuilder(std::string_view name);

    /// A kernel input, a kernel output.
    Stream* input(StreamShape shape, std::int64_t min, std::int64_t max);
    Stream* output(StreamShape shape, std::int64_t min, std::int64_t max);
    /// The unit under test; parameters that are not listed have their defaults.
    Unit* unit(const UnitDef& def, std::vector<Stream*> inputs, std::vector<Stream*> outputs,
               std::vector<std::pair<std::string_view, std::int64_t>> parameters);
    /// The point: derived parameters and the streams' beats are set, and the design is sound.
    UnitCase finish();

private:
    UnitCase design_;
    Unit* unit_ = nullptr;
};

/// `count` integers in min..max, every extreme among the first, from a seed: for weights and for frames.
std::vector<std::int64_t> sample(std::int64_t count, std::int64_t min, std::int64_t max, std::uint64_t seed);

/// A stage of that form for accumulators acc_min..acc_max of `channels` channels, results in out_min..out_max, constants differing from
/// channel to channel (`per_channel`) or shared, chosen so that all of the output range and both clamps are met. Thresholds: at most 15
/// steps. Tables: the range is small.
Requantize sample_stage(RequantizeForm form, int channels, bool per_channel, std::int64_t acc_min, std::int64_t acc_max,
                        std::int64_t out_min, std::int64_t out_max);

}  // namespace weft
