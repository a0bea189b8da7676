// pool_rtl.cpp
// The SystemVerilog face of pool: widths of sums and products, and the factors of positions by classes of rows and columns.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "units/common/cost_terms.h"
#include "units/common/model_parts.h"
#include "units/common/pipeline_rtl.h"
#include "units/pool/pool_faces.h"

namespace weft {

namespace {

/// The distinct factors of rows (columns), ascending: a row's class is its factor's place.
struct Classes {
    std::vector<std::int64_t> factors{1};
    int bits = 1;

    std::int64_t of(std::int64_t factor) const { return std::ranges::lower_bound(factors, factor) - factors.begin(); }
};

Classes classes_of(const Unit& unit, std::string_view constant) {
    Classes classes;
    classes.factors = unit.constant(constant).data.to_vector();
    std::ranges::sort(classes.factors);
    classes.factors.erase(std::ranges::unique(classes.factors).begin(), classes.factors.end());
    classes.bits = std::max(1, static_cast<int>(std::bit_width(classes.factors.size() - 1)));
    return classes;
}

int log2_ceil(std::int64_t count) { return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(count - 1))); }

/// Cycles from a position's last beat of taps to its sums.
int sum_latency(const Unit& unit) {
    const bool over_beats =
        unit.parameter("Taps") > unit.parameter("TapsPerBeat") || (unit.parameter("Maximum") == 0 && unit.parameter("Zero") != 0);
    return log2_ceil(unit.parameter("TapsPerBeat")) + (over_beats ? 1 : 0);
}

int pool_latency(const Unit& unit) {
    const PoolScale scale = pool_scale(unit);
    const int sums = sum_latency(unit);
    return (scale.factor_bits == 0 ? sums : std::max(sums, 2) + 3 + scale.dsp()) + stage_latency(unit);
}

}  // namespace

PoolScale pool_scale(const Unit& unit) {
    const Stream& in = *unit.inputs[0];
    PoolScale scale;
    if (unit.parameter("Maximum") != 0) {
        scale.sum_bits = signed_width(in);
        return scale;
    }
    const std::int64_t taps = unit.parameter("Taps"), zero = unit.parameter("Zero");
    const std::int64_t least = taps * (in.min - zero), most = taps * (in.max - zero);
    scale.sum_bits = signed_bits(least, most);
    const std::int64_t factor = classes_of(unit, "row_factor").factors.back() * classes_of(unit, "column_factor").factors.back();
    if (factor == 1) return scale;
    scale.factor_bits = signed_bits(0, factor);
    const int product_bits = signed_bits(std::min<std::int64_t>(0, least * factor), std::max<std::int64_t>(0, most * factor));
    scale.digits = product_digits(unit.dsp, scale.sum_bits, scale.factor_bits);
    scale.product_bits = std::max(product_bits, dsp_digit_bits * (scale.digits.acc_digits + scale.digits.mul_digits - 2) + 1);
    return scale;
}

RtlFace pool_rtl(const Unit& unit) {
    const PoolScale scale = pool_scale(unit);
    const bool scaled = scale.factor_bits != 0;
    const std::int64_t pixels = unit.parameter("Pixels");
    RtlFace face = pipeline_face(unit, scaled ? scale.product_bits : scale.sum_bits);
    Classes rows, columns;
    if (scaled) {
        rows = classes_of(unit, "row_factor");
        columns = classes_of(unit, "column_factor");
        const std::int64_t groups = ceil_div(unit.parameter("Columns"), pixels);
        RtlMemory row_class("row_class0", rows.bits, unit.parameter("Rows"));
        for (std::int64_t row = 0; row < unit.parameter("Rows"); ++row)
            row_class.set(row, 0, rows.bits, rows.of(unit.constant("row_factor").data[static_cast<std::size_t>(row)]));
        RtlMemory column_class("column_class0", columns.bits * static_cast<int>(pixels), groups);
        for (std::int64_t column = 0; column < unit.parameter("Columns"); ++column)
            column_class.set(column / pixels, static_cast<int>(column % pixels) * columns.bits, columns.bits,
                             columns.of(unit.constant("column_factor").data[static_cast<std::size_t>(column)]));
        RtlMemory factors("factor0", scale.factor_bits, std::int64_t{1} << (rows.bits + columns.bits));
        for (std::size_t row = 0; row < rows.factors.size(); ++row)
            for (std::size_t column = 0; column < columns.factors.size(); ++column)
                factors.set(static_cast<std::int64_t>(row << columns.bits | column), 0, scale.factor_bits,
                            rows.factors[row] * columns.factors[column]);
        face.memories = {std::move(row_class), std::move(column_class), std::move(factors)};
    }
    const std::pair<const char*, std::int64_t> parameters[] = {{"SumBits", scale.sum_bits},
                                                               {"FactorBits", scale.factor_bits},
                                                               {"FactorAccDigits", scale.digits.acc_digits},
                                                               {"FactorMulDigits", scale.digits.mul_digits},
                                                               {"ProductBits", scaled ? scale.product_bits : scale.sum_bits},
                                                               {"RowClassBits", rows.bits},
                                                               {"ColumnClassBits", columns.bits}};
    for (const auto& [name, value] : parameters) face.parameters.emplace_back(name, value);
    return face;
}

CostFeatures pool_features(const Unit& unit, const RtlFace&) {
    const PoolScale scale = pool_scale(unit);
    const Stream& in = *unit.inputs[0];
    const std::int64_t lanes = unit.parameter("Lanes"), elements = unit.parameter("Pixels") * lanes, taps = unit.parameter("TapsPerBeat");
    const std::int64_t tap_folds = ceil_div(unit.parameter("Taps"), taps);
    const bool maximum = unit.parameter("Maximum") != 0, scaled = scale.factor_bits > 0;
    const ReduceTerms tree(taps, unit.parameter("Taps") - (tap_folds - 1) * taps, in.bits(), scale.sum_bits, maximum);
    const bool over_beats = sum_latency(unit) > clog2(taps);
    const std::int64_t position_bits =
        clog2(unit.parameter("Rows")) + clog2(unit.parameter("Columns")) + clog2(ceil_div(unit.parameter("Channels"), lanes));
    const std::int64_t products = scaled ? elements : 0;
    return {{{"unit", 1},
             {"counters", clog2(tap_folds) + (scaled ? position_bits : 0)},
             {"added_bits", elements * tree.added_bits},
             {"compared_bits", elements * tree.compared_bits},
             {"masked_bits", elements * tree.masked_bits},
             {"tree_registers", elements * tree.register_bits},
             {"tree_shifts", elements * tree.shifted_bits},
             {"summed_bits", over_beats && !maximum ? elements * scale.sum_bits : 0},
             {"folded_bits", over_beats && maximum ? elements * scale.sum_bits : 0},
             // A factor comes two cycles later.
             {"waiting_bits", products * scale.sum_bits * std::max(0, 2 - sum_latency(unit))},
             {"product_bits", products * scale.product_bits},
             {"digits", products * digit_registers(scale.digits)},
             {"factors", products * factor_registers(scale.digits, unit.dsp)}}};
}

std::unique_ptr<UnitControl> pool_control(const Unit& unit, std::int64_t depth) {
    return std::make_unique<PipelineControl>(unit, depth, pool_latency(unit),
                                             ceil_div(unit.parameter("Taps"), unit.parameter("TapsPerBeat")));
}

}  // namespace weft
