// global_pool_rtl.cpp
// The SystemVerilog face of global_pool.
// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "units/common/model_parts.h"
#include "units/common/pipeline_rtl.h"
#include "units/global_pool/global_pool_faces.h"

namespace weft {

namespace {

int sum_bits_of(const Unit& unit) {
    const Stream& in = *unit.inputs[0];
    const std::int64_t terms = shape_of(unit).positions();
    return unit.parameter("Maximum") != 0 ? signed_width(in) : signed_bits(terms * in.min, terms * in.max);
}

}  // namespace

RtlFace global_pool_rtl(const Unit& unit) {
    const int sum_bits = sum_bits_of(unit);
    RtlFace face = pipeline_face(unit, sum_bits);
    face.parameters.emplace_back("SumBits", sum_bits);
    return face;
}

std::unique_ptr<UnitControl> global_pool_control(const Unit& unit, std::int64_t depth) {
    const auto pixels = static_cast<std::uint64_t>(unit.parameter("Pixels"));
    const int latency = static_cast<int>(std::bit_width(pixels - 1)) + 2 + stage_latency(unit);
    return std::make_unique<PipelineControl>(unit, depth, latency, beats_of(unit),
                                             ceil_div(unit.parameter("Channels"), unit.parameter("Lanes")));
}

}  // namespace weft
