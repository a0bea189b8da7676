// global_pool_rtl.cpp
// The SystemVerilog face of global_pool.
// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "units/common/cost_terms.h"
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

CostFeatures global_pool_features(const Unit& unit, const RtlFace&) {
    const std::int64_t lanes = unit.parameter("Lanes"), pixels = unit.parameter("Pixels"), columns = unit.parameter("Columns");
    const std::int64_t folds = ceil_div(unit.parameter("Channels"), lanes), groups = ceil_div(columns, pixels);
    const std::int64_t in_bits = unit.inputs[0]->bits(), sum_bits = sum_bits_of(unit), sums = lanes * sum_bits;
    const bool maximum = unit.parameter("Maximum") != 0;
    const ReduceTerms tree(pixels, columns - (groups - 1) * pixels, in_bits, sum_bits, maximum);
    const auto sum_width = static_cast<double>(sum_bits), memories = static_cast<double>(lanes);
    return {{{"unit", 1},
             {"counters", clog2(unit.parameter("Rows")) + clog2(groups) + clog2(folds)},
             {"added_bits", lanes * tree.added_bits},
             {"compared_bits", lanes * tree.compared_bits},
             {"masked_bits", lanes * tree.masked_bits},
             {"tree_registers", lanes * tree.register_bits},
             {"tree_shifts", lanes * tree.shifted_bits},
             // What the tree gives, a cycle later.
             {"value_bits", lanes * std::min(sum_bits, in_bits + (maximum ? 0 : clog2(pixels)))},
             {"sum_bits", maximum ? 0 : sums},
             {"maximum_bits", maximum ? sums : 0},
             {"kept_sums", folds > 1 ? sums : 0},
             {"fold_bits", (clog2(pixels) + 1) * clog2(folds)},
             {"memory", folds > 1 && folds <= 64 ? memories * lut_memory(sum_width, words_for(folds)) : 0}},
            folds > 64 ? memories * block_memory(sum_width, words_for(folds)) : 0};
}

std::unique_ptr<UnitControl> global_pool_control(const Unit& unit, std::int64_t depth) {
    const auto pixels = static_cast<std::uint64_t>(unit.parameter("Pixels"));
    const int latency = static_cast<int>(std::bit_width(pixels - 1)) + 2 + stage_latency(unit);
    return std::make_unique<PipelineControl>(unit, depth, latency, beats_of(unit),
                                             ceil_div(unit.parameter("Channels"), unit.parameter("Lanes")));
}

}  // namespace weft
