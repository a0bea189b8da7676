// window_rtl.h
// How the RTL face of a window works: as a delay line, or from a memory that is read at any place.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/design/unit_def.h"

namespace weft {

/// Sizes that both forms have.
struct WindowGeometry {
    std::int64_t rows, columns, channel_folds, kernel_h, kernel_w, stride_h, stride_w, top, left;
    std::int64_t pixels, windows;  ///< Columns that enter, windows that leave with a beat.
    std::int64_t out_rows, out_columns, tap_folds;
    std::int64_t groups, out_groups;  ///< Beats across a row, beats of windows across a row.

    explicit WindowGeometry(const Unit& unit);
    std::int64_t in_beats() const { return rows * groups * channel_folds; }
    std::int64_t out_beats() const { return out_rows * out_groups * channel_folds * tap_folds; }
};

/// Sizes of units/window/window_line.sv, named as there.
struct WindowLine {
    std::int64_t group_pitch, row_steps, frame_steps, span, ahead, lag, last_row, last_group;

    explicit WindowLine(const WindowGeometry& g);
};

/// Empty where window_line.sv can have this unit, else the reason.
std::string line_obstacle(const WindowGeometry& g);
/// Beats that the memory of window_buffer.sv must hold so that it never keeps the interval up; a power of two.
std::int64_t window_buffer_words(const WindowGeometry& g);
/// As UnitDef::reads_for, of window_line.sv.
std::vector<std::int64_t> line_reads(const WindowGeometry& g);
/// 0: window_line.sv. 1: window_buffer.sv.
int window_form(const Unit& unit);
/// Cycles from frame to frame.
std::int64_t window_interval(const Unit& unit);

RtlFace window_rtl(const Unit& unit);
CostFeatures window_features(const Unit& unit, const RtlFace& face);
std::unique_ptr<UnitControl> window_control(const Unit& unit, std::int64_t);

}  // namespace weft
