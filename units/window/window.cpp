// window.cpp
// Cuts a frame into the windows of a convolution or pooling: padding, stride and line buffer in one.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "units/common/arithmetic.h"
#include "units/common/cases.h"

namespace weft {

namespace {

StreamShape output_shape(const Unit& unit) {
    const auto count = [&](const char* size, const char* before, const char* after, const char* kernel, const char* stride) {
        const std::int64_t span = unit.parameter(size) + unit.parameter(before) + unit.parameter(after) - unit.parameter(kernel);
        return span < 0 ? 0 : static_cast<int>(span / unit.parameter(stride) + 1);
    };
    return {count("Rows", "PadTop", "PadBottom", "KernelH", "StrideH"), count("Columns", "PadLeft", "PadRight", "KernelW", "StrideW"),
            static_cast<int>(unit.parameter("KernelH") * unit.parameter("KernelW")), static_cast<int>(unit.parameter("Channels"))};
}

std::string check(const Unit& unit) {
    if (std::string reason = expect_shape(*unit.inputs[0], shape_of(unit), "its input"); !reason.empty()) return reason;
    const StreamShape shape = output_shape(unit);
    if (shape.rows < 1 || shape.columns < 1) return "the kernel is larger than the padded input";
    if (std::string reason = expect_shape(*unit.outputs[0], shape, "its output"); !reason.empty()) return reason;
    if (unit.parameter("TapsPerBeat") > shape.taps) return "TapsPerBeat exceeds the kernel";
    if (unit.parameter("Lanes") > shape.channels) return "Lanes exceeds Channels";
    const bool padded = unit.parameter("PadTop") + unit.parameter("PadLeft") + unit.parameter("PadBottom") + unit.parameter("PadRight") > 0;
    const std::int64_t pad = unit.parameter("PadValue");
    const Stream& out = *unit.outputs[0];
    if (out.min > unit.inputs[0]->min || out.max < unit.inputs[0]->max) return "its output's range does not cover its input's";
    if (padded && (pad < out.min || pad > out.max)) return "PadValue is outside its output's range";
    return {};
}

Timing schedule(const Unit& unit) { return {std::max(beats_of(unit), taps_beat(unit).count(output_shape(unit)))}; }

Cost cost(const Unit&) { return {}; }

std::vector<Folding> foldings(const Unit& unit) { return lane_tap_foldings(unit, unit.parameter("KernelH") * unit.parameter("KernelW")); }

void model(const Unit& unit, std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
    const IntTensor& in = *inputs[0];
    IntTensor& out = outputs[0];
    const std::int64_t kernel_w = unit.parameter("KernelW");
    for (std::int64_t row = 0; row < out.shape.rows; ++row)
        for (std::int64_t column = 0; column < out.shape.columns; ++column)
            for (std::int64_t tap = 0; tap < out.shape.taps; ++tap) {
                const std::int64_t y = row * unit.parameter("StrideH") - unit.parameter("PadTop") + tap / kernel_w;
                const std::int64_t x = column * unit.parameter("StrideW") - unit.parameter("PadLeft") + tap % kernel_w;
                const bool inside = y >= 0 && y < in.shape.rows && x >= 0 && x < in.shape.columns;
                for (std::int64_t channel = 0; channel < out.shape.channels; ++channel)
                    at(out, row, column, tap, channel) =
                        inside ? at(in, y, x, 0, channel) : static_cast<std::int32_t>(unit.parameter("PadValue"));
            }
}

/// Whole pixels up to the bottom right element of the position's window (of all taps, whatever the beat carries).
std::int64_t reads_for(const Unit& unit, int, std::int64_t beats) {
    const StreamShape in = shape_of(unit);
    const StreamShape out = output_shape(unit);
    const std::int64_t position = (beats - 1) / taps_beat(unit).count({1, 1, out.taps, out.channels});
    const std::int64_t row = position / out.columns;
    const std::int64_t column = position % out.columns;
    const auto bottom = [&](std::int64_t r) {
        return std::min<std::int64_t>(r * unit.parameter("StrideH") - unit.parameter("PadTop") + unit.parameter("KernelH"), in.rows);
    };
    const auto right = [&](std::int64_t c) {
        return std::clamp<std::int64_t>(c * unit.parameter("StrideW") - unit.parameter("PadLeft") + unit.parameter("KernelW"), 0,
                                        in.columns);
    };
    if (bottom(row) <= 0) return 0;
    // A row of windows whose last input row came with the row before needs nothing new.
    const bool all_there = row > 0 && bottom(row - 1) == bottom(row);
    const std::int64_t pixels = (bottom(row) - 1) * in.columns + right(all_there ? out.columns - 1 : column);
    return pixels * ceil_div(in.channels, unit.parameter("Lanes"));
}

UnitFunction fast(const Unit& unit) {
    struct Geometry {
        std::int64_t kernel_h, kernel_w, stride_h, stride_w, top, left;
        std::int32_t pad;
    };
    const Geometry g{unit.parameter("KernelH"),
                     unit.parameter("KernelW"),
                     unit.parameter("StrideH"),
                     unit.parameter("StrideW"),
                     unit.parameter("PadTop"),
                     unit.parameter("PadLeft"),
                     static_cast<std::int32_t>(unit.parameter("PadValue"))};
    return [g](std::span<const IntTensor* const> inputs, std::span<IntTensor> outputs) {
        const StreamShape in = inputs[0]->shape;
        const StreamShape out = outputs[0].shape;
        const std::int32_t* source = inputs[0]->data.data();
        std::int32_t* target = outputs[0].data.data();
        for (std::int64_t row = 0; row < out.rows; ++row)
            for (std::int64_t column = 0; column < out.columns; ++column) {
                const std::int64_t x = column * g.stride_w - g.left;
                const std::int64_t first = std::clamp<std::int64_t>(-x, 0, g.kernel_w);
                const std::int64_t last = std::clamp<std::int64_t>(in.columns - x, first, g.kernel_w);
                for (std::int64_t k = 0; k < g.kernel_h; ++k, target += g.kernel_w * in.channels) {
                    const std::int64_t y = row * g.stride_h - g.top + k;
                    if (y < 0 || y >= in.rows) {
                        std::fill_n(target, g.kernel_w * in.channels, g.pad);
                        continue;
                    }
                    // The taps of a kernel row are neighbours in the frame: one copy.
                    std::fill_n(target, first * in.channels, g.pad);
                    std::copy_n(source + (y * in.columns + x + first) * in.channels, (last - first) * in.channels,
                                target + first * in.channels);
                    std::fill_n(target + last * in.channels, (g.kernel_w - last) * in.channels, g.pad);
                }
            }
    };
}

struct Geometry {
    int rows, columns, channels, kernel_h, kernel_w, stride_h = 1, stride_w = 1, top = 0, left = 0, bottom = 0, right = 0;
};

UnitCase point(const Geometry& g, std::int64_t min, std::int64_t max, std::int64_t pad, int lanes, int taps_per_beat) {
    CaseBuilder build("window");
    Stream* in = build.input({g.rows, g.columns, 1, g.channels}, min, max);
    Stream* out = build.output({(g.rows + g.top + g.bottom - g.kernel_h) / g.stride_h + 1,
                                (g.columns + g.left + g.right - g.kernel_w) / g.stride_w + 1, g.kernel_h * g.kernel_w, g.channels},
                               min, max);
    build.unit(unit_window, {in}, {out},
               {{"Rows", g.rows},
                {"Columns", g.columns},
                {"Channels", g.channels},
                {"KernelH", g.kernel_h},
                {"KernelW", g.kernel_w},
                {"StrideH", g.stride_h},
                {"StrideW", g.stride_w},
                {"PadTop", g.top},
                {"PadLeft", g.left},
                {"PadBottom", g.bottom},
                {"PadRight", g.right},
                {"PadValue", pad},
                {"Lanes", lanes},
                {"TapsPerBeat", taps_per_beat}});
    return build.finish();
}

std::vector<UnitCase> cases() {
    std::vector<UnitCase> list;
    list.push_back(point({5, 4, 3, 3, 3, 1, 1, 1, 1, 1, 1}, -128, 127, -3, 3, 9));
    list.push_back(point({5, 7, 5, 3, 3, 1, 1, 1, 1, 1, 1}, 0, 255, 7, 2, 1));
    list.push_back(point({6, 5, 4, 3, 2, 2, 1, 0, 1, 1, 0}, -8, 7, 0, 3, 6));
    list.push_back(point({7, 8, 2, 2, 2, 2, 2}, 0, 1, 0, 2, 4));
    list.push_back(point({8, 6, 3, 4, 1, 3, 2, 2, 0, 1, 0}, -32768, 32767, 32767, 2, 3));
    list.push_back(point({4, 4, 6, 1, 1, 2, 2}, -128, 127, 0, 4, 1));
    list.push_back(point({3, 5, 1, 3, 5, 1, 1, 2, 4, 2, 4}, -2, 1, 1, 1, 4));
    list.push_back(point({1, 9, 4, 1, 4, 1, 2, 0, 3, 0, 2}, 0, 15, 5, 4, 2));
    list.push_back(point({1, 1, 3, 3, 3, 1, 1, 1, 1, 1, 1}, -128, 127, 9, 2, 3));
    return list;
}

}  // namespace

extern const UnitDef unit_window{
    .name = "window",
    .role = UnitRole::function,
    .summary = "the windows of a convolution or pooling, one position after the other, with padding and stride",
    .parameters = {rows_row(),
                   columns_row(),
                   channels_row(),
                   {"KernelH", ParameterKind::shape, 1, 4096, 1, "rows of the kernel"},
                   {"KernelW", ParameterKind::shape, 1, 4096, 1, "columns of the kernel"},
                   {"StrideH", ParameterKind::shape, 1, 4096, 1, "rows from window to window"},
                   {"StrideW", ParameterKind::shape, 1, 4096, 1, "columns from window to window"},
                   {"PadTop", ParameterKind::shape, 0, 4096, 0, "rows of padding above"},
                   {"PadLeft", ParameterKind::shape, 0, 4096, 0, "columns of padding to the left"},
                   {"PadBottom", ParameterKind::shape, 0, 4096, 0, "rows of padding below"},
                   {"PadRight", ParameterKind::shape, 0, 4096, 0, "columns of padding to the right"},
                   {"PadValue", ParameterKind::numeric, -(std::int64_t{1} << 31), (std::int64_t{1} << 31) - 1, 0,
                    "integer that padding feeds"},
                   lanes_row(),
                   taps_per_beat_row()},
    .ports = {{.name = "in", .beat = lanes_beat}, {.name = "out", .output = true, .beat = taps_beat}},
    .check = check,
    .schedule = schedule,
    .cost = cost,
    .foldings = foldings,
    .model = model,
    .fast = fast,
    .reads_for = reads_for,
    .cases = cases,
};

}  // namespace weft
