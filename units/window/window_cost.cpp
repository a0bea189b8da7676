// window_cost.cpp
// What the resources of window depend on: as a delay line, or as a memory that is read at any place.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "units/common/cost_terms.h"
#include "units/common/model_parts.h"
#include "units/window/window_rtl.h"

namespace weft {

namespace {

/// Rows of a line, and words of a buffer, that stand in LUTs: the rule of the modules.
bool in_luts(std::int64_t words, std::int64_t width) { return words <= 64 || (words <= 256 && words * width <= 4096); }

struct LineTerms {
    std::int64_t counters = 0, outputs = 0, masks = 0, held = 0, held_addresses = 0, rows = 0;
    double held_memory = 0, row_memory = 0, row_addresses = 0, bram36 = 0;

    LineTerms(const Unit& unit, const WindowGeometry& g) {
        const WindowLine line(g);
        const std::int64_t folds = g.channel_folds, lanes = unit.parameter("Lanes"), word = lanes * unit.inputs[0]->bits();
        // Columns of the beats held: of the oldest, those that windows begin in. Windows share the registers of columns that they share.
        const std::int64_t behind = ceil_div(g.left, g.pixels);
        const std::int64_t beats = ceil_div(line.span - g.left - g.pixels, g.pixels) + behind;
        const std::int64_t columns = behind > 0 ? (beats - behind) * g.pixels + g.left : beats * g.pixels;
        counters = 2 * clog2(line.frame_steps) + clog2(folds) + clog2(g.groups) + clog2(g.rows);
        outputs = g.kernel_h * line.span * lanes * unit.outputs[0]->bits();
        masks = g.kernel_h + line.span;
        held = g.kernel_h * columns * word;
        if (folds > 1) {
            const double width = static_cast<double>(columns * word) / static_cast<double>(std::max<std::int64_t>(1, beats));
            held_memory = static_cast<double>(g.kernel_h * beats) * lut_memory(width, words_for(folds));
            held_addresses = beats * g.kernel_h * clog2(folds);
        }
        rows = (g.kernel_h - 1) * beat_bits(unit, false, 0);
        const bool shallow = in_luts(line.row_steps, std::min<std::int64_t>(rows, 216));
        const std::int64_t words = words_for(line.row_steps);
        if (line.row_steps > 1 && shallow) row_memory = lut_memory(static_cast<double>(rows), words);
        // Addresses of wide memories are copied.
        const double luts = shallow ? static_cast<double>(rows * ceil_div(line.row_steps, 64)) / 7 : 0;
        row_addresses = (1 + luts / 256) * static_cast<double>(clog2(line.row_steps));
        if (!shallow) bram36 = block_memory(static_cast<double>(rows), words);
    }
};

struct BufferTerms {
    std::int64_t counters = 0, addresses = 0, outputs = 0, taps = 0, block_outputs = 0;
    double memory = 0, bram36 = 0;

    BufferTerms(const Unit& unit, const WindowGeometry& g) {
        const std::int64_t words = window_buffer_words(g), input = beat_bits(unit, false, 0);
        counters = clog2(g.channel_folds) + clog2(g.tap_folds) + clog2(g.out_rows) + clog2(g.out_columns);
        addresses = clog2(words);
        outputs = beat_bits(unit, true, 0);
        taps = unit.parameter("TapsPerBeat");
        const bool shallow = in_luts(words, input);
        const auto memories = static_cast<double>(taps), width = static_cast<double>(input);
        memory = shallow ? memories * lut_memory(width, words) : 0;
        block_outputs = shallow ? 0 : outputs;
        bram36 = shallow ? 0 : memories * block_memory(width, words);
    }
};

}  // namespace

CostFeatures window_features(const Unit& unit, const RtlFace&) {
    const WindowGeometry g(unit);
    const bool is_line = window_form(unit) == 0;
    std::optional<LineTerms> line;
    std::optional<BufferTerms> buffer;
    if (is_line)
        line.emplace(unit, g);
    else
        buffer.emplace(unit, g);
    const auto of = [](const auto& terms, auto member) { return terms ? static_cast<double>((*terms).*member) : 0.0; };
    const double copied = of(line, &LineTerms::outputs) + of(line, &LineTerms::held) + of(line, &LineTerms::rows);
    return {{{"line", is_line},
             {"line_counters", of(line, &LineTerms::counters)},
             {"line_outputs", of(line, &LineTerms::outputs)},
             {"line_masks", of(line, &LineTerms::masks)},
             {"line_held", of(line, &LineTerms::held)},
             {"line_held_memory", of(line, &LineTerms::held_memory)},
             {"line_held_addresses", of(line, &LineTerms::held_addresses)},
             {"line_rows", of(line, &LineTerms::rows)},
             {"line_row_memory", of(line, &LineTerms::row_memory)},
             {"line_row_addresses", of(line, &LineTerms::row_addresses)},
             {"line_copies", copied / 256},
             {"buffer", !is_line},
             {"buffer_counters", of(buffer, &BufferTerms::counters)},
             {"buffer_addresses", of(buffer, &BufferTerms::addresses)},
             {"buffer_outputs", of(buffer, &BufferTerms::outputs)},
             {"buffer_taps", of(buffer, &BufferTerms::taps)},
             {"buffer_tap_addresses", of(buffer, &BufferTerms::taps) * of(buffer, &BufferTerms::addresses)},
             {"buffer_memory", of(buffer, &BufferTerms::memory)},
             {"buffer_block_outputs", of(buffer, &BufferTerms::block_outputs)}},
            is_line ? line->bram36 : buffer->bram36};
}

}  // namespace weft
